"""The frame of statistical verification: many comparisons, few checks, one stated rate of false alarms.

A `Check` compares simulations with something that does not know them (a closed form, an enumeration) at as many random
parameter sets as it is asked for, and gives the `Evidence` against their agreement as one p-value. `verify` takes a
suite of checks under one rate: if everything agrees, the probability that *any* check fails is at most
`FALSE_ALARM_RATE`. Small sizes run with every test, large ones on demand; the rate is the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from budgetsim.simulate.estimate import Estimate

FALSE_ALARM_RATE = 2e-5
"""Probability that a suite of checks that all agree has any failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks against agreement.

    Parameters
    ----------
    p_value
        Probability, if all agrees, of evidence as strong; in [0, 1].
    comparisons
        Comparisons behind it, 1 or more.
    worst
        The largest distance among them, in standard errors, with its sign.
    where
        The comparison it belongs to.
    """

    p_value: float
    comparisons: int
    worst: float
    where: str = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.p_value <= 1.0:
            raise ValueError(f"p_value must lie in [0, 1], got {self.p_value}")
        if self.comparisons < 1:
            raise ValueError(f"comparisons must be 1 or more, got {self.comparisons}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A comparison that can be made at any number of parameter sets.

    Parameters
    ----------
    name
        Short and unique in its suite.
    compares
        What is compared with what.
    source
        Where the formula or the truth comes from.
    measure
        ``measure(sets)`` makes the comparison at so many parameter sets; the same number gives the same evidence.
    small, large
        Sets of the size that runs with every test, and of the one that runs on demand.
    """

    name: str
    compares: str
    source: str
    measure: Callable[[int], Evidence]
    small: int
    large: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one check: its evidence, and the p-value adjusted for all checks of the suite."""

    name: str
    sets: int
    evidence: Evidence
    adjusted: float
    passed: bool
    seconds: float


def count_score(successes: int, draws: int, probability: float) -> float:
    """Distance of a count from a stated probability: standard normal if it is right, with exact binomial tails.

    Half of the chance of the very count is taken to either side (mid-p), so that scores do not lean to one side.

    Examples
    --------
    >>> round(count_score(5200, 10_000, 0.5), 2)
    4.0
    >>> count_score(0, 10, 0.0)
    0.0
    """
    law = stats.binom(draws, probability)
    half = 0.5 * law.pmf(successes)
    below, above = law.cdf(successes - 1) + half, law.sf(successes) + half
    return float(stats.norm.ppf(below) if below < above else stats.norm.isf(above))


def share_score(estimate: Estimate, probability: float) -> float:
    """`count_score` of an estimate that counted successes."""
    return count_score(round(estimate.value * estimate.draws), estimate.draws, probability)


def agreement(scores: ArrayLike, labels: Sequence[object] = ()) -> Evidence:
    """Evidence of independent scores that are standard normal if all agrees.

    Four questions, of which the most telling answer counts four times: is one score wild; are they too large on the
    whole, or too small (an error overstated, or draws not independent); do they drift to one side?

    Raises
    ------
    ValueError
        If there is no score.

    Examples
    --------
    >>> agreement([0.3, -1.2, 0.8, -0.1]).p_value > 0.5
    True
    >>> agreement([0.3, -1.2, 0.8, -7.0]).p_value < 1e-10
    True
    """
    values = np.asarray(scores, dtype=np.float64).ravel()
    if values.size == 0:
        raise ValueError("scores must hold one score or more")
    position = int(np.argmax(np.where(np.isnan(values), np.inf, np.abs(values))))
    where = str(labels[position]) if len(labels) else ""
    if not np.isfinite(values).all():  # what is impossible, or not a number, is no agreement
        return Evidence(p_value=0.0, comparisons=values.size, worst=float(values[position]), where=where)
    squares = float(np.square(values).sum())
    answers = (
        values.size * 2.0 * stats.norm.sf(abs(values[position])),
        stats.chi2.sf(squares, values.size),
        stats.chi2.cdf(squares, values.size),
        2.0 * stats.norm.sf(abs(values.sum()) / math.sqrt(values.size)),
    )
    p_value = min(1.0, len(answers) * float(min(answers)))
    return Evidence(p_value=p_value, comparisons=values.size, worst=float(values[position]), where=where)


def holm(p_values: ArrayLike, *, family: int | None = None) -> NDArray[np.float64]:
    """P-values adjusted for their number by Holm's step-down rule.

    Rejecting every adjusted value of at most ``rate`` raises any false alarm with probability at most ``rate``,
    however the checks depend on each other. ``family`` may state more checks than are given: those made elsewhere.

    Notes
    -----
    Source: S. Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6
    (1979). The smallest value is adjusted as by Bonferroni; so whether anything at all is rejected can be told from
    each check alone.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    number = values.size if family is None else family
    if number < values.size:
        raise ValueError(f"family must be {values.size} or more, the number of p-values, got {number}")
    order = np.argsort(values, kind="stable")
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * (number - np.arange(values.size))))
    return adjusted


