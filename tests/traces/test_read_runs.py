"""What good rows are read as: defaults, derived columns, kept fields, round trips."""

import gzip
import json

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from budgetsim.errors import InputError
from budgetsim.traces import Runs, read, rows, scan, write_jsonl, write_parquet
from budgetsim.traces.schema import FIELDS, table_schema


def read_rows(folder, given_rows, **options) -> Runs:
    path = folder / "runs.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in given_rows), encoding="utf-8")
    return read(path, **options)


def test_table_has_the_schema_whatever_is_given(tmp_path):
    runs = read_rows(tmp_path, [{"problem_id": "a", "correct": True}])
    assert dict(runs.table.schema) == table_schema()
    given_values = {name: value for name, value in runs.table.row(0, named=True).items() if value is not None}
    unknown = dict.fromkeys(("run_id", "source", "model", "strategy", "task"), "unknown")
    assert given_values == {**unknown, "problem_id": "a", "sample_index": 0, "correct": True}


@pytest.mark.parametrize(
    ("fields", "correct"),
    [
        ({"correct": True, "answer": "7", "gold": "8", "score": 0}, True),
        ({"correct": None, "score": 1}, None),
        ({"correct": None, "answer": "7", "gold": "7"}, None),
        ({"answer": " 7\n", "gold": "7"}, True),
        ({"answer": 7, "gold": "7"}, True),
        ({"answer": 42.0, "gold": 42}, True),
        ({"answer": 42.5, "gold": "42.5"}, True),
        ({"answer": "7", "gold": "8", "score": 1}, False),
        # An answer that could not be parsed is wrong; leaving it out would flatter the model.
        ({"answer": None, "gold": "8"}, False),
        ({"score": 1}, True),
        ({"score": 0.5}, False),
        ({"score": 0}, False),
        ({"value": 3.5}, None),
    ],
)
def test_correct_is_kept_or_derived(tmp_path, fields, correct):
    assert read_rows(tmp_path, [{"problem_id": "a", **fields}], strict=True).table["correct"].to_list() == [correct]


def test_ratings_do_not_pass_for_correctness(tmp_path):
    given_rows = [{"problem_id": str(score), "task": "essay", "score": score} for score in (1, 0, 7)]
    given_rows += [{"problem_id": "z", "task": "sums", "score": 1}]
    runs = read_rows(tmp_path, given_rows)
    assert runs.table["correct"].to_list() == [None, None, None, True]
    assert read_rows(tmp_path, given_rows, columns=["correct"]).table.to_dict(as_series=False) == {
        "correct": [None, None, None, True]
    }
    assert pl.concat(scan(tmp_path / "runs.jsonl"))["correct"].null_count() == 4


def test_missing_sample_indices_count_the_rows_of_a_place(tmp_path):
    path = tmp_path / "runs.jsonl"
    places = [("a", 0), ("a", 0), ("b", 0), ("a", 1), ("a", 0), ("b", 0)]
    path.write_text("\n".join(json.dumps({"problem_id": p, "temperature": t, "correct": True}) for p, t in places))
    for size in (1, 2, 100):
        table = pl.concat(scan(path, batch_rows=size))
        assert table["sample_index"].to_list() == [0, 1, 0, 0, 2, 1]


def test_other_files_go_on_counting_and_the_same_file_again_is_all_duplicates(tmp_path):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for path in (first, second):
        path.write_text('{"problem_id": "a", "correct": true}\n' * 3)
    assert read([first, second]).table["sample_index"].to_list() == [0, 1, 2, 3, 4, 5]
    again = read([first, second, tmp_path / "." / "a.jsonl"])
    assert (len(again), again.rejects.counts) == (6, {"duplicate_row": 3})


def test_identifiers_may_be_integers_and_unknown_fields_are_kept(tmp_path):
    given_rows = [
        {"problem_id": 7, "node_id": 3, "parent_id": None, "agent": "critic", "correct": True, "level": 4},
        {"problem_id": "x", "node_id": "n", "agent": 2, "correct": False, "note": {"a": [1, None]}, "é": "ü"},
        {"problem_id": "y", "correct": False, "extra": "free text"},
    ]
    table = read_rows(tmp_path, given_rows, strict=True).table
    assert table.select("problem_id", "node_id", "parent_id", "agent").rows() == [
        ("7", "3", None, "critic"),
        ("x", "n", None, "2"),
        ("y", None, None, None),
    ]
    assert [json.loads(text) for text in table["extra"]] == [
        {"level": 4},
        {"note": {"a": [1, None]}, "é": "ü"},
        {"extra": "free text"},
    ]


