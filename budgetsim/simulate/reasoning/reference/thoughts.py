"""One question of `budgetsim.simulate.reasoning.ThoughtWorld`, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.debates import DEBATER, LARGEST_ROUNDS
from budgetsim.simulate.reasoning.elasticity import ESTIMATE, FOLLOW
from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform
from budgetsim.simulate.reasoning.reference.questions import NORMAL, Message, convinced, lognormal, quantile, wrong
from budgetsim.simulate.reasoning.reference.stepwise import Numbers
from budgetsim.simulate.reasoning.result import BLOCK
from budgetsim.simulate.reasoning.thoughts import ThoughtWorld

F = np.float32


class PlainState(NamedTuple):
    """Where a thought stands."""

    made: int = 0
    leads_to: int | None = None  # nowhere yet at the root
    path: int = 0  # tokens written
    running: bool = False
    round: int = 0
    told: int = 0


class PlainThought:
    """A question with its chance to be answered right, what the model does not see in it, and what the estimator says.

    ``delicate`` becomes true where a rounding of numbers with 24 bits might have decided otherwise.
    """

    def __init__(self, world: ThoughtWorld, right: float, sound: float, unseen: bool, estimate: int) -> None:
        self.world, self.right, self.sound, self.unseen, self.estimate = world, right, sound, unseen, estimate
        self.root = PlainState()
        self.memory: tuple[Message, ...] = ()
        self.delicate = False

    def step(self, uniform: Uniform, state: PlainState, hint: int) -> Made:
        """The call that the hint names, or one more step of thought."""
        world = self.world
        if hint == ESTIMATE:
            child = PlainState(told=self.estimate)
            return Made(self.memory, child, False, (world.prompt_tokens, world.estimator_tokens, 1))
        if hint == FOLLOW:
            written, made = self._told(uniform, state.told)
            answer = self._chain(uniform, made)
            child = PlainState(world.steps, answer, written, True, told=state.told)
            return Made(self.memory, child, True, (world.prompt_tokens, written, 1))
        if hint == DEBATER:
            written, answer, read = self._written(uniform, world.chain_tokens), self._chain(uniform, world.steps), 0
            if state.round > 0 and state.leads_to is not None:
                answer = convinced(uniform, self.memory, state.round, state.leads_to, world.conformity)
                read = sum(message.written for message in self.memory if message.round <= state.round)
            message = Message(answer, min(state.round + 1, LARGEST_ROUNDS), written)
            child = PlainState(world.steps, answer, written, True, message.round, state.told)
            return Made((*self.memory, message), child, True, (world.prompt_tokens + read, written, 1))
        written = self._written(uniform, world.chain_tokens / world.steps)
        read = 0 if state.running else world.prompt_tokens + state.path
        made = min(state.made + 1, world.steps)
        child = PlainState(made, self._next(uniform, state), state.path + written, True, told=state.told)
        after = state._replace(running=False)
        return Made(self.memory, child, made == world.steps, (read, written, int(not state.running)), state=after)

    def critic(self, uniform: Uniform, state: PlainState, child: PlainState) -> Judged:
        """How good the thought looks; as a quality, how good the answer that is forced from it."""
        del state
        seems_sound = child.leads_to == 0 or (self.unseen and child.leads_to == 1)
        rate = float(F(self.world.accepts_right if seems_sound else self.world.accepts_wrong))
        belief = 1.0 / (1.0 + math.exp(NORMAL.inv_cdf(uniform[0] + 2.0**-25) - quantile(rate)))
        seen = belief * float(F(self.world.leap)) ** (self.world.steps - child.made)
        return Judged(seen, 0.1 + 0.9 * belief, (0, self.world.evaluator_tokens, 0))

    def answer(self, uniform: Uniform, state: PlainState) -> tuple[int, Costs]:
        """A chain of thought, what was written, or a guess before the last step."""
        world = self.world
        if state.made == 0:
            written = self._written(uniform, world.chain_tokens)
            return self._chain(uniform, world.steps), (world.prompt_tokens, written, 1)
        missing = world.steps - state.made
        answer = -1 if state.leads_to is None else state.leads_to
        if missing == 0:
            return answer, (0, 0, 0)
        if answer == 0 and not self._below(uniform, (self.sound * float(F(world.leap))) ** missing):
            answer = wrong(uniform, world.dominant, world.answers)
        return answer, (0, world.answer_tokens, 0)

    def _next(self, uniform: Uniform, state: PlainState) -> int:
        world = self.world
        if state.leads_to in (None, 0):
            stays = 1.0 - float(F(world.spoil)) if state.made == world.steps else self.sound
            return 0 if self._below(uniform, stays) else wrong(uniform, world.dominant, world.answers)
        blind = self.unseen and state.leads_to == 1
        if state.made == world.steps and not blind and uniform[0] < float(F(world.repair)):
            return 0
        return int(state.leads_to or 0)

    def _chain(self, uniform: Uniform, made: int) -> int:
        right = self.right * float(F(self.world.leap)) ** (self.world.steps - made)
        return 0 if self._below(uniform, right) else wrong(uniform, self.world.dominant, self.world.answers)

    def _told(self, uniform: Uniform, told: int) -> tuple[int, int]:
        world = self.world
        chain = self._written(uniform, world.chain_tokens)
        if told == 0:
            return chain, world.steps
        enough = world.sufficient_share * world.chain_tokens
        gives_up = 1.0 / (1.0 + (told / (world.collapse_share * enough)) ** world.steepness)
        self.delicate |= abs(uniform[6] - gives_up) < 1e-5
        length = world.overrun * told
        self.delicate |= abs(length - math.floor(length) - 0.5) < 1e-4
        asked = max(1, round(length))
        if uniform[6] < gives_up or asked >= chain:
            return chain, world.steps
        exact = asked * world.steps / enough
        self.delicate |= abs(exact - round(exact)) < 1e-4
        return asked, min(world.steps, math.floor(exact))

    def _below(self, uniform: Uniform, chance: float) -> bool:
        self.delicate |= abs(uniform[0] - chance) < 1e-6 and chance < 1.0
        return uniform[0] < chance

    def _written(self, uniform: Uniform, mean: float) -> int:
        written, delicate = lognormal(uniform[3], mean, self.world.chain_spread)
        self.delicate |= delicate
        return written


def plain_thoughts(world: ThoughtWorld, seed: int, problems: int) -> list[PlainThought]:
    """The first questions that the engine would draw."""
    columns = zip(*(np.asarray(part).tolist() for part in world.problems(seed, 0, BLOCK)), strict=True)
    return [PlainThought(world, *next(columns)) for _ in range(problems)]


class StepwiseThought:
    """The same question for strategies that are held against the engine request by request."""

    def __init__(self, question: PlainThought) -> None:
        self.question = question

    def root(self) -> list[PlainState]:
        """The question itself, in a box."""
        return [self.question.root]

    def step(
        self, uniform: Numbers, state: list[PlainState], hint: int
    ) -> tuple[list[PlainState], bool, Costs, Callable[[], None]]:
        """The step, and what is to be done once it is paid."""
        made = self.question.step(_doubles(uniform), state[0], hint)

        def settle() -> None:
            self.question.memory = made.memory
            state[0] = made.state or state[0]

        return [made.child], made.ends, made.costs, settle

    def critic(self, uniform: Numbers, state: list[PlainState], child: list[PlainState]) -> tuple[float, float, Costs]:
        """As of the question."""
        return self.question.critic(_doubles(uniform), state[0], child[0])

    def answer(self, uniform: Numbers, state: list[PlainState]) -> tuple[int, Costs]:
        """As of the question."""
        return self.question.answer(_doubles(uniform), state[0])


def _doubles(uniform: Numbers) -> list[float]:
    return [float(uniform[number]) for number in range(7)]
