"""Twin of `budgetsim.simulate.reasoning.Retry`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.retry import Retry
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.world import KEEP


def play(policy: Retry, desk: Desk) -> int:
    """Try until accepted; the last attempt counts."""
    kept = -1
    for _ in range(policy.attempts):
        attempt = desk.ask(ROOT, KEEP, judged=True)
        if attempt is None:
            break
        answer = desk.answer(attempt.node)
        if answer is None:
            break
        kept = answer
        if attempt.points > 0.0:
            break
    return kept
