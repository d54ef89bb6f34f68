"""One question of `budgetsim.simulate.reasoning.SearchWorld`, in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.run import BLOCK
from budgetsim.simulate.reasoning.searches import VERIFY, SearchWorld


class PlainSearches:
    """A question whose answer a call finds with a probability; the state is whether it was found."""

    delicate = False

    def __init__(self, world: SearchWorld, success: float) -> None:
        self.world, self.success = world, success
        self.root = False
        self.memory: Any = None

    def step(self, uniform: Uniform, state: bool, hint: int) -> Made:
        """A verdict or a search."""
        world = self.world
        if hint == VERIFY:
            accepts = float(np.float32(world.accepts_right if state else world.accepts_wrong))
            return Made(None, state, uniform[0] < accepts, (world.verify_input, world.verify_output, 0))
        found = state or uniform[0] < self.success
        return Made(None, found, found, (world.search_input, world.search_output, 1))

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
