"""What is held out tells the fit nothing."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from budgetsim.calibrate import validate
from budgetsim.traces import read
from budgetsim.traces.write import write_jsonl


@pytest.fixture
def table(tmp_path):
    generator = np.random.default_rng(11)
    rows = []
    for problem in range(40):
        chance = generator.beta(1.0, 1.0)
        for sample in range(8):
            right = bool(generator.random() < chance)
            rows.append(
                {
                    "problem_id": f"p{problem}",
                    "sample_index": sample,
                    "correct": right,
                    "answer": "right" if right else f"w{generator.integers(30)}",
                    "completion_tokens": 10,
                }
            )
    write_jsonl(rows, tmp_path / "runs.jsonl")
    return read([tmp_path / "runs.jsonl"]).table


def predictions(table):
    return [curve.predicted.mean.tolist() for group in validate(table, 3).groups for curve in group.curves]


def test_changing_held_out_answers_changes_no_prediction(table):
    held_out = pl.col("sample_index") >= 3
    flipped = table.with_columns(pl.when(held_out).then(~pl.col("correct")).otherwise("correct").alias("correct"))
    renamed = table.with_columns(
        pl.when(held_out & ~pl.col("correct"))
        .then(pl.lit("a") + pl.col("sample_index").cast(pl.String) + pl.col("problem_id"))
        .otherwise("answer")
        .alias("answer")
    )
    silent = table.with_columns(pl.when(held_out).then(None).otherwise("answer").alias("answer"))
    dear = table.with_columns(pl.when(held_out).then(999.0).otherwise("completion_tokens").alias("completion_tokens"))
    expected = predictions(table)
    for changed in (flipped, renamed, silent, dear):
        assert predictions(changed) == expected
    first = table.with_columns(pl.when(~held_out).then(~pl.col("correct")).otherwise("correct").alias("correct"))
    assert predictions(first) != expected
