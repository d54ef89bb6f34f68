"""Figures of the table of methods: who is among the best at which budget, what it costs, and what decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.equal_budget.columns import (
    BEST,
    DEBATE,
    METHODS,
    MULTIPLES,
    RETRY,
    VOTES,
    compare,
    difference,
)
from budgetsim.reproduce.equal_budget.winners import among_the_best, regret
from budgetsim.reproduce.equal_budget.wording import mean_and_error
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table

DECIDING = {
    "trap share": "share of questions that are traps",
    "mean right": "mean probability of a right sample",
    "accepts wrong": "wrong answers that are accepted",
    "accepts right": "right answers that are accepted",
    "evaluator tokens": "tokens of an evaluation / a chain",
    "conformity": "debaters who follow the plurality",
}


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The figures by name."""

    def winners(look: Theme) -> Figure:
        return over_budgets(look, table, METHODS, MULTIPLES)

    def rivals(look: Theme) -> Figure:
        rows = {
            f"{rival}, budget {multiple}": compare(table, VOTES, rival, multiple)
            for multiple in (4, 64)
            for rival in METHODS
            if rival != VOTES
        }
        return share_bars(look, rows, "Self-consistency against")

    def decides(look: Theme) -> Figure:
        series = {rival: difference(table, rival, VOTES, 64) for rival in (RETRY, BEST, DEBATE)}
        panels = {words: table[name] for name, words in DECIDING.items()}
        return over_parameters(look, panels, series, label="accuracy: method - votes")

    return {"winners": winners, "rivals": rivals, "decides": decides}


def over_budgets(look: Theme, table: Table, methods: Sequence[str], budgets: Sequence[float]) -> Figure:
    """Left: in which share of worlds nobody is ahead of a method; right: mean accuracy lost by always using it."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    best = {budget: among_the_best(table, methods, budget) for budget in budgets}
    lost = {budget: regret(table, methods, budget) for budget in budgets}
    for number, name in enumerate(methods):
        style = {
            "color": look.cycle[number % len(look.cycle)],
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4.5,
            "linewidth": 1.3,
            "label": name,
        }
        left.plot(budgets, [best[budget][name].mean() for budget in budgets], **style)
        right.plot(budgets, [mean_and_error(lost[budget][name])[0] for budget in budgets], **style)
    left.set(ylim=(-0.03, 1.03), ylabel="share of worlds", title="Nobody is ahead of it")
    right.set(ylim=(-0.01, None), ylabel="accuracy", title="Mean loss to the best of each world")
    for axes in (left, right):
        axes.set_xscale("log", base=2)
        axes.set_xticks(budgets, ["½" if budget == 0.5 else f"{budget:g}" for budget in budgets])
        axes.set_xlabel("budget, in chains of thought")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure
