"""What is read off the table of worlds: who is ahead where, by how much on average, and what decides it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.share_claims import error_of_mean
from budgetsim.reproduce.value_trees.headline_worlds import PROBLEMS
from budgetsim.reproduce.world_tables import Influence, Shares, Table, decided_by, shares_ahead

Floats = NDArray[np.float64]
PARAMETERS = (
    *("hops", "progress", "misleading", "dead ends", "repeats", "repeats under WIDEN"),
    *("critic's noise", "critic's bias", "critic fooled", "early stop", "longest chain"),
)
CRITIC = ("critic's noise", "critic's bias", "critic fooled")
CLEAR = 3.0  # standard errors above 0 of what a condition is stated for: it was looked for in the same worlds


class Mean(NamedTuple):
    """A mean over worlds and its standard error, which takes in how worlds differ."""

    value: float
    se: float


def has(table: Table, *columns: str) -> bool:
    """Whether everything was played: a quick run leaves out most."""
    return all(column in table for column in columns)


def errors(table: Table, column: str) -> Floats:
    """Standard errors of accuracies, with two right and two wrong answers added."""
    problems = table[PROBLEMS]
    share = (table[column] * problems + 2.0) / (problems + 4.0)
    return np.asarray(np.sqrt(share * (1.0 - share) / (problems + 4.0)))


def shares(table: Table, first: str, second: str) -> Shares:
    """Shares of worlds in which one column is ahead of, tied with and behind another."""
    return shares_ahead(table[first], table[second], errors(table, first), errors(table, second))


def difference(table: Table, first: str, second: str) -> Floats:
    """Accuracy of the first less that of the second in every world."""
    return np.asarray(table[first] - table[second], np.float64)


def mean(values: Floats) -> Mean:
    """The mean over worlds."""
    return Mean(float(values.mean()), error_of_mean(values))


def influences(table: Table, outcome: Floats) -> tuple[Influence, ...]:
    """Rank correlations of the parameters of the worlds with an outcome, the strongest first."""
    return decided_by({name: table[name] for name in PARAMETERS}, outcome)


def saving_condition(table: Table, outcome: Floats) -> tuple[str, bool]:
    """The best fifth of the worlds for an outcome by the most influential parameter, and whether it is above 0 there.

    Examples
    --------
    >>> noise = np.arange(100.0)
    >>> table = {name: np.zeros(100) for name in PARAMETERS} | {"critic's noise": noise}
    >>> saving_condition(table, 30.0 - noise)
    ("critic's noise is at most 19.8, as in 0.20 of the worlds", True)
    """
    strongest = influences(table, outcome)[0]
    values, rising = table[strongest.name], strongest.correlation > 0.0
    edge = float(np.quantile(values, 0.8 if rising else 0.2))
    inside = values >= edge if rising else values <= edge
    found = mean(outcome[inside])
    words = (
        f"{strongest.name} is at {'least' if rising else 'most'} {edge:.3g}, as in {inside.mean():.2f} of the worlds"
    )
    return words, found.value > CLEAR * found.se


def listed(found: tuple[Influence, ...], most: int = 4) -> str:
    """The strongest influences in words."""
    return ", ".join(f"{influence.name} {influence.correlation:+.2f}" for influence in found[:most])


def spread(shares_: Shares) -> str:
    """Shares in words."""
    return f"ahead in {shares_.ahead:.2f}, tied in {shares_.tied:.2f}, behind in {shares_.behind:.2f}"
