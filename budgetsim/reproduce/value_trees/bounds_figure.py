"""How loose the bounds are: steps beyond what is needed, failures below what is certified."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.value_trees.bounds_checks import BOUNDS, habits, looseness
from budgetsim.reproduce.value_trees.bounds_worlds import certified, worlds_of
from budgetsim.reproduce.world_tables import Table


def draw_looseness(table: Table, look: Theme) -> Figure:
    """Left: share of worlds by certified over exact steps. Right: failures certified over those seen, by habit."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    steps_axes, failures_axes = figure.subplots(1, 2)
    bounds = certified(worlds_of(table))
    ratios = {
        "published": bounds.steps.published / bounds.steps.exact,
        "chernoff": bounds.steps.chernoff / bounds.steps.exact,
        "entropy": bounds.steps.relative_entropy / bounds.steps.exact,
        "pool": bounds.pool / table["pool exact steps"],
    }
    shares = np.linspace(0.0, 1.0, 201)
    colours = dict(zip(BOUNDS, look.cycle, strict=False))
    for name, style in zip(ratios, ("-", (0, (6, 2)), (0, (1, 1)), (0, (4, 1, 1, 1))), strict=True):
        line = np.quantile(ratios[name], shares)
        steps_axes.plot(line, shares, color=colours[name], linestyle=style, linewidth=1.8, label=BOUNDS[name])
    steps_axes.set(xlabel="steps certified over exact number needed", ylabel="share of worlds at or below")
    steps_axes.set(xlim=(1.0, 4.0), ylim=(0.0, 1.0))
    steps_axes.legend(loc="lower right")
    places = np.arange(len(BOUNDS))[::-1]
    for number, (habit, chosen) in enumerate(habits(table).items()):
        found = [looseness(table, name, chosen) for name in BOUNDS]
        seen = np.array([ratio.value for ratio in found])
        error = np.array([2.0 * ratio.se for ratio in found])
        some, height = np.isfinite(seen), places + 0.26 * (1 - number)
        failures_axes.errorbar(
            seen[some], height[some], xerr=np.minimum(error, 0.9 * seen)[some], linestyle="none",
            color=look.cycle[number], marker=MARKERS[number], markersize=5.0, elinewidth=1.0, capsize=2.0, label=habit,
        )  # fmt: skip
        for place in height[~some]:
            failures_axes.text(0.98, place, "none failed", transform=failures_axes.get_yaxis_transform(),
                               color=look.cycle[number], ha="right", va="center", fontsize=8)  # fmt: skip
    failures_axes.axvline(1.0, color=look.muted, linewidth=1.0, linestyle=(0, (4, 3)))
    failures_axes.set_xscale("log")
    failures_axes.set_xticks([1.0, 10.0, 1e2, 1e3, 1e4, 1e5], ["1", "10", "100", "1,000", "10,000", "100,000"])
    failures_axes.set(xlim=(0.5, 3e5), ylim=(-0.6, len(BOUNDS) - 0.4), xlabel="failures certified over failures seen")
    failures_axes.set_yticks(places, list(BOUNDS.values()))
    failures_axes.minorticks_off()
    failures_axes.grid(visible=False, axis="y")
    failures_axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, handletextpad=0.2, columnspacing=1.0)
    return figure
