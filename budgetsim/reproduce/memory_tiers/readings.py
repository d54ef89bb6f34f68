"""How the table of routers is read: names of its columns, means over weights, and errors of repeated trainings."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.world_tables import Shares, Table, shares_ahead

WEIGHTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
PRICED = WEIGHTS[1:]  # a weight of 0 leaves nothing to align
REWARDS = ("graded", "judged")
ALIGNED, ALONE = "aligned", "alone"
_MODULES = range(1, 6)


def cell(what: str, reward: str, alignment: str, weight: float) -> str:
    """Name of the column that holds ``what`` of a router trained with this reward, alignment and weight.

    Examples
    --------
    >>> cell("cost", "judged", ALIGNED, 0.3), cell("cost se", "graded", ALONE, 0.5)
    ('cost judged aligned 0.3', 'cost se graded alone 0.5')
    """
    return f"{what} {reward} {alignment} {weight:g}"


def pooled(table: Table, what: str, reward: str, alignment: str, weight: float) -> float:
    """Standard error of a trained router: two trainings say little in one world, so all worlds are taken together."""
    return float(np.sqrt(np.mean(table[cell(f"{what} se", reward, alignment, weight)] ** 2)))


def over_weights(table: Table, what: str, reward: str, alignment: str) -> tuple[NDArray[np.float64], float]:
    """Mean over the weights above 0 [worlds] and its standard error; that of a best plan is 0."""
    value = np.mean([table[cell(what, reward, alignment, weight)] for weight in PRICED], axis=0)
    if cell(f"{what} se", reward, alignment, PRICED[0]) not in table:
        return value, 0.0
    return value, math.hypot(*(pooled(table, what, reward, alignment, weight) for weight in PRICED)) / len(PRICED)


def change(table: Table, reward: str, weight: float) -> tuple[NDArray[np.float64], float]:
    """Cost with alignment less cost without [worlds], and its standard error."""
    aligned, alone = (table[cell("cost", reward, alignment, weight)] for alignment in (ALIGNED, ALONE))
    errors = (pooled(table, "cost", reward, alignment, weight) for alignment in (ALIGNED, ALONE))
    return aligned - alone, math.hypot(*errors)


def later(table: Table, reward: str, weight: float) -> Shares:
    """Share of worlds in which the aligned router costs more, and so falls to LOW later."""
    difference, se = change(table, reward, weight)
    return shares_ahead(difference, np.zeros_like(difference), se, 0.0)


def features(table: Table, reward: str) -> dict[str, NDArray[np.float64]]:
    """Parameters of the worlds as single numbers [worlds] by name."""
    gains = np.array([table[f"gain {place}"] for place in _MODULES])
    tokens = np.array([table[f"tokens {place}"] for place in _MODULES])
    return {
        "total gain": gains.sum(axis=0),
        "largest gain's share": gains.max(axis=0) / gains.sum(axis=0),
        "gain of the middle tier": table["middle share"],
        "total tokens": tokens.sum(axis=0),
        "noise of a query": table["query noise"],
        "ratio of spreads": table[f"alignment {reward}"],
    }
