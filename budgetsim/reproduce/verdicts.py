"""Claims whose verdict follows from the numbers by one stated rule each; no verdict is typed in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from budgetsim.reproduce.claim import Claim, Evidence, Value, Verdict

# A rounding error of a double is no disagreement.
_SLACK = 1e-12
NUMBER_ERRORS = 3.0
ORDER_ERRORS = 2.0


def half_unit(printed: str) -> float:
    """Half a unit of the last printed digit: how far the true value may lie from a rounded one.

    Raises
    ------
    ValueError
        Not a finite decimal number.

    Examples
    --------
    >>> half_unit("0.47"), half_unit("2.768e-32")
    (0.005, 5e-36)
    """
    try:
        exponent = Decimal(printed).as_tuple().exponent
    except InvalidOperation as error:
        raise ValueError(f"expected a decimal number, found {printed!r}") from error
    if not isinstance(exponent, int):
        raise ValueError(f"expected a finite number, found {printed!r}")
    return float(Decimal(5).scaleb(exponent - 1))


def significant_digits(printed: str) -> int:
    """How many digits of a printed number carry information.

    Examples
    --------
    >>> significant_digits("0.0470"), significant_digits("2.768e-32")
    (3, 4)
    """
    return max(1, len(Decimal(printed).as_tuple().digits))


def number(
    claim: str,
    condition: str,
    *,
    theirs: str,
    ours: float,
    evidence: Evidence,
    se: float | None = None,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """A reported number beside ours: it holds within the rounding of the printed digits and 3 standard errors.

    Parameters
    ----------
    theirs
        The number as it is printed: its digits say how far it was rounded.
    ours, se
        Our number and its standard error, None when it is exact.
    only_if
        A narrower condition in words and whether the claim is true under it.

    Examples
    --------
    >>> number("critical correlation", "fan-in 5", theirs="0.238", ours=5 / 21, evidence="derived").verdict
    'holds'
    >>> number("reduction, %", "Table 3", theirs="68.64", ours=67.757, evidence="sourced").verdict
    'does not hold'
    """
    reported = float(theirs)
    allowed = half_unit(theirs) + NUMBER_ERRORS * (se or 0.0) + _SLACK * abs(reported)
    return _claim(claim, condition, reported, float(ours), se, abs(ours - reported) <= allowed, only_if, evidence)


def numbers(
    claim: str,
    condition: str,
    *,
    theirs: Sequence[str],
    ours: Sequence[float],
    evidence: Evidence,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """A row of reported numbers beside ours, all exact: it holds when every one does.

    Examples
    --------
    >>> numbers("critical correlation", "fan-in 5, 7", theirs=[".24", ".44"], ours=[5 / 21, 25 / 57],
    ...         evidence="derived").ours
    '0.238, 0.439'
    """
    pairs = list(zip(theirs, map(float, ours), strict=True))
    agree = [abs(value - float(text)) <= half_unit(text) + _SLACK * abs(float(text)) for text, value in pairs]
    # One decimal more than printed: rounding noise around 0 is not shown.
    kept = [round(value, 1 - math.floor(math.log10(2.0 * half_unit(text)))) for text, value in pairs]
    shown = ", ".join(f"{value:.{significant_digits(text) + 1}g}" for value, text in zip(kept, theirs, strict=True))
    return _claim(claim, condition, ", ".join(theirs), shown, None, all(agree), only_if, evidence)


def identity(
    claim: str,
    condition: str,
    *,
    theirs: str,
    gap: float,
    evidence: Evidence,
    tolerance: float = 1e-10,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """That two things are one: it holds when the largest difference found, ``gap``, is rounding.

    Examples
    --------
    >>> identity("UBA at shape 2 is cosine", "all fractions", theirs="equal", gap=2e-16, evidence="derived").ours
    'equal within 1e-10'
    """
    same = abs(gap) <= tolerance
    ours = f"equal within {tolerance:.0e}" if same else f"differs by {abs(gap):.3g}"
    return _claim(claim, condition, theirs, ours, None, same, only_if, evidence)


def statement(
    claim: str,
    condition: str,
    *,
    theirs: str,
    ours: Value,
    holds: bool,
    evidence: Evidence,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """A claim in words, with a truth value that the caller computes and, for a false one, a condition that saves it.

    Examples
    --------
    >>> statement("Eq. 6 is the optimum", "any decay rates", theirs="optimal", ours="0.04 above", holds=False,
    ...           only_if=("all decay rates are equal", True), evidence="second-hand").verdict
    'holds only if'
    """
    return _claim(claim, condition, theirs, ours, None, holds, only_if, evidence)


def ordering(
    claim: str,
    condition: str,
    *,
    theirs: str,
    difference: float,
    se: float,
    evidence: Evidence,
    only_if: tuple[str, bool] | None = None,
) -> Claim:
    """That one sampled thing exceeds another: ``difference`` (first less second) against 2 standard errors.

    It holds above +2 standard errors, does not hold below -2, and is unverified between: the draws cannot tell.

    Examples
    --------
    >>> ordering("tree above votes", "equal budget", theirs="tree > votes", difference=0.01, se=0.02,
    ...          evidence="sourced").verdict
    'unverified'
    """
    if abs(difference) <= ORDER_ERRORS * se:
        return Claim(
            claim=claim,
            condition=condition,
            theirs=theirs,
            ours=float(difference),
            se=se,
            verdict="unverified",
            evidence=evidence,
        )
    return _claim(claim, condition, theirs, float(difference), se, difference > 0.0, only_if, evidence)


def unverified(claim: str, condition: str, *, theirs: str, evidence: Evidence) -> Claim:
    """A claim that nothing here computes; reported so that its absence is seen."""
    return Claim(
        claim=claim, condition=condition, theirs=theirs, ours=None, se=None, verdict="unverified", evidence=evidence
    )


def _claim(
    claim: str,
    condition: str,
    theirs: Value,
    ours: Value,
    se: float | None,
    holds: bool,
    only_if: tuple[str, bool] | None,
    evidence: Evidence,
) -> Claim:
    verdict: Verdict = "holds" if holds else "does not hold"
    if not holds and only_if is not None and only_if[1]:
        verdict = "holds only if"
        condition = f"{condition}; holds only if {only_if[0]}"
    # Twelve digits: the same on every machine, and more than any comparison here needs.
    kept = float(f"{ours:.12g}") if isinstance(ours, float | int) else ours
    return Claim(claim=claim, condition=condition, theirs=theirs, ours=kept, se=se, verdict=verdict, evidence=evidence)
