"""The fixed point of a level against SciPy's root finder, for few votes and many, known and traced fan-ins."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import binom

from budgetsim.theory import phase


def level(bias, fan_in, fidelity, correlation):
    """One level from the binomial tail."""
    received = fidelity * bias
    voted = 2 * binom.sf(fan_in // 2, fan_in, (1 + received) / 2) - 1
    return correlation * received + (1 - correlation) * voted


def excess(bias, *arguments):
    return level(bias, *arguments) - bias


@pytest.mark.parametrize("fan_in", [3, 5, 21, 127, 129, 131, 1001, 30001])
def test_fixed_point_equals_a_bracketed_root(fan_in):
    generator = np.random.default_rng(fan_in)
    fidelity, correlation = generator.uniform(0.1, 1.0, 40), generator.uniform(0.0, 0.95, 40)
    ours = phase.fixed_point(fan_in, fidelity, correlation)
    for root, *arguments in zip(ours, fidelity, correlation, strict=True):
        low = 1e-3
        if level(low, fan_in, *arguments) > low:
            expected = brentq(excess, low, 1.0, args=(fan_in, *arguments), xtol=1e-15, rtol=1e-14)
            assert root == pytest.approx(expected, rel=1e-9)
        else:
            assert root < low


@pytest.mark.parametrize("fan_in", [3, 51, 501])
def test_no_warning_and_no_jump_around_the_threshold(fan_in):
    fidelity = phase.critical_fidelity(fan_in, 0.2) * (1 + np.concatenate([[-1e-3, 0.0], np.logspace(-16, -2, 300)]))
    ours = phase.fixed_point(fan_in, fidelity, 0.2)
    assert np.all(ours[:2] == 0)
    opened = ours[2:][ours[2:] > 1e-6]
    assert np.all(np.diff(opened) > 0)
    law = np.sqrt((fidelity / fidelity[1] - 1)[2:] / phase.near_threshold_coefficient(fan_in, fidelity[2:], 0.2))
    near = (law > 1e-5) & (law < 1e-2 / np.sqrt(fan_in))
    assert np.any(near)
    assert ours[2:][near] == pytest.approx(law[near], rel=2e-3)


def test_known_mixed_and_traced_fan_ins_agree():
    fan_in = np.array([1, 3, 5, 99, 129, 131, 2001])
    together = phase.fixed_point(fan_in, 0.8, 0.1)
    assert together == pytest.approx([phase.fixed_point(int(b), 0.8, 0.1) for b in fan_in], rel=1e-14)
    small = phase.fixed_point(fan_in[:5], np.array([[0.8], [0.95]]), 0.1)
    assert small.shape == (2, 5)
    assert small[0] == pytest.approx(together[:5], rel=1e-14)
    with jax.enable_x64(True):
        np.testing.assert_allclose(jax.jit(phase.fixed_point)(fan_in, 0.8, 0.1), together, rtol=1e-13)
        known = jax.jit(lambda fidelity: phase.fixed_point(fan_in[:5], fidelity, 0.1))(0.8)
        np.testing.assert_allclose(known, together[:5], rtol=1e-13)


def test_large_maps_are_the_small_ones_side_by_side():
    fan_in = np.array([3, 5, 151])[:, None, None]
    fidelity, correlation = np.linspace(0.5, 1.0, 101)[:, None], np.linspace(0.0, 0.9, 83)
    whole = phase.fixed_point(fan_in, fidelity, correlation)
    assert whole.shape == (3, 101, 83)
    rows = [[phase.fixed_point(int(b), f, correlation) for f in fidelity[:, 0]] for b in fan_in[:, 0, 0]]
    assert whole == pytest.approx(np.array(rows), rel=1e-13)
    assert phase.fixed_point(np.array([5]), np.full(20000, 0.6), 0.1) == pytest.approx(np.full(20000, 5 / 9))


def test_slope_at_a_perfect_channel():
    # At fidelity 1 the root is 1, where a majority is flat: d mu / d gamma = rho + rho d mu / d gamma.
    with jax.enable_x64(True):
        for fan_in in (5, 501):
            slope = jax.grad(lambda fidelity, b=fan_in: phase.fixed_point(b, fidelity, 0.3))(1.0)
            assert slope == pytest.approx(0.3 / 0.7, rel=1e-9)
        assert jnp.isnan(jax.jit(lambda fidelity: phase.fixed_point(5, fidelity, 0.3))(1.1))
