"""Ask how many tokens a question needs, then answer it with that budget."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.elasticity import ESTIMATE, FOLLOW
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.once import OnceState, none_asked
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import NO_ANSWER


@jax.tree_util.register_static
@dataclass(frozen=True, slots=True)
class EstimatedBudget:
    """TALE-EP: an estimate, charged as any call, and an answer told to keep to it.

    Notes
    -----
    Source: *Token-Budget-Aware LLM Reasoning*, Tingxu Han et al., arXiv 2412.18547. Where the budget pays for the
    estimate alone there is no answer.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ElasticWorld, EstimatedBudget, Instructed, simulate_strategy
    >>> told, free = (simulate_strategy(ElasticWorld(), policy, 10_000, problems=4096, seed=1)
    ...               for policy in (EstimatedBudget(), Instructed()))
    >>> told.calls.value, told.output_tokens.value < free.output_tokens.value, told.accuracy.value < free.accuracy.value
    (2.0, True, True)
    """

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> OnceState:
        """Nothing asked."""
        del slots, answers
        return none_asked(problems)

    def choose(self, uniform: Uniforms, view: View, state: OnceState) -> Choice:
        """The estimate from the root, the answer from its node, then read it."""
        del uniform
        estimated, answered = view.nodes > 1, view.nodes > 2
        pending = jnp.where(answered & (state.answer == NO_ANSWER), state.pending, NOBODY)
        hint = jnp.where(estimated, FOLLOW, ESTIMATE)
        return ask_or_read(view, pending, jnp.maximum(state.pending, 0), hint, answered)

    def update(self, view: View, state: OnceState, event: Event) -> OnceState:
        """Note the node, then the answer."""
        del view
        return OnceState(waiting(state.pending, event), jnp.where(read(event), event.answer, state.answer))

    def answer(self, uniform: Uniforms, view: View, state: OnceState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
