"""Steps of a value-tree search whose selection sharpens as the budget runs out.

Model: until the goal is reached the pool holds at most N nodes, one of them useful; no competitor is worth more than
``competition`` (rho) times the useful node; a step on the useful node gains with probability ``progress`` (p_g)
whatever came before; K gains reach a terminal node. With the part r of the budget left, a step gains with probability

    p(r) = p_g / (1 + (N - 1) rho^(1/r)).

If a competitor is worth more (rho > 1) this falls to 0 with r, so that the constant least probability which the
published bound of "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents" (arXiv 2603.12634; see
:mod:`budgetsim.theory.value_tree_bounds`) takes for granted does not exist. What replaces it here is derived.
"""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from budgetsim.theory._arrays import (
    POSITIVE,
    PROBABILITY,
    PROPER_PROBABILITY,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    known,
)
from budgetsim.theory._counts import poisson_binomial_below, whole_steps
from budgetsim.theory.value_tree import NOTHING, REMAINING_RATIO
from budgetsim.theory.value_tree_bounds import ADVANCE, SLACK, chernoff_demand

STOP_RATIO = Domain("in [0, 1)", 0.0, 1.0, open_high=True)
# exp(-REACH) is nothing beside 1.
REACH = 45.0
PANELS = 48
_nodes, _weights = np.polynomial.legendre.leggauss(16)
# Nodes and weights of 48 panels of 16-point rules on [0, 1].
NODES = ((np.arange(PANELS)[:, None] + (_nodes + 1.0) / 2.0) / PANELS).reshape(-1)
WEIGHTS = np.tile(_weights / (2.0 * PANELS), PANELS)


@elementwise(progress=PROBABILITY, pool_size=WHOLE_POSITIVE, competition=POSITIVE, remaining_ratio=REMAINING_RATIO)
def advance_probability(progress: Array, pool_size: Array, competition: Array, remaining_ratio: Array) -> Array:
    r"""Chance that one step gains, :math:`p(r) = p_g / (1 + (N-1)\rho^{1/r})`.

    Parameters
    ----------
    progress
        Chance p_g that a step on the useful node gains, in [0, 1].
    pool_size
        Nodes N to choose from, 1 or more.
    competition
        Largest value of a competitor over that of the useful node, rho, above 0.
    remaining_ratio
        Part r of the budget left, in (0, 1]; r as small as it may be, nothing overflows.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived from the selection rule of arXiv 2603.12634.

    Examples
    --------
    >>> [round(advance_probability(0.5, 3, 1.2, left), 4) for left in (1.0, 0.2, 0.05)]
    [0.1471, 0.0837, 0.0064]
    """
    return _advance(common_namespace(progress), progress, pool_size, competition, remaining_ratio)


@elementwise(progress=PROBABILITY, pool_size=WHOLE_POSITIVE, competition=POSITIVE, stop_ratio=STOP_RATIO)
def mean_advance_probability(progress: Array, pool_size: Array, competition: Array, stop_ratio: Array = 0.0) -> Array:
    r"""Gains per affordable step over a whole run, :math:`\bar p = \int_\eta^1 p(r)\,dr`.

    Parameters
    ----------
    progress, pool_size, competition
        See :func:`advance_probability`.
    stop_ratio
        Part eta of the budget that is kept back for a forced answer, in [0, 1); 0 spends everything.

    Returns
    -------
    array
        In [0, 1 - eta]; above 0 for any finite competition. Relative error below 1e-10.

    Notes
    -----
    Derived. Integrated over the logarithm of r, on which p(r) is smooth however close to 1 the competition is.

    Derivation: `budgetsim.symbolic.value_tree_pool_bound.mean_advance`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> round(mean_advance_probability(0.5, 3, 1.2), 5)
    0.11097
    """
    return _mean_advance(common_namespace(progress), progress, pool_size, competition, stop_ratio)


@elementwise(
    gains=WHOLE_POSITIVE,
    failure=PROPER_PROBABILITY,
    progress=ADVANCE,
    pool_size=WHOLE_POSITIVE,
    competition=POSITIVE,
    stop_ratio=STOP_RATIO,
)
def pool_steps(
    gains: Array, failure: Array, progress: Array, pool_size: Array, competition: Array, stop_ratio: Array = 0.0
) -> Array:
    r"""Steps that suffice without a constant least probability, :math:`\lceil (K+L+\sqrt{2KL+L^2})/\bar p\rceil`.

    :math:`L = \ln(1/\epsilon)`. If the useful node is ranked top (rho at most 1) p(r) is never below
    :math:`p_g/(1+(N-1)\rho)`, which replaces the integral (times 1 - eta).

    Parameters
    ----------
    gains, failure
        Gains K needed, 1 or more, and probability eps of failing that is allowed, in (0, 1).
    progress
        Chance of a gain on the useful node, in (0, 1].
    pool_size, competition, stop_ratio
        See :func:`mean_advance_probability`.

    Returns
    -------
    array
        Whole number M of steps that the *whole* budget must pay for, at the highest cost of a step.

    Raises
    ------
    ValueError
        If an argument is outside its domain or 2**53 steps do not suffice (NaN in JAX).

    Notes
    -----
    Derived: gains dominate independent ones of chances p(j/M), the sum of which is M times the integral or more,
    and Chernoff's bound holds for unequal chances.

    Derivation: `budgetsim.symbolic.value_tree_pool_bound.pool_steps`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> [pool_steps(3, 0.05, 0.5, 3, 1.2, stop) for stop in (0.0, 0.2)]
    [101, 109]
    """
    xp = common_namespace(gains)
    ranked = competition <= 1.0
    floor = (1.0 - stop_ratio) * progress / (1.0 + (pool_size - 1.0) * competition)
    above = xp.where(ranked, 1.0, competition)
    per_step = xp.where(ranked, floor, _mean_advance(xp, progress, pool_size, above, stop_ratio))
    demand = chernoff_demand(xp, gains, -xp.log(failure))
    return whole_steps(xp, demand / xp.maximum(per_step, np.finfo(float).tiny))


