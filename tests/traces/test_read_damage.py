"""Damaged run files: every line is accounted for, and nothing but an InputError is ever raised."""

import gzip
import io
import json
import os
import random
import tracemalloc
import zlib

import polars as pl
import pytest
import zstandard

from budgetsim.errors import InputError
from budgetsim.traces import read, scan, streams


def row(problem="p", **fields):
    return {"run_id": "r", "problem_id": problem, "sample_index": 0, "correct": True, **fields}


def line(problem="p", **fields):
    return json.dumps(row(problem, **fields)).encode()


def accounted(runs):
    """Lines accounted for: accepted, rejected and blank, with the table and the rejects agreeing."""
    assert sum(source.accepted for source in runs.sources) == len(runs)
    assert sum(source.rejected for source in runs.sources) == len(runs.rejects)
    return sum(source.accepted + source.rejected + source.blank for source in runs.sources)


LONG = b"[" * 100_000 + b"]" * 100_000

BAD_LINES = [
    (b'{"problem_id": "a", "correct": tru', "malformed_json", None),
    (b'{"problem_id": "a"} {"problem_id": "b"}', "malformed_json", None),
    (b"problem_id,correct", "malformed_json", None),
    (b'{"problem_id": "a\x00", "correct": true}', "malformed_json", None),
    (b"\x00\x00\x00", "malformed_json", None),
    (b'{"problem_id": "a", "correct": true, "deep": ' + LONG + b"}", "malformed_json", None),
    (b'{"problem_id": "a", "score": 1' + b"0" * 5000 + b"}", "malformed_json", None),
    (b'{"problem_id": "\\ud800", "correct": true}', "malformed_json", None),
    (b'{"problem_id": "\xe9", "correct": true}', "not_utf8", None),
    (b'{"problem_id": "a", "correct": true, "note": "\xff"}', "not_utf8", None),
    (b'["a", true]', "not_an_object", None),
    (b'"a"', "not_an_object", None),
    (b"null", "not_an_object", None),
    (b"{}", "missing_field", "problem_id"),
    (b'{"problem_id": null, "correct": true}', "missing_field", "problem_id"),
    (b'{"problem_id": "a"}', "missing_field", "correct"),
    (b'{"problem_id": "a", "correct": null}', "missing_field", "correct"),
    (b'{"problem_id": "a", "gold": "7"}', "missing_field", "correct"),
    (b'{"problem_id": "a", "answer": "7"}', "missing_field", "correct"),
    (b'{"problem_id": "", "correct": true}', "out_of_range", "problem_id"),
    (b'{"problem_id": true, "correct": true}', "wrong_type", "problem_id"),
    (b'{"problem_id": 1.5, "correct": true}', "wrong_type", "problem_id"),
    (b'{"problem_id": "a", "correct": "true"}', "wrong_type", "correct"),
    (b'{"problem_id": "a", "correct": 1}', "wrong_type", "correct"),
    (b'{"problem_id": "a", "score": true}', "wrong_type", "score"),
    (b'{"problem_id": "a", "score": "0.5"}', "wrong_type", "score"),
    (b'{"problem_id": "a", "correct": true, "sample_index": "3"}', "wrong_type", "sample_index"),
    (b'{"problem_id": "a", "correct": true, "model": 4}', "wrong_type", "model"),
    (b'{"problem_id": "a", "correct": true, "answer": ["7"]}', "wrong_type", "answer"),
    (b'{"problem_id": "a", "score": NaN}', "not_finite", "score"),
    (b'{"problem_id": "a", "score": -Infinity}', "not_finite", "score"),
    (b'{"problem_id": "a", "score": 1e999}', "not_finite", "score"),
    (b'{"problem_id": "a", "score": 1' + b"0" * 400 + b"}", "not_finite", "score"),
    (b'{"problem_id": "a", "answer": NaN, "gold": "7"}', "not_finite", "answer"),
    (b'{"problem_id": "a", "correct": true, "note": [{"x": Infinity}]}', "not_finite", None),
    (b'{"problem_id": "a", "correct": true, "prompt_tokens": -1}', "out_of_range", "prompt_tokens"),
    (b'{"problem_id": "a", "correct": true, "completion_tokens": -0.5}', "out_of_range", "completion_tokens"),
    (b'{"problem_id": "a", "correct": true, "sample_index": -1}', "out_of_range", "sample_index"),
    (b'{"problem_id": "a", "correct": true, "sample_index": 1.5}', "out_of_range", "sample_index"),
    (b'{"problem_id": "a", "correct": true, "sample_index": 100000000000000000000}', "out_of_range", "sample_index"),
    (b'{"problem_id": "a", "correct": true, "n_calls": -2}', "out_of_range", "n_calls"),
    (line("first", correct=False), "duplicate_row", None),
]


