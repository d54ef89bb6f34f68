"""Uncertainty that each rule leaves above the least, as BBAM counts it: arithmetic, but over drawn worlds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.allocation.rules import (
    QUICK_WORLDS,
    RULES,
    SCHEDULES,
    WORLDS,
    decided,
    in_words,
    lead,
    most,
    over_budgets,
    parameters,
    share,
    where_most,
    worlds_of,
)
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_figures import over_parameters
from budgetsim.reproduce.world_tables import Influence, Table, decided_by, shares_ahead
from budgetsim.simulate.reasoning import AllocationSetting, allocation_prior

COMPARED = (*SCHEDULES, "equal", "Eq. 6")
CLOSE, NEAR = 1.0, 10.0  # per cent above the least uncertainty
LABELS = {"equal": "the split into equal tokens", "Eq. 6": "Eq. 6"}
STEEPNESS = ("constant", "exponential", "linear", "cosine", "polynomial")  # from flat to steep


def uncertainty(setting: AllocationSetting, tokens: tuple[int, ...]) -> float:
    """Uncertainty left, the sum of c over tokens to the decay rate; without a token as with one.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import SubQuestions
    >>> world = SubQuestions(initial_uncertainty=(10.0, 20.0), decay_rate=(1.0, 2.0))
    >>> uncertainty(AllocationSetting(world, (50.0, 50.0), (20,)), (5, 10))
    2.2
    """
    given = np.maximum(np.array(tokens, np.float64), 1.0)
    left = np.array(setting.world.initial_uncertainty) * given ** -np.array(setting.world.decay_rate)
    return float(left.sum())


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Excess over the least uncertainty in per cent, ``excess RULE BUDGET``, in every world."""
    settings = allocation_prior(QUICK_WORLDS if quick else WORLDS, seed)
    table = parameters(settings)
    rows = []
    for place, setting in enumerate(settings):
        row: dict[str, float] = {}
        for budget in setting.budgets:
            least = uncertainty(setting, RULES["least uncertainty"](setting, budget))
            for rule in COMPARED:
                row[f"excess {rule} {budget}"] = 100.0 * (
                    uncertainty(setting, RULES[rule](setting, budget)) / least - 1
                )
        rows.append(row)
        progress((place + 1) / len(settings))
    return table | {name: np.array([row[name] for row in rows]) for name in rows[0]}


def claims(table: Table) -> Iterator[Claim]:
    """What the worlds say about Eq. 6, schedules and credits."""
    excess = {rule: over_budgets(table, "excess", rule) for rule in COMPARED}
    where = f"{worlds_of(table)}, five budgets; uncertainty as BBAM counts it"
    yield from _eq6(table, excess, where)
    yield from _schedules(table, excess, where)
    yield from _credits(table, excess, where)


def _eq6(table: Table, excess: Mapping[str, NDArray[np.float64]], where: str) -> Iterator[Claim]:
    own = table["own rates"] == 1
    close = excess["Eq. 6"].max(axis=1) <= CLOSE
    lost = excess["Eq. 6"].mean(axis=1)[own]
    yield statement(
        f"Eq. 6 leaves the least uncertainty, within {CLOSE:.0f} %",
        where,
        theirs="optimal",
        ours=f"in {share(close)} of worlds; where decay rates differ, in {share(close[own])}, and"
        f" {lost.mean():.0f} +- {lost.std(ddof=1) / math.sqrt(lost.size):.0f} % above it on average",
        holds=bool(close.all()),
        only_if=("all sub-questions have one decay rate", bool(close[~own].all())),
        evidence="second-hand",
    )
    for name, worlds in (("one decay rate for all sub-questions", ~own), ("a decay rate for each sub-question", own)):
        gain = np.log(_left(excess["equal"]) / _left(excess["Eq. 6"]))
        shares = shares_ahead(gain[worlds], 0.0, 0.0, 0.0)
        found = lead(shares)
        yield ordering(
            "Eq. 6 leaves less uncertainty than equal tokens; worlds ahead less worlds behind",
            f"{where}; {name}; {in_words(shares)}, {decided(table, worlds, gain)}",
            theirs="Eq. 6 < equal",
            difference=found.difference,
            se=found.se,
            evidence="second-hand",
        )


