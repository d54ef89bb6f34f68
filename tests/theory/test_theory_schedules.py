"""Schedules: identities, averages by quadrature, minimax steps by brute force, and use as learning rates."""

import math
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import learning_rates, profiles, quadratics
from budgetsim.theory.learning_rates import LearningRate

exact_settings = settings(derandomize=True, deadline=None)
fraction = st.floats(0, 1)
shapes = st.floats(0.01, 50)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)
FALLING = {
    "rex": profiles.rex_profile,
    "misnamed rex": profiles.misnamed_rex_profile,
    "uba": profiles.uba_profile,
    "linear": profiles.linear_profile,
    "cosine": profiles.cosine_profile,
    "constant": profiles.constant_profile,
    "exponential": profiles.exponential_profile,
    "step": profiles.step_profile,
}


@pytest.fixture
def double_precision():
    with jax.enable_x64(True):
        yield


def mean(profile):
    """Average over the budget by Gauss-Legendre quadrature."""
    return np.sum(WEIGHTS * profile(0.5 * (NODES + 1.0))) / 2


@pytest.mark.parametrize("name", FALLING)
def test_profiles_start_at_one_fall_and_stay_in_range(name):
    values = FALLING[name](np.linspace(0, 1, 1001))
    assert values[0] == 1.0
    assert np.all(np.diff(values) <= 0)
    assert np.all((values >= 0) & (values <= 1))
    assert isinstance(FALLING[name](0.3), float)
    if name in ("rex", "misnamed rex", "uba", "linear", "cosine"):
        assert values[-1] == FALLING[name](1.0) == 0.0


@exact_settings
@given(fraction, st.floats(-20, 0.99))
def test_rex_between_linear_and_constant(used, shape):
    left = 1 - used
    assert profiles.rex_profile(used, shape) == pytest.approx(left / ((1 - shape) + shape * left), rel=1e-12)
    assert profiles.rex_profile(used, 0.0) == pytest.approx(profiles.linear_profile(used))
    assert profiles.rex_profile(used, 1.0) == (0.0 if used == 1.0 else 1.0)
    assert profiles.rex_profile(used) == pytest.approx((1 - used) / (1 - used / 2), rel=1e-12)


def test_the_misnamed_curve_is_another_one():
    used = np.array([0.25, 0.5, 0.75, 0.9, 0.99])
    np.testing.assert_allclose(profiles.rex_profile(used), [0.8571, 0.6667, 0.4, 0.1818, 0.0198], atol=5e-5)
    np.testing.assert_allclose(profiles.misnamed_rex_profile(used), [0.9677, 0.9091, 0.7692, 0.5263, 0.0917], atol=5e-5)
    assert mean(profiles.rex_profile) == pytest.approx(2 * (1 - math.log(2)), rel=1e-12)
    assert mean(lambda x: profiles.rex_profile(x) ** 2) == pytest.approx(4 * (1.5 - 2 * math.log(2)), rel=1e-12)
    assert mean(profiles.misnamed_rex_profile) == pytest.approx(0.8268, abs=5e-5)


@exact_settings
@given(st.floats(0, 0.999), shapes)
def test_three_forms_of_uba(used, shape):
    ours = profiles.uba_profile(used, shape)
    cosine = 2 * (1 + math.cos(math.pi * used))
    printed = cosine / (2 * shape + (2 - shape) * cosine / 2)
    tangent = 1 / (1 + shape / 2 * math.tan(math.pi * used / 2) ** 2)
    assert ours == pytest.approx(printed, rel=1e-8)  # 1 + cos cancels near the end
    assert ours == pytest.approx(tangent, rel=1e-11)
    assert profiles.uba_as_rex(used, shape) == pytest.approx(ours, rel=1e-10)


@exact_settings
@given(fraction)
def test_members_and_limits_of_uba(used):
    u = profiles.cosine_profile(used)
    assert profiles.uba_profile(used, 2.0) == pytest.approx(u, rel=1e-12)
    assert profiles.uba_profile(used, 0.0) == profiles.uba_as_rex(used, 0.0) == 1.0
    assert profiles.uba_profile(used, 1.0) == pytest.approx(profiles.rex_profile(1 - u, 0.5), rel=1e-9, abs=1e-15)
    assert profiles.uba_profile(used, 0.2) == pytest.approx(profiles.misnamed_rex_profile(1 - u), rel=1e-9, abs=1e-15)
    if used > 0.01:
        assert profiles.uba_profile(used, 1e12) < 1e-8


@exact_settings
@given(st.floats(0.001, 0.999), shapes, st.floats(1.01, 10))
def test_larger_shapes_spend_less(used, shape, factor):
    assert profiles.uba_profile(used, shape * factor) < profiles.uba_profile(used, shape)


