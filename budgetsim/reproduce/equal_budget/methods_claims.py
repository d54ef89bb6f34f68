"""What the table of methods says: each ordering in circulation, in which share of worlds it holds, and where."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.equal_budget.columns import (
    BEST,
    CHAIN,
    DEBATE,
    DERIVED,
    EARLY,
    HIGH,
    LOW,
    MATCHED,
    METHODS,
    MULTIPLES,
    ORACLE,
    PARAMETERS,
    RETRY,
    TWO_ROUNDS,
    VOTES,
    compare,
    difference,
    score,
)
from budgetsim.reproduce.equal_budget.winners import among_the_best, regret
from budgetsim.reproduce.equal_budget.wording import NEARLY_ALL, counted, listed, mean_and_error, of_worlds, region
from budgetsim.reproduce.verdicts import ORDER_ERRORS, ordering, statement
from budgetsim.reproduce.world_tables import Table, decided_by

TABLE = (VOTES, DEBATE, EARLY)
"""The methods of the table in circulation that run in worlds of votes; trees and TALE have worlds of their own."""

MOST = MULTIPLES[-1]
SECOND_ROUND = 8  # chains of thought that pay for calls in a second round of three debaters, and at times of six
FALLS_FROM = 4  # below, a larger budget first of all pays for an answer to every question
BY_CHANCE = 0.0228  # share of worlds in which one of two equal methods is ahead by two standard errors


def claims(table: Table) -> Iterator[Claim]:
    """Every claim of the table."""
    yield from _against_votes(table)
    yield from _circulating_table(table)
    yield from _debate(table)
    yield from _more_samples(table)
    yield from _what_decides(table)
    yield from _winners(table)


def _where(table: Table) -> str:
    return of_worlds(table, "votes")


def _against_votes(table: Table) -> Iterator[Claim]:
    for rival in (DEBATE, TWO_ROUNDS, RETRY, BEST):
        ahead = [compare(table, rival, VOTES, multiple).ahead for multiple in MULTIPLES]
        fine = [among_the_best(table, (VOTES, rival), multiple)[VOTES] for multiple in MULTIPLES]
        yield statement(
            f"at equal budgets self-consistency matches or beats {rival}",
            f"{_where(table)}; {counted(MULTIPLES)} chains of thought; share of worlds in which it does",
            theirs="matches or beats",
            ours=listed(1.0 - share for share in ahead),
            holds=max(ahead) <= 1.0 - NEARLY_ALL,
            only_if=_against_accepted(table) if rival == RETRY else region(table, PARAMETERS, np.all(fine, axis=0)),
            evidence="second-hand" if rival != BEST else "unverified",
        )


def _against_accepted(table: Table) -> tuple[str, bool]:
    """Where votes must win in the end: Reflexion ends with a wrong answer more often than a question is a trap."""
    weak = table["accepted wrong"] > table["trap share"]
    behind = compare(table, RETRY, VOTES, MOST, kept=weak).ahead
    return (
        f"the budget is {MOST} chains and more of the accepted answers are wrong than questions are traps "
        f"({weak.mean():.2f} of worlds, of which it does in {1.0 - behind:.2f})",
        bool(weak.any()) and behind <= 1.0 - NEARLY_ALL,
    )


def _circulating_table(table: Table) -> Iterator[Claim]:
    for words, method, budgets in (
        ("CoT-SC is best at a low budget", VOTES, LOW),
        ("CoT-SC is competitive at a high budget", VOTES, HIGH),
        ("anytime reasoning with early stopping is best at a low budget", EARLY, LOW),
        ("anytime reasoning with early stopping is best at a high budget", EARLY, HIGH),
    ):
        fine = [among_the_best(table, TABLE, multiple)[method] for multiple in budgets]
        shares = [float(best.mean()) for best in fine]
        of_all = [float(among_the_best(table, METHODS, multiple)[method].mean()) for multiple in budgets]
        yield statement(
            words,
            f"{_where(table)}; {counted(budgets)} chains of thought; share of worlds in which neither other one "
            "of self-consistency, debate and early stopping is ahead; in which none of eight methods is: "
            f"{listed(of_all)}",
            theirs="none is ahead",
            ours=listed(shares),
            holds=min(shares) >= NEARLY_ALL,
            only_if=region(table, PARAMETERS, np.all(fine, axis=0)),
            evidence="sourced",
        )
    lead = compare(table, EARLY, MATCHED, MOST)
    mean, error = mean_and_error(difference(table, EARLY, MATCHED, MOST))
    yield ordering(
        "early stopping is better than self-consistency that spends as much on average: difference of accuracies",
        f"{_where(table)}; {MOST} chains of thought, of which it spends "
        f"{table[f'spent by early stop {MOST}'].mean():.2f}; ahead in {lead.ahead:.2f} of worlds, behind in "
        f"{lead.behind:.2f}",
        theirs="better",
        difference=mean,
        se=error,
        evidence="sourced",
    )


def _debate(table: Table) -> Iterator[Claim]:
    behind = {multiple: compare(table, VOTES, DEBATE, multiple).ahead for multiple in MULTIPLES}
    large = [multiple for multiple in MULTIPLES if multiple >= SECOND_ROUND]
    yield statement(
        "debate is poor at a low budget",
        f"{_where(table)}; {counted(LOW)} chains of thought; share of worlds in which it is behind self-consistency",
        theirs="behind",
        ours=listed(behind[multiple] for multiple in LOW),
        holds=min(behind[multiple] for multiple in LOW) > 0.5,
        only_if=(
            f"low means the cost of a second round: with {counted(large)} chains it is behind in "
            f"{listed(behind[multiple] for multiple in large)} of worlds",
            min(behind[multiple] for multiple in large) > 0.5,
        ),
        evidence="sourced",
    )
    yield returns_of_debate(table, _where(table))
    votes = compare(table, VOTES, VOTES, FALLS_FROM, MOST)
    for method in (DEBATE, RETRY):
        fall = compare(table, method, method, FALLS_FROM, MOST)
        yield statement(
            f"{method} can fall with more budget",
            f"{_where(table)}; {MOST} chains of thought against {FALLS_FROM}; share of worlds in which it "
            f"falls; self-consistency falls in {votes.ahead:.2f}; no evaluator here prefers wrong answers",
            theirs="falls",
            ours=f"{fall.ahead:.3f} ± {fall.se:.3f}",
            holds=fall.ahead - ORDER_ERRORS * fall.se > BY_CHANCE,
            evidence="second-hand",
        )


def returns_of_debate(table: Table, where: str) -> Claim:
    """That a debate gains less by the next three doublings of the budget than by the first three."""
    gained = (score(table, DEBATE, 8).accuracy - score(table, DEBATE, 1).accuracy,
              score(table, DEBATE, 64).accuracy - score(table, DEBATE, 8).accuracy)  # fmt: skip
    mean, error = mean_and_error(gained[0] - gained[1])
    return ordering(
        "debate has diminishing returns: accuracy gained by the first three doublings less that by the next three",
        f"{where}; 1 to 8 chains of thought gain {gained[0].mean():.3f}, 8 to 64 gain {gained[1].mean():.3f}",
        theirs="diminishing",
        difference=mean,
        se=error,
        evidence="sourced",
    )


def _more_samples(table: Table) -> Iterator[Claim]:
    likely = table["mean right"] > 0.5
    trapped = table["trap share"] > 1.0 - table["mean right"]
    parts = (likely, ~likely, ~trapped, trapped)
    above, below, free, caught = (compare(table, VOTES, CHAIN, MOST, kept=kept) for kept in parts)
    yield statement(
        "self-consistency helps where a sample is more often right than not, and hurts elsewhere",
        f"{_where(table)}; {MOST} samples against one; share of worlds in which votes are ahead where the mean "
        "probability of a right sample is above one half, and behind where it is below",
        theirs="helps, hurts",
        ours=listed((above.ahead, below.behind)),
        holds=min(above.ahead, below.behind) >= NEARLY_ALL,
        only_if=(
            "it is said of traps, questions whose commonest answer is wrong: votes are not behind in "
            f"{1.0 - free.behind:.2f} of worlds with fewer traps than wrong samples, not ahead in "
            f"{1.0 - caught.ahead:.2f} of those with more",
            min(1.0 - free.behind, 1.0 - caught.ahead) >= NEARLY_ALL,
        ),
        evidence="second-hand",
    )
    lead = compare(table, ORACLE, VOTES, MOST)
    mean, error = mean_and_error(difference(table, ORACLE, VOTES, MOST))
    yield ordering(
        "Reflexion with an oracle is far above self-consistency: difference of accuracies",
        f"{_where(table)}; {MOST} chains of thought, of which the oracle is paid; ahead in "
        f"{lead.ahead:.2f} of worlds, behind in {lead.behind:.2f}",
        theirs="far above",
        difference=mean,
        se=error,
        evidence="second-hand",
    )


def _what_decides(table: Table) -> Iterator[Claim]:
    names = [name for name in PARAMETERS if name not in DERIVED]
    for words, rival, theirs in (
        ("difficulty decides whether self-consistency beats one chain", CHAIN, ("mean right",)),
        ("the evaluator decides whether Reflexion beats self-consistency", RETRY, ("accepts wrong", "accepts right")),
        ("the evaluator decides whether best of N beats self-consistency", BEST, ("accepts wrong", "accepts right")),
    ):
        lead = difference(table, VOTES, CHAIN, MOST) if rival == CHAIN else difference(table, rival, VOTES, MOST)
        decided = decided_by({name: table[name] for name in names}, lead)
        if not decided:  # the same in all worlds
            continue
        yield statement(
            words,
            f"{_where(table)}; {MOST} chains of thought; strongest rank correlations with the difference of "
            f"accuracies, standard error {decided[0].se:.2f}",
            theirs=" or ".join(theirs),
            ours="; ".join(f"{one.name} {one.correlation:+.2f}" for one in decided[:4]),
            holds=decided[0].name in theirs,
            only_if=(
                f"beside the {decided[0].name}, which comes first",
                any(one.name in theirs for one in decided[:2]),
            ),
            evidence="second-hand" if rival != BEST else "unverified",
        )


def _winners(table: Table) -> Iterator[Claim]:
    best = {multiple: among_the_best(table, METHODS, multiple) for multiple in MULTIPLES}
    shares = {(multiple, name): float(best[multiple][name].mean()) for multiple in MULTIPLES for name in METHODS}
    first = [max(METHODS, key=lambda name, m=multiple: shares[m, name]) for multiple in MULTIPLES]  # type: ignore[misc]
    yield statement(
        "one method is best at every budget",
        f"{_where(table)}; the one of eight methods, cheap tokens at their price, that none is ahead of in the "
        f"largest share of worlds, at {counted(MULTIPLES)} chains of thought",
        theirs="anytime with early stopping",
        ours="; ".join(f"{name} {shares[multiple, name]:.2f}" for multiple, name in zip(MULTIPLES, first, strict=True)),
        holds=any(min(shares[multiple, name] for multiple in MULTIPLES) >= NEARLY_ALL for name in METHODS),
        evidence="sourced",
    )
    for multiple in (FALLS_FROM, MOST):
        lost = {name: mean_and_error(values) for name, values in regret(table, METHODS, multiple).items()}
        order = sorted(lost, key=lambda name: lost[name][0])
        yield statement(
            "always using self-consistency costs less than always using another method",
            f"{_where(table)}; {multiple} chains of thought; mean accuracy lost to the best of eight methods, "
            f"cheap tokens at their price, in each world, standard error at most "
            f"{max(error for _, error in lost.values()):.3f}",
            theirs="least",
            ours="; ".join(f"{name} {lost[name][0]:.3f}" for name in order),
            holds=order[0] == VOTES,
            evidence="unverified",
        )
