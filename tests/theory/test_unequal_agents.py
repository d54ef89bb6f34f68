"""Majorities of unequal agents against enumeration of every pattern of votes."""

from fractions import Fraction
from itertools import product
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import majority, phase
from budgetsim.theory.unequal_agents import (
    iterate_unequal,
    unequal_amplification,
    unequal_majority_bias,
    unequal_one_level_map,
)

exact_settings = settings(derandomize=True, deadline=None)
signed = st.integers(1, 4).flatmap(lambda k: st.lists(st.floats(-1.0, 1.0), min_size=2 * k - 1, max_size=2 * k - 1))
positive = st.integers(1, 6).flatmap(lambda k: st.lists(st.floats(0.0, 1.0), min_size=2 * k + 1, max_size=2 * k + 1))


def enumerated(biases):
    mean = Fraction(0)
    for votes in product((-1, 1), repeat=len(biases)):
        chance = Fraction(1)
        for vote, bias in zip(votes, biases, strict=True):
            chance *= (1 + vote * Fraction(bias)) / 2
        mean += chance * (1 if sum(votes) > 0 else -1)
    return float(mean)


@exact_settings
@given(signed)
def test_equals_enumeration(biases):
    assert unequal_majority_bias(biases) == pytest.approx(enumerated(biases), abs=1e-14)


@pytest.mark.parametrize("agents", [1, 3, 5, 9, 21, 101, 1001])
def test_equal_agents_are_a_binomial_majority(agents):
    bias = np.array([0.0, 1e-8, 0.03, -0.2, 0.7, 1.0])
    ours = unequal_majority_bias(np.repeat(bias[:, None], agents, axis=-1))
    np.testing.assert_allclose(ours, majority.majority_bias(agents, bias), rtol=1e-12, atol=1e-14)


def test_a_thousand_unequal_agents_equal_the_law_built_vote_by_vote():
    biases = np.random.default_rng(3).uniform(-0.3, 0.4, 1001)
    law = np.array([1.0])
    for right in (1 + biases) / 2:
        law = np.convolve(law, [1 - right, right])
    assert unequal_majority_bias(biases) == pytest.approx(2 * law[501:].sum() - 1, abs=1e-12)


def test_many_agents_follow_the_central_limit():
    from math import erf, sqrt

    biases = np.linspace(0.0, 0.02, 20001)
    spread = sqrt(np.sum(1 - biases**2))
    assert unequal_majority_bias(biases) == pytest.approx(erf(biases.sum() / spread / sqrt(2)), abs=1e-5)


@exact_settings
@given(signed)
def test_odd_and_bounded(biases):
    value = unequal_majority_bias(biases)
    assert value == -unequal_majority_bias(-np.array(biases))
    assert -1 <= value <= 1
    assert value == pytest.approx(unequal_majority_bias(biases[::-1]), abs=1e-14)


@exact_settings
@given(signed, st.floats(0.0, 1.0), st.integers(0, 6))
def test_a_better_agent_never_hurts(biases, share, place):
    better = list(biases)
    place %= len(biases)
    better[place] += share * (1 - better[place])
    assert unequal_majority_bias(better) >= unequal_majority_bias(biases) - 1e-14


@exact_settings
@given(positive)
def test_unequal_votes_beat_equal_ones_with_a_decided_mean(biases):
    # Hoeffding 1956: fewer than half right is less likely than under the binomial law of the same mean, if the mean
    # number of right votes is at least (b + 1) / 2.
    mean = float(np.mean(biases))
    if mean >= 1 / len(biases):
        assert unequal_majority_bias(biases) >= majority.majority_bias(len(biases), mean) - 1e-14


