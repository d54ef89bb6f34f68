"""What the table of five methods says: every cell of the table in circulation, who wins, and what decides it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.equal_budget.columns import compare, difference, right, score
from budgetsim.reproduce.equal_budget.five_columns import (
    BUDGETS,
    COMPETING,
    DEBATE,
    DERIVED,
    DIFFICULTY,
    EARLY,
    EVALUATOR,
    HIGH,
    LOW,
    NARROW,
    PARAMETERS,
    SLIGHT,
    STOPPING,
    THINKING,
    TOLD,
    TRAPS,
    TREE,
    VOTES,
)
from budgetsim.reproduce.equal_budget.methods_claims import returns_of_debate
from budgetsim.reproduce.equal_budget.winners import among_the_best, regret
from budgetsim.reproduce.equal_budget.wording import NEARLY_ALL, listed, mean_and_error, of_worlds, region
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_tables import Table, decided_by

MOST = BUDGETS[-1]
ENDING = {STOPPING: MOST, THINKING: 2.0, TOLD: 2.0}
"""Methods that end before the budget does, and the budget at which CoT-SC is set beside them."""

CELLS = (
    ("CoT-SC is best at a low budget", (VOTES,), LOW, "best"),
    ("CoT-SC is competitive at a high budget", (VOTES,), HIGH, "good"),
    ("tree of thoughts is poor at a low budget", (TREE,), LOW, "poor"),
    ("tree of thoughts is good at a high budget", (TREE,), HIGH, "good"),
    ("debate is poor at a low budget", (DEBATE,), LOW, "poor"),
    ("TALE is good at a low budget", (TOLD,), LOW, "good"),
    ("TALE drops slightly at a high budget", (TOLD,), HIGH, "good"),
    ("anytime reasoning that thinks on until it stops early is best at a low budget", (THINKING,), LOW, "best"),
    ("anytime reasoning that thinks on until it stops early is best at a high budget", (THINKING,), HIGH, "best"),
    ("votes that stop early are best at a low budget", (STOPPING,), LOW, "best"),
    ("votes that stop early are best at a high budget", (STOPPING,), HIGH, "best"),
    ("one of two readings of anytime reasoning with early stopping is best at a low budget", EARLY, LOW, "best"),
    ("one of two readings of anytime reasoning with early stopping is best at a high budget", EARLY, HIGH, "best"),
)
"""Cells of the table: the words, the methods of which one has to be so, at which budgets, and what it is."""


def claims(table: Table) -> Iterator[Claim]:
    """Every claim of the table."""
    for words, methods, budgets, kind in CELLS:
        yield _cell(table, words, methods, budgets, kind)
    yield returns_of_debate(table, _where(table))
    yield _tree_of_width_one(table)
    yield from _those_that_end_early(table)
    yield from _winners(table)
    yield from _what_decides(table)


def is_so(table: Table, method: str, budget: float, kind: str) -> NDArray[np.bool_]:
    """Whether a method is ``best``, ``good`` or ``poor`` at a budget, as declared with the prior [worlds].

    Examples
    --------
    >>> table = {"problems": np.array([1000, 1000])}
    >>> table |= {f"{name} 1": np.array([500, 480]) for name in COMPETING} | {"CoT-SC 1": np.array([500, 600])}
    >>> [is_so(table, *cell).tolist() for cell in (("CoT-SC", 1, "best"), ("TALE", 1, "good"), ("TALE", 1, "poor"))]
    [[True, True], [True, False], [False, True]]
    """
    best = among_the_best(table, COMPETING, budget)[method]
    good = regret(table, COMPETING, budget)[method] <= SLIGHT
    return {"best": best, "good": good, "poor": ~best & ~good}[kind]


def words_of(budgets: Sequence[float]) -> str:
    """Budgets in words.

    Examples
    --------
    >>> words_of((0.5, 1.0, 64.0))
    '1/2, 1 and 64'
    """
    names = ["1/2" if budget == 0.5 else f"{budget:g}" for budget in budgets]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _where(table: Table) -> str:
    return of_worlds(table, "thoughts")


def _cell(table: Table, words: str, methods: Sequence[str], budgets: Sequence[float], kind: str) -> Claim:
    so = [np.any([is_so(table, method, budget, kind) for method in methods], axis=0) for budget in budgets]
    shares = [float(share.mean()) for share in so]
    meant = {
        "best": "none of six methods is ahead of it",
        "good": f"it is at most {SLIGHT} behind the best of six methods",
        "poor": f"another one of six methods is ahead of it, and the best one by more than {SLIGHT}",
    }[kind]
    needed = NEARLY_ALL if kind == "best" else 0.5
    return statement(
        words,
        f"{_where(table)}; {words_of(budgets)} chains of thought; share of worlds in which {meant}; "
        f"holds from {needed:g} on",
        theirs=kind,
        ours=listed(shares),
        holds=min(shares) >= NEARLY_ALL if kind == "best" else min(shares) > needed,
        only_if=region(table, PARAMETERS, np.all(so, axis=0)),
        evidence="sourced",
    )


def _tree_of_width_one(table: Table) -> Claim:
    leads = [compare(table, TREE, NARROW, budget) for budget in HIGH]
    mean, error = mean_and_error(np.mean([difference(table, TREE, NARROW, budget) for budget in HIGH], axis=0))
    return ordering(
        "a tree as wide as the budget allows is better than one of width 1: difference of accuracies",
        f"{_where(table)}; mean over {words_of(HIGH)} chains of thought; the first ahead in "
        f"{listed(lead.ahead for lead in leads)} of worlds, behind in {listed(lead.behind for lead in leads)}",
        theirs="better",
        difference=mean,
        se=error,
        evidence="unverified",
    )


def _those_that_end_early(table: Table) -> Iterator[Claim]:
    spent = {name: table[f"tokens {right(name, MOST)}"] for name in (VOTES, *ENDING)}
    for name, budget in ENDING.items():
        mean, error = mean_and_error(score(table, name, MOST).accuracy - score(table, VOTES, budget).accuracy)
        share = spent[name] / np.maximum(spent[VOTES], 1.0)
        yield ordering(
            f"{name} at {MOST:g} chains of thought is right more often than CoT-SC at {budget:g}",
            f"{_where(table)}; accuracies {score(table, name, MOST).accuracy.mean():.3f} and "
            f"{score(table, VOTES, budget).accuracy.mean():.3f}; it spends {share.mean():.2f} of what CoT-SC spends at "
            f"{MOST:g}",
            theirs="more often",
            difference=mean,
            se=error,
            evidence="unverified",
        )


def _winners(table: Table) -> Iterator[Claim]:
    shares = {
        (budget, name): float(is_so(table, name, budget, "best").mean()) for budget in BUDGETS for name in COMPETING
    }
    first = [max(COMPETING, key=lambda name, b=budget: shares[b, name]) for budget in BUDGETS]  # type: ignore[misc]
    yield statement(
        "one of the five methods is best at every budget",
        f"{_where(table)}; the one that none of six is ahead of in the largest share of worlds, at {words_of(BUDGETS)} "
        "chains of thought",
        theirs="anytime with early stopping",
        ours="; ".join(f"{name} {shares[budget, name]:.2f}" for budget, name in zip(BUDGETS, first, strict=True)),
        holds=any(min(shares[budget, name] for budget in BUDGETS) >= NEARLY_ALL for name in EARLY),
        evidence="sourced",
    )
    for budget in (0.5, 4.0, MOST):
        lost = {name: mean_and_error(values) for name, values in regret(table, COMPETING, budget).items()}
        order = sorted(lost, key=lambda name: lost[name][0])
        yield statement(
            "always using anytime reasoning with early stopping costs less than always using another of the five",
            f"{_where(table)}; {budget:g} chains of thought; mean accuracy lost to the best of six methods in each "
            f"world, standard error at most {max(error for _, error in lost.values()):.3f}",
            theirs="least",
            ours="; ".join(f"{name} {lost[name][0]:.3f}" for name in order),
            holds=order[0] in EARLY,
            evidence="unverified",
        )


def _what_decides(table: Table) -> Iterator[Claim]:
    names = [name for name in PARAMETERS if name not in DERIVED]
    for words, expected in (
        ("difficulty decides", DIFFICULTY),
        ("the evaluator decides", EVALUATOR),
        ("the share of traps decides", TRAPS),
    ):
        for rival in (TREE, THINKING):
            lead = difference(table, rival, VOTES, MOST)
            looked_at = [*names, *(name for name in expected if name in DERIVED)]
            if expected == EVALUATOR:  # both rates are in their distance
                looked_at = [name for name in looked_at if not name.startswith("accepts")]
            decided = decided_by({name: table[name] for name in looked_at}, lead)
            if not decided:  # the same in all worlds
                continue
            yield statement(
                f"{words} whether {rival} beats CoT-SC",
                f"{_where(table)}; {MOST:g} chains of thought; strongest rank correlations with the difference of "
                f"accuracies, standard error {decided[0].se:.2f}",
                theirs=" or ".join(expected),
                ours="; ".join(f"{one.name} {one.correlation:+.2f}" for one in decided[:4]),
                holds=decided[0].name in expected,
                only_if=(
                    f"beside the {decided[0].name}, which comes first",
                    any(one.name in expected for one in decided[:2]),
                ),
                evidence="unverified",
            )