@exact_settings
@given(st.floats(0.05, 20))
def test_averages_by_quadrature(shape):
    profile = partial(profiles.uba_profile, shape=shape)
    assert profiles.uba_mean(shape) == pytest.approx(mean(profile), rel=1e-9)
    assert profiles.uba_mean_square(shape) == pytest.approx(mean(lambda x: profile(x) ** 2), rel=1e-9)
    assert profile(profiles.uba_half_height(shape)) == pytest.approx(0.5, rel=1e-12)


def test_comparators_at_their_milestones():
    used = np.array([0.0, 0.29, 0.3, 0.6, 0.9, 1.0])
    np.testing.assert_allclose(
        profiles.step_profile(used, milestones=(0.3, 0.6, 0.9)), [1, 1, 0.1, 0.01, 0.001, 0.001], rtol=1e-12
    )
    assert 0.7 - 0.4 < 0.3  # a milestone reached but for rounding
    assert profiles.step_profile(0.7 - 0.4, milestones=(0.3,)) == pytest.approx(0.1)
    cycle = profiles.one_cycle_profile(np.array([0.0, 0.15, 0.3, 0.65, 1.0]))
    np.testing.assert_allclose(cycle, [0.04, 0.52, 1.0, 0.5, 0.0], atol=1e-15)
    assert profiles.exponential_profile(1.0) == pytest.approx(math.exp(-5))


@exact_settings
@given(fraction, st.integers(1, 40))
def test_a_held_fraction_is_the_last_multiple(used, count):
    held = profiles.held_fraction(used, 1 / count)
    assert held <= used + 1e-9
    assert used - held < 1 / count
    assert held * count == pytest.approx(round(held * count), abs=1e-9)


def test_a_fraction_on_the_grid_is_held_itself():
    for count in (3, 7, 10, 49):
        for place in range(count + 1):
            assert profiles.held_fraction(place / count, 1 / count) == pytest.approx(place / count, abs=1e-12)
    assert 0.3 / 0.1 < 3.0  # where the floor needs its guard
    assert profiles.held_fraction(0.3, 0.1) == pytest.approx(0.3)


# Quadratics.


def worst(steps, low, high):
    curvature = np.linspace(low, high, 20001)
    return np.max(np.abs(np.prod(1 - np.asarray(steps)[:, None] * curvature, axis=0)))


@pytest.mark.parametrize(("low", "high", "count"), [(0.5, 2.0, 1), (0.1, 1.0, 4), (0.01, 1.0, 8), (1.0, 10.0, 5)])
def test_chebyshev_steps_are_the_minimax_steps(low, high, count):
    steps = quadratics.chebyshev_steps(low, high, count)
    assert list(steps) == sorted(steps, reverse=True)
    best = quadratics.chebyshev_contraction(high / low, count)
    assert worst(steps, low, high) == pytest.approx(best, rel=1e-6)
    rng = np.random.default_rng(1)
    for _ in range(50):
        assert worst(steps * np.exp(rng.normal(0, 0.05, count)), low, high) > best * (1 - 1e-9)
    constant = worst([2 / (low + high)] * count, low, high)
    assert quadratics.constant_step_contraction(high / low, count) == pytest.approx(constant, rel=1e-9)


@exact_settings
@given(st.floats(1.0001, 1e4), st.integers(1, 64))
def test_uba_is_chebyshev(condition, count):
    shape, steps = quadratics.uba_chebyshev_steps(condition, count)
    assert shape == 2 * condition
    np.testing.assert_allclose(steps, quadratics.chebyshev_steps(1 / condition, 1.0, count), rtol=1e-10)
    angles = (2 * np.arange(count, 0, -1) - 1) * math.pi / (2 * count)
    textbook = 2 / (1 + 1 / condition + (1 - 1 / condition) * np.cos(angles))
    np.testing.assert_allclose(steps, textbook, rtol=1e-8)


@exact_settings
@given(st.floats(1.0001, 1e6), st.integers(1, 100))
def test_contractions(condition, count):
    chebyshev = quadratics.chebyshev_contraction(condition, count)
    exponent = count * math.acosh(1 + 2 / (condition - 1))
    if exponent < 600:
        assert chebyshev == pytest.approx(1 / math.cosh(exponent), rel=1e-7)
    assert chebyshev <= quadratics.constant_step_contraction(condition, count) + 1e-15
    assert quadratics.chebyshev_contraction(1.0, count) == 0.0


