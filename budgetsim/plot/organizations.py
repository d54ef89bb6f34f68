"""Accuracy over tokens of a single sample, of votes and of trees: theory, simulation and held-out samples."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from budgetsim.plot.labels import accuracy_limits, along, budget_line, place_labels, power, shorten, token_axis
from budgetsim.plot.style import Theme, settle, themed

#: Error bars reach this many standard errors.
STANDARD_ERRORS = 2.0
_NAMES = {
    "single": "single sample",
    "votes": "plurality vote of k samples",
    "tree": "majority tree, fan-in to the power of depth",
}
_MARKERS = {"single": "s", "votes": "o", "tree": "^"}


def organizations(curves: xr.Dataset, *, budget: float | None = None, theme: str = "light") -> Figure:
    """Accuracy of the organizations of one configuration over the tokens they spend on a problem.

    Parameters
    ----------
    curves
        Along ``point``: coordinates ``kind`` (``"single"``, ``"votes"`` or ``"tree"``), ``organization``, ``leaves``,
        ``tokens``; variables ``theory``, ``simulated``, ``simulated_se``, ``observed``, ``observed_se``, NaN where not
        known; as :func:`budgetsim.planning.organization_curves` gives them.
    budget
        Tokens per problem, drawn as a vertical line.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    matplotlib.figure.Figure
        Lines are theory, filled marks simulation, crosses held-out samples; error bars are two standard errors.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    with themed(theme) as look:
        figure = Figure(figsize=(8.4, 4.9), layout="constrained")
        axes = figure.subplots()
        tokens = np.asarray(curves["tokens"], float)
        extremes = [*tokens, *([] if budget is None else [budget])]
        token_axis(axes, min(extremes) / 1.25, max(extremes) * 1.25)
        axes.set_ylim(*_limits(curves))
        kinds = [kind for kind in _NAMES if (curves["kind"] == kind).any()]
        avoid = [_draw(figure, curves, kind, look) for kind in kinds]
        axes.set_ylabel("accuracy")
        if budget is not None:
            budget_line(axes, budget, look)
            avoid.append(along([budget, budget], axes.get_ylim(), axes))
        title = " · ".join(
            shorten(curves.attrs[name], 40) for name in ("task", "strategy", "model") if curves.attrs.get(name)
        )
        axes.set_title(title, pad=20 if budget is not None else 6)
        figure.legend(handles=_handles(curves, kinds, look), loc="outside lower left", ncols=3, columnspacing=1.6)
        settle(figure)
        place_labels(axes, _labels(curves, look), np.concatenate(avoid))
    return figure


def _limits(curves: xr.Dataset) -> tuple[float, float]:
    values = [np.asarray(curves["theory"], float)]
    for name in ("simulated", "observed"):
        error = STANDARD_ERRORS * curves[f"{name}_se"]
        values += [np.asarray(curves[name] - error, float), np.asarray(curves[name] + error, float)]
    return accuracy_limits(*values)


def _draw(figure: Figure, curves: xr.Dataset, kind: str, look: Theme) -> NDArray[np.float64]:
    """Draw one kind; returns the points that labels should leave visible."""
    axes = figure.axes[0]
    part = curves.isel(point=np.flatnonzero(np.asarray(curves["kind"] == kind))).sortby("tokens")
    color = look.kinds[kind]
    tokens, theory = (np.asarray(part[name], float) for name in ("tokens", "theory"))
    if kind == "single":  # carried on to the right, as what every other organization has to beat
        line = (np.array([tokens[0], axes.get_xlim()[1]]), theory[[0, 0]])
        axes.plot(*line, color=color, linewidth=1.2, linestyle=(0, (1, 1.5)), gid=f"theory-{kind}")
    else:
        line = (tokens, theory)
        axes.plot(*line, color=color, gid=f"theory-{kind}")
    avoid = [along(*line, axes)]
    for name, mark, size, width, layer in (
        ("observed", "x", 5.5, 1.0, 3.0),
        ("simulated", _MARKERS[kind], 4.5, 1.4, 4.0),
    ):
        known = np.isfinite(part[name].values)
        where, mean = tokens[known], part[name].values[known]
        error = STANDARD_ERRORS * part[f"{name}_se"].values[known]
        faint = 0.8 if name == "observed" else 1.0
        axes.errorbar(
            where,
            mean,
            yerr=error,
            fmt=mark,
            markersize=size,
            color=color,
            elinewidth=width,
            alpha=faint,
            zorder=layer,
            label=f"{name} {kind}",
        )
        avoid += [along([x, x], [y - e, y + e], axes) for x, y, e in zip(where, mean, error, strict=True)]
    return np.concatenate(avoid)


def _labels(curves: xr.Dataset, look: Theme) -> list[tuple[float, float, str, str]]:
    """Trees first, then votes from the ends inwards: where room is short, middle numbers of votes go unlabelled."""
    trees, votes = [], []
    columns = ("kind", "organization", "leaves", "tokens", "theory")
    rising = curves.sortby("tokens")
    for kind, organization, leaves, tokens, theory in zip(*(rising[name].values for name in columns), strict=True):
        place = (float(tokens), float(theory))
        if kind == "tree":
            shape = str(organization).rsplit(" ", 1)[-1].split("^")
            trees.append((*place, power(int(shape[0]), int(shape[-1])), look.kinds["tree"]))
        elif kind == "votes":
            votes.append((*place, f"{leaves}", look.kinds["votes"]))
    if votes:
        x, y, text, color = votes[0]
        votes[0] = (x, y, f"k = {text}", color)
    ends = votes[:1] + votes[-1:] if len(votes) > 1 else votes
    return [*trees, *ends, *votes[1:-1]]


def _handles(curves: xr.Dataset, kinds: list[str], look: Theme) -> list[Line2D]:
    styles = {"single": (0, (1, 1.5))}
    handles = [
        Line2D([], [], color=look.kinds[kind], linestyle=styles.get(kind, "-"), label=_NAMES[kind], linewidth=1.8)
        for kind in kinds
    ]
    handles.append(Line2D([], [], color=look.muted, label="lines: theory from the calibration"))
    for name, mark, text in (
        ("simulated", "o", "simulated, ± 2 s.e."),
        ("observed", "x", "held-out samples, ± 2 s.e."),
    ):
        if np.isfinite(curves[name]).any():
            handles.append(Line2D([], [], color=look.muted, marker=mark, markersize=5, linestyle="", label=text))
    return handles
