"""Selection, residual values, directives and back-propagation, against exact arithmetic and the published table."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import value_tree as tree

exact_settings = settings(derandomize=True, deadline=None)
node_values = st.floats(0.1, 1.0)
pools = st.lists(node_values, min_size=1, max_size=6)


@exact_settings
@given(pools, st.integers(1, 60))
def test_selection_equals_rational_arithmetic(values, power):
    exact = [Fraction(value) ** power for value in values]
    expected = [float(weight / sum(exact)) for weight in exact]
    assert tree.selection_probabilities(values, 1 / power) == pytest.approx(expected, rel=1e-11)


def test_selection_is_the_published_table():
    rows = {
        1.0: (0.1538, 0.3077, 0.5385),
        0.5: (0.0580, 0.2319, 0.7101),
        0.2: (0.0018, 0.0573, 0.9409),
        0.05: (0.0, 0.0, 1.0),
    }
    left = np.array(list(rows))[:, None]
    assert tree.selection_probabilities([0.2, 0.4, 0.7], left) == pytest.approx(np.array(list(rows.values())), abs=5e-5)


@exact_settings
@given(pools, st.floats(1e-3, 1.0), st.floats(0.1, 10.0))
def test_selection_orders_scales_and_sharpens(values, left, factor):
    chances = tree.selection_probabilities(values, left)
    assert chances.sum() == pytest.approx(1.0, rel=1e-12)
    assert chances == pytest.approx(tree.selection_probabilities(np.array(values) * factor, left), rel=1e-9, abs=1e-12)
    assert np.all(np.diff(chances[np.argsort(values)]) >= 0)
    assert tree.selection_probabilities(values, left / 2).max() >= chances.max() * (1 - 1e-12)


def test_selection_at_its_ends():
    tied = [0.3, 0.9, 0.9]
    for left in (1e-3, 1e-100, 5e-324):
        assert tree.selection_probabilities(tied, left) == pytest.approx([0, 0.5, 0.5], abs=1e-100)
    assert tree.selection_probabilities([0.0, 0.5], 0.4).tolist() == [0.0, 1.0]
    assert tree.selection_probabilities([1e-300, 1e300], 0.5).tolist() == [0.0, 1.0]
    # Values that differ in the last digits: the ratio to the power of a million.
    low, high = Fraction(0.7), Fraction(0.7) * (1 + Fraction(1, 2**30))
    close = tree.selection_probabilities([0.7, float(high)], 2**-30)
    ratio = Fraction(float(high)) / low - 1
    assert close[1] / close[0] == pytest.approx(np.exp(2**30 * np.log1p(float(ratio))), rel=1e-11)
    assert tree.selection_probabilities(np.full((2, 3), 0.4), np.array([[1.0], [0.1]])).shape == (2, 3)


@exact_settings
@given(st.floats(0, 1), st.floats(-20, 20), st.floats(0, 5))
def test_residual_value_stays_in_range_and_rises(parent, gain, more):
    child = tree.residual_value(parent, gain)
    assert 0.1 <= child <= 1.0
    assert tree.residual_value(parent, gain + more) >= child
    if 0.1 <= parent <= 1.0:
        assert abs(child - parent) <= 0.4 + 1e-12
        assert tree.residual_value(parent, 0.0) == pytest.approx(parent, rel=1e-15)


def test_residual_values_by_hand():
    assert tree.residual_value(0.5, -4.5) == 0.1
    assert tree.residual_value(0.45, 2.5) == pytest.approx(0.7, rel=1e-15)
    assert tree.residual_value(0.9, 3.0) == 1.0


def test_directives_at_their_borders():
    assert tree.step_directive(0.9, 0.85) == "ANSWER"
    assert tree.step_directive(0.9, 0.8) == "ANSWER"
    assert tree.step_directive(0.7, 0.7) == "WIDEN"
    assert tree.step_directive(0.7, 0.6) == "WIDEN"
    assert tree.step_directive(0.7, np.nextafter(0.7, 1)) == "DEEPEN"
    assert tree.step_directive(0.7, 0.75, threshold=0.75) == "ANSWER"


def test_remaining_ratio_is_that_of_the_scarcer_resource():
    assert tree.remaining_ratio(1, 20, 7900, 8000) == 0.05
    assert tree.remaining_ratio(10, 10, 400, 4000) == 0.1
    assert tree.remaining_ratio(0, 10, 400, 4000) == 0.0
    # With five calls the exponent takes five values only.
    powers = 1 / tree.remaining_ratio(np.arange(5, 0, -1), 5, 1e6, 1e6)
    assert powers == pytest.approx([1, 1.25, 5 / 3, 2.5, 5])


def smoothed(values, parents, node):
    below = [child for child, parent in enumerate(parents) if parent == node]
    return (Fraction(values[node]) + sum(smoothed(values, parents, child) for child in below)) / (1 + len(below))


@exact_settings
@given(st.data(), st.lists(st.floats(-5, 5), min_size=1, max_size=12))
def test_back_propagation_equals_recursion(data, values):
    parents = [-1] + [data.draw(st.integers(0, node - 1)) for node in range(1, len(values))]
    expected = [float(smoothed(values, parents, node)) for node in range(len(values))]
    ours = tree.back_propagated_values(values, parents)
    assert ours == pytest.approx(expected, rel=1e-12, abs=1e-14)
    assert min(values) - 1e-12 <= ours[0] <= max(values) + 1e-12
    batch = tree.back_propagated_values(np.stack([values, np.ones(len(values))]), parents)
    assert batch[0] == pytest.approx(ours)
    assert batch[1] == pytest.approx(np.ones(len(values)))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tree.selection_probabilities([0.2, 0.4], 0.0), r"remaining_ratio must be in \(0, 1\], got 0"),
        (lambda: tree.selection_probabilities([0.2, -0.4], 0.5), "values must be finite, 0 or more, got -0.4"),
        (lambda: tree.selection_probabilities([0.0, 0.0], 0.5), "values must hold a positive value"),
        (lambda: tree.residual_value(1.2, 0.0), "parent must be in"),
        (lambda: tree.residual_value(0.2, np.inf), "gain must be finite"),
        (lambda: tree.step_directive(0.5, 1.5), "child must be in"),
        (lambda: tree.remaining_ratio(6, 5, 1, 1), "must be at most"),
        (lambda: tree.remaining_ratio(1, 0, 1, 1), "calls must be"),
        (lambda: tree.back_propagated_values([0.1, 0.2], [-1, 1]), "parents must be"),
        (lambda: tree.back_propagated_values([0.1, 0.2], [0, 0]), "parents must be"),
        (lambda: tree.back_propagated_values([0.1], [-1, 0]), "values must have shape"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        values = jnp.asarray([0.0, 0.3, 0.9])
        select = jax.jit(tree.selection_probabilities)
        np.testing.assert_allclose(select(values, 0.3), tree.selection_probabilities(np.asarray(values), 0.3))
        assert np.all(np.isnan(select(values, jnp.asarray(0.0))))
        assert np.all(np.isnan(select(jnp.asarray([0.1, -0.2]), 0.5)))
        assert np.all(np.isnan(select(jnp.zeros(2), 0.5)))
        # d ln P_i / dV_i = (1 - P_i) / (r V_i).
        chance = tree.selection_probabilities(np.asarray(values), 0.3)[1]
        slope = jax.grad(lambda value: jnp.log(tree.selection_probabilities(values.at[1].set(value), 0.3)[1]))(0.3)
        assert slope == pytest.approx((1 - chance) / (0.3 * 0.3), rel=1e-12)
        assert np.all(np.isfinite(jax.jacobian(tree.selection_probabilities)(values, 0.3)))
        assert jax.grad(tree.residual_value)(0.4, 1.0) == pytest.approx(1.0)
        smooth = jax.jit(lambda nodes: tree.back_propagated_values(nodes, (-1, 0, 0, 1)))
        np.testing.assert_allclose(smooth(jnp.asarray([0.1, 0.4, 0.2, 0.9])), [0.95 / 3, 0.65, 0.2, 0.9])
        slopes = jax.grad(lambda nodes: smooth(nodes)[0])(jnp.asarray([0.1, 0.4, 0.2, 0.9]))
        np.testing.assert_allclose(slopes, [1 / 3, 1 / 6, 1 / 3, 1 / 6])
        assert jnp.isnan(jax.jit(tree.remaining_ratio)(6, 5, 1.0, 1.0))
