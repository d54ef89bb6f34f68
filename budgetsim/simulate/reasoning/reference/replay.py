"""Hold a compiled strategy against a straight program: both play the same problems with the same uniform numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.answers import AnswerWorld
from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.policy import EXPAND, Policy
from budgetsim.simulate.reasoning.reference.desk import LAST, Call, Desk, PlainWorld
from budgetsim.simulate.reasoning.reference.hops import PlainHops
from budgetsim.simulate.reasoning.reference.questions import PlainQuestion
from budgetsim.simulate.reasoning.reference.trace import Trace, trace
from budgetsim.simulate.reasoning.result import BLOCK
from budgetsim.simulate.reasoning.world import World


class Played(NamedTuple):
    """How one problem went: the calls that were paid, one after the other, and what came of them."""

    calls: list[Call]
    answer: int
    spent: tuple[int, ...]
    nodes: int


class Compared(NamedTuple):
    """Problems on which engine and twin were compared, and those on which they differ: (place, engine, twin)."""

    problems: int
    differences: list[tuple[int, object, object]]


def compare(
    world: World,
    questions: Sequence[PlainWorld],
    policy: Policy,
    twin: Callable[[Any, Desk], int],
    budget: Budget,
    *,
    seed: int,
    nodes: int = 24,
) -> Compared:
    """Calls, answers, costs and trees of the engine and of a twin on the first problems; delicate ones are left out.

    ``questions`` are plain forms of the first problems of a block. Of a difference the first call that differs is
    told, or how the problem ended.
    """
    told = trace(
        world, policy, budget, problems=len(questions), seed=seed, nodes=nodes, requests=4 * nodes + 8, drawn=BLOCK
    )
    compared = 0
    differences: list[tuple[int, object, object]] = []
    for index, question in enumerate(questions):
        desk = Desk(question, budget, nodes, _numbers(told, index))
        answer = twin(policy, desk)
        if question.delicate:
            continue
        compared += 1
        theirs = Played(desk.calls, answer, tuple(desk.spent), len(desk.states))
        ours = _played(told, index)
        if ours != theirs:
            calls = zip(ours.calls, theirs.calls, strict=False)
            first = next(((one, other) for one, other in calls if one != other), (ours[1:], theirs[1:]))
            differences.append((index, *first))
    return Compared(compared, differences)


def _numbers(told: Trace, index: int) -> Callable[[int, int], list[float]]:
    """The uniform numbers of one problem."""

    last = len(told.uniform) - 1  # a twin that makes more calls is told the same, and found to differ

    def draw(made: int, purpose: int) -> list[float]:
        numbers = told.last[:, index] if made == LAST else told.uniform[min(made, last), purpose, :, index]
        return [float(number) for number in numbers]

    return draw


def _played(told: Trace, index: int) -> Played:
    calls = [
        Call(request.kind, request.node, request.hint if request.kind == EXPAND else None, tuple(request.costs))
        for request in told.requests[index]
        if request.made
    ]
    spent = tuple(told.spent[:, index].tolist())
    return Played(calls, int(told.answer[index]), spent, int(told.nodes[index]))


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
