"""Worlds of multi-hop questions drawn from the prior that the comparisons are run over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.hops import HopWorld

MIXES = ((0.5, 0.3, 0.2, 0.0), (0.3, 0.4, 0.3, 0.0), (0.2, 0.3, 0.5, 0.0), (0.7, 0.2, 0.1, 0.0))
BUDGETS = {
    "low": Budget(tokens=2000, calls=5),
    "mid": Budget(tokens=4000, calls=10),
    "high": Budget(tokens=8000, calls=20),
}
"""Budgets that the worlds of the prior are played under."""


class HopSetting(NamedTuple):
    """One draw: a world, and the longest chain that a strategy of chains may use in it."""

    world: HopWorld
    longest: int


def hop_prior(count: int, seed: int = 0, *, traps: bool = False) -> tuple[HopSetting, ...]:
    """Draw ``count`` worlds from the prior ``hops``, or ``hops-traps`` where contaminated states may be dead ends.

    Parameters
    ----------
    count
        Number of worlds, 1 or more. A longer list begins with the same worlds.
    seed
        Integer in 0 ... 2**64 - 1.
    traps
        Whether misleading steps lie in U(.02, .45) and contaminated states progress never, half of the time or always.

    Raises
    ------
    ValueError
        If ``count`` or ``seed`` is outside its domain.

    Notes
    -----
    Source: papers/priors.md, which was written before any comparison was run.

    Examples
    --------
    >>> setting = hop_prior(3)[0]
    >>> 0.02 <= setting.world.misleading <= 0.25, 5 <= setting.longest <= 10
    (True, True)
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_draw(np.random.Generator(np.random.Philox(child)), traps) for child in children)


def _draw(random: np.random.Generator, traps: bool) -> HopSetting:
    def uniform(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    world = HopWorld(
        hop_weights=MIXES[random.integers(len(MIXES))],
        progress_alpha=uniform(0.8, 3.0),
        progress_beta=uniform(0.8, 2.5),
        misleading=uniform(0.02, 0.45 if traps else 0.25),
        repeat=uniform(0.3, 0.9),
        repeat_widened=uniform(0.1, 0.6),
        critic_noise=uniform(0.3, 2.5),
        critic_bias=uniform(0.0, 1.0),
        fooled=uniform(0.3, 1.0),
        early_stop=uniform(0.02, 0.3),
        trapped=(0.0, 0.5, 1.0)[random.integers(3)] if traps else 0.0,
    )
    return HopSetting(world, int(random.integers(5, 11)))
