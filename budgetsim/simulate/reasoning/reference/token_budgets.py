"""Twins of `budgetsim.simulate.reasoning.Instructed`, `EstimatedBudget` and `SearchedBudget`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.elasticity import ESTIMATE, FOLLOW, VANILLA
from budgetsim.simulate.reasoning.policies.estimated_budget import EstimatedBudget
from budgetsim.simulate.reasoning.policies.instructed import Instructed
from budgetsim.simulate.reasoning.policies.searched_budget import SearchedBudget
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk


def instructed(policy: Instructed, desk: Desk) -> int:
    """One call."""
    return _ask(desk, ROOT, policy.token_budget)[0]


def estimated_budget(policy: EstimatedBudget, desk: Desk) -> int:
    """The estimate, then the answer."""
    del policy
    estimate = desk.ask(ROOT, ESTIMATE)
    return -1 if estimate is None else _ask(desk, estimate.node, FOLLOW)[0]


def searched_budget(policy: SearchedBudget, desk: Desk) -> int:
    """As released: ``budget // 2`` while right and shorter."""
    del policy
    kept, budget = _ask(desk, ROOT, VANILLA)
    tokens = budget
    while kept >= 0 and budget >= 2:
        answer, now = _ask(desk, ROOT, budget // 2)
        if answer != 0 or now >= tokens:
            break
        kept, budget, tokens = answer, budget // 2, now
    return kept


def _ask(desk: Desk, node: int, hint: int) -> tuple[int, int]:
    """The answer, -1 without one, and the tokens that it took."""
    before = desk.spent[1]
    call = desk.ask(node, hint)
    answer = None if call is None else desk.answer(call.node)
    return (-1 if answer is None else answer), desk.spent[1] - before
