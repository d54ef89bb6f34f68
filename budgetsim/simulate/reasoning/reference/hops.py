"""One question of `budgetsim.simulate.reasoning.HopWorld` without prompts, in plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from budgetsim.simulate.reasoning.hops import LARGEST_HOPS, HopWorld
from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.world import WIDEN

NORMAL = NormalDist()


@dataclass(frozen=True)
class Trajectory:
    """Where a chain stands, and what its last step looked like."""

    made: int = 0
    misled: bool = False
    seems: bool = False
    last: str = ""


class PlainHops:
    """A question that needs so many hops; the memory is the last outcome seen from each place."""

    def __init__(self, world: HopWorld, hops: int, progress: float) -> None:
        self.world, self.hops, self.progress = world, hops, progress
        self.root = Trajectory()
        self.memory: dict[tuple[int, bool], str] = {}
        self.delicate = False

    def step(self, uniform: Uniform, state: Trajectory, hint: int) -> Made:
        """One search: what came of it last time from here, or something new."""
        world = self.world
        place = (min(state.made, LARGEST_HOPS), state.misled)
        repeat = _single(world.repeat_widened if hint == WIDEN else world.repeat)
        if place in self.memory and uniform[0] < repeat:
            outcome = self.memory[place]
        elif uniform[1] < _single(world.misleading):
            outcome = "misleading"
        else:
            stuck = state.misled and uniform[3] < _single(world.trapped)
            misleading = np.float32(world.misleading)
            chance = np.float32(0.0) if stuck else np.float32(self.progress) * (np.float32(1.0) - misleading)
            bound = float(misleading + chance)
            self.delicate |= abs(uniform[1] - bound) < 2e-7
            outcome = "progress" if uniform[1] < bound else "redundant"
        child = replace(state, seems=outcome != "redundant", last=outcome)
        if outcome == "progress":
            child = replace(child, made=state.made + 1)
        if outcome == "misleading":
            child = replace(child, misled=True)
        ends = child.made >= self.hops or uniform[2] < _single(world.early_stop)
        costs = (world.demonstration_tokens, _tokens(uniform[4], world.step_tokens), int(world.step_calls))
        return Made({**self.memory, place: outcome}, child, ends, costs)

    def critic(self, uniform: Uniform, state: Trajectory, child: Trajectory) -> Judged:
        """Points for progress that may be fooled, and a score that knows the hops made."""
        world = self.world
        if child.last == "progress" or (child.last == "misleading" and uniform[0] < _single(world.fooled)):
            true = 7.0 / self.hops
        else:
            true = -2.0 if child.last == "misleading" else -0.5
        points = true + world.critic_bias + world.critic_noise * NORMAL.inv_cdf(uniform[1] + 2.0**-25)
        self.delicate |= abs(points - math.floor(points) - 0.5) < 1e-5
        level = 5.5 + 0.25 * (state.made + child.seems) * 7.0 / self.hops
        score = level + world.absolute_noise * NORMAL.inv_cdf(uniform[2] + 2.0**-25)
        costs = (0, _tokens(uniform[3], world.critic_tokens), 0)
        return Judged(min(max(float(round(points)), -4.0), 4.0), min(max(score, 1.0), 10.0) / 10.0, costs)

    def answer(self, uniform: Uniform, state: Trajectory) -> tuple[int, Costs]:
        """Right after all hops, or by luck; else wrong, most often in the same way."""
        costs = (self.world.demonstration_tokens, _tokens(uniform[3], self.world.answer_tokens), 0)
        lucky = float(np.float32(self.world.lucky) * np.float32(state.made))
        if not state.misled and (state.made >= self.hops or uniform[0] < lucky):
            return 0, costs
        return 1 if uniform[1] < _single(0.6) else 1 + int(uniform[2] * 6.0), costs


def _single(number: float) -> float:
    return float(np.float32(number))


def _tokens(uniform: float, low_high: tuple[int, int]) -> int:
    low, high = low_high
    return low + int(uniform * (high - low))
