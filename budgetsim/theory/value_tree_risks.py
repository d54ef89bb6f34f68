"""What a bound on the steps of a value-tree search leaves open: wrong answers and costs that vary.

Both are derived, for the search of "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents", Yushu
Li, Wenlong Deng, Jiajin Li, Xiaoxiao Li, arXiv 2603.12634, and the assumptions of
:mod:`budgetsim.theory.value_tree_bounds`.
"""

from __future__ import annotations

from typing import NamedTuple

from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    PROBABILITY,
    PROPER_PROBABILITY,
    WHOLE,
    WHOLE_POSITIVE,
    Array,
    common_namespace,
    elementwise,
    is_jax,
    require,
    special,
    whole,
)
from budgetsim.theory._counts import binomial_below
from budgetsim.theory.value_tree_bounds import ADVANCE, exact_steps


class CorrectAnswer(NamedTuple):
    """Chance of a right answer within the steps, and with any number of steps."""

    probability: Array
    limit: Array


@elementwise(progress=PROBABILITY, false_terminal=PROBABILITY, gains=WHOLE_POSITIVE, steps=WHOLE)
def correct_answer_probability(progress: Array, false_terminal: Array, gains: Array, steps: Array) -> CorrectAnswer:
    r"""Chance that K gains come before a false terminal node: what a bound on the critic's value leaves open.

    :math:`\left(\frac{p}{p+f}\right)^K P(\mathrm{Bin}(M, p+f) \ge K)`, and its limit for any budget without the
    last factor.

    Parameters
    ----------
    progress, false_terminal
        Chances p of a gain and f of a false terminal in one step, in [0, 1], together at most 1.
    gains
        Gains K needed, 1 or more.
    steps
        Steps M, 0 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the two chances exceed 1 together (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> answer = correct_answer_probability(0.3, 0.05, 3, 10)
    >>> round(answer.probability, 4), round(answer.limit, 4)
    (0.465, 0.6297)
    """
    xp = common_namespace(progress)
    either = progress + false_terminal
    inside = either <= 1.0 + 1e-12
    share = xp.where(progress > 0.0, progress / xp.where(either > 0.0, either, 1.0), 0.0) ** gains
    if is_jax(xp):
        enough = 1.0 - binomial_below(xp, gains, steps, xp.minimum(either, 1.0))
    else:
        possible = steps >= gains
        others = xp.where(possible, steps - gains, 0.0) + 1.0
        enough = xp.where(possible, special(xp).betainc(gains, others, xp.minimum(either, 1.0)), 0.0)
    given = {"progress": progress, "false_terminal": false_terminal}
    message = "progress and false_terminal must be at most 1 together"
    return CorrectAnswer(
        require(xp, inside, message, share * enough, **given), require(xp, inside, message, share, **given)
    )


class RandomCostBudget(NamedTuple):
    """Steps to allow for, the budget that covers them, and the budget if every step cost the most."""

    steps: Array
    budget: Array
    worst_case: Array


@elementwise(
    gains=WHOLE_POSITIVE,
    advance=ADVANCE,
    failure=PROPER_PROBABILITY,
    lowest_cost=NON_NEGATIVE,
    highest_cost=NON_NEGATIVE,
    mean_cost=NON_NEGATIVE,
)
def random_cost_budget(
    gains: Array, advance: Array, failure: Array, lowest_cost: Array, highest_cost: Array, mean_cost: Array
) -> RandomCostBudget:
    r"""Budget that suffices if the costs of the steps vary, :math:`M\bar c + (b-a)\sqrt{M \ln(2/\epsilon)/2}`.

    M is the exact number of steps at half the failure; the other half is Hoeffding's for the costs.

    Parameters
    ----------
    gains, advance, failure
        See :func:`budgetsim.theory.value_tree_bounds.step_bounds`.
    lowest_cost, highest_cost, mean_cost
        Costs a and b of the cheapest and the dearest step and the mean cost, in one unit, 0 or more; costs must be
        independent of progress.

    Returns
    -------
    RandomCostBudget
        ``worst_case`` is the exact number of steps at the whole failure, each at the highest cost; for costs that
        vary little it is the smaller.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the mean is outside the range of costs (NaN in JAX).

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.value_tree_pool_bound.random_cost_budget`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> plan = random_cost_budget(3, 0.25, 0.1, 1.0, 3.0, 2.0)
    >>> plan.steps, round(plan.budget, 2), plan.worst_case
    (23, 57.74, 60.0)
    """
    xp = common_namespace(gains)
    steps = exact_steps(xp, gains, advance, 0.5 * failure)
    spread = highest_cost - lowest_cost
    budget = steps * mean_cost + spread * xp.sqrt(0.5 * steps * xp.log(2.0 / failure))
    inside = (lowest_cost <= mean_cost) & (mean_cost <= highest_cost)
    given = {"mean_cost": mean_cost, "lowest_cost": lowest_cost, "highest_cost": highest_cost}
    message = "mean_cost must lie between lowest_cost and highest_cost"
    worst = exact_steps(xp, gains, advance, failure) * highest_cost
    return RandomCostBudget(whole(xp, steps), require(xp, inside, message, budget, **given), worst)
