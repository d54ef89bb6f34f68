"""Plurality trees against enumeration of every outcome of the votes."""

from fractions import Fraction
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory import phase
from budgetsim.theory.plurality_trees import (
    iterate_plurality,
    plurality_level,
    symmetric_channel,
    winner_probabilities,
    winning_threshold,
)

exact_settings = settings(derandomize=True, deadline=None, max_examples=60)
laws = (
    st.lists(st.integers(0, 12), min_size=2, max_size=4)
    .filter(any)
    .map(lambda parts: [Fraction(part, sum(parts)) for part in parts])
)


def enumerated_winners(law, votes):
    """Every sequence of votes in turn."""
    won = [Fraction(0)] * len(law)
    for sequence in product(range(len(law)), repeat=votes):
        chance = Fraction(1)
        for answer in sequence:
            chance *= law[answer]
        counts = [sequence.count(answer) for answer in range(len(law))]
        leaders = [answer for answer, count in enumerate(counts) if count == max(counts)]
        for answer in leaders:
            won[answer] += chance / len(leaders)
    return won


def enumerated_level(law, votes, fidelity, correlation):
    received = [fidelity * part + (1 - fidelity) / len(law) for part in law]
    won = enumerated_winners(received, votes)
    return [correlation * a + (1 - correlation) * b for a, b in zip(received, won, strict=True)]


def floats(law):
    return np.array([float(part) for part in law])


@exact_settings
@given(laws, st.integers(1, 6))
def test_winners_equal_enumeration(law, votes):
    assert winner_probabilities(floats(law), votes) == pytest.approx(floats(enumerated_winners(law, votes)), abs=1e-13)


@pytest.mark.parametrize("votes", [2, 3, 4])
def test_trees_equal_enumeration(votes):
    law = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]
    exact = law
    for _ in range(2):
        exact = enumerated_level(exact, votes, Fraction(4, 5), Fraction(1, 4))
    assert iterate_plurality(floats(law), votes, 2, 0.8, 0.25) == pytest.approx(floats(exact), abs=1e-13)


@pytest.mark.parametrize("fan_in", [1, 3, 5, 21])
def test_two_answers_are_the_binary_tree(fan_in):
    bias = np.array([0.3, -0.7, 0.0])
    law = np.stack([0.5 + 0.5 * bias, 0.5 - 0.5 * bias], axis=-1)
    ours = iterate_plurality(law, fan_in, 4, 0.7, 0.2)
    tree = phase.iterate_bias(bias, fan_in, 4, 0.7, 0.2)
    assert ours[:, 0] - ours[:, 1] == pytest.approx(tree, abs=1e-12)


def test_channel_replaces_answers():
    # Enumerate: kept, or one of three answers at random.
    law, fidelity = [Fraction(1, 2), Fraction(1, 2), Fraction(0)], Fraction(2, 5)
    arrives = [Fraction(0)] * 3
    for sent, part in enumerate(law):
        arrives[sent] += part * fidelity
        for other in range(3):
            arrives[other] += part * (1 - fidelity) / 3
    assert symmetric_channel(floats(law), 0.4) == pytest.approx(floats(arrives), abs=1e-15)
    # Two channels in a row are one with the product of their fidelities.
    twice = symmetric_channel(symmetric_channel(floats(law), 0.4), 0.7)
    assert twice == pytest.approx(symmetric_channel(floats(law), 0.28), abs=1e-15)


