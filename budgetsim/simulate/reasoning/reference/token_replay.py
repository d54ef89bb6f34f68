"""Play a plain strategy on plain problems with the uniform numbers that the engine would have used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.engine import play
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.reference.desk import LAST, VOTE, Desk, PlainWorld
from budgetsim.simulate.reasoning.reference.replay import NUMBERS, Replayed
from budgetsim.simulate.reasoning.run import BLOCK
from budgetsim.simulate.reasoning.world import World

P = TypeVar("P")
CHOICE = 0  # purpose of the numbers with which a strategy chooses


def replay_plain(
    questions: Sequence[PlainWorld],
    policy: P,
    twin: Callable[[P, Desk], int],
    budget: Budget,
    *,
    seed: int,
    nodes: int,
    requests: int,
) -> list[Replayed]:
    """Play the problems one by one; each may make so many requests."""
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(len(questions), dtype=jnp.uint32)[:, None]
        number = jnp.arange(requests, dtype=jnp.uint32)[None, :]
        drawn = [np.asarray(Uniforms(key, place, number, purpose).rows(NUMBERS), float) for purpose in range(5)]
        last = np.asarray(Uniforms(key, place[:, 0], jnp.uint32(LAST), VOTE).rows(NUMBERS), float)
    ended = []
    for index, question in enumerate(questions):

        def draw(request: int, purpose: int, index: int = index) -> list[float]:
            numbers = last[:, index] if request == LAST else drawn[purpose][:, index, request]
            return [float(value) for value in numbers]

        desk = Desk(question, budget, nodes, draw)
        answer = twin(policy, desk)
        ended.append(Replayed(answer, tuple(desk.spent), len(desk.states), question.delicate))
    return ended


class Compared(NamedTuple):
    """Problems on which engine and twin were compared, and those on which they differ: (place, engine, twin)."""

    problems: int
    differences: list[tuple[int, object, object]]


def compare(
    world: World,
    questions: Sequence[PlainWorld],
    policy: Any,
    twin: Callable[[Any, Desk], int],
    budget: Budget,
    *,
    seed: int,
    nodes: int = 24,
) -> Compared:
    """Answers, costs and trees of the engine and of a twin on the first problems; delicate ones are left out."""
    engine_policy: Policy = policy
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(BLOCK, dtype=jnp.uint32)
        problem = world.problems(seed, 0, BLOCK)
        played = play(world, engine_policy, nodes + 1, 4 * nodes + 8, budget.ledger(), key, place, problem)
    answers, spent, grown = (np.asarray(part) for part in (played.answer, played.spent, played.nodes))
    ended = replay_plain(questions, policy, twin, budget, seed=seed, nodes=nodes, requests=4 * nodes + 12)
    compared = 0
    differences: list[tuple[int, object, object]] = []
    for index, one in enumerate(ended):
        if one.delicate:
            continue
        compared += 1
        engine = (int(answers[index]), tuple(spent[:, index].tolist()), int(grown[index]))
        plain = (one.answer, one.spent, one.nodes)
        if engine != plain:
            differences.append((index, engine, plain))
    return Compared(compared, differences)
