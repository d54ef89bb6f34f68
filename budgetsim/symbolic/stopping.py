"""When to stop spending tokens: where the marginal quality falls to the price, for any concave quality and any cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.numeric import Backend, Numeric, function
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import Returns, adopted, diminishing_returns, parameters_of, price, tokens
from budgetsim.symbolic.shadow_prices import demand_at
from budgetsim.symbolic.solving import solve_for

budget = tokens
largest_quality = sp.Symbol("Q_max", positive=True)
scale = sp.Symbol("s", positive=True)
initial_uncertainty = sp.Symbol("c", positive=True)
decay_rate = sp.Symbol("beta", positive=True)
best = sp.Symbol("b_star", nonnegative=True)
increment = sp.Symbol("Delta", positive=True)
threshold = sp.Symbol("epsilon", positive=True)

EXPONENTIAL_QUALITY = largest_quality * (1 - sp.exp(-tokens / scale))
POWER_LAW_QUALITY = 1 - initial_uncertainty * tokens**-decay_rate
MEANING = {
    tokens: "tokens spent, above 0",
    price: "price of a unit of cost (a token) in units of quality, above 0",
    best: "best tokens; 0 where even the first token costs more than it brings",
    largest_quality: "limit of the quality, above 0",
    scale: "tokens over which the quality rises, above 0",
    initial_uncertainty: "what the uncertainty is in proportion to, above 0",
    decay_rate: "exponent at which the uncertainty falls, above 0",
    increment: "tokens from one checkpoint to the next, above 0",
    threshold: "least relative gain of quality to go on, above 0",
}
Domain = Mapping[sp.Symbol, sp.Expr] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRule(Derivation):
    """A derivation whose `numeric` gives the best tokens, by bisection where there is no closed form.

    Where a call costs something before its first token, the stop is 0 unless the call is worth its cost.
    """

    returns: Returns
    worth: sp.Expr | None

    def numeric(self, backend: Backend = "numpy") -> Numeric:
        """Tokens as a function of `arguments`: floats or arrays, broadcast, in NumPy or JAX; differentiable once."""
        if self.bracket is None and self.worth is None and self.returns.always:
            return Derivation.numeric(self, backend)
        wanted = demand_at(self.returns, self.arguments[:-1], backend)
        if self.worth is None:
            return wanted
        worth = function(self.worth, (*self.arguments, tokens), backend)

        def evaluate(*values: Any) -> Any:
            found = wanted(*values)
            kept = worth(*values, found) > 0.0
            if backend == "numpy":
                return float(found * kept) if np.ndim(found) == 0 else np.where(kept, found, 0.0)
            import jax.numpy as jnp

            return jnp.where(kept, found, 0.0)

        return evaluate


@derives("budgetsim.theory.stopping.exponential_stop", "budgetsim.theory.stopping.concave_stop", page="anytime")
def price_stop(quality: sp.Expr = EXPONENTIAL_QUALITY, cost: sp.Expr = tokens, where: Domain = None) -> Derivation:
    """The budget at which one more token stops being worth its price.

    Parameters
    ----------
    quality
        Quality as a function of the symbol `tokens`: increasing, and concave in what is spent (at least from some
        tokens on: the step ``concave`` then says from where). Its other symbols are parameters and become arguments of
        the rule, before the price; those without assumptions are taken as positive.
    cost
        What is paid for the tokens, a rising function of `tokens` times the price: tokens alone; with a fixed part per
        call, after which nothing is spent where the call is not worth it; or at a price that grows with the tokens.
    where
        Domain of parameters beyond positive: each as an expression of positive symbols.

    Raises
    ------
    DerivationError
        If the quality does not increase, is nowhere concave, or the cost does not rise: the message names the step.

    Examples
    --------
    >>> round(price_stop().numeric()(0.9, 800.0, 1e-4), 2)
    1936.29
    >>> diminishing = largest_quality * tokens / (tokens + scale)
    >>> price_stop(quality=diminishing).result.rhs
    Max(0, sqrt(Q_max)*sqrt(s)/sqrt(lambda) - s)
    >>> with_call = price_stop(cost=tokens + sp.Symbol("a")).numeric()
    >>> round(with_call(0.9, 800.0, 500.0, 1e-4), 2), with_call(0.9, 800.0, 9000.0, 1e-4)
    (1936.29, 0.0)
    """
    return _price_rule(quality, cost, where)


@derives("budgetsim.theory.stopping.power_law_stop", page="anytime")
def power_law_stop(quality: sp.Expr = POWER_LAW_QUALITY, cost: sp.Expr = tokens, where: Domain = None) -> Derivation:
    """The same where the quality is 1 less an uncertainty that falls as a power of the tokens.

    What BBAM gives every sub-question at its shadow price. Arguments as in `price_stop`.

    Examples
    --------
    >>> round(power_law_stop().numeric()(5.0, 1.0, 2.4533e-4), 2)
    142.76
    """
    return _price_rule(quality, cost, where)


def _price_rule(quality: sp.Expr, cost: sp.Expr, where: Domain) -> Derivation:
    returns = diminishing_returns(adopted(quality), adopted(cost), where=where)
    net = returns.benefit - price * returns.cost
    none = sp.simplify(returns.benefit.subs(tokens, 0))
    fixed = returns.cost.subs(tokens, 0)
    optional = none.is_finite is not False and not none.has(sp.zoo, sp.oo, sp.nan)
    worth = net - none if optional and (fixed != 0 or returns.least != 0) else None
    closed = returns.demand if returns.least == 0 else None
    if closed is None:
        result = sp.Eq(tokens, returns.marginal - price, evaluate=False)
    else:
        inside = closed if closed.is_nonnegative else sp.Max(0, closed)
        if worth is not None:
            inside = sp.Piecewise((inside, sp.Gt(worth.subs(tokens, closed), 0)), (0, True))
        result = sp.Eq(best, inside, evaluate=False)
    domain = {} if returns.least == 0 else {"domain": sp.Ge(tokens, returns.least, evaluate=False)}
    condition = {} if worth is None else {"otherwise 0": sp.Gt(worth, 0, evaluate=False)}
    return StopRule(
        title="Stop where the marginal quality falls to the price of a token",
        source="derived",
        meaning=MEANING,
        assumptions={"quality": returns.benefit, "cost": returns.cost, **domain, **condition},
        steps=returns.steps,
        result=result,
        arguments=(*parameters_of(returns.benefit, returns.cost), price),
        bracket=None if closed is not None else (sp.Float(1e-12), sp.Float(1e15)),
        returns=returns,
        worth=worth,
    )


@derives("budgetsim.theory.stopping.relative_gain_stop", page="anytime")
def relative_gain_stop(quality: sp.Expr = EXPONENTIAL_QUALITY) -> Derivation:
    """Where the relative gain of the next increment falls to a threshold: a price rule in disguise.

    Stopping below the relative gain epsilon is stopping below the price ``epsilon Q(b) / Delta`` per token, which rises
    with the quality reached and with the fineness of the checkpoints.

    Parameters
    ----------
    quality
        Quality as a function of the symbol `tokens`, increasing and concave, above 0.

    Raises
    ------
    DerivationError
        If the quality does not increase or is not concave: the message names the step.

    Examples
    --------
    >>> round(relative_gain_stop().numeric()(0.9, 800.0, 100.0, 0.01), 1)
    2036.4
    """
    returns = diminishing_returns(adopted(quality))
    quality = returns.benefit
    later = quality.subs(tokens, tokens + increment)
    relative = (later - quality) / quality
    disguised = increment / quality * ((later - quality) / increment - threshold * quality / increment)
    closed = solve_for(tokens, sp.simplify(relative), threshold)
    steps = [
        *(step for step in returns.steps if step.name != "stationary"),
        Step(
            name="same sign",
            says="The relative gain is below the threshold where the slope is below the price epsilon Q / Delta.",
            claim=sp.Eq(relative - threshold, disguised, evaluate=False),
        ),
        Step(
            name="price rises with quality",
            says="That price rises with the quality reached.",
            claim=sp.Gt(sp.Derivative(threshold * quality / increment, tokens), 0, evaluate=False),
        ),
    ]
    if closed is not None:
        at_stop = sp.Eq(sp.Subs(relative, tokens, closed), threshold, evaluate=False)
        steps.append(Step(name="threshold", says="At the stop the relative gain is the threshold.", claim=at_stop))
        result = sp.Eq(best, closed if closed.is_nonnegative else sp.Max(0, closed), evaluate=False)
    else:
        result = sp.Eq(tokens, relative - threshold, evaluate=False)
    return Derivation(
        title="Stop where the relative gain of the next increment falls to a threshold",
        source="a rule in circulation beside arXiv 2601.11038; derived",
        meaning=MEANING,
        assumptions={"quality": quality},
        steps=tuple(steps),
        result=result,
        arguments=(*parameters_of(quality), increment, threshold),
        bracket=None if closed is not None else (sp.Float(1e-9), sp.Float(1e12)),
    )
