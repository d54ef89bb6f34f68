"""Twin of `budgetsim.simulate.reasoning.Cascade`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.answers import CHEAP
from budgetsim.simulate.reasoning.policies.cascade import Cascade
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.world import NO_ANSWER


def play(policy: Cascade, desk: Desk) -> int:
    """The cheap model; where it disagrees with itself, the strong one."""
    cheap: list[int] = []
    for _ in range(policy.cheap_samples):
        call = desk.ask(ROOT, CHEAP)
        answer = None if call is None else desk.answer(call.node)
        if answer is None:
            return desk.plurality(cheap)
        cheap.append(answer)
    if max((cheap.count(answer) for answer in cheap if answer != NO_ANSWER), default=0) >= policy.agreement:
        return desk.plurality(cheap)
    strong: list[int] = []
    for _ in range(policy.strong_samples):
        answer = desk.answer(ROOT)
        if answer is None:
            break
        strong.append(answer)
    return desk.plurality(strong if any(answer != NO_ANSWER for answer in strong) else cheap)
