"""Sharpening selection: integrals against SciPy's, step counts against trial-by-trial recursions, published tables."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from budgetsim.theory import _counts
from budgetsim.theory import value_tree_pool as pool

exact_settings = settings(derandomize=True, deadline=None, max_examples=60)


def gain_chance(progress, size, competition, left):
    return progress / (1 + (size - 1) * math.exp(min(700.0, math.log(competition) / left)))


def fails(gains, chances):
    """P(fewer than K successes), one trial after the other."""
    law = [1.0] + [0.0] * (gains - 1)
    for chance in chances:
        law = [law[k] * (1 - chance) + (law[k - 1] * chance if k else 0.0) for k in range(gains)]
    return sum(law)


def run(steps, progress, size, competition, stop=0.0):
    left = [1 - t / steps for t in range(steps)]
    return [gain_chance(progress, size, competition, r) if r >= stop - 1e-12 else 0.0 for r in left]


@exact_settings
@given(st.floats(0, 1), st.integers(1, 12), st.floats(0.2, 3.0), st.floats(0.02, 1.0))
def test_chance_of_a_gain(progress, size, competition, left):
    ours = pool.advance_probability(progress, size, competition, left)
    assert ours == pytest.approx(gain_chance(progress, size, competition, left), rel=1e-11)
    assert pool.advance_probability(progress, size + 1, competition, left) <= ours
    less = pool.advance_probability(progress, size, competition, left / 2)
    assert (less <= ours * (1 + 1e-12)) if competition >= 1 else (less >= ours * (1 - 1e-12))


def test_chance_of_a_gain_at_its_ends():
    assert pool.advance_probability(0.5, 3, 1.6, 5e-324) == 0.0
    assert pool.advance_probability(0.5, 3, 0.6, 5e-324) == 0.5
    assert pool.advance_probability(0.5, 1, 1e300, 1e-9) == 0.5
    assert pool.advance_probability(0.6, 3, 1.0, 1e-9) == pytest.approx(0.2, rel=1e-15)
    floors = pool.advance_probability(0.5, 3, np.array([[1.05], [1.2], [1.6]]), np.array([0.2, 0.1, 0.05]))
    table = [[0.141, 0.117, 0.0793], [0.0837, 0.0374, 0.00644], [0.0228, 0.00226, 0.0000207]]
    assert floors == pytest.approx(np.array(table), rel=5e-3)


@exact_settings
@given(
    st.floats(0.05, 1), st.integers(1, 200), st.floats(1e-9, 3.0).map(math.exp) | st.floats(0.1, 1.0), st.floats(0, 0.9)
)
def test_mean_chance_equals_adaptive_quadrature(progress, size, competition, stop):
    def chance(left):
        return gain_chance(progress, size, competition, left) if left > 0 else 0.0

    ends = [stop, *(mark for mark in (1e-6, 1e-4, 1e-2, 0.05, 0.2) if mark > stop), 1.0]
    parts = [quad(chance, *pair, epsabs=0, epsrel=1e-11, limit=400)[0] for pair in itertools.pairwise(ends)]
    assert pool.mean_advance_probability(progress, size, competition, stop) == pytest.approx(sum(parts), rel=1e-9)


def test_mean_chance_at_its_ends():
    assert pool.mean_advance_probability(0.5, 3, 1.0) == pytest.approx(1 / 6, rel=1e-14)
    assert pool.mean_advance_probability(0.5, 1, 7.0, 0.25) == pytest.approx(0.375, rel=1e-14)
    averages = pool.mean_advance_probability(0.5, 3, np.array([1.05, 1.2, 1.6]))
    assert averages == pytest.approx([0.145, 0.111, 0.070], abs=5.1e-4)
    # Far ahead competitors: p(r) is p_g rho^(-1/r) / (N - 1), and int exp(-a / r) dr = exp(-a) / a (1 - 2 / a + ..).
    far = math.log(1e200)
    assert pool.mean_advance_probability(1.0, 2, 1e200) * far * 1e200 == pytest.approx(1 - 2 / far, abs=1e-4)


def test_steps_are_the_published_table():
    competition = np.array([1.0, 1.05, 1.2, 1.6])
    assert pool.pool_steps(3, 0.05, 0.5, 3, competition).tolist() == [68, 78, 101, 161]
    assert pool.pool_steps(3, 0.05, 0.5, 3, competition, 0.2).tolist() == [84, 90, 109, 163]
    assert [pool.exact_pool_steps(3, 0.05, 0.5, 3, rho) for rho in (1.05, 1.2, 1.6)] == [41, 54, 87]
    assert pool.pool_steps(3, 0.05, 0.5, 6, 1.25) == 232
    assert pool.pool_steps(5, 0.1, 0.7, 4, np.array([2.0, 0.8])).tolist() == [255, 62]


@exact_settings
@given(
    st.integers(1, 4), st.floats(0.02, 0.5), st.floats(0.3, 1), st.integers(1, 5), st.floats(0.5, 2), st.floats(0, 0.5)
)
def test_bound_holds_trial_by_trial(gains, failure, progress, size, competition, stop):
    enough = pool.pool_steps(gains, failure, progress, size, competition, stop)
    assert fails(gains, run(enough, progress, size, competition, stop)) <= failure
    least = pool.exact_pool_steps(gains, failure, progress, size, competition, stop)
    assert gains <= least <= enough
    assert fails(gains, run(least, progress, size, competition, stop)) <= failure * (1 + 1e-9)
    if least > gains:
        assert fails(gains, run(least - 1, progress, size, competition, stop)) > failure * (1 - 1e-9)


@exact_settings
@given(st.integers(1, 60), st.floats(0.2, 1), st.integers(1, 6), st.floats(1, 3))
def test_chances_of_a_run_add_up_to_the_mean(steps, progress, size, competition):
    total = sum(run(steps, progress, size, competition))
    assert total >= steps * pool.mean_advance_probability(progress, size, competition) * (1 - 1e-9)


@pytest.mark.parametrize("count", [1, 2, 4, 7, 9])
def test_unequal_trials_pattern_by_pattern(count):
    chances = [0.1, 0.9, 0.5, 0.0, 1.0, 0.3, 0.7]
    patterns = itertools.product((0, 1), repeat=len(chances))
    expected = sum(
        math.prod(p if hit else 1 - p for p, hit in zip(chances, pattern, strict=True))
        for pattern in patterns
        if sum(pattern) < count
    )
    assert _counts.poisson_binomial_below(np, np.array(chances), count) == pytest.approx(expected, rel=1e-13)


def test_growing_pool_needs_exponentially_many_steps():
    ours = [pool.growing_pool_failure(0.5, 3, steps) for steps in (10, 100, 1000, 10000)]
    assert ours == pytest.approx([0.8465, 0.5106, 0.2615, 0.1217], abs=5.1e-5)
    for progress, gains, steps in ((0.5, 3, 37), (1.0, 4, 50), (0.0, 1, 8), (0.7, 2, 2)):
        expected = fails(gains, [progress / t for t in range(1, steps + 1)])
        assert pool.growing_pool_failure(progress, gains, steps) == pytest.approx(expected, rel=1e-12)
    assert pool.growing_pool_failure(0.9, 3, 2) == 1.0
    assert pool.growing_pool_failure(0.9, 1, 0) == 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pool.advance_probability(0.5, 0, 1.2, 0.5), "pool_size must be a whole number, 1 or more, got 0"),
        (lambda: pool.advance_probability(0.5, 3, 0.0, 0.5), "competition must be finite, above 0"),
        (lambda: pool.mean_advance_probability(1.5, 3, 1.2), "progress must be in"),
        (lambda: pool.pool_steps(3, 0.05, 0.5, 3, 1.2, 1.0), r"stop_ratio must be in \[0, 1\), got 1"),
        (lambda: pool.pool_steps(3, 0.05, 0.0, 3, 1.2), "progress must be in"),
        (lambda: pool.pool_steps(3, 0.05, 0.5, 3, 1e100), r"more than 2\*\*53 steps"),
        (lambda: pool.exact_pool_steps(2.5, 0.05, 0.5, 3, 1.2), "gains must be a whole number"),
        (lambda: pool.growing_pool_failure(0.5, 0, 3), "gains must be a whole number, 1 or more, got 0"),
        (lambda: pool.growing_pool_failure(0.5, 2, 1.5), "steps must be a whole number, 0 or more, got 1.5"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        competition = jnp.asarray([0.8, 1.0, 1.2, 5.0])
        mean = jax.jit(pool.mean_advance_probability)(0.5, 3, competition)
        np.testing.assert_allclose(mean, pool.mean_advance_probability(0.5, 3, np.asarray(competition)), rtol=1e-12)
        steps = jax.jit(pool.pool_steps)(3, 0.05, 0.5, 3, jnp.asarray([1.0, 1.2, -1.0]), 0.2)
        assert list(steps[:2]) == [84, 109]
        assert jnp.isnan(steps[2])
        # Differentiation under the integral: dp/d(rho) = -p_g (N - 1) rho^(1/r - 1) / r / (1 + (N - 1) rho^(1/r))^2.
        slope = jax.grad(lambda rho: pool.mean_advance_probability(0.5, 3, rho))(1.2)

        def steeper(left):
            power = 1.2 ** (1 / left)
            return -0.5 * 2 * power / 1.2 / left / (1 + 2 * power) ** 2

        assert slope == pytest.approx(quad(steeper, 1e-3, 1, epsabs=1e-13)[0], rel=1e-6)
        growing = jax.jit(lambda progress: pool.growing_pool_failure(progress, 3, 100))
        assert growing(0.5) == pytest.approx(pool.growing_pool_failure(0.5, 3, 100), rel=1e-12)
        assert jax.grad(growing)(0.5) < 0
        assert jnp.isnan(growing(1.5))
        assert jax.jit(lambda progress: pool.growing_pool_failure(progress, 3, 2))(0.5) == 1.0
