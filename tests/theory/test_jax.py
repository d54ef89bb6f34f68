"""The same functions under JAX: values, derivatives, batching, and NaN instead of exceptions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import coverage, heterogeneity, majority, phase, votes


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def test_map_equals_numpy_from_small_to_huge_fan_ins():
    fan_in = np.array([1, 3, 5, 21, 95, 97, 501, 5001, 100001])[:, None]
    bias = np.array([0.0, 1e-12, 0.001, 0.01, 0.1, -0.3, 0.7, 1.0])
    ours = jax.jit(majority.majority_bias)(jnp.asarray(fan_in), jnp.asarray(bias))
    assert isinstance(ours, jax.Array)
    assert ours.dtype == jnp.float64
    np.testing.assert_allclose(ours, majority.majority_bias(fan_in, bias), rtol=1e-13)


@pytest.mark.parametrize("fan_in", [1, 3, 7, 21, 101, 2001])
def test_gradient_of_the_map_is_the_closed_derivative(fan_in):
    bias = jnp.asarray([0.0, 1e-9, 0.01, 0.2, 0.9, -0.5])
    slope = jax.vmap(jax.grad(lambda u: majority.majority_bias(fan_in, u)))(bias)
    closed = majority.majority_bias_derivative(fan_in, np.asarray(bias))
    np.testing.assert_allclose(slope, closed, rtol=1e-11, atol=1e-11)


def test_gradient_at_zero_is_the_slope():
    assert jax.grad(majority.majority_bias, argnums=1)(5.0, 0.0) == pytest.approx(1.875, rel=1e-14)


def test_second_derivative_of_the_map():
    # f_3(u) = (3 u - u^3) / 2.
    second = jax.grad(jax.grad(lambda u: majority.majority_bias(3, u)))(0.4)
    assert second == pytest.approx(-3 * 0.4, rel=1e-12)


def test_vmap_equals_a_loop():
    bias = jnp.linspace(-1, 1, 7)
    together = jax.vmap(lambda u: phase.one_level_map(u, 5, 0.6, 0.1))(bias)
    np.testing.assert_allclose(together, [phase.one_level_map(float(u), 5, 0.6, 0.1) for u in bias], rtol=1e-13)


def test_fixed_point_and_its_implicit_derivative():
    # b = 3, rho = 0: mu* = sqrt(2 (3 gamma / 2 - 1) / gamma^3), differentiated by hand.
    def closed(gamma):
        return jnp.sqrt((3 * gamma - 2) / gamma**3)

    def ours(gamma):
        return phase.fixed_point(3, gamma, 0.0)

    gamma = jnp.asarray([0.7, 0.8, 0.95])
    np.testing.assert_allclose(jax.jit(ours)(gamma), closed(gamma), rtol=1e-12)
    np.testing.assert_allclose(jax.vmap(jax.grad(ours))(gamma), jax.vmap(jax.grad(closed))(gamma), rtol=1e-10)
    assert ours(jnp.asarray(0.6)) == 0.0
    assert jax.grad(ours)(0.6) == 0.0


def test_iteration_is_differentiated_through_a_static_depth():
    def root(gamma, depth):
        return phase.iterate_bias(0.05, 5, depth, gamma, 0.1)

    step = 1e-6
    numeric = (root(0.6 + step, 6) - root(0.6 - step, 6)) / (2 * step)
    assert jax.grad(root)(0.6, 6) == pytest.approx(numeric, rel=1e-8)
    assert jax.jit(root, static_argnums=1)(0.6, 6) == pytest.approx(root(0.6, 6), rel=1e-13)
    _, tangent = jax.jvp(lambda gamma: root(gamma, jnp.asarray(6)), (0.6,), (1.0,))
    assert tangent == pytest.approx(numeric, rel=1e-8)


def test_iteration_with_traced_depths():
    depths = jnp.asarray([0, 1, 5])
    ours = jax.jit(phase.iterate_bias)(0.05, 5, depths, 0.6, 0.1)
    np.testing.assert_allclose(ours, phase.iterate_bias(0.05, 5, np.asarray(depths), 0.6, 0.1), rtol=1e-13)
    by_vmap = jax.vmap(lambda depth: phase.iterate_bias(0.05, 5, depth, 0.6, 0.1))(depths)
    np.testing.assert_allclose(by_vmap, ours, rtol=1e-13)


def test_outside_the_domain_is_nan_under_jit():
    assert jnp.isnan(jax.jit(majority.majority_bias)(4, 0.1))
    assert jnp.isnan(jax.jit(majority.majority_slope)(2))
    mixed = jax.jit(phase.fixed_point)(jnp.asarray([3, 4, 5]), 0.9, jnp.asarray([0.1, 0.1, 1.5]))
    assert list(np.isnan(mixed)) == [False, True, True]
    assert jnp.isnan(jax.jit(phase.iterate_bias, static_argnums=2)(1.2, 3, 2, 0.9, 0.1))
    depth = phase.growth_depth(jnp.asarray([0.1, -0.1]), 5, 0.6, 0.1)
    assert list(np.isnan(depth.levels)) == [False, True]


def test_what_is_known_before_tracing_still_raises():
    with pytest.raises(ValueError, match="fan_in must be an odd number"):
        jax.jit(lambda u: majority.majority_bias(4, u))(0.1)


def test_votes_and_coverage_under_jit():
    probability = jnp.asarray([0.0, 1e-4, 0.3, 0.63, 1.0])
    for count in (1, 2, 3, 21):
        ours = jax.jit(votes.majority_vote_accuracy, static_argnums=1)(probability, count)
        np.testing.assert_allclose(ours, votes.majority_vote_accuracy(np.asarray(probability), count), rtol=1e-12)
        slope = jax.vmap(jax.grad(lambda p, count=count: votes.majority_vote_accuracy(p, count)))(probability)
        odd = count if count % 2 else count - 1
        closed = majority.majority_bias_derivative(odd, 2 * np.asarray(probability) - 1)
        np.testing.assert_allclose(slope, closed, rtol=1e-11, atol=1e-300)
    samples = jnp.asarray([10, 200, 10])
    correct, k = jnp.asarray([3, 6, 11]), jnp.asarray([5, 50, 1])
    estimates = jax.jit(coverage.pass_at_k)(samples, correct, k)
    np.testing.assert_allclose(
        estimates[:2], coverage.pass_at_k(np.array([10, 200]), np.array([3, 6]), np.array([5, 50]))
    )
    assert jnp.isnan(estimates[2])
    shape_slope = jax.grad(coverage.beta_pass_at_k)(0.5, 1.0, 1.0)  # alpha / (alpha + beta)
    assert shape_slope == pytest.approx(1 / 1.5**2, rel=1e-12)


def test_mixture_under_jit_and_grad():
    atoms, weights = jnp.asarray([0.85, 0.4]), jnp.asarray([0.6, 0.4])
    ours = jax.jit(heterogeneity.mixture_accuracy, static_argnums=(2, 3))(atoms, weights, 5, 1, 1.0, 0.0)
    assert ours.shape == ()
    assert ours == pytest.approx(0.711008875, rel=1e-12)
    outside = jnp.asarray([[0.5, 0.6], [0.5, 1.6]])
    spoiled = jax.jit(heterogeneity.mixture_accuracy, static_argnums=(2, 3))(outside, weights, 5, 1, 1.0, 0.0)
    assert list(np.isnan(spoiled)) == [False, True]
    slope = jax.grad(
        lambda share: heterogeneity.mixture_accuracy(atoms, jnp.stack([share, 1 - share]), 1, 0, 1.0, 0.0)
    )(0.6)
    assert slope == pytest.approx(0.85 - 0.4, rel=1e-12)
