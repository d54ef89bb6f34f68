"""Vote curves over distributions of problems, against binomial sums in rational arithmetic."""

from fractions import Fraction
from itertools import pairwise
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from budgetsim.theory.heterogeneity import beta_accuracy, beta_problems, mixture_accuracy
from budgetsim.theory.vote_populations import (
    best_vote_count,
    beta_vote_accuracy,
    beta_vote_increment,
    population_vote_accuracy,
    population_vote_increment,
    population_vote_limit,
)
from budgetsim.theory.votes import optimal_vote_count

exact_settings = settings(derandomize=True, deadline=None)
atoms = st.lists(st.tuples(st.integers(0, 32), st.integers(1, 9)), min_size=1, max_size=5).map(
    lambda pairs: ([Fraction(q, 32) for q, _ in pairs], [Fraction(w) for _, w in pairs])
)
numbers = st.integers(0, 12).map(lambda k: 2 * k + 1)


def curve(probability, weights, votes):
    """Accuracy of a majority from the definition."""
    right = (
        w * sum(comb(votes, j) * q**j * (1 - q) ** (votes - j) for j in range(votes // 2 + 1, votes + 1))
        for q, w in zip(probability, weights, strict=True)
    )
    return sum(right) / sum(weights)


@exact_settings
@given(atoms, numbers)
def test_accuracy_increment_and_their_identity(population, votes):
    probability, weights = population
    floats = np.array(probability, dtype=float), np.array(weights, dtype=float)
    before, after = curve(probability, weights, votes), curve(probability, weights, votes + 2)
    assert population_vote_accuracy(*floats, votes) == pytest.approx(float(before), abs=1e-14)
    assert population_vote_increment(*floats, votes) == pytest.approx(float(after - before), abs=1e-14)
    # V_{2n+1} - V_{2n-1} = binom(2n-1, n) E[(Q (1 - Q))^n (2Q - 1)], exactly.
    n = (votes + 1) // 2
    moment = sum(w * (q * (1 - q)) ** n * (2 * q - 1) for q, w in zip(probability, weights, strict=True)) / sum(weights)
    assert after - before == comb(2 * n - 1, n) * moment


@exact_settings
@given(atoms)
def test_turns_are_bounded_by_the_signs_of_the_signature(population):
    probability, weights = population
    signature = {}
    for q, w in zip(probability, weights, strict=True):
        signature[q * (1 - q)] = signature.get(q * (1 - q), 0) + w * (2 * q - 1)
    masses = [signature[x] for x in sorted(signature) if signature[x] and x]
    most = sum(first * second < 0 for first, second in pairwise(masses))
    floats = np.array(probability, dtype=float), np.array(weights, dtype=float)
    steps = population_vote_increment(*floats, np.arange(1, 400, 2))
    signs = np.sign(steps[np.abs(steps) > 1e-15])
    assert np.count_nonzero(np.diff(signs)) <= most


def test_a_curve_that_turns_twice():
    # Clear problems first, then confidently wrong ones, then close calls on the right side.
    probability, weights = [0.9, 0.25, 0.55], [1.0, 1.0, 1.5]
    votes = np.array([1, 3, 9, 51])
    exact = [float(curve([Fraction(q) for q in probability], [Fraction(w) for w in weights], int(k))) for k in votes]
    assert exact[0] < exact[1] > exact[2] < exact[3]
    assert population_vote_accuracy(probability, weights, votes) == pytest.approx(exact, abs=1e-14)
    steps = population_vote_increment(probability, weights, np.arange(1, 200, 2))
    assert np.count_nonzero(np.diff(np.sign(steps))) == 2


@exact_settings
@given(atoms)
def test_limit_is_the_end_of_the_curve(population):
    probability, weights = population
    right = sum(
        w * ((q > Fraction(1, 2)) + Fraction(int(q == Fraction(1, 2)), 2)) for q, w in zip(*population, strict=True)
    )
    limit = population_vote_limit(np.array(probability, dtype=float), np.array(weights, dtype=float))
    assert limit == pytest.approx(float(right / sum(weights)), abs=1e-15)
    many = population_vote_accuracy(np.array(probability, dtype=float), np.array(weights, dtype=float), 100001)
    assert many == pytest.approx(limit, abs=1e-12)  # the closest atom is 1/32 from one half: 20 standard deviations


@exact_settings
@given(atoms, st.sampled_from([0.0, 1e-4, 0.01]))
def test_best_number_is_the_best_of_all(population, price):
    probability, weights = population
    values = {votes: float(curve(probability, weights, votes)) for votes in range(1, 42, 2)}
    best = best_vote_count(list(map(float, probability)), list(map(float, weights)), most_votes=41, price=price)
    assert best.accuracy == pytest.approx(values[best.votes], abs=1e-13)
    assert best.accuracy - price * best.votes >= max(v - price * k for k, v in values.items()) - 1e-13
    assert best.single == pytest.approx(values[1], abs=1e-15)


@pytest.mark.parametrize("levels", [(0.6, 0.85, 0.40), (0.7, 0.9, 0.45), (0.55, 0.8, 0.3), (0.5, 0.9, 0.48)])
def test_best_number_on_two_kinds_of_problems(levels):
    share, easy, hard = levels
    best = best_vote_count([easy, hard], [share, 1 - share])
    assert best.votes == optimal_vote_count(share, easy, hard).votes == 5


def test_a_vote_must_be_worth_its_price():
    # One kind of problem: P_3 - P_1 = .060606 and P_5 - P_3 = .051 at p = .63, two votes for each gain.
    first, second = 0.5 * 0.060606, 0.5 * float(curve([Fraction(63, 100)], [1], 5) - curve([Fraction(63, 100)], [1], 3))
    assert best_vote_count([0.63], [1.0], price=first + 1e-5).votes == 1
    assert best_vote_count([0.63], [1.0], price=0.5 * (first + second)).votes == 3
    assert best_vote_count([0.63], [1.0], most_votes=101).votes == 101
    assert best_vote_count([0.4], [1.0], most_votes=100).votes == 1


def rising(start, steps):
    product = Fraction(1)
    for i in range(steps):
        product *= start + i
    return product


def beta_curve(alpha, beta, votes):
    alpha, beta = Fraction(alpha), Fraction(beta)
    ways = (comb(votes, j) * rising(alpha, j) * rising(beta, votes - j) for j in range(votes // 2 + 1, votes + 1))
    return sum(ways) / rising(alpha + beta, votes)


@pytest.mark.parametrize(("alpha", "beta"), [(2.0, 1.0), (0.25, 0.75), (1.5, 1.5), (30.0, 0.5)])
@pytest.mark.parametrize("votes", [1, 3, 9, 51])
def test_beta_curve_is_the_beta_binomial_tail(alpha, beta, votes):
    here, there = beta_curve(alpha, beta, votes), beta_curve(alpha, beta, votes + 2)
    assert beta_vote_accuracy(alpha, beta, votes) == pytest.approx(float(here), abs=1e-14)
    assert beta_vote_increment(alpha, beta, votes) == pytest.approx(float(there - here), rel=1e-11, abs=1e-300)


@exact_settings
@given(st.floats(0.05, 30.0), st.floats(0.05, 30.0))
def test_beta_populations_never_turn(alpha, beta):
    problems = beta_problems(alpha, beta)
    steps = population_vote_increment(*problems, np.arange(1, 60, 2))
    assert np.all(steps * np.sign(alpha - beta) >= -1e-14)
    assert beta_vote_increment(alpha, beta, np.arange(1, 60, 2)) == pytest.approx(steps, abs=1e-11)


def test_beta_curve_many_votes_and_its_limit():
    exact = special.betainc(0.7, 1.2, 0.5)
    many = beta_vote_accuracy(1.2, 0.7, 20001)
    assert many == pytest.approx(beta_accuracy(1.2, 0.7, 20001, 1, 1.0, 0.0), abs=1e-11)
    assert exact - 1e-3 < many < exact
    assert population_vote_limit(*beta_problems(1.2, 0.7)) == pytest.approx(exact, abs=1e-11)


def test_votes_are_trees_of_depth_one_and_broadcast():
    probability, weights = np.array([[0.9, 0.3], [0.5, 0.6]]), np.array([0.5, 1.5])
    votes = np.array([3, 11])
    ours = population_vote_accuracy(probability, weights, votes)
    assert ours == pytest.approx(mixture_accuracy(probability, weights, votes, 1, 1.0, 0.0), abs=1e-14)


def test_under_jax():
    with jax.enable_x64(True):
        probability, weights = jnp.asarray([0.85, 0.4]), jnp.asarray([0.6, 0.4])
        for function in (population_vote_accuracy, population_vote_increment):
            ours = jax.jit(function, static_argnums=2)(probability, weights, 5)
            assert ours == pytest.approx(function([0.85, 0.4], [0.6, 0.4], 5), abs=1e-14)
        assert jax.jit(population_vote_limit)(probability, weights) == pytest.approx(0.6, abs=1e-15)
        assert jnp.isnan(jax.jit(population_vote_limit)(probability, 0.0 * weights))
        slope = jax.grad(lambda a: beta_vote_accuracy(a, 1.0, 7))(2.0)
        ends = [float(beta_curve(2.0 + step, 1.0, 7)) for step in (-(2**-20), 2**-20)]
        assert slope == pytest.approx((ends[1] - ends[0]) * 2**19, rel=1e-8)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: population_vote_accuracy([0.5], [1.0], 2), "votes must be an odd number"),
        (lambda: population_vote_increment([1.5], [1.0], 3), "probability_atoms must be in"),
        (lambda: population_vote_limit([0.5], [-1.0]), "weights must be"),
        (lambda: population_vote_limit([0.5], [0.0]), "weights must not all be 0"),
        (lambda: best_vote_count([0.5], [1.0], most_votes=0), "most_votes must be finite, 1 or more, got 0"),
        (lambda: best_vote_count([0.5], [1.0], price=-0.1), "price must be finite, 0 or more, got -0.1"),
        (lambda: best_vote_count([0.5], [1.0, 2.0]), r"must both have shape \[atoms\]"),
        (lambda: beta_vote_accuracy(1.0, 1.0, 4), "votes must be an odd number, 1 or more, got 4"),
        (lambda: beta_vote_increment(0.0, 1.0, 3), "alpha must be finite, above 0"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
