"""Tables of drawn worlds, a row each: how they are kept, who is ahead in which share of them, and what decides it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from budgetsim.errors import InputError
from budgetsim.reproduce.verdicts import ORDER_ERRORS
from budgetsim.traces.write import replacing

Table: TypeAlias = dict[str, NDArray[Any]]
"""Columns by name, all of one length: parameters of a world, and what was measured in it with standard errors."""

DIGITS = 6  # significant ones that are kept; every measured number is rougher


def rounded(table: Table) -> Table:
    """A table with the digits that are kept.

    Examples
    --------
    >>> rounded({"accuracy": np.array([1 / 3, 0.0])})["accuracy"].tolist()
    [0.333333, 0.0]
    """
    return {name: _round(column) for name, column in table.items()}


def _round(column: NDArray[Any]) -> NDArray[Any]:
    if column.dtype.kind != "f":
        return column
    return np.array([float(f"{value:.{DIGITS}g}") for value in column.tolist()])


def write_table(path: Path, table: Table) -> Path:
    """Keep a table as comma-separated text, whole or not at all; the path."""
    with replacing(path) as file:
        pl.DataFrame(rounded(table)).write_csv(file)
    return path


def read_table(path: Path) -> Table:
    """The table that `write_table` kept.

    Raises
    ------
    InputError
        There is no such file, or it is no table.
    """
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"expected a table of worlds: {error}", file=path) from error
    return {name: frame[name].to_numpy() for name in frame.columns}


class Shares(NamedTuple):
    """Shares of worlds in which one thing is ahead of, tied with and behind another."""

    ahead: float
    tied: float
    behind: float
    worlds: int

    @property
    def se(self) -> float:
        """Standard error of ``ahead`` over worlds, with two successes and two failures added."""
        share = (self.ahead * self.worlds + 2.0) / (self.worlds + 4.0)
        return math.sqrt(share * (1.0 - share) / (self.worlds + 4.0))


def shares_ahead(first: ArrayLike, second: ArrayLike, first_se: ArrayLike, second_se: ArrayLike) -> Shares:
    """In which share of worlds the first is ahead: by more than two standard errors of the difference.

    Parameters
    ----------
    first, second
        What is measured in every world, the more the better [worlds].
    first_se, second_se
        Their standard errors [worlds]; the errors are taken for independent, which is cautious for two strategies
        that met the same problems.

    Raises
    ------
    ValueError
        There is no world.

    Examples
    --------
    >>> shares_ahead([0.9, 0.5, 0.1, 0.8], [0.5, 0.5, 0.5, 0.1], 0.01, 0.01)
    Shares(ahead=0.5, tied=0.25, behind=0.25, worlds=4)
    """
    difference = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if difference.size == 0:
        raise ValueError("first: expected at least one world, found none")
    margin = ORDER_ERRORS * np.hypot(first_se, second_se)
    ahead, behind = float(np.mean(difference > margin)), float(np.mean(difference < -margin))
    return Shares(ahead, 1.0 - ahead - behind, behind, difference.size)


class Influence(NamedTuple):
    """How strongly a parameter of the worlds goes along with an outcome."""

    name: str
    correlation: float
    se: float


def decided_by(parameters: Mapping[str, ArrayLike], outcome: ArrayLike) -> tuple[Influence, ...]:
    """Rank correlation of every parameter with an outcome over worlds, the strongest first.

    Parameters of a prior are independent draws, so that the squares of the correlations do not share what they
    explain. A parameter that is the same in all worlds decides nothing: it is left out.

    Parameters
    ----------
    parameters
        Arrays [worlds], by name.
    outcome
        Such as the difference of two strategies [worlds]; three worlds or more.

    Returns
    -------
    tuple of Influence
        Spearman's correlation with its standard error under independence, 1 / sqrt(worlds - 1).

    Raises
    ------
    ValueError
        There are fewer than three worlds, or an array has another length.

    Examples
    --------
    >>> decided_by({"noise": [3, 2, 1, 4], "bias": [1, 2, 3, 1]}, [0.2, 0.3, 0.5, 0.1])[0].name
    'noise'
    """
    ranks = rankdata(np.asarray(outcome, np.float64))
    if ranks.size < 3:
        raise ValueError(f"outcome: expected three worlds or more, found {ranks.size}")
    found = []
    for name, values in parameters.items():
        column = np.asarray(values, np.float64)
        if column.shape != ranks.shape:
            raise ValueError(f"{name}: expected {ranks.size} worlds, found an array of shape {column.shape}")
        if np.ptp(column) > 0.0 and np.ptp(ranks) > 0.0:
            correlation = float(np.corrcoef(rankdata(column), ranks)[0, 1])
            found.append(Influence(name, correlation, 1.0 / math.sqrt(ranks.size - 1.0)))
    return tuple(sorted(found, key=lambda influence: -abs(influence.correlation)))
