"""The prior over memory pipelines, as written down in ``papers/priors.md`` under `memory`."""

from __future__ import annotations

import math

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.memory_pipeline import MODULES, MemoryPipeline

COST_WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
"""Weights of the cost."""


def memory_prior(count: int, seed: int = 0) -> tuple[MemoryPipeline, ...]:
    """Worlds drawn from the prior `memory`; the first ones stay the same when more are drawn.

    The rewards are graded; `dataclasses.replace(world, judged=True)` is the same world with a judge. Weights of the
    cost: `COST_WEIGHTS`.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> world = memory_prior(1, seed=0)[0]
    >>> 0.2 <= sum(world.module_gains) <= 0.6
    True
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_world(np.random.Generator(np.random.Philox(child))) for child in children)


def _world(random: np.random.Generator) -> MemoryPipeline:
    gains = random.dirichlet(np.ones(MODULES)) * random.uniform(0.2, 0.6)
    tokens = np.exp(random.uniform(math.log(0.5), math.log(2.0), MODULES))
    return MemoryPipeline(
        module_gains=tuple(float(gain) for gain in gains),
        module_tokens=tuple(float(number) for number in tokens),
        middle_share=float(random.uniform(0.3, 0.8)),
        query_noise=float(random.uniform(0.0, 0.3)),
    )
