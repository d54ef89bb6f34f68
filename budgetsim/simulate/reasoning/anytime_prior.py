"""The prior over qualities that grow with tokens, as written down in ``papers/priors.md`` under `anytime`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.anytime_quality import AnytimeWorld

THRESHOLDS = (0.01, 0.05, 0.1, 0.2)
"""Of the relative rule."""


class AnytimeSetting(NamedTuple):
    """One draw: a world, whose price is the one that rules and oracle are given, and the relative rule's threshold."""

    world: AnytimeWorld
    threshold: float


def anytime_prior(count: int, seed: int = 0) -> tuple[AnytimeSetting, ...]:
    """Worlds drawn from the prior `anytime`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        One `AnytimeSetting` a world.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> setting = anytime_prior(1, seed=0)[0]
    >>> 1e-5 <= setting.world.price <= 1e-3, setting.world.checkpoints
    (True, (256, 512, 1024, 2048, 4096))
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_setting(np.random.Generator(np.random.Philox(child))) for child in children)


def _setting(random: np.random.Generator) -> AnytimeSetting:
    world = AnytimeWorld(
        final_quality=float(random.uniform(0.4, 1.0)),
        scale=math.exp(random.uniform(math.log(100), math.log(4000))),
        dip=float(random.uniform(0.0, 0.3)),
        noise=float(random.uniform(0.0, 0.2)),
        price=math.exp(random.uniform(math.log(1e-5), math.log(1e-3))),
    )
    return AnytimeSetting(world, float(random.choice(THRESHOLDS)))
