"""Ten thousand levels and a hundred thousand votes: nothing drifts, overflows or loses its fixed point."""

from math import log1p, sqrt
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import majority, phase

DEPTH = 10_000


@pytest.mark.parametrize("fan_in", [3, 21, 1001, 100_001])
def test_deep_trees_stay_at_their_fixed_point(fan_in):
    fidelity = np.array([1.3, 2.0, 1.0 / phase.critical_fidelity(fan_in, 0.1)]) * phase.critical_fidelity(fan_in, 0.1)
    fidelity = np.minimum(fidelity, 1.0)
    deep = phase.iterate_bias(np.array([[1e-6], [0.3], [1.0]]), fan_in, DEPTH, fidelity, 0.1)
    # The positive root, checked from the map itself and from the sign of its excess on both sides.
    assert phase.one_level_map(deep, fan_in, fidelity, 0.1) == pytest.approx(deep, abs=1e-14)
    assert np.all(phase.one_level_map(0.99 * deep, fan_in, fidelity, 0.1) > 0.99 * deep)
    assert np.ptp(deep, axis=0) == pytest.approx(0.0, abs=1e-13)
    assert np.all(deep > 0.1)
    assert np.all(deep <= 1.0)


def test_deep_trees_below_the_threshold_vanish_at_the_rate_of_their_amplification():
    deep = phase.iterate_bias(1e-9, 5, DEPTH, 0.99 * phase.critical_fidelity(5, 0.1), 0.1)
    assert deep == pytest.approx(1e-9 * np.exp(DEPTH * log1p(-0.01)), rel=1e-10)
    assert phase.iterate_bias(0.7, 1, DEPTH, 0.999, 0.0) == pytest.approx(
        0.7 * np.exp(DEPTH * log1p(-0.001)), rel=1e-10
    )


def test_at_the_threshold_ten_thousand_levels_follow_the_square_root():
    # du/dL = -kappa u^3 with kappa = c_3 (2/3)^3 / 3 = 4/27.
    deep = phase.iterate_bias(0.5, 3, DEPTH, 2 / 3, 0.0)
    assert deep * sqrt(2 * 4 / 27 * DEPTH) == pytest.approx(1.0, abs=0.005)


def test_many_depths_at_once():
    depths = np.array([0, 1, 100, DEPTH])
    deep = phase.iterate_bias(0.05, 5, depths, 0.6, 0.1)
    assert deep[0] == 0.05
    assert deep[3] == pytest.approx(5 / 9, abs=1e-12)


def test_a_deep_tree_takes_a_moment():
    start = perf_counter()
    phase.iterate_bias(0.05, 5, DEPTH, 0.6, 0.1)
    assert perf_counter() - start < 10.0  # measured: a quarter of a second


@pytest.mark.parametrize("fan_in", [1001, 100_001])
def test_huge_votes_keep_the_relative_digits_of_tiny_biases(fan_in):
    tiny = np.array([1e-300, 1e-30, 1e-12])
    # f_b(u) = c_b u (1 - k u^2 / 3 + ...), to all digits here.
    assert majority.majority_bias(fan_in, tiny) == pytest.approx(majority.majority_slope(fan_in) * tiny, rel=1e-13)
    # Far out: 1 - f = 2 P(fewer than half) <= 2 exp(-b u^2 / 2).
    assert 1.0 - majority.majority_bias(fan_in, 0.2) <= 2 * np.exp(-fan_in * 0.02) + 1e-15


def test_under_jax():
    with jax.enable_x64(True):
        bias = jnp.asarray([1e-6, 0.3, -1.0])
        deep = jax.jit(lambda u: phase.iterate_bias(u, 100_001, DEPTH, 0.01, 0.1))(bias)
        np.testing.assert_allclose(deep, phase.iterate_bias(np.asarray(bias), 100_001, DEPTH, 0.01, 0.1), rtol=1e-11)
        slope = jax.jit(jax.grad(lambda g: phase.iterate_bias(0.05, 5, DEPTH, g, 0.1)))(0.6)
        # Deep down only the fixed point 5/9 is left, and its derivative: u T'(u) / gamma / (1 - T'(u)) with T' = .86.
        assert slope == pytest.approx(5 / 9 * 0.86 / 0.6 / 0.14, rel=1e-9)
