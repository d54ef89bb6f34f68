"""Claims about the share of worlds in which something holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.share_claims import error_of_mean
from budgetsim.reproduce.stopping.replicates import Mean
from budgetsim.reproduce.verdicts import ORDER_ERRORS, number
from budgetsim.reproduce.world_tables import Shares, Table, decided_by

NAMED = 3  # parameters that a claim names
NEARLY_ALL = 0.95
"""Share of the worlds under a condition that must be ahead for a claim to hold under it."""


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


def nearly_all(found: ArrayLike) -> bool:
    """Whether nearly all worlds are ahead, by sign.

    Examples
    --------
    >>> nearly_all([1] * 19 + [0]), nearly_all([1] * 9 + [-1])
    (True, False)
    """
    return tally(found).ahead >= NEARLY_ALL


class By(NamedTuple):
    """What an outcome of worlds may go along with.

    Parameters
    ----------
    parameters
        Arrays [worlds], by name.
    outcome
        What goes along with them [worlds].
    always
        Parameters that are named however weak they are.
    """

    parameters: Mapping[str, NDArray[np.float64]]
    outcome: NDArray[np.float64]
    always: tuple[str, ...] = ()


def share_of_worlds(
    claim: str,
    condition: str,
    found: ArrayLike,
    *,
    evidence: Evidence,
    by: By | None = None,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """That something holds in all worlds, beside the share in which it does.

    Parameters
    ----------
    found
        1, 0 or -1 in every world: it holds, one cannot tell, it does not hold.
    by
        What decides it. If the claim fails, it is tried on the fifth of the worlds that the strongest parameter
        favours, unless ``only_if`` says otherwise.

    Examples
    --------
    >>> claim = share_of_worlds("share of worlds: a above b", "prior x", [1, 1, 1, 0, -1, 1], evidence="derived")
    >>> claim.condition
    'prior x; tied in 0.17, behind in 0.17 of 6 worlds'
    """
    sign = np.asarray(found)
    shares = tally(sign)
    rest = f"tied in {abs(shares.tied):.2f}, behind in {shares.behind:.2f} of {shares.worlds} worlds"
    full = "; ".join(part for part in (condition, rest, deciders(by) if by else "") if part)
    if by and only_if is None:
        only_if = favoured(by, sign)
    return number(claim, full, theirs="1.00", ours=shares.ahead, se=shares.se, evidence=evidence, only_if=only_if)


def favoured(by: By, found: NDArray[np.int64]) -> tuple[str, bool] | None:
    """A condition in words, that the strongest parameter is at its better end, and whether nearly all are ahead there.

    Examples
    --------
    >>> noise = np.arange(10.0)
    >>> favoured(By({"noise": noise}, -noise), np.array([1] * 4 + [-1] * 6))
    ('noise is small (lowest fifth of the worlds)', True)
    """
    ranked = decided_by(by.parameters, by.outcome)
    if not ranked:
        return None
    falls = ranked[0].correlation < 0.0
    values = by.parameters[ranked[0].name]
    where = "small (lowest" if falls else "large (highest"
    fifth = lowest_fifth(values if falls else -values)
    return f"{_spoken(ranked[0].name)} is {where} fifth of the worlds)", nearly_all(found[fifth])


def over_worlds(values: ArrayLike) -> tuple[float, float]:
    """Mean over worlds and its standard error; worlds differ by more than their own errors.

    Examples
    --------
    >>> over_worlds([1.0, 2.0, 3.0])[0]
    2.0
    """
    return float(np.mean(np.asarray(values, np.float64))), error_of_mean(values)


def lowest_fifth(values: ArrayLike) -> NDArray[np.bool_]:
    """The fifth of the worlds with the smallest values."""
    array = np.asarray(values, np.float64)
    return np.asarray(array <= np.quantile(array, 0.2))


def deciders(by: By) -> str:
    """The parameters that an outcome goes along with most, and some always, with their rank correlations, in words.

    Examples
    --------
    >>> deciders(By({"noise": np.array([3, 2, 1, 4]), "bias": np.array([1, 2, 3, 1])}, np.array([0.2, 0.3, 0.5, 0.1])))
    'goes along with noise -1.00, bias +0.95'
    """
    found = decided_by(by.parameters, by.outcome)
    named = [one for place, one in enumerate(found) if place < NAMED or one.name in by.always]
    spoken = ", ".join(f"{_spoken(one.name)} {one.correlation:+.2f}" for one in named)
    return f"goes along with {spoken}" if spoken else ""


def _spoken(name: str) -> str:
    return name.replace("_", " ")
