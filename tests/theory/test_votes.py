"""Vote curves against enumeration, and the claims about their shape against brute force."""

from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory.heterogeneity import mixture_accuracy
from budgetsim.theory.votes import (
    easy_vote_curve,
    hard_vote_curve,
    majority_increment,
    majority_vote_accuracy,
    optimal_vote_count,
    two_level_vote,
    vote_regime,
)

exact_settings = settings(derandomize=True, deadline=None)


def enumerated_vote(probability, votes):
    """Binomial majority in rational arithmetic, a tie counting one half."""
    p = Fraction(probability)
    weights = [comb(votes, j) * p**j * (1 - p) ** (votes - j) for j in range(votes + 1)]
    ties = weights[votes // 2] / 2 if votes % 2 == 0 else Fraction(0)
    return sum(weights[votes // 2 + 1 :], ties)


@pytest.mark.parametrize("votes", [1, 2, 3, 4, 9, 10, 41])
@pytest.mark.parametrize("probability", [0.0, 1e-6, 0.03, 0.5, 0.63, 0.999999, 1.0])
def test_majority_vote_equals_enumeration(probability, votes):
    exact = float(enumerated_vote(probability, votes))
    assert majority_vote_accuracy(probability, votes) == pytest.approx(exact, rel=1e-12)


def test_tiny_accuracies_keep_their_digits():
    assert majority_vote_accuracy(1e-5, 21) == pytest.approx(float(enumerated_vote(1e-5, 21)), rel=1e-12, abs=0)


@pytest.mark.parametrize("votes", [1, 3, 15, 101])
def test_increment_equals_the_difference_of_enumerations(votes):
    for probability in (0.2, 0.5, 0.63, 0.9, 1.0):
        exact = enumerated_vote(probability, votes + 2) - enumerated_vote(probability, votes)
        assert majority_increment(probability, votes) == pytest.approx(float(exact), rel=1e-11, abs=1e-300)


shares = st.floats(0.02, 0.98)
easy_levels = st.floats(0.52, 0.98)
hard_levels = st.floats(0.02, 0.48)


def brute_force_differences(share, easy, hard, counts):
    """Signs of F(K+2) - F(K) by exact arithmetic."""
    share = Fraction(share)
    curve = [share * enumerated_vote(easy, k) + (1 - share) * enumerated_vote(hard, k) for k in counts]
    return [later - earlier for earlier, later in pairwise(curve)]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(shares, easy_levels, hard_levels)
def test_regime_agrees_with_brute_force(share, easy, hard):
    rises = [difference > 0 for difference in brute_force_differences(share, easy, hard, range(1, 22, 2))]
    regime = vote_regime(share, easy, hard).regime
    allowed = {
        "increasing": all(rises),
        "decreasing": not any(rises),
        "up-down": rises == sorted(rises, reverse=True) and rises[0],
        "down-up": rises == sorted(rises) and not rises[0],
        "constant": False,
    }
    if abs(easy + hard - 1) > 1e-9:
        assert allowed[regime]


def test_regimes_of_the_worked_examples():
    assert vote_regime(0.28, 0.85, 0.4).regime == "decreasing"
    assert vote_regime(0.402, 0.85, 0.4).regime == "up-down"
    assert vote_regime(0.533, 0.6, 0.2).regime == "down-up"
    assert vote_regime(0.767, 0.6, 0.2).regime == "increasing"
    assert vote_regime(0.5, 0.75, 0.25).regime == "constant"
    assert vote_regime(0.6, 0.75, 0.25).regime == "increasing"
    assert vote_regime(0.4, 0.75, 0.25).regime == "decreasing"


@pytest.mark.parametrize(
    ("share", "easy", "hard"),
    [(0.6, 0.85, 0.4), (0.7, 0.9, 0.45), (0.55, 0.8, 0.3), (0.5, 0.9, 0.48), (0.8, 0.7, 0.45)],
)
def test_best_number_of_votes_is_the_best(share, easy, hard):
    votes = np.arange(1, 100, 2)
    curve = two_level_vote(votes, share, easy, hard)
    assert optimal_vote_count(share, easy, hard).votes == votes[np.argmax(curve)]


def test_fitted_families():
    assert easy_vote_curve(9, 0.1, 0.2, 0.3) == pytest.approx(1 - np.exp(-0.9 - 0.6 - 0.3))
    assert hard_vote_curve(9, 0.1, 0.2, 0.3) == pytest.approx(np.exp(-1.8))


def test_mixture_is_the_weighted_vote_curve():
    for votes in (1, 3, 9):
        ours = mixture_accuracy([0.85, 0.4], [0.6, 0.4], votes, 1, 1.0, 0.0)
        assert ours == pytest.approx(
            float(0.6 * enumerated_vote(0.85, votes) + 0.4 * enumerated_vote(0.4, votes)), rel=1e-12
        )


def test_mixture_of_a_tree_is_a_vote_of_votes():
    # Depth two, perfect messages: a majority of three majorities of three.
    atoms, weights = (0.8, 0.3, 0.5), (1.0, 2.0, 1.0)
    exact = (
        sum(w * enumerated_vote(enumerated_vote(p, 3), 3) for p, w in zip(atoms, map(Fraction, weights), strict=True))
        / 4
    )
    assert mixture_accuracy(atoms, weights, 3, 2, 1.0, 0.0) == pytest.approx(float(exact), rel=1e-12)


def test_mixture_on_leading_axes_and_with_noise():
    atoms = np.array([[0.9, 0.2], [0.5, 0.7]])
    ours = mixture_accuracy(atoms, np.array([0.5, 0.5]), np.array([3, 5]), np.array([1, 0]), 0.8, 0.5)
    assert ours.shape == (2,)
    assert ours[1] == pytest.approx(0.6)  # depth 0 is the mean of the atoms
    received = [(1 + Fraction(8, 10) * (2 * Fraction(p) - 1)) / 2 for p in (0.9, 0.2)]
    level = [Fraction(1, 2) * p + Fraction(1, 2) * enumerated_vote(p, 3) for p in received]
    assert ours[0] == pytest.approx(float(sum(level) / 2), rel=1e-12)


@exact_settings
@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.integers(0, 5), st.integers(0, 4))
def test_mirrored_problems_mirror_the_accuracy(atoms, half, depth):
    weights = np.ones(len(atoms))
    ours = mixture_accuracy(atoms, weights, 2 * half + 1, depth, 0.9, 0.1)
    mirrored = mixture_accuracy(1 - np.array(atoms), weights, 2 * half + 1, depth, 0.9, 0.1)
    assert ours + mirrored == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: majority_vote_accuracy(1.2, 3), "probability must be in"),
        (lambda: majority_vote_accuracy(0.5, 0), "votes must be a whole number, 1 or more"),
        (lambda: majority_increment(0.5, 2), "votes must be an odd number"),
        (lambda: two_level_vote(3, 2.0, 0.8, 0.2), "share must be in"),
        (lambda: optimal_vote_count(0.5, 0.6, 0.2), "easy \\+ hard must be above 1"),
        (lambda: vote_regime(0.5, 0.4, 0.2), "easy must be in"),
        (lambda: vote_regime(0.5, 0.6, 0.7), "hard must be in"),
        (lambda: vote_regime(1.0, 0.6, 0.3), "share must be in"),
        (lambda: mixture_accuracy([0.5, 1.1], [1, 1], 3, 1, 1.0, 0.0), "probability_atoms must be in"),
        (lambda: mixture_accuracy([0.5], [0.0], 3, 1, 1.0, 0.0), "weights must not all be 0"),
        (lambda: mixture_accuracy([0.5], [-1.0], 3, 1, 1.0, 0.0), "weights must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
