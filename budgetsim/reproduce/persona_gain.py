"""The study of personas at matched tokens: votes of personas against as many tokens of one model's samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.share_claims import error_of_mean, leads, mostly
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Shares, Table, decided_by, shares_ahead

WORLDS, QUICK_WORLDS = 200, 3
PROBLEMS, QUICK_PROBLEMS = 10_000, 1000
MULTIPLES = (1, 2, 4, 8, 16)
"""Budgets, in mean tokens of one sample."""
HEADLINE = 4
"""What the method costs in the released logs, in standard prompts, on three of four tasks."""
SPREADS = (0.0, 0.5, 2.0)
"""Spreads of the personas beside the prior's 1."""

TRAPPED = "the commonest answer is wrong to more than half of the questions"
PARAMETERS = {
    "right mean": "mean right-answer probability",
    "concentration": "concentration of questions",
    "answers": "answers",
    "dominant": "share of the dominant wrong answer",
    "correlation": "correlation of personas",
    "written": "share of a sample's tokens that are written",
    "traps": "questions whose commonest answer is wrong",
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every world of the prior `votes`: personas and plain votes at every budget, one sample at the headline's.

    Columns: parameters of the world, ``S B`` the accuracy of strategy S (``personas``, ``votes``, ``single``) at B
    times the tokens of a sample, ``personas B spread X`` with another spread of the personas, each followed by its
    standard error, and ``tokens S`` spent on a question at the headline budget, of those of one sample.
    """
    # Tables are judged and drawn without the simulator.
    from budgetsim.reproduce.persona_runs import played

    return played(
        QUICK_WORLDS if quick else WORLDS,
        QUICK_PROBLEMS if quick else PROBLEMS,
        multiples=MULTIPLES,
        headline=HEADLINE,
        spreads=SPREADS,
        seed=seed,
        progress=progress,
    )


def claims(table: Table) -> Iterator[Claim]:
    """What personas gain, where, and how much of it is only more samples."""
    votes = {multiple: ahead(table, f"personas {multiple}", f"votes {multiple}") for multiple in MULTIPLES}
    trapped = table["traps"] > 0.5
    below = ahead(table, f"personas {HEADLINE}", f"votes {HEADLINE}", trapped) if trapped.any() else None
    again = ahead(table, f"votes {HEADLINE}", f"single {HEADLINE}")
    yield mostly(
        "votes of personas are right more often than one sample",
        f"{HEADLINE} times the tokens of a sample, of which the sample uses one; plain votes are in {again.ahead:.2f}",
        theirs="more often",
        shares=ahead(table, f"personas {HEADLINE}", f"single {HEADLINE}"),
        evidence="sourced",
    )
    for multiple, shares in votes.items():
        yield mostly(
            "votes of personas are right more often than plain votes at the same tokens",
            f"{multiple} times the tokens of a sample",
            theirs="more often",
            shares=shares,
            evidence="unverified",
            only_if=(TRAPPED, multiple == HEADLINE and below is not None and leads(below)),
        )
    if below is not None:
        yield mostly(
            "votes of personas are right more often than plain votes at the same tokens",
            f"{HEADLINE} times the tokens of a sample, worlds in which {TRAPPED}",
            theirs="more often",
            shares=below,
            evidence="unverified",
        )
    plain = table[f"votes {HEADLINE}"] - table[f"single {HEADLINE}"]
    gained = table[f"personas {HEADLINE}"] - table[f"single {HEADLINE}"]
    yield ordering(
        "personas gain more over one sample than asking again does",
        f"mean over worlds at {HEADLINE} times the tokens of a sample; plain votes gain {plain.mean():+.3f}, personas "
        f"{gained.mean():+.3f}",
        theirs="more",
        difference=float(np.mean(gained - plain)),
        se=error_of_mean(gained - plain),
        evidence="measured",
    )
    yield from _decided(table)
    yield from _spreads(table)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Figures by name."""
    bars = {f"one sample, {HEADLINE} × its tokens": ahead(table, f"personas {HEADLINE}", f"single {HEADLINE}")}
    for multiple in MULTIPLES:
        bars[f"plain votes, {multiple} × the tokens"] = ahead(table, f"personas {multiple}", f"votes {multiple}")
    shown = {"traps": "commonest answer wrong, share", "right mean": "mean right-answer probability",
             "correlation": "correlation of personas"}  # fmt: skip
    parameters = {label: table[name] for name, label in shown.items()}
    series = {f"{multiple} × the tokens": gain(table, multiple) for multiple in (2, HEADLINE, 16)}
    return {
        "shares": lambda look: share_bars(look, bars, "Votes of personas over"),
        "gain": lambda look: over_parameters(look, parameters, series, label="personas less plain votes"),
    }


def gain(table: Table, multiple: int, spread: float | None = None) -> NDArray[np.float64]:
    """Accuracy of personas less that of plain votes [worlds]."""
    ending = "" if spread is None else f" spread {spread:g}"
    return np.asarray(table[f"personas {multiple}{ending}"] - table[f"votes {multiple}"], np.float64)


def ahead(table: Table, first: str, second: str, worlds: NDArray[np.bool_] | slice = slice(None)) -> Shares:
    """In which share of worlds, or of some of them, one strategy is ahead of another."""
    columns = (first, second, f"{first} se", f"{second} se")
    return shares_ahead(*(table[name][worlds] for name in columns))


def _decided(table: Table) -> Iterator[Claim]:
    found = decided_by({label: table[name] for name, label in PARAMETERS.items()}, gain(table, HEADLINE))
    by_name = {part.name: part for part in found}
    strongest = f"the strongest of {len(found)} parameters is {found[0].name}, {found[0].correlation:+.2f}"
    where = f"{HEADLINE} times the tokens of a sample; rank correlation over worlds; {strongest}"
    right, correlation = by_name[PARAMETERS["right mean"]], by_name[PARAMETERS["correlation"]]
    yield ordering(
        "personas gain the more over plain votes, the better the model is",
        f"{where}; every persona is as apt to play a weak model as a strong one",
        theirs="the more",
        difference=right.correlation,
        se=right.se,
        evidence="sourced",
    )
    yield ordering(
        "personas gain the more over plain votes, the less they err together",
        f"{where}, its sign turned",
        theirs="the more",
        difference=-correlation.correlation,
        se=correlation.se,
        evidence="derived",
    )


def _spreads(table: Table) -> Iterator[Claim]:
    none = gain(table, HEADLINE, 0.0)
    yield number(
        "personas that do not differ gain nothing over plain votes",
        f"spread 0, {HEADLINE} times the tokens of a sample; mean gain over worlds",
        theirs="0.000",
        ours=float(none.mean()),
        se=error_of_mean(none),
        evidence="derived",
    )
    changes = gain(table, HEADLINE, SPREADS[-1]) - gain(table, HEADLINE, SPREADS[1])
    shown = ", ".join(f"{spread:g}: {gain(table, HEADLINE, spread).mean():+.4f}" for spread in SPREADS)
    yield ordering(
        "the more personas differ, the more they gain over plain votes",
        f"{HEADLINE} times the tokens of a sample; mean gain at spread {SPREADS[-1]:g} less that at {SPREADS[1]:g}; by "
        f"spread {shown}, 1: {gain(table, HEADLINE).mean():+.4f}",
        theirs="the more",
        difference=float(changes.mean()),
        se=error_of_mean(changes),
        evidence="derived",
    )
