"""How good one sample is and how samples of a problem hang together, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from budgetsim.plot.labels import Namer, shorten
from budgetsim.plot.style import MARKERS, Theme, settle, themed

#: Up to here every group has a row of its own; beyond, each is a cross in one plane.
MOST_ROWS = 60


def groups(calibration: Mapping[str, Any], *, theme: str = "light") -> Figure:
    """Accuracy of one sample and intra-problem correlation of every group, with 90% intervals.

    Parameters
    ----------
    calibration
        Plain data of :class:`budgetsim.calibrate.Calibration`.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    matplotlib.figure.Figure
        A row for every group under its task; for more than ``MOST_ROWS`` groups correlation over accuracy instead.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    rows = sorted(calibration["groups"], key=lambda row: str(row["task"]))  # stable: groups keep their order in a task
    with themed(theme) as look:
        return settle(_rows(rows, look) if len(rows) <= MOST_ROWS else _plane(rows, look))


def _rows(rows: list[Mapping[str, Any]], look: Theme) -> Figure:
    namer = Namer(rows)
    places: list[float] = []
    ticks: list[tuple[float, str]] = []
    heads: list[float] = []
    slot = 0.0
    for k, row in enumerate(rows):
        if k == 0 or row["task"] != rows[k - 1]["task"]:
            slot += 0.4 if k else 0.0
            ticks.append((slot, shorten(row["task"] or "one task", 34)))
            heads.append(slot)
            slot += 1
        places.append(slot)
        ticks.append((slot, namer(row)))
        slot += 1
    figure = Figure(figsize=(8.4, 1.35 + 0.19 * slot), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    within = [(place, row) for place, row in zip(places, rows, strict=True) if row["correlation_within"] is not None]
    _intervals(left, places, [row["accuracy"] for row in rows], look.cycle[0], "accuracy", "o")
    _intervals(right, places, [row["correlation_total"] for row in rows], look.cycle[1], "total", "o")
    # A little lower, so that two intervals of a row do not hide each other.
    lower = [place + 0.3 for place, _ in within]
    _intervals(right, lower, [row["correlation_within"] for _, row in within], look.cycle[2], "within", "D")
    left.set_yticks([place for place, _ in ticks], [text for _, text in ticks])
    for place, label in zip((place for place, _ in ticks), left.get_yticklabels(), strict=True):
        if place in heads:
            label.set_fontweight("bold")
    left.set_ylim(slot - 0.2, -0.8)
    for axes in (left, right):
        axes.set_xlim(-0.02, 1.02)
        axes.yaxis.grid(False)
        for place in heads[1:]:
            axes.axhline(place - 0.7, color=look.grid, linewidth=0.8)
    left.set_title("accuracy of one sample")
    right.set_title("intra-problem correlation")
    left.set_xlabel("share of right answers")
    right.set_xlabel("share of the variance of correctness")
    handles = [
        Line2D([], [], color=look.cycle[1], marker="o", markersize=4.5, label="total"),
        Line2D([], [], color=look.cycle[2], marker="D", markersize=3.5, label="among equally hard problems"),
    ]
    figure.legend(handles=handles[: 2 if within else 1], loc="outside lower right", ncols=2)
    if namer.shared:
        figure.text(0.008, 0.004, namer.shared, color=look.muted, fontsize=8, va="bottom").set_in_layout(False)
    return figure


def _intervals(
    axes: Axes, places: list[float], values: list[Mapping[str, float]], color: str, label: str, marker: str
) -> None:
    if not places:
        return
    value, low, high = (np.array([interval[k] for interval in values], float) for k in ("value", "low", "high"))
    axes.errorbar(
        value,
        places,
        xerr=np.maximum([value - low, high - value], 0.0),
        fmt=marker,
        markersize=4.5 if marker == "o" else 3.5,
        elinewidth=1.6 if marker == "o" else 1.0,
        color=color,
        label=label,
        zorder=3,
    )


def _plane(rows: list[Mapping[str, Any]], look: Theme) -> Figure:
    """Correlation over accuracy; coloured by the finest attribute that still has a colour for every value."""
    figure = Figure(figsize=(8.4, 5.6), layout="constrained")
    axes = figure.subplots()
    by = next(
        (name for name in ("task", "model", "strategy") if 1 < len({row[name] for row in rows}) <= len(look.cycle)),
        None,
    )
    values = list(dict.fromkeys("all groups" if by is None else str(row[by]) for row in rows))
    for k, wanted in enumerate(values):
        part = [row for row in rows if by is None or str(row[by]) == wanted]
        accuracy, total = (_bars(part, name) for name in ("accuracy", "correlation_total"))
        axes.errorbar(
            accuracy[0],
            total[0],
            xerr=accuracy[1],
            yerr=total[1],
            fmt=MARKERS[k],
            markersize=4,
            elinewidth=0.7,
            color=look.cycle[k],
            alpha=0.65,
            label=shorten(wanted or f"no {by}", 34),
            zorder=3,
        )
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xlabel("accuracy of one sample")
    axes.set_ylabel("total intra-problem correlation")
    axes.set_title(f"{len(rows)} groups, with 90% intervals")
    if by is not None:
        figure.legend(loc="outside right upper", title=by, alignment="left")
    return figure


def _bars(rows: list[Mapping[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    value, low, high = (np.array([row[name][k] for row in rows], float) for k in ("value", "low", "high"))
    return value, np.maximum([value - low, high - value], 0.0)
