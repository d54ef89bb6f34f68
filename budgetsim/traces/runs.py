"""Reading runs: files in, one table out, every row that was not taken accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from budgetsim.errors import InputError
from budgetsim.traces import backends
from budgetsim.traces.batch import Batch, take
from budgetsim.traces.check import BY_SCORE, decide_by_score, frame
from budgetsim.traces.rejects import Fault, Reject, Rejects, shortened
from budgetsim.traces.schema import FIELDS, table_schema
from budgetsim.traces.seen import Seen

Paths = str | Path | Sequence[str | Path]

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """One file: how many rows were accepted, rejected and blank, and whether its end was reached."""

    file: str
    backend: str
    accepted: int = 0
    rejected: int = 0
    blank: int = 0
    complete: bool = True


@dataclass(frozen=True)
class Runs:
    """Runs out of any number of files.

    Parameters
    ----------
    table
        One row a sampled answer, with the columns of :data:`budgetsim.traces.schema.FIELDS`.
    rejects
        The rows not taken, counted by reason.
    sources
        The files, in the order given.
    """

    table: pl.DataFrame
    rejects: Rejects
    sources: tuple[Source, ...]

    def __len__(self) -> int:
        return self.table.height


class Scan:
    """A reading in progress: iterate once for its tables; ``rejects`` and ``sources`` grow along. See :func:`scan`."""

    def __init__(
        self,
        paths: Paths,
        *,
        strict: bool = False,
        batch_rows: int = 16_384,
        backend: str | None = None,
        rejects_path: str | Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._paths = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        if not self._paths:
            raise InputError("expected at least one run file, found none")
        if batch_rows < 1:
            raise InputError(f"expected 1 or more, found {batch_rows}", field="batch_rows")
        self._batch_rows, self._backend, self._progress = batch_rows, backend, progress
        self._seen = Seen()
        self.rejects = Rejects(rejects_path, strict=strict)
        self.sources: list[Source] = []

    def __iter__(self) -> Iterator[pl.DataFrame]:
        return (table.drop(BY_SCORE) for table in self.tables())

    def tables(self) -> Iterator[pl.DataFrame]:
        """The tables, with the column that marks rows whose ``correct`` awaits the range of all scores."""
        total, known = 0, set[Path]()
        with self.rejects:
            for path in self._paths:
                head = _head(path)
                if (real := path.resolve()) in known:
                    self._seen.restart_numbers()
                known.add(real)
                for table in self._file(path, head):
                    total += table.height
                    if self._progress is not None:
                        self._progress(total)
                    if table.height:
                        yield table
            if not total:
                raise self._nothing()

    def _file(self, path: Path, head: bytes) -> Iterator[pl.DataFrame]:
        name, backend = backends.find(path, head, self._backend)
        source = Source(str(path), name)
        numbered, batch = _guarded(backend, name, path), Batch()
        while not batch.ended:
            batch = take(numbered, self._batch_rows, after=batch.line)
            table, rejects = self._settle(str(path), batch)
            for reject in rejects:
                self.rejects.add(reject)
            source = replace(
                source,
                accepted=source.accepted + table.height,
                rejected=source.rejected + len(rejects),
                blank=source.blank + batch.blank,
                complete=batch.complete,
            )
            yield table
        if not source.accepted + source.rejected:
            raise InputError("expected runs, found no row", file=path)
        self.sources.append(source)

    def _settle(self, file: str, batch: Batch) -> tuple[pl.DataFrame, list[Reject]]:
        """The rows of a batch that are kept, and its rejects in the order of the file."""
        table, faults = frame(batch.rows)
        valid = [index for index in range(len(batch.rows)) if index not in faults] if faults else None
        if valid is not None:
            table = table[valid]
        table = self._seen.number(table)
        new = self._seen.new(table)
        if not new.all():
            for index in (~new).nonzero()[0].tolist():
                row = valid[index] if valid is not None else index
                faults[row] = Fault("duplicate_row", "an earlier row has the same run, problem, sample and node")
            table = table.filter(pl.Series(new))
        faulty = batch.faults + [(batch.lines[row], fault, batch.raws[row]) for row, fault in faults.items()]
        faulty.sort(key=lambda each: each[0])
        return table, [
            Reject(file, line, fault.field, fault.reason, fault.message, shortened(raw)) for line, fault, raw in faulty
        ]

    def _nothing(self) -> InputError:
        first = self.rejects.kept[0]
        hint = "; a JSON array? write one object a line" if first.text.lstrip("\ufeff \t").startswith("[") else ""
        message = f"expected runs, found no valid row: {self.rejects.summary()}; the first: {first.message}{hint}"
        return InputError(message, file=first.file, line=first.line, field=first.field)


def scan(
    paths: Paths,
    *,
    strict: bool = False,
    batch_rows: int = 16_384,
    backend: str | None = None,
    rejects_path: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Scan:
    """Read runs of any size, a table of up to ``batch_rows`` rows at a time.

    Memory holds one batch and 16 bytes for each row so far, by which duplicates are found across all files. Scores
    yet to come are not known, so ``correct`` stays null for rows with nothing but a score; :func:`read` decides these.

    Parameters
    ----------
    paths
        A file or several: JSON Lines (plain, gzip or Zstandard), Parquet, or what an installed back end reads. The
        content tells the format, not the name.
    strict
        Raise at the first reject instead of setting it aside.
    batch_rows
        Rows a batch; a batch with long lines ends earlier.
    backend
        The back end for all files; by default the first that knows each file.
    rejects_path
        A JSON Lines file for the rejects. It is written when the reading ends, also when it ends with an error.
    progress
        Called with the number of rows accepted so far, after each batch.

    Returns
    -------
    Scan
        An iterable of tables with the columns of :data:`budgetsim.traces.schema.FIELDS`, ``rejects`` and ``sources``.

    Raises
    ------
    InputError
        While iterating: a file is missing, unreadable, empty or of another kind; no row of any file is valid; or, with
        ``strict``, a row is not. The message names the file and, where there is one, the line and the field.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs.jsonl"
    ...     _ = path.write_text('{"problem_id": "a", "correct": true}\\n' * 5)
    ...     [table.height for table in scan(path, batch_rows=2)]
    [2, 2, 1]
    """
    return Scan(
        paths,
        strict=strict,
        batch_rows=batch_rows,
        backend=backend,
        rejects_path=rejects_path,
        progress=progress,
    )


def read(
    paths: Paths,
    *,
    strict: bool = False,
    columns: Sequence[str] | None = None,
    backend: str | None = None,
    rejects_path: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Runs:
    """Read runs into one table.

    Parameters
    ----------
    paths, strict, backend, rejects_path, progress
        As for :func:`scan`.
    columns
        Keep only these columns of :data:`budgetsim.traces.schema.FIELDS`; all by default.

    Returns
    -------
    Runs
        The table, the rejects and the files. Rows with nothing but a score are correct when it is 1, provided that
        all scores of the same source and task lie in [0, 1]; otherwise their ``correct`` is null.

    Raises
    ------
    InputError
        As for :func:`scan`, and for an unknown column.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "runs.jsonl"
    ...     _ = path.write_text('{"problem_id": "a", "answer": 7, "gold": "7"}\\n{"problem_id": "b"}\\n')
    ...     runs = read(path, columns=["problem_id", "sample_index", "correct"])
    >>> runs.table.rows()
    [('a', 0, True)]
    >>> print(runs.rejects.kept[0].error().message)
    missing_field: expected one of correct, score, gold with answer, or the value of a node, found none
    """
    wanted = list(FIELDS) if columns is None else list(columns)
    for name in wanted:
        if name not in FIELDS:
            raise InputError(f"expected one of {', '.join(FIELDS)}, found {name!r}", field="columns")
    scanned = Scan(paths, strict=strict, backend=backend, rejects_path=rejects_path, progress=progress)
    needed = [*dict.fromkeys([*wanted, "correct", "score", "source", "task"]), BY_SCORE]
    table = decide_by_score(pl.concat([table.select(needed) for table in scanned.tables()]))
    schema = table_schema()
    return Runs(
        table.select(pl.col(name).cast(schema[name]) for name in wanted), scanned.rejects, tuple(scanned.sources)
    )


def _head(path: Path) -> bytes:
    """The first bytes of a file that can be read at all."""
    try:
        if path.is_dir():
            raise InputError("expected a file, found a folder", file=path)
        if path.exists() and not path.is_file():
            raise InputError("expected an ordinary file, found a device or pipe", file=path)
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"expected the name of a file ({error})", file=repr(path)) from error
    if not head:
        raise InputError("expected runs, found an empty file", file=path)
    return head


def _guarded(backend: backends.Backend, name: str, path: Path) -> Iterator[tuple[int, backends.RawRow]]:
    """What a back end yields; trouble with the file becomes an InputError that names both."""
    try:
        yield from backend.read(path)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"the back end {name!r} cannot read it: {error}", file=path) from error
