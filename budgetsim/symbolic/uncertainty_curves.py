"""How the uncertainty of a sub-question may fall with its tokens, and the tokens it wants at a price.

A curve is an expression in the symbol `tokens`; its other symbols are parameters of the sub-question. The named curves
are examples: every decreasing curve that is convex, at least from some tokens on, can take their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.numeric import Backend, Numeric
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import Returns, adopted, diminishing_returns, parameters_of, price, tokens
from budgetsim.symbolic.shadow_prices import demand_at

initial_uncertainty = sp.Symbol("c", positive=True)
decay_rate = sp.Symbol("beta", positive=True)
scale = sp.Symbol("s", positive=True)
midpoint = sp.Symbol("h", positive=True)
call_cost = sp.Symbol("a", positive=True)
token_price = sp.Symbol("k", positive=True)
wanted = sp.Symbol("b_star", nonnegative=True)

POWER_LAW = initial_uncertainty * tokens**-decay_rate
EXPONENTIAL = initial_uncertainty * sp.exp(-tokens / scale)
LOGISTIC = initial_uncertainty / (1 + sp.exp((tokens - midpoint) / scale))
COST_PER_CALL = call_cost + token_price * tokens

SOURCE = "derived, for the model of arXiv 2505.16122 (Plan and Budget: Effective and Efficient Test-Time Scaling)"
MEANING = {
    tokens: "tokens of a sub-question, above 0",
    price: "shadow price: uncertainty that one more unit of the budget removes, above 0",
    initial_uncertainty: "initial uncertainty: what the uncertainty is in proportion to, above 0",
    decay_rate: "decay rate: exponent at which the uncertainty falls, above 0; large is easy",
    scale: "tokens over which the uncertainty falls, above 0",
    midpoint: "tokens at which half of the uncertainty is gone, above 0",
    call_cost: "fixed cost of a call, above 0",
    token_price: "cost of a token, above 0",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRule(Derivation):
    """A derivation whose `numeric` gives the tokens wanted at a price, by bisection where there is no closed form."""

    returns: Returns

    def numeric(self, backend: Backend = "numpy") -> Numeric:
        """Tokens as a function of `arguments`: floats or arrays, broadcast, in NumPy or JAX; differentiable once."""
        if self.bracket is None and self.returns.always:
            return Derivation.numeric(self, backend)
        return demand_at(self.returns, self.arguments[:-1], backend)


def tokens_wanted(returns: Returns) -> tuple[sp.Equality, tuple[sp.Expr, sp.Expr] | None]:
    """The result for `Derivation`: closed form, or defining residual and bracket."""
    if returns.demand is None or returns.least != 0:
        return sp.Eq(tokens, returns.marginal - price, evaluate=False), (sp.Float(1e-12), sp.Float(1e15))
    return sp.Eq(wanted, returns.demand if returns.always else sp.Max(0, returns.demand), evaluate=False), None


@derives("budgetsim.theory.stopping.power_law_stop", page="plan-and-budget")
def demand(
    uncertainty: sp.Expr = POWER_LAW, cost: sp.Expr = tokens, where: Mapping[sp.Symbol, sp.Expr] | None = None
) -> Derivation:
    """The tokens that a sub-question is worth at a shadow price.

    Parameters
    ----------
    uncertainty
        Function of the symbol `tokens`, decreasing, and convex in what is spent. Where it turns convex only beyond an
        inflection (the logistic curve), the rule holds from there on, and the step ``convex`` says so. Other symbols
        are parameters; those without assumptions are taken as positive.
    cost
        What the tokens of one sub-question cost, a rising function of `tokens`, with a fixed part or without.
    where
        Domain of parameters beyond positive: each as an expression of positive symbols.

    Raises
    ------
    DerivationError
        If the uncertainty does not decrease, is nowhere convex, or the cost does not rise: the message names the step.

    Examples
    --------
    >>> round(demand().numeric()(5.0, 1.0, 2.4533e-4), 2)
    142.76
    >>> demand(uncertainty=EXPONENTIAL).result.rhs
    Max(0, s*log(c) - s*log(lambda) - s*log(s))
    """
    returns = uncertainty_returns(uncertainty, cost, where)
    result, bracket = tokens_wanted(returns)
    return DemandRule(
        title="Tokens of a sub-question at a shadow price",
        source=SOURCE,
        meaning={**MEANING, wanted: "tokens wanted; 0 where even the first costs more than it brings"},
        assumptions=assumed(returns),
        steps=(*returns.steps, *substitution(returns)),
        result=result,
        arguments=(*parameters_of(returns.benefit, returns.cost), price),
        bracket=bracket,
        returns=returns,
    )


def uncertainty_returns(
    uncertainty: sp.Expr, cost: sp.Expr, where: Mapping[sp.Symbol, sp.Expr] | None = None
) -> Returns:
    """The returns of spending on a sub-question: less uncertainty, for a cost."""
    return diminishing_returns(-adopted(uncertainty), adopted(cost), where=where, falls=True)


def assumed(returns: Returns) -> dict[str, sp.Basic]:
    """The assumptions of a derivation about sub-questions."""
    beyond = {} if returns.least == 0 else {"domain": sp.Ge(tokens, returns.least, evaluate=False)}
    return {"uncertainty": -returns.benefit, "cost": returns.cost, **beyond}


def substitution(returns: Returns) -> list[Step]:
    """The step that makes the shadow price the value of the budget, where the demand has a closed form."""
    if returns.demand is None:
        return []
    left, spent = (expr.subs(tokens, returns.demand) for expr in (-returns.benefit, returns.cost))
    claim = sp.Eq(sp.Derivative(left, price), -price * sp.Derivative(spent, price), evaluate=False)
    says = "At a falling price, what is spent more buys less uncertainty at that price."
    return [Step(name="envelope", says=says, claim=claim, where=returns.where)]
