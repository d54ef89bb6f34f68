"""Imperfect verifiers against enumeration, numerical integration and brute-force search."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import beta as beta_function
from scipy.stats import norm

from budgetsim.theory import verifiers


@pytest.mark.parametrize(
    "rates", [(0.3, 1.0, 0.1), (0.05, 0.9, 0.02), (0.5, 0.0, 0.0), (0.4, 1.0, 1.0), (1.0, 1.0, 0.3)]
)
@pytest.mark.parametrize("cap", [1, 8])
def test_resampling_is_a_sum_over_attempts(rates, cap):
    p, keep_right, keep_wrong = rates
    accepted = p * keep_right + (1 - p) * keep_wrong
    expected = sum((1 - accepted) ** attempt * p * keep_right for attempt in range(cap))
    result = verifiers.resample_until_accept(p, keep_right, keep_wrong, cap)
    assert result.accuracy == pytest.approx(expected, rel=1e-12)
    assert result.accuracy <= result.ceiling * (1 + 1e-15)


@pytest.mark.parametrize(
    ("cap", "penalty", "a", "b", "rate"), [(1, 0.0, 0.4, 1.2, 0.05), (7, 1.0, 0.4, 1.2, 0.05), (30, 2.0, 1.5, 3.0, 0.2)]
)
def test_utility_equals_integration_over_problems(cap, penalty, a, b, rate):
    def integrand(p):
        accepted = p + (1 - p) * rate
        tried = (1 - (1 - accepted) ** cap) / accepted
        return p ** (a - 1) * (1 - p) ** (b - 1) * tried * (p - penalty * (1 - p) * rate)

    expected = (quad(integrand, 0, 0.1, limit=200)[0] + quad(integrand, 0.1, 1)[0]) / beta_function(a, b)
    assert verifiers.resample_utility(cap, penalty, a, b, rate) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("penalty", [0.5, 1.0, 2.0, 4.0, 50.0])
@pytest.mark.parametrize(("a", "b", "rate"), [(0.4, 1.2, 0.05), (0.6, 2.0, 0.02), (2.0, 0.7, 0.3), (0.5, 0.5, 1.0)])
def test_best_cap_is_the_first_best_of_all(penalty, a, b, rate):
    utility = verifiers.resample_utility(np.arange(1, 101), penalty, a, b, rate)
    first_best = 1 + int(np.argmax(utility >= utility.max() - 1e-13))
    assert verifiers.best_resample_cap(penalty, a, b, rate, 100) == first_best


def test_without_a_penalty_or_without_a_filter_the_best_cap_is_an_end():
    assert verifiers.best_resample_cap(0.0, 2.0, 0.7, 0.3, 100) == 100
    assert verifiers.best_resample_cap(0.0, 2.0, 0.7, 1.0, 100) == 1


def test_a_tied_cap_goes_to_the_smaller():
    assert verifiers.best_resample_cap(3.0, 0.6, 2.0, 0.02, 100) == 8
    assert verifiers.best_resample_cap(2.0, 0.9, 0.5, 0.06, 100) == 7  # .9 / (2 * .06) - .5, which rounds up to above 7


@pytest.mark.parametrize(
    ("mu", "right", "wrong"), [(1.0, 1.0, 1.0), (1.0, 0.8, 1.2), (2.0, 1.0, 0.05), (-1.0, 0.05, 1.0)]
)
@pytest.mark.parametrize("samples", [1, 5, 300])
def test_best_of_n_equals_adaptive_integration(samples, mu, right, wrong):
    p = 0.3

    def integrand(x):
        below = p * norm.cdf(x, mu, right) + (1 - p) * norm.cdf(x, 0, wrong)
        return samples * p * norm.pdf(x, mu, right) * below ** (samples - 1)

    marks = sorted({mu - 9 * right, mu, mu + 9 * right, *np.clip([-0.2, 0.0, 0.2], mu - 9 * right, mu + 9 * right)})
    expected = sum(quad(integrand, low, high, limit=400, epsabs=1e-12)[0] for low, high in pairwise(marks))
    assert verifiers.best_of_n_accuracy(samples, p, mu, right, wrong) == pytest.approx(expected, abs=1e-9)


def test_best_of_n_peaks_when_wrong_scores_spread_wider():
    curve = verifiers.best_of_n_accuracy(2 ** np.arange(13), 0.3, 1.0, 0.8, 1.2)
    assert np.argmax(curve) == 3
    assert np.all(np.diff(verifiers.best_of_n_accuracy(2 ** np.arange(13), 0.3, 1.0, 1.0, 1.0)) > 0)
    assert verifiers.best_of_n_accuracy(50, 1.0, 0.0, 1.0, 1.0) == pytest.approx(1.0, abs=1e-10)
    assert verifiers.best_of_n_accuracy(50, 0.0, 0.0, 1.0, 1.0) == 0.0


@pytest.mark.parametrize(("p", "q", "phi"), [(0.02, 0.1, 0.15), (0.05, 0.3, 0.1), (0.3, 0.2, 0.1), (0.2, 0.25, 0.9)])
def test_crossing_is_the_first_by_brute_force(p, q, phi):
    samples = np.arange(1, 1000)
    wins = (1 - phi) * (1 - (1 - q) ** samples) < 1 - (1 - p) ** samples
    assert verifiers.search_vs_sampling_crossing(p, q, phi).first == samples[np.argmax(wins)]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: verifiers.resample_until_accept(1.3, 1, 0, 3), "probability must be in"),
        (lambda: verifiers.resample_until_accept(0.3, 1, 0, 0), "cap must be"),
        (lambda: verifiers.resample_utility(3, -1.0, 1.0, 1.0, 0.1), "penalty must be"),
        (lambda: verifiers.best_resample_cap(1.0, 0.0, 1.0, 0.1, 10), "alpha must be"),
        (lambda: verifiers.best_resample_cap(1.0, 1.0, 1.0, 0.1, 0), "largest_cap must be"),
        (lambda: verifiers.best_of_n_accuracy(3, 0.3, 1.0, 0.0, 1.0), "spread_right must be"),
        (lambda: verifiers.search_vs_sampling_crossing(0.1, 0.2, 1.0), "pruned must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
