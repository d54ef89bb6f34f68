"""Hold a compiled strategy against its twin, request by request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from budgetsim.simulate.reasoning.accountant import Budget
from budgetsim.simulate.reasoning.arithmetic import ArithmeticWorld
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.reference.puzzles import PlainPuzzle
from budgetsim.simulate.reasoning.reference.search_hops import SearchedQuestion
from budgetsim.simulate.reasoning.reference.stepwise import PlainPolicy, PlainWorld, play_plain
from budgetsim.simulate.reasoning.reference.trace import trace
from budgetsim.simulate.reasoning.world import World


def differences(
    world: World,
    policy: Policy,
    twin: Callable[[], PlainPolicy],
    budget: Budget,
    *,
    problems: int,
    seed: int,
    nodes: int,
    requests: int,
    plain: Callable[[Any, Any, int], PlainWorld] | None = None,
) -> tuple[list[str], int]:
    """Where the twin did otherwise, and how many requests were compared.

    ``twin`` makes a strategy at work on one problem; ``plain`` makes a problem of a world that is neither an
    `ArithmeticWorld` nor a `HopWorld`, given the world, the problems drawn and the place of the one.
    """
    told = trace(world, policy, budget, problems=problems, seed=seed, nodes=nodes, requests=requests)
    found, compared = [], 0
    for index in range(problems):

        def uniform(request: int, purpose: int, index: int = index) -> Any:
            return told.uniform[request, purpose, :, index]

        tale = play_plain(
            (plain or _plain)(world, told.problem, index),
            twin(),
            budget,
            nodes=nodes,
            requests=len(told.uniform),
            uniform=uniform,
            last=told.last[:, index].tolist(),
        )
        compared += len(told.requests[index])
        for number, (ours, theirs) in enumerate(zip(told.requests[index], tale.requests, strict=False)):
            if ours != theirs:
                found.append(f"problem {index}, request {number}: {ours} and {theirs}")
                break
        else:
            ends = (
                len(told.requests[index]),
                int(told.answer[index]),
                told.spent[:, index].tolist(),
                int(told.nodes[index]),
            )
            twins = (len(tale.requests), tale.answer, tale.spent, tale.nodes)
            if ends != twins:
                found.append(f"problem {index}: {ends} and {twins}")
    return found, compared


def _plain(world: Any, problem: Any, index: int) -> PlainWorld:
    if isinstance(world, ArithmeticWorld):
        return PlainPuzzle(world)
    return SearchedQuestion(world, int(problem.hops[index]), problem.progress[index])
