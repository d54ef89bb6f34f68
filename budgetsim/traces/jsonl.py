"""The back end for JSON Lines: plain, gzip or Zstandard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from budgetsim.errors import InputError
from budgetsim.traces.rejects import Fault
from budgetsim.traces.streams import GZIP, PARQUET, ZSTD, chunks, lines

_BOM = b"\xef\xbb\xbf"
# What the first line of a file can be instead of JSON, and what to tell its owner.
_OTHERS = {
    GZIP: "compressed twice; decompress it once",
    ZSTD: "compressed twice; decompress it once",
    PARQUET: "a compressed Parquet file; decompress it",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
}


class JsonLines:
    """Yields the lines as they are; they are parsed and checked in one go by whoever reads."""

    def sniff(self, _path: Path, _head: bytes, /) -> bool:
        """Anything that no other back end knows is read as JSON Lines."""
        return True

    def read(self, path: Path, /) -> Iterator[tuple[int, bytes | Fault]]:
        """Line numbers and lines."""
        numbered = lines(chunks(path))
        for number, line in numbered:
            if isinstance(line, bytes):
                for magic, what in _OTHERS.items():
                    if line.startswith(magic):
                        raise InputError(f"expected JSON Lines, found {what}", file=path)
                line = line.removeprefix(_BOM)
            yield number, line
            break
        yield from numbered


BACKEND = JsonLines()
