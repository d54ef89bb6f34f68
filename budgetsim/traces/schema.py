"""The runs schema: one row per sampled answer, the same for every reader and writer.

A row says which answer of which run it is (``run_id``, ``source``, ``model``, ``strategy``, ``task``, ``temperature``,
``problem_id``, ``sample_index``), how good it was (``correct``, ``score``, ``answer``, ``gold``) and what it cost
(``prompt_tokens``, ``completion_tokens``, ``n_calls``, ``budget``). Search trees add ``node_id``, ``parent_id``,
``depth``, ``value``; agents who exchange messages add ``round``, ``agent``. Unknown fields are kept as JSON text in
``extra``.

Required are ``problem_id`` and one of ``correct``, ``score``, ``gold`` with ``answer``, or, for the node of a tree, its
``value``. Everything else may be absent or null:

* texts that name a run (``run_id``, ``source``, ``model``, ``strategy``, ``task``) become ``"unknown"``;
* ``sample_index`` becomes the row's number, from 0, among the rows of the same place (:data:`PLACE`);
* ``correct``, when the row has no such field, is ``answer == gold`` without surrounding blanks (a null answer, one that
  could not be parsed, is wrong), and for rows with a score alone ``score >= 1`` where all scores of the same source and
  task lie in [0, 1]; a rating from 1 to 10 leaves it null. A field that is there is kept, null included;
* all else stays null.

Identifiers may be integers and answers numbers; both are read as text (``7`` is ``"7"``, ``42.0`` is ``"42"``). Nothing
else is coerced: ``"true"`` is not a truth value, ``"3"`` not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Required

import polars as pl
from pydantic import ConfigDict, TypeAdapter, with_config
from pydantic import Field as Limits
from typing_extensions import TypedDict  # pydantic takes the one in typing only from Python 3.12 on

#: The version of the schema, part of the exported JSON Schema's ``$id``.
VERSION = 1

#: What an absent ``run_id``, ``source``, ``model``, ``strategy`` or ``task`` is read as.
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its type in the table, what a file must hold, what is put where a file holds nothing."""

    dtype: pl.DataType
    expects: str
    default: str | None = None


_TEXT, _COUNT, _NUMBER = pl.String(), pl.Int64(), pl.Float64()

#: Every column of a table of runs, in order. All but ``extra`` are fields of a file's rows.
FIELDS: dict[str, Field] = {
    "run_id": Field(_TEXT, "text or an integer", UNKNOWN),
    "source": Field(_TEXT, "text", UNKNOWN),
    "model": Field(_TEXT, "text", UNKNOWN),
    "strategy": Field(_TEXT, "text", UNKNOWN),
    "task": Field(_TEXT, "text", UNKNOWN),
    "problem_id": Field(_TEXT, "text or an integer, not empty"),
    "sample_index": Field(_COUNT, "an integer, 0 or more"),
    "correct": Field(pl.Boolean(), "true or false"),
    "score": Field(_NUMBER, "a finite number"),
    "answer": Field(_TEXT, "text or a finite number"),
    "gold": Field(_TEXT, "text or a finite number"),
    "prompt_tokens": Field(_NUMBER, "a finite number, 0 or more"),
    "completion_tokens": Field(_NUMBER, "a finite number, 0 or more"),
    "n_calls": Field(_COUNT, "an integer, 0 or more"),
    "budget": Field(_NUMBER, "a finite number, 0 or more"),
    "temperature": Field(_NUMBER, "a finite number, 0 or more"),
    "node_id": Field(_TEXT, "text or an integer"),
    "parent_id": Field(_TEXT, "text or an integer"),
    "depth": Field(_COUNT, "an integer, 0 or more"),
    "value": Field(_NUMBER, "a finite number"),
    "round": Field(_COUNT, "an integer, 0 or more"),
    "agent": Field(_TEXT, "text or an integer"),
    "extra": Field(_TEXT, "the unknown fields, a JSON object as text"),
}

#: Where a row stands. Two rows that agree in all of these and in ``sample_index`` are duplicates.
PLACE = (
    "run_id",
    "source",
    "model",
    "strategy",
    "task",
    "temperature",
    "problem_id",
    "node_id",
    "round",
    "agent",
)

_Name = str | int
_Answer = str | int | float
_Amount = Annotated[float, Limits(ge=0)]
# 3.0 is an integer to JSON Schema and to whoever exports integers with gaps; above 2^53 floats skip integers.
_Index = Annotated[float, Limits(ge=0, le=2**53, multiple_of=1)]


@with_config(ConfigDict(strict=True, extra="allow", allow_inf_nan=False, title="One sampled answer of a run"))
class Row(TypedDict, total=False):
    """One row of a runs file as it is checked: strict types, finite numbers, unknown fields allowed."""

    run_id: _Name | None
    source: str | None
    model: str | None
    strategy: str | None
    task: str | None
    problem_id: Required[Annotated[str, Limits(min_length=1)] | int]
    sample_index: _Index | None
    correct: bool | None
    score: float | None
    answer: _Answer | None
    gold: _Answer | None
    prompt_tokens: _Amount | None
    completion_tokens: _Amount | None
    n_calls: _Index | None
    budget: _Amount | None
    temperature: _Amount | None
    node_id: _Name | None
    parent_id: _Name | None
    depth: _Index | None
    value: float | None
    round: _Index | None
    agent: _Name | None


@cache
def row_adapter() -> TypeAdapter[Row]:
    """The validator of one row, built once.

    Examples
    --------
    >>> row_adapter().validate_json('{"problem_id": "gsm8k/0", "correct": true, "level": 4}')
    {'problem_id': 'gsm8k/0', 'correct': True, 'level': 4}
    """
    return TypeAdapter(Row)


def table_schema() -> dict[str, pl.DataType]:
    """Column names and types of a table of runs.

    Examples
    --------
    >>> table_schema()["sample_index"]
    Int64
    """
    return {name: field.dtype for name, field in FIELDS.items()}


def json_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of one row; ``schema.json`` beside this module holds the same.

    Examples
    --------
    >>> json_schema()["required"]
    ['problem_id']
    """
    given = {
        name: {"properties": {name: {"not": {"type": "null"}}}, "required": [name]}
        for name in ("correct", "score", "value")
    }
    answered = {"properties": {"gold": {"not": {"type": "null"}}}, "required": ["answer", "gold"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"budgetsim-runs-{VERSION}",
        **row_adapter().json_schema(),
        "anyOf": [*given.values(), answered],
    }
