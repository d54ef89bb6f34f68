"""Simulated organizations against the closed-form recursion on 200 random parameter sets.

Prior of a set, fixed before any draw: shape uniform over `SHAPES` (at most 125 leaves), leaf probability uniform in
(0.2, 0.86), fidelity 1 or uniform in (0.3, 0.7), correlation 0 or uniform in (0.15, 0.6), each end with probability
1/4; other numbers of digits need kernels of their own and are left to `test_simulate_replay`. A set is kept when the
recursion puts the accuracy in (0.02, 0.98), so that a standard error means something. Every set plays two million leaf
votes.

False alarms. Seeds are fixed, so the outcome can change only with the generator or the code. For new seeds:
"within 4 standard errors on all 200" fails with probability 200 * 6.3e-5 = 1.3%, which is why `surprise`, the one
number that decides between right and wrong formulas, is a family-wise p-value; it fails below 2e-6.
"""

import math

import numpy as np
import pytest
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.simulate import simulate_organization
from budgetsim.theory import phase

pytestmark = pytest.mark.verify
SHAPES = [
    (1, 0),
    (1, 3),
    (3, 1),
    (3, 3),
    (5, 2),
    (5, 3),
    (7, 1),
    (7, 2),
    (9, 2),
]
SETS = 200
LEAF_VOTES = 2_000_000
FAILS_BELOW = 2e-6


def majority_bias(bias, fan_in):
    """Bias of a majority, counting right votes one by one."""
    right = (1 + bias) / 2
    chances = [math.comb(fan_in, k) * right**k * (1 - right) ** (fan_in - k) for k in range(fan_in + 1)]
    return sum(chances[fan_in // 2 + 1 :]) - sum(chances[: fan_in // 2 + 1])


def root_bias(organization, probability, *, slope=1.0, extra_correlation=0.0, share_sent=False):
    """Bias at the root, level by level; the keywords break the model on purpose."""
    fan_in, fidelity = organization.fan_in, organization.fidelity
    correlation = organization.correlation + extra_correlation
    bias = 2 * probability - 1
    for _ in range(organization.depth):
        shared = bias * majority_bias(fidelity, fan_in) if share_sent else fidelity * bias
        bias = correlation * shared + (1 - correlation) * slope * majority_bias(fidelity * bias, fan_in)
    return bias


@pytest.fixture(scope="module")
def played():
    """Two hundred (organization, probability, estimate)."""
    prior = np.random.default_rng(26011731)
    sets = []
    while len(sets) < SETS:
        fan_in, depth = SHAPES[prior.integers(len(SHAPES))]
        fidelity = 1.0 if prior.uniform() < 0.25 else prior.uniform(0.3, 0.7)
        correlation = 0.0 if prior.uniform() < 0.25 else prior.uniform(0.15, 0.6)
        organization = Organization(fan_in=fan_in, depth=depth, fidelity=fidelity, correlation=correlation)
        probability = prior.uniform(0.2, 0.86)
        if 0.02 < (1 + root_bias(organization, probability)) / 2 < 0.98:
            sets.append((organization, probability))
    return [
        (
            organization,
            probability,
            simulate_organization(
                organization, probability, replicas=LEAF_VOTES // organization.leaves, seed=1000 + number
            ),
        )
        for number, (organization, probability) in enumerate(sets)
    ]


def z_scores(played, bias_at_root):
    """Distances in the standard error that the formula itself predicts."""
    scores = []
    for organization, probability, estimate in played:
        accuracy = (1 + bias_at_root(organization, probability)) / 2
        scores.append((estimate.value - accuracy) / math.sqrt(accuracy * (1 - accuracy) / estimate.draws))
    return np.array(scores)


def surprise(scores):
    """Family-wise p-value: one wild set (Bonferroni) or a general excess (chi-square), twice the smaller."""
    one_wild = scores.size * 2 * stats.norm.sf(np.abs(scores).max())
    excess = stats.chi2.sf((scores**2).sum(), scores.size)
    return min(1.0, 2 * min(one_wild, excess))


def theory(organization, probability):
    return phase.iterate_bias(
        2 * probability - 1,
        organization.fan_in,
        organization.depth,
        organization.fidelity,
        organization.correlation,
    )


def test_theory_is_the_recursion_counted_by_hand(played):
    for organization, probability, _ in played:
        expected = root_bias(organization, probability)
        assert theory(organization, probability) == pytest.approx(expected, abs=1e-12)


def test_agrees_within_4_standard_errors(played):
    for organization, probability, estimate in played:
        accuracy = (1 + theory(organization, probability)) / 2
        assert abs(estimate.z_score(accuracy)) < 4, (organization, probability, str(estimate), accuracy)


@pytest.mark.parametrize("formula", [theory, root_bias], ids=["theory", "by hand"])
def test_no_surprise_in_200_sets(played, formula):
    scores = z_scores(played, formula)
    assert surprise(scores) > FAILS_BELOW
    # neither may the agreement be too good: that would be a standard error or independence claimed falsely
    assert stats.chi2.cdf((scores**2).sum(), scores.size) > FAILS_BELOW
    # no drift to one side
    assert 2 * stats.norm.sf(abs(scores.sum()) / math.sqrt(scores.size)) > FAILS_BELOW


@pytest.mark.parametrize(
    "broken",
    [{"share_sent": True}, {"extra_correlation": 0.02}, {"extra_correlation": -0.02}, {"slope": 1.01}, {"slope": 0.99}],
    ids=str,
)
def test_notices_a_wrong_formula(played, broken):
    """The same 200 sets refute formulas that are slightly wrong, far beyond doubt."""
    trees = [(o, p, e) for o, p, e in played if o.fan_in > 1]
    assert surprise(z_scores(trees, lambda o, p: root_bias(o, p, **broken))) < 1e-12
