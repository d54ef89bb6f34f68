"""Twin of `budgetsim.simulate.reasoning.BestOfN`."""

from __future__ import annotations

import math

from budgetsim.simulate.reasoning.policies.best_of_n import BestOfN
from budgetsim.simulate.reasoning.reference.desk import ROOT, Desk
from budgetsim.simulate.reasoning.world import KEEP


def play(policy: BestOfN, desk: Desk) -> int:
    """Sample, and read what is better than all before."""
    kept, best = -1, math.nan
    for _ in range(policy.samples):
        sample = desk.ask(ROOT, KEEP, judged=True)
        if sample is None:
            break
        if math.isnan(best) or sample.grade > best:
            answer = desk.answer(sample.node)
            if answer is None:
                break
            kept, best = answer, sample.grade
    return kept
