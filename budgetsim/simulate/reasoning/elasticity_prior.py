"""The prior over answers under a token instruction, as written down in ``papers/priors.md`` under `elasticity`."""

from __future__ import annotations

import math

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.elasticity import ElasticWorld


def elasticity_prior(count: int, seed: int = 0) -> tuple[ElasticWorld, ...]:
    """Worlds drawn from the prior `elasticity`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        Worlds; the estimator's tokens are rounded, and what the prior leaves open (prompt, direct answer) has the
        world's default.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> world = elasticity_prior(1, seed=0)[0]
    >>> 150 <= world.vanilla_tokens <= 700, world.difficulty_spread
    (True, 0.5)
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_world(np.random.Generator(np.random.Philox(child))) for child in children)


def _world(random: np.random.Generator) -> ElasticWorld:
    def between(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    def log_between(low: float, high: float) -> float:
        return math.exp(between(math.log(low), math.log(high)))

    return ElasticWorld(
        base_tokens=log_between(20, 80),
        tokens_per_budget=between(0.5, 1.2),
        collapse_budget=log_between(5, 60),
        steepness=between(1.5, 4),
        collapsed_tokens=between(100, 250),
        vanilla_tokens=log_between(150, 700),
        least_budget=log_between(15, 200),
        difficulty_spread=0.5,
        estimator_spread=between(0.2, 1),
        estimator_tokens=round(between(20, 60)),
    )
