"""Bounds on the steps of a value-tree search, held against searches that meet their assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.value_trees import bounds_figure, bounds_worlds
from budgetsim.reproduce.value_trees.bounds_checks import (
    BOUNDS,
    FALSE_ALARM,
    habits,
    listed,
    looseness,
    quantiles,
    violated,
)
from budgetsim.reproduce.value_trees.bounds_worlds import QUICK_WORLDS, RUNS, WORLDS, Certified, certified, worlds_of
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_tables import Table

_FREE = "every step gains with the least chance or more"
_POOL = "a full pool, every step at the highest cost"
# Column of failures, what is certified, how the searches go, how the claim is known.
_NEVER: tuple[tuple[str, str, str, Evidence], ...] = (
    ("published", "the published number of steps", _FREE, "second-hand"),
    ("chernoff", "steps by Chernoff's inequality (D1)", _FREE, "derived"),
    ("entropy", "steps by relative entropy (D2)", _FREE, "derived"),
    ("exact", "the exact number of steps (D3)", _FREE, "derived"),
    ("pool", "steps of the bound for pools (D4)", _POOL, "derived"),
    ("growing pool", "the budget of the bound for pools (D4)", "a pool that grows, steps of random cost", "derived"),
    ("pool exact", "the exact number of steps in a pool", _POOL, "derived"),
    ("random cost", "the budget for steps of random cost (D7)", f"{_FREE}, steps of random cost", "derived"),
)


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Worlds of the prior `advance`, each searched a thousand times for every bound."""
    return bounds_worlds.measure(worlds=QUICK_WORLDS if quick else WORLDS, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """Whether a bound is violated anywhere, how loose each is, and what becomes of it without its assumptions."""
    for column, bound, condition, evidence in _NEVER:
        found = violated(table[f"{column} failed"], table["failure"])
        yield statement(
            f"{bound}: failures are no more frequent than certified",
            f"{_over(found)}; {condition}",
            theirs="violated in no world",
            ours=f"violated in {int(found.sum())}",
            holds=not found.any(),
            evidence=evidence,
        )
    bounds = certified(worlds_of(table))
    yield from _failures(table)
    yield from _steps(table, bounds)
    yield from _random_costs(table, bounds)
    yield from _without(table)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """How loose the bounds are."""
    return {"bounds": partial(bounds_figure.draw_looseness, table)}


def _over(worlds: NDArray[np.bool_]) -> str:
    return f"{worlds.size:,} worlds, {RUNS} searches in each, false alarms at {FALSE_ALARM:.0e} over all worlds"


def _failures(table: Table) -> Iterator[Claim]:
    constant = habits(table)["constant"]
    found = {name: looseness(table, column, constant) for column, name in BOUNDS.items()}
    yield statement(
        "failure probability certified over the frequency observed, all worlds together",
        "chance of a gain always at its least; in brackets the share of worlds where no search failed",
        theirs="1 or more",
        ours="; ".join(f"{name} {ratio} ({ratio.silent:.3f})" for name, ratio in found.items()),
        holds=all(ratio.value >= 1.0 - 2.0 * ratio.se for ratio in found.values()),
        evidence="derived",
    )
    allowed = RUNS * table["failure"][constant]
    excess = table["exact less one failed"][constant] - allowed
    yield ordering(
        "with one step less than the exact number (D3) searches fail more often than allowed: it cannot be improved",
        "chance always at its least; excess of the failure probability, mean over worlds",
        theirs="more often",
        difference=float(excess.mean() / RUNS),
        se=float(np.sqrt(np.sum(allowed * (1.0 - allowed / RUNS))) / (RUNS * allowed.size)),
        evidence="derived",
    )
    by_habit = {name: looseness(table, "exact", chosen) for name, chosen in habits(table).items()}
    yield statement(
        "a constant chance is the worst that the assumptions allow",
        "failure probability certified at the exact number of steps (D3) over the frequency observed, by how the "
        "chance depends on the past",
        theirs="least for a constant chance",
        ours="; ".join(f"{name} {ratio}" for name, ratio in by_habit.items()),
        holds=min(by_habit, key=lambda name: by_habit[name].value) == "constant",
        evidence="derived",
    )


def _steps(table: Table, bounds: Certified) -> Iterator[Claim]:
    steps = bounds.steps
    published = steps.published / steps.exact
    inside = float(np.mean((published >= 1.35) & (published < 3.45)))
    yield statement(
        "published number of steps over the exact one (D3)",
        "5, 50, 95 % of worlds, least, largest; share of worlds inside the range reported",
        theirs="1.4 to 3.4",
        ours=f"{listed([*quantiles(published), published.min(), published.max()])}; {inside:.3f}",
        holds=inside == 1.0,
        evidence="derived",
        only_if=("more than one gain is needed", _inside(published[table["gains"] > 1])),
    )
    ratios = {
        "Chernoff's number of steps (D1) over the exact one (D3)": steps.chernoff / steps.exact,
        "number of steps by relative entropy (D2) over the exact one (D3)": steps.relative_entropy / steps.exact,
        "number of steps for pools (D4) over the exact one in the worst pool": bounds.pool / table["pool exact steps"],
    }
    for name, ratio in ratios.items():
        yield statement(
            name,
            "5, 50, 95 % of worlds, least, largest",
            theirs="never below 1",
            ours=listed([*quantiles(ratio), ratio.min(), ratio.max()]),
            holds=bool(ratio.min() >= 1.0),
            evidence="derived",
        )
    slack = {name: quantiles((steps.exact / table["needed steps"])[chosen]) for name, chosen in habits(table).items()}
    yield statement(
        "the exact number of steps (D3) over what simulated searches need",
        "5, 50, 95 % of worlds, by how the chance depends on the past",
        theirs="about 1 where the chance is constant, more elsewhere",
        ours="; ".join(f"{name} {listed(values)}" for name, values in slack.items()),
        holds=all(
            abs(values[1] - 1.0) < 0.05 if name == "constant" else values[1] > 1.05 for name, values in slack.items()
        ),
        evidence="derived",
    )


def _inside(ratio: NDArray[np.float64]) -> bool:
    return bool(np.all((ratio >= 1.35) & (ratio < 3.45)))


def _random_costs(table: Table, bounds: Certified) -> Iterator[Claim]:
    worst = bounds.steps.exact * table["highest_cost"]
    saved = 1.0 - bounds.cost / worst
    wide = table["highest_cost"] >= 2.0 * table["lowest_cost"]
    most = int(bounds.steps.exact[wide & (saved <= 0.0)].max(initial=0))
    yield statement(
        "the budget for random costs (D7) is below the highest cost for every step",
        f"saving in 5, 50, 95 % of worlds, largest; share of {saved.size:,} worlds in which it saves",
        theirs="below",
        ours=f"{listed([*quantiles(saved), saved.max()])}; {np.mean(saved > 0.0):.3f}",
        holds=bool(np.all(saved > 0.0)),
        evidence="derived",
        only_if=(
            f"the dearest step costs at least twice the cheapest, and more than {most} steps are needed",
            bool(np.any(bounds.steps.exact[wide] > most)),
        ),
    )


def _without(table: Table) -> Iterator[Claim]:
    """What the bounds promise where an assumption is missing."""
    kept_back, ahead = table["stop_ratio"] > 0.0, table["competition"] > 1.0
    found = violated(table["constant failed"], table["failure"])
    yield statement(
        "the published number of steps suffices in a pool, if the chance at the start is taken for the least",
        f"{_over(found)}; {_POOL}, nothing kept back; share of violated worlds, and where rivals are worth more",
        theirs="violated in no world",
        ours=f"{found.mean():.3f}; {_share(found, ahead)}",
        holds=not found.any(),
        evidence="second-hand",
        only_if=("no rival is worth more than the useful node", not found[~ahead].any()),
    )
    found = violated(table["no backstop failed"], table["failure"])
    yield statement(
        "the exact number of steps in a pool suffices too where a share of the budget is kept back for the answer",
        f"{_over(found)}; {_POOL}; share of violated worlds among those that keep back a fifth",
        theirs="violated in no world",
        ours=_share(found, kept_back),
        holds=not found.any(),
        evidence="derived",
        only_if=("nothing is kept back, or the share kept back enters the bound", not found[~kept_back].any()),
    )


def _share(found: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> str:
    return f"{found[chosen].mean():.3f}" if chosen.any() else "no such world"
