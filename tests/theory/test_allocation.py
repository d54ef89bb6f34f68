"""Allocation, stopping and posteriors against brute force and exact fractions."""

from fractions import Fraction
from itertools import pairwise, product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import adaptive, allocation

exact_settings = settings(derandomize=True, deadline=None)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=3), st.integers(0, 8))
def test_greedy_coverage_is_the_best_of_all_allocations(probabilities, samples):
    ours = allocation.greedy_coverage_allocation(probabilities, samples)
    best = max(
        sum(1 - (1 - p) ** count for p, count in zip(probabilities, counts, strict=True))
        for counts in product(range(samples + 1), repeat=len(probabilities))
        if sum(counts) == samples
    )
    assert sum(ours.counts) == samples
    assert ours.coverage == pytest.approx(best, rel=1e-12)


@exact_settings
@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8), st.integers(0, 200), st.floats(0.01, 3))
def test_rebase_gives_out_exactly_the_width_best_first(scores, width, temperature):
    counts = allocation.rebase_allocation(scores, width, temperature)
    assert sum(counts) == width
    assert all(count >= 0 for count in counts)
    ranked = [count for _, count in sorted(zip(scores, counts, strict=True), key=lambda pair: -pair[0])]
    assert all(later <= earlier + 1 for earlier, later in pairwise(ranked))
    assert np.sum(allocation.rebase_weights(scores, temperature)) == pytest.approx(1.0)


def test_rebase_worked_examples_and_extreme_scores():
    assert allocation.rebase_allocation([0.9, 0.8, 0.5, 0.2], 16) == (10, 5, 1, 0)
    assert allocation.rebase_allocation([0.5] * 5, 16) == (4, 3, 3, 3, 3)
    assert allocation.rebase_allocation([0.3] * 6, 18) == (3,) * 6
    assert allocation.rebase_allocation([0.1, 0.99, 0.1], 16) == (0, 16, 0)
    assert allocation.rebase_allocation([0.0, 1000.0, 2000.0], 7, 0.1) == (0, 0, 7)


def test_exchange_balances_the_total_compute():
    # M (X + Y) = X + k Y with X = 6 N D_pre and Y = 4 N D_inf, N = 1.
    ratio, pretrained, inferred = 14.0, 6.0 * 100.0, 4.0 * 40.0
    k = allocation.exchange_multiplier(ratio, 40.0 / 100.0)
    assert ratio * (pretrained + inferred) == pytest.approx(pretrained + k * inferred)


def test_stop_probability_is_a_binomial_tail():
    # 1 - I_{1/2}(a + 1, b + 1) = P(Bin(a + b + 1, 1/2) <= a).
    for leader, runner_up in ((4, 0), (5, 2), (12, 5), (3, 3)):
        trials = leader + runner_up + 1
        exact = Fraction(sum(comb(trials, j) for j in range(leader + 1)), 2**trials)
        assert adaptive.adaptive_stop_probability(leader, runner_up) == pytest.approx(float(exact), rel=1e-13)


@exact_settings
@given(st.integers(0, 60), st.floats(0.01, 0.999))
def test_minimum_majority_is_the_least_that_stops(runner_up, threshold):
    leader = adaptive.adaptive_min_majority(runner_up, threshold)
    assert leader >= runner_up
    assert adaptive.adaptive_stop_probability(leader, runner_up) >= threshold
    if leader > runner_up:
        assert adaptive.adaptive_stop_probability(leader - 1, runner_up) < threshold


@exact_settings
@given(st.lists(st.floats(0, 1), max_size=6), st.floats(0, 1))
def test_posteriors_do_not_depend_on_the_order_of_updates(scores, last):
    together = adaptive.normal_inverse_chi2_posterior([*scores, last])
    before = adaptive.normal_inverse_chi2_posterior(np.array(scores))
    after = adaptive.normal_inverse_chi2_posterior(
        [last],
        mean=before.mean,
        mean_count=before.mean_count,
        degrees=before.degrees,
        variance=before.variance,
    )
    assert list(after) == pytest.approx(list(together), rel=1e-9, abs=1e-12)
    shapes = adaptive.beta_score_posterior([*scores, last])
    assert shapes.alpha == pytest.approx(0.5 + sum(scores) + last)
    assert shapes.alpha + shapes.beta == pytest.approx(2 + len(scores))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: allocation.rebase_allocation([], 3), "scores must have shape"),
        (lambda: allocation.rebase_allocation([0.1], -1), "width must be"),
        (lambda: allocation.rebase_allocation([0.1], 1, 0.0), "temperature must be"),
        (lambda: allocation.greedy_coverage_allocation([1.2], 3), "probabilities must be in .*, got 1.2"),
        (lambda: allocation.greedy_coverage_allocation([0.2], 1.5), "samples must be"),
        (lambda: allocation.exchange_multiplier(0.5, 1.0), "model_ratio must be"),
        (lambda: adaptive.adaptive_stop_probability(-1, 0), "leader must be"),
        (lambda: adaptive.adaptive_min_majority(0, 1.0), "threshold must be"),
        (lambda: adaptive.adaptive_min_majority(-2, 0.5), "runner_up must be"),
        (lambda: adaptive.beta_score_posterior([1.5]), "scores must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
