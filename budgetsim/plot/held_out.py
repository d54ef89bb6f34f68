"""Predictions against what samples showed that the fit never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme, settle, themed

_PANELS = {"pass": "coverage, pass@k", "plurality": "plurality, maj@k"}
_BASELINES = {
    "plugin": ("plug-in frequencies", "v"),
    "beta_binomial": ("beta-binomial, group by group", "D"),
    "carried": ("last value carried forward", "v"),
    "independent": ("independent at the mean", "s"),
}
_OURS = "this calibration, 90% interval"
#: Beyond this many groups marks get smaller and fainter.
_MANY = 60


def held_out(validation: Mapping[str, Any], *, theme: str = "light") -> Figure:
    """Predicted against observed values at the largest k of every group: coverage left, plurality right.

    Parameters
    ----------
    validation
        Plain data of :class:`budgetsim.calibrate.Validation`.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    matplotlib.figure.Figure
        On the diagonal predictions are right; horizontal bars are their 90% intervals, faint marks the baselines.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    with themed(theme) as look:
        figure = Figure(figsize=(8.4, 4.9), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes, metric in zip(panels, _PANELS, strict=True):
            _panel(axes, _last_points(validation["groups"], metric), metric, look)
        found = [axes.get_legend_handles_labels() for axes in panels]
        # One entry for what both panels show; the calibration, drawn last, is named first.
        named = {label: handle for handles, labels in found for handle, label in zip(handles, labels, strict=True)}
        order = sorted(named, key=lambda label: label != _OURS)
        figure.legend([named[label] for label in order], order, loc="outside lower left", ncols=3, columnspacing=1.6)
        return settle(figure)


def _last_points(groups: Sequence[Mapping[str, Any]], metric: str) -> list[Mapping[str, Any]]:
    curves = [[point for point in group["curves"] if point["metric"] == metric] for group in groups]
    return [max(curve, key=lambda point: point["k"]) for curve in curves if curve]


def _panel(axes: Axes, points: list[Mapping[str, Any]], metric: str, look: Theme) -> None:
    title = _PANELS[metric]
    many = len(points) > _MANY
    size = 3.2 if many else 4.8
    axes.plot([0, 1], [0, 1], color=look.muted, linewidth=1.0, zorder=1.5, gid=f"{metric}-diagonal")
    observed = np.array([point["observed"] for point in points])
    names = list(dict.fromkeys(name for point in points for name in point["baselines"]))
    # In one order in both panels, so that a shared baseline keeps its colour.
    for name in sorted(names, key=lambda name: list(_BASELINES).index(name) if name in _BASELINES else -1):
        label, marker = _BASELINES.get(name, (name, "P"))
        color = look.cycle[1 + (list(_BASELINES).index(name) if name in _BASELINES else 4) % (len(look.cycle) - 1)]
        guess = [point["baselines"].get(name, np.nan) for point in points]
        axes.plot(
            guess,
            observed,
            marker,
            markersize=size,
            markerfacecolor="none",
            markeredgecolor=color,
            markeredgewidth=0.9,
            alpha=0.4 if many else 0.6,
            label=label,
            gid=f"{metric}-baseline-{name}",
        )
    if points:
        value, low, high = (np.array([p[k] for p in points]) for k in ("predicted", "predicted_low", "predicted_high"))
        axes.errorbar(
            value,
            observed,
            # An interval of a skewed distribution may leave its mean outside by a rounding error.
            xerr=np.maximum([value - low, high - value], 0.0),
            fmt="o",
            markersize=size,
            color=look.cycle[0],
            markeredgecolor=look.surface,
            markeredgewidth=0.5,
            elinewidth=1.0 if many else 1.5,
            ecolor=look.cycle[0],
            alpha=0.75 if many else 1.0,
            zorder=4,
            label=_OURS,
        )
        ks = sorted({point["k"] for point in points})
        title += f" at k = {ks[0]}" + ("" if len(ks) == 1 else f" to {ks[-1]}")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="predicted", ylabel="observed on all samples")
    axes.set_aspect("equal")
    axes.set_title(title)
