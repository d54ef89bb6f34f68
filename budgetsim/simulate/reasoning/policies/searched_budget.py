"""Halve the token budget as long as the answer stays right and gets shorter: a search that knows the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.accountant import OUTPUT
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.elasticity import VANILLA
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import NO_ANSWER


class SearchedState(NamedTuple):
    """The budget accepted last and what its answer took."""

    pending: jax.Array
    budget: jax.Array  # int32; 0 before the first call
    before: jax.Array  # int32: tokens of the accepted answer
    now: jax.Array  # int32: tokens of the last call
    answer: jax.Array
    over: jax.Array  # bool


@jax.tree_util.register_static
@dataclass(frozen=True, slots=True)
class SearchedBudget:
    """TALE's search as released: start from the tokens of a call without a budget, halve, stop at the first failure.

    An oracle: it looks whether answers are right, so it can be run offline only. Every call of the search is charged;
    the answer is the one accepted last.

    Notes
    -----
    Source: released code of *Token-Budget-Aware LLM Reasoning*, Tingxu Han et al., arXiv 2412.18547. At most
    ``floor(log2(tokens)) + 1`` calls after the first; the budget is found up to a factor of 2.

    Examples
    --------
    Told 129 and 64 the answer is right and shorter than before, told 32 it is wrong:

    >>> from budgetsim.simulate.reasoning import ElasticWorld, SearchedBudget, simulate_strategy
    >>> world = ElasticWorld(difficulty_spread=0.0, least_budget=40.0, steepness=100.0)
    >>> result = simulate_strategy(world, SearchedBudget(), 10_000, problems=100, seed=1)
    >>> result.accuracy.value, result.calls.value
    (1.0, 4.0)
    """

    @property
    def uses_critic(self) -> bool:
        """The truth judges."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> SearchedState:
        """Nothing asked."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        return SearchedState(zero + NOBODY, zero, zero, zero, zero + NO_ANSWER, zero > 0)

    def choose(self, uniform: Uniforms, view: View, state: SearchedState) -> Choice:
        """Without a budget first, then with half of the accepted one."""
        del uniform
        hint = jnp.where(state.answer == NO_ANSWER, VANILLA, state.budget // 2)
        return ask_or_read(view, state.pending, jnp.zeros_like(hint), hint, state.over)

    def update(self, view: View, state: SearchedState, event: Event) -> SearchedState:
        """Accept what is right and shorter; the first call in any case."""
        del view
        asked, heard = event.made & (event.kind == EXPAND), read(event)
        first = state.answer == NO_ANSWER
        accepted = heard & (first | ((event.answer == 0) & (state.now < state.before)))
        budget = jnp.where(accepted, jnp.where(first, state.now, state.budget // 2), state.budget)
        return SearchedState(
            pending=waiting(state.pending, event),
            budget=budget,
            before=jnp.where(accepted, state.now, state.before),
            now=jnp.where(asked, event.costs[OUTPUT], state.now),
            answer=jnp.where(accepted, event.answer, state.answer),
            over=state.over | (heard & (~accepted | (budget < 2) | (event.answer == NO_ANSWER))),
        )

    def answer(self, uniform: Uniforms, view: View, state: SearchedState) -> jax.Array:
        """The answer accepted last."""
        del uniform, view
        return state.answer
