"""The value tree that hands its budget down, in plain Python."""

from __future__ import annotations

import math

import numpy as np

from budgetsim.simulate.reasoning.policies.proportional_split import ProportionalSplit
from budgetsim.simulate.reasoning.reference.stepwise import EXPAND, Happened, Numbers, Purse
from budgetsim.simulate.reasoning.reference.value_tree import PlainValueTree

F = np.float32


class PlainProportionalSplit(PlainValueTree):
    """A `ProportionalSplit` at work on one problem."""

    def __init__(self, rule: ProportionalSplit) -> None:
        super().__init__(rule.tree)
        self.width = rule.children
        self.allowance: list[float] = [float(rule.calls)]
        self.born: list[list[int]] = [[]]

    def _able(self) -> list[int]:
        return [n for n in self.pool if self.allowance[n] >= 1.0 and len(self.born[n]) < self.width]

    def _select(self, uniform: Numbers, purse: Purse) -> int:
        del uniform, purse
        return min(self._able(), default=0)

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """Without a node that may step the search is short."""
        return super().choose(uniform, purse._replace(refused=purse.refused + (not self._able())))

    def update(self, event: Happened) -> None:
        """Pay a step from the node's allowance; with its last one, the rest goes to the children in the pool."""
        super().update(event)
        if not event.made or event.kind != EXPAND:
            return
        node, child = event.node, len(self.nodes) - 1
        self.born[node].append(child)
        self.born.append([])
        self.allowance.append(0.0)
        self.allowance[node] -= 1.0
        if len(self.born[node]) < self.width and self.allowance[node] >= 1.0:
            return
        left, self.allowance[node] = F(self.allowance[node]), 0.0
        heirs = [number for number in self.born[node] if self.nodes[number].open]
        whole = sum((self.nodes[number].value for number in heirs), F(0.0))
        for number in heirs if whole > 0 else []:
            self.allowance[number] = float(math.floor(left * self.nodes[number].value / whole))
