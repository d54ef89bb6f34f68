"""Observed curves against all subsets of the samples."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.calibrate.observed import Outcome, coverage_curve, distinct_outcomes, plurality_curve


def outcome_of(rows):
    rows = np.asarray(rows, float)
    return Outcome(rows[:, 0], rows[:, 1:-1], rows[:, -1])


def over_subsets(row, k):
    """Mean coverage and plurality accuracy over all subsets of k samples."""
    samples = [answer for answer, count in enumerate(row[:-1]) for _ in range(count)] + [None] * row[-1]
    covered, won = [], []
    for subset in combinations(samples, k):
        votes = [subset.count(answer) for answer in range(len(row) - 1)]
        covered.append(votes[0] > 0)
        won.append((votes[0] == max(votes) and votes[0] > 0) / votes.count(max(votes)))
    return np.mean(covered), np.mean(won)


ROWS = [[3, 2, 1, 0], [0, 3, 1, 2], [6, 0, 0, 0], [1, 2, 3, 0], [2, 2, 1, 1], [0, 0, 0, 6], [1, 3, 2, 0]]


def test_curves_equal_the_mean_over_all_subsets():
    outcome = outcome_of(ROWS)
    assert outcome.total.tolist() == [6] * len(ROWS)
    expected = np.array([[over_subsets(row, k) for k in range(1, 7)] for row in ROWS])
    assert coverage_curve(outcome, 6) == pytest.approx(expected[..., 0], abs=1e-12)
    assert plurality_curve(outcome, 6) == pytest.approx(expected[..., 1], abs=1e-12)


def test_problems_may_have_more_samples_than_are_asked_for():
    rows = [[3, 2, 0, 1], [4, 5, 1, 0]]
    outcome = outcome_of(rows)
    expected = np.array([[over_subsets(row, k) for k in range(1, 5)] for row in rows])
    assert coverage_curve(outcome, 4) == pytest.approx(expected[..., 0], abs=1e-12)
    assert plurality_curve(outcome, 4) == pytest.approx(expected[..., 1], abs=1e-12)


def test_same_counts_are_one_outcome_whatever_the_answers_names():
    outcome = outcome_of([[3, 2, 1, 0], [3, 1, 2, 0], [2, 3, 1, 0], [3, 2, 0, 1], [3, 2, 1, 0], [1, 2, 3, 0]])
    first, where = distinct_outcomes(outcome)
    classes = [set(np.flatnonzero(where == k)) for k in range(len(first))]
    assert sorted(map(sorted, classes)) == [[0, 1, 4], [2], [3], [5]]
    assert all(first[where[k]] in classes[where[k]] for k in range(6))


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=1, max_size=25))
def test_distinct_outcomes_are_the_sorted_rows(rows):
    outcome = outcome_of(rows)
    _, where = distinct_outcomes(outcome)
    names = [(row[0], tuple(sorted(row[1:-1])), row[-1]) for row in rows]
    for one, name in zip(where, names, strict=True):
        for other, same in zip(where, names, strict=True):
            assert (one == other) == (name == same)
