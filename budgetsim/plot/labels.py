"""Words in figures: short names, numbers people can read, and labels that stay clear of the data and of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

from budgetsim.plot.style import Theme

_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Where a label may stand, in points from its point, best first.
_OFFSETS = [(0, 8), (0, -8), (9, 7), (-9, 7), (9, -7), (-9, -7), (0, 15), (0, -15), (14, 14), (-14, 14), (14, -14)]
_CLEARANCE = 1.5
#: Points closer than this on the screen share one label.
_APART = 24.0
#: Half the size of a mark on the screen.
_MARK = 4.0


def shorten(text: object, most: int) -> str:
    """A name cut in the middle when it is longer than ``most`` characters, on one line.

    Examples
    --------
    >>> shorten("a-very-long-model-name-instruct", 16)
    'a-very-l…nstruct'
    """
    line = " ".join(str(text).split())
    keep = most - 1
    return line if len(line) <= most else f"{line[: keep - keep // 2]}…{line[len(line) - keep // 2 :]}"


def organization_name(kind: str, fan_in: int, depth: int) -> str:
    """Short name of an organization, for a label beside its point.

    Examples
    --------
    >>> organization_name("tree", 3, 2), organization_name("votes", 5, 1), organization_name("single", 1, 0)
    ('tree 3²', '5 votes', 'single')
    """
    if kind == "tree":
        return f"tree {power(fan_in, depth)}"
    return "single" if kind == "single" else f"{fan_in} votes"


def power(fan_in: int, depth: int) -> str:
    """``fan_in`` to the power of ``depth`` in plain characters.

    Examples
    --------
    >>> power(3, 12)
    '3¹²'
    """
    return f"{fan_in}{str(depth).translate(_SUPERSCRIPTS)}"


class Namer:
    """Names configurations by what tells them apart: a model or temperature that all share is left out.

    Examples
    --------
    >>> rows = [{"model": "m", "strategy": strategy, "temperature": 0.8} for strategy in "ab"]
    >>> Namer(rows)(rows[1]), Namer(rows).shared
    ('b', 'm, temperature 0.8')
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._models = len({row["model"] for row in rows}) > 1
        self._temperatures = len({row["temperature"] for row in rows}) > 1
        parts = [] if self._models or not rows or not rows[0]["model"] else [shorten(rows[0]["model"], 48)]
        if rows and not self._temperatures and rows[0]["temperature"] is not None:
            parts.append(f"temperature {rows[0]['temperature']:g}")
        self.shared = ", ".join(parts)

    def __call__(self, row: Mapping[str, Any], most: int = 34) -> str:
        parts = [str(row["strategy"] or "samples")]
        if self._models:
            parts.insert(0, str(row["model"]))
        if self._temperatures and row["temperature"] is not None:
            parts.append(f"{row['temperature']:g}")
        return shorten(" ".join(parts), most)


def token_axis(axes: Axes, low: float, high: float) -> None:
    """A logarithmic axis of tokens from ``low`` to ``high`` with plain numbers."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = np.log10(high / low)
    steps = tuple(range(1, 10)) if decades < 0.7 else (1, 2, 5) if decades < 3.2 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps, numticks=30))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("tokens per problem (log scale)")


def accuracy_limits(*values: ArrayLike) -> tuple[float, float]:
    """Limits of an axis of shares that leave air around all finite values.

    Examples
    --------
    >>> accuracy_limits([0.5, 0.75], [float("nan")])
    (0.47, 0.78)
    """
    every = np.concatenate([np.ravel(np.asarray(value, float)) for value in values])
    every = every[np.isfinite(every)]
    if not len(every):
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    air = max(0.12 * (high - low), 0.02)
    return round(max(low - air, -0.02), 6), round(min(high + air, 1.02), 6)


def budget_line(axes: Axes, budget: float, theme: Theme) -> None:
    """A vertical line at the budget, named above the axes."""
    axes.axvline(budget, color=theme.ink, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1.5, gid="budget")
    low, high = axes.get_xlim()
    place = np.log(budget / low) / np.log(high / low)
    side = "right" if place > 0.85 else "left" if place < 0.15 else "center"
    text = f"budget {budget:,.0f} tokens"
    axes.text(budget, 1.01, text, transform=axes.get_xaxis_transform(), ha=side, va="bottom", fontsize=8.5)


def place_labels(
    axes: Axes, labels: Sequence[tuple[float, float, str, str]], avoid: NDArray[np.float64], *, size: float = 8.0
) -> None:
    """Write labels beside their points where they hide the fewest data; one that finds no place is left out.

    Parameters
    ----------
    axes
        Of a settled figure.
    labels
        Place, text and colour of each, most important first.
    avoid
        Points of the data that should stay visible, shape ``(points, 2)``.
    size
        Of the letters, in points.
    """
    data = axes.transData.transform(avoid[np.isfinite(avoid).all(axis=1)])
    lines = [line.get_xydata() for line in axes.lines if line.get_marker() not in ("", "None", None)]
    marks = np.concatenate([np.asarray(line, float) for line in lines] or [np.empty((0, 2))])
    # A hidden mark is worse than a hidden stretch of line.
    around = _MARK * np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], float)
    data = np.concatenate([data, (axes.transData.transform(marks)[:, None] + around).reshape(-1, 2)])
    inside = axes.get_window_extent()
    taken: list[Bbox] = []
    labelled: list[NDArray[np.float64]] = []
    points = np.asarray(axes.transData.transform([(x, y) for x, y, _, _ in labels] or np.empty((0, 2))), float)
    for (x, y, text, color), point in zip(labels, points, strict=True):
        if any(np.hypot(*(point - other)) < _APART for other in labelled):
            continue
        choices = []
        for rank, (right, up) in enumerate(_OFFSETS):
            note = axes.annotate(
                text,
                (x, y),
                xytext=(right, up),
                textcoords="offset points",
                ha="center" if right == 0 else "left" if right > 0 else "right",
                va="bottom" if up > 0 else "top",
                fontsize=size,
                color=color,
                zorder=5,
            )
            note.set_in_layout(False)
            box = note.get_window_extent()
            note.remove()
            middle = np.array([0.5 * (box.x0 + box.x1), 0.5 * (box.y0 + box.y1)])
            if np.hypot(*(points - middle).T).min() < np.hypot(*(point - middle)) - 1e-6:  # another's, at first sight
                continue
            if any(box.overlaps(other) for other in taken):
                continue
            if box.x0 < inside.x0 or box.x1 > inside.x1 or box.y0 < inside.y0 or box.y1 > inside.y1:
                continue
            room = box.padded(_CLEARANCE)
            hidden = ((data >= room.min) & (data <= room.max)).all(axis=1).sum()
            choices.append((int(hidden), rank, note, box))
        if choices:
            _, _, note, box = min(choices, key=lambda choice: choice[:2])
            axes.add_artist(note)
            labelled.append(point)
            taken.append(box.padded(2.0))


def along(x: ArrayLike, y: ArrayLike, axes: Axes, *, steps: int = 40) -> NDArray[np.float64]:
    """Points along a polyline, straight on the screen, for ``place_labels`` to avoid."""
    corners = axes.transData.transform(np.column_stack([x, y]))
    if len(corners) < 2:
        return np.column_stack([np.ravel(x), np.ravel(y)]).astype(float)
    ends = np.linspace(0.0, 1.0, steps)[:, None]
    pieces = [a + ends * (b - a) for a, b in pairwise(corners)]
    return np.asarray(axes.transData.inverted().transform(np.concatenate(pieces)), float)
