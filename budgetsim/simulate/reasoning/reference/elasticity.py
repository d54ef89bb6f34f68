"""One question of `budgetsim.simulate.reasoning.ElasticWorld`, in plain Python."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.elasticity import DIRECT, ESTIMATE, FOLLOW, ElasticWorld
from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.result import BLOCK


class Written(NamedTuple):
    """The estimate heard, and the answer given."""

    estimate: int = 0
    answer: int = -1


class PlainElastic:
    """A question with its least sufficient budget, the budget at which the model gives up, and its estimate."""

    def __init__(self, world: ElasticWorld, least: float, collapse: float, estimate: int) -> None:
        self.world, self.least, self.collapse, self.estimate = world, least, collapse, estimate
        self.root = Written()
        self.memory: Any = None
        self.delicate = False

    def step(self, uniform: Uniform, state: Written, hint: int) -> Made:
        """One call."""
        world = self.world
        if hint == ESTIMATE:
            child = Written(self.estimate, -1)
            return Made(None, child, False, (world.prompt_tokens, world.estimator_tokens, 1))
        told = state.estimate if hint == FOLLOW else max(hint, 0)
        if hint == DIRECT:
            length = useful = world.direct_tokens
        elif told == 0:
            length = useful = world.vanilla_tokens
        else:
            chance = 1.0 / (1.0 + (told / self.collapse) ** world.steepness)
            self.delicate |= abs(uniform[0] - chance) < 1e-5
            length = min(world.vanilla_tokens, world.base_tokens + world.tokens_per_budget * told)
            if uniform[0] < chance:
                length = world.collapsed_tokens
            useful = min(told, world.vanilla_tokens)
        right = np.float32(useful) >= np.float32(self.least)
        written = math.floor(length)
        self.delicate |= abs(uniform[1] - (1.0 - (length - written))) < 1e-3 and length != written
        written += uniform[1] >= 1.0 - (length - written)
        child = Written(state.estimate, 0 if right else 1)
        return Made(None, child, True, (world.prompt_tokens, int(written), 1))

    def critic(self, uniform: Uniform, state: Written, child: Written) -> Judged:
        """Nobody judges."""
        del uniform, state, child
        return Judged(0.0, 0.0, (0, 0, 0))

    def answer(self, uniform: Uniform, state: Written) -> tuple[int, Costs]:
        """What was written."""
        del uniform
        return state.answer, (0, 0, 0)


def plain_elastic(world: ElasticWorld, seed: int, problems: int) -> list[PlainElastic]:
    """The first questions that the engine would draw."""
    least, collapse, estimate = (np.asarray(part).tolist() for part in world.problems(seed, 0, BLOCK))
    return [PlainElastic(world, least[index], collapse[index], estimate[index]) for index in range(problems)]
