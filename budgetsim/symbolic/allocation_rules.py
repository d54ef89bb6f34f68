"""How to divide a budget over sub-questions: the rule for any uncertainty curve and any cost, its price, its value.

The uncertainty :math:`\\sum_i U(b_i)` is least, at a cost :math:`\\sum_i C(b_i) = B`, where all that get more than
their least tokens have the same marginal uncertainty per cost, the shadow price (Karush-Kuhn-Tucker conditions;
enough, because the uncertainty is convex in what is spent).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.numeric import Backend, Numeric
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import Returns, adopted, parameters_of, price, short, tokens
from budgetsim.symbolic.separation import Separated, count, first, flat, indexed, other, separated, sum_step, total
from budgetsim.symbolic.shadow_prices import divide
from budgetsim.symbolic.solving import solve_for
from budgetsim.symbolic.uncertainty_curves import (
    MEANING,
    POWER_LAW,
    SOURCE,
    assumed,
    decay_rate,
    substitution,
    uncertainty_returns,
)

budget = sp.Symbol("B", positive=True)
weights = sp.Symbol("S", positive=True)
offsets = sp.Symbol("D", real=True)
spare = sp.Symbol("e", positive=True)
left = sp.Symbol("U_star", positive=True)
tokens_of = sp.IndexedBase("b", positive=True)
Gives = Literal["tokens", "price", "uncertainty"]
Domain = Mapping[sp.Symbol, sp.Expr] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule(Derivation):
    """A derivation whose `numeric` takes parameters of shape [..., n] and a budget of shape [...].

    The result is stated for sub-questions that all get something; `numeric` finds which do, by bisection on the price.
    """

    returns: Returns
    common: tuple[sp.Symbol, ...]
    gives: Gives
    defining: tuple[sp.Basic, ...]

    def numeric(self, backend: Backend = "numpy") -> Numeric:
        """A function of `arguments` and, by name, of ``lower``: tokens [..., n] that each gets at least.

        Parameters of sub-questions have shape [..., n] (a number serves all), parameters in common and the budget
        [...]. Tokens come back as [..., n], prices and uncertainties as [...]; NaN where the budget is too small for
        the least tokens. NumPy or JAX; differentiable once.
        """
        division = divide(self.returns, self.arguments[:-1], self.common, backend)

        def evaluate(*values: Any, lower: Any = 0.0) -> Any:
            found = division(*values, lower=lower)
            return {"tokens": found.tokens, "price": found.price, "uncertainty": -found.benefit}[self.gives]

        return evaluate

    def _conclusion(self) -> str:
        conditions = "".join(r",\; " + sp.latex(condition) for condition in self.defining)
        return Derivation._conclusion(self).removesuffix("}") + conditions + "}"


@derives("budgetsim.theory.bbam.bam_exact", page="plan-and-budget")
def allocation(
    uncertainty: sp.Expr = POWER_LAW,
    cost: sp.Expr = tokens,
    common: Sequence[sp.Symbol] = (),
    where: Domain = None,
) -> Derivation:
    """The division of a budget over sub-questions that leaves the least uncertainty.

    Parameters
    ----------
    uncertainty
        Uncertainty of a sub-question, a function of the symbol `tokens`: decreasing, and convex in what is spent. A
        curve that turns convex beyond an inflection only is divided beyond it: every sub-question gets that much. Other
        symbols are parameters of the sub-question; those without assumptions are taken as positive.
    cost
        What the tokens of one sub-question cost: a rising function of `tokens`. All sub-questions are asked, so that a
        fixed part is always paid.
    common
        Parameters that all sub-questions share. With these a closed form may exist.
    where
        Domain of parameters beyond positive: each as an expression of positive symbols.

    Raises
    ------
    DerivationError
        If the uncertainty does not decrease, is nowhere convex, or the cost does not rise: the message names the step.

    Examples
    --------
    >>> allocation().numeric()([5, 20, 80], [1, 1.5, 2.5], 300).round(2).tolist()
    [142.76, 108.38, 48.86]
    >>> flat = allocation(uncertainty=sp.Symbol("c") * sp.exp(-tokens / 100))
    >>> flat.numeric()([1.0, 1.0, 0.001], 60.0).round(6).tolist()
    [30.0, 30.0, 0.0]
    """
    return _rule("tokens", uncertainty, cost, common, where)


@derives("budgetsim.theory.bbam.bam_exact", page="plan-and-budget")
def common_rate_allocation(
    uncertainty: sp.Expr = POWER_LAW,
    cost: sp.Expr = tokens,
    common: Sequence[sp.Symbol] = (decay_rate,),
    where: Domain = None,
) -> Derivation:
    """The same for one decay rate: shares of the budget that do not depend on it. Arguments as in `allocation`.

    Examples
    --------
    >>> common_rate_allocation().numeric()([5, 20, 80], 1.5, 300).round(2).tolist()
    [51.97, 90.49, 157.54]
    """
    return _rule("tokens", uncertainty, cost, common, where)


@derives("budgetsim.theory.bbam_common.shadow_price", page="plan-and-budget")
def shadow_price(
    uncertainty: sp.Expr = POWER_LAW,
    cost: sp.Expr = tokens,
    common: Sequence[sp.Symbol] = (decay_rate,),
    where: Domain = None,
) -> Derivation:
    """The uncertainty that one more unit of the budget removes. Arguments as in `allocation`.

    Examples
    --------
    >>> f"{shadow_price().numeric()([5, 20, 80], 1.5, 300):.4e}"
    '3.8519e-04'
    """
    return _rule("price", uncertainty, cost, common, where)


@derives("budgetsim.theory.bbam_common.min_epistemic_uncertainty", page="plan-and-budget")
def least_uncertainty(
    uncertainty: sp.Expr = POWER_LAW,
    cost: sp.Expr = tokens,
    common: Sequence[sp.Symbol] = (decay_rate,),
    where: Domain = None,
) -> Derivation:
    """The uncertainty that the best division of a budget leaves. Arguments as in `allocation`.

    Examples
    --------
    >>> round(float(least_uncertainty().numeric()([5, 20, 80], 1.5, 300)), 10)
    0.0770378972
    """
    return _rule("uncertainty", uncertainty, cost, common, where)


def _rule(gives: Gives, uncertainty: sp.Expr, cost: sp.Expr, common: Sequence[sp.Symbol], where: Domain) -> Derivation:
    returns = uncertainty_returns(uncertainty, cost, where)
    parameters = parameters_of(returns.benefit, returns.cost)
    common = tuple(symbol for symbol in (adopted(one) for one in common) if symbol in parameters)
    own = [symbol for symbol in parameters if symbol not in common]
    spending = sp.Eq(sp.Sum(returns.cost.subs(tokens, tokens_of[other]), (other, 1, count)), budget, evaluate=False)
    spending = sp.Eq(indexed(spending.lhs, own, other), budget, evaluate=False)
    steps = [*returns.steps, *substitution(returns)]
    result, defining = _open_form(returns, own, gives), (spending,)
    closed = _closed(returns, common)
    if closed is not None:
        result, more = closed.result(gives, returns, own, common)
        steps += [sum_step(), *more]
        if result.rhs.free_symbols & {weights, offsets}:
            result = sp.Eq(result.lhs, result.rhs.subs(closed.sums(own)), evaluate=False)
            defining = _inside(returns)
    title = {"tokens": "Best division of a budget", "price": "Shadow price", "uncertainty": "Least uncertainty"}[gives]
    return AllocationRule(
        title=title,
        source=SOURCE,
        meaning={**MEANING, budget: "budget in units of the cost, above 0", left: "least total uncertainty"},
        assumptions={**assumed(returns), **({"common": sp.Tuple(*common)} if common else {})},
        steps=tuple(steps),
        result=result,
        arguments=(*parameters, budget),
        returns=returns,
        common=common,
        gives=gives,
        defining=defining,
    )


def _open_form(returns: Returns, own: Sequence[sp.Symbol], gives: Gives) -> sp.Equality:
    place = indexed(returns.marginal, own, first).subs(tokens, tokens_of[first])
    if gives == "uncertainty":
        each = indexed(-returns.benefit, own, other).subs(tokens, tokens_of[other])
        return sp.Eq(left, sp.Sum(each, (other, 1, count)), evaluate=False)
    if gives == "price" or returns.demand is None:
        return sp.Eq(price, place, evaluate=False)
    return sp.Eq(tokens_of[first], indexed(returns.demand, own, first), evaluate=False)


@dataclass(frozen=True, slots=True)
class _Closed:
    """A price in closed form: the sum of what is spent is ``factor(price) * S + D``."""

    demand: sp.Expr
    spent: Separated
    price: sp.Expr

    def sums(self, own: Sequence[sp.Symbol]) -> dict[sp.Symbol, sp.Expr]:
        return {weights: total(self.spent.weight, own), offsets: total(self.spent.offset, own)}

    def result(
        self, gives: Gives, returns: Returns, own: Sequence[sp.Symbol], common: Sequence[sp.Symbol]
    ) -> tuple[sp.Equality, list[Step]]:
        """The rule, in the price's closed form for a spare budget above the offsets, and the steps that lead there."""
        rest = budget - (offsets if self.spent.offset != 0 else 0)
        spent, kept = (expr.subs(tokens, self.demand) for expr in (returns.cost, -returns.benefit))
        apart = self.spent.factor * self.spent.weight + self.spent.offset
        lasts = sp.Eq(sp.Subs(self.spent.factor, price, self.price) * weights, spare, evaluate=False)
        steps = [
            Step(name="apart", says="The price acts on all alike.", claim=sp.Eq(spent, apart, evaluate=False)),
            Step(name="budget lasts", says="At this price what the offsets leave of the budget is spent.", claim=lasts),
        ]
        if gives == "price":
            return sp.Eq(price, self.price.subs(spare, rest), evaluate=False), steps
        if gives == "tokens":
            best = short(flat(sp.expand_log(self.demand.subs(price, self.price), force=True)))
            here = sp.Eq(sp.Subs(returns.marginal, tokens, best), self.price, evaluate=False)
            steps.append(Step(name="equal margins", says="All margins equal the price.", claim=here))
            return sp.Eq(tokens_of[first], indexed(best.subs(spare, rest), own, first), evaluate=False), steps
        remains = separated(kept, price, common)
        if remains is None or remains.weight != self.spent.weight or remains.offset != 0:
            return _open_form(returns, own, gives), steps
        least = short(flat(remains.factor.subs(price, self.price) * weights))
        one = sp.Eq(kept, remains.factor * remains.weight, evaluate=False)
        value = sp.Eq(sp.Derivative(least, spare), -self.price, evaluate=False)
        steps += [
            Step(name="remainder apart", says="So does what is left.", claim=one),
            Step(name="value", says="A further unit of the budget is worth its shadow price.", claim=value),
        ]
        return sp.Eq(left, least.subs(spare, rest), evaluate=False), steps


def _inside(returns: Returns) -> tuple[sp.Basic, ...]:
    """The condition of a closed form where a sub-question may want nothing: its first token has a finite worth."""
    first_token = returns.marginal.subs(tokens, 0)
    return () if first_token.has(sp.zoo, sp.oo) else (sp.Gt(tokens_of[first], 0, evaluate=False),)


def _closed(returns: Returns, common: Sequence[sp.Symbol]) -> _Closed | None:
    if returns.demand is None or returns.least != 0:
        return None
    spent = separated(returns.cost.subs(tokens, returns.demand), price, common)
    if spent is None:
        return None
    found = within(lambda: solve_for(price, spent.factor, spare / weights))
    return None if found is None else _Closed(returns.demand, spent, short(found))
