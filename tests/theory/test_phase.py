"""Trees of majorities: closed forms, published tables and limits."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import phase

exact_settings = settings(derandomize=True, deadline=None)
fan_ins = st.integers(1, 30).map(lambda k: 2 * k + 1)
fidelities = st.floats(0.05, 1.0)
correlations = st.floats(0.0, 0.99)


def enumerated_level(bias, fan_in, fidelity, correlation):
    """One aggregator, vote pattern by vote pattern, in rational arithmetic."""
    received = (1 + Fraction(fidelity) * Fraction(bias)) / 2
    win = sum(
        comb(fan_in, j) * received**j * (1 - received) ** (fan_in - j) for j in range(fan_in // 2 + 1, fan_in + 1)
    )
    shared = Fraction(correlation)
    return 2 * (shared * received + (1 - shared) * win) - 1


@pytest.mark.parametrize("fan_in", [1, 3, 5, 11])
@pytest.mark.parametrize(("fidelity", "correlation"), [(1.0, 0.0), (0.6, 0.3), (0.9, 1.0)])
@pytest.mark.parametrize("bias", [0.05, 0.5, -0.7, 1.0, 0.0])
def test_level_equals_enumeration(fan_in, fidelity, correlation, bias):
    exact = float(enumerated_level(bias, fan_in, fidelity, correlation))
    assert phase.one_level_map(bias, fan_in, fidelity, correlation) == pytest.approx(exact, rel=1e-13, abs=1e-15)


def test_shared_before_the_channel_equals_enumeration():
    # The sent vote is +1 with probability (1 + u) / 2; each of five channels keeps it with probability (1 + gamma) / 2.
    fan_in, fidelity, correlation, bias = 5, 0.6, 0.3, 0.4
    shared = Fraction(bias) * enumerated_level(1, fan_in, fidelity, 0)
    exact = Fraction(correlation) * shared + (1 - Fraction(correlation)) * enumerated_level(bias, fan_in, fidelity, 0)
    ours = phase.one_level_map_shared_before_channel(bias, fan_in, fidelity, correlation)
    assert ours == pytest.approx(float(exact), rel=1e-13)


def test_iteration_equals_repeated_levels():
    bias = Fraction(1, 20)
    for _ in range(3):
        bias = enumerated_level(bias, 3, Fraction(9, 10), Fraction(1, 5))
    assert phase.iterate_bias(0.05, 3, 3, 0.9, 0.2) == pytest.approx(float(bias), rel=1e-12)


def test_iteration_takes_depth_zero_relays_and_arrays_of_depths():
    assert phase.iterate_bias(0.3, 5, 0, 0.6, 0.1) == 0.3
    assert phase.iterate_bias(0.6, 1, 5, 0.8, 0.4) == pytest.approx(0.8**5 * 0.6, rel=1e-14)
    assert phase.relay_bias(0.6, 5, 0.8) == pytest.approx(0.8**5 * 0.6, rel=1e-14)
    depths = np.array([[0], [1], [7]])
    tree = phase.iterate_bias(np.array([0.05, 0.2]), 5, depths, 0.6, 0.1)
    assert tree.shape == (3, 2)
    for row, depth in enumerate((0, 1, 7)):
        assert tree[row, 1] == phase.iterate_bias(0.2, 5, depth, 0.6, 0.1)
    assert phase.iterate_bias(np.zeros((0,)), 5, 2, 0.6, 0.1).shape == (0,)


def test_table_of_the_five_vote_tree():
    # The recursion at b = 5, gamma = .6, mu_0 = .05 (the setting of arXiv 2601.17311), to the digits printed.
    rows = np.array(
        [
            (0.00, 1.1250, 0.6991, 0.15896, 0.65845),
            (0.05, 1.0987, 0.6344, 0.12625, 0.51671),
            (0.10, 1.0725, 0.5556, 0.09954, 0.33308),
            (0.15, 1.0462, 0.4540, 0.07792, 0.17993),
            (0.20, 1.0200, 0.3058, 0.06057, 0.08797),
            (0.30, 0.9675, 0.0, 0.03580, 0.01844),
            (0.50, 0.8625, 0.0, 0.01137, 0.00059),
        ]
    )
    correlation, alpha, root, ten, thirty = rows.T
    assert phase.amplification(5, 0.6, correlation) == pytest.approx(alpha, abs=5.1e-5)
    assert phase.fixed_point(5, 0.6, correlation) == pytest.approx(root, abs=5e-5)
    assert phase.iterate_bias(0.05, 5, 10, 0.6, correlation) == pytest.approx(ten, abs=5e-6)
    assert phase.iterate_bias(0.05, 5, 30, 0.6, correlation) == pytest.approx(thirty, abs=5e-6)


@exact_settings
@given(st.floats(0.05, 1.0), st.floats(0.0, 0.99))
def test_fixed_point_closed_forms(fidelity, correlation):
    requirement = phase.amplification_requirement(fidelity, correlation)
    if requirement < 1.5 - 1e-6:
        assert phase.fixed_point(3, fidelity, correlation) == pytest.approx(
            np.sqrt(3 - 2 * requirement) / fidelity, abs=1e-10
        )
    if requirement < 1.875 - 1e-6:
        five = np.sqrt((5 - np.sqrt(24 * requirement - 20)) / 3) / fidelity
        assert phase.fixed_point(5, fidelity, correlation) == pytest.approx(five, abs=1e-9)


def test_fixed_point_to_twelve_digits():
    assert phase.fixed_point(5, 0.6, 0.1) == pytest.approx(5 / 9, abs=1e-12)
    fan_in = np.arange(3, 202, 2)
    root = phase.fixed_point(fan_in, 0.9, 0.05)
    assert phase.one_level_map(root, fan_in, 0.9, 0.05) == pytest.approx(root, abs=1e-14)
    assert np.all(root <= 0.95 / (1 - 0.05 * 0.9) + 1e-15)


def test_fixed_point_at_its_ends():
    assert phase.fixed_point(7, 1.0, 0.3) == pytest.approx(1.0, abs=1e-15)
    assert phase.fixed_point(7, 1.0, 1.0) == 0.0
    assert phase.fixed_point(1, 0.9, 0.0) == 0.0
    assert phase.fixed_point(5, 0.6, 5 / 21) == 0.0
    assert phase.fixed_point(3, 2 / 3, 0.0) == 0.0
    # Just above the threshold: the mean-field square root.
    fidelity = 2 / 3 * (1 + 1e-6)
    law = np.sqrt(1e-6 / phase.near_threshold_coefficient(3, fidelity, 0.0))
    assert phase.fixed_point(3, fidelity, 0.0) == pytest.approx(law, rel=1e-5)


def test_rounding_at_the_threshold_opens_no_fixed_point():
    fan_in = np.arange(3, 60, 2)[:, None]
    fidelity = np.linspace(0.7, 0.99, 34)
    critical = phase.critical_correlation(fan_in, fidelity)
    assert np.any(phase.amplification(fan_in, fidelity, critical) > 1)
    assert np.all(phase.fixed_point(fan_in, fidelity, critical) == 0)


@exact_settings
@given(fan_ins, fidelities, correlations, st.floats(0.001, 1.0))
def test_theorem_four(fan_in, fidelity, correlation, bias):
    alpha = phase.amplification(fan_in, fidelity, correlation)
    root = phase.fixed_point(fan_in, fidelity, correlation)
    above = phase.one_level_map(bias, fan_in, fidelity, correlation)
    if alpha > 1 + 1e-9:
        assert 0 < root <= 1
        # Every start moves towards the fixed point and never jumps over it.
        assert min(bias, root) - 1e-12 <= above <= max(bias, root) + 1e-12
    else:
        assert above <= bias * (1 + 1e-9)
    assert above <= alpha * bias * (1 + 1e-12)


@exact_settings
@given(fan_ins, fidelities, correlations)
def test_critical_values_put_the_amplification_at_one(fan_in, fidelity, correlation):
    critical = phase.critical_correlation(fan_in, fidelity)
    if critical >= 0:
        assert phase.amplification(fan_in, fidelity, min(critical, 1.0)) == pytest.approx(1, abs=1e-12)
    assert phase.amplification(fan_in, phase.critical_fidelity(fan_in, correlation), correlation) == pytest.approx(1)


def test_fully_shared_votes_never_amplify():
    assert phase.amplification(101, 0.9, 1.0) == pytest.approx(0.9, rel=1e-15)
    assert phase.one_level_map(0.3, 101, 0.9, 1.0) == pytest.approx(0.27, rel=1e-15)
    assert phase.one_level_map(0.3, 101, 1e-9, 0.0) == pytest.approx(0, abs=1e-8)


def test_minimum_fan_in_is_the_published_table():
    table = {
        0.3: (17, 21, 25, 29, 51, 121),
        0.4: (11, 11, 13, 17, 25, 57),
        0.5: (7, 7, 9, 9, 15, 29),
        0.6: (5, 5, 5, 7, 9, 17),
        0.7: (3, 3, 5, 5, 5, 9),
        0.8: (3, 3, 3, 3, 5, 5),
        0.9: (3, 3, 3, 3, 3, 3),
    }
    for fidelity, row in table.items():
        ours = tuple(phase.minimum_fan_in(fidelity, correlation) for correlation in (0, 0.1, 0.2, 0.3, 0.5, 0.7))
        assert ours == row


@exact_settings
@given(st.floats(0.02, 1.0), st.floats(0.0, 0.95))
def test_minimum_fan_in_is_the_smallest(fidelity, correlation):
    fan_in = phase.minimum_fan_in(fidelity, correlation)
    assert phase.amplification(fan_in, fidelity, correlation) > 1 - 1e-12
    if fan_in > 3:
        assert phase.amplification(fan_in - 2, fidelity, correlation) <= 1 + 1e-12


def test_mixing_slope_of_three_votes():
    alpha = phase.amplification(3, 0.9, 0.2)
    assert phase.mixing_slope(3, 0.9, 0.2) == pytest.approx(3 - 2 * alpha, rel=1e-12)
    assert phase.mixing_slope(3, 0.6, 0.2) == pytest.approx(phase.amplification(3, 0.6, 0.2), rel=1e-14)


def test_growth_depths_are_the_reference_values():
    real = phase.growth_depth(0.05, 5, 0.6, np.array([0, 0.05, 0.1, 0.15, 0.2])).real
    assert real == pytest.approx([22.40, 26.98, 34.40, 48.79, 91.45], abs=5.1e-3)
    assert phase.growth_depth(0.05, 5, 0.6, 0.1).levels == 35
    assert phase.growth_depth(0.9, 5, 0.6, 0.1).levels == 0
    assert phase.growth_depth(0.05, 5, 0.6, 0.3).levels == np.inf


def test_decay_at_the_threshold_follows_the_inverse_square_root():
    kappa = phase.near_threshold_coefficient(3, 2 / 3, 0.0)
    ratio = phase.iterate_bias(0.5, 3, 5000, 2 / 3, 0.0) / (2 * kappa * 5000) ** -0.5
    assert ratio == pytest.approx(1.0, abs=0.01)


def test_extra_mixing_levels_shrink_the_distance():
    root = phase.fixed_point(5, 0.6, 0.1)
    levels = phase.extra_mixing_levels(0.01, 5, 0.6, 0.1)
    start = root - 1e-4
    after = phase.iterate_bias(start, 5, round(levels), 0.6, 0.1)
    assert (root - after) / 1e-4 == pytest.approx(0.86 ** round(levels), rel=5e-3)
    assert phase.extra_mixing_levels(0.01, 5, 0.6, 0.0) < levels


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: phase.one_level_map(0.1, 3, 0.0, 0.1), "fidelity must be in"),
        (lambda: phase.amplification(2, 0.9, 0.1), "fan_in must be"),
        (lambda: phase.fixed_point(3, 0.9, -0.1), "correlation must be in"),
        (lambda: phase.iterate_bias(0.1, 3, 1.5, 0.9, 0.1), "depth must be a whole number"),
        (lambda: phase.critical_correlation(1, 0.9), "fan_in must be an odd number, 3 or more"),
        (lambda: phase.amplification_requirement(0.9, 1.0), "correlation must be in"),
        (lambda: phase.minimum_fan_in(1.2, 0.0), "fidelity must be in"),
        (lambda: phase.growth_depth(0.0, 3, 0.9, 0.0), "bias must be in"),
        (lambda: phase.extra_mixing_levels(1.0, 3, 0.9, 0.0), "tolerance must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
