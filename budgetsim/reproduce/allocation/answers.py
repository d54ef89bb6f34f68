"""How often each division of the tokens is right, played sub-question by sub-question, and its E3 score."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.allocation.played import PAID, PLAYED, PROBLEMS, Means, accuracy, e3_gain, e3_of
from budgetsim.reproduce.allocation.rules import (
    QUICK_WORLDS,
    SCHEDULES,
    WORLDS,
    decided,
    in_words,
    lead,
    parameters,
    share,
    where_most,
    worlds_of,
)
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table, shares_ahead
from budgetsim.simulate.reasoning import SubQuestions, allocation_prior
from budgetsim.simulate.reasoning.allocation_prior import LEVEL_BUDGETS
from budgetsim.theory.plan_and_budget import e3_score

DIVISIONS = {
    "global": "the model divides the tokens of its one call in shares drawn with concentration 1",
    "global, own division 4": "the model divides the tokens of its one call rather evenly, concentration 4",
    "global, own division 16": "the model divides the tokens of its one call almost evenly, concentration 16",
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Share of right answers, ``accuracy STRATEGY BUDGET``, in every world, of ``problems`` problems each."""
    settings = allocation_prior(QUICK_WORLDS if quick else WORLDS, seed)
    parts = np.array([setting.world.parts for setting in settings])
    found = {strategy: np.empty((len(settings), len(LEVEL_BUDGETS))) for strategy in PLAYED}
    kinds = np.unique(parts)
    for number, kind in enumerate(kinds):
        group = np.flatnonzero(parts == kind)
        # Worlds of another kind are another run, with a seed of its own.
        own_seed = int(np.random.SeedSequence([seed, int(kind)]).generate_state(1, np.uint64)[0])
        for place, strategy in enumerate(PLAYED):
            found[strategy][group] = accuracy([settings[world] for world in group], strategy, seed=own_seed)
            progress((number * len(PLAYED) + place + 1) / (kinds.size * len(PLAYED)))
    played = {
        f"accuracy {strategy} {budget}": found[strategy][:, place]
        for strategy in PLAYED
        for place, budget in enumerate(LEVEL_BUDGETS)
    }
    return parameters(settings) | {"problems": np.full(len(settings), PROBLEMS)} | played


def claims(table: Table) -> Iterator[Claim]:
    """What the worlds say about accuracy and the E3 score."""
    means = Means(table)
    where = f"{worlds_of(table)}, mean over five budgets, {table['problems'][0]} questions each"
    yield from _global(means, where)
    yield from _rules(means, where)
    yield from _score(means)


def _global(means: Means, where: str) -> Iterator[Claim]:
    paid = f"{DIVISIONS['global']} and that also gets the tokens of the planner"
    for schedule, (strategy, words) in product(("cosine", "linear"), {**DIVISIONS, PAID: paid}.items()):
        yield means.compared(
            schedule,
            strategy,
            f"a plan with budgets by the {schedule} schedule is right more often than one call with a global budget",
            f"{where}; {words}",
            f"{schedule} > global budget",
        )


def _rules(means: Means, where: str) -> Iterator[Claim]:
    front = np.maximum(means.mean["polynomial"], means.mean["cosine"])
    others = np.maximum.reduce([means.mean[name] for name in SCHEDULES if name not in ("polynomial", "cosine")])
    shares = shares_ahead(front, others, means.se["cosine"], means.se["linear"])
    found = lead(shares)
    yield ordering(
        "polynomial or cosine, the schedules of the best reported scores, are right more often than the other three;"
        " worlds ahead less worlds behind",
        f"{where}; {in_words(shares)}, {decided(means.table, np.ones(shares.worlds, bool), front - others)}",
        theirs="polynomial or cosine first",
        difference=found.difference,
        se=found.se,
        only_if=where_most(means.table, front - others > 2.0 * np.hypot(means.se["cosine"], means.se["linear"])),
        evidence="second-hand",
    )
    yield means.compared(
        "Eq. 6",
        "equal",
        "Eq. 6, which knows every sub-question, is right more often than equal tokens",
        where,
        "Eq. 6 > equal",
    )
    for name, words in (("least uncertainty", "the least sum of uncertainties"), ("Eq. 6", "Eq. 6")):
        lost = means.mean["most right"] - means.mean[name]
        worse = means.ahead("most right", name)
        one_rate = means.table["own rates"] == 0
        yield statement(
            f"{words} gives the most right answers",
            f"{where}; a sub-answer is wrong with its uncertainty, at most 1",
            theirs="optimal",
            ours=f"clearly fewer than the best split in {share(worse)} of worlds; {100.0 * lost.mean():.2f} +-"
            f" {100.0 * lost.std(ddof=1) / math.sqrt(lost.size):.2f} points on average",
            holds=not worse.any(),
            only_if=("all sub-questions have one decay rate", not worse[one_rate].any()),
            evidence="second-hand",
        )


