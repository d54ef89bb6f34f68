"""Whether agents that search get better with more calls allowed, and who is more accurate at the same cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import MARKERS, Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.mixes import beyond_mix
from budgetsim.reproduce.stopping.replicates import mean
from budgetsim.reproduce.stopping.searching import Played, play_agents
from budgetsim.reproduce.stopping.shares import (
    columns,
    deciders,
    lowest_fifth,
    over_worlds,
    share_of_worlds,
    signs,
    tally,
)
from budgetsim.reproduce.verdicts import number
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import tool_prior
from budgetsim.simulate.reasoning.tool_prior import CAPS

WORLDS, QUICK_WORLDS = 200, 16
PARAMETERS = ("hazard", "accepts_right", "accepts_wrong")
ALL_CAPS = (1, 3, 5, *CAPS)
"""The prior's caps, and small ones that enter mixes only: without them an agent could not spend little."""

# Whose accuracy is compared at one cap: the paper's orders, and the tenth of a budget that it names.
COMPARED = (
    *(("tracker", 100, "react", 100), ("tracker by used", 100, "react", 100)),
    *(("bats", 100, "tracker", 100), ("bats", 100, "tracker by used", 100)),
    *(("tracker", 10, "react", 100), ("tracker by used", 10, "react", 100), ("bats", 10, "react", 100)),
)
# Whose accuracy is compared with the best mix of the other's caps at the same cost.
AT_COST = (
    *(("react", agent, 100) for agent in ("tracker", "tracker by used", "bats")),
    *(("react", "bats", 10), ("bats", "tracker by used", 100)),
)
_BEFORE, _LAST = CAPS[-2], CAPS[-1]


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every agent under every cap in every world; a row a world."""
    settings = tool_prior(QUICK_WORLDS if quick else WORLDS, seed)
    played = play_agents(settings, ALL_CAPS, seed=seed, progress=progress)
    table = {
        "hazard": np.array([setting.hazard for setting in settings]),
        "accepts_right": np.array([setting.world.accepts_right for setting in settings]),
        "accepts_wrong": np.array([setting.world.accepts_wrong for setting in settings]),
        **compared(played),
    }
    return {name: np.round(column, 4) for name, column in table.items()}


def compared(played: Mapping[str, Played]) -> Table:
    """The columns of what was played under `ALL_CAPS`."""
    place = {cap: number for number, cap in enumerate(ALL_CAPS)}
    table: Table = {}
    for name, found in played.items():
        table |= {f"accuracy {name} {cap}": found.accuracy[place[cap]].mean(axis=1) for cap in CAPS}
        table |= {f"cents {name} {cap}": found.cents[place[cap]].mean(axis=1) for cap in CAPS}
        growth = found.accuracy[place[_LAST]] - found.accuracy[place[_BEFORE]]
        table |= columns(f"{name} {_LAST} less {_BEFORE}", mean(growth))
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


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    yield from _growth(table)
    yield from _at_one_cap(table)
    yield from _at_one_cost(table)


def _where(table: Table) -> str:
    return f"prior tools, {table['hazard'].size} worlds"


def _decided(table: Table, name: str, *, verified: bool) -> str:
    found = {parameter: table[parameter] for parameter in (PARAMETERS if verified else PARAMETERS[:1])}
    return deciders(found, table[name])


_NAMES = {
    "react": "ReAct",
    "tracker": "the tracker (hazard x share left)",
    "tracker by used": "the tracker (hazard x share used)",
    "bats": "BATS",
}


def _growth(table: Table) -> Iterator[Claim]:
    where = f"{_where(table)}; from {_BEFORE} to {_LAST} calls"
    still = f"react {_LAST} less {_BEFORE}"
    flat = np.where(signs(table, still) > 0, -1, 1)
    yield share_of_worlds(
        "share of worlds in which ReAct gains nothing from twice the calls",
        f"{where}, no gain by two standard errors",
        tally(flat),
        evidence="figure",
        decided=_decided(table, still, verified=False),
    )
    value, se = over_worlds(100.0 * table[still])
    yield number(
        "points of accuracy that ReAct gains from twice the calls, mean over worlds",
        f"{where}; printed for Pro, BrowseComp",
        theirs="0.0",
        ours=value,
        se=se,
        evidence="figure",
    )
    risk = table["hazard"] * table["accepts_wrong"]
    for name in ("tracker", "tracker by used", "bats"):
        grown = f"{name} {_LAST} less {_BEFORE}"
        sign = signs(table, grown)
        saved = bool(np.mean(sign[lowest_fifth(risk)] > 0) > 0.95) if name == "bats" else False
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[name]} gains from twice the calls",
            f"{where}; mean gain {100.0 * table[grown].mean():.2f} points",
            tally(sign),
            evidence="figure",
            decided=_decided(table, grown, verified=name == "bats"),
            only_if=(
                "wrong answers are seldom proposed and accepted (lowest fifth of hazard x false acceptance)",
                saved,
            ),
        )


def _at_one_cap(table: Table) -> Iterator[Claim]:
    for first, cap, second, other in COMPARED:
        name = f"{first} {cap} less {second} {other}"
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[first]} at {cap} calls is ahead of {_NAMES[second]} at {other}",
            f"{_where(table)}; accuracy; mean difference {100.0 * table[name].mean():.1f} points",
            tally(signs(table, name)),
            evidence="sourced",
            decided=_decided(table, name, verified="bats" in (first, second)),
        )


def _at_one_cost(table: Table) -> Iterator[Claim]:
    dear = f"{_where(table)}; accuracy against the best mix of caps that costs no more on average"
    for agent, cap in (("tracker", 100), ("tracker by used", 100), ("bats", 100), ("bats", 10)):
        name = f"react {cap} beyond {agent}"
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[agent]} is ahead at what ReAct spends at {cap} calls",
            f"{dear}; mean difference {-100.0 * table[name].mean():.2f} points",
            tally(-signs(table, name)),
            evidence="figure",
            decided=_decided({**table, name: -table[name]}, name, verified=agent == "bats"),
        )
    name = "react 100 beyond bats, calls"
    yield share_of_worlds(
        "share of worlds in which BATS is ahead with as many calls as ReAct makes at 100, verdicts free",
        f"{_where(table)}; accuracy; mean difference {-100.0 * table[name].mean():.2f} points",
        tally(-signs(table, name)),
        evidence="figure",
    )
    name = "bats 100 beyond tracker by used"
    yield share_of_worlds(
        f"share of worlds in which BATS at 100 calls is ahead of {_NAMES['tracker by used']} at the same cost",
        f"{dear}; mean difference {100.0 * table[name].mean():.2f} points",
        tally(signs(table, name)),
        evidence="derived",
        decided=_decided(table, name, verified=True),
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Accuracy over calls and over cost, the shares of worlds, and what the leads depend on."""
    rows = {
        f"ReAct, {_LAST} over {_BEFORE} calls": f"react {_LAST} less {_BEFORE}",
        f"tracker, share left, {_LAST} over {_BEFORE}": f"tracker {_LAST} less {_BEFORE}",
        f"tracker, share used, {_LAST} over {_BEFORE}": f"tracker by used {_LAST} less {_BEFORE}",
        f"BATS, {_LAST} over {_BEFORE}": f"bats {_LAST} less {_BEFORE}",
        "tracker, share left, over ReAct, 100 calls": "tracker 100 less react 100",
        "tracker, share used, over ReAct, 100 calls": "tracker by used 100 less react 100",
        "BATS over tracker, share left, 100 calls": "bats 100 less tracker 100",
        "BATS over tracker, share used, 100 calls": "bats 100 less tracker by used 100",
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
        f"BATS, {_LAST} less {_BEFORE} calls": table[f"bats {_LAST} less {_BEFORE}"],
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
    for number_, (agent, label) in enumerate(_NAMES.items()):
        style = {"color": look.cycle[number_], "marker": MARKERS[number_], "markersize": 5.0, "label": label}
        accuracy = [over_worlds(table[f"accuracy {agent} {cap}"]) for cap in CAPS]
        height, error = zip(*accuracy, strict=True)
        spent = [over_worlds(table[f"cents {agent} {cap}"])[0] for cap in CAPS]
        left.errorbar(CAPS, height, yerr=2.0 * np.array(error), capsize=2.0, **style)
        right.plot(spent, height, **style)
    left.set_xscale("log")
    left.set_xticks(CAPS, [str(cap) for cap in CAPS])
    left.minorticks_off()
    left.set(xlabel="calls allowed", ylabel="accuracy, mean over worlds", title="Who uses more calls")
    right.set(xlabel="spent on a question, US cents", title="What accuracy costs")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
