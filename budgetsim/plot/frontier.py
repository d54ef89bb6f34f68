"""How the best choice changes as the budget grows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from budgetsim.plot.labels import (
    Namer,
    accuracy_limits,
    along,
    budget_line,
    organization_name,
    place_labels,
    shorten,
    token_axis,
)
from budgetsim.plot.style import MARKERS, settle, themed

#: How far beyond the budget the last choice is drawn, as a factor.
HORIZON = 4.0


def frontier(task_plan: Mapping[str, Any], budget: float, *, theme: str = "light") -> Figure:
    """Expected accuracy of the best organization over the budget, as a step curve with its 90% band.

    Parameters
    ----------
    task_plan
        Plain data of :class:`budgetsim.planning.TaskPlan`: ``task``, ``best`` and ``frontier``.
    budget
        Tokens per problem, drawn as a vertical line.
    theme
        ``"light"`` or ``"dark"``.

    Returns
    -------
    matplotlib.figure.Figure
        Steps in the colour of the configuration, named where configuration or kind change and at the budget.

    Raises
    ------
    ValueError
        If there is no such theme.
    """
    options = task_plan["frontier"]
    with themed(theme) as look:
        figure = Figure(figsize=(8.4, 4.4), layout="constrained")
        axes = figure.subplots()
        tokens = np.array([option["tokens"] for option in options], float)
        value, low, high = (np.array([option["accuracy"][k] for option in options]) for k in ("value", "low", "high"))
        end = max(HORIZON * budget, float(tokens[-1]) * 1.1)
        token_axis(axes, min(float(tokens[0]), budget) / 1.25, end)
        axes.set_ylim(*accuracy_limits(low, high))
        namer = Namer(options)
        names = [namer(option) for option in options]
        styles = {
            name: (look.cycle[k % len(look.cycle)], MARKERS[k % len(MARKERS)])
            for k, name in enumerate(dict.fromkeys(names))
        }
        stops = np.append(tokens[1:], end)
        avoid = []
        for k, name in enumerate(names):
            color, marker = styles[name]
            across = [tokens[k], stops[k]]
            axes.fill_between(across, low[k], high[k], color=color, alpha=0.14, linewidth=0, gid=f"band-{k}")
            axes.plot(across, value[[k, k]], color=color, solid_capstyle="butt", gid=f"step-{k}")
            axes.plot(tokens[k], value[k], marker, color=color, markersize=4.5, zorder=4)
            avoid.append(along(across, value[[k, k]], axes))
            if k:
                axes.plot(tokens[[k, k]], value[[k - 1, k]], color=look.muted, linewidth=0.8, zorder=1.8)
                avoid.append(along(tokens[[k, k]], value[[k - 1, k]], axes))
        best = task_plan["best"]
        axes.plot(
            best["tokens"],
            best["accuracy"]["value"],
            "o",
            markersize=11,
            markerfacecolor="none",
            markeredgecolor=look.ink,
            markeredgewidth=1.4,
            zorder=5,
            gid="best",
        )
        axes.set_ylabel("expected accuracy")
        axes.set_title(shorten(task_plan["task"], 60), pad=20)
        budget_line(axes, budget, look)
        avoid.append(along([budget, budget], axes.get_ylim(), axes))
        handles = [
            Line2D([], [], color=color, marker=marker, markersize=4.5, label=name)
            for name, (color, marker) in styles.items()
        ]
        handles.append(
            Line2D(
                [],
                [],
                color=look.ink,
                marker="o",
                markersize=9,
                markerfacecolor="none",
                linestyle="",
                label="best within the budget",
            )
        )
        figure.legend(handles=handles, loc="outside lower left", ncols=4 if len(handles) > 3 else len(handles))
        settle(figure)
        place_labels(axes, _labels(options, names, best, {k: v[0] for k, v in styles.items()}), np.concatenate(avoid))
    return figure


def _labels(
    options: list[Mapping[str, Any]], names: list[str], best: Mapping[str, Any], colors: Mapping[str, str]
) -> list[tuple[float, float, str, str]]:
    """The choice at the budget, the last, and each that differs from the one before in configuration or kind."""
    chosen = [k for k, option in enumerate(options) if option == best]
    changes = [
        k
        for k in range(len(options))
        if k == 0 or (names[k], options[k]["kind"]) != (names[k - 1], options[k - 1]["kind"])
    ]
    order = dict.fromkeys([*chosen, len(options) - 1, *changes])
    return [
        (
            float(options[k]["tokens"]),
            float(options[k]["accuracy"]["value"]),
            organization_name(options[k]["kind"], options[k]["fan_in"], options[k]["depth"]),
            colors[names[k]],
        )
        for k in order
    ]
