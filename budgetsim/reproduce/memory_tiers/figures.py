"""Figures of the trained routers, drawn from the table that is kept."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.memory_tiers.readings import (
    ALIGNED,
    ALONE,
    PRICED,
    REWARDS,
    WEIGHTS,
    cell,
    change,
    features,
    later,
)
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table

TIERS = {"low": "LOW", "middle": "MID", "high": "HIGH"}


def shares_of_tiers(table: Table, reward: str, weight: float, owner: str = "") -> dict[str, np.ndarray]:
    """Share of the modules in each tier [worlds], with alignment; owner "best " for the best plan."""
    high, low = (table[cell(f"{owner}{tier}", reward, ALIGNED, weight)] for tier in ("high", "low"))
    return {"low": low, "middle": 1.0 - high - low, "high": high}


def tiers(table: Table, look: Theme) -> Figure:
    """Shares of the tiers over the weight: trained routers and best plans, graded and judged."""
    figure = Figure(figsize=(8.4, 4.6), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    places = np.arange(len(WEIGHTS))
    for row, reward in zip(panels, REWARDS, strict=True):
        for axes, owner, name in zip(row, ("", "best "), ("trained routers", "best plans"), strict=True):
            floor = np.zeros(places.size)
            for tier, colour in zip(TIERS, (look.grid, look.cycle[4], look.cycle[0]), strict=True):
                height = [float(shares_of_tiers(table, reward, weight, owner)[tier].mean()) for weight in WEIGHTS]
                axes.bar(places, height, bottom=floor, width=0.78, color=colour, edgecolor=look.surface,
                         label=TIERS[tier])  # fmt: skip
                floor = floor + np.array(height)
            axes.set_title(f"{reward} reward, {name}")
            axes.set_xticks(places, [f"{weight:g}" for weight in WEIGHTS])
            axes.set_ylim(0.0, 1.0)
            axes.grid(visible=False)
        row[0].set_ylabel("share of modules")
    for axes in panels[1]:
        axes.set_xlabel("weight of the cost")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=3)
    return figure


def costs(table: Table, look: Theme) -> Figure:
    """Cost over the weight, with alignment and without, beside the best plans without."""
    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, reward in zip(panels, REWARDS, strict=True):
        for number, (alignment, name) in enumerate(((ALIGNED, "aligned"), (ALONE, "not aligned"))):
            columns = [
                table[cell("cost", reward, ALIGNED if weight == 0.0 else alignment, weight)] for weight in WEIGHTS
            ]
            mean = np.array([column.mean() for column in columns])
            se = np.array([column.std(ddof=1) / np.sqrt(column.size) for column in columns])
            axes.errorbar(WEIGHTS, mean, yerr=2.0 * se, color=look.cycle[number], marker=MARKERS[number],
                          markersize=4.5, linewidth=1.5, capsize=2.0, label=f"trained, {name}")  # fmt: skip
            best = [
                table[cell("best cost", reward, ALIGNED if weight == 0.0 else alignment, weight)].mean()
                for weight in WEIGHTS
            ]
            axes.plot(WEIGHTS, best, color=look.cycle[number], linewidth=1.2, linestyle=(0, (4, 3)),
                      label=f"best plan, {name}")  # fmt: skip
        axes.set(title=f"{reward} reward", xlabel="weight of the cost", ylim=(0.0, 1.05))
    panels[0].set_ylabel("cost, of all modules HIGH")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4)
    return figure


def directions(table: Table, look: Theme) -> Figure:
    """In which share of worlds alignment delays the fall to LOW, and in which it hastens it."""
    rows = {f"{reward}, weight {weight:g}": later(table, reward, weight) for reward in REWARDS for weight in PRICED}
    return share_bars(look, rows, "Cost with alignment over cost without")


def decided(table: Table, look: Theme) -> Figure:
    """What the difference that alignment makes depends on."""
    shared = features(table, REWARDS[0])
    del shared["ratio of spreads"]  # not one number of a world: each reward has its own
    series = {reward: np.mean([change(table, reward, weight)[0] for weight in PRICED], axis=0) for reward in REWARDS}
    return over_parameters(look, shared, series, label="cost, aligned less not")
