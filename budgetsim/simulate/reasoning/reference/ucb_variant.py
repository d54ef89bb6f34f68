"""The value tree with a growing bonus, in plain Python."""

from __future__ import annotations

import numpy as np

from budgetsim.simulate.reasoning.policies.ucb_variant import UcbVariant
from budgetsim.simulate.reasoning.reference.stepwise import EXPAND, Happened, Numbers, Purse
from budgetsim.simulate.reasoning.reference.value_tree import PlainValueTree

F = np.float32


class PlainUcbVariant(PlainValueTree):
    """A `UcbVariant` at work on one problem."""

    def __init__(self, rule: UcbVariant) -> None:
        super().__init__(rule.tree)
        self.weight, self.calls = F(rule.weight), F(rule.calls)
        self.above: list[int | None] = [None]
        self.seen: list[list[np.float32]] = [[]]

    def _select(self, uniform: Numbers, purse: Purse) -> int:
        del uniform
        fresh = [number for number in self.pool if not self.seen[number]]
        if fresh:
            return fresh[-1]
        left = purse.shares[1] * self.calls + F(1e-8)

        def bound(number: int) -> np.float32:
            visits = F(len(self.seen[number]))
            mean = np.add.accumulate(np.asarray([F(0.0), *self.seen[number]]), dtype=F)[-1] / visits / F(10.0)
            total: np.float32 = mean + self.weight / left * np.sqrt(np.log(self.calls + F(1.0)) / visits)
            return total

        return max(self.pool, key=bound, default=0)

    def update(self, event: Happened) -> None:
        """Every node from the expanded one up to the root sees the value of the child."""
        super().update(event)
        if not event.made or event.kind != EXPAND:
            return
        self.above.append(event.node)
        self.seen.append([])
        number: int | None = event.node
        while number is not None:
            self.seen[number].append(self.nodes[-1].value)
            number = self.above[number]
