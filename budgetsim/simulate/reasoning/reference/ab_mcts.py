"""AB-MCTS-A in plain Python: every node keeps the lists of scores that its posteriors rest on."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.ab_mcts import AbMcts
from budgetsim.simulate.reasoning.reference.closing import PlainSearch, Scored
from budgetsim.simulate.reasoning.reference.stepwise import Numbers

NODE_NUMBERS = 78  # uniform numbers that every node has in a request: three draws of up to 26


class PlainAbMcts(PlainSearch):
    """An `AbMcts` at work on one problem."""

    def __init__(self, rule: AbMcts, nodes: int) -> None:
        super().__init__(rule.reserve)
        self.rule, self.nodes = rule, nodes
        self.arm: dict[int, list[float]] = defaultdict(list)
        self.new: dict[int, list[float]] = defaultdict(list)
        self.old: dict[int, list[float]] = defaultdict(list)

    def next_node(self, uniform: Numbers) -> int:
        """Descend: wider where a new child is drawn better, deeper otherwise."""
        words = [np.uint32(float(uniform[number]) * 2**24) for number in range(3)]
        numbers = _numbers(self.nodes + 1)(*words)
        node = 0
        while True:
            children = [child for child in self.tree if child.parent == node and not child.ended]
            wider, deeper = (
                self._draw(numbers[26:52, node], self.new[node]),
                self._draw(numbers[52:, node], self.old[node]),
            )
            if not children or wider >= deeper:
                return node
            worth = {child.number: self._draw(numbers[:26, child.number], self.arm[child.number]) for child in children}
            node = max(worth, key=lambda number: worth[number])

    def grown(self, node: Scored) -> None:
        """Its score counts for the choice among siblings, for a new child of its parent, and for all above."""
        score = float(node.score)
        self.arm[node.number].append(score)
        above = self.tree[node.parent or 0]
        self.new[above.number].append(score)
        while above.parent is not None:
            self.arm[above.number].append(score)
            self.old[above.parent].append(score)
            above = self.tree[above.parent]

    def _draw(self, numbers: Any, scores: list[float]) -> float:
        uniform = numbers.astype(float) + 2.0**-25
        if self.rule.posterior == "beta":
            first = _log_gamma(uniform[:13], numbers[:13], self.rule.first + sum(scores))
            return first - _log_gamma(uniform[13:], numbers[13:], self.rule.second + len(scores) - sum(scores))
        count, prior = len(scores), self.rule
        average = float(np.mean(scores)) if scores else 0.0
        weight, freedom = prior.weight + count, prior.freedom + count
        spread = prior.freedom * prior.variance + count * float(np.var(scores) if scores else 0.0)
        spread += count * prior.weight * (prior.mean - average) ** 2 / weight
        student = math.sqrt(freedom * (uniform[0] ** (-2.0 / freedom) - 1.0)) * math.cos(2 * math.pi * numbers[1])
        return (prior.weight * prior.mean + count * average) / weight + student * math.sqrt(spread / freedom / weight)


def _log_gamma(uniform: Any, raw: Any, shape: float) -> float:
    """Marsaglia and Tsang's draw for shape + 1, brought down to the shape."""
    body = shape + 1.0 - 1.0 / 3.0
    for attempt in range(4):
        first, second, third = uniform[3 * attempt], float(raw[3 * attempt + 1]), uniform[3 * attempt + 2]
        normal = math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)
        cube = max(1.0 + normal / math.sqrt(9.0 * body), 1e-6) ** 3
        drawn = math.log(body * cube)
        if math.log(third) < normal**2 / 2 + body - body * cube + body * math.log(cube):
            break
    return drawn + math.log(uniform[12]) / shape


@cache
def _numbers(slots: int) -> Any:
    """Uniform numbers [78, slots] of all nodes from the three words of a request."""

    @jax.jit
    def rows(first: jax.Array, second: jax.Array, third: jax.Array) -> jax.Array:
        node = jnp.arange(slots, dtype=jnp.uint32)
        return Uniforms(jnp.stack([first, second]), node, third, 0).rows(NODE_NUMBERS)

    return lambda *words: np.asarray(rows(*(jnp.uint32(word) for word in words)))
