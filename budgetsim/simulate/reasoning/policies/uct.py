"""Monte Carlo tree search with upper confidence bounds (UCT): deterministic descent, one new child, mean back-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER


class UctState(NamedTuple):
    """Visits and summed scores of the nodes, and their children."""

    visits: jax.Array  # [slots]
    total: jax.Array  # [slots]
    child: jax.Array  # int32 [slots, width], the spare slot where there is none
    width: jax.Array  # int32 [slots] children so far
    ended: jax.Array  # bool [slots]: the generator was done here
    best: jax.Array  # node that will answer: highest score among the ended ones, else among all
    best_score: jax.Array
    answer: jax.Array


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
    a roll-out, which costs a critic call and no more.
    """

    width: int = 3
    exploration: float = 1.0
    reserve: float = 0.1

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"width must be 1 or more, got {self.width}")
        if not self.exploration >= 0.0:
            raise ValueError(f"exploration must be 0 or more, got {self.exploration}")
        if not 0.0 <= self.reserve <= 1.0:
            raise ValueError(f"reserve must lie in [0, 1], got {self.reserve}")

    @property
    def uses_critic(self) -> bool:
        """Every step is scored."""
        return True

    @property
    def draws(self) -> int:
        """The descent is deterministic; one number is drawn and not used."""
        return 1

    def init(self, slots: int, answers: int) -> UctState:
        """The root without a visit."""
        del answers
        return UctState(
            visits=jnp.zeros((slots,), jnp.float32),
            total=jnp.zeros((slots,), jnp.float32),
            child=jnp.full((slots, self.width), slots - 1, jnp.int32),
            width=jnp.zeros((slots,), jnp.int32),
            ended=jnp.zeros((slots,), bool),
            best=jnp.int32(0),
            best_score=jnp.float32(-1.0),
            answer=jnp.int32(NO_ANSWER),
        )

    def choose(self, uniform: jax.Array, view: View, state: UctState) -> Choice:
        """Descend to a node that can be widened; answer once the reserve is reached."""
        del uniform

        def on(node: jax.Array) -> jax.Array:
            return (state.width[node] >= self.width) & ~state.ended[node]

        def down(node: jax.Array) -> jax.Array:
            children = state.child[node]
            visits = jnp.maximum(state.visits[children], 1.0)
            bonus = self.exploration * jnp.sqrt(jnp.log(jnp.maximum(state.visits[node], 1.0)) / visits)
            return children[jnp.argmax(state.total[children] / visits + bonus)]

        node = lax.while_loop(on, down, jnp.int32(0))
        short = (view.left <= self.reserve) | (view.refused > 0) | (view.shares[1] <= 0.0) | state.ended[node]
        kind = jnp.where(state.answer != NO_ANSWER, STOP, jnp.where(short, ANSWER, EXPAND))
        return Choice(kind, jnp.where(short, state.best, node), jnp.int32(KEEP))

    def update(self, view: View, state: UctState, event: Event) -> UctState:
        """Add the child and its score to every node above it."""
        spare = state.visits.shape[0] - 1
        grown = event.made & (event.kind == EXPAND)
        answered = event.made & (event.kind == ANSWER)
        parent = jnp.where(grown, event.node, spare)
        place = jnp.minimum(state.width[parent], self.width - 1)
        score = event.score + event.ends  # a finished trajectory comes before any unfinished one
        better = grown & (score > state.best_score)

        def on(carry: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
            return carry[0] >= 0

        def up(carry: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
            node, visits, total = carry
            return view.parent[node], visits.at[node].add(1.0), total.at[node].add(event.score)

        start = jnp.where(grown, event.child, -1)
        _, visits, total = lax.while_loop(on, up, (start, state.visits, state.total))
        return UctState(
            visits=visits,
            total=total,
            child=state.child.at[parent, place].set(jnp.where(grown, event.child, spare)),
            width=state.width.at[parent].add(grown.astype(jnp.int32)).at[spare].set(0),
            ended=state.ended.at[event.child].set(grown & event.ends),
            best=jnp.where(better, event.child, state.best),
            best_score=jnp.where(better, score, state.best_score),
            answer=jnp.where(answered, event.answer, state.answer),
        )

    def answer(self, uniform: jax.Array, view: View, state: UctState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.answer
