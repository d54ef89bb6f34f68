"""Parquet files: good, partly wrong and damaged ones."""

import contextlib
import datetime
import random

import polars as pl
import pytest

from budgetsim.errors import InputError
from budgetsim.traces import read, scan


def table(count=100):
    return pl.DataFrame({"problem_id": [f"p{index}" for index in range(count)], "correct": [True] * count})


def test_long_file_comes_in_batches_and_in_order(tmp_path):
    path = tmp_path / "runs [1].parquet"
    table(50_000).write_parquet(path, row_group_size=7_000)
    tables = list(scan(path, batch_rows=1000, strict=True))
    assert len(tables) == 50
    assert pl.concat(tables)["problem_id"].to_list() == table(50_000)["problem_id"].to_list()


def test_row_number_of_a_late_reject(tmp_path):
    path = tmp_path / "runs.parquet"
    table(50_000).with_columns(score=pl.when(pl.int_range(pl.len()) == 40_000).then(float("inf"))).write_parquet(path)
    assert [reject.line for reject in read(path).rejects.kept] == [40_001]


def test_columns_of_other_types_that_lose_nothing_are_taken(tmp_path):
    path = tmp_path / "runs"
    pl.DataFrame(
        {
            "problem_id": pl.Series([7, 8], dtype=pl.Int32),
            "model": pl.Series(["m", "m"], dtype=pl.Categorical),
            "score": pl.Series([0, 1], dtype=pl.UInt8),
            "n_calls": [1.0, None],
            "level": [None, 4],
            "day": [datetime.date(2024, 1, 2), None],
        }
    ).write_parquet(path)
    read_table = read(path, strict=True).table
    assert read_table.select("problem_id", "model", "correct", "n_calls", "extra").rows() == [
        ("7", "m", False, 1, '{"day":"2024-01-02"}'),
        ("8", "m", True, None, '{"level":4}'),
    ]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pl.Series("correct", ["yes"] * 3), "wrong_type"),
        (pl.Series("score", [0.5, float("nan"), 0.25]), "not_finite"),
        (pl.Series("prompt_tokens", [1, -1, 2]), "out_of_range"),
        (pl.Series("problem_id", ["a", None, "b"]), "missing_field"),
        (pl.Series("blob", [b"a", b"\xff", b"c"]), "wrong_type"),
    ],
)
def test_wrong_values_are_set_aside_row_by_row(tmp_path, column, reason):
    path = tmp_path / "runs.parquet"
    table(3).with_columns(column).write_parquet(path)
    field = None if column.name == "blob" else column.name
    if column.name == "correct":
        with pytest.raises(InputError, match=r"wrong_type: 3.*expected true or false, found 'yes'") as caught:
            read(path)
        assert (caught.value.line, caught.value.field) == (1, field)
    else:
        runs = read(path)
        assert len(runs) == 2
        assert [(each.line, each.reason, each.field) for each in runs.rejects.kept] == [(2, reason, field)]


@pytest.mark.parametrize("column", ["problem_id", "correct"])
def test_missing_required_column_is_named(tmp_path, column):
    path = tmp_path / "runs.parquet"
    table(3).drop(column).with_columns(note=pl.lit("x")).write_parquet(path)
    with pytest.raises(InputError, match="missing_field: 3") as caught:
        read(path)
    assert caught.value.field == column


def test_empty_table_is_an_input_error(tmp_path):
    table(0).write_parquet(tmp_path / "runs.parquet")
    with pytest.raises(InputError, match="no row"):
        read(tmp_path / "runs.parquet")


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_truncated_file_is_an_input_error(tmp_path, share):
    path = tmp_path / "runs.parquet"
    table(5000).write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InputError, match="Parquet") as caught:
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", range(20))
def test_scribbled_file_is_read_or_an_input_error(tmp_path, seed):
    path, random_source = tmp_path / "runs.parquet", random.Random(seed)
    table(5000).write_parquet(path)
    scribbled = bytearray(path.read_bytes())
    for _ in range(30):
        scribbled[random_source.randrange(4, len(scribbled))] = random_source.randrange(256)
    path.write_bytes(scribbled)
    with contextlib.suppress(InputError):
        (source,) = read(path).sources
        assert 0 < source.accepted <= source.accepted + source.rejected == 5000
