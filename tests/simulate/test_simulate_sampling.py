"""Plurality and coverage against sums over all outcomes.

False alarms: 12 Monte Carlo checks at 5.5 standard errors, 4e-8 each; seeds are fixed.
"""

from itertools import product
from math import comb, factorial, prod

import pytest

from budgetsim.simulate import reference, simulate_coverage, simulate_plurality

Z = 5.5


def plurality_by_counts(row, votes):
    """Sum over all multinomial counts; the last count is abstentions."""
    chances = [*row, max(0.0, 1.0 - sum(row))]
    total = 0.0
    for counts in product(range(votes + 1), repeat=len(chances)):
        if sum(counts) != votes or (most := max(counts[:-1])) == 0 or counts[0] < most:
            continue
        ways = factorial(votes) / prod(factorial(count) for count in counts)
        chance = ways * prod(p**count for p, count in zip(chances, counts, strict=True))
        total += chance / counts[:-1].count(most)
    return total


def test_sum_over_counts_is_the_slow_twin():
    row = [0.4, 0.3, 0.2]
    twin = reference.enumerate_outcomes(lambda draw: reference.plurality_right([row], 4, draw, weights=[1.0]))
    assert plurality_by_counts(row, 4) == pytest.approx(twin, abs=1e-12)


@pytest.mark.parametrize(
    ("row", "votes"),
    [
        ([0.6, 0.4], 1),
        ([0.6, 0.4], 2),
        ([0.6, 0.4], 9),
        ([0.25, 0.25, 0.25, 0.25], 5),
        ([0.3, 0.4, 0.2], 6),
        ([0.05, 0.02], 4),
        ([1.0, 0.0], 3),
    ],
)
def test_plurality_meets_the_sum_over_counts(row, votes):
    estimate = simulate_plurality([row], votes, replicas=500_000, seed=2)
    assert abs(estimate.z_score(plurality_by_counts(row, votes))) < Z


def test_plurality_over_problems():
    rows, weights = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.0]], [0.3, 0.7]
    expected = sum(w * plurality_by_counts(row, 5) for w, row in zip(weights, rows, strict=True))
    estimate = simulate_plurality(rows, 5, weights=weights, replicas=500_000, seed=3)
    assert abs(estimate.z_score(expected)) < Z


def test_plurality_of_many_answers():
    """Every answer equally likely: each wins with the same chance, whatever the ties."""
    assert abs(simulate_plurality([[0.01] * 100], 30, replicas=100_000, seed=4).z_score(0.01)) < Z


def test_plurality_edges_are_exact():
    assert simulate_plurality([[1.0, 0.0]], 7, replicas=100_000, seed=1).value == 1.0
    assert simulate_plurality([[0.0, 1.0]], 7, replicas=100_000, seed=1).value == 0.0
    # nobody votes: wrong
    assert simulate_plurality([[0.0, 0.0]], 7, replicas=100_000, seed=1).value == 0.0
    # abstentions never win
    assert simulate_plurality([[0.001]], 100_000, replicas=50, seed=1).value == 1.0


@pytest.mark.parametrize(("probability", "samples"), [(0.3, 1), (0.1, 5), (0.001, 200)])
def test_coverage_meets_its_closed_form(probability, samples):
    # written as a sum over the number of right answers
    expected = sum(
        comb(samples, right) * probability**right * (1 - probability) ** (samples - right)
        for right in range(1, samples + 1)
    )
    estimate = simulate_coverage(probability, samples, replicas=200_000, seed=5)
    assert abs(estimate.z_score(expected)) < Z


def test_coverage_over_problems():
    atoms, weights = [0.0, 0.1, 0.8], [0.5, 0.3, 0.2]
    expected = 1 - sum(w * (1 - p) ** 4 for w, p in zip(weights, atoms, strict=True))
    estimate = simulate_coverage(atoms, 4, weights=weights, replicas=500_000, seed=6)
    assert abs(estimate.z_score(expected)) < Z


def test_coverage_edges_are_exact():
    assert simulate_coverage(0.0, 1000, replicas=10_000, seed=1).value == 0.0
    assert simulate_coverage(1.0, 1, replicas=100_000, seed=1).value == 1.0


@pytest.mark.parametrize("batch", [1, 5])
def test_batch_changes_nothing(batch):
    plurality = simulate_plurality([[0.5, 0.3], [0.2, 0.3]], 9, replicas=50_000, seed=7)
    assert simulate_plurality([[0.5, 0.3], [0.2, 0.3]], 9, replicas=50_000, seed=7, batch=batch) == plurality
    coverage = simulate_coverage([0.1, 0.2], 9, replicas=50_000, seed=7)
    assert simulate_coverage([0.1, 0.2], 9, replicas=50_000, seed=7, batch=batch) == coverage


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probabilities": [[0.7, 0.4]]}, "probabilities must sum to at most 1 in every row, got 1.1.* in row 0"),
        ({"probabilities": [[0.7, -0.4]]}, r"probabilities must lie in \[0, 1\], got -0.4 at index \[0, 1\]"),
        ({"probabilities": [0.7, 0.3]}, "probabilities must be a non-empty array with 2 axes"),
        ({"votes": 0}, "votes must be an integer in 1 ..."),
        ({"votes": 10**9}, "votes must be an integer in 1 ..."),
        ({"weights": [0.3]}, "weights must sum to 1, got 0.3"),
        ({"replicas": 0}, "replicas must be"),
    ],
)
def test_plurality_errors(changed, message):
    arguments = {"probabilities": [[0.6, 0.4]], "votes": 3, "replicas": 10, "seed": 1, **changed}
    with pytest.raises(ValueError, match=message):
        simulate_plurality(**arguments)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probability": 2.0}, r"probability must lie in \[0, 1\], got 2.0"),
        ({"samples": 0}, "samples must be an integer in 1 ..."),
        ({"seed": -3}, "seed must be an integer in 0 ..."),
    ],
)
def test_coverage_errors(changed, message):
    arguments = {"probability": 0.5, "samples": 3, "replicas": 10, "seed": 1, **changed}
    with pytest.raises(ValueError, match=message):
        simulate_coverage(**arguments)
