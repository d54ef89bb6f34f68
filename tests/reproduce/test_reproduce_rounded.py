"""Claims from printed numbers: what rounding allows and what it does not; the transcribed table."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest

from budgetsim.reproduce import agent_scaling, bats, personas, repeated_sampling
from budgetsim.reproduce.budgetmem_table import TABLE
from budgetsim.reproduce.rounded import from_printed


def ratio(first: float, second: float) -> float:
    return first / second


def test_what_some_unrounded_inputs_give_is_never_refuted():
    rng = np.random.default_rng(20)
    for first, second in rng.uniform(0.2, 0.9, (300, 2)):
        claim = from_printed(
            "ratio",
            "drawn",
            theirs=f"{first / second:.3f}",
            inputs=(f"{first:.2f}", f"{second:.2f}"),
            formula=ratio,
            evidence="derived",
        )
        assert claim.verdict == "holds"


def test_what_no_unrounded_inputs_give_is_refuted():
    # All pairs of three-digit inputs that round to .35 and .32, exactly: none gives a ratio that rounds to 1.14.
    near = [Decimal(n) / 1000 for n in range(345, 356)], [Decimal(n) / 1000 for n in range(315, 326)]
    reached = [first / second for first, second in itertools.product(*near)]
    low, high = min(reached), max(reached)
    for printed, holds in (("1.09", True), ("1.13", True), ("1.14", False), ("1.05", False)):
        half = Decimal("0.005")
        assert (low - half <= Decimal(printed) <= high + half) is holds
        claim = from_printed("ratio", "c", theirs=printed, inputs=(".35", ".32"), formula=ratio, evidence="derived")
        assert (claim.verdict == "holds") is holds
        assert claim.ours == pytest.approx(0.35 / 0.32)


def test_a_condition_saves_only_what_is_true_under_it():
    given = {"theirs": "2.0", "inputs": (".35", ".32"), "formula": ratio, "evidence": "derived"}
    assert from_printed("r", "c", **given, only_if=("x", False)).verdict == "does not hold"
    assert from_printed("r", "c", **given, only_if=("x", True)).verdict == "holds only if"


def test_the_transcribed_table_is_whole():
    for rows in TABLE.values():
        assert len(rows) == 10
        for row in rows.values():
            assert [len(cell) for cell in row] == [3, 3, 3, 3]
            assert all(0.0 < float(value) < 100.0 for cell in row for value in cell)


@pytest.mark.parametrize(
    ("module", "function", "claim"),
    [
        (agent_scaling, "failure_ratio", "ratio of failure rates"),
        (bats, "capped_geometric_calls", "stopping becomes likelier from call to call"),
        (personas, "pooled_recall", "recall in %, pooled and as a mean of ratios"),
        (repeated_sampling, "adaptive_min_majority", "votes of the leader at which sampling stops"),
    ],
)
def test_a_wrong_formula_turns_the_verdict(module, function, claim, monkeypatch):
    def verdict() -> str:
        [found] = [part for part in module.claims() if part.claim.startswith(claim)]
        return found.verdict

    assert verdict() == "holds"
    right = getattr(module, function)

    def wrong(*args, **kwargs):
        found = right(*args, **kwargs)
        return type(found)(*(2 * part for part in found)) if isinstance(found, tuple) else 2 * found

    monkeypatch.setattr(module, function, wrong)
    assert verdict() != "holds"
