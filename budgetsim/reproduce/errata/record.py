"""One formula found wrong: what is said, what is right, and a counter-example in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from budgetsim.reproduce.claim import Evidence

Origin = Literal["paper", "code", "popular"]

# A rounding error of a double is no counter-example.
_SLACK = 1e-9


@dataclass(frozen=True)
class Gap:
    """One quantity by the formula that is said and by the one that is right.

    Parameters
    ----------
    quantity
        What both numbers are, with its unit and setting.
    said, right
        The two numbers. Where one side is a bound ("at most", "at least"), ``said`` is the bound.
    within
        Half a unit of the last digit of ``said`` where it was read off a printed table, else 0.

    Examples
    --------
    >>> Gap("mean of two numbers", 2.82, 7.23, 0.005).wrong, Gap("the same, rounded", 7.23, 7.2333, 0.005).wrong
    (True, False)
    """

    quantity: str
    said: float
    right: float
    within: float = 0.0

    @property
    def wrong(self) -> bool:
        """Whether the two differ by more than rounding; false would acquit the formula."""
        return abs(self.said - self.right) > self.within + _SLACK * max(abs(self.said), abs(self.right))


@dataclass(frozen=True, kw_only=True)
class Erratum:
    """A formula, table or reading found wrong.

    Parameters
    ----------
    key
        Name of its test: ``test_<key>``.
    title
        A few words.
    said
        What is said, in our words.
    where
        Where it is said: title and arXiv identifier, repository, or kind of text.
    by
        Who says it: the paper (or accounts of it), the released code, or others about the paper (popular).
    evidence
        How it is known that it is said; a second-hand one is "as reported" and not pinned on the authors.
    right
        What is right.
    proof
        Why, in two lines.
    gaps
        Computes the counter-example.
    """

    key: str
    title: str
    said: str
    where: str
    by: Origin
    evidence: Evidence
    right: str
    proof: str
    gaps: Callable[[], tuple[Gap, ...]]
