"""The back end for Parquet files, read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from budgetsim.errors import InputError
from budgetsim.traces.schema import Row
from budgetsim.traces.streams import PARQUET

_BATCH = 16_384
_FIELDS = frozenset(Row.__annotations__)


class Parquet:
    """Yields rows as mappings. A null in a column that the schema does not know counts as absent."""

    def sniff(self, _path: Path, head: bytes, /) -> bool:
        """Whether the file starts as Parquet files do."""
        return head.startswith(PARQUET)

    def read(self, path: Path, /) -> Iterator[tuple[int, dict[str, object]]]:
        """Row numbers, from 1, and rows."""
        try:
            before = 0
            # glob off: a bracket in a file's name is a bracket.
            for batch in pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_batches(chunk_size=_BATCH):
                for number, row in enumerate(batch.iter_rows(named=True), before + 1):
                    yield number, {name: value for name, value in row.items() if value is not None or name in _FIELDS}
                before += batch.height
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(f"damaged or unsupported Parquet file ({reason})", file=path) from None


BACKEND = Parquet()