@known()
def exact_pool_steps(
    gains: int, failure: float, progress: float, pool_size: int, competition: float, stop_ratio: float = 0.0
) -> int:
    """Least number of steps with at most this failure if every step gains with probability exactly p(r).

    The part of the budget left before step t of M is ``1 - (t - 1) / M``, and steps below ``stop_ratio`` are not
    made. Arguments as in :func:`pool_steps`, the bound that this holds against. Plain numbers only; time and memory
    grow with the number of steps. Derived (Poisson-binomial tail).

    Examples
    --------
    >>> exact_pool_steps(3, 0.05, 0.5, 3, 1.2), pool_steps(3, 0.05, 0.5, 3, 1.2)
    (54, 101)
    """
    fails, works = gains - 1, int(pool_steps(gains, failure, progress, pool_size, competition, stop_ratio))
    while works - fails > 1:
        steps = (fails + works) // 2
        left = np.arange(steps, 0, -1) / steps
        left = left[left >= stop_ratio - 1e-12]
        chances = np.asarray(advance_probability(progress, pool_size, competition, left))
        if poisson_binomial_below(np, chances, gains) <= failure * (1.0 + SLACK):
            works = steps
        else:
            fails = steps
    return works


@elementwise(progress=PROBABILITY)
def growing_pool_failure(progress: Array, gains: int, steps: int) -> Array:
    r"""Chance of fewer than K gains if the pool grows by one node a step and none stands out: :math:`p_t = p_g/t`.

    The expected gains grow like the logarithm of the steps: without pruning steps that gained nothing, no bound is of
    any use.

    Parameters
    ----------
    progress
        Chance p_g of a gain on the useful node, in [0, 1].
    gains, steps
        Gains K needed, 1 or more, and steps M, 0 or more: plain whole numbers.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX for ``progress``).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> [round(growing_pool_failure(0.5, 3, steps), 4) for steps in (10, 1000)]
    [0.8465, 0.2615]
    """
    for name, value, least in (("gains", gains, 1), ("steps", steps, 0)):
        if not least <= value < math.inf or value != int(value):
            raise ValueError(f"{name} must be a whole number, {least} or more, got {value}")
    xp = common_namespace(progress)
    if steps < gains:
        return xp.ones_like(progress)
    place = xp.asarray(np.arange(1.0, steps + 1.0), dtype=float)
    return poisson_binomial_below(xp, progress[..., None] / place, int(gains))


def _advance(xp: ModuleType, progress: Array, pool_size: Array, competition: Array, left: Array) -> Array:
    lead = xp.log(competition)
    power = lead / xp.maximum(left, xp.abs(lead) / NOTHING)
    small = xp.exp(-xp.abs(power))
    rivals = pool_size - 1.0
    behind = small / xp.where(rivals > 0.0, small + rivals, 1.0)
    selected = xp.where(power > 0.0, behind, 1.0 / (1.0 + rivals * small))
    return progress * xp.where(rivals > 0.0, selected, 1.0)


def _mean_advance(xp: ModuleType, progress: Array, pool_size: Array, competition: Array, stop_ratio: Array) -> Array:
    progress, pool_size, competition, stop_ratio = (
        part[..., None] for part in xp.broadcast_arrays(progress, pool_size, competition, stop_ratio)
    )
    # From r = exp(-end) down the integrand is nothing beside its value at r = 1.
    lead = xp.log(competition)
    falls = (lead > 0.0) & (pool_size > 1.0)
    end = xp.where(falls, xp.minimum(xp.log1p(REACH / xp.where(falls, lead, 1.0)), REACH), REACH)
    stop = xp.where(stop_ratio > math.exp(-REACH), stop_ratio, math.exp(-REACH))
    end = xp.minimum(end, -xp.log(stop))
    left = xp.exp(-end * xp.asarray(NODES, dtype=float))
    heights = _advance(xp, progress, pool_size, competition, left) * left
    return end[..., 0] * xp.sum(heights * xp.asarray(WEIGHTS, dtype=float), axis=-1)
