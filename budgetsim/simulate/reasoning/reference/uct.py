"""UCT in plain Python: a descent from the root for every request."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from budgetsim.simulate.reasoning.policies.uct import Uct
from budgetsim.simulate.reasoning.reference.stepwise import ANSWER, EXPAND, NO_ANSWER, STOP, Happened, Numbers, Purse

F = np.float32
ZERO = F(0.0)


@dataclass
class PlainNode:
    """A node, its visits and summed scores."""

    parent: int | None = None
    visits: int = 0
    total: np.float32 = ZERO
    ended: bool = False
    children: list[int] = field(default_factory=list)


class PlainUct:
    """A `Uct` at work on one problem."""

    uses_critic = True

    def __init__(self, rule: Uct) -> None:
        self.rule, self.nodes = rule, [PlainNode()]
        self.best, self.best_score = 0, F(-1.0)
        self.given, self.answered = NO_ANSWER, False

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """Descend to a node that can be widened; answer once the reserve is reached."""
        del uniform
        if self.answered:
            return STOP, 0, 0
        node = 0
        while len(self.nodes[node].children) >= self.rule.width and not self.nodes[node].ended:
            node = max(self.nodes[node].children, key=self._bound)
        short = purse.left <= F(self.rule.reserve) or purse.refused > 0 or purse.shares[1] <= 0
        if short or self.nodes[node].ended:
            return ANSWER, self.best, 0
        return EXPAND, node, 0

    def _bound(self, number: int) -> np.float32:
        node = self.nodes[number]
        above = self.nodes[node.parent or 0]
        exploring = F(self.rule.exploration) * np.sqrt(np.log(F(above.visits)))
        bound: np.float32 = node.total / F(node.visits) + exploring / np.sqrt(F(node.visits))
        return bound

    def update(self, event: Happened) -> None:
        """Hang the child into the tree, and add its score to every node above it."""
        if not event.made:
            return
        if event.kind == ANSWER:
            self.given, self.answered = event.answer, True
            return
        number = len(self.nodes)
        self.nodes.append(PlainNode(parent=event.node, ended=event.ends))
        self.nodes[event.node].children.append(number)
        above: int | None = number
        while above is not None:
            self.nodes[above].visits += 1
            self.nodes[above].total += event.score
            above = self.nodes[above].parent
        score = event.score + F(event.ends)
        if score > self.best_score:
            self.best, self.best_score = number, score

    def answer(self, uniform: Numbers) -> int:
        """The one answer given."""
        del uniform
        return self.given
