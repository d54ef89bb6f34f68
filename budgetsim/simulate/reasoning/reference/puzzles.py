"""Trees of partial results in plain Python: lists of moves, votes on them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from budgetsim.simulate.reasoning.arithmetic import VOTE_VALUES, ArithmeticWorld
from budgetsim.simulate.reasoning.reference.desk import Costs
from budgetsim.simulate.reasoning.reference.stepwise import Numbers

F = np.float32
PROGRESS = dict(zip(VOTE_VALUES, (-2, -2, -2, -1, 0, 1, 1, 2, 2), strict=True))


@dataclass
class PlainNumbers:
    """A partial result; ``moves_left`` is what is left of the list that was proposed from it."""

    depth: int = 0
    kind: str = "sound"
    moves_left: int = 0
    sure: int | None = None  # the sure move of the list, counted from its end
    listed: bool = False


@dataclass
class PlainPuzzle:
    """One puzzle of an `ArithmeticWorld`."""

    world: ArithmeticWorld

    def root(self) -> PlainNumbers:
        """Nothing done yet."""
        return PlainNumbers()

    def step(
        self, uniform: Numbers, state: PlainNumbers, hint: int
    ) -> tuple[PlainNumbers, bool, Costs, Callable[[], None]]:
        """The next move of the list; where there is none left, a new list."""
        del hint
        world, steps = self.world, len(self.world.branching)
        depth = min(state.depth, steps - 1)
        new_list = state.moves_left == 0
        left, sure = state.moves_left, state.sure
        if new_list:
            left = world.branching[depth]
            lucky = bool(uniform[0] < F(world.found[depth]))
            if state.listed and uniform[4] >= F(world.renewed):
                lucky = state.sure is not None
            sure = 1 + math.floor(uniform[1] * F(left)) if lucky else None
        good = sure is not None and (left == sure or bool(uniform[2] < F(world.more[depth])))
        if state.depth == steps:
            kind = state.kind
        elif state.depth == steps - 1:
            written = "sound" if good and state.kind == "sound" else "counterfeit"
            kind = "dead" if state.kind == "dead" else written
        elif good and state.kind != "dead":
            kind = state.kind
        else:
            kind = "counterfeit" if uniform[3] < F(world.counterfeit[depth]) else "dead"
        child = PlainNumbers(min(state.depth + 1, steps), kind)

        def settle() -> None:
            state.moves_left, state.sure, state.listed = left - 1, sure, True

        costs = self._called(world.proposal_tokens) if new_list else (0, 0, 0)
        return child, child.depth == steps, costs, settle

    def critic(self, uniform: Numbers, state: PlainNumbers, child: PlainNumbers) -> tuple[float, float, Costs]:
        """Three votes."""
        del state
        world, depth = self.world, child.depth - 1
        kinds = np.array(world.votes[depth])
        mean = kinds.mean(axis=0)
        mine = kinds[("dead", "sound", "counterfeit").index(child.kind)]
        weights = mean * (mine / mean) ** (1.0 / world.noise**2)
        target, level = float(uniform[0]) * weights.sum(), 0
        while level + 1 < len(weights) and target >= weights[: level + 1].sum():
            level += 1
        value = VOTE_VALUES[level]
        calls = math.floor(F(world.bought[depth][child.kind != "dead"]) + uniform[1])
        costs = (calls * world.vote_tokens[0], calls * world.vote_tokens[1], calls)
        return float(PROGRESS[value]), float(F(0.1) + F(0.9) * F(value) / F(60.0)), costs

    def answer(self, uniform: Numbers, state: PlainNumbers) -> tuple[int, Costs]:
        """What is written, or an answer at once."""
        complete = state.depth == len(self.world.branching)
        wrong = 1 + math.floor(uniform[1] * F(15.0))
        costs = (0, 0, 0) if complete else self._called(self.world.answer_tokens)
        right = state.kind == "sound" and (complete or bool(uniform[0] < F(self.world.straight[state.depth])))
        return 0 if right else wrong, costs

    def _called(self, tokens: tuple[int, int]) -> Costs:
        """One call of the generator, which reads the examples too."""
        return tokens[0] + self.world.demonstration_tokens, tokens[1], 1
