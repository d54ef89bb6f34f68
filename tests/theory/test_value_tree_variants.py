"""Rules of the same name: what they compute, and how they differ from the rule of the paper."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from budgetsim.theory import value_tree
from budgetsim.theory import value_tree_variants as variants

exact_settings = settings(derandomize=True, deadline=None)


@exact_settings
@given(st.lists(st.floats(0.1, 1), min_size=1, max_size=6), st.floats(0, 1e6))
def test_split_is_the_selection_frozen_at_the_full_budget(values, budget):
    split = variants.proportional_split(values, budget)
    assert split.sum() == pytest.approx(budget)
    assert split == pytest.approx(budget * value_tree.selection_probabilities(values, 1.0), rel=1e-12)


@exact_settings
@given(st.integers(2, 7), st.integers(0, 12), st.floats(0.01, 100))
def test_split_depth_at_exact_powers(branching, depth, cost):
    budget = cost * branching**depth
    assert variants.split_depth(budget, branching, cost) == depth
    assert variants.split_depth(budget * 1.001, branching, cost) == depth
    if depth:
        assert variants.split_depth(budget * 0.999, branching, cost) == depth - 1


def test_split_starves_depth():
    budgets, branching = np.array([20, 20, 1000, 81, 100]), np.array([2, 3, 3, 3, 5])
    assert variants.split_depth(budgets, branching, np.array([1, 1, 1, 1, 2])).tolist() == [4, 2, 6, 4, 2]
    # Powers whose quotient of logarithms comes out below the whole number.
    assert variants.split_depth(np.array([1000, 243, 10.0**15]), np.array([10, 3, 10]), 1).tolist() == [3, 5, 15]


def test_max_backup():
    assert variants.max_backup_value(0.1, 0.9, []) == 0.1
    assert variants.max_backup_value(0.8, 0.9, [0.9]) == pytest.approx(1.61)
    children = np.array([[0.5, 0.7], [-0.2, -0.1]])
    assert variants.max_backup_value(np.array([0.3, 0.0]), 0.5, children) == pytest.approx([0.65, -0.05])


@pytest.mark.parametrize("children", [1, 2, 3, 5, 10, 1000, 10**6])
def test_max_backup_overestimates(children):
    def weighted(x):
        return x * children * norm.pdf(x) * norm.cdf(x) ** (children - 1)

    expected = 0.1 * (quad(weighted, -9, 0, epsabs=1e-14)[0] + quad(weighted, 0, 12, epsabs=1e-14, limit=200)[0])
    assert variants.max_backup_bias(children, 0.1) == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_max_backup_closed_forms():
    # Two and three normal numbers: 1 / sqrt(pi) and 3 / (2 sqrt(pi)).
    assert variants.max_backup_bias(np.array([1, 2, 3]), 1.0) == pytest.approx(
        [0, 1 / np.sqrt(np.pi), 1.5 / np.sqrt(np.pi)], rel=1e-13, abs=1e-15
    )
    assert variants.max_backup_bias(4, 0.0) == 0.0


def test_ucb_explores_more_when_poor():
    bonus = variants.ucb_score(0.0, 1.0, np.array([20, 10, 5, 2, 1]), 20, 2)
    assert bonus == pytest.approx([0.062, 0.123, 0.247, 0.617, 1.23], rel=6e-3)
    assert bonus == pytest.approx(np.sqrt(np.log(21) / 2) / np.array([20, 10, 5, 2, 1]), rel=1e-7)
    assert variants.ucb_score(0.3, 0.0, 1, 20, 0) == 0.3
    assert variants.ucb_score(0.0, 1.0, 10, 20, 0) > 1e3


@exact_settings
@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.integers(1, 8))
def test_inverted_selection_equals_its_definition(values, root):
    weights = np.maximum(values, 0.01) ** (1 / root)
    assert variants.inverted_selection(values, 1 / root) == pytest.approx(weights / weights.sum(), rel=1e-12)


def test_inverted_selection_goes_the_other_way():
    rows = {
        1: (0.154, 0.308, 0.538),
        0.5: (0.233, 0.330, 0.437),
        0.2: (0.291, 0.335, 0.374),
        0.05: (0.323, 0.334, 0.343),
    }
    ours = variants.inverted_selection([0.2, 0.4, 0.7], np.array(list(rows))[:, None])
    assert ours == pytest.approx(np.array(list(rows.values())), abs=5e-4)
    assert variants.inverted_selection([0.0, 0.0], 0.3).tolist() == [0.5, 0.5]
    poor = value_tree.selection_probabilities([0.2, 0.4, 0.7], 0.01)
    assert poor.max() > 0.999 > 0.34 > variants.inverted_selection([0.2, 0.4, 0.7], 0.01).max()


def test_uct_heuristic_in_rational_arithmetic():
    value, left, part, visits = Fraction(3, 5), Fraction(8), Fraction(2, 5), 4
    expected = value + (1 + Fraction(1, 10) / left) / (1 + part) / (visits + 1)
    assert variants.uct_heuristic_score(0.6, 8.0, 0.4, 4) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: variants.proportional_split([0.0, 0.0], 1.0), "values must hold a positive value"),
        (lambda: variants.proportional_split([0.1], -1.0), "budget must be finite, 0 or more, got -1"),
        (lambda: variants.split_depth(20, 1, 1), "branching must be a whole number, 2 or more, got 1"),
        (lambda: variants.split_depth(0.5, 2, 1), "budget must be at least cost"),
        (lambda: variants.max_backup_value(0.1, 1.1, [0.2]), "discount must be in"),
        (lambda: variants.max_backup_bias(0, 0.1), "children must be a whole number, 1 or more"),
        (lambda: variants.ucb_score(0.0, 1.0, -1.0, 20, 2), "remaining must be"),
        (lambda: variants.inverted_selection([0.1], 1.5), "remaining_ratio must be in"),
        (lambda: variants.uct_heuristic_score(0.5, 0.0, 0.5, 0), "remaining must be finite, above 0"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        assert np.all(np.isnan(jax.jit(variants.proportional_split)(jnp.zeros(2), 1.0)))
        assert jnp.isnan(jax.jit(variants.split_depth)(0.5, 2, 1.0))
        assert jax.jit(variants.max_backup_value)(0.1, 0.9, jnp.zeros(0)) == pytest.approx(0.1)
        children = jnp.asarray([[0.5, 0.7, 0.1], [0.2, jnp.inf, 0.3]])
        backed_up = jax.jit(variants.max_backup_value)(jnp.asarray([0.3, 0.0]), 0.5, children)
        assert backed_up.tolist() == pytest.approx([0.65, np.nan], nan_ok=True)
        assert jax.grad(variants.max_backup_bias, argnums=1)(3, 0.4) == pytest.approx(1.5 / np.sqrt(np.pi))
        assert jax.grad(lambda r: variants.inverted_selection(jnp.asarray([0.2, 0.7]), r)[1])(0.5) > 0
