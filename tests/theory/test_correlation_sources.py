"""Correlations of votes by enumeration of their joint law, and slopes of redrawn difficulty in closed form."""

from fractions import Fraction
from itertools import product
from math import log, pi, sqrt

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from budgetsim.theory import phase
from budgetsim.theory.correlation import beta_binomial_majority_slope
from budgetsim.theory.correlation_sources import (
    correlation_given_problem,
    misattribution,
    problem_correlation,
    redrawn_least_fidelity,
    total_correlation,
)

exact_settings = settings(derandomize=True, deadline=None)
populations = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=5)
shares = st.floats(0.0, 1.0)


def enumerated_correlation(population, fidelity, correlation):
    """Correlation of two received votes of one aggregator: problem, shared or not, sent votes, flips."""
    joint = dict.fromkeys(product((-1, 1), repeat=2), Fraction(0))
    whole = sum(w for _, w in population)
    keep = (1 + fidelity) / 2
    for right, weight in population:
        arrives = {vote: Fraction(0) for vote in (-1, 1)}
        for sent, flipped in product((-1, 1), (False, True)):
            chance = (right if sent == 1 else 1 - right) * ((1 - keep) if flipped else keep)
            arrives[-sent if flipped else sent] += chance
        for one, other in joint:
            together = arrives[one] if one == other else 0
            apart = arrives[one] * arrives[other]
            joint[one, other] += Fraction(weight, whole) * (correlation * together + (1 - correlation) * apart)
    mean = sum(one * chance for (one, _), chance in joint.items())
    both = sum(one * other * chance for (one, other), chance in joint.items())
    return (both - mean**2) / (1 - mean**2) if abs(mean) != 1 else None


@exact_settings
@given(populations, st.integers(1, 10), st.integers(0, 10))
def test_total_correlation_is_that_of_the_joint_law(pairs, tenths, shared):
    population = [(Fraction(q, 20), w) for q, w in pairs]
    fidelity, correlation = Fraction(tenths, 10), Fraction(shared, 10)
    exact = enumerated_correlation(population, fidelity, correlation)
    atoms, weights = np.array([float(q) for q, _ in population]), np.array([float(w) for _, w in population])
    own = problem_correlation(atoms, weights, float(fidelity))
    if exact is None:
        assert own == 0.0
    else:
        assert own == pytest.approx(float(enumerated_correlation(population, fidelity, 0)), abs=1e-13)
        assert total_correlation(own, float(correlation)) == pytest.approx(float(exact), abs=1e-13)


@exact_settings
@given(st.floats(0.0, 0.99), shares)
def test_the_two_correlations_come_apart_again(problem, given_problem):
    total = total_correlation(problem, given_problem)
    assert max(problem, given_problem) - 1e-15 <= total <= 1
    assert correlation_given_problem(min(total, 1.0), problem) == pytest.approx(given_problem, abs=1e-12)


def test_difficulty_seen_at_the_root_of_deep_trees():
    # Deep noiseless votes are certain: the share of right problems is all that varies, and it is all correlation.
    deep = 0.5 + 0.5 * phase.iterate_bias(np.array([0.6, -0.2]), 5, 60, 1.0, 0.0)
    assert problem_correlation(deep, [0.4, 0.6], 1.0) == pytest.approx(1.0, abs=1e-12)
    # With noise votes are +-v on right and wrong problems: Var = v^2 (1 - D^2), 1 - E^2 = 1 - v^2 D^2.
    deep = 0.5 + 0.5 * phase.iterate_bias(np.array([0.6, -0.2]), 5, 1500, 0.6, 0.1)
    v = 0.6 * 5 / 9
    exact = v**2 * (1 - 0.04) / (1 - v**2 * 0.04)
    assert problem_correlation(deep, [0.4, 0.6], 0.6) == pytest.approx(exact, abs=1e-9)