@pytest.mark.parametrize(("bad", "reason", "field"), BAD_LINES)
def test_bad_line_is_set_aside_with_its_place_and_reason(tmp_path, bad, reason, field):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"\n".join([line("first"), b"", bad, line("last")]) + b"\n")
    runs = read(path)
    assert runs.table["problem_id"].to_list() == ["first", "last"]
    assert runs.table["correct"].to_list() == [True, True]
    (reject,) = runs.rejects.kept
    assert (reject.file, reject.line, reject.reason, reject.field) == (str(path), 3, reason, field)
    assert len(reject.text) <= 200
    assert len(reject.message) < 400
    assert accounted(runs) == 4
    with pytest.raises(InputError) as caught:
        read(path, strict=True)
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 3, field)
    assert reason in caught.value.message


@pytest.mark.parametrize("bad", [each[0] for each in BAD_LINES if each[1] != "duplicate_row"])
def test_file_without_a_valid_row_is_an_input_error_and_still_lists_its_rejects(tmp_path, bad):
    path, listed = tmp_path / "runs.jsonl", tmp_path / "rejects.jsonl"
    path.write_bytes(bad)
    with pytest.raises(InputError, match="no valid row") as caught:
        read(path, rejects_path=listed)
    assert "\n" not in str(caught.value)
    assert caught.value.line == 1
    assert [json.loads(each)["line"] for each in listed.read_text().splitlines()] == [1]


GOOD_LINES = [
    # The last of two equal keys counts, as in most JSON readers.
    (b'{"problem_id": "a", "problem_id": "b", "correct": true}', ("b", True, None)),
    (b'\xef\xbb\xbf{"problem_id": "a", "correct": true}', ("a", True, None)),
    (b'{"problem_id": "a", "correct": true}\r', ("a", True, None)),
    (b'  {"problem_id": 7, "correct": false, "sample_index": 0.0}', ("7", False, None)),
    (b'{"problem_id": "a", "correct": true, "note": "NaN"}', ("a", True, '{"note":"NaN"}')),
    (b'{"problem_id": "a\\u0000", "correct": true}', ("a\x00", True, None)),
    (
        b'{"problem_id": 123456789012345678901234567890, "correct": true}',
        ("123456789012345678901234567890", True, None),
    ),
]


@pytest.mark.parametrize(("good", "expected"), GOOD_LINES)
def test_odd_but_good_line_is_read(tmp_path, good, expected):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(good + b"\n")
    assert read(path, strict=True).table.select("problem_id", "correct", "extra").rows() == [expected]


def many(count=2000):
    # Answers that do not compress, so that a cut falls between rows and not at the end of one small block.
    source = random.Random(0)
    return [line(f"p{index}", answer=source.randbytes(40).hex()) for index in range(count)]


def compressed(kind, text):
    return gzip.compress(text) if kind == "gz" else zstandard.ZstdCompressor().compress(text)


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.9999])
def test_truncated_stream_keeps_the_rows_before(tmp_path, kind, share):
    rows = many()
    whole = compressed(kind, b"\n".join(rows) + b"\n")
    path = tmp_path / "runs.jsonl"
    path.write_bytes(whole[: int(len(whole) * share)])
    runs = read(path)
    assert runs.rejects.counts == {"truncated": 1}
    kept = len(runs)
    assert runs.table["problem_id"].to_list() == [f"p{index}" for index in range(kept)]
    # Blocks hold up to 128 KiB of text, about 800 rows.
    assert share * len(rows) - 900 < kept <= len(rows)
    assert (runs.rejects.kept[0].line, runs.sources[0].complete) == (kept + 1, False)
    with pytest.raises(InputError, match="truncated"):
        read(path, strict=True)