@exact_settings
@given(positive, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_concave_along_every_positive_direction(direction, first, second, correlation):
    fidelities = 0.01 + 0.99 * np.array(direction)
    bias = np.array([first, second, 0.5 * (first + second)])
    low, high, middle = unequal_one_level_map(bias[:, None], fidelities, correlation)
    assert middle >= 0.5 * (low + high) - 1e-14


def test_level_equals_enumeration_and_the_equal_level():
    biases, fidelities = np.array([0.3, -0.2, 0.8, 0.5, 0.0]), np.array([1.0, 0.5, 0.7, 0.2, 0.9])
    received = biases * fidelities
    exact = 0.25 * received.mean() + 0.75 * enumerated(received)
    assert unequal_one_level_map(biases, fidelities, 0.25) == pytest.approx(exact, abs=1e-14)
    equal = unequal_one_level_map(np.full(7, 0.3), [0.8], np.array([0.0, 0.3, 1.0]))
    assert equal == pytest.approx(phase.one_level_map(0.3, 7, 0.8, np.array([0.0, 0.3, 1.0])), abs=1e-14)


def test_only_the_mean_fidelity_amplifies():
    fidelities = [0.2, 0.5, 0.8, 0.9, 0.35]
    alpha = unequal_amplification(fidelities, 0.2)
    assert alpha == pytest.approx(0.55 * (0.2 + 0.8 * 15 / 8), rel=1e-14)
    step = 1e-6
    assert unequal_one_level_map(np.full(5, step), fidelities, 0.2) / step == pytest.approx(alpha, rel=1e-9)


@pytest.mark.parametrize("spread", [0.0, 0.25])
@pytest.mark.parametrize(("excess", "grows"), [(1.05, True), (0.95, False)])
def test_the_threshold_is_where_the_mean_fidelity_is_critical(spread, excess, grows):
    mean = excess * phase.critical_fidelity(5, 0.1)
    fidelities = mean + spread * np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
    deep = iterate_unequal(np.array([0.01, 0.4, 1.0]), fidelities, 600, 0.1)
    if grows:
        assert np.ptp(deep) < 1e-9
        assert deep[0] > 0.05
        if spread == 0.0:
            assert deep[0] == pytest.approx(phase.fixed_point(5, mean, 0.1), abs=1e-9)
    else:
        assert np.all(deep < 1e-9)


def test_iteration_is_repetition_and_broadcasts():
    fidelities = np.array([[0.9, 0.7, 0.8], [0.3, 1.0, 0.6]])
    bias = np.array([[0.1], [0.4], [-0.9]])
    deep = iterate_unequal(bias, fidelities, 3, 0.1)
    assert deep.shape == (3, 2)
    one = 0.4
    for _ in range(3):
        one = 0.1 * one * fidelities[1].mean() + 0.9 * enumerated(one * fidelities[1])
    assert deep[1, 1] == pytest.approx(one, abs=1e-13)
    assert iterate_unequal(0.3, [0.5, 0.6, 0.7], 0, 0.0) == 0.3


def test_limits():
    biases = [0.2, -0.4, 0.9]
    assert unequal_one_level_map(biases, [0.5], 1.0) == pytest.approx(0.5 * np.mean(biases), rel=1e-15)
    assert unequal_one_level_map(biases, [1e-12], 0.0) == pytest.approx(0.0, abs=1e-11)
    assert unequal_majority_bias([1.0, 1.0, -1.0]) == pytest.approx(1.0, abs=1e-15)


def test_under_jax():
    with jax.enable_x64(True):
        biases = np.random.default_rng(4).uniform(-1, 1, (3, 9))
        ours = jax.jit(unequal_majority_bias)(jnp.asarray(biases))
        np.testing.assert_allclose(ours, unequal_majority_bias(biases), atol=1e-14)
        # The slope in one vote at chance: the vote is pivotal with chance binom(b-1, (b-1)/2) / 2^(b-1).
        for agents in (1, 3, 5, 9):
            slope = jax.grad(unequal_majority_bias)(jnp.zeros(agents))
            np.testing.assert_allclose(slope, comb(agents - 1, agents // 2) / 2 ** (agents - 1), rtol=1e-13)
        step = jax.grad(lambda g: iterate_unequal(0.05, jnp.asarray([0.7, 0.8, 0.9]) * g, 4, 0.1))(1.0)
        ends = [iterate_unequal(0.05, np.array([0.7, 0.8, 0.9]) * g, 4, 0.1) for g in (1 - 1e-6, 1 + 1e-6)]
        assert step == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-7)
        spoiled = jax.jit(unequal_majority_bias)(jnp.asarray([[0.1, 0.2, 1.2], [0.1, 0.2, 0.3]]))
        assert list(np.isnan(spoiled)) == [True, False]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: unequal_majority_bias([0.1, 1.5, 0.2]), r"biases must be in \[-1, 1\], got 1.5"),
        (lambda: unequal_majority_bias([0.1, 0.2]), "biases must have an odd number of agents"),
        (lambda: unequal_majority_bias(0.1), "biases must have an odd number of agents"),
        (lambda: unequal_one_level_map([0.1, 0.2, 0.3], [0.0], 0.1), "fidelities must be in"),
        (lambda: unequal_one_level_map([0.1, 0.2, 0.3], [1.0], 1.1), "correlation must be in"),
        (lambda: unequal_amplification([0.5, 0.5], 0.1), "fidelities must have an odd number of agents"),
        (lambda: iterate_unequal(0.1, [0.5, 0.5, 0.5], 1.5, 0.1), "depth must be a whole number"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