def _score(means: Means) -> Iterator[Claim]:
    where = f"questions of all {means.table['r'].size} worlds as one benchmark"
    every = f"{where}, a fifth of them under each budget"
    scores = {strategy: e3_of(means, strategy) for strategy in PLAYED}
    in_order = sorted(scores, key=lambda strategy: -scores[strategy].value)
    yield statement(
        "polynomial or cosine has the largest E3 score of the five schedules",
        f"{every}; tokens of the solver, as the paper counts",
        theirs="polynomial or cosine first",
        ours=", ".join(f"{name} {scores[name].value:.2f} +- {scores[name].se:.2f}" for name in in_order),
        holds=next(name for name in in_order if name in SCHEDULES) in ("polynomial", "cosine"),
        evidence="second-hand",
    )
    for strategy, words in DIVISIONS.items():
        gain = e3_gain(means, "cosine", strategy)
        yield ordering(
            "gain of the E3 score from a global budget to the cosine schedule, %",
            f"{every}; {words}; tokens of the solver, as the paper counts",
            theirs="+12.5 % (MATH-500, DS-Qwen-32B)",
            difference=gain.value,
            se=gain.se,
            evidence="second-hand",
        )
    gain = e3_gain(means, "cosine", "global", more=SubQuestions().planner_output)
    yield ordering(
        "gain of the E3 score from a global budget to the cosine schedule, %, what the planner writes counted",
        f"{every}; {DIVISIONS['global']}",
        theirs="a gain",
        difference=gain.value,
        se=gain.se,
        evidence="derived",
    )
    for strategy, words in DIVISIONS.items():
        gain = e3_gain(means, "most right", strategy)
        yield ordering(
            "a better division of the same tokens can raise the E3 score by the largest reported gain, 193.8 %: gain of"
            " the best split of all less that",
            f"{every}; {words}",
            theirs="+193.8 % (TravelPlanner, DS-Qwen-32B)",
            difference=gain.value - 193.8,
            se=gain.se,
            evidence="sourced",
        )
    difference = means.each["cosine"][:, LEVEL_BUDGETS.index(350)] - means.each["global"][:, LEVEL_BUDGETS.index(600)]
    yield ordering(
        "a plan with the cosine schedule needs 39 % fewer tokens of the solver: its accuracy with 350 tokens less that"
        " of a global budget of 600",
        f"{where}; {DIVISIONS['global']}",
        theirs="39 % fewer tokens, at most",
        difference=float(difference.mean()),
        se=float(difference.std(ddof=1) / math.sqrt(difference.size)),
        evidence="sourced",
    )
    yield from _best_budget(means)


def _best_budget(means: Means) -> Iterator[Claim]:
    solved = means.each["most right"].max(axis=1) > 0.01
    rows = means.each["most right"][solved]
    best = np.argmax(e3_score(100.0 * rows, np.array(LEVEL_BUDGETS, np.float64)), axis=1)
    smaller = best < len(LEVEL_BUDGETS) - 1
    yield statement(
        "the budget of the best E3 score is the budget of the best accuracy",
        f"best split of all, {LEVEL_BUDGETS[0]} to {LEVEL_BUDGETS[-1]} tokens; the {share(solved)} of worlds"
        " in which a split is right more than once in a hundred times",
        theirs="no trade",
        ours=f"a smaller budget scores best in {share(smaller)} of them",
        holds=not smaller.any(),
        evidence="derived",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Who is right more often in which share of worlds; the E3 score over budgets."""
    means = Means(table)
    pairs = {
        "cosine, against global": ("cosine", "global"),
        "cosine, against a rather even global": ("cosine", "global, own division 4"),
        "cosine, against an almost even global": ("cosine", "global, own division 16"),
        "cosine, against global with its tokens": ("cosine", PAID),
        "linear, against equal": ("linear", "equal"),
        "cosine, against equal": ("cosine", "equal"),
        "polynomial, against equal": ("polynomial", "equal"),
        "exponential, against equal": ("exponential", "equal"),
        "Eq. 6, against equal": ("Eq. 6", "equal"),
        "Eq. 6, against the most right split": ("Eq. 6", "most right"),
    }
    bars = {label: means.shares(*pair) for label, pair in pairs.items()}
    panels = {"tokens": np.tile(np.array(LEVEL_BUDGETS, np.float64), table["r"].size)}
    shown = ("global", "equal", "linear", "cosine", "Eq. 6", "most right")
    budgets = np.array(LEVEL_BUDGETS, np.float64)
    scores = {name: np.asarray(e3_score(100.0 * means.each[name], budgets)).ravel() for name in shown}
    return {
        "answers": lambda look: share_bars(look, bars, "Right more often"),
        "score": lambda look: over_parameters(look, panels, scores, label="E3 score of a world", columns=1),
    }
