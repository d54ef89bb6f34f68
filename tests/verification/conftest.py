"""All checks of this folder under one rate of false alarms, and their table at the end of the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from budgetsim.simulate.verification import FALSE_ALARM_RATE, Check, Evidence, Verdict, table, verify

FAMILY = 40
"""Checks that the rate is shared out to; the folder may hold at most so many of either size."""

PROPERTY = "verification"


@pytest.fixture
def judge(record_property: Callable[[str, object], None]) -> Callable[[Check, bool], None]:
    def make(check: Check, large: bool) -> None:
        (verdict,) = verify([check], large=large, family=FAMILY)
        record_property(PROPERTY, dataclasses.asdict(verdict))
        assert verdict.passed, f"{check.compares} ({check.source}):\n{table([verdict])}"

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    callspecs = [item.callspec for item in items if hasattr(item, "callspec") and "judge" in item.fixturenames]
    for large in (False, True):
        names = [spec.params["check"].name for spec in callspecs if spec.params["large"] == large]
        if len(names) > FAMILY or len(set(names)) < len(names):
            raise pytest.UsageError(f"at most {FAMILY} checks of different names share the rate, got {names}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    verdicts = [
        Verdict(**{**fields, "evidence": Evidence(**fields["evidence"])})
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, fields in getattr(report, "user_properties", ())
        if name == PROPERTY and report.when == "call"
    ]
    if verdicts:
        terminalreporter.section("verification")
        terminalreporter.write_line(table(verdicts))
        failed = sum(not verdict.passed for verdict in verdicts)
        terminalreporter.write_line(
            f"{len(verdicts) - failed} of {len(verdicts)} checks agree; if all do, any fails with probability at most "
            f"{FALSE_ALARM_RATE:g} at either size (p-values adjusted for {FAMILY} checks)"
        )
