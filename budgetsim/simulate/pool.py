"""Organizations with more leaves than can be played: votes resampled level by level from pools."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import jax
import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.levels import Level
from budgetsim.simulate.plan import count_replicas, plan_organization

LEAST_POOLS = 8
Draw = Callable[[np.random.Generator], float]
"""Draws the leaf probability of a problem."""


def play_pools(
    levels: Sequence[Level],
    draw: Draw,
    *,
    pool: int,
    pools: int,
    seed: int,
    devices: Sequence[jax.Device] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[float, float]:
    """Mean accuracy of ``pools`` independent pools and its standard error.

    A pool belongs to one problem. It starts with ``pool`` leaf votes; every level up, each of ``pool`` aggregators
    draws its children from the pool below, with replacement, and hears them through channels of its own. Drawing
    children with replacement from votes of which a share is right is tossing coins with that share, so every level is
    a star played vote by vote.

    The share of a pool wanders by about ``sqrt(p (1 - p) / pool)`` a level, and the levels above amplify what wandered
    below as they amplify a true bias: in a tree with amplification above 1 a pool's own noise, not its last draw,
    decides how far it is off. Only independent pools show it, so the standard error is that of their mean. As the
    levels are not linear the mean is also off by a term of order ``1 / pool``.

    Raises
    ------
    ValueError
        If ``pool`` is below 1 or ``pools`` below 8, which would leave the standard error to chance.
    """
    pool = _domain.count("pool", pool, most=2**36)
    pools = _domain.count("replicas / pool", pools, least=LEAST_POOLS)
    shares = np.empty(pools)
    for number in range(pools):
        share = draw(np.random.default_rng([seed, number]))
        for height, level in enumerate(([], *([level] for level in levels))):
            stream = int(np.random.SeedSequence([seed, number, height]).generate_state(1, np.uint64)[0])
            plan = plan_organization(level, share, seed=stream)
            share = count_replicas(plan, 0, pool, devices=devices)[0] / pool
        shares[number] = share
        if progress is not None:
            progress((number + 1) * pool, pools * pool)
    spread = float(np.std(shares, ddof=1))
    # pools that all agree claim no certainty: two more successes and failures in each, as for plain counts
    floor = math.sqrt(2.0 / pools) / (pool + 4)
    return float(np.mean(shares)), math.hypot(spread / math.sqrt(pools), floor)
