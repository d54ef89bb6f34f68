"""Twin of `budgetsim.simulate.reasoning.GlobalBudget`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.global_budget import GlobalBudget
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk


def play(policy: GlobalBudget, desk: Desk) -> int:
    """One call."""
    made = desk.ask(ROOT, -2 - policy.tokens)
    answer = None if made is None else desk.answer(made.node)
    return -1 if answer is None else answer
