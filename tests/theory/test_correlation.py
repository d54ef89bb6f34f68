"""Correlated votes: exact moments and the beta-binomial law of SciPy as the other implementation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import betabinom

from budgetsim.theory import correlation
from budgetsim.theory.majority import majority_bias, majority_slope


@pytest.mark.parametrize(("fan_in", "bias", "rho"), [(5, 0.1, 0.2), (21, 0.3, 0.05), (9, -0.4, 0.6), (3, 0.0, 0.3)])
def test_beta_binomial_majority_equals_scipy(fan_in, bias, rho):
    concentration = 1 / rho - 1
    law = betabinom(fan_in, (1 + bias) / 2 * concentration, (1 - bias) / 2 * concentration)
    expected = 2 * law.sf(fan_in // 2) - 1
    assert correlation.beta_binomial_majority_bias(fan_in, bias, rho) == pytest.approx(expected, abs=1e-12)


def test_beta_binomial_slope_is_the_derivative():
    for fan_in, rho in ((3, 0.2), (11, 0.05), (101, 0.2)):
        step = 1e-5
        slope = correlation.beta_binomial_majority_bias(fan_in, step, rho) / step
        assert correlation.beta_binomial_majority_slope(fan_in, rho) == pytest.approx(slope, rel=1e-8)


def test_beta_binomial_table():
    slopes = [correlation.beta_binomial_majority_slope(fan_in, 0.2) for fan_in in (3, 5, 11, 21, 101)]
    assert slopes == pytest.approx([1.2667, 1.3952, 1.5579, 1.6475, 1.7437], abs=5e-5)


def test_beta_binomial_limits():
    assert correlation.beta_binomial_majority_bias(7, 0.2, 0.0) == pytest.approx(majority_bias(7, 0.2), rel=1e-12)
    assert correlation.beta_binomial_majority_slope(7, 0.0) == pytest.approx(majority_slope(7), rel=1e-12)
    assert correlation.beta_binomial_majority_bias(7, 0.2, 1 - 1e-9) == pytest.approx(0.2, rel=1e-6)
    ends = correlation.beta_binomial_majority_bias(7, np.array([1.0, -1.0]), 0.3)
    assert list(ends) == [1.0, -1.0]


def test_estimator_recovers_the_correlation_of_the_shared_vote_law():
    # Enumerate every outcome of three votes that are one vote with probability rho and independent otherwise.
    right, rho, fan_in = 0.7, 0.25, 3
    chances, sums = [], []
    for votes in product((1, -1), repeat=fan_in):
        independent = np.prod([right if vote > 0 else 1 - right for vote in votes])
        shared = {fan_in: right, -fan_in: 1 - right}.get(sum(votes), 0.0)
        chances.append(rho * shared + (1 - rho) * independent)
        sums.append(sum(votes))
    squares, mean = np.dot(chances, np.square(sums)), np.dot(chances, sums) / fan_in
    assert correlation.correlation_estimator(squares, mean, fan_in) == pytest.approx(rho, rel=1e-12)


def test_effective_sample_size_gives_the_variance_of_a_mean():
    size = correlation.effective_sample_size(16, 0.3)
    assert 1 / size == pytest.approx(0.3 + 0.7 / 16, rel=1e-13)
    assert correlation.effective_sample_size(1e9, 0.25) == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: correlation.correlation_estimator(5.0, 1.0, 5), "mean_vote must be in"),
        (lambda: correlation.correlation_estimator(5.0, 0.1, 1), "fan_in must be a whole number, 2 or more"),
        (lambda: correlation.beta_binomial_majority_bias(4, 0.1, 0.1), "fan_in must be an odd number"),
        (lambda: correlation.beta_binomial_majority_slope(5, 1.0), "correlation must be in"),
        (lambda: correlation.effective_sample_size(0, 0.1), "agents must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