@pytest.mark.parametrize("profile", [profiles.rex_profile, profiles.cosine_profile, profiles.constant_profile])
def test_the_noisy_loss_is_the_mean_of_noisy_runs(profile):
    # 20000 runs; 4.5 standard errors on three losses: a false alarm in 50000.
    steps, peak, noise, dimensions, runs = 25, 0.9, 0.2, 6, 20000
    rng = np.random.default_rng(9)
    curvature = 1 / np.arange(1, dimensions + 1)
    place = np.ones((runs, dimensions))
    for step in range(steps):
        gradient = curvature * place + rng.normal(size=place.shape) * np.sqrt(noise * curvature)
        place = place - peak * profile(step / steps) * gradient
    losses = 0.5 * np.sum(curvature * place**2, axis=1)
    ours = quadratics.noisy_quadratic_loss(profile, steps, peak, noise, dimensions)
    assert ours == pytest.approx(losses.mean(), abs=4.5 * losses.std() / math.sqrt(runs))


def test_low_budgets_favour_rex_and_high_ones_do_not():
    peaks = np.geomspace(0.01, 1.99, 28)

    def best(profile, steps):
        return quadratics.noisy_quadratic_loss(profile, steps, peaks, 0.001, 200).min()

    table = {40: (0.2793, 0.3424), 4000: (8.005e-5, 6.88e-5)}
    for steps, (rex, linear) in table.items():
        assert best(profiles.rex_profile, steps) == pytest.approx(rex, rel=1e-3)
        assert best(profiles.linear_profile, steps) == pytest.approx(linear, rel=1e-3)


@exact_settings
@given(st.floats(0.1, 10), st.floats(0, 3), st.floats(0.05, 20))
def test_the_bound_is_built_from_the_averages(gap, noise, shape):
    smoothness, peak, steps = 2.0, 0.3, 500
    average, square = profiles.uba_mean(shape), profiles.uba_mean_square(shape)
    # Descent lemma: sum eta_t / 2 |g|^2 <= gap + L / 2 sigma^2 sum eta_t^2.
    bound = (gap + 0.5 * smoothness * noise * steps * peak**2 * square) / (0.5 * steps * peak * average)
    ours = quadratics.uba_nonconvex_bound(gap, smoothness, noise, peak, shape, steps)
    assert ours == pytest.approx(bound, rel=1e-10)


# Learning rates.


def test_steps_floor_warm_up_and_end():
    rate = LearningRate(steps=110, peak=0.1, floor=0.01, warm_up=10)
    values = np.array([rate(step) for step in range(130)])
    np.testing.assert_allclose(values[:11], 0.01 + 0.09 * np.arange(11) / 10, rtol=1e-12)
    np.testing.assert_allclose(values[10:110], 0.01 + 0.09 * profiles.rex_profile(np.arange(100) / 100), rtol=1e-12)
    np.testing.assert_allclose(values[110:], 0.01, rtol=1e-12)  # no jump back to the peak
    assert all(later <= earlier for earlier, later in pairwise(values[10:]))
    np.testing.assert_allclose(rate(np.arange(130)), values, rtol=1e-12)


def test_sampled_schedules_move_in_jumps():
    rate = LearningRate(steps=100, peak=1.0, profile=profiles.linear_profile, interval=0.25)
    assert [rate(step) for step in (0, 24, 25, 49, 50, 99, 100)] == [1.0, 1.0, 0.75, 0.75, 0.5, 0.25, 0.0]


def test_uba_step_sizes():
    steps = np.arange(50)
    rate = LearningRate(steps=40, peak=0.3, profile=partial(profiles.uba_profile, shape=0.7), floor=0.02)
    np.testing.assert_allclose(learning_rates.uba_step_size(steps, 40, 0.3, 0.02, 0.7), rate(steps), rtol=1e-12)


@pytest.mark.parametrize("name", FALLING)
def test_a_schedule_inside_a_compiled_step(name):
    rate = LearningRate(steps=30, peak=0.5, profile=FALLING[name], warm_up=3)

    @jax.jit
    def descend(place, count):
        return place - rate(count) * place, count + 1

    place, count, expected = jnp.float32(1.0), jnp.int32(0), 1.0
    for step in range(35):
        place, count = descend(place, count)
        expected *= 1 - rate(step)
    assert place.dtype == jnp.float32
    assert place == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", FALLING)
