"""What is read off the table of worlds: where a bound is violated beyond chance, and how loose it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom

from budgetsim.reproduce.value_trees.bounds_worlds import RUNS
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.advance_prior import HABITS

FALSE_ALARM = 2e-5  # that one world or more is called a violation if the failures are just those that are allowed
QUANTILES = (0.05, 0.5, 0.95)

BOUNDS = {
    "published": "published",
    "chernoff": "D1, Chernoff",
    "entropy": "D2, relative entropy",
    "exact": "D3, exact",
    "pool": "D4, pool",
}
"""Columns of failures, by the names that the bounds go by."""


def violated(failures: ArrayLike, allowed: ArrayLike, *, runs: int = RUNS) -> NDArray[np.bool_]:
    """In which worlds searches fail more often than is certified, beyond chance.

    An exact binomial test in every world, at a false-alarm rate of 2e-5 divided by the number of worlds.

    Parameters
    ----------
    failures
        Failed searches [worlds].
    allowed
        Failure probabilities that are certified [worlds].
    runs
        Searches in every world.

    Examples
    --------
    >>> violated([5, 40, 80], 0.05, runs=500).tolist()
    [False, False, True]
    """
    count = np.asarray(failures)
    level = FALSE_ALARM / max(1, count.size)
    return np.asarray(binom.sf(count - 1, runs, allowed) < level)


class Looseness(NamedTuple):
    """Certified over observed failures, its standard error, and the share of worlds without any failure."""

    value: float
    se: float
    silent: float

    def __str__(self) -> str:
        if math.isinf(self.value):
            return "none failed"
        decimals = max(0, 1 - math.floor(math.log10(self.se)))
        return f"{self.value:,.{decimals}f} ± {self.se:.{decimals}f}"


def looseness(table: Table, bound: str, chosen: NDArray[np.bool_] | None = None) -> Looseness:
    """Certified failures of all worlds, or of chosen ones, over those that are observed: 1 where a bound is tight.

    The error is that of independent searches. Infinite where no search of any world failed.
    """
    failed, certain = table[f"{bound} failed"], RUNS * table["failure"]
    if chosen is not None:
        failed, certain = failed[chosen], certain[chosen]
    total, silent = float(failed.sum()), float(np.mean(failed == 0))
    if total == 0.0:
        return Looseness(math.inf, math.inf, silent)
    value = float(certain.sum()) / total
    return Looseness(value, value * math.sqrt(float(np.sum(failed * (1.0 - failed / RUNS)))) / total, silent)


def quantiles(values: ArrayLike) -> tuple[float, ...]:
    """The 5, 50 and 95 % quantiles over worlds."""
    return tuple(float(value) for value in np.quantile(np.asarray(values, np.float64), QUANTILES))


def listed(values: tuple[float, ...] | list[float]) -> str:
    """Numbers of three digits, with commas."""
    return ", ".join(f"{value:.3g}" for value in values)


def habits(table: Table) -> Mapping[str, NDArray[np.bool_]]:
    """The worlds of each habit that there is, by its name."""
    chosen = {name: table["habit"] == place for place, name in enumerate(HABITS)}
    return {name: worlds for name, worlds in chosen.items() if worlds.any()}
