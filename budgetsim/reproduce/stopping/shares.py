"""Claims about the share of worlds in which something holds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.stopping.replicates import Mean
from budgetsim.reproduce.verdicts import ORDER_ERRORS, number
from budgetsim.reproduce.world_tables import Shares, Table, decided_by

NAMED = 3  # parameters that a claim names


def columns(name: str, found: Mean) -> Table:
    """A measured number and its standard error as columns of a table."""
    return {name: found.value, f"{name} se": found.se}


def signs(table: Table, name: str, least: float = 0.0) -> NDArray[np.int64]:
    """1 in the worlds where a kept number is above ``least`` by two standard errors, -1 where below, 0 between."""
    gap = np.asarray(table[name], np.float64) - least
    margin = ORDER_ERRORS * np.asarray(table.get(f"{name} se", np.zeros(gap.shape)), np.float64)
    return np.where(gap > margin, 1, np.where(gap < -margin, -1, 0))


def tally(found: ArrayLike) -> Shares:
    """Shares of worlds by sign.

    Examples
    --------
    >>> tally([1, 1, 0, -1])
    Shares(ahead=0.5, tied=0.25, behind=0.25, worlds=4)
    """
    sign = np.asarray(found)
    ahead, behind = float(np.mean(sign > 0)), float(np.mean(sign < 0))
    return Shares(ahead, 1.0 - ahead - behind, behind, sign.size)


def share_of_worlds(
    claim: str,
    condition: str,
    shares: Shares,
    *,
    evidence: Evidence,
    decided: str = "",
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """That something holds in all worlds, beside the share in which it does.

    Parameters
    ----------
    decided
        What the outcome goes along with, in words.

    Examples
    --------
    >>> found = share_of_worlds("share of worlds: a above b", "prior x", Shares(0.5, 0.3, 0.2, 100), evidence="derived")
    >>> found.verdict, found.condition
    ('does not hold', 'prior x; tied in 0.30, behind in 0.20 of 100 worlds')
    """
    rest = f"tied in {abs(shares.tied):.2f}, behind in {shares.behind:.2f} of {shares.worlds} worlds"
    full = "; ".join(part for part in (condition, rest, decided) if part)
    return number(claim, full, theirs="1.00", ours=shares.ahead, se=shares.se, evidence=evidence, only_if=only_if)


def over_worlds(values: ArrayLike) -> tuple[float, float]:
    """Mean over worlds and its standard error; worlds differ by more than their own errors.

    Examples
    --------
    >>> over_worlds([1.0, 2.0, 3.0])[0]
    2.0
    """
    array = np.asarray(values, np.float64)
    return float(array.mean()), float(array.std(ddof=1)) / math.sqrt(array.size)


def lowest_fifth(values: ArrayLike) -> NDArray[np.bool_]:
    """The fifth of the worlds with the smallest values."""
    array = np.asarray(values, np.float64)
    return np.asarray(array <= np.quantile(array, 0.2))


def deciders(parameters: Mapping[str, ArrayLike], outcome: ArrayLike, always: Sequence[str] = ()) -> str:
    """The parameters that an outcome goes along with most, and some always, with their rank correlations, in words.

    Examples
    --------
    >>> deciders({"noise": [3, 2, 1, 4], "bias": [1, 2, 3, 1]}, [0.2, 0.3, 0.5, 0.1])
    'goes along with noise -1.00, bias +0.95'
    """
    found = decided_by(parameters, outcome)
    strongest = [one for place, one in enumerate(found) if place < NAMED or one.name in always]
    named = ", ".join(f"{one.name.replace('_', ' ')} {one.correlation:+.2f}" for one in strongest)
    return f"goes along with {named}" if named else ""
