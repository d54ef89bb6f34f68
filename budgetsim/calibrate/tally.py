"""Counts of right, wrong and missing answers per group and problem: all that calibration needs of the runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from budgetsim.errors import InputError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


class Group(NamedTuple):
    """One configuration on one task: the unit that gets parameters and predictions of its own.

    ``temperature`` is NaN-free: ``None`` where the runs do not say.
    """

    model: str
    strategy: str
    task: str
    temperature: float | None

    def label(self) -> str:
        """Short text for tables and figures."""
        parts = [self.model, self.strategy, self.task]
        return " | ".join(parts if self.temperature is None else [*parts, f"T={self.temperature:g}"])


GROUP_COLUMNS = list(Group._fields)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sufficient counts of a set of runs; a *cell* is one problem as answered by one group.

    Attributes
    ----------
    groups
        The groups, sorted.
    problems
        ``(task, problem_id)`` of every problem, sorted; the same problem is one entry for all groups that saw it.
    group, problem
        Index into ``groups`` and ``problems``, one per cell. Shape ``(cells,)``; sorted by group, then problem.
    correct, total, abstained
        Right answers, all answers and answers that could not be parsed. Shape ``(cells,)``.
    wrong
        How often each wrong answer was given. Shape ``(cells, answers)``. A column means the same answer in every
        cell of one problem, and nothing across problems.
    vocabulary
        How many different wrong answers a problem may draw, per problem. Shape ``(problems,)``.
    tokens
        Mean prompt plus completion tokens of one sample per cell, NaN where the runs do not say. Shape ``(cells,)``.
    answers_known
        Whether the group logs its answers; if not, all its wrong answers are one. Shape ``(groups,)``.
    prompts_known
        Whether all samples of the group with completion tokens have prompt tokens, too. Shape ``(groups,)``.
    set_aside
        Rows that are not samples of an answer with a known correctness, by reason.
    """

    groups: list[Group]
    problems: list[tuple[str, str]]
    group: Integers
    problem: Integers
    correct: Floats
    total: Floats
    abstained: Floats
    wrong: Floats
    vocabulary: Integers
    tokens: Floats
    answers_known: Booleans
    prompts_known: Booleans
    set_aside: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.group)

    def of_group(self, index: int) -> Integers:
        """Indices of the cells of one group."""
        return np.flatnonzero(self.group == index)

    def subset(self, cells: Integers | Booleans) -> Tally:
        """The same groups and problems with some of the cells only."""
        return Tally(
            self.groups,
            self.problems,
            self.group[cells],
            self.problem[cells],
            self.correct[cells],
            self.total[cells],
            self.abstained[cells],
            self.wrong[cells],
            self.vocabulary,
            self.tokens[cells],
            self.answers_known,
            self.prompts_known,
            self.set_aside,
        )


#: Why a row is no sample of an answer with a known correctness, and how to tell. Order matters: the first one counts.
_ASIDE: dict[str, pl.Expr] = {
    "node of a search tree": pl.col("node_id").is_not_null(),
    "turn or message after the first": (pl.col("round") > pl.col("round").min().over(GROUP_COLUMNS)).fill_null(False),
    "correctness unknown": pl.col("correct").is_null(),
}


