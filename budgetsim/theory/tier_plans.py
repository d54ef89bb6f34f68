"""The best plan of budget tiers for the modules of an agent's memory, among all plans.

Derived, with the reward of "Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory", Haozhen Zhang et al.,
arXiv 2602.06025 (see :mod:`budgetsim.theory.memory_tiers`): as the weight of the cost grows the best plan changes in
steps, and because a square root makes an upgrade the cheaper the dearer the other modules are, several modules tend to
change at one step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.theory.memory_tiers import cost_reward


class TierPlans(NamedTuple):
    """Plans of tiers in rising order of cost: tiers [plans, modules] from 0, quality [plans], cost [plans]."""

    tiers: NDArray[np.int64]
    quality: NDArray[np.float64]
    cost: NDArray[np.float64]


def tier_plans(
    module_tokens: ArrayLike, prices: ArrayLike, module_weights: ArrayLike, tier_gains: ArrayLike, base_quality: float
) -> TierPlans:
    r"""Every plan of one tier for each module.

    Quality :math:`q_0 + \sum_m w_m g_{tier(m)}`, cost :math:`\sum_m n_m c_{tier(m)}`.

    Parameters
    ----------
    module_tokens, module_weights
        Tokens n and weight in the quality w of each module, shape [modules].
    prices, tier_gains
        Price c per token and quality g of each tier from the lowest up, shape [tiers].
    base_quality
        Quality q_0 without any module.

    Returns
    -------
    TierPlans
        All tiers ** modules plans (243 for five modules of three tiers); of equal cost the better comes first.

    Raises
    ------
    ValueError
        If shapes do not fit, a token count or a price is negative or a number is not finite.

    Notes
    -----
    Derived, a model of the three families of tiers of arXiv 2602.06025.

    Examples
    --------
    >>> plans = tier_plans([1.0, 0.5], [0.1, 0.9], [0.2, 0.1], [0.0, 1.0], 0.3)
    >>> plans.tiers.tolist(), plans.cost.round(3).tolist()
    ([[0, 0], [0, 1], [1, 0], [1, 1]], [0.15, 0.55, 0.95, 1.35])
    """
    tokens, weights = np.asarray(module_tokens, dtype=float), np.asarray(module_weights, dtype=float)
    price, gain = np.asarray(prices, dtype=float), np.asarray(tier_gains, dtype=float)
    if tokens.ndim != 1 or tokens.size == 0 or weights.shape != tokens.shape:
        raise ValueError(
            f"module_tokens and module_weights must share a shape [modules], got {tokens.shape} and {weights.shape}"
        )
    if price.ndim != 1 or price.size == 0 or gain.shape != price.shape:
        raise ValueError(f"prices and tier_gains must share a shape [tiers], got {price.shape} and {gain.shape}")
    for name, values in (("module_tokens", tokens), ("prices", price)):
        if not np.all(values >= 0.0):
            raise ValueError(f"{name} must be 0 or more, got {values.min()}")
    if not all(np.all(np.isfinite(part)) for part in (tokens, weights, price, gain, base_quality)):
        raise ValueError("every number of a plan must be finite")
    tiers = np.indices((price.size,) * tokens.size).reshape(tokens.size, -1).T
    quality, cost = base_quality + gain[tiers] @ weights, price[tiers] @ tokens
    order = np.lexsort((-quality, cost))
    return TierPlans(tiers[order], quality[order], cost[order])


class TierPlan(NamedTuple):
    """One plan: the tier of each module, its quality and its cost."""

    tiers: tuple[int, ...]
    quality: float
    cost: float


def best_tier_plan(plans: TierPlans, cost_weight: float, alignment: float = 1.0) -> TierPlan:
    r"""Plan that maximizes :math:`q - \lambda\alpha\,\mathrm{clip}(\tilde c, 0, 1)`; of equal ones the cheapest.

    Parameters
    ----------
    plans
        From :func:`tier_plans`; their costs are the window that normalizes the cost.
    cost_weight, alignment
        Lambda and alpha, 0 or more; only the product counts.

    Raises
    ------
    ValueError
        If a weight is negative or not finite.

    Notes
    -----
    Derived; reward of arXiv 2602.06025 with a window that stays. In training the window moves with the policy.

    Examples
    --------
    >>> plans = tier_plans([1.0, 0.5], [0.1, 0.9], [0.2, 0.1], [0.0, 1.0], 0.3)
    >>> best_tier_plan(plans, 0.0).tiers, best_tier_plan(plans, 1.0).tiers
    ((1, 1), (0, 0))
    """
    for name, value in (("cost_weight", cost_weight), ("alignment", alignment)):
        if not (0.0 <= value < np.inf):
            raise ValueError(f"{name} must be finite, 0 or more, got {value}")
    return _plan(plans, int(np.argmax(plans.quality - cost_weight * alignment * _charge(plans))))


class FrontierPlan(NamedTuple):
    """A plan and the least cost weight from which on (up to that of the next plan) it is the best."""

    from_weight: float
    plan: TierPlan


def plan_frontier(plans: TierPlans, alignment: float = 1.0) -> tuple[FrontierPlan, ...]:
    """All plans that are best at some cost weight, from weight 0 up: ever cheaper, ever worse.

    Arguments as in :func:`best_tier_plan`, alignment above 0. The upper concave envelope of quality over clipped
    normalized cost. Derived.

    Examples
    --------
    >>> plans = tier_plans([1.0, 0.5], [0.1, 0.9], [0.2, 0.1], [0.0, 1.0], 0.3)
    >>> [(round(part.from_weight, 3), part.plan.tiers) for part in plan_frontier(plans)]
    [(0.0, (1, 1)), (0.3, (0, 0))]
    """
    if not (0.0 < alignment < np.inf):
        raise ValueError(f"alignment must be finite, above 0, got {alignment}")
    charge = _charge(plans)
    here = int(np.argmax(plans.quality))
    frontier = [FrontierPlan(0.0, _plan(plans, here))]
    while np.any(charge < charge[here]):
        cheaper = np.flatnonzero(charge < charge[here])
        price = (plans.quality[here] - plans.quality[cheaper]) / (charge[here] - charge[cheaper])
        least = price.min()
        # Of several plans on one edge of the envelope only its far end is ever the only best one.
        here = int(cheaper[np.flatnonzero(price <= least * (1.0 + 1e-12))[0]])
        frontier.append(FrontierPlan(float(least) / alignment, _plan(plans, here)))
    return tuple(frontier)


def _plan(plans: TierPlans, place: int) -> TierPlan:
    return TierPlan(
        tuple(int(tier) for tier in plans.tiers[place]), float(plans.quality[place]), float(plans.cost[place])
    )


def _charge(plans: TierPlans) -> NDArray[np.float64]:
    return np.asarray(np.clip(cost_reward(plans.cost, plans.cost).normalized_cost, 0.0, 1.0))
