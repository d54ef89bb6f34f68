"""Columns that stand for several answers, against one column per answer and against every outcome of the votes."""

from fractions import Fraction
from itertools import product
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory.plurality import plurality_accuracy


def expanded(row, copies):
    return [p for p, times in zip(row, copies, strict=True) for _ in range(int(times))]


def enumerated(row, copies, votes):
    """Sum over all multinomial outcomes of the votes, in fractions."""
    answers = [Fraction(p) for p in expanded(row, copies)]
    cells = [*answers, 1 - sum(answers)]
    accuracy = Fraction(0)
    for counts in product(range(votes + 1), repeat=len(cells)):
        lead = max(counts[:-1])
        if sum(counts) != votes or counts[0] != lead or lead == 0:
            continue
        weight = Fraction(factorial(votes), counts[:-1].count(lead))
        for count, cell in zip(counts, cells, strict=True):
            weight *= cell**count / Fraction(factorial(count))
        accuracy += weight
    return float(accuracy)


@pytest.mark.parametrize(
    ("row", "copies"),
    [
        ([0.4, 0.1], [1, 4]),
        ([0.25, 0.375, 0.125], [1, 1, 2]),
        ([0.125, 0.25], [1, 3]),
        ([0.5, 0.25, 0.9], [1, 2, 0]),
        ([0.25, 0.125, 0.0625], [1, 2, 2]),
        ([0.3, 0.0], [1, 4]),
    ],
)
@pytest.mark.parametrize("votes", [0, 1, 2, 3, 4, 6])
def test_copies_equal_enumeration(row, copies, votes):
    assert plurality_accuracy(row, votes, copies=copies) == pytest.approx(enumerated(row, copies, votes), abs=1e-13)


@pytest.mark.parametrize("votes", [1, 2, 7, 20, 65])
def test_copies_equal_columns_of_their_own(votes):
    generator = np.random.default_rng(3)
    copies = generator.integers(0, 9, (40, 4))
    copies[:, 0] = 1
    mass = generator.dirichlet([2.0, 1.0, 1.0, 1.0, 0.4], size=40)[:, :4]
    rows = mass / np.maximum(copies, 1)
    width = copies.sum(axis=1).max()
    columns = [expanded(row, times) for row, times in zip(rows, copies, strict=True)]
    plain = np.array([[*row, *[0.0] * (width - len(row))] for row in columns])
    ours = plurality_accuracy(rows.reshape(5, 8, 4), votes, copies=copies.reshape(5, 8, 4))
    assert ours.ravel() == pytest.approx(plurality_accuracy(plain, votes), abs=1e-12)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=2),
    st.integers(0, 12),
    st.integers(0, 8),
    st.integers(0, 5),
)
def test_copies_equal_enumeration_at_random(wrong, right, silent, votes):
    total = max(1, right + silent + sum(weight * times for weight, times in wrong))
    row = [right / total, *(weight / total for weight, _ in wrong)]
    copies = [1, *(times for _, times in wrong)]
    assert plurality_accuracy(row, votes, copies=copies) == pytest.approx(enumerated(row, copies, votes), abs=1e-13)


def test_one_row_of_copies_serves_all_rows():
    rows = np.array([[0.4, 0.15], [0.2, 0.25]])
    ours = plurality_accuracy(rows, 5, copies=[1, 3])
    assert ours == pytest.approx([enumerated(row, [1, 3], 5) for row in rows], abs=1e-13)


def test_many_rare_answers_never_agree():
    # A tail of a million answers: two of them agree with a chance below 1e-4, so one vote for the right answer is
    # level with each of the others, and two win.
    votes, right = 3, 0.3
    none_twice = [3 * right * (1 - right) ** 2 / 3, 3 * right**2 * (1 - right), right**3]
    ours = plurality_accuracy([right, (1 - right) / 1e6], votes, copies=[1, 10**6])
    assert ours == pytest.approx(sum(none_twice), abs=1e-5)


@pytest.mark.parametrize(
    ("row", "copies", "words"),
    [
        ([0.4, 0.1], [1, 1.5], "copies must be whole numbers"),
        ([0.4, 0.1], [1, -1], "copies must be whole numbers"),
        ([0.4, 0.1], [2, 1], "1 for the right answer"),
        ([0.4, 0.1], [0, 1], "1 for the right answer"),
        ([0.4, 0.1], [1, float("nan")], "copies must be whole numbers"),
        ([0.4, 0.3], [1, 3], "sum to at most 1"),
        ([0.4, 0.1], [1, 1, 1], "broadcast|shape"),
    ],
)
def test_bad_copies_are_named(row, copies, words):
    with pytest.raises(ValueError, match=words):
        plurality_accuracy(row, 3, copies=copies)
