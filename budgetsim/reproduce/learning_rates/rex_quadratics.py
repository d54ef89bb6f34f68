"""REX against the schedules it was compared with, on noisy quadratics with tuned rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import norm

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.learning_rates.profiles import (
    LOW,
    agreement,
    clearly,
    measure_profiles,
    over_budgets,
    ranks,
    settings,
    where_all,
)
from budgetsim.reproduce.verdicts import statement
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.noisy_quadratics import PROFILES

RIVALS = {
    "linear": "linear decay",
    "cosine": "cosine decay",
    "exponential": "exponential decay by e^-5",
    "step_30_60_90": "steps at 30, 60 and 90 %",
    "step_50_75": "steps at 50 and 75 %",
    "one_cycle": "OneCycle",
    "constant": "no schedule",
}
COMPARED = ("rex", *RIVALS)
FALSE_ALARM = 2e-5


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Losses of REX and its rivals in the 18 settings of the prior."""
    profiles = {name: PROFILES[name] for name in COMPARED}
    tuning, runs = (2, 16) if quick else (16, 256)
    return measure_profiles(profiles, tuning=tuning, runs=runs, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """What the settings say about REX."""
    where = settings(table)
    low = table["percent"] < LOW
    yield agreement_claim(table, COMPARED, where)
    sign = clearly(table, "rex", "linear")
    for words, part in ((f"below {LOW:.0f} %", low), (f"of {LOW:.0f} % and more", ~low)):
        yield statement(
            f"REX ends below the linear schedule at budgets {words}",
            where,
            theirs="REX < linear" if part is low else "REX <= linear",
            ours=counted(sign[part]),
            holds=bool(np.all(sign[part] == -1)) if part is low else not np.any(sign[part] == 1),
            only_if=where_all(table, part & (sign == -1)),
            evidence="sourced",
        )
    for rival, words in RIVALS.items():
        sign = clearly(table, "rex", rival)
        yield statement(
            f"REX matches or beats {words} at low and at high budgets",
            where,
            theirs=f"REX <= {rival}",
            ours=f"low {counted(sign[low])}; high {counted(sign[~low])}",
            holds=not np.any(sign == 1),
            only_if=where_all(table, sign != 1),
            evidence="sourced",
        )
    yield from _finishes(table, where)


def _finishes(table: Table, where: str) -> Iterator[Claim]:
    low = table["percent"] < LOW
    top = {name: row <= 3 for name, row in zip(COMPARED, ranks(table, COMPARED), strict=True)}
    first = ranks(table, COMPARED)[0] == 1
    yield statement(
        "REX is the best schedule of all, most often",
        f"{where}; eight schedules",
        theirs="REX first",
        ours=f"best in {first[low].sum()} of {low.sum()} settings with low budgets, in {first[~low].sum()} of"
        f" {(~low).sum()} with high ones; among the best three in {top['rex'][low].sum()} and {top['rex'][~low].sum()}",
        holds=bool(first.mean() > 0.5),
        only_if=where_all(table, first),
        evidence="sourced",
    )
    shares = {name: (top[name][low].mean(), top[name][~low].mean()) for name in ("linear", "one_cycle", "exponential")}
    yield statement(
        "the linear schedule is among the best three in most settings, at low and at high budgets",
        f"{where}; eight schedules",
        theirs="in 78 % of settings with low, 62 % with high budgets",
        ours=f"in {100 * shares['linear'][0]:.0f} % with low, {100 * shares['linear'][1]:.0f} % with high budgets",
        holds=min(shares["linear"]) > 0.5,
        evidence="sourced",
    )
    order = [top[name].mean() for name in ("linear", "one_cycle", "exponential", "constant")]
    yield statement(
        "how often a schedule is among the best three falls from linear to OneCycle, exponential and none",
        f"{where}; eight schedules",
        theirs="70, 45, 11, 5 %",
        ours=", ".join(f"{100 * share:.0f}" for share in order) + " %",
        holds=all(one > two for one, two in pairwise(order)),
        evidence="sourced",
    )


def agreement_claim(table: Table, profiles: tuple[str, ...], where: str) -> Claim:
    """That the simulated losses are those of the recursion of moments."""
    largest, count = agreement(table, profiles)
    allowed = float(norm.isf(FALSE_ALARM / count / 2.0))
    return statement(
        "simulated losses are those that a recursion of second moments expects",
        f"{where}; {count} losses, all within {allowed:.1f} standard errors",
        theirs="equal",
        ours=f"at most {largest:.1f} standard errors apart",
        holds=largest <= allowed,
        evidence="derived",
    )


def counted(sign: np.ndarray) -> str:
    """How often below, level and above, in words.

    Examples
    --------
    >>> counted(np.array([-1, -1, 0, 1]))
    'below in 2, level in 1, above in 1 of 4'
    """
    below, level, above = (int(np.sum(sign == value)) for value in (-1, 0, 1))
    return f"below in {below}, level in {level}, above in {above} of {sign.size}"


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Losses over that of the linear schedule."""
    lines = {name: RIVALS.get(name, "REX") for name in ("rex", "cosine", "exponential", "step_30_60_90", "one_cycle")}
    return {"budgets": lambda look: over_budgets(look, table, lines, "linear")}
