"""Solve one sub-question after the other, each with the tokens that a rule gave it before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, take
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.subquestions import PLAN
from budgetsim.simulate.reasoning.world import NO_ANSWER, is_number


class SplitState(NamedTuple):
    """Where the chain stands."""

    node: jax.Array
    made: jax.Array  # int32: calls made, the planner's included
    answer: jax.Array
    answered: jax.Array  # bool: it was asked for and paid, whatever came of it


@partial(jax.tree_util.register_dataclass, meta_fields=("planned",), data_fields=("tokens",))
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBudget:
    """Ask the planner, then solve every sub-question with its tokens.

    Parameters
    ----------
    tokens
        Tokens of every sub-question, whole numbers, 0 or more: see `budgetsim.simulate.reasoning.splits`. One without
        tokens is given up. What the planner and the prompts cost comes on top; the run ends without an answer where
        the budget does not pay for everything.
    planned
        Whether a planner is asked first.

    Raises
    ------
    ValueError
        If there is no sub-question or a number of tokens is not whole, or negative.

    Notes
    -----
    Source: *Plan and Budget*, Junhong Lin et al., arXiv 2505.16122, with budgets that hold instead of requests.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import SplitBudget, SubQuestions, simulate_strategy, splits
    >>> world = SubQuestions(initial_uncertainty=(5.0, 20.0, 80.0), decay_rate=(1.0, 1.5, 2.5))
    >>> policy = SplitBudget(tokens=splits.plan_and_budget_split([20, 30, 50], "linear", 300))
    >>> policy.tokens, simulate_strategy(world, policy, 680, problems=1000, seed=1).largest
    ((106, 106, 88), (300, 380, 4, 0))
    """

    tokens: tuple[int, ...]
    planned: bool = True

    def __post_init__(self) -> None:
        if not self.tokens:
            raise ValueError("tokens must have an entry for every sub-question, got none")
        for value in self.tokens:
            if is_number(value) and not (value >= 0 and value % 1 == 0):
                raise ValueError(f"tokens must be whole numbers, 0 or more, got {value}")

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> SplitState:
        """Nothing asked."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        return SplitState(zero, zero, zero + NO_ANSWER, zero > 0)

    def choose(self, uniform: Uniforms, view: View, state: SplitState) -> Choice:
        """The planner, the sub-questions in their order, the answer."""
        del uniform
        hints = [PLAN] * self.planned + list(self.tokens)
        rows = jnp.stack(jnp.broadcast_arrays(*(jnp.asarray(hint, jnp.int32) for hint in hints), state.made))[:-1]
        hint = take(rows, jnp.minimum(state.made, len(hints) - 1))
        kind = jnp.where(state.made < len(hints), EXPAND, ANSWER)
        return Choice(jnp.where(state.answered | (view.refused > 0), STOP, kind), state.node, hint)

    def update(self, view: View, state: SplitState, event: Event) -> SplitState:
        """Go on from the new node."""
        del view
        grown, answered = event.made & (event.kind == EXPAND), event.made & (event.kind == ANSWER)
        return SplitState(
            jnp.where(grown, event.child, state.node),
            state.made + grown,
            jnp.where(answered, event.answer, state.answer),
            state.answered | answered,
        )

    def answer(self, uniform: Uniforms, view: View, state: SplitState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
