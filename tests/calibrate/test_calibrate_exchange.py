"""Order effects: the variance over all orders counted out, shuffled samples, samples that learn."""

from itertools import permutations

import numpy as np
import polars as pl
import pytest
from scipy import stats

from budgetsim.calibrate.exchange import ALARM, order_effects
from budgetsim.calibrate.tally import Group


def table_of(runs, right, **more):
    return runs(
        [
            {"problem_id": f"p{p}", "sample_index": i, "correct": bool(value), **more}
            for p, row in enumerate(right)
            for i, value in enumerate(row)
        ]
    )


def only(scores):
    (value,) = scores.values()
    return value


def test_score_is_the_covariance_over_its_spread_in_all_orders(runs):
    right = [[0, 1, 1, 0, 1], [1, 0, 0, 0]]

    def covariance(rows):
        return sum(
            sum((i - (len(row) - 1) / 2) * (value - np.mean(row)) for i, value in enumerate(row)) for row in rows
        )

    every = [covariance([one, other]) for one in permutations(right[0]) for other in permutations(right[1])]
    assert np.mean(every) == pytest.approx(0.0, abs=1e-12)
    score = only(order_effects(table_of(runs, right)))
    assert score == pytest.approx(covariance(right) / np.std(every))


def test_turns_that_learn_raise_the_alarm_and_turns_that_tire_too(runs):
    generator = np.random.default_rng(0)
    rising = generator.random((40, 6)) < np.linspace(0.1, 0.9, 6)
    assert only(order_effects(table_of(runs, rising))) > ALARM
    assert only(order_effects(table_of(runs, rising[:, ::-1]))) < -ALARM


def test_shuffled_samples_have_standard_normal_scores(runs):
    # 300 scores: Kolmogorov-Smirnov at 1e-6, and each beyond the alarm of 4 with a chance of 6e-5.
    generator = np.random.default_rng(1)
    tables = [
        table_of(runs, generator.random((12, 6)) < generator.random((12, 1)), strategy=f"s{k:03}") for k in range(300)
    ]
    scores = np.array(list(order_effects(pl.concat(tables)).values()))
    assert len(scores) == 300
    assert stats.kstest(scores, "norm").pvalue > 1e-6
    assert 0.8 < scores.std() < 1.2
    assert np.abs(scores).max() < ALARM + 0.5


def test_groups_are_scored_apart_and_certain_ones_are_zero(runs):
    rising = [[0, 0, 1, 1]] * 20
    table = pl.concat(
        [
            table_of(runs, rising, model="a"),
            table_of(runs, [[1, 1, 1, 1]] * 3, model="b"),
            table_of(runs, [[1]] * 3, model="c"),
            table_of(runs, rising, model="d", temperature=0.0),
        ]
    )
    scores = order_effects(table)
    assert scores[Group("a", "s", "t", None)] == scores[Group("d", "s", "t", 0.0)] > ALARM
    assert scores[Group("b", "s", "t", None)] == 0.0
    assert scores[Group("c", "s", "t", None)] == 0.0
