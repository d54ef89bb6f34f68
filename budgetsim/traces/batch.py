"""A batch of rows: raw rows taken from a back end and checked one by one, until there are enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from budgetsim.traces.backends import RawRow
from budgetsim.traces.check import explain
from budgetsim.traces.rejects import Fault
from budgetsim.traces.schema import row_adapter

# A batch also ends here, so that rows with whole prompts in them do not fill the memory.
_BYTES = 64 * 2**20


@dataclass
class Batch:
    """Checked rows with their line numbers and raw forms, the faulty ones apart, and how the taking ended.

    ``line`` is the last line taken; ``ended`` says that no more will come, ``complete`` that nothing was lost.
    """

    line: int = 0
    rows: list[dict[str, object]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raws: list[RawRow] = field(default_factory=list)
    faults: list[tuple[int, Fault, RawRow]] = field(default_factory=list)
    blank: int = 0
    ended: bool = False
    complete: bool = True


def take(numbered: Iterator[tuple[int, RawRow]], limit: int, *, after: int) -> Batch:
    """The next batch of up to ``limit`` rows, fewer when they are long; ``after`` is the last line taken before."""
    batch, count, size = Batch(line=after), 0, 0
    rows, lines, raws = batch.rows, batch.lines, batch.raws
    validator = row_adapter().validator
    from_json, from_mapping = validator.validate_json, validator.validate_python
    try:
        for number, raw in numbered:
            batch.line = number
            count += 1
            try:
                if isinstance(raw, bytes):
                    size += len(raw)
                    row = from_json(raw)
                elif isinstance(raw, Fault):
                    batch.faults.append((number, raw, b""))
                    continue
                else:
                    row = from_mapping(dict(raw))
            except ValidationError as error:
                if isinstance(raw, bytes) and not raw.strip():
                    batch.blank += 1
                elif isinstance(raw, bytes | Mapping):
                    batch.faults.append((number, explain(error, raw), raw))
            else:
                rows.append(row)
                lines.append(number)
                raws.append(raw)
            if count >= limit or size >= _BYTES:
                return batch
    except Fault as fault:
        batch.faults.append((batch.line + 1, fault, b""))
        batch.complete = False
    batch.ended = True
    return batch
