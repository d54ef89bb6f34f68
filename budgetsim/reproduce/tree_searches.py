"""The study of guided searches: beams, REBASE, UCT and AB-MCTS against plain sampling at equal tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.share_claims import error_of_mean, leads, mostly, tally
from budgetsim.reproduce.verdicts import ordering
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Shares, Table, decided_by, shares_ahead

WORLDS, QUICK_WORLDS = 120, 8
PROBLEMS, QUICK_PROBLEMS = 400, 100
BUDGETS = (5_000, 10_000, 20_000, 40_000)
"""Tokens: about a quarter of what the logged search of the whole tree spends, to twice as many."""
FULL = 20_000
GUIDED = {"beam": "beam search", "rebase": "REBASE", "uct": "UCT", "ab-mcts": "AB-MCTS"}
PAIRS = (("rebase", "beam"), ("rebase", "uct"), ("ab-mcts", "uct"))
PLAIN = {"votes": "votes", "chains": "step-by-step chains"}
PARAMETERS = {
    "branching": "branching, of the fit's",
    "promising": "share of promising moves",
    "noise": "noise of the votes, of the fit's",
    "renewed": "chance of a new list",
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every strategy in every world of the prior `arithmetic` at every budget.

    Columns: ``branching`` and ``noise`` over those of the fit, ``promising`` (mean share of sound moves), ``renewed``,
    and ``S B``, the accuracy of strategy S with B tokens, followed by its standard error.
    """
    from budgetsim.reproduce.tree_search_runs import played  # tables are judged and drawn without the simulator

    worlds, problems = (QUICK_WORLDS, QUICK_PROBLEMS) if quick else (WORLDS, PROBLEMS)
    return played(worlds, problems, BUDGETS[1:3] if quick else BUDGETS, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """Who is ahead of whom, from which budget on, and what decides it."""
    least = min(budgets(table))
    for name, words in GUIDED.items():
        small = ahead(table, name, "votes", least)
        yield mostly(
            f"{words} is right more often than plain votes at the same tokens",
            f"{FULL} tokens, about those of the logged search of the whole tree; at {least} ahead in {small.ahead:.2f}"
            f", behind in {small.behind:.2f} of the worlds",
            theirs="more often",
            shares=ahead(table, name, "votes", FULL),
            evidence="sourced" if name == "beam" else "second-hand",
        )
    yield from _few_and_many(table)
    for first, second in PAIRS:
        shares = {budget: ahead(table, first, second, budget) for budget in budgets(table)}
        where = [budget for budget, found in shares.items() if leads(found)]
        listed = " or ".join(map(str, where))
        gap = difference(table, first, second, FULL)
        found = decided_by({label: table[name] for name, label in PARAMETERS.items()}, gap)[0]
        yield mostly(
            f"{GUIDED[first]} is right more often than {GUIDED[second]} at the same tokens",
            f"{FULL} tokens; the difference goes along most with {found.name}, {found.correlation:+.2f}",
            theirs="more often",
            shares=shares[FULL],
            evidence="derived" if second == "beam" else "second-hand",
            only_if=(f"the budget is {listed} tokens", bool(where)),
        )
    yield from _best(table)
    yield from _decided(table)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Figures by name."""
    bars = {
        f"{GUIDED[name]} over votes, {budget} tokens": ahead(table, name, "votes", budget)
        for name in GUIDED
        for budget in budgets(table)
    }
    pairs = {
        f"{GUIDED[first]} less {GUIDED[second]}": difference(table, first, second, FULL) for first, second in PAIRS
    }
    parameters = {label: table[name] for name, label in PARAMETERS.items()}
    return {
        "accuracy": lambda look: _curves(table, look),
        "shares": lambda look: share_bars(look, bars, "Guided search"),
        "decided": lambda look: over_parameters(look, parameters, pairs, label="difference in accuracy", columns=2),
    }


def budgets(table: Table) -> tuple[int, ...]:
    """The budgets that were played: a quick run leaves some out."""
    return tuple(budget for budget in BUDGETS if f"votes {budget}" in table)


def ahead(table: Table, first: str, second: str, budget: int) -> Shares:
    """In which share of worlds one strategy is ahead of another at a budget."""
    columns = (f"{first} {budget}", f"{second} {budget}")
    return shares_ahead(*(table[name] for name in columns), *(table[f"{name} se"] for name in columns))


def difference(table: Table, first: str, second: str, budget: int) -> NDArray[np.float64]:
    """Accuracy of the first less that of the second [worlds]."""
    return np.asarray(table[f"{first} {budget}"] - table[f"{second} {budget}"], np.float64)


def _few_and_many(table: Table) -> Iterator[Claim]:
    first, last = min(budgets(table)), max(budgets(table))
    gains = {
        budget: np.max([difference(table, name, "votes", budget) for name in GUIDED], axis=0)
        - np.maximum(difference(table, "chains", "votes", budget), 0.0)
        for budget in (first, last)
    }
    yield ordering(
        "the lead of guided search over plain sampling shrinks as the budget grows",
        f"best of four searches less the better of votes and chains, mean over worlds: {gains[first].mean():+.3f} at "
        f"{first} tokens, {gains[last].mean():+.3f} at {last}; the first less the second; a plain sample is right less "
        "often than it gives any one wrong answer",
        theirs="shrinks",
        difference=float(np.mean(gains[first] - gains[last])),
        se=error_of_mean(gains[first] - gains[last]),
        evidence="sourced",
    )


def _best(table: Table) -> Iterator[Claim]:
    for budget in budgets(table):
        scores = np.array([table[f"{name} {budget}"] for name in (*GUIDED, *PLAIN)])
        names = [*GUIDED.values(), *PLAIN.values()]
        wins = np.mean(scores == scores.max(axis=0), axis=1)
        first = int(np.argmax(wins))
        yield mostly(
            "REBASE is the best of six strategies",
            f"{budget} tokens; most often best: {names[first]} ({wins[first]:.2f} of the worlds), equals count as best",
            theirs="the best",
            shares=tally(scores[names.index("REBASE")] == scores.max(axis=0)),
            evidence="second-hand",
        )


def _decided(table: Table) -> Iterator[Claim]:
    parameters = {label: table[name] for name, label in PARAMETERS.items()}
    for name, words in GUIDED.items():
        found = {part.name: part for part in decided_by(parameters, difference(table, name, "votes", FULL))}
        noise = found[PARAMETERS["noise"]]
        others = ", ".join(f"{part.name} {part.correlation:+.2f}" for part in found.values() if part is not noise)
        yield ordering(
            f"the lead of {words} over votes falls as the votes on moves get noisier",
            f"{FULL} tokens; rank correlation with the noise over worlds, its sign turned; beside {others}",
            theirs="falls",
            difference=-noise.correlation,
            se=noise.se,
            evidence="derived",
        )


def _curves(table: Table, look: Theme) -> Figure:
    """Mean accuracy over the budget."""
    figure = Figure(figsize=(8.4, 3.8), layout="constrained")
    axes = figure.subplots()
    for number, (name, words) in enumerate((GUIDED | PLAIN).items()):
        columns = [table[f"{name} {budget}"] for budget in budgets(table)]
        mean = np.array([column.mean() for column in columns])
        se = np.array([error_of_mean(column) for column in columns])
        axes.errorbar(budgets(table), mean, yerr=2.0 * se, color=look.cycle[number], marker=MARKERS[number],
                      markersize=4.5, linewidth=1.4, capsize=2.0, label=words)  # fmt: skip
    axes.set_xscale("log")
    axes.set_xticks(budgets(table), [f"{budget:,}" for budget in budgets(table)])
    axes.minorticks_off()
    axes.set(title="Accuracy, mean over worlds", xlabel="tokens", ylabel="accuracy", ylim=(0.0, None))
    axes.legend(loc="upper left", ncols=2)
    return figure
