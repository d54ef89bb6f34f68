"""Rules that circulate under the name of budget-aware value trees and are not those of the paper.

Kept by name, to be compared with :mod:`budgetsim.theory.value_tree` ("Spend Less, Reason Better: Budget-Aware Value
Tree Search for LLM Agents", arXiv 2603.12634), which draws one node at a time from a shared budget with probability
proportional to its value to the power 1/r:

* *proportional split*: divides the budget among the children once, by value, and backs values up by a discounted
  maximum (:func:`proportional_split`, :func:`split_depth`, :func:`max_backup_value`, :func:`max_backup_bias`);
* *UCB*: a deterministic score whose exploration bonus grows as the budget falls (:func:`ucb_score`);
* *inverted exponent*: r in the place of 1/r, uniform when poor (:func:`inverted_selection`);
* *UCT heuristic*: an absolute value with a bonus for few visits (:func:`uct_heuristic_score`);
* "remaining ratio to the power alpha": has neither base nor exponent of the rule, no formula to compute;
* thresholds .50, .25 and .10 of the remaining ratio without a tree: only the ratio survives;
* "an exponent near 1 selects almost uniformly": at r = 1 chances are proportional to the values.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from budgetsim.theory._arrays import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    WHOLE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    require,
    special,
    whole,
)
from budgetsim.theory.value_tree import REMAINING_RATIO, VALUES

BRANCHING = Domain("a whole number, 2 or more", 2.0, open_high=True, step=1)
LEAST_VALUE = 0.01
TINY = 1e-8
_nodes, _weights = np.polynomial.legendre.leggauss(16)
# 64 panels of 16-point rules on [0, 16], beyond which no maximum of fewer than 1e40 normal numbers lies.
NODES = ((np.arange(64)[:, None] + (_nodes + 1.0) / 2.0) / 4.0).reshape(-1)
WEIGHTS = np.tile(_weights / 8.0, 64)


@elementwise(values=VALUES, budget=NON_NEGATIVE)
def proportional_split(values: Array, budget: Array) -> Array:
    r"""Budgets of the children in the proportional split, :math:`B_i = B V_i / \sum_j V_j`.

    The selection of the paper frozen at r = 1 and turned into shares: it never sharpens and starves depth.

    Parameters
    ----------
    values
        Values of the children, shape [..., children], 0 or more, not all 0.
    budget
        Budget to divide, 0 or more; broadcasts against ``values``.

    Raises
    ------
    ValueError
        If an argument is outside its domain or a row holds no positive value (NaN in JAX).

    Notes
    -----
    Not in arXiv 2603.12634, which shares one budget and selects at random.

    Examples
    --------
    >>> [round(float(share), 3) for share in proportional_split([0.2, 0.4, 0.7], 20.0)]
    [3.077, 6.154, 10.769]
    """
    xp = common_namespace(values)
    total = xp.sum(values, axis=-1, keepdims=True)
    positive = total > 0.0
    message = "values must hold a positive value in every row"
    return require(xp, positive, message, budget * values / xp.where(positive, total, 1.0))


@elementwise(budget=POSITIVE, branching=BRANCHING, cost=POSITIVE)
def split_depth(budget: Array, branching: Array, cost: Array) -> Array:
    r"""Deepest level that k equal children of every node can pay for: the largest d with :math:`c k^d \le B`.

    Parameters
    ----------
    budget, cost
        Budget B and cost c of one node, in one unit, above 0; the budget covers one node or more.
    branching
        Children k of a node, 2 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the budget is below the cost (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> split_depth(20, 3, 1), split_depth(1000, 3, 1)
    (2, 6)
    """
    xp = common_namespace(budget)
    depth = xp.floor(xp.log(budget / cost) / xp.log(branching) + 1e-9)
    return whole(xp, require(xp, budget >= cost, "budget must be at least cost", depth, budget=budget, cost=cost))


@elementwise(reward=FINITE, discount=PROBABILITY, child_values=replace(FINITE, by_row=True))
def max_backup_value(reward: Array, discount: Array, child_values: Array) -> Array:
    r"""Value of a node in the proportional split, :math:`V = R + \gamma \max_c V_c`; R without children.

    Parameters
    ----------
    reward
        Reward R of the node, shape [...].
    discount
        Factor gamma, in [0, 1].
    child_values
        Values of its children, shape [..., children]; there may be none.

    Returns
    -------
    array
        Shape [...]; may exceed 1, so that an answer threshold on it must be rescaled.

    Notes
    -----
    Not in arXiv 2603.12634, which adds residuals and backs up the mean, without a discount.

    Examples
    --------
    >>> round(float(max_backup_value(0.3, 0.9, [0.5, 0.7])), 4)
    0.93
    """
    xp = common_namespace(reward)
    if child_values.shape[-1] == 0:
        return reward + 0.0 * discount
    return reward + discount * xp.max(child_values, axis=-1)


@elementwise(children=WHOLE_POSITIVE, spread=NON_NEGATIVE)
def max_backup_bias(children: Array, spread: Array) -> Array:
    r"""By how much the maximum of equally good children overestimates, :math:`E \max_{i \le n} \epsilon_i`.

    Parameters
    ----------
    children
        Number n of children, 1 or more.
    spread
        Standard deviation of the normal, independent errors of their values, 0 or more.

    Returns
    -------
    array
        In the unit of the spread; relative error below 1e-10.

    Notes
    -----
    Derived: :math:`E \max = \int_0^\infty [1 - \Phi(x)^n - \Phi(-x)^n]\,dx`.

    Examples
    --------
    >>> round(max_backup_bias(5, 0.1), 4)
    0.1163
    """
    xp = common_namespace(children)
    nodes, weights = (xp.asarray(part, dtype=float) for part in (NODES, WEIGHTS))
    upper = special(xp).ndtr(-nodes)
    count = children[..., None]
    above = -xp.expm1(count * xp.log1p(-upper)) - upper**count
    return spread * xp.sum(weights * above, axis=-1)


@elementwise(mean=FINITE, weight=NON_NEGATIVE, remaining=NON_NEGATIVE, total=NON_NEGATIVE, visits=NON_NEGATIVE)
def ucb_score(mean: Array, weight: Array, remaining: Array, total: Array, visits: Array) -> Array:
    r"""Score of a node in the UCB variant, whose argmax is expanded.

    :math:`\bar V + \frac{c}{b+10^{-8}}\sqrt{\frac{\ln(B+1)}{n+10^{-8}}}`

    Parameters
    ----------
    mean
        Mean value of the node.
    weight
        Weight c of the bonus, 0 or more.
    remaining, total
        Budget b left and budget B at the start, in absolute units (the score depends on the unit).
    visits
        Visits n of the node.

    Notes
    -----
    Not in arXiv 2603.12634: deterministic, and the bonus *grows* as the budget falls, the opposite of its rule.

    Examples
    --------
    >>> [round(ucb_score(0.0, 1.0, left, 20, 2), 3) for left in (20, 5, 1)]
    [0.062, 0.247, 1.234]
    """
    xp = common_namespace(mean)
    return mean + weight / (remaining + TINY) * xp.sqrt(xp.log1p(total) / (visits + TINY))


@elementwise(values=VALUES, remaining_ratio=REMAINING_RATIO)
def inverted_selection(values: Array, remaining_ratio: Array) -> Array:
    r"""Selection with the inverted exponent, :math:`P_i \propto \max(V_i, .01)^r`.

    Arguments as in :func:`budgetsim.theory.value_tree.selection_probabilities`; rows of zeros are allowed.

    Notes
    -----
    Not in arXiv 2603.12634, whose exponent is 1/r: this becomes uniform as the budget runs out, that greedy.

    Examples
    --------
    >>> [round(float(chance), 3) for chance in inverted_selection([0.2, 0.4, 0.7], 0.05)]
    [0.323, 0.334, 0.343]
    """
    xp = common_namespace(values)
    floored = xp.maximum(values, LEAST_VALUE)
    weights = (floored / xp.max(floored, axis=-1, keepdims=True)) ** remaining_ratio
    return weights / xp.sum(weights, axis=-1, keepdims=True)


@elementwise(value=FINITE, remaining=POSITIVE, fraction=PROBABILITY, visits=WHOLE)
def uct_heuristic_score(value: Array, remaining: Array, fraction: Array, visits: Array) -> Array:
    r"""Score of a node in the UCT heuristic, :math:`V + \frac{1}{1+\phi}\left(1+\frac{.1}{b}\right)\frac{1}{n+1}`.

    Parameters
    ----------
    value
        Value of the node, in the heuristic an absolute one that falls with depth.
    remaining
        Budget b left, above 0.
    fraction
        The same as a part phi of the whole, in [0, 1].
    visits
        Visits n of the node, 0 or more.

    Notes
    -----
    Not in arXiv 2603.12634: no residual value and no tool budget.

    Examples
    --------
    >>> round(uct_heuristic_score(0.5, 10.0, 0.5, 0), 4)
    1.1733
    """
    return value + (1.0 + 0.1 / remaining) / ((1.0 + fraction) * (visits + 1.0))
