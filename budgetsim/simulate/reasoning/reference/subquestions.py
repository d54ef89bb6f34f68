"""One question of `budgetsim.simulate.reasoning.SubQuestions`, in plain Python."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.result import BLOCK
from budgetsim.simulate.reasoning.subquestions import PLAN, SubQuestions


class Solved(NamedTuple):
    """Sub-answers given, and how many of them are wrong."""

    done: int = 0
    wrong: int = 0


class PlainSubQuestions:
    """A question and the shares in which the model divides the tokens of one call."""

    def __init__(self, world: SubQuestions, shares: list[float]) -> None:
        self.world, self.shares = world, shares
        self.root = Solved()
        self.memory: Any = None
        self.delicate = False

    def step(self, uniform: Uniform, state: Solved, hint: int) -> Made:
        """Plan, solve everything, or solve the next sub-question."""
        world = self.world
        if hint == PLAN:
            return Made(None, state, state.done >= world.parts, (world.planner_input, world.planner_output, 1))
        if hint < PLAN:
            tokens = PLAN - 1 - hint if state.done == 0 else 0
            wrong = 0
            for part in range(world.parts if state.done == 0 else 0):
                share = float(np.float32(self.shares[part]) * np.float32(tokens))
                self.delicate |= abs(share - round(share)) < 1e-4
                wrong += self._fails(uniform[part], part, math.floor(share))
            child = Solved(world.parts, wrong) if state.done == 0 else state
        else:
            tokens = hint if state.done < world.parts else 0
            child = state
            if state.done < world.parts:
                child = Solved(state.done + 1, state.wrong + self._fails(uniform[0], state.done, tokens))
        read = world.prompt_tokens if state.done == 0 else world.follow_tokens
        return Made(None, child, child.done >= world.parts, (read, tokens, 1) if tokens else (0, 0, 0))

    def critic(self, uniform: Uniform, state: Solved, child: Solved) -> Judged:
        """Nobody judges."""
        del uniform, state, child
        return Judged(0.0, 0.0, (0, 0, 0))

    def answer(self, uniform: Uniform, state: Solved) -> tuple[int, Costs]:
        """Wrong sub-answers and those not given."""
        del uniform
        return state.wrong + self.world.parts - state.done, (0, 0, 0)

    def _fails(self, uniform: float, part: int, tokens: int) -> bool:
        if tokens == 0:
            return True
        epistemic: float = self.world.initial_uncertainty[part] * tokens ** -self.world.decay_rate[part]
        chance = min(1.0, epistemic + self.world.aleatoric)
        self.delicate |= abs(uniform - chance) < 1e-5 and chance < 1.0
        return uniform < chance


def plain_subquestions(world: SubQuestions, seed: int, problems: int) -> list[PlainSubQuestions]:
    """The first questions that the engine would draw."""
    shares = np.asarray(world.problems(seed, 0, BLOCK).shares, float)
    return [PlainSubQuestions(world, shares[:, index].tolist()) for index in range(problems)]
