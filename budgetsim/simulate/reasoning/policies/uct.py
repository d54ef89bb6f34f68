"""Monte Carlo tree search with upper confidence bounds (UCT): deterministic descent, one new child, mean back-up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.columns import Uniforms, put, take
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER, check_numbers


class UctState(NamedTuple):
    """Visits and summed scores of the nodes, and their children."""

    visits: jax.Array  # [slots, problems]
    total: jax.Array  # [slots, problems]
    child: jax.Array  # int32 [slots, width, problems], the spare slot where there is none
    width: jax.Array  # int32 [slots, problems] children so far
    ended: jax.Array  # bool [slots, problems]: the generator was done here
    target: jax.Array  # int32 [slots, problems]: where a descent from this node ends
    best: jax.Array  # node that will answer: highest score among the ended ones, else among all
    best_score: jax.Array
    answer: jax.Array
    answered: jax.Array  # bool: it was asked for and paid, whatever came of it


@partial(jax.tree_util.register_dataclass, meta_fields=("width",), data_fields=("exploration", "reserve"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Uct:
    """UCT over steps of the generator, scored by the absolute critic.

    Parameters
    ----------
    width
        Children of a node, 1 or more; a node is widened until it has them.
    exploration
        Weight c of the bonus ``c sqrt(ln(parent visits) / visits)``, 0 or more.
    reserve
        Share of the budget below which the search ends and the best node answers.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Bandit based Monte-Carlo Planning*, Levente Kocsis, Csaba Szepesvari (2006); a node's own score stands for
    a roll-out, which costs a critic call and no more. Not in the source, which plans on until it is interrupted: here
    the search ends at the first descent that reaches a finished node, however much of the budget is left, and the best
    finished node answers. That is this project's choice.

    Examples
    --------
    With one child a node the tree is a chain. Each step is the last with probability 1/4, so of 5 calls
    (1 - .75 ** 5) / .25 = 3.05 are made on average, and eight hops are never done:

    >>> from budgetsim.simulate.reasoning import Budget, HopWorld, Uct, simulate_strategy
    >>> world = HopWorld(hop_weights=(0, 0, 0, 0, 0, 0, 1), early_stop=0.25)
    >>> result = simulate_strategy(world, Uct(width=1), Budget(calls=5), problems=2048, seed=1, nodes=8)
    >>> abs(result.calls.value - 3.05) < 0.2
    True
    """

    width: int = 3
    exploration: float = 1.0
    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("width",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        check_numbers(self, ("exploration",), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Every step is scored."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> UctState:
        """The root without a visit."""
        del answers
        numbers = jnp.zeros((slots, problems), jnp.float32)
        whole = jnp.zeros((slots, problems), jnp.int32)
        return UctState(
            visits=numbers,
            total=numbers,
            child=jnp.full((slots, self.width, problems), slots - 1, jnp.int32),
            width=whole,
            ended=whole > 0,
            target=whole,
            best=whole[0],
            best_score=numbers[0] - 1.0,
            answer=whole[0] + NO_ANSWER,
            answered=whole[0] > 0,
        )

    def choose(self, uniform: Uniforms, view: View, state: UctState) -> Choice:
        """Expand where the descent from the root ends; answer once the reserve is reached."""
        del uniform
        node = state.target[0]
        short = (view.left <= self.reserve) | (view.refused > 0) | (view.shares[1] <= 0.0) | take(state.ended, node)
        kind = jnp.where(state.answered, STOP, jnp.where(short, ANSWER, EXPAND))
        return Choice(kind, jnp.where(short, state.best, node), jnp.full(kind.shape, KEEP))

    def update(self, view: View, state: UctState, event: Event) -> UctState:
        """Hang the child into the tree, and add its score to every node above it."""
        grown = event.made & (event.kind == EXPAND)
        answered = event.made & (event.kind == ANSWER)
        parent = jnp.where(grown, event.node, view.parent.shape[0] - 1)
        before = jnp.where(grown, take(state.width, parent), 0)
        children = take(state.child, parent)
        places = jnp.arange(self.width)[:, None]
        score = event.score + event.ends  # a finished trajectory comes before any unfinished one
        better = grown & (score > state.best_score)
        state = state._replace(
            visits=put(state.visits, event.child, 1.0),
            total=put(state.total, event.child, event.score),
            child=put(state.child, parent, jnp.where((places == before) & grown, event.child, children)),
            width=put(state.width, parent, before + grown),
            ended=put(state.ended, event.child, event.ends),
            target=put(state.target, event.child, event.child),
            best=jnp.where(better, event.child, state.best),
            best_score=jnp.where(better, score, state.best_score),
            answer=jnp.where(answered, event.answer, state.answer),
            answered=state.answered | answered,
        )
        return self._back_up(view, state, jnp.where(grown, event.node, -1), event.score)

    def _back_up(self, view: View, state: UctState, node: jax.Array, score: jax.Array) -> UctState:
        """Climb from a node to the root; only what lies on this way changes where a descent would end."""
        spare = view.parent.shape[0] - 1

        def on(carry: tuple[jax.Array, UctState]) -> jax.Array:
            return jnp.any(carry[0] >= 0)

        def up(carry: tuple[jax.Array, UctState]) -> tuple[jax.Array, UctState]:
            node, state = carry
            at = jnp.where(node >= 0, node, spare)
            visits = take(state.visits, at) + 1.0
            children = [take(state.child[:, place], at) for place in range(self.width)]
            exploring = self.exploration * jnp.sqrt(jnp.log(visits))
            best, highest = children[0], jnp.full(node.shape, -jnp.inf)
            for child in children:
                seen = jnp.maximum(take(state.visits, child), 1.0)
                bound = take(state.total, child) / seen + exploring / jnp.sqrt(seen)
                best, highest = jnp.where(bound > highest, child, best), jnp.maximum(bound, highest)
            full = (take(state.width, at) >= self.width) & ~take(state.ended, at)
            state = state._replace(
                visits=put(state.visits, at, visits),
                total=put(state.total, at, take(state.total, at) + score),
                target=put(state.target, at, jnp.where(full, take(state.target, best), at)),
            )
            return jnp.where(node >= 0, take(view.parent, at), -1), state

        return lax.while_loop(on, up, (node, state))[1]

    def answer(self, uniform: Uniforms, view: View, state: UctState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.answer
