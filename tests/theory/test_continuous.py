"""Averaging in stars, trees and chains, against covariance matrices built edge by edge."""

import numpy as np
import pytest

from budgetsim.theory import continuous

LEAF, NOISE, RHO = 2.0, 0.5, 0.3


def averaged_variance(agents, correlation, leaf, noise):
    """Variance of the plain mean from the covariance matrix of what is received."""
    covariance = leaf * (correlation + (1 - correlation) * np.eye(agents)) + noise * np.eye(agents)
    weights = np.full(agents, 1 / agents)
    return weights @ covariance @ weights


@pytest.mark.parametrize("agents", [1, 4, 16])
def test_star_is_the_mean_of_a_covariance_matrix(agents):
    expected = averaged_variance(agents, RHO, LEAF, NOISE)
    assert continuous.star_risk(agents, RHO, LEAF, NOISE) == pytest.approx(expected, rel=1e-13)


def test_tree_is_a_star_of_stars():
    variance = LEAF
    for depth in range(1, 6):
        variance = averaged_variance(3, RHO, variance, NOISE)
        assert continuous.tree_risk(3, depth, RHO, LEAF, NOISE) == pytest.approx(variance, rel=1e-13)
    assert continuous.tree_risk(3, 200, RHO, LEAF, NOISE) == pytest.approx(continuous.tree_floor(3, RHO, NOISE))


def test_exponent_is_the_slope_of_the_excess_variance():
    excess = continuous.tree_risk(3, np.array([2, 5]), RHO, LEAF, NOISE) - continuous.tree_floor(3, RHO, NOISE)
    slope = np.log(excess[0] / excess[1]) / np.log(3.0**3)
    assert continuous.tree_variance_exponent(3, RHO) == pytest.approx(slope, rel=1e-12)
    assert continuous.tree_variance_exponent(7, 0.0) == pytest.approx(1.0)


def test_running_mean_carries_the_noise_of_every_hop():
    # Agent n hands on ((n - 1) (received mean + noise) + own) / n: the noise it received keeps the weight (n - 1) / N.
    for agents in (1, 2, 7, 12):
        noise = sum(((n - 1) / agents) ** 2 for n in range(2, agents + 1)) * NOISE
        expected = averaged_variance(agents, RHO, LEAF, 0.0) + noise
        assert continuous.chain_running_mean_risk(agents, RHO, LEAF, NOISE) == pytest.approx(expected, rel=1e-13)
    assert continuous.chain_relay_risk(3, LEAF, NOISE) == LEAF + 3 * NOISE


def test_optimal_chain_settles_at_its_floor():
    variance = LEAF
    for _ in range(200):
        variance = (variance + NOISE) * LEAF / (variance + NOISE + LEAF)
    assert continuous.chain_optimal_floor(LEAF, NOISE) == pytest.approx(variance, rel=1e-12)
    assert continuous.chain_optimal_floor(LEAF, 1e12) == pytest.approx(LEAF, rel=1e-11)
    assert continuous.chain_optimal_floor(LEAF, 0.0) == 0.0


def test_mixing_depth_is_the_first_depth_within_tolerance():
    floor = continuous.tree_floor(3, RHO, NOISE)
    for tolerance in (0.5, 0.1, 0.01):
        depth = continuous.continuous_mixing_depth(3, RHO, LEAF, NOISE, tolerance)
        assert type(depth) is int
        assert continuous.tree_risk(3, depth, RHO, LEAF, NOISE) <= floor * (1 + tolerance)
        assert continuous.tree_risk(3, depth - 1, RHO, LEAF, NOISE) > floor * (1 + tolerance)
    assert continuous.continuous_mixing_depth(3, RHO, floor, NOISE, 0.1) == 0


def test_optimal_leaf_tokens_minimize_the_excess_variance():
    best = continuous.continuous_optimal_leaf_tokens(0.3, 0.5722, 30.0)
    tokens = best * np.linspace(0.3, 3, 301)
    excess = ((tokens + 30.0) / 1e6) ** 0.5722 * tokens**-0.3
    assert tokens[np.argmin(excess)] == pytest.approx(best, rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: continuous.tree_floor(1, 0.1, 0.1), "fan_in must be a whole number, 2 or more"),
        (lambda: continuous.tree_floor(3, 1.0, 0.1), "correlation must be in"),
        (lambda: continuous.star_risk(3, 0.1, -1.0, 0.1), "leaf_variance must be"),
        (lambda: continuous.continuous_mixing_depth(3, 0.1, 1.0, 0.1, 0.0), "tolerance must be"),
        (lambda: continuous.continuous_optimal_leaf_tokens(0.6, 0.5, 30.0), "tree_exponent must be above"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
