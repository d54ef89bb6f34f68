"""What agents share that search until they find something, are tired of it, or have no calls left; then they answer."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.searches import BROWSE, SEARCH
from budgetsim.simulate.reasoning.world import NO_ANSWER


class HabitState(NamedTuple):
    """Where the agent stands."""

    node: jax.Array
    made: jax.Array  # int32: calls made
    ended: jax.Array  # bool: something was found
    answer: jax.Array
    answered: jax.Array  # bool: it was asked for and paid, whatever came of it


def nothing_searched(problems: int) -> HabitState:
    """The agent before its first call, which it always makes."""
    zero = jnp.zeros((problems,), jnp.int32)
    return HabitState(zero, zero, zero > 0, zero + NO_ANSWER, zero > 0)


def search_or_answer(
    uniform: Uniforms, view: View, state: HabitState, hazard: jax.Array | float, browsing: jax.Array | float
) -> Choice:
    """A call more; the answer once the agent found something, stops by habit, or was refused a call."""
    tired = (state.made > 0) & (uniform[0] < hazard)
    over = state.ended | tired | no_calls(view, browsing)
    kind = jnp.where(state.answered | (view.refused > 1), STOP, jnp.where(over, ANSWER, EXPAND))
    return Choice(kind, state.node, tool_call(uniform[1], view, browsing))


def tool_call(uniform: jax.Array, view: View, browsing: jax.Array | float) -> jax.Array:
    """The hint of the next call: a page with probability ``browsing``, else a search; whatever is left of the two."""
    searches, pages = view.shares[1] > 0.0, view.shares[3] > 0.0
    return jnp.where(pages & (browsing > 0.0) & ((uniform < browsing) | ~searches), BROWSE, SEARCH)


def no_calls(view: View, browsing: jax.Array | float) -> jax.Array:
    """Whether no tool call is left of the kinds that the agent makes, or a request was refused."""
    pages = (view.shares[3] > 0.0) & (browsing > 0.0)
    return ((view.shares[1] <= 0.0) & ~pages) | (view.refused > 0)


def follow_search(state: HabitState, event: Event) -> HabitState:
    """Go to the new node, note the answer."""
    grown, answered = event.made & (event.kind == EXPAND), event.made & (event.kind == ANSWER)
    return HabitState(
        node=jnp.where(grown, event.child, state.node),
        made=state.made + grown,
        ended=jnp.where(grown, event.ends, state.ended),
        answer=jnp.where(answered, event.answer, state.answer),
        answered=state.answered | answered,
    )