def answered_samples(table: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """Samples with a known correctness, and how many rows were set aside by reason."""
    set_aside: dict[str, int] = {}
    for reason, expression in _ASIDE.items():
        found = table.select(expression.sum()).item()
        if found:
            set_aside[reason] = int(found)
            table = table.filter(~expression)
    return table, set_aside


#: Tasks with at most this many different answers are taken for multiple choice: any of them may be given anywhere.
CHOICES = 12
#: Room for wrong answers that nobody gave yet, on tasks with free answers.
FREE_ANSWERS = 8


def tabulate(table: pl.DataFrame, fit: Callable[[pl.DataFrame], pl.Series] | None = None) -> tuple[Tally, Tally]:
    """Count a table of runs into cells, split into two halves by a rule.

    Parameters
    ----------
    table
        Rows of the runs schema (columns of :data:`budgetsim.traces.schema.FIELDS`).
    fit
        From the rows to a Boolean series: true for the rows of the first half. None puts every row there.

    Returns
    -------
    tuple of Tally
        The first half and the rest, over the same groups, problems, cells and wrong answers. The vocabulary, the tokens
        and whether answers are logged come from the first half alone: what is held out tells nothing.

    Raises
    ------
    InputError
        If no row is a sample of an answer with a known correctness.
    """
    samples, set_aside = answered_samples(table)
    if samples.is_empty():
        reasons = ", ".join(f"{count} {reason}" for reason, count in set_aside.items()) or "the table is empty"
        raise InputError(f"no sampled answer with a known correctness ({reasons})", field="correct")
    samples = samples.with_columns(
        pl.when("correct").then(None).otherwise(pl.col("answer").str.strip_chars()).alias("wrong")
    )
    groups = samples.select(GROUP_COLUMNS).unique().sort(GROUP_COLUMNS).with_row_index("g")
    problems = samples.select("task", "problem_id").unique().sort("task", "problem_id").with_row_index("i")
    samples = samples.join(groups, on=GROUP_COLUMNS, nulls_equal=True).join(problems, on=["task", "problem_id"])
    samples = samples.with_columns(first=pl.lit(True) if fit is None else fit(samples))
    known = samples.filter("first")
    answered = known.group_by("g").agg(pl.col("answer").is_null().all().alias("silent"))
    silent = (
        groups.select("g").join(answered, on="g", how="left").sort("g").with_columns(pl.col("silent").fill_null(False))
    )
    # A group that logs no answers at all says nothing about abstentions: its wrong answers count as one answer.
    samples = samples.join(silent, on="g").with_columns(
        pl.when(pl.col("silent") & ~pl.col("correct")).then(pl.lit("")).otherwise("wrong").alias("wrong")
    )
    given = samples.filter(pl.col("wrong").is_not_null())
    seen = given.group_by("i", "wrong").agg(pl.col("first").any())
    columns = seen.sort(["i", "first", "wrong"], descending=[False, True, False]).with_columns(
        pl.int_range(pl.len()).over("i").alias("a")
    )
    cells = samples.select("g", "i").unique().sort("g", "i").with_row_index("c")
    samples = samples.join(columns, on=["i", "wrong"], how="left").join(cells, on=["g", "i"])
    first = samples["first"].to_numpy()
    widest = columns.select(pl.col("a").max().fill_null(-1)).to_series().to_list()[0] if len(columns) else 0
    shape = (len(cells), int(widest) + 1)
    spent = (pl.col("prompt_tokens").fill_null(0) + pl.col("completion_tokens")).mean().alias("tokens")
    paid = samples.filter("first").group_by("c").agg(spent)
    tokens = cells.select("c").join(paid, on="c", how="left")
    unasked = pl.col("prompt_tokens").is_null() & pl.col("completion_tokens").is_not_null()
    prompts = samples.group_by("g").agg(unasked.any().alias("unknown")).sort("g")
    common = (
        [Group(*row) for row in groups.drop("g").rows()],
        [(task, problem) for task, problem in problems.drop("i").rows()],
        cells["g"].to_numpy().astype(np.int64),
        cells["i"].to_numpy().astype(np.int64),
    )
    trailing = (
        _vocabulary(samples.filter("first"), problems, columns.filter("first")),
        tokens.sort("c")["tokens"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        ~silent["silent"].to_numpy(),
        ~prompts["unknown"].to_numpy(),
        set_aside,
    )
    first_half, rest = (_count(samples.filter(keep), shape, common, trailing) for keep in (first, ~first))
    return first_half, rest


def _count(
    rows: pl.DataFrame,
    shape: tuple[int, int],
    common: tuple[list[Group], list[tuple[str, str]], Integers, Integers],
    trailing: tuple[Integers, Floats, Booleans, Booleans, dict[str, int]],
) -> Tally:
    cell = rows["c"].to_numpy()
    right = rows["correct"].to_numpy()
    answer = rows["a"].fill_null(-1).to_numpy()
    wrong = np.zeros(shape)
    np.add.at(wrong, (cell[answer >= 0], answer[answer >= 0]), 1.0)
    correct = np.bincount(cell[right], minlength=shape[0]).astype(float)
    total = np.bincount(cell, minlength=shape[0]).astype(float)
    vocabulary, tokens, answers_known, prompts_known, set_aside = trailing
    return Tally(
        *common,
        correct,
        total,
        total - correct - wrong.sum(1),
        wrong,
        vocabulary,
        tokens,
        answers_known,
        prompts_known,
        set_aside,
    )


def _vocabulary(samples: pl.DataFrame, problems: pl.DataFrame, columns: pl.DataFrame) -> Integers:
    """Different wrong answers a problem may draw: those of its task if they are few, else those seen and some more."""
    answers = samples.select("task", pl.col("answer").str.strip_chars().alias("text"))
    per_task = answers.drop_nulls().unique().group_by("task").len("different")
    seen = columns.group_by("i").len("seen")
    table = problems.join(per_task, on="task", how="left").join(seen, on="i", how="left").sort("i").fill_null(0)
    different, known = table["different"].to_numpy().astype(np.int64), table["seen"].to_numpy().astype(np.int64)
    few = (different > 0) & (different <= CHOICES)
    room = np.where(few, different - 1, known + FREE_ANSWERS * (different > 0))
    return np.asarray(np.maximum(known, room).clip(1), np.int64)
