"""Best-first search in plain Python."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.greedy import Greedy
from budgetsim.simulate.reasoning.reference.closing import PlainSearch
from budgetsim.simulate.reasoning.reference.stepwise import Numbers


class PlainGreedy(PlainSearch):
    """A `Greedy` at work on one problem: nodes wait in a list until it is their turn."""

    def __init__(self, rule: Greedy) -> None:
        super().__init__(rule.reserve)
        self.rule = rule
        self.waiting = list(self.tree)

    def next_node(self, uniform: Numbers) -> int | None:
        """The best one that waits; it waits until all its children are there."""
        del uniform
        unfinished = [node for node in self.tree if 0 < self._children(node.number) < self.rule.children]
        if unfinished:
            return unfinished[0].number
        self.waiting = [node for node in self.tree if self._children(node.number) == 0]
        if not self.waiting:
            return None
        best = max(self.waiting, key=lambda node: (node.score, -node.number))
        return None if best.ended else best.number

    def _children(self, number: int) -> int:
        return sum(node.parent == number for node in self.tree)
