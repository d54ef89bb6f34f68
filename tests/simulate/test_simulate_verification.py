"""The frame of verification: its own false alarms, its power, its adjusted p-values and its words.

False alarms: the rates of false alarm are counted over thousands of suites that agree; the counts are compared with
the quantile that the stated rate exceeds once in a million. Seeds are fixed.
"""

import math

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate import Estimate
from budgetsim.simulate.verification import (
    FALSE_ALARM_RATE,
    Check,
    Evidence,
    agreement,
    count_score,
    holm,
    share_score,
    table,
    verify,
)

RUNS = 4000


def check(name, p_value):
    return Check(
        name=name,
        compares="this with that",
        source="derived",
        measure=lambda sets: Evidence(p_value=p_value, comparisons=sets, worst=1.0, where="here"),
        small=2,
        large=20,
    )


@pytest.mark.parametrize("size", [1, 5, 200])
def test_agreement_alarms_no_more_often_than_its_p_value_says(size):
    generator = np.random.default_rng(1)
    p_values = [agreement(generator.normal(size=size)).p_value for _ in range(RUNS)]
    for rate in (0.2, 0.02, 0.002):
        alarms = sum(p <= rate for p in p_values)
        assert alarms <= stats.binom.isf(1e-6, RUNS, rate)
        # four questions of one sample are not four times too careful
        assert alarms >= (stats.binom.ppf(1e-6, RUNS, rate / 4))


@pytest.mark.parametrize("probability", [0.5, 0.02])
def test_scores_of_counts_are_standard_normal(probability):
    counts = np.random.default_rng(2).binomial(20_000, probability, size=2000)
    scores = [count_score(int(count), 20_000, probability) for count in counts]
    assert stats.kstest(scores, "norm").pvalue > 1e-6


def test_scores_of_counts_have_exact_tails():
    """Eight of ten, by hand: P(9 or 10) + P(8) / 2."""
    tail = (10 + 1 + 45 / 2) / 1024
    assert stats.norm.sf(count_score(8, 10, 0.5)) == pytest.approx(tail, rel=1e-12)
    assert count_score(2, 10, 0.5) == pytest.approx(-count_score(8, 10, 0.5), rel=1e-12)
    # no normal approximation: 30 against 1 expected
    assert stats.norm.sf(count_score(30, 1000, 0.001)) == pytest.approx(
        sum(math.comb(1000, k) * 0.001**k * 0.999 ** (1000 - k) * (0.5 if k == 30 else 1) for k in range(30, 60)),
        rel=1e-9,
    )


def test_certain_outcomes():
    assert count_score(10, 10, 1.0) == 0.0
    assert count_score(1, 10, 0.0) == math.inf
    assert count_score(9, 10, 1.0) == -math.inf
    assert share_score(Estimate.from_count(300, 1000), 0.3) == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    "scores",
    [
        [0.1, -0.5, 8.0, 0.3],
        np.full(60, 1.2),
        np.tile([2.4, -2.4], 40),
        np.tile([0.05, -0.05], 40),
        [0.2, math.nan],
        [0.2, -math.inf],
        [math.inf, -math.inf],
    ],
    ids=["one wild", "drift", "too large", "too small", "not a number", "impossible", "impossible both ways"],
)
def test_disagreement_of_every_kind_is_found(scores):
    assert agreement(scores).p_value < 1e-9


def test_the_worst_comparison_is_named():
    evidence = agreement([0.1, -3.0, 1.0], ["a", "b", "c"])
    assert (evidence.worst, evidence.where, evidence.comparisons) == (-3.0, "b", 3)


def test_holm_rejects_what_its_step_down_definition_rejects():
    generator = np.random.default_rng(3)
    for _ in range(200):
        p_values = generator.random(8) ** 3
        rate = generator.uniform(0.01, 0.3)
        rejected, order = set(), np.argsort(p_values)
        for rank, index in enumerate(order):
            if p_values[index] > rate / (8 - rank):
                break
            rejected.add(index)
        assert set(np.flatnonzero(holm(p_values) <= rate)) == rejected
        # whether anything is rejected can be told from each check alone
        assert bool(rejected) == any(holm([p], family=8)[0] <= rate for p in p_values)


def test_holm_of_a_larger_family():
    assert holm([0.01], family=5) == pytest.approx([0.05])
    assert holm([0.01, 0.5], family=3) == pytest.approx([0.03, 1.0])
    with pytest.raises(ValueError, match="family must be 2 or more"):
        holm([0.1, 0.2], family=1)


def test_a_suite_that_agrees_fails_at_the_stated_rate():
    generator = np.random.default_rng(4)

    def suite():
        return [check(str(number), float(generator.random())) for number in range(5)]

    failures = sum(not all(v.passed for v in verify(suite(), false_alarm_rate=0.1)) for _ in range(RUNS))
    assert stats.binom.ppf(1e-6, RUNS, 0.09) <= failures <= stats.binom.isf(1e-6, RUNS, 0.1)


def test_one_rate_for_the_suite():
    names = ["a", "b", "c", "d"]
    just_passes = verify([check(name, FALSE_ALARM_RATE / 3.99) for name in names])
    assert all(verdict.passed for verdict in just_passes)
    fails = verify([check("a", FALSE_ALARM_RATE / 4), *(check(name, 0.5) for name in names[1:])])
    assert [verdict.passed for verdict in fails] == [False, True, True, True]


def test_sizes_progress_and_table():
    seen = []
    suite = [check("right", 0.4), check("wrong", 1e-12)]
    small = verify(suite, progress=lambda *a: seen.append(a))
    assert seen == [(1, 2), (2, 2)]
    assert [verdict.sets for verdict in small] == [2, 2]
    assert [verdict.evidence.comparisons for verdict in verify(suite, large=True)] == [20, 20]
    lines = table(small).splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("right ")
    assert "FAILED" not in lines[1]
    assert lines[2].endswith("FAILED at here")
    assert table([]).startswith("check")


def test_arguments_outside_their_domain():
    with pytest.raises(ValueError, match="names of checks must be unique"):
        verify([check("a", 0.1), check("a", 0.2)])
    with pytest.raises(ValueError, match=r"false_alarm_rate must lie in \(0, 1\), got 0.0"):
        verify([check("a", 0.1)], false_alarm_rate=0.0)
    with pytest.raises(ValueError, match="p_value must lie in"):
        Evidence(p_value=1.1, comparisons=1, worst=0.0)
    with pytest.raises(ValueError, match="comparisons must be 1 or more"):
        Evidence(p_value=0.1, comparisons=0, worst=0.0)
    with pytest.raises(ValueError, match="one score or more"):
        agreement([])
