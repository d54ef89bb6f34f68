"""From raw rows to typed columns: what is wrong with a row, said in the schema's words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import ValidationError
from pydantic_core import ErrorDetails, PydanticSerializationError, to_json

from budgetsim.traces.rejects import Fault, shortened
from budgetsim.traces.schema import FIELDS

#: The column that marks rows whose ``correct`` can only come from their score, decided when all scores are known.
BY_SCORE = "_by_score"

_REASONS = {
    "dict_type": "not_an_object",
    "missing": "missing_field",
    "finite_number": "not_finite",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "multiple_of": "out_of_range",
    "string_too_short": "out_of_range",
}
_GRADED = "correct, score, gold with answer, or the value of a node"


def explain(error: ValidationError, raw: bytes | Mapping[str, object]) -> Fault:
    """What is wrong with a row that did not pass the schema.

    Examples
    --------
    >>> from budgetsim.traces.schema import row_adapter
    >>> line = b'{"problem_id": "a", "correct": "yes"}'
    >>> try:
    ...     row_adapter().validate_json(line)
    ... except ValidationError as error:
    ...     fault = explain(error, line)
    >>> fault.reason, fault.field, fault.message
    ('wrong_type', 'correct', "expected true or false, found 'yes'")
    """
    details = error.errors(include_url=False, include_context=False)
    # A number among several allowed types fails as each of them; that it is not finite says most.
    detail = next((each for each in details if each["type"] == "finite_number"), details[0])
    if detail["type"] == "json_invalid" and isinstance(raw, bytes):
        return _not_json(detail, raw)
    if detail["type"] == "dict_type":
        return Fault("not_an_object", "expected a JSON object")
    field = str(detail["loc"][0]) if detail["loc"] else None
    expects = FIELDS[field].expects if field in FIELDS else "text as the name of a field"
    if detail["type"] == "missing" or (field == "problem_id" and detail["input"] is None):
        return Fault("missing_field", f"expected {expects}, found nothing", field)
    reason = _REASONS.get(detail["type"], "wrong_type")
    return Fault(reason, f"expected {expects}, found {_found(detail['input'])}", field)


def _not_json(detail: ErrorDetails, line: bytes) -> Fault:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return Fault(
            "not_utf8", f"expected UTF-8 text, found byte 0x{line[error.start]:02x} at column {error.start + 1}"
        )
    return Fault(
        "malformed_json", detail["msg"].removeprefix("Invalid JSON: ").replace(" at line 1 column", " at column")
    )


def _found(value: object) -> str:
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int) and value.bit_length() > 512:
        return "an integer of more than 150 digits"
    return shortened(value)


def frame(rows: Sequence[dict[str, object]]) -> tuple[pl.DataFrame, dict[int, Fault]]:
    """Columns of the schema out of checked rows, which are used up, and the rows that cannot be kept.

    The table has a row for each one given, faulty ones included, and the further column :data:`BY_SCORE`.
    """
    stated = pl.Series(["correct" in row for row in rows], dtype=pl.Boolean)
    answered = pl.Series(["answer" in row for row in rows], dtype=pl.Boolean)
    columns = {
        name: _column([row.pop(name, None) for row in rows], field.dtype, field.default)
        for name, field in FIELDS.items()
        if name != "extra"
    }
    faults: dict[int, Fault] = {}
    extra: list[str | None] = []
    for index, row in enumerate(rows):
        text = None
        if row:
            try:
                text = _extra(row)
            except Fault as fault:
                faults[index] = fault
        extra.append(text)
    table = pl.DataFrame(
        {**columns, "extra": pl.Series(extra, dtype=pl.String), "_stated": stated, "_answered": answered}
    )

    judged = pl.col("_answered") & pl.col("gold").is_not_null()
    agrees = (pl.col("answer").str.strip_chars() == pl.col("gold").str.strip_chars()).fill_null(False)
    graded = pl.any_horizontal(pl.col("correct", "score", "value").is_not_null()) | judged
    table = table.with_columns(
        correct=pl.when(~pl.col("_stated") & judged).then(agrees).otherwise("correct"),
        _by_score=~pl.col("_stated") & ~judged & pl.col("score").is_not_null(),
        _graded=graded,
    )
    for index in table["_graded"].not_().arg_true():
        faults.setdefault(index, Fault("missing_field", f"expected one of {_GRADED}, found none", "correct"))
    return table.drop("_stated", "_answered", "_graded"), faults


def _column(values: list[object], dtype: pl.DataType, default: str | None) -> pl.Series:
    if dtype == pl.String:
        try:
            column = pl.Series(values, dtype=pl.String)
        except TypeError:
            column = pl.Series([value if value is None else _text(value) for value in values], dtype=pl.String)
        return column if default is None else column.fill_null(default)
    # Counts were checked as numbers without a fraction.
    return pl.Series(values, dtype=pl.Boolean if dtype == pl.Boolean else pl.Float64).cast(dtype)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _extra(row: dict[str, object]) -> str:
    """The unknown fields as JSON; a column ``extra`` of our own writing is taken apart first."""
    packed = row.get("extra")
    if isinstance(packed, str):
        try:
            unpacked = json.loads(packed)
        except (ValueError, RecursionError):
            unpacked = None
        if isinstance(unpacked, dict):
            row = unpacked | {name: value for name, value in row.items() if name != "extra"}
    try:
        text = to_json(row, inf_nan_mode="constants")
        if b"NaN" in text or b"Infinity" in text:
            json.dumps(json.loads(text), allow_nan=False)
    except PydanticSerializationError as error:
        raise Fault("wrong_type", f"expected JSON values in the unknown fields ({error})") from None
    except ValueError:
        raise Fault("not_finite", "expected finite numbers in the unknown fields") from None
    return text.decode()


def decide_by_score(table: pl.DataFrame) -> pl.DataFrame:
    """Settle ``correct`` of the rows marked by :data:`BY_SCORE`, and drop the mark."""
    graded = pl.col("score").is_between(0, 1).fill_null(True).all().over("source", "task")
    solved = pl.when(graded).then(pl.col("score") >= 1)
    return table.with_columns(correct=pl.when(BY_SCORE).then(solved).otherwise("correct")).drop(BY_SCORE)
