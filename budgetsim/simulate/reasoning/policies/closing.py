"""How strategies that search a scored tree come to an answer: the best node answers once the search has to end."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER


class Closing(NamedTuple):
    """The node that would answer, and the answer once it is given."""

    node: jax.Array  # finished before unfinished, then the highest score, then the earliest
    rank: jax.Array  # its score, and 1 more if it is finished; the root counts as 0
    answer: jax.Array
    answered: jax.Array  # bool: it was asked for and paid, whatever came of it; nothing comes after


def no_answer(problems: int) -> Closing:
    """Only the root could answer."""
    zero = jnp.zeros((problems,), jnp.int32)
    return Closing(zero, jnp.zeros((problems,), jnp.float32), zero + NO_ANSWER, zero > 0)


def has_to_end(view: View, reserve: jax.Array | float) -> jax.Array:
    """Whether only the reserve is left, no call is, or a request was refused."""
    return (view.left <= reserve) | (view.shares[1] <= 0.0) | (view.refused > 0)


def expand_or_answer(node: jax.Array, over: jax.Array, closing: Closing) -> Choice:
    """A step from ``node``; the answer of the best node once the search is over; then nothing."""
    kind = jnp.where(closing.answered, STOP, jnp.where(over, ANSWER, EXPAND))
    return Choice(kind, jnp.where(over, closing.node, node), jnp.full(kind.shape, KEEP))


def follow(closing: Closing, event: Event) -> Closing:
    """Take note of a new node or of the answer."""
    rank = event.score + event.ends
    better = event.made & (event.kind == EXPAND) & (rank > closing.rank)
    answered = event.made & (event.kind == ANSWER)
    return Closing(
        jnp.where(better, event.child, closing.node),
        jnp.where(better, rank, closing.rank),
        jnp.where(answered, event.answer, closing.answer),
        closing.answered | answered,
    )