def verify(
    checks: Sequence[Check],
    *,
    large: bool = False,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    family: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Verdict]:
    """Make every check and judge them together.

    Parameters
    ----------
    checks
        The suite; names are unique.
    large
        Whether to make them at their large size.
    false_alarm_rate
        Probability that any check fails if all agree, within (0, 1).
    family
        Number of checks under the rate, if more than are given; see `holm`.
    progress
        Called with (checks done, checks) after every check.

    Raises
    ------
    ValueError
        If the rate is outside its domain, two checks share a name, or the family is smaller than the suite.

    Examples
    --------
    >>> heads = np.random.default_rng(1).binomial(1000, 0.5, size=50)
    >>> fair = Check(
    ...     name="fair coin", compares="heads with one half", source="derived", small=10, large=50,
    ...     measure=lambda sets: agreement([count_score(int(k), 1000, 0.5) for k in heads[:sets]]),
    ... )
    >>> verify([fair])[0].passed
    True
    """
    if not 0.0 < false_alarm_rate < 1.0:
        raise ValueError(f"false_alarm_rate must lie in (0, 1), got {false_alarm_rate}")
    if len({check.name for check in checks}) < len(checks):
        raise ValueError(f"names of checks must be unique, got {[check.name for check in checks]}")
    measured: list[tuple[int, Evidence, float]] = []
    for check in checks:
        started = time.perf_counter()
        sets = check.large if large else check.small
        measured.append((sets, check.measure(sets), time.perf_counter() - started))
        if progress is not None:
            progress(len(measured), len(checks))
    adjusted = holm([evidence.p_value for _, evidence, _ in measured], family=family)
    return [
        Verdict(
            name=check.name,
            sets=sets,
            evidence=evidence,
            adjusted=float(p_value),
            passed=bool(p_value > false_alarm_rate),
            seconds=seconds,
        )
        for check, (sets, evidence, seconds), p_value in zip(checks, measured, adjusted, strict=True)
    ]


def table(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as lines of text: sets, comparisons, largest distance in standard errors, p-values, seconds."""
    width = max([5, *(len(verdict.name) for verdict in verdicts)])
    lines = [f"{'check':<{width}}  {'sets':>5} {'compared':>8} {'worst z':>7} {'p':>7} {'adjusted':>8} {'s':>6}"]
    for verdict in verdicts:
        evidence = verdict.evidence
        line = (
            f"{verdict.name:<{width}}  {verdict.sets:>5} {evidence.comparisons:>8} {evidence.worst:>+7.2f}"
            f" {evidence.p_value:>7.2g} {verdict.adjusted:>8.2g} {verdict.seconds:>6.1f}"
        )
        lines.append(line if verdict.passed else f"{line}  FAILED at {evidence.where}")
    return "\n".join(lines)
