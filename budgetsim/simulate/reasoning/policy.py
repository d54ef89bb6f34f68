"""What a strategy must offer: frozen configuration, a state of its own, and four functions the engine calls."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import jax

from budgetsim.simulate.reasoning.columns import Uniforms

EXPAND, ANSWER, STOP = range(3)
"""Kinds of requests: one step of the generator from a node, its answer from a node, nothing more."""


class Choice(NamedTuple):
    """What a strategy asks for, for every problem: each part is [problems]."""

    kind: jax.Array
    node: jax.Array
    hint: jax.Array


class View(NamedTuple):
    """What a strategy may look at: the tree and the purse, never the problem."""

    nodes: jax.Array  # [problems] nodes in the tree; node 0 is the root, a child comes after its parent
    parent: jax.Array  # [slots, problems] parent of each node, -1 for the root
    depth: jax.Array  # [slots, problems]
    left: jax.Array  # [problems] share that is left of the scarcest resource
    shares: jax.Array  # [resources, problems] share that is left of tokens, calls, money
    refused: jax.Array  # [problems] requests refused in a row, for want of budget or of a free slot


class Event(NamedTuple):
    """What came of a request, for every problem: each part is [problems] unless said otherwise."""

    made: jax.Array  # bool: the call was paid and made; nothing else below means anything if not
    kind: jax.Array
    node: jax.Array
    child: jax.Array  # new node, or the spare slot where none was made: writing there does no harm
    delta: jax.Array  # the critic's raw points for relative progress, 0 without a critic
    score: jax.Array  # the critic's absolute score in [0.1, 1], 0 without a critic
    ends: jax.Array  # bool: the generator believes that it is done
    answer: jax.Array  # the answer given, or NO_ANSWER
    costs: jax.Array  # int32 [4, problems] input tokens, output tokens, tool calls, browse calls that were paid


class Policy(Protocol):
    """A strategy. Configuration lives in the frozen object, everything that changes in its state.

    A policy is registered as a pytree, either whole as configuration (`jax.tree_util.register_static`) or with its
    numbers as data (`jax.tree_util.register_dataclass`), which then change without compiling again and may differ
    from problem to problem. All functions work on all problems at once, with the problem on the last axis
    of every array (see `columns`); what they need of uniform numbers they take from ``uniform[0]``, ``uniform[1]`` ...
    """

    @property
    def uses_critic(self) -> bool:
        """Whether every step is judged, and the judgement paid."""

    def init(self, slots: int, answers: int, problems: int) -> Any:
        """The state before the first request, for trees of ``slots`` nodes (the last one is spare)."""

    def choose(self, uniform: Uniforms, view: View, state: Any) -> Choice:
        """The next request of every problem."""

    def update(self, view: View, state: Any, event: Event) -> Any:
        """The state after an event; called after every request, with ``event.made`` false where it was refused."""

    def answer(self, uniform: Uniforms, view: View, state: Any) -> jax.Array:
        """The answer that would be given if the run ended now, or NO_ANSWER."""
