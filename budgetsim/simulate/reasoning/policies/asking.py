"""What strategies share that ask by name or have every answer judged: a step asks, the answer of its child reads."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View

NOBODY = -1
"""Stands where a node would that waits to be read, when there is none."""


def ask_or_read(view: View, pending: jax.Array, node: jax.Array, hint: jax.Array | int, enough: jax.Array) -> Choice:
    """Read what waits, else ask from ``node``; nothing once there is enough or a request was refused."""
    waits = pending != NOBODY
    kind = jnp.where((enough & ~waits) | (view.refused > 0), STOP, jnp.where(waits, ANSWER, EXPAND))
    return Choice(kind, jnp.where(waits, pending, node), jnp.broadcast_to(jnp.int32(hint), kind.shape))


def waiting(pending: jax.Array, event: Event, wanted: jax.Array | bool = True) -> jax.Array:
    """The node that waits after an event: a new child that is wanted; none after a read."""
    asked = event.made & (event.kind == EXPAND)
    return jnp.where(asked & wanted, event.child, jnp.where(event.made, NOBODY, pending))


def read(event: Event) -> jax.Array:
    """Whether an answer was given."""
    return event.made & (event.kind == ANSWER)
