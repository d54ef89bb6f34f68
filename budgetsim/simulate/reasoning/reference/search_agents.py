"""Twins of `budgetsim.simulate.reasoning.ReAct`, `BudgetTracker` and `Bats`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from budgetsim.simulate.reasoning.accountant import BROWSES, CALLS, INPUT, OUTPUT
from budgetsim.simulate.reasoning.policies.bats import Bats
from budgetsim.simulate.reasoning.policies.budget_tracker import BudgetTracker
from budgetsim.simulate.reasoning.policies.react import ReAct
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.searches import BROWSE, JUDGE, SEARCH, VERIFY

MONEY = 2  # place of money among the resources
CHOICE = 0  # purpose of the numbers with which a strategy chooses


def react(policy: ReAct, desk: Desk) -> int:
    """Search until something is found or the habit says stop."""
    return _search(desk, lambda: float(np.float32(policy.hazard)), policy.browsing)


def budget_tracker(policy: BudgetTracker, desk: Desk) -> int:
    """The same, with a hazard that knows what is left."""

    def hazard() -> float:
        left = np.float32(_left(desk))
        share = np.float32(1.0) - left if policy.by_used else left
        return float(np.float32(policy.hazard) * share)

    return _search(desk, hazard, policy.browsing)


def bats(policy: Bats, desk: Desk) -> int:
    """Search, verify, start again; stop at an accepted answer, or let a judge choose among them in the end."""
    node, fresh, found, broke = ROOT, True, False, False
    accepted: list[int] = []
    while _tools_left(desk, policy.browsing) and not (accepted and policy.stops):
        coin = desk.draw(desk.made, CHOICE)[0]
        verifies = not fresh and (found or coin < float(np.float32(policy.hazard)))
        made = desk.ask(node, VERIFY if verifies else _tool(desk, policy.browsing))
        if made is None:
            broke = True
            break
        node = made.node
        if verifies and made.ends:
            accepted.append(node)
        fresh, found = verifies, made.ends and not verifies
    if not accepted:
        return _answer(desk, node)
    chosen = accepted[-1]
    if len(accepted) > 1 and not broke and desk.ask(chosen, JUDGE) is not None:
        right = desk.draw(desk.made, CHOICE)[2] < float(np.float32(policy.judge))
        chosen = accepted[-1] if right else accepted[0]
    return _answer(desk, chosen)


def _search(desk: Desk, hazard: Callable[[], float], browsing: float) -> int:
    node, calls, found = ROOT, 0, False
    while _tools_left(desk, browsing) and not found:
        if calls and desk.draw(desk.made, CHOICE)[0] < hazard():
            break
        made = desk.ask(node, _tool(desk, browsing))
        if made is None:
            break
        node, calls, found = made.node, calls + 1, made.ends
    return _answer(desk, node)


def _answer(desk: Desk, node: int) -> int:
    answer = desk.answer(node)
    return -1 if answer is None else answer


def _searches_left(desk: Desk) -> bool:
    return desk.budget.calls is None or desk.spent[CALLS] < desk.budget.calls


def _pages_left(desk: Desk) -> bool:
    return desk.budget.browses is None or desk.spent[BROWSES] < desk.budget.browses


def _tools_left(desk: Desk, browsing: float) -> bool:
    return _searches_left(desk) or (browsing > 0 and _pages_left(desk))


def _tool(desk: Desk, browsing: float) -> int:
    """A page as often as the habit says, or always where no search is left."""
    reads = desk.draw(desk.made, CHOICE)[1] < float(np.float32(browsing)) or not _searches_left(desk)
    return BROWSE if browsing > 0 and _pages_left(desk) and reads else SEARCH


def _left(desk: Desk) -> float:
    """Share left of the scarcest of tokens, calls, pages and money."""
    shares = [np.float32(1.0)]
    tokens, budget = desk.spent[INPUT] + desk.spent[OUTPUT], desk.budget
    limited = (budget.tokens, tokens), (budget.calls, desk.spent[CALLS]), (budget.browses, desk.spent[BROWSES])
    for limit, spent in limited:
        if limit is not None:
            shares.append(np.float32(limit - spent) / np.float32(max(limit, 1)))
    if budget.money is not None:
        steps, rates = budget.limits()[MONEY].item(), budget.rates()[MONEY].tolist()
        used = sum(rate * cost for rate, cost in zip(rates, desk.spent, strict=True))
        shares.append(np.float32(steps - used) / np.float32(max(steps, 1)))
    return float(min(shares))
