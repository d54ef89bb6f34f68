"""When to stop spending tokens: the price rule, for any concave quality."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.solving import solve_for

budget = sp.Symbol("b", positive=True)
price = sp.Symbol("lambda", positive=True)
largest_quality = sp.Symbol("Q_max", positive=True)
scale = sp.Symbol("s", positive=True)
best = sp.Symbol("b_star", nonnegative=True)

EXPONENTIAL_QUALITY = largest_quality * (1 - sp.exp(-budget / scale))


@derives("budgetsim.theory.stopping.exponential_stop", page="anytime")
def price_stop(quality: sp.Expr = EXPONENTIAL_QUALITY) -> Derivation:
    """The budget at which one more token stops being worth its price.

    Parameters
    ----------
    quality
        Quality as a function of the symbol `budget`: increasing and concave. Its other symbols are parameters and
        become arguments of the rule, in alphabetical order, before the price.

    Raises
    ------
    DerivationError
        If the quality is not increasing and concave.

    Examples
    --------
    >>> round(price_stop().numeric()(0.9, 800.0, 1e-4), 2)
    1936.29
    >>> diminishing = largest_quality * budget / (budget + scale)
    >>> price_stop(quality=diminishing).result.rhs
    Max(0, sqrt(Q_max)*sqrt(s)/sqrt(lambda) - s)
    """
    marginal = sp.simplify(sp.diff(quality, budget))
    closed = solve_for(budget, marginal, price)
    steps = [
        Step(
            name="marginal quality",
            says="What one more token brings.",
            claim=sp.Eq(sp.Derivative(quality, budget), marginal, evaluate=False),
        ),
        Step(name="increasing", says="More tokens never hurt.", claim=sp.Gt(marginal, 0, evaluate=False)),
        Step(
            name="concave",
            says="Quality net of the price is concave, so that a stationary point is its maximum.",
            claim=sp.Lt(sp.Derivative(quality - price * budget, (budget, 2)), 0, evaluate=False),
        ),
    ]
    if closed is not None:
        steps.append(
            Step(
                name="stationary",
                says="There the marginal quality equals the price.",
                claim=sp.Eq(sp.Subs(marginal, budget, closed), price, evaluate=False),
            )
        )
    parameters = sorted(quality.free_symbols - {budget, price}, key=str)
    return Derivation(
        title="Stop where the marginal quality falls to the price of a token",
        source="derived",
        meaning={
            budget: "tokens spent, above 0",
            price: "price of a token in units of quality, above 0",
            best: "best tokens; 0 where even the first token costs more than it brings",
        },
        assumptions={"quality": quality},
        steps=tuple(steps),
        result=sp.Eq(best, sp.Max(0, closed), evaluate=False)
        if closed is not None
        else sp.Eq(budget, marginal - price),
        arguments=(*parameters, price),
        bracket=None if closed is not None else (sp.Float(1e-9), sp.Float(1e12)),
    )
