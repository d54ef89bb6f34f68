"""The bar: on logs of real models, the first samples of each problem predict all of them better than plain ways do."""

import os
from pathlib import Path

import polars as pl
import pytest

from budgetsim.calibrate import validate
from budgetsim.data import bundled_runs
from budgetsim.traces import read

TRACES = Path(os.environ.get("BUDGETSIM_TRACES", Path(__file__).parents[3] / "shared" / "traces"))
real_logs = pytest.mark.skipif(not TRACES.is_dir(), reason="no folder of real logs (BUDGETSIM_TRACES)")
#: Mean absolute error over groups at the largest k, for coverage and for plurality accuracy.
BAR = 0.021


def validated(paths, fit_samples):
    return validate(pl.concat([read(path).table for path in paths]), fit_samples)


def assert_better_than_every_baseline(errors):
    for metric in ("pass", "plurality"):
        others = {name: error for name, error in errors[metric].items() if name != "predicted"}
        assert len(others) == {"pass": 3, "plurality": 2}[metric]
        assert errors[metric]["predicted"] < min(others.values()), (metric, others)


@real_logs
@pytest.mark.verify
def test_two_prompts_of_three_models():
    result = validated([TRACES / "renze_concise" / "samples.jsonl.gz"], 3)
    assert len(result.groups) == 87
    errors = result.mean_absolute_errors()
    assert max(errors[metric]["predicted"] for metric in errors) <= BAR
    assert_better_than_every_baseline(errors)
    assert all(0.8 <= share <= 0.99 for share in result.interval_coverage().values())


@real_logs
@pytest.mark.verify
def test_ten_exams_at_many_temperatures():
    files = ("gpt35_exams", "gpt35_prompts")
    result = validated([TRACES / "renze_temperature" / f"{name}.jsonl.gz" for name in files], 3)
    assert len(result.groups) == 156
    errors = result.mean_absolute_errors()
    assert max(errors[metric]["predicted"] for metric in errors) <= BAR
    assert_better_than_every_baseline(errors)
    assert all(0.8 <= share <= 0.99 for share in result.interval_coverage().values())


def test_bundled_runs():
    # Measured once: about a tenth below the best baseline for coverage, a fifth for plurality.
    result = validated([bundled_runs()], 5)
    assert len(result.groups) == 29
    assert_better_than_every_baseline(result.mean_absolute_errors())
    assert all(share >= 0.7 for share in result.interval_coverage().values())
