"""The page of errata is fresh, and every entry has its counter-example and its test."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from budgetsim.reproduce.claim import VERDICTS
from budgetsim.reproduce.errata import CHAPTERS, Gap, claims, errata, erratum
from budgetsim.reproduce.errata.page import page, write

CHECKOUT = Path(__file__).parents[2]


def test_the_page_is_what_its_command_makes(tmp_path):
    write(tmp_path / "errata.md")
    made = (tmp_path / "errata.md").read_text(encoding="utf-8")
    assert made == page()
    assert (CHECKOUT / "papers" / "errata.md").read_text(encoding="utf-8") == made, (
        "python -m budgetsim.reproduce.errata papers/errata.md makes another page"
    )


@pytest.mark.parametrize(("heading", "chapter", "tests"), CHAPTERS)
def test_every_erratum_has_its_test_and_every_test_its_erratum(heading, chapter, tests):
    tree = ast.parse((Path(__file__).parent / tests).read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert [node.name for node in functions] == [f"test_{entry.key}" for entry in chapter], heading
    for node in functions:  # each checks the erratum it is named after
        keys = [
            call.args[0].value
            for call in ast.walk(node)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "refutes"
        ]
        assert keys == [node.name.removeprefix("test_")]


def test_every_counter_example_shows_an_error():
    entries = list(errata())
    assert len({entry.key for entry in entries}) == len(entries) > 50
    for entry in entries:
        assert entry.gaps(), entry.key
        assert all(gap.wrong for gap in entry.gaps()), entry.key


def test_a_right_formula_would_be_acquitted(refutes):
    assert not Gap("rounded", 0.67, 2 / 3, 0.005).wrong
    assert not Gap("rounding of a double", 0.1 + 0.2, 0.3).wrong
    assert Gap("another number", 0.66, 2 / 3, 0.005).wrong
    with pytest.raises(AssertionError, match="no error"):
        refutes("turns_of_one_agent", (7.2, 7.2))
    with pytest.raises(AssertionError):  # the page's number is not the test's
        refutes("turns_of_one_agent", (5.0, 7.2))


def test_errata_serve_as_claims():
    served = list(claims())
    assert len(served) == sum(len(entry.gaps()) for entry in errata())
    assert {claim.verdict for claim in served} == {"does not hold"} < set(VERDICTS)


def test_unknown_key():
    with pytest.raises(KeyError):
        erratum("nothing")
