"""Play a plain strategy on the problems, and with the uniform numbers, that the engine would have used."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.answers import AnswerWorld
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.reference.desk import LAST, VOTE, Desk
from budgetsim.simulate.reasoning.reference.hops import PlainHops
from budgetsim.simulate.reasoning.reference.questions import PlainQuestion
from budgetsim.simulate.reasoning.run import BLOCK

NUMBERS = 8  # uniform numbers a purpose that are prepared; no plain world uses more

P = TypeVar("P")


class Replayed(NamedTuple):
    """How one problem ended."""

    answer: int
    spent: tuple[int, ...]  # input tokens, output tokens, calls
    nodes: int
    delicate: bool  # a rounding of numbers with 24 bits might have decided otherwise


def replay(
    world: AnswerWorld | HopWorld,
    policy: P,
    twin: Callable[[P, Desk], int],
    budget: Budget,
    *,
    problems: int,
    seed: int,
    nodes: int,
    requests: int,
) -> list[Replayed]:
    """Play the first ``problems`` (at most a block) one by one; each may make so many requests."""
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(problems, dtype=jnp.uint32)[:, None]
        number = jnp.arange(requests, dtype=jnp.uint32)[None, :]
        drawn = {purpose: np.asarray(Uniforms(key, place, number, purpose).rows(NUMBERS)) for purpose in range(5)}
        last = np.asarray(Uniforms(key, place[:, 0], jnp.uint32(LAST), VOTE)[0])
    ended = []
    for index, question in enumerate(plain_problems(world, seed, problems)):

        def draw(request: int, purpose: int, index: int = index) -> list[float]:
            if request == LAST:
                return [float(last[index])]
            return [float(value) for value in drawn[purpose][:, index, request]]

        desk = Desk(question, budget, nodes, draw)
        answer = twin(policy, desk)
        ended.append(Replayed(answer, tuple(desk.spent), len(desk.states), question.delicate))
    return ended


def plain_problems(world: AnswerWorld | HopWorld, seed: int, problems: int) -> list[PlainQuestion | PlainHops]:
    """The first problems that the engine would draw."""
    if isinstance(world, AnswerWorld):
        asked = world.problems(seed, 0, BLOCK)
        right, cheap, personas = (np.asarray(part, float).tolist() for part in asked)
        columns = list(zip(*personas, strict=True))
        return [PlainQuestion(world, right[index], cheap[index], columns[index]) for index in range(problems)]
    question = world.problems(seed, 0, BLOCK)
    hops, progress = np.asarray(question.hops).tolist(), np.asarray(question.progress, float).tolist()
    return [PlainHops(world, hops[index], progress[index]) for index in range(problems)]
