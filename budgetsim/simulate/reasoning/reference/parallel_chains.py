"""Twin of `budgetsim.simulate.reasoning.ParallelChains`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.parallel_chains import ParallelChains
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.world import KEEP


def walk(desk: Desk, longest: int) -> int | None:
    """One chain from the root to its answer; None if the budget cuts it off."""
    node = ROOT
    for _ in range(longest):
        child = desk.ask(node, KEEP)
        if child is None:
            return None
        node = child.node
        if child.ends:
            break
    return desk.answer(node)


def play(policy: ParallelChains, desk: Desk) -> int:
    """Chain after chain; a plurality."""
    votes: list[int] = []
    while len(votes) < policy.chains:
        answer = walk(desk, policy.longest)
        if answer is None:
            break
        votes.append(answer)
    return desk.plurality(votes)
