"""The prior over searches that meet the assumptions of the convergence bounds: `advance` in ``papers/priors.md``."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate import _domain

HABITS = ("constant", "alternating", "after failure")
"""How the chance of a gain depends on the past; `AdvanceWorlds.habit` is a place in this list."""

FAILURES = (0.01, 0.05, 0.1)
STOP_RATIOS = (0.0, 0.2)


class AdvanceWorlds(NamedTuple):
    """Worlds of the prior, a column [worlds] a parameter.

    ``number`` names the random numbers of a world, so that a part of the worlds is played as the whole is; ``gains``
    that reach the goal; ``failure`` probability that is allowed; least chance ``advance`` of a gain in a step;
    ``habit``, a place in `HABITS`; nodes in the pool (``pool_size``), a rival's value over the useful node's
    (``competition``), least chance of a gain when the useful node is expanded (``progress``); share of the budget
    that is kept back (``stop_ratio``); least and greatest cost of a step.
    """

    number: NDArray[np.uint32]
    gains: NDArray[np.int64]
    failure: NDArray[np.float64]
    advance: NDArray[np.float64]
    habit: NDArray[np.int64]
    pool_size: NDArray[np.int64]
    competition: NDArray[np.float64]
    progress: NDArray[np.float64]
    stop_ratio: NDArray[np.float64]
    lowest_cost: NDArray[np.float64]
    highest_cost: NDArray[np.float64]

    def part(self, chosen: Any) -> AdvanceWorlds:
        """The worlds that an index, a slice or a mask chooses."""
        return AdvanceWorlds(*(column[chosen] for column in self))


def advance_prior(count: int, seed: int = 0) -> AdvanceWorlds:
    """Draw ``count`` worlds from the prior `advance`.

    Parameters
    ----------
    count
        Number of worlds, in 1 ... 65536. More worlds begin with the same ones.
    seed
        Integer in 0 ... 2**64 - 1.

    Raises
    ------
    ValueError
        If ``count`` or ``seed`` is outside its domain.

    Notes
    -----
    Source: papers/priors.md, which was written before any comparison was run.

    Examples
    --------
    >>> worlds = advance_prior(3)
    >>> bool(((worlds.advance > 0.03) & (worlds.advance < 0.6)).all()), worlds.gains.shape
    (True, (3,))
    """
    count = _domain.count("count", count, most=2**16)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    rows = [_draw(np.random.Generator(np.random.Philox(child))) for child in children]
    return AdvanceWorlds(np.arange(count, dtype=np.uint32), *(np.array(column) for column in zip(*rows, strict=True)))


def _draw(random: np.random.Generator) -> tuple[float, ...]:
    """All columns but the number, in the order of the fields."""

    def log_uniform(low: float, high: float) -> float:
        return math.exp(random.uniform(math.log(low), math.log(high)))

    row = (
        int(random.integers(1, 13)),
        FAILURES[random.integers(len(FAILURES))],
        log_uniform(0.03, 0.6),
        int(random.integers(len(HABITS))),
        int(random.integers(2, 9)),
        float(random.uniform(0.6, 2.0)),
        float(random.uniform(0.3, 0.9)),
        STOP_RATIOS[random.integers(len(STOP_RATIOS))],
    )
    lowest = log_uniform(1.0, 200.0)
    return (*row, lowest, lowest * float(random.uniform(1.0, 8.0)))
