"""Held-out validation: the form of its result, what it leaves out, what it refuses."""

import json

import numpy as np
import polars as pl
import pytest

from budgetsim.calibrate import half_of_samples, validate
from budgetsim.errors import InputError

POINT = ["metric", "k", "observed", "observed_se", "predicted", "predicted_low", "predicted_high", "baselines"]


def rows_of(generator, model, problems, samples, **more):
    p = generator.beta(2, 1, problems)
    return [
        {
            "problem_id": f"p{i:03}",
            "sample_index": k,
            "correct": bool(generator.random() < p[i]),
            "answer": str(generator.integers(3)),
            "model": model,
            **more,
        }
        for i in range(problems)
        for k in range(samples)
    ]


@pytest.fixture(scope="module")
def table(runs):
    generator = np.random.default_rng(0)
    return runs([*rows_of(generator, "a", 15, 6), *rows_of(generator, "b", 15, 6, temperature=0.5)])


def test_form_of_the_result(table):
    data = json.loads(json.dumps(validate(table, 2).to_dict(), allow_nan=False))
    assert data["fit_samples"] == 2
    assert [(g["model"], g["strategy"], g["task"], g["temperature"]) for g in data["groups"]] == [
        ("a", "s", "t", None),
        ("b", "s", "t", 0.5),
    ]
    for group in data["groups"]:
        assert [(point["metric"], point["k"]) for point in group["curves"]] == [
            (metric, k) for metric in ("pass", "plurality") for k in range(1, 7)
        ]
        for point in group["curves"]:
            assert list(point) == POINT
            wanted = (
                ["plugin", "independent", "beta_binomial"] if point["metric"] == "pass" else ["carried", "independent"]
            )
            assert sorted(point["baselines"]) == sorted(wanted)
            for value in (point["observed"], *point["baselines"].values()):
                assert 0.0 <= value <= 1.0
            assert point["predicted_low"] <= point["predicted_high"]
            assert 0.0 <= point["predicted"] <= 1.0


def test_observed_is_from_all_samples(table):
    result = validate(table, 2)
    frame = table.filter(model="a")
    right = frame["correct"].to_numpy().reshape(15, 6).sum(axis=1)
    coverage = result.groups[0].curves[0]
    assert coverage.metric == "pass"
    assert coverage.observed[0] == pytest.approx(right.mean() / 6)
    assert coverage.observed[-1] == pytest.approx((right > 0).mean())
    assert coverage.observed_error[0] == pytest.approx((right / 6).std(ddof=1) / np.sqrt(15))
    # The two halves of the samples together are all of them.
    assert result.held_out.total.sum() == 2 * 15 * 4
    assert result.fit.tally.total.sum() == 2 * 15 * 2


def test_held_out_samples_are_not_seen(table):
    # Turning every answer that is held out changes what is observed and nothing that is predicted.
    turned = table.with_columns(
        pl.when(pl.col("sample_index") < 2).then("correct").otherwise(~pl.col("correct")).alias("correct")
    )
    first, second = validate(table, 2), validate(turned, 2)
    for one, other in zip(first.groups, second.groups, strict=True):
        assert one.curves[0].predicted.mean == pytest.approx(other.curves[0].predicted.mean)
        assert one.curves[0].baselines["beta_binomial"] == pytest.approx(other.curves[0].baselines["beta_binomial"])
        assert one.curves[0].observed[0] != pytest.approx(other.curves[0].observed[0], abs=1e-3)


def test_errors_and_coverage_are_means_over_groups_at_the_largest_k(table):
    result = validate(table, 2)
    errors = result.mean_absolute_errors()
    curves = [group.curves[1] for group in result.groups]
    assert errors["plurality"]["carried"] == pytest.approx(
        np.mean([abs(c.baselines["carried"][-1] - c.observed[-1]) for c in curves])
    )
    assert errors["plurality"]["predicted"] == pytest.approx(
        np.mean([abs(c.predicted.mean[-1] - c.observed[-1]) for c in curves])
    )
    inside = [c.predicted.low[-1] <= c.observed[-1] <= c.predicted.high[-1] for c in curves]
    assert result.interval_coverage()["plurality"] == pytest.approx(np.mean(inside))


def test_seeds(table):
    one, again, other = (json.dumps(validate(table, 2, seed=seed).to_dict()["groups"]) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_one_sample_is_enough_to_fit(table):
    result = validate(table, 1)
    assert len(result.groups) == 2
    assert all(np.isfinite(curve.predicted.mean).all() for group in result.groups for curve in group.curves)


def test_groups_that_cannot_be_validated_say_why(runs):
    generator = np.random.default_rng(1)
    late = [row for row in rows_of(generator, "late", 10, 6) if row["sample_index"] >= 2]
    # One problem has its first sample and no other, all others have no first ones.
    odd = [
        row
        for row in rows_of(generator, "odd", 30, 6)
        if (row["sample_index"] == 0 if row["problem_id"] == "p000" else row["sample_index"] >= 2)
    ]
    rows = [*rows_of(generator, "full", 10, 6), *rows_of(generator, "short", 10, 2), *late, *odd]
    result = validate(runs(rows), 2)
    assert [group.group.model for group in result.groups] == ["full"]
    assert result.skipped == {
        "short | s | t": "no sample held out",
        "late | s | t": "no sample to fit",
        "odd | s | t": "no sample to fit",
    }


def test_problems_with_few_samples_are_left_out_and_counted(runs):
    generator = np.random.default_rng(2)
    rows = [r for r in rows_of(generator, "a", 20, 6) if r["problem_id"] != "p004" or r["sample_index"] < 3]
    (group,) = validate(runs(rows), 2).groups
    assert group.problems == 19
    assert group.left_out == 1
    assert len(group.curves[0].observed) == 6


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (0, "fit_samples must be 1 or more, got 0"),
        (-3, "got -3"),
        (6, "nothing is held out"),
        (99, "nothing is held out"),
    ],
)
def test_impossible_splits_are_refused(table, samples, words):
    with pytest.raises(InputError, match=words):
        validate(table, samples)


def test_nothing_to_fit_is_refused(runs):
    rows = [row for row in rows_of(np.random.default_rng(3), "a", 5, 8) if row["sample_index"] >= 4]
    with pytest.raises(InputError, match="nothing to fit") as raised:
        validate(runs(rows), 4)
    assert raised.value.field == "sample_index"


def test_no_group_with_held_out_samples_is_refused(runs):
    # Samples beyond the first two exist for one problem in ten only.
    rows = [
        r for r in rows_of(np.random.default_rng(4), "a", 20, 6) if r["problem_id"] == "p000" or r["sample_index"] < 2
    ]
    with pytest.raises(InputError, match="no group has held-out samples"):
        validate(runs(rows), 2)


def test_half_of_samples(runs):
    generator = np.random.default_rng(5)
    assert half_of_samples(runs(rows_of(generator, "a", 5, 7))) == 3
    assert half_of_samples(runs(rows_of(generator, "a", 5, 1))) == 0
    assert half_of_samples(runs([])) == 0