def test_columns_keep_their_order_and_unknown_ones_are_refused(tmp_path):
    given_rows = [{"problem_id": "a", "score": 1, "note": "x" * 100}]
    assert read_rows(tmp_path, given_rows, columns=["correct", "problem_id"]).table.rows() == [(True, "a")]
    with pytest.raises(InputError, match="'prompt'"):
        read_rows(tmp_path, given_rows, columns=["prompt"])


def test_progress_counts_accepted_rows(tmp_path):
    path, seen = tmp_path / "runs.jsonl", []
    path.write_text('{"problem_id": "a", "correct": true}\nbad\n' * 4)
    assert sum(len(table) for table in scan(path, batch_rows=3, progress=seen.append)) == 4
    assert seen == [2, 3, 4]


def full_table():
    return pl.DataFrame(
        {
            "run_id": ["r", "r"],
            "source": ["here", "here"],
            "model": ["m", "m"],
            "strategy": ["vote", "tree"],
            "task": ["sums", "sums"],
            "problem_id": ["a", "b"],
            "sample_index": [0, 3],
            "correct": [None, False],
            "score": [0.1 + 0.2, None],
            "answer": ["1/3\n\t\"quoted\"", None],
            "gold": [None, "é"],
            "prompt_tokens": [10.5, 7.0],
            "completion_tokens": [None, 1e15],
            "n_calls": [1, 2],
            "budget": [None, 100.0],
            "temperature": [0.7, None],
            "node_id": [None, "0"],
            "parent_id": [None, "root"],
            "depth": [None, 2],
            "value": [None, -60.001],
            "round": [1, None],
            "agent": ["0", None],
            "extra": ['{"level":4,"peers":["x",null]}', None],
        },
        schema=table_schema(),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["runs.jsonl", "runs.jsonl.gz", "runs.jsonl.zst", "runs.parquet"])
def test_what_is_written_is_read_back(tmp_path, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        write_parquet(full_table(), path)
    else:
        assert write_jsonl(rows(full_table()), path) == 2
    runs = read(path, strict=True)
    assert_frame_equal(runs.table, full_table())
    assert runs.sources[0].backend == ("parquet" if name.endswith("parquet") else "jsonl")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_compression_is_real_and_reproducible(tmp_path):
    for name in ("a.gz", "b.gz", "c.zst", "d.jsonl"):
        write_jsonl([{"problem_id": "a", "correct": True}], tmp_path / name)
    plain = (tmp_path / "d.jsonl").read_bytes()
    assert plain == b'{"problem_id":"a","correct":true}\n'
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == plain
    # Bytes 4 to 7 of a gzip file are its time stamp.
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)
    assert zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / "c.zst").read_bytes()) == plain


def test_failed_writing_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "runs.jsonl.gz"
    write_jsonl([{"problem_id": "a", "correct": True}], path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_jsonl([{"problem_id": "b"}, {"problem_id": "c", "score": float("nan")}], path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    with pytest.raises(InputError, match="cannot be written"):
        write_jsonl([], tmp_path / "missing" / "runs.jsonl")
    with pytest.raises(InputError, match="is not a regular file"):
        write_parquet(full_table(), tmp_path)


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)
values = {
    "text or an integer": names,
    "text": names,
    "text or an integer, not empty": names,
    "an integer, 0 or more": st.integers(0, 2**53),
    "true or false": st.booleans(),
    "a finite number": finite,
    "text or a finite number": names,
    "a finite number, 0 or more": finite.map(abs),
}
known = {name: values[field.expects] for name, field in FIELDS.items() if name != "extra"}


@given(
    st.fixed_dictionaries(
        {"problem_id": known["problem_id"], "correct": st.booleans()},
        optional={
            **{name: value for name, value in known.items() if name not in ("problem_id", "correct")},
            "level": finite,
        },
    )
)
def test_any_valid_row_is_kept_as_it_is(tmp_path_factory, given_row):
    path = tmp_path_factory.mktemp("any") / "runs.jsonl"
    write_jsonl([given_row], path)
    (back,) = rows(read(path, strict=True).table)
    assert {name: back[name] for name in given_row} == given_row
