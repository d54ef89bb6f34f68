"""Twins of `budgetsim.simulate.reasoning.ReAct`, `BudgetTracker` and `Bats`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from budgetsim.simulate.reasoning.policies.bats import Bats
from budgetsim.simulate.reasoning.policies.budget_tracker import BudgetTracker
from budgetsim.simulate.reasoning.policies.react import ReAct
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.searches import SEARCH, VERIFY

CHOICE = 0  # purpose of the numbers with which a strategy chooses


def react(policy: ReAct, desk: Desk) -> int:
    """Search until something is found or the habit says stop."""
    return _search(desk, lambda: float(np.float32(policy.hazard)))


def budget_tracker(policy: BudgetTracker, desk: Desk) -> int:
    """The same, with a hazard that knows what is left."""

    def hazard() -> float:
        left = np.float32(_left(desk))
        share = np.float32(1.0) - left if policy.by_used else left
        return float(np.float32(policy.hazard) * share)

    return _search(desk, hazard)


def bats(policy: Bats, desk: Desk) -> int:
    """Search, verify, start again."""
    node, fresh, found = ROOT, True, False
    while _calls_left(desk):
        coin = desk.draw(desk.request, CHOICE)[0]
        verifies = not fresh and (found or coin < float(np.float32(policy.hazard)))
        made = desk.ask(node, VERIFY if verifies else SEARCH)
        if made is None:
            break
        node = made.node
        if verifies and made.ends:
            break
        fresh, found = verifies, made.ends and not verifies
    return _answer(desk, node)


def _search(desk: Desk, hazard: Callable[[], float]) -> int:
    node, calls, found = ROOT, 0, False
    while _calls_left(desk) and not found:
        if calls and desk.draw(desk.request, CHOICE)[0] < hazard():
            break
        made = desk.ask(node, SEARCH)
        if made is None:
            break
        node, calls, found = made.node, calls + 1, made.ends
    return _answer(desk, node)


def _answer(desk: Desk, node: int) -> int:
    answer = desk.answer(node)
    return -1 if answer is None else answer


def _calls_left(desk: Desk) -> bool:
    return desk.budget.calls is None or desk.spent[2] < desk.budget.calls


def _left(desk: Desk) -> float:
    """Share left of the scarcest of tokens and calls."""
    shares = [np.float32(1.0)]
    for limit, spent in ((desk.budget.tokens, desk.spent[0] + desk.spent[1]), (desk.budget.calls, desk.spent[2])):
        if limit is not None:
            shares.append(np.float32(limit - spent) / np.float32(max(limit, 1)))
    return float(min(shares))
