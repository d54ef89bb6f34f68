"""The plain predictions, worked out by hand and by enumeration."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from budgetsim.calibrate.baselines import coverage_baselines, plurality_baselines
from budgetsim.calibrate.observed import Outcome


def outcome_of(correct, wrong, abstained=None):
    correct, wrong = np.asarray(correct, float), np.asarray(wrong, float)
    return Outcome(correct, wrong, np.zeros(len(correct)) if abstained is None else np.asarray(abstained, float))


def test_plugin_and_independent_by_hand():
    outcome = outcome_of([1, 4, 0], [[3], [0], [4]])
    curves = coverage_baselines(outcome, (1.0, 1.0), np.full(3, 10.0), 3)
    # Frequencies 1/4, 1 and 0; 5 right of 12.
    assert curves["plugin"] == pytest.approx([(0.25 + 1) / 3, (1 - 0.75**2 + 1) / 3, (1 - 0.75**3 + 1) / 3])
    assert curves["independent"] == pytest.approx([1 - (7 / 12) ** k for k in (1, 2, 3)])


def test_problems_without_known_samples_count_in_no_frequency():
    outcome = outcome_of([1, 0], [[3], [0]])
    curves = coverage_baselines(outcome, (1.0, 1.0), np.array([10.0, 10.0]), 2)
    assert curves["plugin"] == pytest.approx([0.25, 1 - 0.75**2])
    assert curves["independent"] == pytest.approx([0.25, 1 - 0.75**2])


def enumerated_beta_binomial(correct, total, alpha, beta, largest, k):
    """Draw the other samples from the posterior, then average over all subsets of k of all."""
    missed = 0.0
    new = largest - total
    for right in range(new + 1):
        chance = stats.betabinom.pmf(right, new, alpha + correct, beta + total - correct)
        samples = [1] * (correct + right) + [0] * (total - correct + new - right)
        subsets = list(combinations(samples, k))
        missed += chance * sum(not any(subset) for subset in subsets) / len(subsets)
    return 1 - missed


@pytest.mark.parametrize("shape", [(0.5, 0.5), (2.0, 1.0), (0.05, 3.0)])
def test_beta_binomial_is_the_expected_unbiased_estimate(shape):
    cells = [(0, 3, 7), (1, 3, 7), (3, 3, 7), (0, 0, 7), (2, 2, 7), (1, 4, 8)]
    correct, total, largest = np.array(cells).T
    outcome = outcome_of(correct, (total - correct)[:, None])
    curve = coverage_baselines(outcome, shape, largest.astype(float), 7)["beta_binomial"]
    for k in range(1, 8):
        exact = [enumerated_beta_binomial(c, n, *shape, most, k) for c, n, most in cells]
        assert curve[k - 1] == pytest.approx(np.mean(exact), abs=1e-10)


def test_plurality_carries_the_last_value():
    # Problem one: 2 right, 1 wrong; problem two: 1 right, 2 alike wrong; problem three: nothing known.
    outcome = outcome_of([2, 1, 0], [[1, 0], [2, 0], [0, 0]])
    curves = plurality_baselines(outcome, 5)
    first = [2 / 3, 2 / 3, 1.0]  # of two: 1/3 right right, 2/3 level
    second = [1 / 3, 1 / 3, 0.0]
    observed = [(a + b) / 2 for a, b in zip(first, second, strict=True)]
    assert curves["carried"] == pytest.approx([*observed, observed[-1], observed[-1]])
    assert curves["independent"] == pytest.approx([0.5] * 5)


def test_condorcet_jury_at_the_mean_accuracy():
    outcome = outcome_of([3, 1, 1], [[1], [3], [0]], [0, 0, 1])
    curves = plurality_baselines(outcome, 5)
    mean = 5 / 10
    assert curves["independent"][0] == mean
    outcome = outcome_of([3, 3], [[1], [1]])
    curve = plurality_baselines(outcome, 5)["independent"]
    binomial = stats.binom(5, 0.75)
    assert curve[4] == pytest.approx(binomial.sf(2))
    assert curve[2] == pytest.approx(0.75**3 + 3 * 0.75**2 * 0.25)
    assert curve[3] == pytest.approx(curve[2])  # a tie counts one half
