"""Do the samples of a problem come in any order? Votes are predicted as if they did."""

from __future__ import annotations

import numpy as np
import polars as pl

from budgetsim.calibrate.tally import GROUP_COLUMNS, Group, answered_samples

#: Beyond this size of the standard score samples are called dependent on their order.
ALARM = 4.0


def order_effects(table: pl.DataFrame) -> dict[Group, float]:
    """Standard score of a trend of correctness along ``sample_index`` within problems, per group.

    Parameters
    ----------
    table
        Rows of the runs schema.

    Returns
    -------
    dict
        Under exchangeable samples each score is about standard normal: a sum over problems of the covariance of
        index and correctness, divided by its standard deviation over all orders of the samples. 0 where no problem
        has both right and wrong samples.

    Examples
    --------
    Four problems that are always solved from the second turn on:

    >>> rows = [("m", "s", "t", str(p), i, i > 0) for p in range(4) for i in range(4)]
    >>> names = ["model", "strategy", "task", "problem_id", "sample_index", "correct"]
    >>> empty = {name: None for name in ("temperature", "node_id", "round", "answer")}
    >>> table = pl.DataFrame([dict(zip(names, row)) | empty for row in rows])
    >>> {round(score, 2) for score in order_effects(table).values()}
    {2.68}
    """
    samples, _ = answered_samples(table)
    cell = [*GROUP_COLUMNS, "problem_id"]
    index, right = pl.col("sample_index").cast(pl.Float64), pl.col("correct").cast(pl.Float64)
    count = pl.len().cast(pl.Float64)
    per_cell = samples.group_by(cell).agg(
        ((index - index.mean()) * (right - right.mean())).sum().alias("covariance"),
        # Variance of that sum over all permutations of the samples.
        (
            (index - index.mean()).pow(2).sum() * (right - right.mean()).pow(2).sum() / pl.max_horizontal(count - 1, 1)
        ).alias("variance"),
    )
    table = per_cell.group_by(GROUP_COLUMNS).agg(pl.col("covariance").sum(), pl.col("variance").sum())
    return {
        Group(*row[:4]): float(row[4] / np.sqrt(row[5])) if row[5] > 0 else 0.0
        for row in table.select([*GROUP_COLUMNS, "covariance", "variance"]).rows()
    }
