"""The agents that search on questions that are all alike: what the chance that a call finds the answer decides.

The prior draws that chance once per question, so that it is not a parameter of a world. Here the same worlds are
played with one chance for all questions, at five quantiles of the law from which the prior draws it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import beta

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.mixes import beyond_mix
from budgetsim.reproduce.stopping.replicates import mean
from budgetsim.reproduce.stopping.searching import play_agents
from budgetsim.reproduce.stopping.shares import By, columns, share_of_worlds, signs
from budgetsim.reproduce.world_figures import over_parameters
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import ToolSetting, tool_prior

WORLDS, QUICK_WORLDS = 40, 3
QUANTILES = (0.1, 0.3, 0.5, 0.7, 0.9)
CAPS = (10, 100, 200)
PARAMETERS = ("find_probability", "hazard", "accepts_right", "accepts_wrong")
_OTHERS = ("tracker", "tracker by used", "bats")


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every agent in every world with every chance; a row a world and chance."""
    settings = [
        one for setting in tool_prior(QUICK_WORLDS if quick else WORLDS, seed) for one in with_one_chance(setting)
    ]
    played = play_agents(settings, CAPS, seed=seed, progress=progress)
    react = played["react"]
    table: Table = {
        "find_probability": np.array([setting.world.success_mean for setting in settings]),
        "hazard": np.array([setting.hazard for setting in settings]),
        "accepts_right": np.array([setting.world.accepts_right for setting in settings]),
        "accepts_wrong": np.array([setting.world.accepts_wrong for setting in settings]),
    }
    for name, found in played.items():
        table |= columns(f"{name} 200 less 100", mean(found.accuracy[2] - found.accuracy[1]))
    for name in _OTHERS:
        found = played[name]
        table |= columns(f"{name} 100 less react 100", mean(found.accuracy[1] - react.accuracy[1]))
        gain = beyond_mix(react.calls[1], react.accuracy[1], found.calls, found.accuracy)
        table |= columns(f"react 100 beyond {name}, calls", gain)
    return {name: np.round(column, 5) for name, column in table.items()}


def with_one_chance(setting: ToolSetting) -> list[ToolSetting]:
    """A setting in which all questions have the same chance, for each of `QUANTILES` of the law of the prior."""
    world = setting.world
    law = beta(
        world.success_mean * world.success_concentration, (1.0 - world.success_mean) * world.success_concentration
    )
    alike = [replace(world, success_mean=float(law.ppf(share)), success_concentration=math.inf) for share in QUANTILES]
    return [setting._replace(world=one) for one in alike]


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    chances = ", ".join(f"{chance:.2g}" for chance in np.unique(table["find_probability"]))
    worlds = np.unique(table["hazard"]).size
    where = f"{worlds} worlds of prior tools, each with one chance per call for all its questions, {chances}"
    parameters = {name: table[name] for name in PARAMETERS}
    names = {"tracker": "the tracker (hazard x share left)", "tracker by used": "the tracker (hazard x share used)"}
    for name in _OTHERS:
        gap = f"react 100 beyond {name}, calls"
        yield share_of_worlds(
            f"share of worlds in which {names.get(name, 'BATS')} is not ahead with as many calls as ReAct makes at 100",
            f"{where}; accuracy is then the chance times the mean calls, whoever stops when",
            np.where(signs(table, gap) < 0, -1, 1),
            evidence="derived",
        )
    for name, claim in (
        ("bats 100 less react 100", "share of worlds in which BATS is ahead of ReAct at 100 calls"),
        ("bats 200 less 100", "share of worlds in which BATS gains from twice the calls, 200 after 100"),
    ):
        yield share_of_worlds(
            claim,
            f"{where}; accuracy; mean difference {100.0 * table[name].mean():.1f} points",
            signs(table, name),
            evidence="figure",
            by=By(parameters, table[name]),
        )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """What more calls, and verdicts, are worth by the chance to find something."""
    panels = {
        "chance that a call finds it": table["find_probability"],
        "hazard of stopping per call": table["hazard"],
        "verifier accepts a wrong answer": table["accepts_wrong"],
    }
    lines = {
        "BATS less ReAct": table["bats 100 less react 100"],
        "tracker, share used, less ReAct": table["tracker by used 100 less react 100"],
        "BATS, 200 less 100": table["bats 200 less 100"],
        "ReAct, 200 less 100": table["react 200 less 100"],
    }
    return {"chances": lambda look: over_parameters(look, panels, lines, label="difference of accuracy")}
