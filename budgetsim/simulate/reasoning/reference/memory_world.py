"""One query of `budgetsim.simulate.reasoning.MemoryWorld`, in plain Python, and twins of `TierPlan` and `TierLaw`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.memory_world import MemoryWorld
from budgetsim.simulate.reasoning.policies.tier_law import TierLaw
from budgetsim.simulate.reasoning.policies.tier_plan import TierPlan
from budgetsim.simulate.reasoning.reference.desk import ROOT, Costs, Desk, Judged, Made, Uniform
from budgetsim.simulate.reasoning.result import BLOCK

CHOICE = 0  # purpose of the numbers with which a strategy chooses
LAST_MODULE = 5


class Prepared(NamedTuple):
    """Modules that have worked, and the quality so far."""

    done: int
    quality: float


class PlainQuery:
    """A query with what it makes of every module, and the quality above which its answer is right."""

    def __init__(self, world: MemoryWorld, looks: list[float], threshold: float) -> None:
        self.world, self.looks, self.threshold = world, looks, threshold
        self.root = Prepared(0, world.pipeline.base_quality)
        self.memory: Any = None
        self.delicate = False

    def step(self, uniform: Uniform, state: Prepared, hint: int) -> Made:
        """The next module, or nothing after the last one."""
        del uniform
        pipeline, module = self.world.pipeline, state.done
        if module == LAST_MODULE:
            return Made(None, state, True, (0, 0, 0))
        share = (0.0, pipeline.middle_share, 1.0)[hint]
        gain = pipeline.module_gains[module] * share * (1.0 + pipeline.query_noise * self.looks[module])
        tokens = pipeline.module_tokens[module] * pipeline.tier_prices[hint] * self.world.unit_tokens
        self.delicate |= abs(tokens - math.floor(tokens) - 0.5) < 1e-6 * (1.0 + tokens)
        child = Prepared(module + 1, state.quality + gain)
        return Made(None, child, child.done == LAST_MODULE, (0, round(tokens), 1))

    def critic(self, uniform: Uniform, state: Prepared, child: Prepared) -> Judged:
        """Nobody judges."""
        del uniform, state, child
        return Judged(0.0, 0.0, (0, 0, 0))

    def answer(self, uniform: Uniform, state: Prepared) -> tuple[int, Costs]:
        """Right if it is prepared well enough; none while a module is missing."""
        del uniform
        if state.done < LAST_MODULE:
            return -1, (0, 0, 0)
        self.delicate |= abs(state.quality - self.threshold) < 1e-5
        right = self.threshold < min(max(state.quality, 0.0), 1.0)
        return 0 if right else 1, (self.world.answer_input, self.world.answer_output, 0)


def plain_queries(world: MemoryWorld, seed: int, problems: int) -> list[PlainQuery]:
    """The first queries that the engine would draw."""
    looks, threshold = (np.asarray(part, float) for part in world.problems(seed, 0, BLOCK))
    return [PlainQuery(world, looks[:, index].tolist(), float(threshold[index])) for index in range(problems)]


def tier_plan(policy: TierPlan, desk: Desk) -> int:
    """Module after module in its tier."""
    return _walk(desk, lambda module: policy.tiers[module])


def tier_law(policy: TierLaw, desk: Desk) -> int:
    """Module after module in a tier by the law."""

    def drawn(module: int) -> int:
        coin = np.float32(desk.draw(desk.made, CHOICE)[0])
        low, middle, _ = (np.float32(chance) for chance in policy.chances[module])
        if coin < low:
            return 0
        return 1 if coin < low + middle else 2

    return _walk(desk, drawn)


def _walk(desk: Desk, tier: Callable[[int], int]) -> int:
    node = ROOT
    for module in range(LAST_MODULE):
        child = desk.ask(node, tier(module))
        if child is None:
            return -1
        node = child.node
    answer = desk.answer(node)
    return -1 if answer is None else answer
