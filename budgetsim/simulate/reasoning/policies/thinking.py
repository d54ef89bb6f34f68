"""What stopping rules share: think on to a checkpoint, read the answer forced there, and decide whether to go on."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.accountant import OUTPUT
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER


class Thinking(NamedTuple):
    """The checkpoints reached, and the answer held."""

    pending: jax.Array  # node to be read, or NOBODY
    node: jax.Array  # checkpoint reached last
    reached: jax.Array  # int32: checkpoints reached
    width: jax.Array  # int32: tokens of the last step
    seen: jax.Array  # quality observed at the last checkpoint
    before: jax.Array  # quality observed at the one before, 0 at the first
    best: jax.Array  # largest quality observed before the last checkpoint, 0 at the first
    ends: jax.Array  # bool: the last step ended
    answer: jax.Array  # of the checkpoint that looked best, or of the last one
    stops: jax.Array  # bool


def nothing_thought(problems: int) -> Thinking:
    """Before the first checkpoint."""
    zero, nought = jnp.zeros((problems,), jnp.int32), jnp.zeros((problems,), jnp.float32)
    none = zero > 0
    return Thinking(zero + NOBODY, zero, zero, zero, nought, nought, nought, none, zero + NO_ANSWER, none)


def think_or_read(view: View, state: Thinking) -> Choice:
    """Read what waits, else think on, until the rule has said stop or a step was refused."""
    return ask_or_read(view, state.pending, state.node, KEEP, state.stops)


def follow_thought(state: Thinking, event: Event, *, keeps_best: bool) -> Thinking:
    """Note what was seen; hold the new answer, or keep the old one if it looked better."""
    grown, heard = event.made & (event.kind == EXPAND), read(event)
    better = (state.seen > state.best) | (state.reached <= 1)
    held = jnp.where(heard & (better | (not keeps_best)), event.answer, state.answer)
    known = jnp.where(state.reached == 1, state.seen, jnp.maximum(state.best, state.seen))
    largest = jnp.where(state.reached == 0, 0.0, known)
    return Thinking(
        pending=waiting(state.pending, event),
        node=jnp.where(grown, event.child, state.node),
        reached=state.reached + grown,
        width=jnp.where(grown, event.costs[OUTPUT], state.width),
        seen=jnp.where(grown, event.delta, state.seen),
        before=jnp.where(grown, state.seen, state.before),
        best=jnp.where(grown, largest, state.best),
        ends=jnp.where(grown, event.ends, state.ends),
        answer=held,
        stops=state.stops,
    )
