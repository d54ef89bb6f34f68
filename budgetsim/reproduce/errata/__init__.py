"""Formulas, tables and readings found wrong, each with a counter-example that is computed.

``python -m budgetsim.reproduce.errata papers/errata.md`` writes the page.

Examples
--------
>>> all(gap.wrong for gap in erratum("eq6_mixed_decay_rates").gaps())
True
"""

from __future__ import annotations

from collections.abc import Iterator

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.errata import answers, division, schedules, studies, trees, value_trees, voting
from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.reproduce.verdicts import statement

__all__ = ["CHAPTERS", "Erratum", "Gap", "claims", "errata", "erratum"]

# Heading, the errata under it, and the file of tests that recomputes them.
CHAPTERS: tuple[tuple[str, tuple[Erratum, ...], str], ...] = (
    ("Trees of agents", trees.ERRATA, "test_errata_trees.py"),
    ("Dividing a budget", division.ERRATA, "test_errata_division.py"),
    ("Schedules", schedules.ERRATA, "test_errata_schedules.py"),
    ("Value trees", value_trees.ERRATA, "test_errata_value_trees.py"),
    ("Token, time and tool budgets", answers.ERRATA, "test_errata_answers.py"),
    ("Votes, samples and verifiers", voting.ERRATA, "test_errata_voting.py"),
    ("Memory, personas and systems of agents", studies.ERRATA, "test_errata_studies.py"),
)


def errata() -> Iterator[Erratum]:
    """All errata in the order of the page."""
    for _, chapter, _ in CHAPTERS:
        yield from chapter


def erratum(key: str) -> Erratum:
    """The erratum of a key; raises KeyError if there is none."""
    for entry in errata():
        if entry.key == key:
            return entry
    raise KeyError(key)


def claims() -> Iterator[Claim]:
    """Every counter-example as a claim: what is said beside what comes out here."""
    for entry in errata():
        for gap in entry.gaps():
            yield statement(
                entry.title,
                gap.quantity,
                theirs=f"{gap.said:.5g}",
                ours=float(gap.right),
                holds=not gap.wrong,
                evidence=entry.evidence,
            )
