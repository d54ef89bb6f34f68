"""Searches in worlds that meet the bounds' assumptions, with the steps and budgets that each bound certifies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.advance import play_advance, play_pool
from budgetsim.simulate.reasoning.advance_prior import AdvanceWorlds, advance_prior
from budgetsim.theory.value_tree_bounds import StepBounds, step_bounds
from budgetsim.theory.value_tree_pool import advance_probability, exact_pool_steps, pool_steps
from budgetsim.theory.value_tree_risks import random_cost_budget

WORLDS, QUICK_WORLDS = 10_000, 500
RUNS = 1000  # searches in a world
DIGITS = 3  # significant ones of a parameter; the worlds that are kept are the worlds that are played
_PART = 250  # worlds between reports of progress
_ROUNDING = 1e-12

Column = NDArray[Any]


def measure(*, worlds: int, seed: int, progress: Callable[[float], None]) -> Table:
    """Parameters of every world, and how many of its searches failed under each bound."""
    drawn = few_digits(advance_prior(worlds, seed))
    parts = [drawn.part(slice(start, start + _PART)) for start in range(0, worlds, _PART)]
    tables = []
    for place, part in enumerate(parts):
        tables.append({**parameters(part), **_free(part, seed), **_pooled(part, seed)})
        progress((place + 1) / len(parts))
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def few_digits(worlds: AdvanceWorlds) -> AdvanceWorlds:
    """Worlds whose parameters have the digits that are kept."""

    def few(column: Column) -> Column:
        return np.array([float(f"{value:.{DIGITS}g}") for value in column.tolist()])

    columns: Table = worlds._asdict()
    return AdvanceWorlds(
        **{name: few(column) if column.dtype.kind == "f" else column for name, column in columns.items()}
    )


def parameters(worlds: AdvanceWorlds) -> Table:
    """Columns of a table that say which worlds these are."""
    return {name: column for name, column in worlds._asdict().items() if name != "number"}


def worlds_of(table: Table) -> AdvanceWorlds:
    """The worlds of a table."""
    columns = {**table, "number": np.arange(table["gains"].size, dtype=np.uint32)}
    return AdvanceWorlds(**{name: columns[name] for name in AdvanceWorlds._fields})


class Certified(NamedTuple):
    """What is certified for every world: numbers of steps, the last a budget in the unit of the costs."""

    steps: StepBounds
    pool: Column
    constant: Column
    cost: Column


def certified(worlds: AdvanceWorlds) -> Certified:
    """The bounds of worlds.

    ``constant`` is the published bound in a pool, read with the chance at the start of the search for the least one.
    """
    gains, failure = worlds.gains, worlds.failure
    start = advance_probability(worlds.progress, worlds.pool_size, worlds.competition, 1.0)
    mean_cost = 0.5 * (worlds.lowest_cost + worlds.highest_cost)
    budget = random_cost_budget(gains, worlds.advance, failure, worlds.lowest_cost, worlds.highest_cost, mean_cost)
    return Certified(
        steps=step_bounds(gains, worlds.advance, failure),
        pool=pool_steps(gains, failure, worlds.progress, worlds.pool_size, worlds.competition, worlds.stop_ratio),
        constant=step_bounds(gains, start, failure).published,
        cost=budget.budget,
    )


def least_pool_steps(worlds: AdvanceWorlds) -> Column:
    """Exact number of steps in the worst pool that is allowed."""
    names = ("gains", "failure", "progress", "pool_size", "competition", "stop_ratio")
    rows = zip(*(getattr(worlds, name).tolist() for name in names), strict=True)
    return np.array([exact_pool_steps(*row) for row in rows])


def _free(worlds: AdvanceWorlds, seed: int) -> Table:
    """Failures where every step has the chance of a gain that is assumed, whatever the budget left."""
    bounds = certified(worlds)
    ended = play_advance(worlds, runs=RUNS, seed=seed)

    def failed(steps: Column) -> Column:
        return np.asarray((ended.steps > steps[:, None]).sum(axis=1))

    exact = bounds.steps.exact
    # As many searches may be unfinished as are allowed to fail.
    unfinished = np.floor(worlds.failure * RUNS + 1e-9).astype(int)
    longest_first = -np.sort(-ended.steps, axis=1)
    return {
        "published failed": failed(bounds.steps.published),
        "chernoff failed": failed(bounds.steps.chernoff),
        "entropy failed": failed(bounds.steps.relative_entropy),
        "exact failed": failed(exact),
        "exact less one failed": failed(exact - 1),
        "random cost failed": (ended.spent > bounds.cost[:, None] * (1.0 + _ROUNDING)).sum(axis=1),
        "needed steps": np.take_along_axis(longest_first, unfinished[:, None], axis=1)[:, 0],
    }


def _pooled(worlds: AdvanceWorlds, seed: int) -> Table:
    """Failures in pools, where the chance of a gain falls or rises with the budget left."""
    bounds = certified(worlds)
    dearest = worlds._replace(lowest_cost=worlds.highest_cost)
    spends_all = dearest._replace(stop_ratio=0.0 * worlds.stop_ratio)
    least = least_pool_steps(worlds)

    def failed(some: AdvanceWorlds, steps: Column, *, growing: bool = False) -> Column:
        ended = play_pool(some, steps * some.highest_cost, growing=growing, runs=RUNS, seed=seed)
        return np.asarray((~ended.reached).sum(axis=1))

    exact_failed = failed(dearest, least)
    # Where nothing is kept back these are the same searches.
    ignored, kept_back = exact_failed.copy(), worlds.stop_ratio > 0.0
    if kept_back.any():
        ignored[kept_back] = failed(dearest.part(kept_back), least_pool_steps(spends_all.part(kept_back)))
    return {
        "pool failed": failed(dearest, bounds.pool),
        "growing pool failed": failed(worlds, bounds.pool, growing=True),
        "pool exact steps": least,
        "pool exact failed": exact_failed,
        "no backstop failed": ignored,
        "constant failed": failed(spends_all, bounds.constant),
    }
