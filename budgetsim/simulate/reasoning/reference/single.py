"""Twin of `budgetsim.simulate.reasoning.Single`."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.single import Single
from budgetsim.simulate.reasoning.reference.desk import Desk
from budgetsim.simulate.reasoning.reference.parallel_chains import walk


def play(policy: Single, desk: Desk) -> int:
    """One chain."""
    answer = walk(desk, policy.longest)
    return -1 if answer is None else answer