def test_gzip_with_wrong_check_sum_keeps_the_rows_and_says_so(tmp_path):
    whole = bytearray(gzip.compress(b"\n".join(many(50)) + b"\n"))
    whole[-8] ^= 0xFF
    path = tmp_path / "runs.jsonl.gz"
    path.write_bytes(whole)
    runs = read(path)
    assert len(runs) == 50
    assert runs.rejects.counts == {"corrupted": 1}
    assert not runs.sources[0].complete


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_stream_damaged_in_the_middle_ends_in_one_reject(tmp_path, kind):
    whole = bytearray(compressed(kind, b"\n".join(many(20_000)) + b"\n"))
    middle = len(whole) // 2
    whole[middle : middle + 2000] = bytes(2000)
    path = tmp_path / "runs.jsonl"
    path.write_bytes(whole)
    runs = read(path)
    assert 0 < len(runs) < 20_000
    # Deflate may decode zeros into garbage for a while before it, or the check sum at the end, notices.
    assert runs.rejects.counts["corrupted"] == 1
    assert not runs.sources[0].complete
    assert runs.table["problem_id"][0] == "p0"


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_concatenated_streams_are_one_file(tmp_path, kind):
    path = tmp_path / "runs"
    path.write_bytes(b"".join(compressed(kind, line(name) + b"\n") for name in "abc"))
    assert read(path, strict=True).table["problem_id"].to_list() == ["a", "b", "c"]


