"""REBASE in plain Python."""

from __future__ import annotations

import math

import numpy as np

from budgetsim.simulate.reasoning.policies.rebase import Rebase
from budgetsim.simulate.reasoning.reference.closing import Scored
from budgetsim.simulate.reasoning.reference.stepwise import (
    ANSWER,
    EXPAND,
    NO_ANSWER,
    STOP,
    Happened,
    Numbers,
    Purse,
    heaviest,
)

F = np.float32


class PlainRebase:
    """A `Rebase` at work on one problem: ``orders`` are the parents of the children that a level is still to have."""

    uses_critic = True

    def __init__(self, rule: Rebase) -> None:
        self.rule = rule
        self.tree = [Scored(0, None, F(0.0), False, 0)]
        self.orders = [0] * rule.width
        self.level: list[Scored] = []
        self.finished = 0
        self.votes: dict[int, np.float32] = {}
        self.pending: Scored | None = None
        self.asked: tuple[np.float32, bool] = (F(0.0), False)
        self.forced = False

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """The answer of a finished node, the next child ordered, or the end."""
        del uniform
        if self.pending is not None:
            self.asked = (self.pending.score, False)
            return ANSWER, self.pending.number, 0
        short = purse.left <= F(self.rule.reserve) or purse.shares[1] <= 0 or purse.refused > 0
        if self.forced or ((short or not self.orders) and self.votes):
            return STOP, 0, 0
        if short or not self.orders:
            best = max(self.tree, key=lambda node: (node.score, -node.number))
            self.asked = (best.score, True)
            return ANSWER, best.number, 0
        return EXPAND, self.orders[0], 0

    def update(self, event: Happened) -> None:
        """Keep the books of the level."""
        self.pending = None
        if not event.made:
            return
        if event.kind == ANSWER:
            reward, self.forced = self.asked
            if event.answer != NO_ANSWER:
                self.votes[event.answer] = self.votes.get(event.answer, F(0.0)) + max(reward, F(1e-6))
            return
        depth = self.tree[event.node].depth + 1
        node = Scored(len(self.tree), event.node, event.score, event.ends or depth >= self.rule.deepest, depth)
        self.tree.append(node)
        self.orders.pop(0)
        if node.ended:
            self.pending, self.finished = node, self.finished + 1
        else:
            self.level.append(node)
        if not self.orders:
            self._order()

    def _order(self) -> None:
        """Order the children of the next level: the best-scored first, the ceiling of the share of what is left."""
        ranked = sorted(self.level, key=lambda node: -node.score)
        weights = [math.exp(float(node.score) / self.rule.temperature) for node in ranked]
        left = max(self.rule.width - self.finished, 0)
        for place, node in enumerate(ranked):
            count = min(left, math.ceil(left * weights[place] / sum(weights[place:]) - 1e-6))
            self.orders += [node.number] * count
            left -= count
        self.level = []

    def answer(self, uniform: Numbers) -> int:
        """The answer of the largest summed reward, one of equal ones at random."""
        return heaviest(self.votes, uniform[0])
