"""One call with a token budget written into its prompt, or without one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.elasticity import DIRECT, LARGEST_TOKENS, VANILLA
from budgetsim.simulate.reasoning.policies.asking import ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.once import OnceState, none_asked
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("token_budget",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Instructed:
    """Ask once, and answer.

    Parameters
    ----------
    token_budget
        Tokens that the prompt asks for, 1 ... 2**20, or `elasticity.VANILLA` (0, no instruction: chain of thought) or
        `elasticity.DIRECT` (-1, an answer without reasoning).

    Raises
    ------
    ValueError
        If ``token_budget`` is outside its domain.

    Notes
    -----
    Source: the baselines of *Token-Budget-Aware LLM Reasoning*, Tingxu Han et al., arXiv 2412.18547.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ElasticWorld, Instructed, simulate_strategy
    >>> simulate_strategy(ElasticWorld(), Instructed(), 1000, problems=100, seed=1).largest
    (100, 258, 1, 0)
    """

    token_budget: int = VANILLA

    def __post_init__(self) -> None:
        domain = f"a whole number in {DIRECT} ... {LARGEST_TOKENS}"
        check_numbers(self, ("token_budget",), domain, lambda value: value in range(DIRECT, LARGEST_TOKENS + 1))

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> OnceState:
        """Nothing asked."""
        del slots, answers
        return none_asked(problems)

    def choose(self, uniform: Uniforms, view: View, state: OnceState) -> Choice:
        """Ask, then read."""
        del uniform
        return ask_or_read(view, state.pending, jnp.zeros_like(state.pending), self.token_budget, view.nodes > 1)

    def update(self, view: View, state: OnceState, event: Event) -> OnceState:
        """Note the answer."""
        del view
        return OnceState(waiting(state.pending, event), jnp.where(read(event), event.answer, state.answer))

    def answer(self, uniform: Uniforms, view: View, state: OnceState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