def _schedules(table: Table, excess: Mapping[str, NDArray[np.float64]], where: str) -> Iterator[Claim]:
    every, own = np.ones(table["r"].size, bool), table["own rates"] == 1
    means = np.stack([np.log(_left(excess[name])) for name in STEEPNESS])
    first = means.argmin(axis=0)
    steep = np.isin(first, [STEEPNESS.index(name) for name in ("polynomial", "cosine")])
    wins = ", ".join(f"{name} {np.mean(first == place):.2f}" for place, name in enumerate(STEEPNESS))
    yield statement(
        "the schedules of the best reported scores, polynomial or cosine, leave the least uncertainty of the five in"
        " most worlds",
        where,
        theirs="polynomial or cosine first",
        ours=f"in {share(steep)} of worlds; first: {wins}",
        holds=most(steep),
        only_if=where_most(table, steep),
        evidence="second-hand",
    )
    found = decided_by({"r": table["r"]}, first.astype(np.float64))
    along = found[0] if found else Influence("r", 0.0, 1.0)  # one schedule is the best everywhere
    yield ordering(
        "the faster uncertainty falls over the sub-questions, the steeper the best schedule; minus the rank"
        " correlation of r with its steepness",
        f"{where}; from flat to steep: {', '.join(STEEPNESS)}",
        theirs="steeper for smaller r",
        difference=-along.correlation,
        se=along.se,
        evidence="derived",
    )
    for name in COMPARED:
        lost = excess[name].mean(axis=1)
        near = lost <= NEAR
        yield statement(
            f"{LABELS.get(name, f'the {name} schedule')} spends a budget well: at most {NEAR:.0f} % more"
            " uncertainty than the best split, in most worlds",
            f"{where}; its excess goes {decided(table, every, lost)}",
            theirs="spends it well",
            ours=f"in {share(near)} of worlds; median excess {np.median(lost[~own]):.0f} % with one decay rate,"
            f" {np.median(lost[own]):.0f} % with own ones",
            holds=most(near),
            only_if=where_most(table, near),
            evidence="sourced" if name in SCHEDULES else "second-hand" if name == "Eq. 6" else "derived",
        )
    best = means.min(axis=0)
    gap = float(best[own].mean() - best[~own].mean())
    yield ordering(
        "the best of the five schedules is further from the best split where decay rates differ; difference of the"
        " mean logarithm of its uncertainty over the least",
        where,
        theirs="further",
        difference=gap,
        se=math.hypot(*(best[part].std(ddof=1) / math.sqrt(part.sum()) for part in (own, ~own))),
        evidence="derived",
    )


def _credits(table: Table, excess: Mapping[str, NDArray[np.float64]], where: str) -> Iterator[Claim]:
    shipped = table["planner credits"] == 1
    gain = np.log(_left(excess["equal"]) / _left(excess["constant"]))
    shares = shares_ahead(gain[shipped], 0.0, 0.0, 0.0)
    found = lead(shares)
    yield ordering(
        "credits of the planner leave less uncertainty than equal tokens, no schedule; worlds ahead less worlds behind",
        f"{where}; worlds with the mean credits of the released decompositions, uncertainty falling over the"
        f" sub-questions; {in_words(shares)}",
        theirs="credits < equal",
        difference=found.difference,
        se=found.se,
        evidence="second-hand",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Excess uncertainty over how difficulty decays, with one decay rate and with own ones."""
    own = table["own rates"] == 1
    shown = ("constant", "exponential", "linear", "cosine", "polynomial", "Eq. 6")
    panels = {
        "r, one decay rate": np.where(own, np.nan, table["r"]),
        "r, own decay rates": np.where(own, table["r"], np.nan),
    }
    series = {name: np.log2(_left(over_budgets(table, "excess", name))) for name in shown}
    label = "doublings of uncertainty\nabove the best split"
    return {"decay": lambda look: over_parameters(look, panels, series, label=label, columns=2)}


def _left(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uncertainty over the least, geometric mean over budgets [worlds]."""
    return np.asarray(np.exp(np.log1p(excess / 100.0).mean(axis=1)))
