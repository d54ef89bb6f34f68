"""Claims and verdicts: the rules at their edges, records there and back, records that are wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.tables import computed, from_json, markdown, plain, summary, to_json
from budgetsim.reproduce.verdicts import (
    half_unit,
    identity,
    number,
    numbers,
    ordering,
    significant_digits,
    statement,
    unverified,
)

CLAIM = Claim(
    claim="c",
    condition="always",
    theirs=1.0,
    ours=2.0,
    se=None,
    verdict="does not hold",
    evidence="derived",
    command="x",
)


@pytest.mark.parametrize(
    ("printed", "ours", "se", "verdict"),
    [
        ("0.47", 0.475, None, "holds"),
        ("0.47", 0.4749, None, "holds"),
        ("0.47", 0.4751, None, "does not hold"),
        ("0.470", 0.4706, None, "does not hold"),
        ("48", 48.4, None, "holds"),
        ("48", 47.4, None, "does not hold"),
        ("2.768e-32", 2.7684e-32, None, "holds"),
        ("2.768e-32", 2.7686e-32, None, "does not hold"),
        ("-.3333", -1 / 3, None, "holds"),
        ("0.5", 0.85, 0.1, "holds"),
        ("0.5", 0.86, 0.1, "does not hold"),
        ("0.5", 0.14, 0.1, "does not hold"),
    ],
)
def test_a_number_holds_within_rounding_and_three_standard_errors(printed, ours, se, verdict):
    assert number("c", "d", theirs=printed, ours=ours, se=se, evidence="sourced").verdict == verdict


def test_a_row_holds_only_as_a_whole():
    assert numbers("c", "d", theirs=["1", "2"], ours=[1.2, 2.4], evidence="sourced").verdict == "holds"
    assert numbers("c", "d", theirs=["1", "2"], ours=[1.2, 2.6], evidence="sourced").verdict == "does not hold"
    with pytest.raises(ValueError, match=r"shorter|longer"):
        numbers("c", "d", theirs=["1", "2"], ours=[1.0], evidence="sourced")


def test_a_row_shows_our_digits_and_not_the_printed_ones():
    assert numbers("c", "d", theirs=[".24", "0.0"], ours=[5 / 21, 3e-16], evidence="derived").ours == "0.238, 0"


@pytest.mark.parametrize(
    ("difference", "verdict"),
    [(0.21, "holds"), (0.2, "unverified"), (0.0, "unverified"), (-0.2, "unverified"), (-0.21, "does not hold")],
)
def test_an_ordering_needs_two_standard_errors(difference, verdict):
    made = ordering("a > b", "d", theirs="a > b", difference=difference, se=0.1, evidence="figure")
    assert made.verdict == verdict
    assert made.se == 0.1


@pytest.mark.parametrize(
    ("holds", "saved", "verdict"),
    [
        (True, True, "holds"),
        (True, False, "holds"),
        (False, True, "holds only if"),
        (False, False, "does not hold"),
    ],
)
def test_a_condition_saves_a_false_statement_only_if_it_is_true_under_it(holds, saved, verdict):
    made = statement("c", "d", theirs="x", ours="y", holds=holds, only_if=("it rains", saved), evidence="derived")
    assert made.verdict == verdict
    assert ("it rains" in made.condition) == (verdict == "holds only if")


def test_an_identity_is_judged_by_its_gap():
    assert identity("c", "d", theirs="equal", gap=-1e-11, evidence="derived").verdict == "holds"
    assert identity("c", "d", theirs="equal", gap=-1e-3, evidence="derived").verdict == "does not hold"
    assert identity("c", "d", theirs="equal", gap=float("nan"), evidence="derived").verdict == "does not hold"


@pytest.mark.parametrize(("printed", "half", "digits"), [("12", 0.5, 2), (".050", 0.0005, 2), ("7.044e8", 5e4, 4)])
def test_printed_digits_are_read(printed, half, digits):
    assert half_unit(printed) == pytest.approx(half, rel=1e-12)
    assert significant_digits(printed) == digits


@pytest.mark.parametrize("printed", ["", "about 5", "nan", "inf"])
def test_what_is_no_number_is_refused(printed):
    with pytest.raises(ValueError):
        half_unit(printed)


def test_a_claim_survives_json():
    claims = [CLAIM, replace(CLAIM, theirs="a | b", ours="ü", se=0.5, verdict="holds", evidence="sourced")]
    text = to_json([*claims, unverified("c", "d", theirs="x", evidence="unverified")])
    assert from_json(text)[:2] == claims
    assert [set(entry) for entry in json.loads(text)] == [
        {"claim", "condition", "theirs", "ours", "se", "verdict", "evidence", "command"}
    ] * 3
    assert json.loads(text)[2]["ours"] is None
    assert from_json(to_json([])) == []


@pytest.mark.parametrize("text", ["{}", "[1]", '[{"claim": "c"}]', "no"])
def test_what_is_no_list_of_claims_is_refused(text):
    with pytest.raises(ValueError):
        from_json(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"claim": ""},
        {"claim": "two\nlines"},
        {"condition": None},
        {"theirs": True},
        {"ours": float("nan")},
        {"ours": None},
        {"se": -1.0},
        {"se": float("inf")},
        {"verdict": "true"},
        {"evidence": "hearsay"},
    ],
)
def test_a_wrong_record_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(CLAIM, **wrong)


def test_tables_show_every_claim_and_keep_their_columns():
    claims = [CLAIM, replace(CLAIM, theirs="a | b"), unverified("u", "d", theirs="x", evidence="figure")]
    rows = markdown(claims).splitlines()
    assert len(rows) == 2 + len(claims)
    assert {row.replace("\\|", "").count("|") for row in rows} == {8}
    assert "u (d)" in plain(claims)
    assert summary(claims) == "3 claims: 2 does not hold, 1 unverified"


def test_a_number_is_shown_to_the_digits_of_its_error():
    assert computed(replace(CLAIM, ours=0.123456, se=0.0123)) == "0.123 ± 0.012"
    assert computed(replace(CLAIM, ours=1234.56, se=120.0)) == "1235 ± 120"
    assert computed(replace(CLAIM, ours=1234.5678)) == "1234.6"
