"""One question of `budgetsim.simulate.reasoning.AnswerWorld`, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.answers import CHEAP, PERSONA, AnswerWorld
from budgetsim.simulate.reasoning.debates import DEBATER, LARGEST_ROUNDS
from budgetsim.simulate.reasoning.reference.desk import Costs, Judged, Made, Uniform

NORMAL = NormalDist()


class Message(NamedTuple):
    """What somebody said."""

    answer: int
    round: int
    written: int


SILENCE = Message(-1, 0, 0)


class PlainQuestion:
    """A question with its probabilities of a right sample; the debate so far is a list of messages.

    ``delicate`` becomes true where a rounding of numbers with 24 bits might have decided otherwise.
    """

    def __init__(self, world: AnswerWorld, right: float, cheap: float, personas: Sequence[float]) -> None:
        self.world, self.right, self.cheap, self.personas = world, right, cheap, personas
        self.root = SILENCE
        self.memory: tuple[Message, ...] = ()
        self.delicate = False

    def step(self, uniform: Uniform, state: Message, hint: int) -> Made:
        """One call to whom the hint names."""
        world = self.world
        written = self._written(uniform)
        read = world.prompt_tokens + world.demonstration_tokens
        memory = self.memory
        if hint == DEBATER:
            answer = self._sampled(uniform, self.right)
            if state.round > 0:
                answer = convinced(uniform, memory, state.round, state.answer, world.conformity)
                read += sum(message.written for message in memory if message.round <= state.round)
            child = Message(answer, min(state.round + 1, LARGEST_ROUNDS), written)
            memory = (*memory, child)
        elif hint == CHEAP:
            child = Message(self._sampled(uniform, self.cheap), state.round + 1, written)
            price = np.float32(world.cheap_price)
            read, written = (math.ceil(np.float32(tokens) * price) for tokens in (read, written))
        elif hint >= PERSONA:
            right = self.personas[(hint - PERSONA) % world.personas]
            child = Message(self._sampled(uniform, right), state.round + 1, written)
            read += world.persona_tokens
        else:
            child = Message(self._sampled(uniform, self.right), state.round + 1, written)
        return Made(memory, child, True, (read, written, 1))

    def critic(self, uniform: Uniform, state: Message, child: Message) -> Judged:
        """Accepts with the probability of its kind of answer; the grade is above 0 where it does."""
        del state
        world = self.world
        right = child.answer == 0
        rate = float(np.float32(world.accepts_right if right else world.accepts_wrong))
        spread = world.grade_spread_right if right else world.grade_spread_wrong
        grade = spread * (quantile(rate) - NORMAL.inv_cdf(uniform[0] + 2.0**-25))
        points = 1.0 if uniform[0] < rate else -1.0
        return Judged(points, grade, (world.evaluator_input, world.evaluator_output, 1))

    def answer(self, uniform: Uniform, state: Message) -> tuple[int, Costs]:
        """A new sample from the root; elsewhere what was said, for nothing."""
        if state == SILENCE:
            read = self.world.prompt_tokens + self.world.demonstration_tokens
            return self._sampled(uniform, self.right), (read, self._written(uniform), 1)
        return state.answer, (0, 0, 0)

    def _sampled(self, uniform: Uniform, right: float) -> int:
        return 0 if uniform[0] < right else wrong(uniform, self.world.dominant_share, self.world.answers)

    def _written(self, uniform: Uniform) -> int:
        written, delicate = lognormal(uniform[3], self.world.chain_tokens, self.world.chain_spread)
        self.delicate |= delicate
        return written


def wrong(uniform: Uniform, dominant: float, answers: int) -> int:
    """A wrong answer, by numbers 1 and 2."""
    if uniform[1] < float(np.float32(dominant)):
        return 1
    return min(2 + int(uniform[2] * (answers - 2)), answers - 1)


def lognormal(uniform: float, mean: float, spread: float) -> tuple[int, bool]:
    """Whole tokens around a mean, and whether a rounding of numbers with 24 bits might have decided otherwise."""
    drawn = mean * math.exp(spread * NORMAL.inv_cdf(uniform + 2.0**-25) - spread**2 / 2)
    delicate = spread > 0.0 and abs(drawn - math.floor(drawn) - 0.5) < 5e-6 * drawn
    return max(1, round(drawn)), delicate


def convinced(uniform: Uniform, memory: Sequence[Message], round_: int, held: int, conformity: float) -> int:
    """The plurality of the others in a round, or what was said itself."""
    heard = [message.answer for message in memory if message.round == round_]
    heard.remove(held)
    if not heard or uniform[4] >= float(np.float32(conformity)):
        return held
    most = max(heard.count(answer) for answer in heard)
    leaders = sorted({answer for answer in heard if heard.count(answer) == most})
    return leaders[int(uniform[5] * len(leaders))]


def quantile(rate: float) -> float:
    """The normal quantile, infinite at 0 and 1."""
    if rate in (0.0, 1.0):
        return math.inf if rate else -math.inf
    return NORMAL.inv_cdf(rate)