def test_an_optimizer_takes_a_schedule(name, wide):
    # The whole run is one compiled loop, so that the schedule sees the step as a traced int32.
    rate = LearningRate(steps=10, peak=0.5, profile=FALLING[name], floor=0.01, warm_up=2, interval=0.25)
    seen = []

    def schedule(step):
        seen.append(step)
        return rate(step)

    with jax.enable_x64(wide):
        optimizer = optax.sgd(schedule)

        def descend(carry, _):
            place, state = carry
            update, state = optimizer.update(place, state)  # the gradient of place^2 / 2
            return (optax.apply_updates(place, update), state), update

        start = jnp.ones(2)
        _, updates = jax.jit(lambda place: jax.lax.scan(descend, (place, optimizer.init(place)), length=12))(start)
    assert updates.dtype == start.dtype
    assert {(isinstance(step, jax.core.Tracer), str(step.dtype)) for step in seen} == {(True, "int32")}
    place = 1.0
    for step, update in enumerate(np.asarray(updates)):
        np.testing.assert_allclose(update, -rate(step) * place, rtol=1e-4, atol=1e-9)
        place -= rate(step) * place


def test_schedules_join_those_of_optax():
    joined = optax.join_schedules([optax.constant_schedule(0.3), LearningRate(steps=8, peak=0.2)], [5])
    assert [float(joined(jnp.int32(step))) for step in (0, 4)] == pytest.approx([0.3, 0.3])
    assert [float(joined(jnp.int32(step))) for step in (5, 9, 13, 20)] == pytest.approx([0.2, 0.4 / 3, 0.0, 0.0])


@pytest.mark.usefixtures("double_precision")
def test_profiles_under_jax():
    used = jnp.asarray([0.0, 0.2, 0.7, 1.0])
    for profile in (*FALLING.values(), profiles.uba_as_rex, profiles.one_cycle_profile):
        np.testing.assert_allclose(jax.jit(profile)(used), profile(np.asarray(used)), rtol=1e-12)
        assert np.isnan(jax.jit(profile)(jnp.asarray([0.5, 1.5, -0.1]))).tolist() == [False, True, True]
    for profile in (profiles.rex_profile, profiles.uba_profile, profiles.uba_as_rex):
        slope = jax.grad(lambda shape, profile=profile: profile(0.7, shape))(0.6)
        numeric = (profile(0.7, 0.6 + 1e-6) - profile(0.7, 0.6 - 1e-6)) / 2e-6
        assert slope == pytest.approx(numeric, rel=1e-7)
        assert np.isfinite(jax.vmap(jax.grad(profile))(used)).all()
    slope = jax.grad(lambda peak: quadratics.noisy_quadratic_loss(profiles.rex_profile, 20, peak, 0.1, 5))(0.5)
    ends = [quadratics.noisy_quadratic_loss(profiles.rex_profile, 20, 0.5 + move, 0.1, 5) for move in (1e-6, -1e-6)]
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
    assert np.isnan(jax.jit(quadratics.chebyshev_steps, static_argnums=2)(2.0, 1.0, 3)).all()
    assert np.isnan(jax.jit(quadratics.uba_nonconvex_bound)(1.0, 2.0, 1.0, 0.6, 1.0, 10))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: profiles.rex_profile(1.1), "used must be in"),
        (lambda: profiles.rex_profile(0.1, 1.1), "shape must be at most 1"),
        (lambda: profiles.uba_profile(0.1, -1), "shape must be finite, 0 or more"),
        (lambda: profiles.uba_half_height(0), "shape must be finite, above 0"),
        (lambda: profiles.held_fraction(0.1, 0), "interval must be in"),
        (lambda: profiles.one_cycle_profile(0.1, warm_up=1), "warm_up must be in"),
        (lambda: quadratics.chebyshev_steps(2, 1, 3), "lowest_curvature must not be above"),
        (lambda: quadratics.chebyshev_steps(1, 2, 0), "steps must be a whole number, 1 or more"),
        (lambda: quadratics.chebyshev_contraction(0.5, 3), "condition_number must be"),
        (lambda: quadratics.uba_chebyshev_steps(2.0, 1.5), "steps must be a whole number"),
        (lambda: quadratics.uba_nonconvex_bound(1, 2, 1, 0.6, 1, 10), "peak must be at most 1 / smoothness"),
        (lambda: quadratics.noisy_quadratic_loss(profiles.rex_profile, 0, 1, 1), "steps must be"),
        (lambda: quadratics.noisy_quadratic_loss(profiles.rex_profile, 9, 1, 1, 0), "dimensions must be"),
        (lambda: learning_rates.uba_step_size(-1, 3, 1), "step must be"),
        (lambda: LearningRate(0, 1.0), "steps must be"),
        (lambda: LearningRate(5, 0.0), "peak must be"),
        (lambda: LearningRate(5, 1.0, floor=2.0), "floor must be"),
        (lambda: LearningRate(5, 1.0, warm_up=5), "warm_up must be"),
        (lambda: LearningRate(5, 1.0, interval=0.0), "interval must be"),
        (lambda: LearningRate(5, 1.0)(0.5), "step must be a whole number"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
