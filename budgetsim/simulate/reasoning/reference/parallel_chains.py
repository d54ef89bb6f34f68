"""Twin of `budgetsim.simulate.reasoning.ParallelChains`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.accountant import CALLS
from budgetsim.simulate.reasoning.policies.parallel_chains import ParallelChains
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.world import KEEP


def walk(desk: Desk, longest: int, *, answers_when_cut: bool = False) -> int | None:
    """One chain from the root to its answer; None if the budget cuts it off, and it may not answer without tools."""
    node = ROOT
    for _ in range(longest):
        if answers_when_cut and node != ROOT and desk.spent[CALLS] >= desk.budget.limits()[CALLS - 1]:
            break
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
        answer = walk(desk, policy.longest, answers_when_cut=policy.answers_when_cut)
        if answer is None:
            break
        votes.append(answer)
    return desk.plurality(votes)
