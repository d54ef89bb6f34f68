"""Files as lines: compression told by the first bytes, memory bounded, damage reported after what could be read."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import zstandard

from budgetsim.traces.rejects import Fault

GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
PARQUET = b"PAR1"

#: Longest line that is read, in bytes.
LINE_LIMIT = 64 * 2**20

_CHUNK = 2**20
# A Zstandard block of four bytes can stand for 128 KiB, so little is fed at a time to bound what comes out.
_ZSTD_CHUNK = 2**13


def chunks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, decompressed, a piece at a time.

    Raises
    ------
    Fault
        ``truncated`` or ``corrupted``, after the last piece that could be decompressed.
    OSError
        When the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(GZIP):
        yield from _gzip_chunks(path)
    elif head == ZSTD:
        yield from _zstd_chunks(path)
    else:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        try:
            # read1 gives what is there; read would lose it when the stream breaks off within the piece.
            while chunk := file.read1(_CHUNK):
                yield chunk
        except EOFError:
            raise Fault("truncated", "the gzip stream breaks off") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise Fault("corrupted", f"the gzip stream is damaged ({error})") from None


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    # A stream_reader ends silently where a truncated file ends; a decompressobj tells whether its frame was complete.
    fresh = zstandard.ZstdDecompressor().decompressobj
    frame = None
    with path.open("rb") as file:
        while piece := file.read(_ZSTD_CHUNK):
            while piece:
                frame = frame or fresh()
                try:
                    yield frame.decompress(piece)
                except zstandard.ZstdError as error:
                    raise Fault("corrupted", f"the Zstandard stream is damaged ({error})") from None
                piece = frame.unused_data if frame.eof else b""
                frame = None if frame.eof else frame
    if frame is not None:
        raise Fault("truncated", "the Zstandard stream breaks off")


def lines(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes | Fault]]:
    """Numbered lines, without their line feeds; a line that is too long comes as a fault.

    Examples
    --------
    >>> list(lines([b"ab", bytes([99, 10, 100])]))
    [(1, b'abc'), (2, b'd')]
    """
    number, length = 1, 0
    rest: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        length += len(first)
        if length <= LINE_LIMIT:
            rest.append(first)
        if not others:
            continue
        yield number, _line(rest, length)
        number += 1
        *whole, last = others
        for line in whole:
            yield number, line if len(line) <= LINE_LIMIT else _line([], len(line))
            number += 1
        rest, length = ([last] if len(last) <= LINE_LIMIT else []), len(last)
    if length:
        yield number, _line(rest, length)


def _line(pieces: list[bytes], length: int) -> bytes | Fault:
    if length <= LINE_LIMIT:
        return b"".join(pieces)
    return Fault("line_too_long", f"expected at most {LINE_LIMIT} bytes, found {length}")
