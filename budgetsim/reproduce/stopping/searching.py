"""The agents of the tool study: who they are, what they pay, and how they are played under caps on their calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.stopping.replicates import Runs, play
from budgetsim.simulate.reasoning import (
    Bats,
    Budget,
    BudgetTracker,
    Policy,
    Prices,
    ReAct,
    ToolSetting,
)

AGENTS: Mapping[str, Callable[[ToolSetting], Policy]] = {
    "react": lambda setting: ReAct(hazard=setting.hazard),
    "tracker": lambda setting: BudgetTracker(hazard=setting.hazard),
    "tracker by used": lambda setting: BudgetTracker(hazard=setting.hazard, by_used=True),
    "bats": lambda setting: Bats(hazard=setting.hazard),
    "bats to the end": lambda setting: Bats(hazard=setting.hazard, stops=False, judge=setting.judge),
}
"""By name: stops by habit; its habit weakens with the share of the budget left, or used; verifies and starts again,
until an answer is accepted or until no call is left."""

PRICES = Prices(input_token=1.25e-6, output_token=10e-6, call=1e-3)
"""US dollars, declared before anything was played; the price of a call is the paper's."""


class Played(NamedTuple):
    """What agents achieved under every cap; each part is [caps, worlds, replicates]."""

    accuracy: NDArray[np.float64]
    cents: NDArray[np.float64]
    calls: NDArray[np.float64]


def play_agents(
    settings: Sequence[ToolSetting], caps: Sequence[int], *, seed: int, progress: Callable[[float], None]
) -> dict[str, Played]:
    """Every agent under every cap, all on the same questions."""
    worlds = [setting.world for setting in settings]
    played = {}
    for place, (name, agent) in enumerate(AGENTS.items()):
        policies = [agent(setting) for setting in settings]
        runs = []
        for number, cap in enumerate(caps):
            # One size of tree for all caps, so that all caps are one compiled run.
            runs.append(play(worlds, policies, Budget(calls=cap), seed=seed, nodes=2 * max(caps) + 2))
            progress((place * len(caps) + number + 1) / (len(AGENTS) * len(caps)))
        played[name] = Played(*(np.stack(part) for part in zip(*map(_achieved, runs), strict=True)))
    return played


def _achieved(run: Runs) -> tuple[NDArray[np.float64], ...]:
    dollars = PRICES.input_token * run.input_tokens + PRICES.output_token * run.output_tokens + PRICES.call * run.calls
    return run.accuracy, 100.0 * dollars, run.calls
