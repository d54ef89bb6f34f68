"""Rows that could not be taken: each with its place, its reason and a sentence, counted by reason."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from budgetsim.errors import InputError
from budgetsim.traces.write import replacing

#: Reason codes and what each means.
REASONS = {
    "malformed_json": "the line is not JSON",
    "not_utf8": "the line is not UTF-8 text",
    "not_an_object": "the line is JSON, but not an object",
    "missing_field": "a required field is absent or null",
    "wrong_type": "a field holds another type than the schema says",
    "not_finite": "a number is NaN or infinite",
    "out_of_range": "a value lies outside its field's domain",
    "duplicate_row": "an earlier row stands at the same place",
    "line_too_long": "the line is longer than a row can sensibly be",
    "truncated": "the file ends before its compressed stream does",
    "corrupted": "the compressed stream is damaged",
}

_TEXT_LENGTH = 200


class Fault(Exception):  # noqa: N818 - yielded as a value, too
    """What is wrong with a row, or with the rest of a file.

    A back end yields one in the place of a row that it cannot read, and raises one when nothing more of the file can
    be read; the rows before it are kept.

    Parameters
    ----------
    reason
        A code out of :data:`REASONS`.
    message
        What was expected and what was found.
    field
        The field at fault, if one is.
    """

    def __init__(self, reason: str, message: str, field: str | None = None) -> None:
        if reason not in REASONS:
            raise ValueError(f"expected one of {', '.join(REASONS)}, found {reason!r}")
        super().__init__(message)
        self.reason, self.message, self.field = reason, message, field


@dataclass(frozen=True, slots=True)
class Reject:
    """A row not taken: the file, its line (or row, from 1), the field, why, and the text itself, shortened."""

    file: str
    line: int
    field: str | None
    reason: str
    message: str
    text: str

    def error(self) -> InputError:
        """The same as an error to raise.

        Examples
        --------
        >>> print(Reject("runs.jsonl", 3, "score", "not_finite", "expected a finite number, found NaN", "{}").error())
        runs.jsonl, line 3, field score: not_finite: expected a finite number, found NaN
        """
        return InputError(f"{self.reason}: {self.message}", file=self.file, line=self.line, field=self.field)


def shortened(raw: object) -> str:
    """A row's text, cut to 200 characters.

    Examples
    --------
    >>> shortened(b"ab" * 200)[-4:], len(shortened(b"ab" * 200))
    ('ab …', 200)
    """
    # Bytes are cut before decoding: a line may be as long as memory allows.
    text = raw[: 4 * _TEXT_LENGTH].decode("utf-8", "replace") if isinstance(raw, bytes) else repr(raw)
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 2] + " …"


class Rejects:
    """All rejects of one reading: every one counted, the first ones kept, and all of them written where asked.

    Parameters
    ----------
    path
        A JSON Lines file to write every reject to; it appears, complete, when the reading ends, also with an error.
    keep
        How many rejects are kept in memory.
    strict
        Raise the first reject as an :class:`~budgetsim.errors.InputError`.
    """

    def __init__(self, path: str | Path | None = None, *, keep: int = 10_000, strict: bool = False) -> None:
        self.path = None if path is None else Path(path)
        self.counts: Counter[str] = Counter()
        self.kept: list[Reject] = []
        self._keep, self._strict = keep, strict
        self._stack = ExitStack()
        self._file: BinaryIO | None = None

    def __len__(self) -> int:
        return self.counts.total()

    def __enter__(self) -> Self:
        if self.path is not None:
            self._file = self._stack.enter_context(replacing(self.path))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A reading that ends with an InputError is when the file of rejects is needed most: rename, do not discard.
        given = (None, None, None) if kind is None or issubclass(kind, InputError) else (kind, error, trace)
        self._stack.__exit__(*given)
        self._file = None

    def add(self, reject: Reject) -> None:
        """Count a reject, keep and write it; raise it when strict."""
        self.counts[reject.reason] += 1
        if len(self.kept) < self._keep:
            self.kept.append(reject)
        if self._file is not None:
            self._file.write(json.dumps(asdict(reject), ensure_ascii=False).encode() + b"\n")
        if self._strict:
            raise reject.error()

    def summary(self) -> str:
        """The counts in words, the commonest first.

        Examples
        --------
        >>> rejects = Rejects()
        >>> rejects.add(Reject("runs.jsonl", 1, None, "not_utf8", "expected UTF-8 text", ""))
        >>> rejects.summary()
        '1 rejected (not_utf8: 1)'
        """
        each = ", ".join(f"{reason}: {count}" for reason, count in self.counts.most_common())
        return f"{len(self)} rejected ({each})" if each else "0 rejected"
