"""Who is among the best in each world, and what it costs to use one method always."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.equal_budget.columns import score
from budgetsim.reproduce.verdicts import ORDER_ERRORS
from budgetsim.reproduce.world_tables import Table


def among_the_best(table: Table, methods: Sequence[str], multiple: float) -> dict[str, NDArray[np.bool_]]:
    """Whether no other method is ahead of it by more than two standard errors, for each method [worlds].

    Examples
    --------
    >>> table = {"problems": np.array([1000]), "votes 4": np.array([600]), "debate 4": np.array([590]),
    ...          "chain 4": np.array([500])}
    >>> {name: bool(best[0]) for name, best in among_the_best(table, ("votes", "debate", "chain"), 4).items()}
    {'votes': True, 'debate': True, 'chain': False}
    """
    scores = {name: score(table, name, multiple) for name in methods}
    return {
        name: np.all(
            [
                other.accuracy - own.accuracy <= ORDER_ERRORS * np.hypot(other.se, own.se)
                for rival, other in scores.items()
                if rival != name
            ],
            axis=0,
        )
        for name, own in scores.items()
    }


def regret(table: Table, methods: Sequence[str], multiple: float) -> dict[str, NDArray[np.float64]]:
    """Accuracy lost to the best method of each world, for each method [worlds].

    The best one is found with the same draws, so that where several are equal a part of a standard error is counted as
    lost.

    Examples
    --------
    >>> table = {"problems": np.array([10, 10]), "votes 4": np.array([6, 4]), "debate 4": np.array([5, 8])}
    >>> regret(table, ("votes", "debate"), 4)["votes"].round(3).tolist()
    [0.0, 0.4]
    """
    accuracy = {name: score(table, name, multiple).accuracy for name in methods}
    best = np.max(list(accuracy.values()), axis=0)
    return {name: best - own for name, own in accuracy.items()}
