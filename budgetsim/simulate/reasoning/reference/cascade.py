"""Twin of `budgetsim.simulate.reasoning.Cascade`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.answers import CHEAP
from budgetsim.simulate.reasoning.policies.cascade import Cascade
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk


def play(policy: Cascade, desk: Desk) -> int:
    """The cheap model; where it disagrees with itself, the strong one."""
    cheap: list[int] = []
    for _ in range(policy.cheap_samples):
        call = desk.ask(ROOT, CHEAP)
        answer = None if call is None else desk.answer(call.node)
        if answer is None:
            return desk.plurality(cheap)
        cheap.append(answer)
    if max(map(cheap.count, cheap)) >= policy.agreement:
        return desk.plurality(cheap)
    strong: list[int] = []
    for _ in range(policy.strong_samples):
        answer = desk.answer(ROOT)
        if answer is None:
            break
        strong.append(answer)
    return desk.plurality(strong or cheap)
