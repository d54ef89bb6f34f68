"""What strategies share that walk through the modules of a pipeline in order: a tier for each, then the answer."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.memory_pipeline import MODULES
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import NO_ANSWER


class Walk(NamedTuple):
    """The modules that have worked, the last one's node, and the answer."""

    done: jax.Array  # int32
    node: jax.Array  # int32
    read: jax.Array  # bool: the answer was asked for
    answer: jax.Array


def not_started(problems: int) -> Walk:
    """Before the first module."""
    zero = jnp.zeros((problems,), jnp.int32)
    return Walk(zero, zero, zero > 0, zero + NO_ANSWER)


def next_module(view: View, state: Walk, tier: jax.Array) -> Choice:
    """The next module in a tier, the answer after the last one; nothing more once a request was refused."""
    kind = jnp.where(state.done < MODULES, EXPAND, ANSWER)
    kind = jnp.where(state.read | (view.refused > 0), STOP, kind)
    return Choice(kind, state.node, jnp.broadcast_to(tier, kind.shape))


def follow_modules(state: Walk, event: Event) -> Walk:
    """Count what has worked; hold the answer."""
    grown, read = event.made & (event.kind == EXPAND), event.made & (event.kind == ANSWER)
    return Walk(
        done=state.done + grown,
        node=jnp.where(grown, event.child, state.node),
        read=state.read | read,
        answer=jnp.where(read, event.answer, state.answer),
    )
