"""What strategies that sample whole chains share: walk a chain to its end, answer, count the vote, begin the next."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.ballots import ballot
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP

MOST = 2**20
"""Most chains, samples or attempts a strategy may be asked for."""


class ChainState(NamedTuple):
    """The votes so far, and the chain under way."""

    votes: jax.Array  # int32 [answers, problems]
    cast: jax.Array  # int32: votes cast
    node: jax.Array  # where the chain stands
    length: jax.Array  # int32: its steps
    ended: jax.Array  # bool: the generator believes that it is done


def no_chain(answers: int, problems: int) -> ChainState:
    """Nothing sampled yet."""
    zero = jnp.zeros((problems,), jnp.int32)
    return ChainState(jnp.zeros((answers, problems), jnp.int32), zero, zero, zero, zero > 0)


def next_of_chain(
    view: View, state: ChainState, longest: jax.Array | int, enough: jax.Array, *, answers_when_cut: bool = False
) -> Choice:
    """One step more, or the answer of a chain that is over; nothing once there is enough or a request was refused.

    With ``answers_when_cut`` a chain under way is over once no call is left.
    """
    over = state.ended | (state.length >= longest)
    if answers_when_cut:
        over |= (state.length > 0) & (view.shares[1] <= 0.0)
    kind = jnp.where(enough | (view.refused > 0), STOP, jnp.where(over, ANSWER, EXPAND))
    return Choice(kind, state.node, jnp.full(kind.shape, KEEP))


def follow_chain(state: ChainState, event: Event) -> ChainState:
    """Go to the new node; an answer is a vote, after which the next chain starts from the root."""
    grown = event.made & (event.kind == EXPAND)
    voted = event.made & (event.kind == ANSWER)
    return ChainState(
        votes=state.votes + jnp.where(voted, ballot(event.answer, state.votes.shape[0]), 0),
        cast=state.cast + voted,
        node=jnp.where(grown, event.child, jnp.where(voted, 0, state.node)),
        length=jnp.where(voted, 0, state.length + grown),
        ended=jnp.where(grown, event.ends, state.ended & ~voted),
    )
