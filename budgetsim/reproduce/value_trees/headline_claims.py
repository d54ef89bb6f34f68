"""What the table of worlds says about the headline and about the rules that select nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.share_claims import mostly
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


HEADLINE = Order("the value tree at the low budget is more accurate than chains of four times the budget", LOW, HIGH,
                 "sourced")  # fmt: skip
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
    }.items()
]  # fmt: skip
SELECTION = [
    Order(f"an exponent that grows as the budget falls selects better than {what}, {budget} budget",
          f"{rules.TREE} {budget}", f"{name} {budget}", "unverified")
    for budget in ("low", "high")
    for name, what in {
        rules.GREEDY: "always the best node",
        rules.UCB: "a confidence bonus",
        rules.UNIFORM: "chance",
    }.items()
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
LEVELLED = [
    Order("the headline against chains that never stop early", LOW, f"{rules.CHAINS}, {rules.PATIENT} high",
          "unverified"),
    Order("the headline where a WIDEN hint changes nothing", f"{rules.TREE}, {rules.UNHELPED} low", HIGH, "unverified"),
]  # fmt: skip
CUT_ONES = [
    Order("the headline against chains that answer once their calls end", LOW, f"{rules.CHAINS}, {rules.CUT} high",
          "sourced"),
    *(Order(f"the value tree is more accurate than such chains of the same budget, {budget}",
            f"{rules.TREE} {budget}", f"{rules.CHAINS}, {rules.CUT} {budget}", "sourced") for budget in BUDGETS),
]  # fmt: skip
REPEATS = [
    Order("the headline where an outcome repeats itself at a node alone, not wherever the same was found",
          f"{rules.TREE}, {rules.BY_NODE} low", f"{rules.CHAINS}, {rules.BY_NODE} high", "unverified"),
    Order("the headline where outcomes repeat themselves at a node for the tree, everywhere for chains",
          f"{rules.TREE}, {rules.BY_NODE} low", HIGH, "unverified"),
]  # fmt: skip
EVERY = (*EQUAL, *CUT_ONES, *OTHERS_AT_A_QUARTER, *SELECTION, *ABLATION, *REPEATS, *LEVELLED)
WITH_TRAPS = (*EQUAL, *CUT_ONES, *OTHERS_AT_A_QUARTER[:3], *SELECTION[3:], *LEVELLED[:1])
"""What is asked again where there are traps; the table and the figures have the rest."""


def claims(table: Table, prior: str, orders: Sequence[Order]) -> Iterator[Claim]:
    """Every claim whose strategies were played."""
    worlds = f"prior {prior}, {table[HIGH].size} worlds"
    yield _order(HEADLINE, table, worlds)
    yield mostly(
        "the same is so in more worlds than the opposite",
        f"{LOW} against {HIGH}; {worlds}; ahead by more than two standard errors",
        theirs="so in most",
        shares=shares(table, LOW, HIGH),
        evidence="unverified",
    )
    for order in orders:
        if has(table, order.first, order.second):
            yield _order(order, table, worlds)
    yield from _trapped(table, worlds)
    equal = difference(table, f"{rules.TREE} high", HIGH)
    yield _decides(table, "whether the headline holds", difference(table, LOW, HIGH), worlds)
    yield _decides(table, "whether the tree is ahead of chains of the same high budget", equal, worlds)
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


def _decides(table: Table, claim: str, values: Floats, worlds: str) -> Claim:
    found = influences(table, values)
    # Parameters are independent draws: what several explain of the ranks adds up.
    critic = sum(influence.correlation**2 for influence in found if influence.name in CRITIC)
    others = [influence.correlation**2 for influence in found if influence.name not in CRITIC]
    return statement(
        f"the critic's quality decides {claim}, more than anything else",
        f"{worlds}; share of the variance of the difference's ranks: noise, bias and being fooled against each other "
        f"parameter; rank correlations have a standard error of {found[0].se:.2f}",
        theirs="the critic's quality",
        ours=f"the critic {critic:.2f}, the strongest other {max(others, default=0.0):.2f}: {listed(found, 5)}",
        holds=critic > max(others, default=0.0),
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
        f"{worlds}; {len(means)} choices, one change each; accuracy moves by more than two standard errors under "
        f"{len(moved)} of them; mean difference {usual.value:+.3f} as it is",
        theirs="one verdict",
        ours=f"from {means[ranked[0]].value:+.3f} ({ranked[0]}) to {means[ranked[-1]].value:+.3f} ({ranked[-1]})",
        holds=len(verdicts) == 1,
        evidence="unverified",
    )


def _side(value: float, se: float) -> int:
    """1 where a mean is clearly above 0, -1 where it is clearly below, else 0."""
    return 0 if abs(value) <= ORDER_ERRORS * se else int(np.sign(value))
