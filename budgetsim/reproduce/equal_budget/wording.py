"""How claims about many worlds are put into words, and the search for the worlds in which one holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.reproduce.world_tables import Table

NEARLY_ALL = 0.95
"""Share of worlds from which on something holds in them: ties at two standard errors go wrong in one of forty."""

LEAST_WORLDS, LEAST_SHARE = 10, 0.2  # a region smaller than this says nothing


def of_worlds(table: Table, prior: str) -> str:
    """How many worlds of which prior, and how sure a share of them is, for a condition.

    Examples
    --------
    >>> of_worlds({"problems": np.array([60, 60])}, "votes")
    '2 worlds of the prior votes, 60 questions each (a share has a standard error of 0.20 at most)'
    """
    worlds = table["problems"].size
    return (
        f"{worlds} worlds of the prior {prior}, {table['problems'][0]} questions each (a share has a standard error of "
        f"{0.5 / np.sqrt(worlds + 4):.2f} at most)"
    )


def listed(numbers: Iterable[float], digits: int = 2) -> str:
    """Numbers side by side.

    Examples
    --------
    >>> listed([0.5, 0.126])
    '0.50, 0.13'
    """
    return ", ".join(f"{number:.{digits}f}" for number in numbers)


def counted(budgets: Sequence[int]) -> str:
    """Budgets in words.

    Examples
    --------
    >>> counted([1, 2, 4])
    '1, 2 and 4'
    """
    return f"{', '.join(map(str, budgets[:-1]))} and {budgets[-1]}"


def mean_and_error(values: ArrayLike) -> tuple[float, float]:
    """Mean over worlds and its standard error.

    Examples
    --------
    >>> mean_and_error([1.0, 2.0, 3.0])[0]
    2.0
    """
    array = np.asarray(values, np.float64)
    return float(array.mean()), float(array.std(ddof=1) / np.sqrt(array.size))


def region(table: Table, parameters: Mapping[str, str], holds: NDArray[np.bool_]) -> tuple[str, bool] | None:
    """The largest part of the worlds, on one side of a value of one parameter, nearly all of which hold.

    Parameters
    ----------
    parameters
        Columns of the table to look at, and what they are.
    holds
        Whether something holds in a world [worlds].

    Returns
    -------
    tuple or None
        The part in words and True, as the verdicts want a condition; None where no part of a fifth of the worlds does.

    Examples
    --------
    >>> table = {"noise": np.arange(40) / 100, "size": np.arange(40) % 7}
    >>> region(table, {"noise": "noise", "size": "size"}, table["noise"] < 0.3)
    ('the noise is at most 0.3 (78 % of worlds)', True)
    """
    best = ("", 0)
    for name, words in parameters.items():
        order = np.argsort(table[name], kind="stable")
        for side, places in (("at most", order), ("at least", order[::-1])):
            values = np.asarray(table[name], np.float64)[places]
            share = np.cumsum(holds[places]) / np.arange(1, places.size + 1)
            # a part ends where the next world has another value
            ends = np.append(np.diff(values) != 0.0, True)
            inside = np.flatnonzero(ends & (share >= NEARLY_ALL))
            if inside.size and inside[-1] + 1 > best[1]:
                kept = int(inside[-1]) + 1
                best = (
                    f"the {words} is {side} {values[kept - 1]:.2g} ({100 * kept / places.size:.0f} % of worlds)",
                    kept,
                )
    enough = max(LEAST_WORLDS, LEAST_SHARE * holds.size)
    return (best[0], True) if best[1] >= enough else None
