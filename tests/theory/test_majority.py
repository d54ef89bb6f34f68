"""The majority map against exact rational arithmetic, and its shape as properties."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory.majority import majority_bias, majority_bias_derivative, majority_slope

exact_settings = settings(derandomize=True, deadline=None)
odd_fan_ins = st.integers(0, 60).map(lambda k: 2 * k + 1)
biases = st.floats(-1.0, 1.0)


def enumerated_majority_bias(fan_in: int, bias: float) -> Fraction:
    """2 P[Bin(b, (1 + u) / 2) > b / 2] - 1 in rational arithmetic, straight from the definition."""
    right = (1 + Fraction(bias)) / 2
    return (
        2 * sum(comb(fan_in, j) * right**j * (1 - right) ** (fan_in - j) for j in range(fan_in // 2 + 1, fan_in + 1))
        - 1
    )


def rational_slope(fan_in: int) -> Fraction:
    return Fraction(fan_in * comb(fan_in - 1, (fan_in - 1) // 2), 2 ** (fan_in - 1))


@pytest.mark.parametrize("fan_in", [1, 3, 5, 9, 21, 41])
@pytest.mark.parametrize("bias", [1e-9, 0.01, 0.1, 0.3, 0.6, 0.9, 0.999, 1.0, -0.2])
def test_map_equals_enumeration(fan_in, bias):
    exact = enumerated_majority_bias(fan_in, bias)
    assert abs(Fraction(majority_bias(fan_in, bias)) - exact) <= Fraction(1e-13) * abs(exact)


@pytest.mark.parametrize("fan_in", [1, 3, 5, 21, 101, 1001, 20001, 100001])
def test_slope_keeps_its_digits_at_any_fan_in(fan_in):
    exact = rational_slope(fan_in)
    assert abs(Fraction(majority_slope(fan_in)) / exact - 1) <= Fraction(1e-14)


def test_slope_bounds():
    fan_in = np.arange(3, 4001, 2)
    slope = majority_slope(fan_in)
    assert np.all(slope <= np.sqrt(fan_in))
    assert np.all(slope > np.sqrt(2 * fan_in / np.pi))
    assert np.all(np.diff(slope) > 0)


@exact_settings
@given(odd_fan_ins, biases)
def test_map_is_odd_and_bounded(fan_in, bias):
    value = majority_bias(fan_in, bias)
    assert value == -majority_bias(fan_in, -bias)
    assert abs(bias) * (1 - 1e-14) <= abs(value) <= 1


@exact_settings
@given(odd_fan_ins, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_map_is_increasing_and_concave_for_positive_bias(fan_in, first, second):
    low, high = sorted((first, second))
    at_low, at_high, at_middle = majority_bias(fan_in, np.array([low, high, 0.5 * (low + high)]))
    assert at_low <= at_high
    assert at_middle >= 0.5 * (at_low + at_high) - 1e-14


@exact_settings
@given(odd_fan_ins, st.floats(0.01, 0.99))
def test_larger_majorities_are_better(fan_in, bias):
    assert majority_bias(fan_in + 2, bias) >= majority_bias(fan_in, bias) * (1 - 1e-14)


def test_map_tends_to_certainty_with_the_fan_in():
    assert majority_bias(100001, 0.05) == pytest.approx(1.0, abs=1e-14)
    # A fan-in so large that the central limit theorem has settled: 2 Phi(u sqrt(b)) - 1 = erf(u sqrt(b / 2)).
    from math import erf, sqrt

    assert majority_bias(100001, 0.002) == pytest.approx(erf(0.002 * sqrt(100001 / 2)), abs=1e-5)


@pytest.mark.parametrize("fan_in", [3, 7, 21])
def test_derivative_is_the_derivative(fan_in):
    step = Fraction(1, 10**7)
    for bias in (Fraction(0), Fraction(1, 10), Fraction(3, 5), Fraction(-9, 10)):
        rise = enumerated_majority_bias(fan_in, bias + step) - enumerated_majority_bias(fan_in, bias - step)
        assert majority_bias_derivative(fan_in, float(bias)) == pytest.approx(float(rise / (2 * step)), rel=1e-10)


def test_arguments_broadcast_and_kinds_are_kept():
    grid = majority_bias(np.array([[3], [5]]), np.array([0.1, 0.2, 0.3]))
    assert grid.shape == (2, 3)
    assert grid[1, 2] == majority_bias(5, 0.3)
    assert type(majority_bias(3, 0.1)) is float
    assert type(majority_slope(3)) is float
    assert isinstance(majority_bias(3, np.float64(0.1)), np.float64)
    assert majority_bias(3, np.array(0.1, dtype=np.float32)).dtype == np.float64


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((4, 0.1), "fan_in must be an odd number, 1 or more, got 4"),
        ((2.5, 0.1), "fan_in must be an odd number"),
        ((-1, 0.1), "fan_in must be an odd number"),
        ((3, 1.5), r"bias must be in \[-1, 1\], got 1.5"),
        ((3, float("nan")), "bias must be in"),
        ((3, np.array([0.1, -2.0])), "bias must be in .* got -2"),
    ],
)
def test_arguments_outside_the_domain_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        majority_bias(*arguments)