@exact_settings
@given(st.sampled_from([3, 5, 11, 101]), st.floats(0.05, 1.0), shares, shares)
def test_misattribution(fan_in, fidelity, correlation, problem):
    told = misattribution(fan_in, fidelity, correlation, problem)
    slope = float(Fraction(fan_in) * special.comb(fan_in - 1, fan_in // 2, exact=True) / 2 ** (fan_in - 1))
    total = problem + (1 - problem) * correlation
    assert told.total_correlation == pytest.approx(total, abs=1e-15)
    assert told.inferred_amplification == pytest.approx(fidelity * (total + (1 - total) * slope), rel=1e-12)
    too_low = fidelity * (slope - 1) * (1 - correlation) * problem
    assert told.amplification - told.inferred_amplification == pytest.approx(too_low, abs=1e-12)
    offset = told.critical_total_correlation - told.critical_correlation
    assert offset == pytest.approx(problem * (1 - told.critical_correlation), rel=1e-9, abs=1e-12)
    if told.critical_correlation >= 0 and problem < 1:
        # A tree that sits exactly at the critical total correlation has amplification 1.
        within = correlation_given_problem(min(told.critical_total_correlation, 1.0), problem)
        assert phase.amplification(fan_in, fidelity, min(max(within, 0.0), 1.0)) == pytest.approx(1.0, abs=1e-9)


def test_difficulty_alone_can_make_every_tree_look_dead():
    problem = problem_correlation([0.95, 0.4], [0.4, 0.6], 0.9)
    assert problem > 0.24
    critical = phase.critical_correlation(5, 0.6)
    told = misattribution(5, 0.6, 0.0, critical + 0.01)
    assert told.inferred_amplification < 1 < told.amplification


def test_redrawn_difficulty_with_uniform_and_quadratic_laws():
    # Correlation 1/3: Beta(1, 1), E|ln(q / (1 - q))| = 2 ln 2. Correlation 1/5: Beta(2, 2), by adaptive quadrature.
    assert redrawn_least_fidelity(1 / 3) == pytest.approx(1 / (2 * log(2)), rel=1e-12)
    mean = 2 * integrate.quad(lambda q: 6 * q * (1 - q) * np.log(q / (1 - q)), 0.5, 1, epsabs=1e-14)[0]
    assert redrawn_least_fidelity(0.2) == pytest.approx(1 / (2 * mean), rel=1e-10)


@pytest.mark.parametrize("correlation", [0.05, 0.2, 0.5, 0.9])
def test_redrawn_slopes_rise_to_their_limit(correlation):
    slopes = np.array([beta_binomial_majority_slope(fan_in, correlation) for fan_in in (501, 1001, 2001)])
    limit = 1 / redrawn_least_fidelity(correlation)
    assert np.all(np.diff(slopes) > 0)
    assert slopes[-1] < limit
    # The rest falls like the inverse of the fan-in.
    assert 2 * slopes[-1] - slopes[-2] == pytest.approx(limit, rel=1e-3)


def test_redrawn_limits():
    small = np.array([1e-6, 1e-4])
    assert redrawn_least_fidelity(small) == pytest.approx(np.sqrt(pi * small / 2), rel=1e-4)
    assert redrawn_least_fidelity(1 - 1e-9) == pytest.approx(1.0, abs=1e-6)
    curve = redrawn_least_fidelity(np.linspace(0.001, 0.999, 400))
    assert np.all(np.diff(curve) > 0)
    # A shared error of the same correlation leaves a fan-in where a redrawn difficulty leaves none.
    below = 0.9 * redrawn_least_fidelity(0.2)
    assert phase.amplification(phase.minimum_fan_in(below, 0.2), below, 0.2) > 1
    assert below * beta_binomial_majority_slope(2001, 0.2) < 1
    assert sqrt(pi * 0.2 / 2) == pytest.approx(redrawn_least_fidelity(0.2), rel=0.01)


def test_under_jax():
    with jax.enable_x64(True):
        atoms, weights = jnp.asarray([[0.95, 0.4], [0.5, 1.5]]), jnp.asarray([0.4, 0.6])
        ours = jax.jit(problem_correlation)(atoms, weights, 0.9)
        assert ours[0] == pytest.approx(problem_correlation([0.95, 0.4], [0.4, 0.6], 0.9), rel=1e-13)
        assert jnp.isnan(ours[1])
        told = jax.jit(misattribution)(5, 0.6, jnp.asarray([0.1, -0.1]), 0.3)
        assert told.inferred_amplification[0] == pytest.approx(0.6 * (0.37 + 0.63 * 1.875), rel=1e-13)
        assert jnp.isnan(told.inferred_amplification[1])
        assert jax.jit(redrawn_least_fidelity)(1 / 3) == pytest.approx(1 / (2 * log(2)), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: problem_correlation([0.5], [1.0], 0.0), "fidelity must be in"),
        (lambda: problem_correlation([0.5], [0.0], 1.0), "weights must not all be 0"),
        (lambda: total_correlation(1.1, 0.1), "problem_correlation must be in"),
        (lambda: correlation_given_problem(0.5, 1.0), r"problem_correlation must be in \[0, 1\), got 1"),
        (lambda: misattribution(1, 0.9, 0.1, 0.1), "fan_in must be an odd number, 3 or more"),
        (lambda: redrawn_least_fidelity(0.0), r"correlation must be in \(0, 1\), got 0"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
