"""Plurality votes under JAX: values against enumeration, derivatives, batches, NaN outside, tracing refused."""

from itertools import product
from math import comb, factorial, prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import majority, plurality, plurality_trees


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def enumerated(probabilities, votes):
    """Accuracy over every split of the votes; what is missing to 1 abstains."""
    row = [*probabilities, 1.0 - sum(probabilities)]
    accuracy = 0.0
    for counts in product(range(votes + 1), repeat=len(row)):
        if sum(counts) != votes or counts[0] == 0 or counts[0] < max(counts[:-1]):
            continue
        chance = factorial(votes) * prod(p**n / factorial(n) for p, n in zip(row, counts, strict=True))
        accuracy += chance / counts[:-1].count(counts[0])
    return accuracy


ROWS = [[0.5, 0.3, 0.2], [0.2, 0.5, 0.1], [1.0, 0.0, 0.0], [0.0, 0.6, 0.4], [0.25, 0.25, 0.25], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("votes", [1, 2, 3, 6])
def test_equals_enumeration(votes):
    ours = jax.jit(lambda rows: plurality.plurality_accuracy(rows, votes))(jnp.asarray(ROWS))
    assert isinstance(ours, jax.Array)
    np.testing.assert_allclose(ours, [enumerated(row, votes) for row in ROWS], atol=1e-13)


def test_many_votes_and_copies_equal_those_of_numpy():
    rows = np.array([[0.3, 0.25, 0.03], [0.1, 0.2, 0.05], [0.02, 0.5, 0.0]])
    copies = np.array([1, 1, 9])
    for votes in (40, 301):
        ours = jax.jit(lambda rows, votes=votes: plurality.plurality_accuracy(rows, votes, copies=copies))(rows)
        np.testing.assert_allclose(ours, plurality.plurality_accuracy(rows, votes, copies=copies), atol=1e-12)
    apart = jnp.asarray([0.3, 0.25, *[0.03] * 9])
    ours = jax.jit(lambda row: plurality.plurality_accuracy(row, 40))(apart)
    np.testing.assert_allclose(ours, plurality.plurality_accuracy(rows[0], 40, copies=copies), atol=1e-12)


def test_no_vote_is_wrong():
    assert plurality.plurality_accuracy(jnp.asarray([0.7, 0.3]), 0) == 0.0
    assert plurality.plurality_from_counts(jnp.asarray([3, 1]), 0) == 0.0


@pytest.mark.parametrize("votes", [5, *(pytest.param(each, marks=pytest.mark.verify) for each in (1, 51))])
def test_derivative_of_two_answers_is_that_of_a_majority(votes):
    slope = jax.vmap(jax.grad(lambda p: plurality.plurality_accuracy(jnp.stack([p, 1 - p]), votes)))
    chances = np.array([0.2, 0.5, 0.8])
    # Accuracy is (1 + f(2 p - 1)) / 2.
    closed = majority.majority_bias_derivative(votes, 2 * chances - 1)
    np.testing.assert_allclose(slope(jnp.asarray(chances)), closed, rtol=1e-8)


def test_derivatives_where_an_answer_never_occurs():
    # Two votes, ties at random, abstentions never win: p0^2 + p0 (p1 + p2) + 2 p0 (1 - p0 - p1 - p2).
    def accuracy(row):
        return plurality.plurality_accuracy(row, 2)

    np.testing.assert_allclose(
        jax.grad(accuracy)(jnp.asarray([0.4, 0.0, 0.3])), [2 - 0.8 - 0.3, -0.4, -0.4], atol=1e-12
    )
    copies = jax.grad(lambda row: plurality.plurality_accuracy(row, 2, copies=[1, 3]))(jnp.asarray([0.4, 0.0]))
    np.testing.assert_allclose(copies, [2 - 0.8, -1.2], atol=1e-12)


def subset_accuracy(counts, silent, k):
    """Over every number of each answer in the subset."""
    total, good = sum(counts) + silent, 0.0
    for drawn in product(*(range(n + 1) for n in (*counts, silent))):
        if sum(drawn) == k and drawn[0] > 0 and drawn[0] == max(drawn[:-1]):
            ways = prod(comb(n, d) for n, d in zip((*counts, silent), drawn, strict=True))
            good += ways / drawn[:-1].count(drawn[0])
    return good / comb(total, k)


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_subsets_equal_enumeration(k):
    counts, silent = [[2, 1, 3], [6, 0, 0], [0, 4, 4], [3, 3, 1], [2, 1, 1]], [0, 1, 2, 3, 8]
    ours = jax.jit(lambda counts, silent: plurality.plurality_from_counts(counts, k, abstentions=silent))
    expected = [subset_accuracy(row, quiet, k) for row, quiet in zip(counts, silent, strict=True)]
    np.testing.assert_allclose(ours(jnp.asarray(counts), jnp.asarray(silent)), expected, atol=1e-12)


def test_vmap_equals_a_batch():
    rows = jnp.asarray(ROWS)
    single = jax.vmap(lambda row: plurality.plurality_accuracy(row, 5))(rows)
    np.testing.assert_allclose(single, plurality.plurality_accuracy(rows, 5), rtol=1e-13)
    counts = jnp.asarray([[4, 2], [3, 5]])
    single = jax.vmap(lambda row: plurality.plurality_from_counts(row, 3))(counts)
    np.testing.assert_allclose(single, plurality.plurality_from_counts(np.asarray(counts), 3), atol=1e-13)


def test_outside_the_domain_is_nan():
    rows = jnp.asarray([[0.5, 0.4], [0.7, 0.4], [-0.1, 0.4], [jnp.nan, 0.4]])
    nan_after_the_first = [False, True, True, True]
    assert list(np.isnan(jax.jit(lambda rows: plurality.plurality_accuracy(rows, 3))(rows))) == nan_after_the_first
    counts = jnp.asarray([[2, 1], [1, 1], [2.5, 1], [-1, 4]])  # the second has fewer than three samples
    assert list(np.isnan(jax.jit(lambda rows: plurality.plurality_from_counts(rows, 3))(counts))) == nan_after_the_first
    rows = jnp.asarray([[0.6, 0.4], [0.7, 0.4], [1.1, -0.1], [jnp.nan, 0.4]])
    for function in (
        lambda rows: plurality_trees.winner_probabilities(rows, 3),
        lambda rows: plurality_trees.symmetric_channel(rows, 0.9),
        lambda rows: plurality_trees.plurality_level(rows, 3, 0.9, 0.1),
        lambda rows: plurality_trees.iterate_plurality(rows, 3, 2, 0.9, 0.1),
    ):
        assert np.isnan(jax.jit(function)(rows)).all(axis=-1).tolist() == nan_after_the_first
    level = jax.jit(lambda keep, shared: plurality_trees.plurality_level(jnp.asarray([0.6, 0.4]), 3, keep, shared))
    spoilt = level(jnp.asarray([0.9, 0.0, 1.1, 0.9, 0.9]), jnp.asarray([0.1, 0.1, 0.1, -0.1, 1.1]))
    assert np.isnan(spoilt).all(axis=-1).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("votes", lambda n: plurality.plurality_accuracy(jnp.asarray([0.6, 0.4]), n)),
        ("copies", lambda n: plurality.plurality_accuracy(jnp.asarray([0.6, 0.1]), 3, copies=[1, n])),
        ("k", lambda n: plurality.plurality_from_counts(jnp.asarray([6, 4]), n)),
        ("votes", lambda n: plurality_trees.winner_probabilities(jnp.asarray([0.6, 0.4]), n)),
        ("fan_in", lambda n: plurality_trees.plurality_level(jnp.asarray([0.6, 0.4]), n, 0.9, 0.1)),
        ("depth", lambda n: plurality_trees.iterate_plurality(jnp.asarray([0.6, 0.4]), 3, n, 0.9, 0.1)),
    ],
)
def test_numbers_of_votes_are_not_traced(name, call):
    with pytest.raises(TypeError, match=f"^{name} must be known before tracing"):
        jax.jit(call)(3)


def test_trees_equal_those_of_numpy_and_their_derivative():
    rows = np.array([[0.4, 0.35, 0.25], [0.3, 0.3, 0.4]])
    keep, shared = np.array([0.9, 1.0]), np.array([0.1, 0.0])

    def tree(rows, keep, shared):
        return plurality_trees.iterate_plurality(rows, 5, 4, keep, shared)

    ours = jax.jit(tree)(rows, jnp.asarray(keep), shared)
    np.testing.assert_allclose(ours, tree(rows, keep, shared), atol=1e-12)

    def right(keep):
        return tree(rows[0], keep, 0.1)[..., 0]

    numeric = (right(0.9 + 1e-6) - right(0.9 - 1e-6)) / 2e-6
    assert jax.jit(jax.grad(right))(0.9) == pytest.approx(numeric, rel=1e-6)
