"""Twin of `budgetsim.simulate.reasoning.AdaptiveConsistency`."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

from budgetsim.simulate.reasoning.policies.adaptive_consistency import AdaptiveConsistency
from budgetsim.simulate.reasoning.reference.desk import Desk
from budgetsim.simulate.reasoning.reference.parallel_chains import walk
from budgetsim.simulate.reasoning.world import NO_ANSWER


def leader_ahead(leader: int, runner_up: int) -> Fraction:
    """Integral of x**a (1 - x)**b over [1/2, 1] over that over [0, 1], term by term.

    Examples
    --------
    >>> float(leader_ahead(4, 0)), float(leader_ahead(5, 2))
    (0.96875, 0.85546875)
    """
    half, whole = Fraction(0), Fraction(0)
    for power in range(runner_up + 1):  # (1 - x)**b by the binomial theorem
        term = Fraction((-1) ** power * math.comb(runner_up, power), leader + power + 1)
        whole += term
        half += term * (1 - Fraction(1, 2 ** (leader + power + 1)))
    return half / whole


def play(policy: AdaptiveConsistency, desk: Desk) -> int:
    """Sample until the leader is ahead."""
    votes: list[int] = []
    while len(votes) < policy.largest:
        answer = walk(desk, policy.longest)
        if answer is None:
            break
        votes.append(answer)
        given = Counter(answer for answer in votes if answer != NO_ANSWER)
        (_, leader), (_, runner_up) = [*given.most_common(2), (None, 0), (None, 0)][:2]
        if leader_ahead(leader, runner_up) >= Fraction(policy.threshold):
            break
    return desk.plurality(votes)
