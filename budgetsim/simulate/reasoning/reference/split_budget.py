"""Twin of `budgetsim.simulate.reasoning.SplitBudget`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.split_budget import SplitBudget
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.subquestions import PLAN


def play(policy: SplitBudget, desk: Desk) -> int:
    """Plan, then one sub-question after the other; no answer unless all was paid."""
    node = ROOT
    for hint in ([PLAN] if policy.planned else []) + list(policy.tokens):
        made = desk.ask(node, hint)
        if made is None:
            return -1
        node = made.node
    answer = desk.answer(node)
    return -1 if answer is None else answer
