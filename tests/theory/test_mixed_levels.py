"""Trees of unequal levels: composition in rational arithmetic, products of slopes, and what order does."""

from fractions import Fraction
from math import comb, prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import majority, phase
from budgetsim.theory.mixed_levels import iterate_levels, levels_amplification, levels_exponent, levels_slope
from budgetsim.theory.organization import organization_exponent

exact_settings = settings(derandomize=True, deadline=None)
level = st.tuples(st.integers(1, 8).map(lambda k: 2 * k + 1), st.floats(0.1, 1.0), st.floats(0.0, 1.0))
levels = st.lists(level, min_size=1, max_size=4)
LEVELS = ([3, 7, 1, 5], [0.9, 0.75, 0.5, 1.0], [0.25, 0.0, 0.0, 0.5])


def exact_tree(bias, fan_ins, fidelities, correlations):
    bias = Fraction(bias)
    for fan_in, fidelity, correlation in zip(
        fan_ins, map(Fraction, fidelities), map(Fraction, correlations), strict=True
    ):
        right = (1 + fidelity * bias) / 2
        won = sum(comb(fan_in, j) * right**j * (1 - right) ** (fan_in - j) for j in range(fan_in // 2 + 1, fan_in + 1))
        bias = correlation * fidelity * bias + (1 - correlation) * (2 * won - 1)
    return bias


def test_tree_and_its_slope_equal_rational_arithmetic():
    for bias in (0.125, -0.5, 0.0, 1.0):
        assert iterate_levels(bias, *LEVELS) == pytest.approx(float(exact_tree(bias, *LEVELS)), rel=1e-13, abs=1e-16)
    step = Fraction(1, 10**8)
    rise = exact_tree(Fraction(1, 8) + step, *LEVELS) - exact_tree(Fraction(1, 8) - step, *LEVELS)
    assert levels_slope(0.125, *LEVELS) == pytest.approx(float(rise / (2 * step)), rel=1e-12)


def test_amplification_is_the_product_of_the_levels():
    slopes = [Fraction(b * comb(b - 1, b // 2), 2 ** (b - 1)) for b in LEVELS[0]]
    factors = [g * (r + (1 - r) * float(c)) for c, g, r in zip(slopes, LEVELS[1], LEVELS[2], strict=True)]
    assert levels_amplification(*LEVELS) == pytest.approx(prod(factors), rel=1e-14)
    assert levels_slope(0.0, *LEVELS) == pytest.approx(prod(factors), rel=1e-14)


@exact_settings
@given(levels, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_shape_of_the_tree(rows, first, second):
    fan_ins, fidelities, correlations = map(list, zip(*rows, strict=True))
    low, high = sorted((first, second))
    biases = np.array([low, high, 0.5 * (low + high)])
    at_low, at_high, at_middle = iterate_levels(biases, fan_ins, fidelities, correlations)
    assert at_low <= at_high
    assert at_middle >= 0.5 * (at_low + at_high) - 1e-14
    assert at_high <= levels_amplification(fan_ins, fidelities, correlations) * high * (1 + 1e-12)
    mirrored = iterate_levels(-biases, fan_ins, fidelities, correlations)
    assert list(mirrored) == [-at_low, -at_high, -at_middle]


@exact_settings
@given(st.integers(1, 6), st.integers(1, 6), st.floats(0.0, 1.0))
def test_one_vote_of_all_beats_two_levels(first, second, bias):
    # The majority of independent votes is the best rule there is, a tree of majorities is another rule.
    tree = iterate_levels(bias, [2 * first + 1, 2 * second + 1], 1.0, 0.0)
    assert majority.majority_bias((2 * first + 1) * (2 * second + 1), bias) >= tree - 1e-14


def test_equal_levels_are_the_uniform_tree():
    assert iterate_levels(0.05, np.full(10, 5), 0.6, 0.1) == pytest.approx(0.09954, abs=5e-6)
    assert levels_exponent([5, 5], 0.95, 0.05) == pytest.approx(organization_exponent(5, 0.95, 0.05), rel=1e-14)


@exact_settings
@given(levels)
def test_exponent_lies_between_those_of_the_levels_and_below_one_half(rows):
    fan_ins, fidelities, correlations = map(np.array, zip(*rows, strict=True))
    own = organization_exponent(fan_ins, fidelities, correlations)
    mixed = levels_exponent(fan_ins, fidelities, correlations)
    assert own.min() - 1e-12 <= mixed <= min(own.max() + 1e-12, 0.5)


def test_order_changes_the_root_but_not_the_product():
    up, down = ([3, 21], [0.6, 0.95]), ([21, 3], [0.95, 0.6])
    assert levels_amplification(*up, 0.0) == pytest.approx(levels_amplification(*down, 0.0), rel=1e-15)
    assert iterate_levels(0.3, *up, 0.0) > iterate_levels(0.3, *down, 0.0) + 0.05


@pytest.mark.parametrize(("excess", "grows"), [(1.02, True), (0.98, False)])
def test_repeating_a_pair_of_levels_has_its_threshold_at_the_product(excess, grows):
    # The second level alone would collapse; c_3 = 3/2: the pair amplifies iff its fidelities multiply to above 4/9.
    fidelities = np.array([0.96, excess * 4 / 9 / 0.96])
    assert phase.amplification(3, fidelities[1], 0.0) < 1
    assert levels_amplification([3, 3], fidelities, 0.0) == pytest.approx(excess, rel=1e-14)
    deep = iterate_levels(np.array([1e-3, 1.0]), np.full(4000, 3), np.tile(fidelities, 2000), 0.0)
    assert np.all(deep > 0.05) if grows else np.all(deep < 1e-9)


def test_leading_axes_and_ten_thousand_levels():
    fan_ins = np.tile([3, 5], 5000)
    fidelities = np.array([0.75, 0.62])[:, None]
    deep = iterate_levels(np.array([0.01, 0.01]), fan_ins, fidelities, 0.0)
    assert deep.shape == (2,)
    fidelity = fidelities[:, 0]
    again = phase.one_level_map(phase.one_level_map(deep, 3, fidelity, 0.0), 5, fidelity, 0.0)
    assert again == pytest.approx(deep, abs=1e-13)
    assert np.all(deep > 0.1)


def test_limits():
    assert iterate_levels(0.3, [5, 101], [0.5, 0.8], 1.0) == pytest.approx(0.3 * 0.4, rel=1e-15)
    assert iterate_levels(0.3, [100001, 100001], 0.9, 0.0) == pytest.approx(1.0, abs=1e-14)


def test_under_jax():
    with jax.enable_x64(True):
        arrays = [jnp.asarray(part, dtype=float) for part in LEVELS]
        assert jax.jit(iterate_levels)(0.125, *arrays) == pytest.approx(float(exact_tree(0.125, *LEVELS)), rel=1e-13)
        slope = jax.grad(iterate_levels)(0.125, *arrays)
        assert slope == pytest.approx(levels_slope(0.125, *LEVELS), rel=1e-12)
        assert jnp.isnan(jax.jit(lambda b: levels_amplification(b, 0.9, 0.0))(jnp.asarray([3.0, 4.0])))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: iterate_levels(0.1, [3, 4], 0.9, 0.0), "fan_ins must be an odd number, 1 or more, got 4"),
        (lambda: iterate_levels(1.1, [3, 5], 0.9, 0.0), "bias must be in"),
        (lambda: iterate_levels(0.1, [3, 5], [0.9, 0.0], 0.0), "fidelities must be in"),
        (lambda: levels_slope(0.1, [3, 5], 0.9, [0.0, -0.1]), "correlations must be in"),
        (lambda: levels_exponent([1, 5], 0.9, 0.0), "fan_ins must be an odd number, 3 or more, got 1"),
        (lambda: iterate_levels(0.1, 3, 0.9, 0.0), "fan_ins must have an axis of levels"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
