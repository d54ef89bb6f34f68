"""What the table of worlds says about the headline and about the rules that select nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.value_trees import headline_rules as rules
from budgetsim.reproduce.value_trees.headline_readings import (
    CRITIC,
    Floats,
    difference,
    has,
    influences,
    listed,
    mean,
    saving_condition,
    shares,
    spread,
)
from budgetsim.reproduce.verdicts import ORDER_ERRORS, ordering, statement
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.hop_prior import BUDGETS

HIGH = f"{rules.CHAINS} high"
LOW = f"{rules.TREE} low"


class Order(NamedTuple):
    """Who is said to be ahead of whom."""

    claim: str
    first: str
    second: str
    evidence: Evidence


EQUAL = [
    Order(f"the value tree is more accurate than chains of the same budget, {budget}", f"{rules.TREE} {budget}",
          f"{rules.CHAINS} {budget}", "sourced")
    for budget in BUDGETS
]  # fmt: skip
OTHERS_AT_A_QUARTER = [
    Order(f"{what} at the low budget is more accurate than chains of four times the budget", f"{name} low", HIGH,
          "unverified")
    for name, what in {
        rules.GREEDY: "the tree that always expands its best node",
        rules.UCB: "the tree with a confidence bonus",
        rules.UNIFORM: "the tree that expands any node",
        rules.SPLIT: "the tree that splits its budget in proportion to value",
        rules.BEST_FIRST: "best-first search by absolute scores",
        rules.RANDOM_STEPS: "random expansion, the best absolute score answering,",
    }.items()
]  # fmt: skip
SELECTION = [
    Order(f"an exponent that grows as the budget falls selects better than {what}, {budget} budget",
          f"{rules.TREE} {budget}", f"{name} {budget}", "unverified")
    for name, what in {
        rules.GREEDY: "always the best node",
        rules.UCB: "a confidence bonus",
        rules.UNIFORM: "chance",
        rules.INVERTED: "one that falls with it",
    }.items()
    for budget in ("low", "high")
]  # fmt: skip
ABLATION = [
    Order("ablation: chains are more accurate than random expansion without a critic", f"{rules.CHAINS} mid",
          f"{rules.BLIND} mid", "second-hand"),
    Order("ablation: values of steps alone, exponent 1, are more accurate than chains", f"{rules.STEADY} mid",
          f"{rules.CHAINS} mid", "second-hand"),
    Order("ablation: the growing exponent is more accurate than exponent 1", f"{rules.TREE} mid",
          f"{rules.STEADY} mid", "second-hand"),
    Order("a critic of relative progress serves better than one of absolute quality", f"{rules.TREE} mid",
          f"{rules.ABSOLUTE} mid", "sourced"),
]  # fmt: skip
REPEATS = [
    Order("the headline where an outcome repeats itself at a node alone, not wherever the same was found",
          f"{rules.TREE}, {rules.BY_NODE} low", f"{rules.CHAINS}, {rules.BY_NODE} high", "unverified"),
    Order("the headline where outcomes repeat themselves at a node for the tree, everywhere for chains",
          f"{rules.TREE}, {rules.BY_NODE} low", HIGH, "unverified"),
    Order("the headline against chains that never stop early", LOW, f"{rules.CHAINS}, {rules.PATIENT} high",
          "unverified"),
    Order("the headline where a WIDEN hint changes nothing", f"{rules.TREE}, {rules.UNHELPED} low", HIGH, "unverified"),
]  # fmt: skip


def claims(table: Table, prior: str) -> Iterator[Claim]:
    """Every claim whose strategies were played."""
    worlds = f"prior {prior}, {table[HIGH].size} worlds"
    headline = difference(table, LOW, HIGH)
    yield _order(
        Order("the value tree at the low budget is more accurate than chains of four times the budget", LOW, HIGH,
              "sourced"),
        table,
        worlds,
    )  # fmt: skip
    found = shares(table, LOW, HIGH)
    yield ordering(
        "the same in most worlds: share of worlds in which it is ahead, less one half",
        f"{worlds}; {spread(found)}",
        theirs="above 0",
        difference=found.ahead - 0.5,
        se=found.se,
        evidence="unverified",
    )
    for order in (*EQUAL, *OTHERS_AT_A_QUARTER, *SELECTION, *ABLATION, *REPEATS):
        if has(table, order.first, order.second):
            yield _order(order, table, worlds)
    yield from _trapped(table, worlds)
    yield _decides(table, headline, worlds)
    if has(table, *(f"{name} low" for name in rules.CHOICES)):
        yield _open_choices(table, worlds)


def _order(order: Order, table: Table, worlds: str) -> Claim:
    values = difference(table, order.first, order.second)
    found = mean(values)
    return ordering(
        order.claim,
        f"{order.first} less {order.second}, mean over worlds; {worlds}: "
        f"{spread(shares(table, order.first, order.second))}",
        theirs=f"{order.first} > {order.second}",
        difference=found.value,
        se=found.se,
        evidence=order.evidence,
        only_if=saving_condition(table, values),
    )


def _trapped(table: Table, worlds: str) -> Iterator[Claim]:
    dead = table["dead ends"] == 1.0
    if np.sum(dead) < 2:
        return
    for first, second in ((rules.TREE, rules.GREEDY), (rules.UNIFORM, rules.TREE)):
        found = mean(difference(table, f"{first} high", f"{second} high")[dead])
        yield ordering(
            f"where every contaminated state is a dead end, the {first} beats the {second} at the high budget",
            f"{worlds}, of which {int(np.sum(dead))} have dead ends only; mean over these",
            theirs=f"{first} > {second}",
            difference=found.value,
            se=found.se,
            evidence="derived",
        )


def _decides(table: Table, headline: Floats, worlds: str) -> Claim:
    found = influences(table, headline)
    return statement(
        "the critic's quality decides whether the headline holds, more than anything else",
        f"{worlds}; rank correlations with the difference, each with a standard error of {found[0].se:.2f}",
        theirs="the critic's quality",
        ours=listed(found, 5),
        holds=found[0].name in CRITIC,
        evidence="derived",
    )


def _open_choices(table: Table, worlds: str) -> Claim:
    usual = mean(difference(table, LOW, HIGH))
    means = {name: mean(difference(table, f"{name} low", HIGH)) for name in rules.CHOICES}
    ranked = sorted(means, key=lambda name: means[name].value)
    change = {name: mean(difference(table, f"{name} low", LOW)) for name in rules.CHOICES}
    verdicts = {_side(found.value, found.se) for found in (usual, *means.values())}
    moved = [name for name in rules.CHOICES if abs(change[name].value) > ORDER_ERRORS * change[name].se]
    return statement(
        "what the paper leaves open does not change the verdict on the headline",
        f"{worlds}; {len(means)} choices, one change each, {len(moved)} of which move the accuracy by more than two "
        f"standard errors; mean difference {usual.value:+.3f} as it is",
        theirs="one verdict",
        ours=f"from {means[ranked[0]].value:+.3f} ({ranked[0]}) to {means[ranked[-1]].value:+.3f} ({ranked[-1]})",
        holds=len(verdicts) == 1,
        evidence="unverified",
    )


def _side(value: float, se: float) -> int:
    """1 where a mean is clearly above 0, -1 where it is clearly below, else 0."""
    return 0 if abs(value) <= ORDER_ERRORS * se else int(np.sign(value))
