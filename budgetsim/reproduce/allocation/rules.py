"""The worlds of the prior `allocation`, the rules that divide tokens in them, and shares of worlds in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.share_claims import lead_error, tally
from budgetsim.reproduce.world_figures import PARTS
from budgetsim.reproduce.world_tables import Shares, Table, decided_by
from budgetsim.simulate.reasoning import AllocationSetting, splits
from budgetsim.simulate.reasoning.allocation_prior import LEVEL_BUDGETS

Rule: TypeAlias = Callable[[AllocationSetting, int], tuple[int, ...]]

WORLDS, QUICK_WORLDS = 256, 24
PARAMETERS = ("r", "sub-questions", "own rates", "mean rate", "spread of rates", "planner credits")


def _scheduled(schedule: splits.Schedule, setting: AllocationSetting, budget: int) -> tuple[int, ...]:
    return splits.plan_and_budget_split(setting.credits, schedule, budget)


def _equal(setting: AllocationSetting, budget: int) -> tuple[int, ...]:
    return splits.uniform_split(setting.world.parts, budget)


def _eq6(setting: AllocationSetting, budget: int) -> tuple[int, ...]:
    return splits.printed_split(setting.world.initial_uncertainty, setting.world.decay_rate, budget)


def _exact(goal: splits.Goal, setting: AllocationSetting, budget: int) -> tuple[int, ...]:
    return splits.exact_split(setting.world.initial_uncertainty, setting.world.decay_rate, budget, goal=goal)


SCHEDULES: Mapping[str, Rule] = {name: partial(_scheduled, name) for name in splits.SCHEDULES}
RULES: Mapping[str, Rule] = {
    **SCHEDULES,
    "equal": _equal,
    "Eq. 6": _eq6,
    "least uncertainty": partial(_exact, "uncertainty"),
    "most right": partial(_exact, "all_right"),
}
"""Rules by name: planner credits with each schedule, equal tokens, Eq. 6, and two splits that know every world."""


def parameters(settings: Sequence[AllocationSetting]) -> Table:
    """What was drawn of each world [worlds]: `PARAMETERS` by name.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import allocation_prior
    >>> table = parameters(allocation_prior(2))
    >>> sorted(table) == sorted(PARAMETERS), bool(0.2 <= min(table["r"]) <= max(table["r"]) <= 1.0)
    (True, True)
    """
    worlds = [setting.world for setting in settings]
    rates = [np.array(world.decay_rate) for world in worlds]
    return {
        "r": np.array([world.initial_uncertainty[1] / world.initial_uncertainty[0] for world in worlds]),
        "sub-questions": np.array([world.parts for world in worlds]),
        "own rates": np.array([int(np.ptp(row) > 0.0) for row in rates]),
        "mean rate": np.array([row.mean() for row in rates]),
        "spread of rates": np.array([np.ptp(row) for row in rates]),
        "planner credits": np.array([int(np.ptp(setting.credits) > 0.0) for setting in settings]),
    }


def over_budgets(table: Table, quantity: str, rule: str) -> NDArray[np.float64]:
    """A quantity of a rule under every budget [worlds, budgets]."""
    return np.stack([table[f"{quantity} {rule} {budget}"] for budget in LEVEL_BUDGETS], axis=1)


def worlds_of(table: Table) -> str:
    """The worlds of a table in the words of a condition."""
    return f"{table['r'].size} worlds of the prior, difficulty falling by the factor r a step"


def in_words(shares: Shares) -> str:
    """Shares of worlds, as conditions state them.

    Examples
    --------
    >>> in_words(Shares(0.5, 0.3, 0.2, 100))
    'ahead, tied, behind in 0.50, 0.30, 0.20 of worlds'
    """
    listed = ", ".join(f"{abs(part):.2f}" for part in shares[:3])
    return f"ahead, tied, behind in {listed} of worlds"


class Lead(NamedTuple):
    """Share of worlds ahead less share behind."""

    difference: float
    se: float


def lead(shares: Shares) -> Lead:
    """How much more often ahead than behind, with its standard error, one world of each kind added.

    Examples
    --------
    >>> lead(Shares(0.5, 0.3, 0.2, 98)).difference, round(lead(Shares(0.5, 0.3, 0.2, 98)).se, 3)
    (0.3, 0.079)
    """
    return Lead(shares.ahead - shares.behind, lead_error(shares))


def decided(table: Table, worlds: NDArray[np.bool_], outcome: NDArray[np.float64]) -> str:
    """The parameter that goes along most with an outcome over some worlds, in words."""
    found = decided_by({name: table[name][worlds] for name in PARAMETERS}, outcome[worlds])
    if not found:
        return "the same in all of them"
    first = found[0]
    return f"most along with {first.name}, rank correlation {first.correlation:.2f} +- {first.se:.2f}"


def share(true: NDArray[np.bool_]) -> str:
    """The share of worlds in which something is true, in words, with its standard error."""
    counted = tally(true)
    return f"{counted.ahead:.2f} +- {counted.se:.2f}"


def most(true: NDArray[np.bool_]) -> bool:
    """Whether something is true in more than half of the worlds, by more than two standard errors.

    Examples
    --------
    >>> most(np.array([True] * 9 + [False])), most(np.array([True] * 6 + [False] * 4))
    (True, False)
    """
    counted = tally(true)
    return counted.ahead - 0.5 > 2.0 * counted.se


def where_most(table: Table, true: NDArray[np.bool_]) -> tuple[str, bool]:
    """Under which r something is true in most worlds of a fifth of them: of all worlds, else of those with one rate.

    Returns
    -------
    tuple
        The condition in words, and whether there is one.
    """
    every = np.ones(true.size, bool)
    for words, worlds in (("", every), ("all sub-questions have one decay rate and ", table["own rates"] == 0)):
        ratio, so = table["r"][worlds], true[worlds]
        edges = np.quantile(ratio, np.linspace(0.0, 1.0, PARTS + 1))
        part = np.searchsorted(edges[1:-1], ratio, side="right")
        good = [bool(np.any(part == place)) and most(so[part == place]) for place in range(PARTS)]
        ends = np.flatnonzero(np.diff(np.array([False, *good, False]).astype(int)))
        ranges = [f"{edges[low]:.2f} to {edges[high]:.2f}" for low, high in zip(ends[::2], ends[1::2], strict=True)]
        if ranges:
            return f"{words}r is {' or '.join(ranges)}", True
    return "", False
