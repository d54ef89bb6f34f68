"""Wrong answers, and counting votes: one column a problem, ties broken at random."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.columns import pick
from budgetsim.simulate.reasoning.world import NO_ANSWER


def ballot(answer: jax.Array, answers: int) -> jax.Array:
    """One vote [answers, problems] for an answer [problems]; none for NO_ANSWER."""
    return (lax.broadcasted_iota(jnp.int32, (answers, *answer.shape), 0) == answer).astype(jnp.int32)


def plurality(uniform: jax.Array, votes: jax.Array) -> jax.Array:
    """The answer with the most votes [answers, problems], one of the leaders at random; NO_ANSWER without a vote.

    Examples
    --------
    >>> plurality(jnp.array([0.1, 0.9, 0.5]), jnp.array([[2, 2, 0], [0, 1, 0], [1, 2, 0]])).tolist()
    [0, 2, -1]
    """
    most = jnp.max(votes, axis=0)
    leader = pick(uniform, (votes == most).astype(jnp.float32))
    return jnp.where(most > 0, leader, NO_ANSWER)


def wrong_answer(uniform: jax.Array, other: jax.Array, dominant: Any, answers: int) -> jax.Array:
    """A wrong answer: number 1 with probability ``dominant``, else one of the others, all equally likely.

    Examples
    --------
    >>> wrong_answer(jnp.array([0.2, 0.7, 0.7]), jnp.array([0.9, 0.0, 0.9]), 0.5, 5).tolist()
    [1, 2, 4]
    """
    rest = 2 + jnp.floor(other * (answers - 2)).astype(jnp.int32)
    return jnp.where(uniform < dominant, 1, jnp.minimum(rest, answers - 1))
