"""Budget tiers for the modules of an agent's memory: the reward of a router.

Source: "Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory", Haozhen Zhang, Haodong Yue, Tao Feng,
Quanyu Long, Jianzhu Bao, Bowen Jin, Weizhi Zhang, Xiao Li, Jiaxuan You, Chengwei Qin, Wenya Wang, arXiv 2602.06025
(BudgetMem), and its released code. The "cost" of the paper's main table is dollars for a whole test set, not for a
query. The best plans under this reward: :mod:`budgetsim.theory.tier_plans`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from budgetsim.theory._arrays import FINITE, NON_NEGATIVE, Array, common_namespace, elementwise, require

LOW_QUANTILE, HIGH_QUANTILE = 0.05, 0.95
# Upper quantile of a window in which everything cost the same, and the part of it taken as the lower one.
DEGENERATE_SHARE = 0.9


@elementwise(tokens=NON_NEGATIVE, price_per_million=NON_NEGATIVE)
def token_cost(tokens: Array, price_per_million: Array) -> Array:
    r"""Dollars for the tokens of a module, read and written alike, at a price per million.

    Notes
    -----
    Released code of arXiv 2602.06025; the answer call is not charged. Where the two prices differ see
    :func:`budgetsim.theory.equal_budget.money_cost`.

    Examples
    --------
    >>> round(token_cost(8686, 0.88), 6)
    0.007644
    """
    return tokens * price_per_million / 1e6


class CostReward(NamedTuple):
    """Normalized cost and the reward made of it."""

    normalized_cost: Array
    reward: Array


@elementwise(cost=NON_NEGATIVE, window=replace(NON_NEGATIVE, by_row=True))
def cost_reward(cost: Array, window: Array) -> CostReward:
    r"""Reward for being cheap, :math:`1 - \mathrm{clip}(\tilde c, 0, 1)`.

    With the normalized cost :math:`\tilde c = (\sqrt c-Q_5)/(Q_{95}-Q_5)`.

    Parameters
    ----------
    cost
        Cost c of the query in dollars, 0 or more, shape [...].
    window
        Costs of the last queries, the current batch included, shape [..., queries]. The quantiles are those of the
        *square roots*, with linear interpolation.

    Returns
    -------
    CostReward
        The reward is in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX) or the window is empty.

    Notes
    -----
    Released code of arXiv 2602.06025. If everything in the window cost the same, the lower quantile is taken to be
    nine tenths of the upper one, or the range to be [0, 1] if everything was free: a choice made here, no part of
    the released code.

    Examples
    --------
    >>> round(float(cost_reward(1.2, [0.3, 0.5, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8, 3.2, 3.5]).reward), 4)
    0.6081
    """
    if window.ndim == 0 or window.shape[-1] == 0:
        raise ValueError(f"window must have shape [..., queries] with one query or more, got {window.shape}")
    xp = common_namespace(cost)
    normalized = _normalized(xp.sqrt(cost), xp.sqrt(window))
    return CostReward(normalized, 1.0 - xp.clip(normalized, 0.0, 1.0))


class AlignedRewards(NamedTuple):
    """The rewards of a batch in the form of the paper and in that of the code, and what relates them."""

    alignment: Array
    scale: Array
    paper: Array
    code: Array


@elementwise(task_rewards=FINITE, cost_rewards=FINITE, cost_weight=NON_NEGATIVE)
def aligned_rewards(task_rewards: Array, cost_rewards: Array, cost_weight: Array) -> AlignedRewards:
    r"""Task and cost rewards on one scale: :math:`r_t + \lambda\alpha r_c` (paper), :math:`s r_t + \lambda r_c` (code).

    :math:`\alpha = \mathrm{std}(r_t)/\mathrm{std}(r_c)` and :math:`s = 1/\alpha`: the code's reward is s times the
    paper's, so that normalized advantages agree and targets of a value function do not.

    Parameters
    ----------
    task_rewards, cost_rewards
        Rewards of a batch, shape [..., queries], neither all alike.
    cost_weight
        Weight lambda of the cost, 0 or more; broadcasts against the rewards. One trained router serves one weight.

    Returns
    -------
    AlignedRewards
        Four arrays of shape [..., queries]; alignment and scale are the same for every query of a batch.

    Raises
    ------
    ValueError
        If an argument is outside its domain or a row of rewards is all alike (NaN in JAX).

    Notes
    -----
    arXiv 2602.06025: the paper's form as reported, the code's as released (over a longer history); their equivalence
    is derived. Standard deviations are those of the population, without the paper's epsilon.

    Examples
    --------
    >>> rewards = aligned_rewards([1.0, 0.0, 0.5], [0.2, 0.9, 0.4], 0.5)
    >>> [round(float(part), 4) for part in rewards.paper], [round(float(part), 4) for part in rewards.code]
    ([1.1387, 0.624, 0.7774], [0.8211, 0.45, 0.5606])
    """
    xp = common_namespace(task_rewards)
    task_spread, cost_spread = (xp.std(part, axis=-1, keepdims=True) for part in (task_rewards, cost_rewards))
    varied = (task_spread > 0.0) & (cost_spread > 0.0)
    message = "task_rewards and cost_rewards must each vary within every row"
    ratio = xp.where(varied, task_spread, 1.0) / xp.where(varied, cost_spread, 1.0)
    alignment = xp.broadcast_to(require(xp, varied, message, ratio), (task_rewards + cost_rewards).shape)
    scale = 1.0 / alignment
    return AlignedRewards(
        alignment,
        scale,
        task_rewards + cost_weight * alignment * cost_rewards,
        scale * task_rewards + cost_weight * cost_rewards,
    )


def _normalized(root: Array, window: Array) -> Array:
    """Square root of a cost on the scale of the square roots of a window."""
    xp = common_namespace(root, window)
    low, high = (xp.quantile(window, level, axis=-1) for level in (LOW_QUANTILE, HIGH_QUANTILE))
    flat = high <= low
    low = xp.where(flat, DEGENERATE_SHARE * high, low)
    high = xp.where(flat & (high <= 0.0), 1.0, high)
    return (root - low) / (high - low)
