"""Every fidelity curve: its formula, its shape, and both kinds of arrays."""

from math import exp

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory.phase import amplification
from budgetsim.theory.window import ExponentialFidelity, HyperbolicFidelity, MeasuredFidelity, best_message_length

exact_settings = settings(derandomize=True, deadline=None)
TABLE = MeasuredFidelity((10.0, 50.0, 200.0, 1000.0), (0.2, 0.5, 0.5, 0.95))
CURVES = [ExponentialFidelity(200.0), ExponentialFidelity(200.0, 0.5), HyperbolicFidelity(80.0), TABLE]
WORDS = ["exponential", "stretched", "hyperbolic", "table"]


@pytest.mark.parametrize(
    ("curve", "value"),
    [
        (CURVES[0], 1 - exp(-0.5)),
        (CURVES[1], 1 - exp(-(0.5**0.5))),
        (CURVES[2], 100 / 180),
        (TABLE, 0.5),
    ],
    ids=WORDS,
)
def test_formula(curve, value):
    assert curve(100) == pytest.approx(value, rel=1e-14)
    assert type(curve(100)) is float


@pytest.mark.parametrize("curve", CURVES, ids=WORDS)
@exact_settings
@given(st.floats(0.01, 1e6), st.floats(0.01, 1e6))
def test_rises_and_stays_a_fidelity(curve, first, second):
    low, high = curve(np.sort([first, second]))
    assert 0 < low <= high <= 1


@pytest.mark.parametrize("curve", CURVES, ids=WORDS)
def test_under_jax(curve):
    with jax.enable_x64(True):
        lengths = np.array([1.0, 10.0, 30.0, 120.0, 5000.0])
        np.testing.assert_allclose(jax.jit(lambda m: curve(m))(jnp.asarray(lengths)), curve(lengths), rtol=1e-13)
        slope = jax.grad(curve)(120.0)
        assert slope == pytest.approx((curve(120.001) - curve(119.999)) / 0.002, rel=1e-6, abs=1e-12)
        assert jnp.isnan(jax.jit(lambda m: curve(m))(jnp.asarray(-1.0)))


@pytest.mark.parametrize("curve", CURVES, ids=WORDS)
def test_plugs_into_the_tree(curve):
    lengths = np.array([20.0, 100.0, 1000.0])
    # c_3 = 3/2, and alpha is proportional to the fidelity.
    assert amplification(3, curve(lengths), 0.0) == pytest.approx(1.5 * curve(lengths), rel=1e-14)
    best = best_message_length(8192.0, 0.1, curve)
    assert 8192 / best.message_tokens >= best.fan_in


@pytest.mark.parametrize("curve", CURVES, ids=WORDS)
def test_a_length_outside_the_domain_is_named(curve):
    with pytest.raises(ValueError, match="message_tokens must be finite, above 0, got 0"):
        curve(0.0)


def test_curves_compile_as_they_are() -> None:
    import jax

    from budgetsim.theory.window import ExponentialFidelity

    curve = ExponentialFidelity(200.0)
    assert float(jax.jit(curve)(100.0)) == pytest.approx(1.0 - np.exp(-0.5), rel=1e-6)
