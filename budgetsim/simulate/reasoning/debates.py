"""What debaters do in worlds of answers: read all that was written before, and adopt the plurality or stay."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.ballots import ballot
from budgetsim.simulate.reasoning.columns import Uniforms, pick, put, take

DEBATER = 3
"""Hint: go on in a debate."""

LARGEST_ROUNDS = 12
"""Rounds of a debate that are kept apart; a step beyond them counts as one more of the last."""


class Heard(NamedTuple):
    """What debaters said so far."""

    votes: jax.Array  # int32 [rounds + 1, answers, problems]
    tokens: jax.Array  # int32 [rounds + 1, problems] written in each round


class Turn(NamedTuple):
    """What came of one call, where it was one of a debate; each part is [problems]."""

    answer: jax.Array
    round: jax.Array  # the round of the call
    read: jax.Array  # int32: tokens of what was written in the rounds before
    heard: Heard


def nothing_heard(answers: int, shape: tuple[int, ...]) -> Heard:
    """Nothing was said yet, of problems in this shape."""
    rounds = LARGEST_ROUNDS + 1
    return Heard(jnp.zeros((rounds, answers, *shape), jnp.int32), jnp.zeros((rounds, *shape), jnp.int32))


def take_turn(
    uniform: Uniforms,
    heard: Heard,
    debates: jax.Array,
    before: jax.Array,
    held: jax.Array,
    fresh: jax.Array,
    written: jax.Array,
    conformity: Any,
) -> Turn:
    """One call: a debater's, where ``debates``, who may adopt the plurality of the others' answers; else ``fresh``.

    In the first round everybody gives an answer of its own. Number 4 says whether the plurality is adopted, number 5
    which one of equals.

    Parameters
    ----------
    debates
        Whether the call is a debater's.
    before, held
        Round and answer of its last call; 0 and NO_ANSWER before the first.
    fresh, written
        The answer that it would give alone, and the tokens that it writes.
    conformity
        Probability to adopt.
    """
    answers = heard.votes.shape[1]
    before = before.astype(jnp.int32)
    others = take(heard.votes, before) - ballot(held, answers)
    most = jnp.max(others, axis=0)
    adopts = (uniform[4] < conformity) & (most > 0)
    stays = jnp.where(adopts, pick(uniform[5], (others == most).astype(jnp.float32)), held)
    answer = jnp.where(debates & (before > 0), stays, fresh).astype(jnp.int8)

    rounds = lax.broadcasted_iota(jnp.int32, heard.tokens.shape, 0)
    read = jnp.sum(jnp.where(debates & (rounds <= before), heard.tokens, 0), axis=0)
    now = jnp.minimum(before + 1, LARGEST_ROUNDS)
    vote = jnp.where(debates, ballot(answer, answers), 0)
    after = Heard(
        put(heard.votes, now, take(heard.votes, now) + vote),
        put(heard.tokens, now, take(heard.tokens, now) + jnp.where(debates, written, 0)),
    )
    return Turn(answer, now.astype(jnp.int8), read, after)
