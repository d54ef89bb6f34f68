"""What a strategy must offer: frozen configuration, a state of its own, and three functions the engine calls."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax

EXPAND, ANSWER, STOP = range(3)
"""Kinds of requests: one step of the generator from a node, its answer from a node, nothing more."""


class Choice(NamedTuple):
    """What a strategy asks for."""

    kind: jax.Array
    node: jax.Array
    hint: jax.Array


class View(NamedTuple):
    """What a strategy may look at: the tree and the purse, never the problem."""

    nodes: jax.Array  # nodes in the tree; node 0 is the root
    parent: jax.Array  # [slots] parent of each node, -1 for the root
    depth: jax.Array  # [slots]
    left: jax.Array  # share that is left of the scarcest resource
    shares: jax.Array  # [tokens, calls, money] share that is left of each
    refused: jax.Array  # requests refused in a row, for want of budget or of a free slot


class Event(NamedTuple):
    """What came of a request."""

    made: jax.Array  # bool: the call was paid and made; nothing else below means anything if not
    kind: jax.Array
    node: jax.Array
    child: jax.Array  # new node, or the spare slot where none was made: writing there does no harm
    delta: jax.Array  # the critic's raw points for relative progress, 0 without a critic
    score: jax.Array  # the critic's absolute score in [0.1, 1], 0 without a critic
    ends: jax.Array  # bool: the generator believes that it is done
    answer: jax.Array  # the answer given, or NO_ANSWER


class Policy(Protocol):
    """A strategy. Configuration lives in the (frozen, hashable) object, everything that changes in its state."""

    @property
    def uses_critic(self) -> bool:
        """Whether every step is judged, and the judgement paid."""

    @property
    def draws(self) -> int:
        """Uniform numbers of one `choose`, and of one `answer`."""

    def init(self, slots: int, answers: int) -> Any:
        """The state before the first request, for trees of ``slots`` nodes (the last one is spare)."""

    def choose(self, uniform: jax.Array, view: View, state: Any) -> Choice:
        """The next request."""

    def update(self, view: View, state: Any, event: Event) -> Any:
        """The state after an event; called after every request, with ``event.made`` false where it was refused."""

    def answer(self, uniform: jax.Array, view: View, state: Any) -> jax.Array:
        """The answer that would be given if the run ended now, or NO_ANSWER."""