@exact_settings
@given(laws, st.integers(3, 12), st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_levels_keep_the_order_and_noiseless_ones_raise_the_ratios(law, votes, fidelity, correlation):
    law = floats(law)
    order = np.argsort(law, kind="stable")
    above = plurality_level(law, votes, fidelity, correlation)
    assert above.sum() == pytest.approx(1.0, abs=1e-12)
    assert np.all(np.diff(above[order]) >= -1e-12)
    won = winner_probabilities(law, votes)
    # p_b W_a >= p_a W_b wherever p_a >= p_b.
    assert np.all(np.triu(np.outer(law[order], won[order]) - np.outer(won[order], law[order])) >= -1e-12)
    assert won[order][-1] >= law[order][-1] - 1e-12


@exact_settings
@given(laws, st.permutations(range(4)), st.integers(1, 9))
def test_answers_have_no_names(law, order, votes):
    places = [place for place in order if place < len(law)]
    ours = winner_probabilities(floats(law)[places], votes)
    assert ours == pytest.approx(winner_probabilities(floats(law), votes)[places], abs=1e-12)


def test_fixed_points_are_uniform_over_some_answers():
    for some in range(1, 5):
        law = np.zeros(4)
        law[:some] = 1 / some
        assert winner_probabilities(law, 7) == pytest.approx(law, abs=1e-12)


@exact_settings
@given(laws, st.integers(3, 7))
def test_the_leader_takes_all(law, votes):
    law = floats(law)
    first, second = np.sort(law)[:-3:-1]
    assume(first - second > 0.02)
    deep = iterate_plurality(law, votes, 300, 1.0, 0.0)
    assert deep[np.argmax(law)] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("dominance", [0.25, 0.5, 0.8, 1.0])
def test_a_popular_mistake_moves_the_threshold(dominance):
    for excess, wins in ((0.01, True), (-0.01, False)):
        right = dominance / (1 + dominance) + excess
        rest = (1 - right) * (1 - dominance) / 3
        law = np.array([right, (1 - right) * dominance, rest, rest, rest])
        deep = iterate_plurality(law, 5, 400, 1.0, 0.0)
        assert deep[0] == pytest.approx(float(wins), abs=1e-9)
        assert (winner_probabilities(law, 4001)[0] > 0.5) == wins  # a lead of more than a standard deviation
        assert (winning_threshold(dominance) < right) == wins
    assert winning_threshold(1 / 4) == pytest.approx(1 / 5, rel=1e-15)


def test_one_vote_and_two_change_nothing_and_shared_votes_only_the_noise():
    law = np.array([0.6, 0.3, 0.1])
    for votes in (1, 2):
        assert winner_probabilities(law, votes) == pytest.approx(law, abs=1e-15)
    assert plurality_level(law, 9, 0.5, 1.0) == pytest.approx(0.5 * law + 0.5 / 3, abs=1e-15)
    assert plurality_level(law, 9, 1e-12, 0.0) == pytest.approx([1 / 3] * 3, abs=1e-11)
    assert iterate_plurality(law, 9, 0, 0.5, 0.5) == pytest.approx(law, abs=1e-15)


def test_leading_axes_and_ten_thousand_levels():
    law = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
    deep = iterate_plurality(law, 3, 10_000, np.array([0.95, 0.5]), np.array([0.1, 0.0]))
    assert deep.shape == (2, 3)
    assert plurality_level(deep, 3, np.array([0.95, 0.5]), np.array([0.1, 0.0])) == pytest.approx(deep, abs=1e-12)
    assert deep[0, 0] > 0.9
    assert deep[1] == pytest.approx([1 / 3] * 3, abs=1e-9)


def test_threshold_under_jax():
    with jax.enable_x64(True):
        ours = jax.jit(winning_threshold)(jnp.asarray([0.5, 1.5]))
        assert ours[0] == pytest.approx(1 / 3, rel=1e-15)
        assert jnp.isnan(ours[1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: winner_probabilities([0.5, 0.4], 3), "probabilities must be 0 or more and sum to 1"),
        (lambda: winner_probabilities([1.5, -0.5], 3), "probabilities must be 0 or more"),
        (lambda: winner_probabilities([1.0], 3), "probabilities must have shape"),
        (lambda: winner_probabilities([0.5, 0.5], 0), "votes must be a whole number, 1 or more, got 0"),
        (lambda: symmetric_channel([0.5, 0.5], 0.0), r"fidelity must be in \(0, 1\], got 0.0"),
        (lambda: plurality_level([0.5, 0.5], 3, 0.9, 1.5), r"correlation must be in \[0, 1\], got 1.5"),
        (lambda: iterate_plurality([0.5, 0.5], 3, -1, 0.9, 0.5), "depth must be a whole number"),
        (lambda: winning_threshold(1.5), "dominance must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
