"""One question of `budgetsim.simulate.reasoning.SearchWorld`, in plain Python."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.result import BLOCK
from budgetsim.simulate.reasoning.searches import BROWSE, JUDGE, VERIFY, SearchWorld

NORMAL = NormalDist()


class PlainSearches:
    """A question whose answer a call finds with a probability; the state is whether it was found."""

    def __init__(self, world: SearchWorld, success: float) -> None:
        self.world, self.success, self.delicate = world, success, False
        self.root = False
        self.memory: Any = None

    def step(self, uniform: Uniform, state: bool, hint: int) -> Made:
        """A verdict, a comparison, a page or a search."""
        world = self.world
        if hint == VERIFY:
            accepts = float(np.float32(world.accepts_right if state else world.accepts_wrong))
            return Made(None, state, uniform[0] < accepts, (world.verify_input, world.verify_output, 0))
        if hint == JUDGE:
            return Made(None, state, state, (world.judge_input, world.judge_output, 0))
        factor = math.exp(world.call_spread * NORMAL.inv_cdf(uniform[1] + 2.0**-25) - 0.5 * world.call_spread**2)
        if hint == BROWSE:
            chance = float(np.float32(self.success) * np.float32(world.browse_gain))
            found = state or uniform[0] < chance
            return Made(None, found, found, (*self._drawn(factor, world.browse_input, world.browse_output), 0, 1))
        found = state or uniform[0] < self.success
        return Made(None, found, found, (*self._drawn(factor, world.search_input, world.search_output), 1))

    def _drawn(self, factor: float, *tokens: int) -> tuple[int, ...]:
        """Tokens of a call; a product near a half might be rounded either way with 24 bits."""
        drawn = [count * factor for count in tokens]
        self.delicate |= any(abs(count - math.floor(count) - 0.5) < 2e-6 * (1.0 + count) for count in drawn)
        return tuple(round(count) for count in drawn)

    def critic(self, uniform: Uniform, state: bool, child: bool) -> Judged:
        """Nobody judges single calls."""
        del uniform, state, child
        return Judged(0.0, 0.0, (0, 0, 0))

    def answer(self, uniform: Uniform, state: bool) -> tuple[int, Costs]:
        """Right if found."""
        del uniform
        return 0 if state else 1, (self.world.answer_input, self.world.answer_output, 0)


def plain_searches(world: SearchWorld, seed: int, problems: int) -> list[PlainSearches]:
    """The first questions that the engine would draw."""
    success = np.asarray(world.problems(seed, 0, BLOCK).success, float)
    return [PlainSearches(world, float(chance)) for chance in success[:problems]]
