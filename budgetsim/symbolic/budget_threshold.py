"""How much a leaf should spend, how many leaves to have, and the budget from which a tree beats one agent.

A tree of N leaves multiplies a small leaf bias g(x) by N^s and pays C(x) per leaf. Under a budget B = N C(x) its bias
is g(x) (B / C(x))^s: the best x balances the elasticity of the leaf against s times that of its cost, whatever the
budget. Leaf, cost and the price of a message can be swapped. One agent pays the cost of a leaf without communication.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import DerivationError, Step
from budgetsim.symbolic.solving import solve_for
from budgetsim.symbolic.tree import MEANING
from budgetsim.symbolic.tree_costs import (
    BRANCHING,
    communication,
    leaf_tokens,
    message_steps,
    organization_exponent_,
    per_leaf_of_a_large_tree,
    tokens,
)

SOURCE = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, Theorems 5 and 9; threshold derived"

compute_exponent = sp.Symbol("beta", positive=True)
leaf_constant = sp.Symbol("kappa", positive=True)
best_tokens = sp.Symbol("x_star", positive=True)
best_count = sp.Symbol("N_star", positive=True)
even_count = sp.Symbol("N_0", positive=True)
threshold = sp.Symbol("B_star", positive=True)

POWER_LEAF = leaf_constant * leaf_tokens**compute_exponent
COST = leaf_tokens + communication

FAR = 30  # decimal digits between the unit of tokens and either end

_SHARE = sp.Symbol("t_s", positive=True)
_PART = sp.Symbol("t_beta", positive=True)
DOMAIN: Mapping[sp.Symbol, sp.Expr] = {
    organization_exponent_: _SHARE / (1 + _SHARE) / 2,  # below one half for every tree of votes
    **BRANCHING,
    compute_exponent: organization_exponent_ * _PART / (1 + _PART),  # below s: with more, one agent is better
}

_WORDS = {
    **MEANING,
    leaf_tokens: "tokens of one leaf, above 0",
    communication: "tokens of communication per leaf, above 0",
    organization_exponent_: "organization exponent of the tree, in (0, 1/2)",
    compute_exponent: "compute exponent of the leaf, above 0 and below the organization exponent",
    leaf_constant: "leaf constant: bias of a leaf of one token",
    tokens: "budget, in tokens",
    best_tokens: "best tokens of a leaf",
    best_count: "best number of leaves, a real number",
    even_count: "number of leaves, a real number, from which the tree beats one agent of the same budget",
    threshold: "budget, in tokens, from which the best tree beats one agent",
}
_ORDER = (tokens, compute_exponent)


@dataclass(frozen=True)
class LeafProblem:
    """Assumptions on leaves, and what follows from them before anything is solved."""

    leaf: sp.Expr
    cost: sp.Expr
    message_price: sp.Expr | None = None
    exponent: sp.Symbol = organization_exponent_
    domain: Mapping[sp.Symbol, sp.Expr] = field(default_factory=lambda: DOMAIN)

    @property
    def tree_cost(self) -> sp.Expr:
        if self.message_price is None:
            return self.cost
        return self.cost.subs(communication, per_leaf_of_a_large_tree(self.message_price))

    @property
    def balance(self) -> sp.Expr:
        """Elasticity of the leaf over that of its cost: the exponent at the best leaf tokens."""
        cost = self.tree_cost
        return sp.simplify(sp.diff(self.leaf, leaf_tokens) * cost / (self.leaf * sp.diff(cost, leaf_tokens)))

    @property
    def best(self) -> sp.Expr | None:
        found = solve_for(leaf_tokens, self.balance, self.exponent)
        return None if found is None else sp.factor(found)

    @property
    def assumptions(self) -> dict[str, sp.Expr]:
        return {"leaf": self.leaf, "cost": self.cost, **self.prices}

    @property
    def prices(self) -> dict[str, sp.Expr]:
        return {} if self.message_price is None else {"message_price": self.message_price}

    def arguments(self, expr: sp.Expr) -> tuple[sp.Symbol, ...]:
        symbols = expr.free_symbols - {leaf_tokens, best_tokens, best_count, even_count}
        known = [symbol for symbol in (*_ORDER, self.exponent, communication) if symbol in symbols]
        return (*known, *sorted(symbols - {*known}, key=str))

    def meaning(self, *symbols: sp.Symbol) -> dict[sp.Symbol, str]:
        return {symbol: _WORDS.get(symbol, "parameter of an assumption, above 0") for symbol in symbols}

    def steps(self) -> tuple[Step, ...]:
        cost = self.tree_cost
        leaf_slope, cost_slope = sp.Derivative(self.leaf, leaf_tokens), sp.Derivative(cost, leaf_tokens)
        bias = self.leaf * (tokens / cost) ** self.exponent
        prices = () if self.message_price is None else message_steps(self.message_price)
        return (
            *prices,
            Step(
                name="leaf improves",
                says="More tokens make a better leaf.",
                claim=sp.Gt(leaf_slope, 0, evaluate=False),
                where=self.domain,
            ),
            Step(
                name="leaf has diminishing returns",
                says="Each token brings a leaf less than the one before.",
                claim=sp.Lt(sp.Derivative(self.leaf, (leaf_tokens, 2)), 0, evaluate=False),
                where=self.domain,
            ),
            Step(
                name="cost grows",
                says="More tokens cost more.",
                claim=sp.Gt(cost_slope, 0, evaluate=False),
                where=self.domain,
            ),
            Step(
                name="first-order condition",
                says="The bias of the tree grows with x where its leaf gains more than the leaves that it costs.",
                claim=sp.Eq(
                    sp.Derivative(bias, leaf_tokens) / bias,
                    (self.balance - self.exponent) * sp.diff(cost, leaf_tokens) / cost,
                    evaluate=False,
                ),
                where=self.domain,
            ),
            Step(
                name="one peak",
                says="What a leaf gains over what it costs falls with x, so that it passes s once at most.",
                claim=sp.Lt(sp.Derivative(self.balance, leaf_tokens), 0, evaluate=False),
                where=self.domain,
            ),
            Step(
                name="first tokens pay",
                says="Below the peak a leaf gains more than it costs.",
                claim=sp.Gt(_limit(self.balance, 0), self.exponent, evaluate=False),
                where=self.domain,
            ),
            Step(
                name="synergy",
                says="Far beyond the peak more leaves bring more than better ones: without this, one agent should "
                "spend everything.",
                claim=sp.Lt(_limit(self.balance, sp.oo), self.exponent, evaluate=False),
                where=self.domain,
            ),
        )

    def stationary(self, best: sp.Expr) -> Step:
        return Step(
            name="stationary",
            says="There the leaf gains what it costs.",
            claim=sp.Eq(sp.Subs(self.balance, leaf_tokens, best), self.exponent, evaluate=False),
            where=self.domain,
        )


def _limit(expr: sp.Expr, point: sp.Expr) -> sp.Expr:
    if expr.has(sp.exp, sp.functions.elementary.hyperbolic.HyperbolicFunction, sp.erf, sp.atan):
        # SymPy may search for such a limit without end; what falls all the way is known by a point far enough out
        return expr.subs(leaf_tokens, sp.Float(f"1e{-FAR if point == 0 else FAR}", FAR + 15))
    return sp.limit(expr, leaf_tokens, point, "+" if point == 0 else "-")


@derives("budgetsim.theory.organization.optimal_leaf_tokens", page="phase-transition")
def optimal_leaf_tokens(
    leaf: sp.Expr = POWER_LEAF, cost: sp.Expr = COST, message_price: sp.Expr | None = None
) -> Derivation:
    """The best tokens per leaf, whatever the budget.

    Parameters
    ----------
    leaf
        Bias of a leaf in the symbol `leaf_tokens`: increasing, with diminishing returns. Its other symbols are
        parameters; a power law has the symbols `leaf_constant` and `compute_exponent`.
    cost
        Tokens that one leaf costs, in the symbols `leaf_tokens` and `communication` (messages per leaf).
    message_price
        Tokens that one message costs: see `tree_costs.communication_cost_per_leaf`. Without it the messages per leaf
        are a symbol of the rule.

    Raises
    ------
    DerivationError
        If there is no peak, or more than one may be.

    Examples
    --------
    >>> round(optimal_leaf_tokens().numeric()(0.2, 0.344, 50.0), 3)
    69.444
    >>> call = sp.Symbol("c_call", positive=True)  # a fixed part of every call
    >>> optimal_leaf_tokens(cost=leaf_tokens + communication + call).result.rhs
    beta*(c_0 + c_call)/(-beta + s)
    """
    problem = LeafProblem(leaf, cost, message_price)
    best = problem.best
    arguments = problem.arguments(problem.balance + organization_exponent_ if best is None else best)
    return Derivation(
        title="The best tokens per leaf do not depend on the budget",
        source=SOURCE,
        meaning=problem.meaning(*arguments, best_tokens),
        assumptions=problem.assumptions,
        steps=problem.steps() if best is None else (*problem.steps(), problem.stationary(best)),
        result=sp.Eq(
            best_tokens,
            (problem.balance - organization_exponent_).subs(leaf_tokens, best_tokens) if best is None else best,
            evaluate=False,
        ),
        arguments=arguments,
        bracket=(sp.Float(1e-9), sp.Float(1e15)) if best is None else None,
    )


@derives("budgetsim.theory.organization.optimal_leaf_count", page="phase-transition")
def optimal_leaf_count(
    leaf: sp.Expr = POWER_LEAF, cost: sp.Expr = COST, message_price: sp.Expr | None = None
) -> Derivation:
    """The best number of leaves, a real number: the budget over the cost of the best leaf.

    Parameters and errors as in `optimal_leaf_tokens`.

    Examples
    --------
    >>> round(optimal_leaf_count().numeric()(1000.0, 0.2, 0.344, 50.0), 4)
    8.3721
    """
    problem = LeafProblem(leaf, cost, message_price)
    inner = optimal_leaf_tokens(leaf=leaf, cost=cost, message_price=message_price)
    known = problem.best
    at = best_tokens if known is None else known
    count = sp.factor(sp.together(tokens / problem.tree_cost.subs(leaf_tokens, at)))
    arguments = problem.arguments(count + sp.Add(*inner.arguments))
    return Derivation(
        title="The budget buys more leaves, not better ones",
        source=SOURCE,
        meaning=problem.meaning(*arguments, best_count),
        assumptions=problem.assumptions,
        steps=(
            *inner.steps,
            Step(
                name="budget is spent",
                says="The leaves and their messages cost the budget.",
                claim=sp.Eq(count * problem.tree_cost.subs(leaf_tokens, at), tokens, evaluate=False),
                where=DOMAIN,
            ),
        ),
        result=sp.Eq(best_count, count, evaluate=False),
        arguments=arguments,
        given=(inner,) if known is None else (),
    )


@derives("budgetsim.theory.organization.threshold_budget", page="phase-transition")
def threshold_budget(
    leaf: sp.Expr = POWER_LEAF, cost: sp.Expr = COST, message_price: sp.Expr | None = None
) -> Derivation:
    """The budget from which the best tree beats one agent that spends all of it, below saturation.

    Parameters and errors as in `optimal_leaf_tokens`; an error, too, where the tokens of one agent cannot be solved
    from its budget.

    Examples
    --------
    >>> round(threshold_budget().numeric()(0.2, 0.344, 50.0), 1)
    253.7
    """
    problem = LeafProblem(leaf, cost, message_price)
    inner = optimal_leaf_tokens(leaf=leaf, cost=cost, message_price=message_price)
    known = problem.best
    count = sp.Symbol(even_count.name, positive=True)
    spent = sp.Symbol("C_star", positive=True)  # tokens of the best leaf with its messages
    alone = solve_for(leaf_tokens, cost.subs(communication, 0), count * spent)
    if alone is None:
        raise DerivationError(f"step 'one agent' does not hold: no closed form of the tokens that cost {cost}")
    gain = leaf.subs(leaf_tokens, best_tokens) * count**organization_exponent_ / leaf.subs(leaf_tokens, alone)
    at_best = problem.tree_cost.subs(leaf_tokens, best_tokens if known is None else known)
    at_best = sp.factor(sp.together(at_best))
    closed = None if known is None else solve_for(count, sp.powsimp(sp.expand_power_base(gain, force=True)), sp.S.One)
    given: tuple[Derivation, ...] = ()
    steps = (
        *inner.steps,
        Step(
            name="one agent",
            says="One agent spends the whole budget, and none of it on messages.",
            claim=sp.Eq(cost.subs(communication, 0).subs(leaf_tokens, alone), count * spent, evaluate=False),
        ),
    )
    if closed is None:
        margin = sp.log(gain).subs(
            spent, at_best if known is None else problem.tree_cost.subs(leaf_tokens, best_tokens)
        )
        even = Derivation(
            title="The number of leaves from which a tree beats one agent",
            source=SOURCE,
            meaning=problem.meaning(best_tokens, count),
            assumptions=problem.assumptions,
            steps=(),
            result=sp.Eq(count, sp.expand_log(margin, force=True), evaluate=False),
            arguments=problem.arguments(margin + sp.Add(*inner.arguments)),
            bracket=(sp.S.One, sp.Float(1e40)),
            given=(inner,),
        )
        value, given = at_best * count, (inner, even)
        arguments = even.arguments
    else:
        ratio = sp.simplify(closed.subs({spent: at_best, best_tokens: known}, simultaneous=True))
        steps = (
            *steps,
            Step(
                name="break even",
                says="With so many leaves the tree is as good as one agent.",
                claim=sp.Eq(sp.Subs(gain, count, closed), 1, evaluate=False),
                where={organization_exponent_: compute_exponent + sp.Symbol("t_s", positive=True)},
            ),
        )
        value = at_best * ratio
        arguments = problem.arguments(value)
    return Derivation(
        title="A tree beats one agent from a threshold budget on",
        source=SOURCE,
        meaning=problem.meaning(*arguments, threshold),
        assumptions=problem.assumptions,
        steps=steps,
        result=sp.Eq(threshold, value, evaluate=False),
        arguments=arguments,
        given=given,
    )
