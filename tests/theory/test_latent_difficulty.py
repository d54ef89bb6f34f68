"""What a latent difficulty does to the threshold: every statement against plain iteration over the problems."""

from fractions import Fraction
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory import phase
from budgetsim.theory.heterogeneity import beta_problems
from budgetsim.theory.latent_difficulty import deep_mean_bias, improvement_correlation, mean_gain, problem_balance

exact_settings = settings(derandomize=True, deadline=None)
populations = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=6).map(
    lambda pairs: (np.array([q / 20 for q, _ in pairs]), np.array([float(w) for _, w in pairs]))
)
trees = st.tuples(st.sampled_from([3, 5, 9]), st.floats(0.2, 1.0), st.floats(0.0, 0.9))


def plain_mean(probability, weights, fan_in, depth, fidelity, correlation):
    """Mean bias at the root, problem by problem, from the definition of a level."""
    bias = 2 * probability - 1
    for _ in range(depth):
        right = (1 + fidelity * bias) / 2
        won = sum(comb(fan_in, j) * right**j * (1 - right) ** (fan_in - j) for j in range(fan_in // 2 + 1, fan_in + 1))
        bias = np.clip(correlation * fidelity * bias + (1 - correlation) * (2 * won - 1), -1, 1)
        # Rounding may not move a problem off the fence.
        bias = np.where(probability == 0.5, 0.0, bias)
    return float(weights @ bias / weights.sum())


def test_balance_by_hand():
    balance = problem_balance([0.9, 0.5, 0.3, 0.0], [4.0, 3.0, 2.0, 1.0])
    assert balance.mean_bias == pytest.approx((4 * 0.8 - 2 * 0.4 - 1) / 10, rel=1e-14)
    assert balance.balance == pytest.approx(0.1, rel=1e-14)


@exact_settings
@given(populations, trees)
def test_deep_trees_count_problems(population, tree):
    assume(abs(phase.amplification(*tree) - 1) > 0.02)
    deep = plain_mean(*population, tree[0], 1500, *tree[1:])
    assert deep_mean_bias(*population, *tree) == pytest.approx(deep, abs=1e-9)


@pytest.mark.parametrize("fan_in", [3, 5])
def test_the_threshold_does_not_know_the_problems(fan_in):
    critical = phase.critical_fidelity(fan_in, 0.1)
    rng = np.random.default_rng(7)
    for _ in range(5):
        probability, weights = rng.uniform(0, 1, 7), rng.uniform(0.1, 1, 7)
        assert abs(plain_mean(probability, weights, fan_in, 1500, 0.98 * critical, 0.1)) < 1e-9
        above = 1.02 * critical
        balance = weights @ np.sign(probability - 0.5) / weights.sum()
        deep = plain_mean(probability, weights, fan_in, 1500, above, 0.1)
        assert deep == pytest.approx(phase.fixed_point(fan_in, above, 0.1) * balance, abs=1e-9)


@exact_settings
@given(st.integers(1, 9), st.integers(0, 5), st.floats(0.7, 1.0), st.floats(0.01, 0.1), trees)
@pytest.mark.verify
def test_amplification_of_the_mean_is_abolished_if_most_problems_are_wrong(easy, more, right, short, tree):
    # ``easy`` problems are mostly right, as many and ``more`` are wrong by a little.
    population = np.array([right, 0.5 - short]), np.array([easy, easy + more], dtype=float)
    mean, balance = problem_balance(*population)
    assume(mean > 0)
    assert balance <= 0
    assert deep_mean_bias(*population, *tree) <= 0
    assert plain_mean(*population, tree[0], 1500, *tree[1:]) < mean
    assert improvement_correlation(tree[0], tree[1], mean, balance) == -np.inf


def test_a_wrong_median_turns_every_amplifying_tree():
    # Right on average, wrong on six problems in ten: no fidelity helps, noiseless ones least.
    population = np.array([0.95, 0.4]), np.array([0.4, 0.6])
    for fidelity in (0.6, 0.8, 1.0):
        assert plain_mean(*population, 5, 400, fidelity, 0.0) < 0 < plain_mean(*population, 5, 0, fidelity, 0.0)
    assert deep_mean_bias(*population, 5, np.array([0.6, 0.8, 1.0]), 0.0)[2] == pytest.approx(-0.2, rel=1e-14)


@exact_settings
@given(populations, trees)
@pytest.mark.verify
def test_improvement_ends_at_its_correlation(population, tree):
    fan_in, fidelity, _ = tree
    mean, balance = problem_balance(*population)
    assume(0.01 < mean < balance - 1e-6)
    critical = improvement_correlation(fan_in, fidelity, mean, balance)
    assert critical <= phase.critical_correlation(fan_in, fidelity) + 1e-12
    for correlation in (critical - 0.03, critical + 0.03):
        if 0 <= correlation < 1:
            deep = plain_mean(*population, fan_in, 1500, fidelity, correlation)
            assert (deep > mean) == (correlation < critical)
    if critical < 0:
        assert plain_mean(*population, fan_in, 1500, fidelity, 0.0) <= mean


def test_improvement_correlation_tends_to_the_critical_one():
    limit = phase.critical_correlation(5, 0.9)
    near = improvement_correlation(5, 0.9, np.array([1e-6, 1e-4]), 0.7)
    assert near == pytest.approx(limit, abs=1e-6)
    assert improvement_correlation(5, 1.0, 0.3, 0.6) == pytest.approx(1.0, rel=1e-14)
    # No problem leans wrong: the boundary is where the fixed point meets the leaf bias; f_5(.54) = 0.81935 by hand.
    voted = (15 * 0.54 - 10 * 0.54**3 + 3 * 0.54**5) / 8
    assert improvement_correlation(5, 0.9, 0.6, 1.0) == pytest.approx((voted - 0.6) / (voted - 0.54), rel=1e-13)


def test_gain_of_three_votes_is_cubic():
    probability, weights = [Fraction(9, 10), Fraction(2, 5), Fraction(1, 10)], [3, 4, 1]
    bias = [2 * q - 1 for q in probability]
    fidelity, correlation = Fraction(4, 5), Fraction(1, 10)
    alpha = fidelity * (correlation + (1 - correlation) * Fraction(3, 2))
    kappa = (1 - correlation) * fidelity**3 / 2
    first, third = (sum(w * u**n for u, w in zip(bias, weights, strict=True)) for n in (1, 3))
    gain = mean_gain(np.array(probability, dtype=float), np.array(weights, dtype=float), 3, 1, 0.8, 0.1)
    assert gain == pytest.approx(float(alpha - kappa * third / first), rel=1e-13)


@exact_settings
@given(populations, trees, st.integers(0, 6))
def test_gain_is_that_of_plain_iteration(population, tree, depth):
    mean = problem_balance(*population).mean_bias
    assume(abs(mean) > 0.01)
    gain = mean_gain(*population, tree[0], depth, *tree[1:])
    assert gain == pytest.approx(plain_mean(*population, tree[0], depth, *tree[1:]) / mean, abs=1e-11)
    if population[0].min() >= 0.5:
        assert gain <= phase.amplification(*tree) ** depth * (1 + 1e-12)


def test_small_biases_keep_the_amplification_whatever_their_signs():
    for scale, tolerance in ((1e-3, 1e-4), (1e-5, 1e-8)):
        probability = 0.5 + scale * np.array([1.0, -0.7, 0.2])
        gain = mean_gain(probability, [1.0, 1.0, 1.0], 5, 4, 0.8, 0.1)
        assert gain == pytest.approx(phase.amplification(5, 0.8, 0.1) ** 4, rel=tolerance)


def test_wrong_problems_may_speed_the_mean_up():
    # Many slightly right problems grow, the few certainly wrong ones cannot get worse.
    assert mean_gain([0.55, 0.0], [0.95, 0.05], 3, 1, 1.0, 0.0) > 1.5


def test_beta_problems_are_balanced_by_their_shapes():
    assert deep_mean_bias(*beta_problems(2.0, 2.0), 5, 1.0, 0.0) == pytest.approx(0.0, abs=1e-12)
    # P(Q > 1/2) of Beta(2, 1), with density 2q, is 3/4.
    assert deep_mean_bias(*beta_problems(2.0, 1.0), 5, 0.6, 0.1) == pytest.approx(0.5 * 5 / 9, abs=1e-11)


def test_under_jax():
    with jax.enable_x64(True):
        atoms, weights = jnp.asarray([0.95, 0.4]), jnp.asarray([0.4, 0.6])
        assert jax.jit(deep_mean_bias)(atoms, weights, 5, 0.6, 0.1) == pytest.approx(-1 / 9, rel=1e-12)
        gain = jax.jit(mean_gain, static_argnums=(2, 3))(atoms, weights, 3, 1, 1.0, 0.0)
        assert gain == pytest.approx(0.9025, rel=1e-13)
        assert jnp.isnan(
            jax.jit(mean_gain, static_argnums=(2, 3))(jnp.asarray([0.75, 0.25]), jnp.ones(2), 3, 1, 1.0, 0.0)
        )
        ours = jax.jit(improvement_correlation)(5, 0.9, jnp.asarray([0.6, 0.3, -1.0]), jnp.asarray([1.0, 0.2, 0.5]))
        assert ours[0] == pytest.approx(improvement_correlation(5, 0.9, 0.6, 1.0), rel=1e-13)
        assert ours[1] == -jnp.inf
        assert jnp.isnan(ours[2])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: problem_balance([1.5], [1.0]), "probability_atoms must be in"),
        (lambda: deep_mean_bias([0.5], [-1.0], 3, 0.9, 0.1), "weights must be"),
        (lambda: deep_mean_bias([0.5], [0.0], 3, 0.9, 0.1), "weights must not all be 0"),
        (lambda: mean_gain([0.5], [1.0], 3, 1, 0.9, 0.1), "the mean bias must not be 0"),
        (lambda: improvement_correlation(3, 0.9, 0.0, 0.5), "mean_bias must be in"),
        (lambda: improvement_correlation(3, 0.9, 0.1, 1.5), "balance must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
