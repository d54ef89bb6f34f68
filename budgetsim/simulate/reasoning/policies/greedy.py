"""Best-first search: always on from the best-scored node that is still open."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, largest, put, take
from budgetsim.simulate.reasoning.policies.closing import Closing, expand_or_answer, follow, has_to_end, no_answer
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers

CLOSED = -1.0


class GreedyState(NamedTuple):
    """Scores of the open nodes, and the node under expansion."""

    score: jax.Array  # [slots, problems], CLOSED where a node is not open
    ended: jax.Array  # bool [slots, problems]: the generator was done here
    current: jax.Array  # node whose next children are due
    due: jax.Array  # int32: children still due from it
    closing: Closing


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("children", "reserve"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Greedy:
    """Take the best-scored open node (the earliest of equals), make its children, close it; a finished one answers.

    Parameters
    ----------
    children
        Steps made from a node before it is closed, 1 or more.
    reserve
        Share of the budget below which the search ends and the best node answers.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: best-first search, *Heuristics: Intelligent Search Strategies for Computer Problem Solving*, Judea Pearl
    (1984); with language models, *Tree Search for Language Model Agents*, Jing Yu Koh et al., arXiv 2407.01476.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ArithmeticWorld, Greedy, simulate_strategy
    >>> result = simulate_strategy(ArithmeticWorld(), Greedy(children=6), 20_000, problems=64, seed=1)
    >>> sum(result.largest[:2]) <= 20_000
    True
    """

    children: int = 3
    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("children",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Every step is scored."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> GreedyState:
        """The root is open, and comes first."""
        del answers
        whole = jnp.zeros((slots, problems), jnp.int32)
        score = jnp.full((slots, problems), CLOSED, jnp.float32)
        return GreedyState(score, whole > 0, whole[0], whole[0] + self.children, no_answer(problems))

    def choose(self, uniform: Uniforms, view: View, state: GreedyState) -> Choice:
        """The node under expansion, else the best open one."""
        del uniform
        best = largest(state.score)
        fresh = state.due <= 0
        node = jnp.where(fresh, best, state.current)
        done = fresh & (take(state.ended, node) | (take(state.score, node) < 0.0))
        return expand_or_answer(node, done | has_to_end(view, self.reserve), state.closing)

    def update(self, view: View, state: GreedyState, event: Event) -> GreedyState:
        """Open the child, close its parent."""
        del view
        grown = event.made & (event.kind == EXPAND)
        parent = jnp.where(grown, event.node, event.child)
        due = jnp.where(state.due > 0, state.due, self.children)
        score = put(state.score, parent, CLOSED)
        return GreedyState(
            score=put(score, event.child, jnp.where(grown, event.score, CLOSED)),
            ended=put(state.ended, event.child, grown & event.ends),
            current=jnp.where(grown, event.node, state.current),
            due=jnp.where(grown, due - 1, state.due),
            closing=follow(state.closing, event),
        )

    def answer(self, uniform: Uniforms, view: View, state: GreedyState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.closing.answer
