"""Budgets of trees: optimality by grid search, the exact scan by brute force, limits of the exponent."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import organization as org
from budgetsim.theory import phase, saturation, window

exact_settings = settings(derandomize=True, deadline=None)


def test_exponent_stays_below_one_half_and_climbs_towards_it():
    fan_in = np.array([3, 5, 11, 101, 1001, 100001])
    exponent = org.organization_exponent(fan_in, 1.0, 0.0)
    # Two hand-made values: ln(3/2)/ln 3 and ln(15/8)/ln 5.
    assert exponent[:2] == pytest.approx([np.log(1.5) / np.log(3), np.log(1.875) / np.log(5)], rel=1e-14)
    assert np.all(np.diff(exponent) > 0)
    assert np.all(exponent < 0.5)


@pytest.mark.parametrize("exponents", [(0.2, 0.344), (0.1, 0.3507), (0.3, 0.4)])
def test_optimal_leaf_beats_every_other_leaf(exponents):
    compute, tree = exponents
    cost, budget = 50.0, 1e7

    def small_signal(tokens):
        return tokens**compute * (budget / (tokens + cost)) ** tree

    best = org.optimal_leaf_tokens(compute, tree, cost)
    assert small_signal(best) >= small_signal(best * np.linspace(0.2, 5, 400)).max() * (1 - 1e-12)
    assert org.optimal_leaf_count(budget, compute, tree, cost) == pytest.approx(budget / (best + cost), rel=1e-12)
    assert 5 ** org.optimal_depth(budget, compute, tree, cost, 5) == pytest.approx(budget / (best + cost), rel=1e-12)


@exact_settings
@given(st.floats(0.05, 0.4), st.floats(0.03, 0.3), st.floats(1.0, 1000.0))
def test_gain_is_one_at_the_threshold_budget(compute, margin, cost):
    tree = compute + margin
    threshold = org.threshold_budget(compute, tree, cost)
    assert org.continuous_tree_bias(threshold, 0.01, compute, tree, cost).gain == pytest.approx(1.0, rel=1e-9)
    assert org.continuous_tree_bias(8 * threshold, 0.01, compute, tree, cost).gain == pytest.approx(8**margin, rel=1e-9)


def test_tokens_of_a_tree_counted_edge_by_edge():
    fan_in, depth, leaf_tokens, message = 3, 4, 7.0, 5.0
    edges = sum(fan_in**level for level in range(1, depth + 1))
    expected = fan_in**depth * leaf_tokens + 2 * message * edges
    assert org.exact_tree_tokens(fan_in, depth, leaf_tokens, message) == pytest.approx(expected, rel=1e-14)
    per_leaf = (org.exact_tree_tokens(fan_in, 30, 0.0, message)) / 3.0**30
    assert org.communication_cost_per_leaf(message, fan_in) == pytest.approx(per_leaf, rel=1e-12)


@pytest.mark.parametrize("budget", [150.0, 1e3, 3.3e4, 1e6, 1e8])
def test_integer_tree_is_the_best_of_all_depths(budget):
    tree = saturation.best_integer_tree(budget, 5, 0.95, 0.05, 20, 0.02, 0.2)
    candidates = []
    for depth in range(1, 14):
        tokens = budget / 5.0**depth - 40 * sum(5.0**-up for up in range(depth))
        if tokens > 0:
            bias = min(1.0, 0.02 * tokens**0.2)
            for _ in range(depth):
                bias = phase.one_level_map(bias, 5, 0.95, 0.05)
            candidates.append((bias, -depth, tokens))
    if candidates:
        bias, minus_depth, tokens = max(candidates)
        assert (tree.depth, tree.bias) == (-minus_depth, pytest.approx(bias, rel=1e-12))
        assert tree.leaf_tokens == pytest.approx(tokens, rel=1e-9)
        assert org.exact_tree_tokens(5, tree.depth, tree.leaf_tokens, 20) == pytest.approx(budget, rel=1e-12)
    else:
        assert (tree.depth, tree.leaf_tokens, tree.bias) == (None, None, 0.0)
    assert tree.single == pytest.approx(min(1.0, 0.02 * budget**0.2))


def test_trees_lose_when_compute_scales_faster_than_votes():
    for budget in (1e4, 1e6, 1e8):
        tree = saturation.best_integer_tree(budget, 5, 0.95, 0.05, 20, 1e-4, 0.45)
        assert tree.bias < tree.single
        assert tree.depth == 1


def test_free_messages_still_stop():
    assert saturation.best_integer_tree(1e4, 3, 1.0, 0.0, 0.0, 0.05, 0.2).depth is not None


def test_saturation_window():
    budgets = saturation.saturation_budgets(5, 0.95, 0.05, 20, 0.002, 0.2)
    # The catch-up budget is where one agent reaches the fixed point, the saturation budget where the power law does.
    assert org.leaf_bias(budgets.catch_up_budget, 0.002, 0.2) == pytest.approx(budgets.fixed_point, rel=1e-12)
    power_law = org.continuous_tree_bias(
        budgets.saturation_budget, 0.002, 0.2, budgets.organization_exponent, budgets.communication_cost
    )
    assert power_law.bias == pytest.approx(budgets.fixed_point, rel=1e-9)


def test_star_ceiling():
    assert saturation.binary_star_bias(9999, 0.8, 0.25, 0.2) == pytest.approx(0.25 * 0.8 * 0.2 + 0.75, abs=1e-9)


def test_messages_that_fit_a_window():
    assert window.max_star_agents(8192, 200) == 40
    assert type(window.max_star_agents(8192, 200)) is int
    assert window.max_star_agents(0.3, 0.1) == 3
    assert list(window.max_tree_fan_in(8192, np.array([200, 1000, 2730, 8192, 9000]))) == [39, 7, 3, 1, -1]


def test_fidelity_curves():
    assert window.ExponentialFidelity(200.0, 2.0)(100) == pytest.approx(1 - np.exp(-0.25))
    assert window.HyperbolicFidelity(50.0)(np.array([50.0, 150.0])) == pytest.approx([0.5, 0.75])
    table = window.MeasuredFidelity((10.0, 100.0, 200.0), (0.5, 0.9, 1.0))
    lengths = np.array([1.0, 10.0, 55.0, 100.0, 150.0, 500.0])
    assert table(lengths) == pytest.approx(np.interp(lengths, table.message_tokens, table.fidelity), rel=1e-14)


def test_best_message_length_is_the_best():
    best = window.best_message_length(8192, 0.1, window.ExponentialFidelity(200.0))
    scores = {}
    for length in range(10, 2731, 10):
        room = 8192 // length
        fan_in = room if room % 2 else room - 1
        scores[length] = org.organization_exponent(fan_in, 1 - np.exp(-length / 200), 0.1)
    assert best.message_tokens == max(scores, key=scores.get)
    assert best.organization_exponent == pytest.approx(max(scores.values()), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: org.optimal_leaf_tokens(0.4, 0.3, 50.0), "organization_exponent must be above compute_exponent"),
        (lambda: org.threshold_budget(0.3, 0.3, 50.0), "organization_exponent must be above compute_exponent"),
        (lambda: saturation.saturation_budgets(5, 0.6, 0.1, 20, 0.01, 0.2), "organization_exponent must be above"),
        (lambda: org.organization_exponent(1, 0.9, 0.0), "fan_in must be an odd number, 3 or more"),
        (lambda: saturation.best_integer_tree(0.0, 5, 0.9, 0.0, 20, 0.1, 0.2), "budget must be"),
        (lambda: saturation.best_integer_tree(1e3, 4, 0.9, 0.0, 20, 0.1, 0.2), "fan_in must be"),
        (lambda: saturation.best_integer_tree(1e3, 5, 1.9, 0.0, 20, 0.1, 0.2), "fidelity must be"),
        (lambda: saturation.best_integer_tree(1e3, 5, 0.9, 0.0, -1, 0.1, 0.2), "message_tokens must be"),
        (lambda: window.best_message_length(10, 0.1, window.HyperbolicFidelity(5.0)), "window must hold three"),
        (lambda: window.ExponentialFidelity(0.0), "scale must be finite, above 0"),
        (lambda: window.MeasuredFidelity((1.0, 2.0), (0.9, 0.8)), "fidelity must be in"),
        (lambda: window.MeasuredFidelity((2.0, 1.0), (0.8, 0.9)), "message_tokens must be rising"),
        (lambda: window.max_star_agents(0, 10), "window must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
