"""Strategies played in the worlds of the prior `allocation`, and the comparisons of their accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.allocation.rules import RULES, decided, in_words, lead, over_budgets, where_most
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import ordering
from budgetsim.reproduce.world_tables import Shares, Table, shares_ahead
from budgetsim.simulate.reasoning import (
    AllocationSetting,
    Budget,
    GlobalBudget,
    SplitBudget,
    SubQuestions,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.allocation_prior import LEVEL_BUDGETS
from budgetsim.theory.plan_and_budget import e3_score

PROBLEMS = 2000
OWN = {"global": 1.0, "global, own division 4": 4.0, "global, own division 16": 16.0}
"""How evenly a model divides the tokens of one call: concentration of the shares it draws, 1 unless said."""
PAID = "global with the planner's tokens"
PLAYED = (*RULES, *OWN, PAID)


def accuracy(settings: Sequence[AllocationSetting], strategy: str, *, seed: int) -> NDArray[np.float64]:
    """Share of right answers of a strategy [worlds, budgets]; worlds with as many sub-questions each."""
    worlds: list[SubQuestions] = []
    policies: list[SplitBudget | GlobalBudget] = []
    budgets: list[Budget] = []
    for setting in settings:
        world = replace(setting.world, own_concentration=OWN.get(strategy, 1.0))
        planner = world.planner_input + world.planner_output
        for tokens in setting.budgets:
            worlds.append(world)
            if strategy in RULES:
                policies.append(SplitBudget(tokens=RULES[strategy](setting, tokens)))
                budgets.append(Budget(tokens=world.prompt_tokens + planner + tokens))
            else:
                solver = tokens + planner if strategy == PAID else tokens
                policies.append(GlobalBudget(tokens=solver))
                budgets.append(Budget(tokens=world.prompt_tokens + solver))
    nodes = settings[0].world.parts + 2  # the question, the plan and each sub-answer
    result = simulate_worlds(worlds, policies, budgets, problems_per_world=PROBLEMS, seed=seed, nodes=nodes)
    return result.accuracy.reshape(len(settings), -1)


class Means:
    """Accuracy of every strategy as a mean over budgets, with its standard error [worlds]."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.each = {strategy: over_budgets(table, "accuracy", strategy) for strategy in PLAYED}
        self.mean = {strategy: rows.mean(axis=1) for strategy, rows in self.each.items()}
        problems = table["problems"][:, None]
        self.se = {
            strategy: np.sqrt(
                (_shrunk(rows, problems) * (1.0 - _shrunk(rows, problems)) / (problems + 4.0)).sum(axis=1)
            )
            / rows.shape[1]
            for strategy, rows in self.each.items()
        }

    def shares(self, first: str, second: str) -> Shares:
        """In which share of worlds the first strategy is right more often than the second."""
        return shares_ahead(self.mean[first], self.mean[second], self.se[first], self.se[second])

    def compared(self, first: str, second: str, claim: str, where: str, theirs: str) -> Claim:
        """A claim that the first is right more often in more worlds than the second."""
        shares = self.shares(first, second)
        every = np.ones(shares.worlds, bool)
        found = lead(shares)
        return ordering(
            f"{claim}; worlds ahead less worlds behind",
            f"{where}; {in_words(shares)}, {decided(self.table, every, self.mean[first] - self.mean[second])}",
            theirs=theirs,
            difference=found.difference,
            se=found.se,
            evidence="second-hand",
            only_if=where_most(self.table, self.ahead(first, second)),
        )

    def ahead(self, first: str, second: str) -> NDArray[np.bool_]:
        """The worlds in which the first is ahead."""
        return np.asarray(self.mean[first] - self.mean[second] > 2.0 * np.hypot(self.se[first], self.se[second]))


class Score(NamedTuple):
    """An E3 score, or its gain in per cent, with the standard error over worlds."""

    value: float
    se: float


def e3_of(means: Means, strategy: str) -> Score:
    """E3 score of a strategy, the questions of all worlds being one benchmark, a fifth of them under each budget."""
    right = 100.0 * means.mean[strategy]
    tokens = float(np.mean(LEVEL_BUDGETS))
    error = float(right.std(ddof=1) / math.sqrt(right.size))
    return Score(float(e3_score(float(right.mean()), tokens)), 2.0 * float(right.mean()) * error / tokens)


def e3_gain(means: Means, first: str, second: str, *, more: int = 0) -> Score:
    """Gain of the E3 score from the second strategy to the first, which spends ``more`` tokens.

    The benchmark is that of `e3_of`: the score is of mean accuracy and mean tokens.
    """
    right, before = means.mean[first], means.mean[second]
    tokens = float(np.mean(LEVEL_BUDGETS))
    scores = (e3_score(100.0 * float(part.mean()), spent) for part, spent in ((right, tokens + more), (before, tokens)))
    ratio = float(next(scores)) / float(next(scores))
    # The score is of second degree in the accuracy.
    spread = right / right.mean() - before / before.mean()
    return Score(100.0 * (ratio - 1.0), 200.0 * ratio * float(spread.std(ddof=1) / math.sqrt(spread.size)))


def _shrunk(rates: NDArray[np.float64], problems: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray((rates * problems + 2.0) / (problems + 4.0))
