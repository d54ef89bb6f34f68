"""The slow twin against sums over all outcomes that are written out here by hand.

False alarms: 5 Monte Carlo checks at 5.5 standard errors, 4e-8 each.
"""

from itertools import product
from math import prod

import pytest

from budgetsim.parameters import Organization
from budgetsim.simulate import reference


def star_by_hand(fan_in, fidelity, correlation, leaf_chances):
    """Accuracy of one aggregator: sum over every leaf vote and every flip (leaves may differ)."""
    flip = (1 - fidelity) / 2
    independent = shared = 0.0
    for right in product([False, True], repeat=fan_in):
        for flipped in product([False, True], repeat=fan_in):
            chance = prod(p if r else 1 - p for p, r in zip(leaf_chances, right, strict=True))
            chance *= prod(flip if f else 1 - flip for f in flipped)
            received = [r != f for r, f in zip(right, flipped, strict=True)]
            independent += chance * (sum(received) * 2 > fan_in)
            shared += chance * received[0]
    return correlation * shared + (1 - correlation) * independent


def exact(organization, probability, weights=(1.0,)):
    return reference.enumerate_outcomes(
        lambda draw: reference.organization_vote(organization, probability, draw, weights=weights)
    )


@pytest.mark.parametrize("fan_in", [1, 3, 5])
@pytest.mark.parametrize(("fidelity", "correlation"), [(1.0, 0.0), (0.75, 0.0), (1.0, 0.3), (0.6, 0.2)])
@pytest.mark.parametrize("probability", [0.3, 0.7])
def test_star_by_enumeration(fan_in, fidelity, correlation, probability):
    organization = Organization.star(fan_in, fidelity=fidelity, correlation=correlation)
    expected = star_by_hand(fan_in, fidelity, correlation, [probability] * fan_in)
    assert exact(organization, [probability]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("correlation", [0.0, 0.25])
def test_two_levels_by_enumeration(correlation):
    """All 9 leaves and 4 sharings at once: 2**13 outcomes."""
    chance_of_subtree = star_by_hand(3, 1.0, correlation, [0.7] * 3)
    expected = star_by_hand(3, 1.0, correlation, [chance_of_subtree] * 3)
    assert exact(Organization.tree(3, 2, correlation=correlation), [0.7]) == pytest.approx(expected, abs=1e-12)


def test_chain_by_enumeration():
    # bias 0.6 through three relays of fidelity 0.8
    assert exact(Organization.chain(3, fidelity=0.8), [0.8]) == pytest.approx((1 + 0.8**3 * 0.6) / 2, abs=1e-12)


def test_difficulty_stays_the_same_through_the_tree():
    # a certain and a hopeless problem: no vote can change either, while averaging them would give a coin
    assert exact(Organization.tree(3, 2), [1.0, 0.0], [0.25, 0.75]) == 0.25


def test_plurality_by_hand():
    # 2 votes over right/wrong/abstain with 0.5/0.25/0.25: RR, R-, -R win; RW and WR tie
    election = [[0.5, 0.25]]
    value = reference.enumerate_outcomes(lambda draw: reference.plurality_right(election, 2, draw, weights=[1.0]))
    assert value == pytest.approx(0.25 + 2 * 0.125 + 0.5 * 2 * 0.125)


def test_coverage_by_hand():
    value = reference.enumerate_outcomes(lambda draw: reference.covered([0.5, 0.0], 3, draw, weights=[0.5, 0.5]))
    assert value == 0.5 * (1 - 0.5**3)


@pytest.mark.parametrize(
    "play",
    [
        lambda draw: reference.organization_vote(
            Organization.star(3, fidelity=0.6, correlation=0.2), [0.9, 0.3], draw, weights=[0.5, 0.5]
        ),
        lambda draw: reference.organization_vote(Organization.tree(3, 2, correlation=0.3), [0.6], draw, weights=[1.0]),
        lambda draw: reference.organization_vote(Organization.single(), [0.6], draw, weights=[1.0]),
        lambda draw: reference.plurality_right([[0.4, 0.3, 0.1]], 3, draw, weights=[1.0]),
        lambda draw: reference.covered([0.2, 0.05], 4, draw, weights=[0.3, 0.7]),
    ],
)
def test_monte_carlo_meets_enumeration(play):
    estimate = reference.repeat(play, replicas=2000, seed=11)
    assert abs(estimate.z_score(reference.enumerate_outcomes(play))) < 5.5
