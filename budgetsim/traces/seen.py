"""What has been seen so far: numbers for samples without one, and rows that come a second time."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from budgetsim.traces.schema import PLACE


class Seen:
    """The places of all rows so far, 16 bytes each.

    A place is held as two 53-bit hashes in one complex number, which NumPy sorts and searches as a pair. Among 10^8
    rows the chance of any two different places meeting is below 10^-15 if the two hashes are independent, and still
    below 1 in 1,000 if both went back to one hash of 64 bits.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        # Sorted arrays, each more than twice as long as the next: adding n rows costs O(n log n) in all.
        self._runs: list[NDArray[np.complex128]] = []

    def restart_numbers(self) -> None:
        """Number samples from 0 again, so that a file read a second time is a duplicate and not more samples."""
        self._counts.clear()

    def number(self, table: pl.DataFrame) -> pl.DataFrame:
        """Fill each missing ``sample_index`` with the count of such rows at the same place before it."""
        missing = table["sample_index"].is_null()
        if not missing.any():
            return table
        place = pl.DataFrame({"place": table.filter(missing).select(PLACE).hash_rows()})
        place = place.with_columns(within=pl.int_range(pl.len()).over("place"))
        before = [self._counts.get(key, 0) for key in place["place"].to_list()]
        totals = place["place"].value_counts()
        for key, count in totals.iter_rows():
            self._counts[key] = self._counts.get(key, 0) + count
        numbers = np.zeros(table.height, dtype=np.int64)
        numbers[missing.to_numpy()] = place["within"].to_numpy() + np.asarray(before, dtype=np.int64)
        return table.with_columns(pl.coalesce("sample_index", pl.Series(numbers)).alias("sample_index"))

    def new(self, table: pl.DataFrame) -> NDArray[np.bool_]:
        """Which rows stand at a place not seen before; all of them are remembered."""
        keys = table.select(*PLACE, "sample_index")
        halves = [(keys.hash_rows(seed).to_numpy() >> np.uint64(11)).astype(np.float64) for seed in (1, 2)]
        hashes = halves[0] + 1j * halves[1]
        distinct, first = np.unique(hashes, return_index=True)
        fresh = np.ones(distinct.size, dtype=np.bool_)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run, distinct), run.size - 1)
            fresh &= run[at] != distinct
        self._remember(distinct[fresh])
        new = np.zeros(table.height, dtype=np.bool_)
        new[first[fresh]] = True
        return new

    def _remember(self, run: NDArray[np.complex128]) -> None:
        if not run.size:
            return
        self._runs.append(run)
        while len(self._runs) > 1 and self._runs[-2].size <= 2 * self._runs[-1].size:
            merged = np.concatenate([self._runs.pop(), self._runs.pop()])
            merged.sort(kind="stable")
            self._runs.append(merged)
