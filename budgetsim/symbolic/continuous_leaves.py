"""How much a leaf of a tree of averages should spend: the algebra of trees of votes, on one over the variance."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.budget_threshold import COST, LeafProblem, best_tokens
from budgetsim.symbolic.continuous_tree import SOURCE, exponent
from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.tree import below_one
from budgetsim.symbolic.tree_costs import BRANCHING, leaf_tokens, tokens

variance_exponent = sp.Symbol("beta_v", positive=True)
variance_constant = sp.Symbol("kappa_v", positive=True)
POWER_VARIANCE = variance_constant * leaf_tokens ** (-variance_exponent)

DOMAIN = {
    **BRANCHING,
    exponent: below_one(exponent),
    variance_exponent: exponent * below_one(variance_exponent),  # with more, one agent is better
}


@derives("budgetsim.theory.continuous.continuous_optimal_leaf_tokens", page="phase-transition")
def continuous_optimal_leaf_tokens(
    variance: sp.Expr = POWER_VARIANCE, cost: sp.Expr = COST, message_price: sp.Expr | None = None
) -> Derivation:
    """The best tokens per leaf of a tree of averages far above its floor, whatever the budget.

    Parameters
    ----------
    variance
        Variance of the estimate of a leaf in the symbol `leaf_tokens`; one over it has diminishing returns.
    cost, message_price
        See `budget_threshold.optimal_leaf_tokens`.

    Raises
    ------
    DerivationError
        If there is no peak, or more than one may be.

    Examples
    --------
    >>> round(continuous_optimal_leaf_tokens().numeric()(0.3, 0.5722, 30.0), 2)
    33.06
    """
    problem = LeafProblem(1 / variance, cost, message_price, exponent=exponent, domain=DOMAIN)
    best = problem.best
    arguments = problem.arguments(problem.balance + exponent if best is None else best)
    first = [symbol for symbol in (variance_exponent,) if symbol in arguments]
    risk = variance * (problem.tree_cost / tokens) ** exponent
    steps = (
        Step(
            name="variance above the floor",
            says="It falls like a power of the leaves: what is to grow is one over it.",
            claim=sp.Eq(1 / risk, (tokens / problem.tree_cost) ** exponent / variance, evaluate=False),
            where=DOMAIN,
        ),
        *problem.steps(),
    )
    return Derivation(
        title="The best tokens per leaf of a tree of averages do not depend on the budget",
        source=SOURCE,
        meaning={
            **problem.meaning(*arguments, best_tokens),
            exponent: "exponent of the tree, in (0, 1)",
        },
        assumptions={"variance": variance, "cost": cost} | problem.prices,
        steps=steps if best is None else (*steps, problem.stationary(best)),
        result=sp.Eq(
            best_tokens, (problem.balance - exponent).subs(leaf_tokens, best_tokens) if best is None else best
        ),
        arguments=(*first, *(symbol for symbol in arguments if symbol not in first)),
        bracket=(sp.Float(1e-9), sp.Float(1e15)) if best is None else None,
    )
