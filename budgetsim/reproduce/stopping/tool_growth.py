"""Whether agents that search get better with more calls allowed, and who is more accurate at the same cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.stopping.mixes import beyond_mix
from budgetsim.reproduce.stopping.replicates import mean
from budgetsim.reproduce.stopping.searching import Played, play_agents
from budgetsim.reproduce.stopping.shares import (
    columns,
    over_worlds,
    signs,
    tally,
)
from budgetsim.reproduce.stopping.tool_claims import AFTER, AT_COST, BEFORE, COMPARED, NAMES, claims
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import tool_prior
from budgetsim.simulate.reasoning.tool_prior import CAPS

__all__ = ["claims", "draw", "measure"]

WORLDS, QUICK_WORLDS = 200, 16
CENTS = (3, 10, 30, 100)  # ticks of the figure
ALL_CAPS = (1, 3, 5, *CAPS)
"""The prior's caps, and small ones that enter mixes only: without them an agent could not spend little."""


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every agent under every cap in every world; a row a world."""
    settings = tool_prior(QUICK_WORLDS if quick else WORLDS, seed)
    played = play_agents(settings, ALL_CAPS, seed=seed, progress=progress)
    table = {
        "hazard": np.array([setting.hazard for setting in settings]),
        "accepts_right": np.array([setting.world.accepts_right for setting in settings]),
        "accepts_wrong": np.array([setting.world.accepts_wrong for setting in settings]),
        "judge": np.array([setting.judge for setting in settings]),
        **compared(played),
    }
    return {name: np.round(column, 5) for name, column in table.items()}


def compared(played: Mapping[str, Played]) -> Table:
    """The columns of what was played under `ALL_CAPS`."""
    place = {cap: number for number, cap in enumerate(ALL_CAPS)}
    table: Table = {}
    for name, found in played.items():
        table |= {f"accuracy {name} {cap}": found.accuracy[place[cap]].mean(axis=1) for cap in CAPS}
        table |= {f"cents {name} {cap}": found.cents[place[cap]].mean(axis=1) for cap in CAPS}
        growth = found.accuracy[place[AFTER]] - found.accuracy[place[BEFORE]]
        table |= columns(f"{name} {AFTER} less {BEFORE}", mean(growth))
    for first, cap, second, other in COMPARED:
        gap = played[first].accuracy[place[cap]] - played[second].accuracy[place[other]]
        table |= columns(f"{first} {cap} less {second} {other}", mean(gap))
    for first, second, cap in AT_COST:
        ours, theirs = played[first], played[second]
        gain = beyond_mix(ours.cents[place[cap]], ours.accuracy[place[cap]], theirs.cents, theirs.accuracy)
        table |= columns(f"{first} {cap} beyond {second}", gain)
    ours, theirs = played["react"], played["bats"]
    gain = beyond_mix(ours.calls[place[100]], ours.accuracy[place[100]], theirs.calls, theirs.accuracy)
    return table | columns("react 100 beyond bats, calls", gain)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Accuracy over calls and over cost, the shares of worlds, and what the leads depend on."""
    rows = {
        f"ReAct, {AFTER} over {BEFORE} calls": f"react {AFTER} less {BEFORE}",
        f"tracker, share left, {AFTER} over {BEFORE}": f"tracker {AFTER} less {BEFORE}",
        f"tracker, share used, {AFTER} over {BEFORE}": f"tracker by used {AFTER} less {BEFORE}",
        f"BATS, {AFTER} over {BEFORE}": f"bats {AFTER} less {BEFORE}",
        f"BATS to the end, {AFTER} over {BEFORE}": f"bats to the end {AFTER} less {BEFORE}",
        "tracker, share left, over ReAct, 100 calls": "tracker 100 less react 100",
        "tracker, share used, over ReAct, 100 calls": "tracker by used 100 less react 100",
        "BATS over tracker, share left, 100 calls": "bats 100 less tracker 100",
        "BATS over tracker, share used, 100 calls": "bats 100 less tracker by used 100",
        "BATS to the end over BATS, 100 calls": "bats to the end 100 less bats 100",
        "BATS to the end over BATS, at its cost": "bats to the end 100 beyond bats",
        "tracker, share left, at 10 over ReAct at 100": "tracker 10 less react 100",
        "tracker, share used, at 10 over ReAct at 100": "tracker by used 10 less react 100",
        "BATS at 10 over ReAct at 100": "bats 10 less react 100",
        "BATS over tracker, share used, cost of BATS at 100": "bats 100 beyond tracker by used",
    }
    bars = {label: tally(signs(table, name)) for label, name in rows.items()}
    turned = {
        "tracker, share left, over ReAct, cost of ReAct at 100": "react 100 beyond tracker",
        "tracker, share used, over ReAct, cost of ReAct at 100": "react 100 beyond tracker by used",
        "BATS over ReAct, cost of ReAct at 100": "react 100 beyond bats",
        "BATS over ReAct, cost of ReAct at 10": "react 10 beyond bats",
    }
    bars |= {label: tally(-signs(table, name)) for label, name in turned.items()}
    panels = {
        "hazard of stopping per call": table["hazard"],
        "verifier accepts a right answer": table["accepts_right"],
        "verifier accepts a wrong answer": table["accepts_wrong"],
    }
    lines = {
        f"BATS, {AFTER} less {BEFORE} calls": table[f"bats {AFTER} less {BEFORE}"],
        "BATS less tracker, share used, 100 calls": table["bats 100 less tracker by used 100"],
        "BATS less ReAct, cost of ReAct at 100": -table["react 100 beyond bats"],
    }
    return {
        "growth": lambda look: _curves(look, table),
        "shares": lambda look: share_bars(look, bars, "Accuracy"),
        "parameters": lambda look: over_parameters(look, panels, lines, label="difference of accuracy"),
    }


def _curves(look: Theme, table: Table) -> Figure:
    figure = Figure(figsize=(8.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for number_, (agent, label) in enumerate(NAMES.items()):
        style = {"color": look.cycle[number_], "marker": MARKERS[number_], "markersize": 5.0, "label": label}
        accuracy = [over_worlds(table[f"accuracy {agent} {cap}"]) for cap in CAPS]
        height, error = zip(*accuracy, strict=True)
        spent = [over_worlds(table[f"cents {agent} {cap}"])[0] for cap in CAPS]
        left.errorbar(CAPS, height, yerr=2.0 * np.array(error), capsize=2.0, **style)
        right.plot(spent, height, **style)
    left.set_xscale("log")
    left.set_xticks(CAPS, [str(cap) for cap in CAPS])
    right.set_xscale("log")
    right.set_xticks(CENTS, [str(cents) for cents in CENTS])
    for axes in (left, right):
        axes.minorticks_off()
    left.set(xlabel="calls allowed", ylabel="accuracy, mean over worlds", title="Who uses more calls")
    right.set(xlabel="spent on a question, US cents", title="What accuracy costs")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
