"""The runs schema: the exported file is current, and the columns and the row check name the same fields."""

import json
from pathlib import Path

import budgetsim.traces
from budgetsim.traces.schema import FIELDS, PLACE, Row, json_schema


def test_committed_json_schema_is_current():
    committed = Path(budgetsim.traces.__file__).with_name("schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == json_schema()


def test_columns_and_row_check_agree():
    assert [*Row.__annotations__, "extra"] == list(FIELDS)
    assert set(PLACE) < set(FIELDS)
