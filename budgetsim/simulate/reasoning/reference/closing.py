"""What plain searches over a scored tree share: the best node answers in the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from budgetsim.simulate.reasoning.reference.stepwise import ANSWER, EXPAND, NO_ANSWER, STOP, Happened, Numbers, Purse

F = np.float32


@dataclass
class Scored:
    """A node of the tree."""

    number: int
    parent: int | None
    score: np.float32
    ended: bool
    depth: int


class PlainSearch(ABC):
    """A tree of scored nodes; what is to be expanded is up to the strategy."""

    uses_critic = True

    def __init__(self, reserve: float) -> None:
        self.reserve = F(reserve)
        self.tree = [Scored(0, None, F(0.0), False, 0)]
        self.given, self.answered = NO_ANSWER, False

    @abstractmethod
    def next_node(self, uniform: Numbers) -> int | None:
        """The node to expand; None once the search is over."""

    def grown(self, node: Scored) -> None:  # noqa: B027 - most strategies need not know
        """Take note of a new node."""

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """A step, the answer of the best node, or nothing."""
        if self.answered:
            return STOP, 0, 0
        short = purse.left <= self.reserve or purse.shares[1] <= 0 or purse.refused > 0
        node = None if short else self.next_node(uniform)
        if node is not None:
            return EXPAND, node, 0
        return ANSWER, max(self.tree, key=lambda one: (one.ended, one.score, -one.number)).number, 0

    def update(self, event: Happened) -> None:
        """Hang a new node into the tree; keep the answer."""
        if not event.made:
            return
        if event.kind == ANSWER:
            self.given, self.answered = event.answer, True
            return
        depth = self.tree[event.node].depth + 1
        node = Scored(len(self.tree), event.node, event.score, event.ends, depth)
        self.tree.append(node)
        self.grown(node)

    def answer(self, uniform: Numbers) -> int:
        """The one answer given."""
        del uniform
        return self.given