UNREADABLE = {
    "missing": (None, "No such file"),
    "folder": (None, "found a folder"),
    "empty": (b"", "empty file"),
    "blank": (b"\n \n\r\n", "no row"),
    "empty gzip": (gzip.compress(b""), "no row"),
    "empty zstd": (zstandard.ZstdCompressor().compress(b""), "no row"),
    "gzip header alone": (gzip.compress(line())[:5], "truncated"),
    "twice compressed": (gzip.compress(gzip.compress(line())), "compressed twice"),
    "gzip in zstd": (zstandard.ZstdCompressor().compress(gzip.compress(line())), "compressed twice"),
    "UTF-16": (line().decode().encode("utf-16"), "UTF-16"),
    "binary": (zlib.compress(b"".join(many(50)))[2:], "no valid row"),
    "JSON array": (json.dumps([row("a"), row("b")]).encode(), "one object a line"),
    "indented JSON array": (json.dumps([row("a"), row("b")], indent=2).encode(), "one object a line"),
    "Parquet magic alone": (b"PAR1", "Parquet"),
    "Parquet magic twice": (b"PAR1" * 20, "Parquet"),
    "gzipped Parquet": (gzip.compress(b"PAR1" * 20), "Parquet"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_unreadable_file_is_one_clear_line_and_ends_the_reading_of_others(tmp_path, case):
    path, good = tmp_path / "bad.jsonl", tmp_path / "good.jsonl"
    good.write_bytes(line() + b"\n")
    content, expected = UNREADABLE[case]
    if content is not None:
        path.write_bytes(content)
    elif case == "folder":
        path.mkdir()
    with pytest.raises(InputError, match=expected) as caught:
        read(path)
    assert caught.value.file == str(path)
    assert "\n" not in str(caught.value)
    if "no valid row" not in caught.value.message:
        with pytest.raises(InputError, match=expected):
            read([good, path])


def test_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(line())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputError, match="Permission denied"):
        read(path)


def test_names_that_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, expected in (("a\0b", "name of a file"), (tmp_path / "pipe", "pipe"), ([], "at least one")):
        with pytest.raises(InputError, match=expected):
            read(name)


@pytest.mark.parametrize("chunk", [7, 64, 2**20])
def test_too_long_lines_are_passed_over_in_bounded_memory(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(streams, "LINE_LIMIT", 200)
    monkeypatch.setattr(streams, "_CHUNK", chunk)
    path = tmp_path / "runs.jsonl"
    lines = [line("a"), line("long", answer="x" * 1000), line("b"), b"x" * 201, line("c"), b"y" * 5000]
    path.write_bytes(b"\n".join(lines))
    runs = read(path)
    assert runs.table["problem_id"].to_list() == ["a", "b", "c"]
    assert [(each.line, each.reason) for each in runs.rejects.kept] == [(n, "line_too_long") for n in (2, 4, 6)]
    assert accounted(runs) == 6


def test_memory_stays_bounded_while_a_line_without_end_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "LINE_LIMIT", 10**6)
    path = tmp_path / "runs.jsonl"
    path.write_bytes(line() + b"\n" + b"x" * 50_000_000)
    tracemalloc.start()
    runs = read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert runs.rejects.counts == {"line_too_long": 1}
    assert peak < 10**7


def test_duplicates_are_found_across_files_formats_and_batches(tmp_path):
    rows = [row(f"p{index}", answer=str(index)) for index in range(300)]
    first, second, third = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "c.parquet"
    first.write_bytes(b"\n".join(json.dumps(each).encode() for each in rows[:200]))
    second.write_bytes(gzip.compress(b"\n".join(json.dumps(each).encode() for each in rows[100:250])))
    pl.DataFrame(rows[150:]).write_parquet(third)
    scanned = scan([first, second, third], batch_rows=7)
    table = pl.concat(scanned)
    assert table["problem_id"].to_list() == [f"p{index}" for index in range(300)]
    assert scanned.rejects.counts == {"duplicate_row": 200}
    assert [(source.accepted, source.rejected) for source in scanned.sources] == [(200, 0), (50, 100), (50, 100)]
    assert [(each.file, each.line) for each in scanned.rejects.kept[:2]] == [(str(second), 1), (str(second), 2)]


@pytest.mark.parametrize(
    "other",
    [{"run_id": "s"}, {"problem_id": "q"}, {"sample_index": 1}, {"strategy": "vote"}, {"model": "m"}, {"task": "t"},
     {"temperature": 0.5}, {"node_id": 1}, {"round": 1}, {"agent": 1}],
)  # fmt: skip
def test_rows_that_differ_in_place_are_not_duplicates(tmp_path, other):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(line() + b"\n" + json.dumps(row() | other).encode())
    assert len(read(path, strict=True)) == 2


def test_no_false_duplicate_among_many_rows(tmp_path):
    count = 100_000
    path = tmp_path / "runs.parquet"
    index = pl.int_range(count, eager=True)
    pl.DataFrame({"problem_id": index.cast(pl.String), "sample_index": index % 10, "correct": index > 5}).write_parquet(
        path
    )
    assert sum(table.height for table in scan(path, strict=True, batch_rows=3000)) == count


def test_strict_names_the_first_fault_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b"\n".join([line(), line(), b"not JSON"]))
    with pytest.raises(InputError, match="line 2: duplicate_row"):
        read(path, strict=True)


def test_rejects_file_holds_every_reject_and_appears_complete(tmp_path):
    path, listed = tmp_path / "runs.jsonl", tmp_path / "rejects.jsonl"
    path.write_bytes(b"\n".join([line(), b"{", line("q", score=None, prompt_tokens=-1)]))
    listed.write_text("of an earlier reading")
    tables = iter(scan(path, rejects_path=listed))
    next(tables)
    assert listed.read_text() == "of an earlier reading"
    assert list(tables) == []
    first, second = map(json.loads, listed.read_text().splitlines())
    assert (first["line"], first["reason"], first["text"]) == (2, "malformed_json", "{")
    assert (second["line"], second["reason"], second["field"]) == (3, "out_of_range", "prompt_tokens")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["rejects.jsonl", "runs.jsonl"]


def test_kept_rejects_are_bounded_and_counts_are_not(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(line() + b"\n" + b"{\n" * 10_050)
    runs = read(path)
    assert (len(runs.rejects), len(runs.rejects.kept)) == (10_050, 10_000)


def test_content_tells_the_compression_and_not_the_name(tmp_path):
    buffer = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(buffer, closefd=False) as writer:
        writer.write(line("a"))
    path = tmp_path / "runs.jsonl.gz"
    path.write_bytes(buffer.getvalue())
    assert len(read(path)) == 1
