"""Trees over distributions of problems: exact moments, closed forms and limits."""

from fractions import Fraction
from itertools import pairwise
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from budgetsim.theory.heterogeneity import beta_accuracy, beta_problems, empirical_problems, mixture_accuracy
from budgetsim.theory.phase import fixed_point, iterate_bias

exact_settings = settings(derandomize=True, deadline=None, max_examples=50)
SHAPES = [(0.5, 1.5), (0.0625, 0.125), (1.0, 1.0), (3.0, 2.0), (20.0, 30.0), (0.25, 40.0), (200.0, 100.0)]


def rising(start, steps):
    product = Fraction(1)
    for i in range(steps):
        product *= start + i
    return product


def beta_binomial_majority(alpha, beta, votes):
    """P(more than half of the votes are right) in rational arithmetic."""
    alpha, beta = Fraction(alpha), Fraction(beta)
    ways = (comb(votes, j) * rising(alpha, j) * rising(beta, votes - j) for j in range(votes // 2 + 1, votes + 1))
    return float(sum(ways) / rising(alpha + beta, votes))


def polynomial_tree_accuracy(alpha, beta, depth, fidelity, correlation):
    """Trees of three votes: T(u) is a cubic, its powers are polynomials in q, their means rising factorials."""
    fidelity, correlation = Fraction(fidelity), Fraction(correlation)

    def times(first, second):
        product = [Fraction(0)] * (len(first) + len(second) - 1)
        for i, a in enumerate(first):
            for j, b in enumerate(second):
                product[i + j] += a * b
        return product

    bias = [Fraction(-1), Fraction(2)]
    for _ in range(depth):
        received = [fidelity * part for part in bias]
        cube = times(received, times(received, received))
        linear = received + [Fraction(0)] * (len(cube) - len(received))
        voted = [(3 * a - b) / 2 for a, b in zip(linear, cube, strict=True)]
        bias = [correlation * a + (1 - correlation) * b for a, b in zip(linear, voted, strict=True)]
    alpha, beta = Fraction(alpha), Fraction(beta)
    mean = sum(part * rising(alpha, n) / rising(alpha + beta, n) for n, part in enumerate(bias))
    return float((1 + mean) / 2)


@pytest.mark.parametrize(("alpha", "beta"), SHAPES)
@pytest.mark.parametrize("votes", [1, 5, 51, 301])
def test_noiseless_star_is_the_beta_binomial_tail(alpha, beta, votes):
    exact = beta_binomial_majority(alpha, beta, votes)
    assert beta_accuracy(alpha, beta, votes, 1, 1.0, 0.0) == pytest.approx(exact, abs=1e-11)


def test_more_nodes_carry_sharper_populations():
    exact = beta_binomial_majority(1400, 600, 101)
    assert beta_accuracy(1400.0, 600.0, 101, 1, 1.0, 0.0, nodes=32) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize(("alpha", "beta"), SHAPES)
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_tree_equals_the_moments_of_its_polynomial(alpha, beta, depth):
    exact = polynomial_tree_accuracy(alpha, beta, depth, 0.75, 0.125)
    assert beta_accuracy(alpha, beta, 3, depth, 0.75, 0.125) == pytest.approx(exact, abs=1e-11)


@pytest.mark.parametrize(("fan_in", "depth"), [(100001, 1), (101, 3), (5, 40)])
def test_steep_trees_equal_adaptive_quadrature(fan_in, depth):
    def density(bias):
        return np.sqrt(0.5 * (1 + bias)) * (0.5 * (1 - bias)) ** 1.5 / (2 * special.beta(1.5, 2.5))

    def integrand(bias):
        return iterate_bias(bias, fan_in, depth, 0.8, 0.1) * (density(bias) - density(-bias))

    cuts = [0.0, *(0.5 ** np.arange(45, 0, -1)), 1.0]
    pieces = [integrate.quad(integrand, low, high, epsabs=1e-14)[0] for low, high in pairwise(cuts)]
    ours = beta_accuracy(1.5, 2.5, fan_in, depth, 0.8, 0.1)
    assert ours == pytest.approx(0.5 + 0.5 * sum(pieces), abs=1e-10)


@pytest.mark.parametrize(("alpha", "beta"), SHAPES[1:4])
@pytest.mark.parametrize(("fan_in", "fidelity", "correlation"), [(3, 1.0, 0.0), (5, 0.6, 0.1), (100001, 0.3, 0.5)])
def test_infinitely_deep_trees_count_problems(alpha, beta, fan_in, fidelity, correlation):
    right = special.betainc(beta, alpha, 0.5)
    exact = 0.5 + 0.5 * fixed_point(fan_in, fidelity, correlation) * (2 * right - 1)
    assert beta_accuracy(alpha, beta, fan_in, 600, fidelity, correlation) == pytest.approx(exact, abs=1e-10)


@exact_settings
@given(st.floats(0.05, 50.0), st.floats(0.05, 50.0), st.integers(0, 9), st.integers(0, 4), st.floats(0.0, 1.0))
def test_mirrored_populations_are_mirrored(alpha, beta, half, depth, correlation):
    ours = beta_accuracy(alpha, beta, 2 * half + 1, depth, 0.9, correlation)
    mirrored = beta_accuracy(beta, alpha, 2 * half + 1, depth, 0.9, correlation)
    assert ours + mirrored == pytest.approx(1.0, abs=1e-12)
    # More right problems than wrong ones at every distance from chance: trees keep the right side.
    assert (ours - 0.5) * (alpha - beta) >= -1e-12


@exact_settings
@given(st.floats(0.05, 100.0), st.floats(0.05, 100.0))
def test_rule_has_the_moments_of_the_distribution(alpha, beta):
    problems = beta_problems(alpha, beta)
    for n in range(6):
        exact = np.prod([(alpha + i) / (alpha + beta + i) for i in range(n)])
        assert problems.weights @ problems.probability_atoms**n == pytest.approx(exact, abs=1e-11)
    assert np.all(np.diff(np.sort(problems.probability_atoms)) >= 0)
    assert problems.probability_atoms.min() == 0.0
    assert problems.probability_atoms.max() == 1.0


def test_shapes_broadcast():
    alpha = np.array([[0.5], [2.0]])
    ours = beta_accuracy(alpha, np.array([1.0, 2.0, 3.0]), 5, 2, 0.9, 0.1)
    assert ours.shape == (2, 3)
    assert ours[1, 2] == pytest.approx(beta_accuracy(2.0, 3.0, 5, 2, 0.9, 0.1), abs=1e-14)
    assert type(beta_accuracy(2.0, 3.0, 5, 2, 0.9, 0.1)) is float


def test_empirical_problems_are_their_rates():
    problems = empirical_problems([[3, 0], [1, 4]], [[4], [8]])
    assert problems.probability_atoms.tolist() == [[0.75, 0.0], [0.125, 0.5]]
    # Three votes: 3 q^2 - 2 q^3, by hand.
    exact = [(27 / 32) / 2, ((3 / 64 - 2 / 512) + 0.5) / 2]
    assert mixture_accuracy(*problems, 3, 1, 1.0, 0.0) == pytest.approx(exact, rel=1e-14)


def test_under_jax():
    with jax.enable_x64(True):
        ours = jax.jit(lambda a, b: beta_accuracy(a, b, 5, 2, 0.9, 0.1))(jnp.asarray(0.5), jnp.asarray(1.5))
        assert ours == pytest.approx(beta_accuracy(0.5, 1.5, 5, 2, 0.9, 0.1), abs=1e-13)
        slope = jax.jit(jax.grad(lambda a: beta_accuracy(a, 1.5, 3, 1, 1.0, 0.0)))(0.5)
        ends = [beta_binomial_majority(0.5 + step, 1.5, 3) for step in (-(2**-20), 2**-20)]
        assert slope == pytest.approx((ends[1] - ends[0]) * 2**19, rel=1e-8)
        outside = jax.jit(lambda a: beta_accuracy(a, 1.5, 3, 1, 1.0, 0.0))(jnp.asarray([-1.0, 1.0]))
        assert list(np.isnan(outside)) == [True, False]
        rates = empirical_problems(jnp.asarray([[3.0, 5.0], [1.0, 2.0]]), jnp.asarray([[4.0]])).probability_atoms
        assert np.isnan(rates).tolist() == [[False, True], [False, False]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: beta_problems(0.0, 1.0), "alpha must be finite, above 0, got 0"),
        (lambda: beta_accuracy(1.0, -1.0, 3, 1, 1.0, 0.0), "beta must be finite, above 0"),
        (lambda: beta_accuracy(1.0, 1.0, 4, 1, 1.0, 0.0), "fan_in must be an odd number"),
        (lambda: beta_problems(1.0, 1.0, nodes=0), "nodes must be a whole number, 1 or more, got 0"),
        (lambda: empirical_problems([3], [2]), "correct must be at most samples"),
        (lambda: empirical_problems([1.5], [2]), "correct must be a whole number"),
        (lambda: empirical_problems([0], [0]), "samples must be a whole number, 1 or more"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
