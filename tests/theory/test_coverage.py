"""Coverage against rational arithmetic, numerical integration and the literature's anchors."""

from fractions import Fraction
from math import comb, exp, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from budgetsim.theory.coverage import (
    beta_failure_asymptote,
    beta_pass_at_k,
    beta_two_point_fit,
    coverage_power_fit,
    dynamic_sampling_shares,
    pass_at_k,
)

exact_settings = settings(derandomize=True, deadline=None, max_examples=300)


@exact_settings
@given(st.integers(1, 3000), st.floats(0, 1), st.floats(0, 1))
def test_pass_at_k_equals_binomial_coefficients(samples, correct_share, k_share):
    correct, k = int(correct_share**3 * samples), int(k_share**3 * samples)
    exact = 1 - Fraction(comb(samples - correct, k), comb(samples, k))
    assert abs(Fraction(pass_at_k(samples, correct, k)) - exact) <= Fraction(1e-12) * exact


def test_pass_at_k_of_huge_counts():
    assert pass_at_k(10**12, 1, 7) == pytest.approx(7e-12, rel=1e-13, abs=0)
    assert pass_at_k(10**9, 10**8, 1) == pytest.approx(0.1, rel=1e-13)
    assert pass_at_k(10**9, 10**8, 10**8) == 1.0
    # Far from exhausting the samples, drawing without replacement is drawing with it.
    assert pass_at_k(10**13, 3 * 10**10, 100) == pytest.approx(1 - (1 - 0.003) ** 100, rel=1e-9)


def test_pass_at_k_is_unbiased():
    samples, k, p = 12, 5, 0.3
    weights = [comb(samples, c) * p**c * (1 - p) ** (samples - c) for c in range(samples + 1)]
    estimates = pass_at_k(samples, np.arange(samples + 1), k)
    assert np.dot(weights, estimates) == pytest.approx(1 - (1 - p) ** k, rel=1e-12)


@exact_settings
@given(st.floats(1e-3, 50), st.floats(1e-3, 50), st.integers(0, 300))
def test_beta_coverage_equals_the_product(alpha, beta, k):
    a, b = Fraction(alpha), Fraction(beta)
    failure = prod(((b + i) / (a + b + i) for i in range(min(k, 40))), start=Fraction(1))
    if k > 40:
        failure *= Fraction(float(np.prod([float((b + i) / (a + b + i)) for i in range(40, k)])))
    assert beta_pass_at_k(alpha, beta, k) == pytest.approx(float(1 - failure), rel=1e-11, abs=1e-300)


def test_beta_coverage_table():
    # E(1-p)^k as tabulated for k = 10, 100, 1000, 10000.
    table = {
        (0.3, 2.0): (0.55851, 0.29163, 0.14681, 0.073611),
        (0.5, 5.0): (0.56783, 0.21309, 0.068804, 0.021804),
        (1.0, 1.0): (0.090909, 0.009901, 0.000999, 0.00009999),
        (0.15, 1.5): (0.70808, 0.50823, 0.36032, 0.25512),
    }
    for (alpha, beta), row in table.items():
        assert 1 - beta_pass_at_k(alpha, beta, np.array([10, 100, 1000, 10000])) == pytest.approx(row, rel=2e-5)


def test_failure_tends_to_its_power_law():
    for alpha, beta, ratio in ((0.3, 2.0, 0.995), (0.5, 5.0, 0.977)):
        assert (1 - beta_pass_at_k(alpha, beta, 100)) / beta_failure_asymptote(alpha, beta, 100) == pytest.approx(
            ratio, abs=6e-4
        )
    far = (1 - beta_pass_at_k(0.3, 2.0, 1e9)) / beta_failure_asymptote(0.3, 2.0, 1e9)
    assert far == pytest.approx(1.0, abs=1e-8)


def test_power_fit_passes_through_both_points():
    fit = coverage_power_fit(0.159, 250, 0.56)
    assert exp(fit.scale) == pytest.approx(0.159)
    assert exp(fit.scale * 250**fit.exponent) == pytest.approx(0.56)


@exact_settings
@given(st.floats(0.01, 0.6), st.integers(2, 5000), st.floats(0.02, 0.98))
def test_beta_fit_passes_through_both_points(first, k, place):
    ceiling = -np.expm1(k * np.log1p(-first))
    coverage = first + place * (ceiling - first)
    shapes = beta_two_point_fit(first, k, coverage)
    assert shapes.alpha / (shapes.alpha + shapes.beta) == pytest.approx(first, rel=1e-12)
    assert beta_pass_at_k(shapes.alpha, shapes.beta, k) == pytest.approx(coverage, rel=1e-10)


def test_beta_fit_against_integration():
    alpha, beta = beta_two_point_fit(0.3, 10, 0.8)
    density = quad(lambda p: p ** (alpha - 1) * (1 - p) ** (beta - 1), 0, 1)[0]
    failure = quad(lambda p: p ** (alpha - 1) * (1 - p) ** (beta + 9), 0, 1)[0]
    assert failure / density == pytest.approx(0.2, rel=1e-6)


def test_sampling_shares():
    p = np.array([0.5, 0.2, 0.05, 0.0, 1.0])
    shares = dynamic_sampling_shares(p, 10)
    weights = np.sqrt(p * (1 - p) ** 19)
    assert shares == pytest.approx(weights / weights.sum(), rel=1e-12)
    # Weights far below the smallest float still have ratios.
    assert dynamic_sampling_shares([0.5, 0.5], 10**6) == pytest.approx([0.5, 0.5])
    assert dynamic_sampling_shares([0.0, 1.0], 3) == pytest.approx([0.5, 0.5])
    assert dynamic_sampling_shares(np.full((4, 3), 0.2), 5).shape == (4, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pass_at_k(10, 11, 1), "correct and k must be at most samples"),
        (lambda: pass_at_k(10, 1, 11), "correct and k must be at most samples"),
        (lambda: pass_at_k(10, 1.5, 2), "correct must be a whole number"),
        (lambda: pass_at_k(0, 0, 0), "samples must be a whole number, 1 or more"),
        (lambda: beta_pass_at_k(0.0, 1.0, 3), "alpha must be finite, above 0"),
        (lambda: beta_failure_asymptote(1.0, 1.0, 0), "k must be finite, above 0"),
        (lambda: coverage_power_fit(0.0, 10, 0.5), "first must be in"),
        (lambda: beta_two_point_fit(0.3, 10, 0.2), "coverage must lie between"),
        (lambda: beta_two_point_fit(0.3, 2, 0.6), "coverage must lie between"),
        (lambda: dynamic_sampling_shares([0.5, 1.5], 2), "probabilities must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
