"""Beam search in plain Python."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.beam import Beam
from budgetsim.simulate.reasoning.reference.closing import PlainSearch, Scored
from budgetsim.simulate.reasoning.reference.stepwise import Numbers


class PlainBeam(PlainSearch):
    """A `Beam` at work on one problem."""

    def __init__(self, rule: Beam) -> None:
        super().__init__(rule.reserve)
        self.rule, self.level, self.beam = rule, 0, list(self.tree)

    def next_node(self, uniform: Numbers) -> int | None:
        """The first of the beam that owes children; when none does, the next level begins."""
        del uniform
        while any(not node.ended for node in self.beam):
            counts = self.rule.proposals if isinstance(self.rule.proposals, tuple) else (self.rule.proposals,)
            owed = counts[min(self.level, len(counts) - 1)]
            for node in self.beam:
                if not node.ended and len(self._children(node.number)) < owed:
                    return node.number
            carried = [node for node in self.beam if node.ended]
            fresh = [child for node in self.beam if not node.ended for child in self._children(node.number)]
            ranked = sorted([*carried, *fresh], key=lambda node: -node.score)  # equals stay in this order
            self.beam, self.level = ranked[: self.rule.width], self.level + 1
        return None

    def _children(self, number: int) -> list[Scored]:
        return [node for node in self.tree if node.parent == number]
