"""One call with a budget for everything, which the model divides as it likes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.asking import ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.once import OnceState, none_asked
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.subquestions import at_once
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("tokens",))
@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalBudget:
    """Solve all sub-questions in one call of so many tokens, without a planner.

    Parameters
    ----------
    tokens
        Whole number, 0 ... 2**24.

    Raises
    ------
    ValueError
        If ``tokens`` is outside its domain.

    Notes
    -----
    Source: the variant with a global budget of *Plan and Budget*, Junhong Lin et al., arXiv 2505.16122.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import GlobalBudget, SubQuestions, simulate_strategy
    >>> simulate_strategy(SubQuestions(), GlobalBudget(tokens=450), 600, problems=100, seed=1).largest
    (150, 450, 1, 0)
    """

    tokens: int

    def __post_init__(self) -> None:
        check_numbers(self, ("tokens",), "a whole number in 0 ... 2**24", lambda value: value in range(2**24 + 1))

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
        return ask_or_read(view, state.pending, jnp.zeros_like(state.pending), at_once(self.tokens), view.nodes > 1)

    def update(self, view: View, state: OnceState, event: Event) -> OnceState:
        """Note the answer."""
        del view
        return OnceState(waiting(state.pending, event), jnp.where(read(event), event.answer, state.answer))

    def answer(self, uniform: Uniforms, view: View, state: OnceState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
