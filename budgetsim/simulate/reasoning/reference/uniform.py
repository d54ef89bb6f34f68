"""Random expansion in plain Python."""

from __future__ import annotations

from budgetsim.simulate.reasoning.policies.uniform import Uniform
from budgetsim.simulate.reasoning.reference.closing import PlainSearch
from budgetsim.simulate.reasoning.reference.stepwise import Numbers


class PlainUniform(PlainSearch):
    """A `Uniform` at work on one problem."""

    def __init__(self, rule: Uniform) -> None:
        super().__init__(rule.reserve)

    def next_node(self, uniform: Numbers) -> int:
        """Any unfinished node."""
        unfinished = [node.number for node in self.tree if not node.ended]
        return unfinished[int(uniform[0] * len(unfinished))]
