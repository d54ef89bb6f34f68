"""Figures of the table of five methods: who is best at which budget, where, and what it costs to be wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.equal_budget.columns import difference
from budgetsim.reproduce.equal_budget.five_columns import (
    BUDGETS,
    COMPETING,
    DEBATE,
    PARAMETERS,
    THINKING,
    TREE,
    VOTES,
)
from budgetsim.reproduce.equal_budget.methods_figures import over_budgets
from budgetsim.reproduce.equal_budget.winners import among_the_best
from budgetsim.reproduce.world_figures import by_parts, over_parameters
from budgetsim.reproduce.world_tables import Table

MAPPED = ("mean right", "discrimination", "unseen", "trap share")
"""Difficulty, the evaluator in two parts, traps."""

MAPPED_BUDGETS = (1.0, 8.0, 64.0)
DECIDING = ("mean right", "trap share", "discrimination", "unseen", "evaluator tokens", "leap", "repair", "steps")


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The figures by name."""

    def five(look: Theme) -> Figure:
        return over_budgets(look, table, COMPETING, BUDGETS)

    def where(look: Theme) -> Figure:
        return _map(look, table)

    def leads(look: Theme) -> Figure:
        series = {rival: difference(table, rival, VOTES, BUDGETS[-1]) for rival in (TREE, THINKING, DEBATE)}
        panels = {_axis(name): table[name] for name in DECIDING}
        return over_parameters(look, panels, series, label="accuracy: method - CoT-SC", columns=4)

    return {"five": five, "five-map": where, "five-leads": leads}


def _axis(name: str) -> str:
    """A parameter in few words, for under a panel."""
    few = {
        "mean right": "mean right chain",
        "trap share": "share of traps",
        "discrimination": "distance of grades",
        "unseen": "errors not seen",
        "evaluator tokens": "evaluation / chain",
        "leap": "chance of an unwritten step",
        "repair": "second thought repairs",
        "steps": "steps of a chain",
    }
    return few.get(name, PARAMETERS[name])


def _map(look: Theme, table: Table) -> Figure:
    """Share of worlds in which none is ahead of a method, over fifths of what was to decide it, a row a budget."""
    figure = Figure(figsize=(8.4, 6.6), layout="constrained")
    panels = figure.subplots(len(MAPPED_BUDGETS), len(MAPPED), sharey=True, sharex="col")
    for row, budget in zip(panels, MAPPED_BUDGETS, strict=True):
        best = among_the_best(table, COMPETING, budget)
        for axes, parameter in zip(row, MAPPED, strict=True):
            for number, name in enumerate(COMPETING):
                at, share, _ = by_parts(table[parameter], best[name].astype(np.float64))
                colour = look.cycle[number % len(look.cycle)]
                axes.plot(at, share, color=colour, marker=MARKERS[number], markersize=4.0, linewidth=1.3, label=name)
        row[0].set(ylim=(-0.03, 1.03), ylabel=f"{budget:g} chain{'s' if budget > 1 else ''}")
    for axes, parameter in zip(panels[-1], MAPPED, strict=True):
        axes.set_xlabel(_axis(parameter))
    figure.suptitle("Share of worlds in which nobody is ahead of it")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure
