"""BAVT in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log

import numpy as np

from budgetsim.simulate.reasoning.policies.value_tree import ValueTree
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


@dataclass
class PlainNode:
    """A node, its value in points, and its children that count."""

    value: np.float32
    open: bool
    raw: np.float32
    widen: bool = False
    parent: int | None = None
    children: list[int] = field(default_factory=list)


class PlainValueTree:
    """A `ValueTree` at work on one problem."""

    def __init__(self, rule: ValueTree) -> None:
        self.rule, self.uses_critic = rule, rule.critic != "none"
        root = F(10.0) * F(rule.root_value)
        self.nodes = [PlainNode(root, True, root)]
        self.threshold = F(10.0) * F(rule.threshold)
        self.votes: dict[int, np.float32] = {}
        self.pending: int | None = None
        self.current, self.due, self.answered, self.forced = 0, 0, False, False

    @property
    def pool(self) -> list[int]:
        """Nodes that may be expanded."""
        return [number for number, node in enumerate(self.nodes) if node.open]

    def choose(self, uniform: Numbers, purse: Purse) -> tuple[int, int, int]:
        """Answer where an answer is due, force one at the backstop, else expand a node of the pool."""
        short = (
            min(purse.shares[0], purse.shares[2]) < F(self.rule.backstop) or purse.shares[1] <= 0 or purse.refused > 0
        )
        if self.forced:
            return STOP, 0, 0
        if self.pending is not None:
            return ANSWER, self.pending, self._hint(self._select(uniform, purse))
        if not self.pool or (self.answered and (short or self.rule.stop_at_answer)):
            return STOP, 0, 0
        node = self._select(uniform, purse)
        if short:
            leaves = [number for number in self.pool if not self.nodes[number].children]
            best = max(leaves or self.pool, key=lambda number: self.nodes[number].value)
            return ANSWER, best, self._hint(node)
        return EXPAND, node, self._hint(node)

    def _hint(self, node: int) -> int:
        return int(self.nodes[node].widen)

    def _select(self, uniform: Numbers, purse: Purse) -> int:
        if self.due > 0:
            return self.current
        pool, rule = self.pool, self.rule
        if not pool:
            return 0
        values = [self.nodes[number].value for number in pool]
        if rule.selection == "uniform" or not self.uses_critic:
            weights = [1.0] * len(pool)
        elif rule.selection == "greedy":
            return pool[values.index(max(values))]
        else:
            left = max(float(purse.left), 1e-6)
            power = {"inverse_ratio": min(1 / left, rule.largest_exponent), "constant": 1.0, "ratio": left}
            most = max(values)
            shares = [value / most if most > 0 else F(1.0) for value in values]
            weights = [exp(power[rule.selection] * log(max(share, F(1e-30)))) for share in shares]
        target, running, chosen = float(uniform[0]) * sum(weights), 0.0, pool[0]
        for number, weight in zip(pool, weights, strict=True):
            if running <= target and weight > 0.0:
                chosen = number
            running += weight
        return chosen

    def update(self, event: Happened) -> None:
        """Value a new child, follow or prune it; count an answer and smooth the values above it."""
        if not event.made:
            return
        if event.kind == ANSWER:
            self._vote(event)
            return
        rule, parent, number = self.rule, self.nodes[event.node], len(self.nodes)
        self.current, self.due = event.node, (self.due if self.due > 0 else rule.children) - 1
        self.pending = None
        value, accepted = parent.value, event.ends
        if self.uses_critic:
            limit, floor, ceiling = (
                F(10.0) * F(part) for part in (rule.largest_gain, rule.least_value, rule.largest_value)
            )
            residual = np.clip(parent.value + np.clip(event.delta, -limit, limit), floor, ceiling)
            value = F(10.0) * event.score if rule.critic == "absolute" else residual
            accepted = bool(value >= self.threshold)
        pruned = self.uses_critic and rule.directive and not accepted and bool(value <= parent.value)
        child = PlainNode(value, not accepted and not pruned, value)
        self.nodes.append(child)
        parent.widen = pruned or (parent.widen and not rule.widen_until_gain)
        if not pruned:
            parent.children.append(number)
            child.parent = event.node
            parent.open = parent.open and rule.keep_expanded
        if accepted:
            self.pending = number
        if 0 < rule.capacity < len(self.pool):
            least = min(reversed(self.pool), key=lambda number: self.nodes[number].value)
            self.nodes[least].open = False

    def _vote(self, event: Happened) -> None:
        weight = max(self.nodes[event.node].value, F(1e-6)) if self.uses_critic else F(1.0)
        if event.answer != NO_ANSWER:
            before = self.votes.get(event.answer, F(0.0))
            self.votes[event.answer] = before + weight if self.rule.final == "sum" else max(before, weight)
        self.answered = True
        self.forced = self.pending is None
        self.pending = None
        if self.rule.back_propagation == "path":
            above: int | None = event.node
            while above is not None:
                self._mean(above, self.nodes[above].value)
                above = self.nodes[above].parent
        elif self.rule.back_propagation != "none":
            for number in reversed(range(len(self.nodes))):
                node = self.nodes[number]
                self._mean(number, node.raw if self.rule.back_propagation == "raw" else node.value)

    def _mean(self, number: int, own: np.float32) -> None:
        node, total = self.nodes[number], F(0.0)
        for child in reversed(node.children):
            total += self.nodes[child].value
        node.value = (own + total) / F(1 + len(node.children))

    def answer(self, uniform: Numbers) -> int:
        """The answer of most weight, one of equal ones at random."""
        return heaviest(self.votes, uniform[0])
