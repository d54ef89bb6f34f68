"""Claims that something is so in more worlds than the opposite."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.verdicts import ORDER_ERRORS, ordering
from budgetsim.reproduce.world_tables import Shares


def mostly(
    claim: str,
    condition: str,
    *,
    theirs: str,
    shares: Shares,
    evidence: Evidence,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """That something is so in more worlds than the opposite: the share of the one less that of the other.

    Examples
    --------
    >>> found = mostly("a beats b", "prior x", theirs="a > b", shares=Shares(0.75, 0.2, 0.05, 100), evidence="derived")
    >>> found.verdict, found.condition
    ('holds', 'prior x; so in 0.75 of 100 worlds, the opposite in 0.05')
    """
    return ordering(
        claim,
        f"{condition}; so in {shares.ahead:.2f} of {shares.worlds} worlds, the opposite in {shares.behind:.2f}",
        theirs=theirs,
        difference=shares.ahead - shares.behind,
        se=lead_error(shares),
        evidence=evidence,
        only_if=only_if,
    )


def lead_error(shares: Shares) -> float:
    """Standard error of the share ahead less the share behind, with one world more of either: never 0.

    Examples
    --------
    >>> round(lead_error(Shares(0.5, 0.0, 0.5, 98)), 3)
    0.1
    """
    ahead, behind = (part * shares.worlds + 1.0 for part in (shares.ahead, shares.behind))
    worlds = shares.worlds + 2.0
    return math.sqrt(((ahead + behind) / worlds - ((ahead - behind) / worlds) ** 2) / worlds)


def leads(shares: Shares) -> bool:
    """Whether ahead is more common than behind, beyond two standard errors.

    Examples
    --------
    >>> leads(Shares(0.75, 0.2, 0.05, 100)), leads(Shares(0.2, 0.7, 0.1, 100))
    (True, False)
    """
    return shares.ahead - shares.behind > ORDER_ERRORS * lead_error(shares)


def tally(true: ArrayLike) -> Shares:
    """In which share of worlds something is true; false is the opposite.

    Examples
    --------
    >>> tally([True, True, False, True])
    Shares(ahead=0.75, tied=0.0, behind=0.25, worlds=4)
    """
    found = np.asarray(true, bool)
    return Shares(float(found.mean()), 0.0, float(1.0 - found.mean()), found.size)


def error_of_mean(values: ArrayLike) -> float:
    """Standard error of a mean over worlds.

    Examples
    --------
    >>> round(error_of_mean([1.0, 2.0, 3.0]), 3)
    0.577
    """
    array = np.asarray(values, np.float64)
    return float(array.std(ddof=1)) / math.sqrt(array.size)
