"""Plurality votes against enumeration of every outcome and of every subset."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory.plurality import plurality_accuracy, plurality_from_counts

exact_settings = settings(derandomize=True, deadline=None, max_examples=60)


def chance_of_right(counts):
    """Right answer first: 1 over the number of leaders if it leads with at least one vote."""
    lead = max(counts)
    return Fraction(int(counts[0] == lead and lead > 0), counts.count(lead))


def enumerated_accuracy(probabilities, votes):
    probabilities = [Fraction(p) for p in probabilities]
    cells = [*probabilities, 1 - sum(probabilities)]
    accuracy = Fraction(0)
    for counts in product(range(votes + 1), repeat=len(cells)):
        if sum(counts) == votes:
            ways = factorial(votes)
            weight = Fraction(1)
            for count, cell in zip(counts, cells, strict=True):
                ways //= factorial(count)
                weight *= cell**count
            accuracy += ways * weight * chance_of_right(counts[:-1])
    return float(accuracy)


@pytest.mark.parametrize(
    "probabilities",
    [
        [0.5, 0.5],
        [0.4, 0.3, 0.2],
        [0.25, 0.25, 0.25, 0.25],
        [0.1, 0.6, 0.3],
        [0.0, 0.5],
        [0.3],
        [1.0, 0.0],
        [0.2, 0.0, 0.1],
    ],
)
@pytest.mark.parametrize("votes", [0, 1, 2, 3, 5, 8])
def test_equals_enumeration(probabilities, votes):
    expected = enumerated_accuracy(probabilities, votes)
    assert plurality_accuracy(probabilities, votes) == pytest.approx(expected, abs=1e-13)


@exact_settings
@given(st.lists(st.integers(0, 20), min_size=1, max_size=4), st.integers(0, 20), st.integers(0, 6))
def test_equals_enumeration_at_random(weights, abstaining, votes):
    total = max(1, sum(weights) + abstaining)
    probabilities = [weight / total for weight in weights]
    expected = enumerated_accuracy(probabilities, votes)
    assert plurality_accuracy(probabilities, votes) == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("votes", [1, 2, 9, 10, 101, 256, 1001])
@pytest.mark.parametrize("probability", [0.5, 0.503, 0.45, 0.9])
def test_two_answers_are_a_binomial_majority(votes, probability):
    right, whole = probability.as_integer_ratio()  # integers over whole**votes: exact, and no fractions to reduce
    wins = sum(comb(votes, j) * right**j * (whole - right) ** (votes - j) for j in range(votes // 2 + 1, votes + 1))
    ties = 0 if votes % 2 else comb(votes, votes // 2) * (right * (whole - right)) ** (votes // 2)
    exact = Fraction(2 * wins + ties, 2 * whole**votes)
    ours = plurality_accuracy([probability, 1 - probability], votes)
    assert ours == pytest.approx(float(exact), abs=2e-12)


def test_symmetric_answers_share_the_win():
    for answers, votes in ((3, 100), (10, 333), (30, 1000)):
        assert plurality_accuracy(np.full(answers, 1 / answers), votes) == pytest.approx(1 / answers, abs=1e-12)


def test_one_vote_and_leading_axes():
    rows = np.random.default_rng(5).dirichlet(np.ones(12), size=(4, 3))
    assert plurality_accuracy(rows, 1) == pytest.approx(rows[..., 0], abs=1e-14)
    together = plurality_accuracy(rows, 15)
    assert together.shape == (4, 3)
    assert together[2, 1] == pytest.approx(plurality_accuracy(rows[2, 1], 15), abs=1e-14)


def test_all_answers_win_once():
    row = np.random.default_rng(6).dirichlet(np.ones(7))
    chances = [plurality_accuracy(np.roll(row, -shift), 40) for shift in range(7)]
    assert sum(chances) == pytest.approx(1.0, abs=1e-12)


def enumerated_subsets(counts, abstentions, k):
    samples = [answer for answer, count in enumerate(counts) for _ in range(count)] + [None] * abstentions
    subsets = list(combinations(samples, k))
    wins = sum(chance_of_right([subset.count(answer) for answer in range(len(counts))]) for subset in subsets)
    return float(wins / len(subsets))


@pytest.mark.parametrize(
    ("counts", "abstentions"),
    [([3, 2, 2], 1), ([1, 4, 1, 1], 0), ([0, 3], 2), ([5], 2), ([2, 2, 2, 2], 0), ([4, 0, 3], 0)],
)
def test_subsets_equal_enumeration(counts, abstentions):
    for k in range(sum(counts) + abstentions + 1):
        expected = enumerated_subsets(counts, abstentions, k)
        assert plurality_from_counts(counts, k, abstentions=abstentions) == pytest.approx(expected, abs=1e-13)


@exact_settings
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.integers(0, 2), st.data())
def test_subsets_equal_enumeration_at_random(counts, abstentions, data):
    k = data.draw(st.integers(0, sum(counts) + abstentions))
    expected = enumerated_subsets(counts, abstentions, k)
    assert plurality_from_counts(counts, k, abstentions=abstentions) == pytest.approx(expected, abs=1e-13)


def test_subset_estimate_is_unbiased():
    # Average over every multinomial outcome of six samples = the accuracy of four fresh votes.
    probabilities, samples, k = (0.45, 0.35, 0.2), 6, 4
    outcomes = [counts for counts in product(range(samples + 1), repeat=3) if sum(counts) == samples]
    weights = [
        factorial(samples) * np.prod([p**c / factorial(c) for p, c in zip(probabilities, counts, strict=True)])
        for counts in outcomes
    ]
    estimates = plurality_from_counts(np.array(outcomes), k)
    assert np.dot(weights, estimates) == pytest.approx(plurality_accuracy(probabilities, k), abs=1e-13)


def test_many_samples_with_many_answers():
    # Two hundred samples: 61 answers, and by symmetry among equally frequent answers the chances add up to one.
    singles = np.r_[20, np.full(60, 3)]
    first = plurality_from_counts(singles, 50)
    another = plurality_from_counts(np.r_[3, 20, np.full(59, 3)], 50)
    assert first + 60 * another == pytest.approx(1.0, abs=1e-11)


def test_problems_with_different_numbers_of_samples():
    counts = np.array([[5, 3, 0], [10, 20, 30]])
    both = plurality_from_counts(counts, 6, abstentions=[1, 0])
    assert both[0] == pytest.approx(enumerated_subsets([5, 3, 0], 1, 6), abs=1e-13)
    assert both[1] == pytest.approx(plurality_from_counts(counts[1], 6), abs=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plurality_accuracy([0.9, 0.2], 3), "probabilities must be 0 or more"),
        (lambda: plurality_accuracy([-0.1, 0.2], 3), "probabilities must be 0 or more"),
        (lambda: plurality_accuracy([0.5, float("nan")], 3), "probabilities must be 0 or more"),
        (lambda: plurality_accuracy([0.5], 1.5), "votes must be a whole number, 0 or more, got 1.5"),
        (lambda: plurality_accuracy(0.5, 1), "probabilities must have shape"),
        (
            lambda: plurality_from_counts([1, 2], 4),
            r"k must be at most the number of samples of every problem \(3\), got 4",
        ),
        (lambda: plurality_from_counts([1, 2.5], 1), "counts must be whole"),
        (lambda: plurality_from_counts([1, 2], 1, abstentions=-1), "abstentions must be whole"),
        (lambda: plurality_from_counts([1, 2], -1), "k must be a whole"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
