"""Play a strategy in many worlds, in replicates, so that differences on the same problems have errors of their own.

Two strategies that met the same problems differ by less noise than two independent runs: the difference is taken in
every replicate, and its standard error comes from the spread over replicates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.simulate.reasoning import Budget, Policy, World, simulate_worlds

REPLICATES = 16
"""Of every world; the spread over so many is itself known to a fifth."""

PROBLEMS = 128
"""Of one replicate, so that a world plays 2048."""


class Runs(NamedTuple):
    """What was achieved and spent in every replicate; each part is [worlds, replicates]."""

    accuracy: NDArray[np.float64]
    input_tokens: NDArray[np.float64]
    output_tokens: NDArray[np.float64]
    calls: NDArray[np.float64]


class Mean(NamedTuple):
    """A mean over replicates with its standard error; each part is [worlds]."""

    value: NDArray[np.float64]
    se: NDArray[np.float64]


def play(worlds: Sequence[World], policy: Policy | Sequence[Policy], budget: Budget, *, seed: int, nodes: int) -> Runs:
    """Play a strategy in every world; two calls with the same worlds and seed meet the same problems.

    Parameters
    ----------
    worlds
        Worlds of one kind.
    policy
        One, or one for each world.
    budget, seed, nodes
        As of `budgetsim.simulate.reasoning.simulate_strategy`.
    """
    policies = [one for one in policy for _ in range(REPLICATES)] if isinstance(policy, Sequence) else policy
    rows = [world for world in worlds for _ in range(REPLICATES)]
    result = simulate_worlds(rows, policies, budget, problems_per_world=PROBLEMS, seed=seed, nodes=nodes)
    parts = (result.accuracy, result.input_tokens, result.output_tokens, result.calls)
    return Runs(*(part.reshape(len(worlds), REPLICATES) for part in parts))


def questions(worlds: Sequence[World], seed: int, replicates: int = REPLICATES) -> Iterator[list[Any]]:
    """The problems that `play` meets with this seed, world by world: one pytree for each of the first replicates."""
    for place, world in enumerate(worlds):
        first = place * REPLICATES
        yield [world.problems(seed, block, PROBLEMS) for block in range(first, first + replicates)]


def mean(values: ArrayLike) -> Mean:
    """Mean over replicates, the last axis, and its standard error.

    Examples
    --------
    >>> found = mean([[0.1, 0.2, 0.3]])
    >>> found.value.round(4).tolist(), found.se.round(4).tolist()
    ([0.2], [0.0577])
    """
    array = np.asarray(values, np.float64)
    return Mean(array.mean(axis=-1), array.std(axis=-1, ddof=1) / math.sqrt(array.shape[-1]))
