"""Figures of tables of worlds: shares ahead, tied and behind, and what an outcome depends on."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.world_tables import Shares

PARTS = 5


def share_bars(look: Theme, rows: Mapping[str, Shares], title: str) -> Figure:
    """A bar for each comparison: the shares of worlds in which the first is ahead, tied and behind."""
    figure = Figure(figsize=(8.4, 1.1 + 0.34 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))[::-1]
    left = np.zeros(len(rows))
    colours = {"ahead": look.cycle[0], "tied": look.grid, "behind": look.cycle[1]}
    for part, colour in colours.items():
        widths = np.array([getattr(row, part) for row in rows.values()])
        axes.barh(places, widths, left=left, height=0.66, color=colour, label=part, edgecolor=look.surface)
        for place, start, width in zip(places, left, widths, strict=True):
            if width >= 0.05:
                ink = look.ink if part == "tied" else look.surface
                axes.text(start + width / 2, place, f"{width:.2f}", ha="center", va="center", color=ink, fontsize=8)
        left = left + widths
    axes.set_yticks(places, list(rows))
    axes.set(xlim=(0.0, 1.0), ylim=(-0.6, len(rows) - 0.4), xlabel="share of worlds")
    axes.grid(visible=False)
    # Over the bars, beside the title: a legend in the plot would hide numbers.
    axes.set_title(title)
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.1, handlelength=1.2)
    return figure


def over_parameters(
    look: Theme,
    parameters: Mapping[str, ArrayLike],
    series: Mapping[str, ArrayLike],
    *,
    label: str,
    columns: int = 3,
) -> Figure:
    """Means of outcomes over fifths of each parameter, with two standard errors over worlds.

    Parameters
    ----------
    parameters
        A panel each, arrays [worlds] by the name under the panel.
    series
        A line each, arrays [worlds] by the name in the legend; values that are not finite are passed over.
    label
        Of the upright axis.
    columns
        Panels side by side.
    """
    rows = math.ceil(len(parameters) / columns)
    figure = Figure(figsize=(8.4, 0.5 + 2.2 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for place, (axes, (name, values)) in enumerate(zip(panels.flat, parameters.items(), strict=False)):
        for number, (line, outcome) in enumerate(series.items()):
            at, mean, se = by_parts(values, outcome)
            colour = look.cycle[number % len(look.cycle)]
            # A little beside one another, so that no bar hides another.
            shift = (number - (len(series) - 1) / 2) * 0.012 * max(float(np.ptp(at)), 1e-9)
            axes.errorbar(at + shift, mean, yerr=2.0 * se, color=colour, marker=MARKERS[number % len(MARKERS)],
                          markersize=4.0, linewidth=1.3, elinewidth=1.0, capsize=2.0, label=line)  # fmt: skip
        axes.axhline(0.0, color=look.muted, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1.5)
        axes.set_xlabel(name)
        if place % columns == 0:
            axes.set_ylabel(label)
    for axes in panels.flat[len(parameters) :]:
        axes.set_visible(False)
    if len(series) > 1:
        handles, names = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=min(len(series), 4))
    return figure


def by_parts(values: ArrayLike, outcome: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Mean place, mean outcome and its standard error in fifths of the worlds, or at each value if there are few.

    Examples
    --------
    >>> at, mean, _ = by_parts([0, 0, 1, 1], [0.1, 0.3, 0.5, 0.7])
    >>> at.tolist(), mean.round(3).tolist()
    ([0.0, 1.0], [0.2, 0.6])
    """
    place, value = np.asarray(values, np.float64), np.asarray(outcome, np.float64)
    kept = np.isfinite(value) & np.isfinite(place)
    place, value = place[kept], value[kept]
    distinct = np.unique(place)
    if distinct.size <= PARTS + 1:
        parts = np.searchsorted(distinct, place)
    else:
        parts = np.searchsorted(np.quantile(place, np.linspace(0.0, 1.0, PARTS + 1)[1:-1]), place, side="right")
    groups = [parts == part for part in np.unique(parts)]
    at = np.array([place[group].mean() for group in groups])
    mean = np.array([value[group].mean() for group in groups])
    se = np.array([value[group].std(ddof=1) / math.sqrt(group.sum()) if group.sum() > 1 else 0.0 for group in groups])
    return at, mean, se
