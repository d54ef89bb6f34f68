"""Writing runs: JSON Lines and Parquet, each file appearing only when it is complete."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

import polars as pl
import zstandard

from budgetsim.errors import InputError, JobError


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of ``path`` when the block ends well and vanishes otherwise.

    A symbolic link stays a link: the file it points to is replaced.

    Raises
    ------
    InputError
        When the folder is missing or may not be written to, or the path is there and no regular file.
    JobError
        When writing fails on the way, as on a full disk.
    """
    given = Path(path)
    try:
        # Of the path itself, not of the resolved one: the kernel also follows links that name no file, as to a pipe.
        if not stat.S_ISREG(given.stat().st_mode):
            raise InputError("is not a regular file", file=given)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=given) from error
    target = Path(os.path.realpath(given))
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        file = part.open("wb")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=given) from error
    try:
        try:
            with file:
                yield file
        except OSError as error:
            # A failed write names no file; an error that names one is of another file, opened in the block.
            if error.filename is not None:
                raise
            raise JobError(f"{given}: cannot be written: {error.strerror or error}") from error
        try:
            part.replace(target)
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", file=given) from error
    finally:
        part.unlink(missing_ok=True)


def write_jsonl(rows: Iterable[Mapping[str, object]], path: str | Path) -> int:
    """Write rows as JSON Lines, compressed where the name ends with ``.gz`` or ``.zst``.

    Parameters
    ----------
    rows
        One mapping a sampled answer, with the fields of :data:`budgetsim.traces.schema.FIELDS` and any others.
    path
        The file, replaced when the last row is written; an earlier file stays when writing fails.

    Returns
    -------
    int
        The number of rows written.

    Raises
    ------
    InputError
        When there can be no such file.
    JobError
        When writing fails on the way.
    ValueError
        When a row holds NaN, an infinity or what is not JSON.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_jsonl([{"problem_id": "a", "correct": True}], Path(folder) / "runs.jsonl.gz")
    1
    """
    target, count = Path(path), 0
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(replacing(target))
        if target.suffix == ".gz":
            # No time stamp: the same rows give the same bytes.
            file = cast(IO[bytes], stack.enter_context(gzip.GzipFile("", "wb", fileobj=file, mtime=0)))
        elif target.suffix == ".zst":
            file = cast(IO[bytes], stack.enter_context(zstandard.ZstdCompressor().stream_writer(file, closefd=False)))
        for row in rows:
            line = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            file.write(line.encode() + b"\n")
            count += 1
    return count


def write_parquet(table: pl.DataFrame, path: str | Path) -> None:
    """Write a table of runs as Parquet.

    Raises
    ------
    InputError
        When there can be no such file.
    JobError
        When writing fails on the way.
    """
    # In memory first, compressed: Polars reports a full disk in the words of a malformed table.
    data = io.BytesIO()
    table.write_parquet(data)
    with replacing(path) as file:
        file.write(data.getbuffer())


def rows(table: pl.DataFrame) -> Iterator[dict[str, object]]:
    """The rows of a table of runs as mappings: nulls left out (but for ``correct``), the unknown fields put back.

    Examples
    --------
    >>> table = pl.DataFrame({"problem_id": ["a"], "correct": [None], "score": [0.5], "extra": ['{"level":4}']})
    >>> list(rows(table))
    [{'problem_id': 'a', 'correct': None, 'score': 0.5, 'level': 4}]
    """
    for named in table.iter_rows(named=True):
        extra = named.pop("extra", None)
        row = {name: value for name, value in named.items() if value is not None or name == "correct"}
        unknown = {} if extra is None else json.loads(extra)
        yield row | {name: value for name, value in unknown.items() if name not in row}
