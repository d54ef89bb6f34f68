"""Retrying with an imperfect evaluator, as Reflexion does without a peek at the truth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.chains import MOST
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER, check_numbers


class RetryState(NamedTuple):
    """Attempts made, the last one and what became of it."""

    attempts: jax.Array  # int32
    accepted: jax.Array  # bool
    pending: jax.Array  # attempt to be read, or NOBODY
    answer: jax.Array  # of the last attempt


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("attempts",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Sample until the evaluator accepts; if it never does, keep the last attempt.

    Parameters
    ----------
    attempts
        Most attempts, 1 ... 2**20. An attempt is paid together with its evaluation, or not made.

    Raises
    ------
    ValueError
        If ``attempts`` is outside its domain.

    Notes
    -----
    Source: *Reflexion: Language Agents with Verbal Reinforcement Learning*, Noah Shinn et al., arXiv 2303.11366,
    without what a reflection teaches and without a look at the truth. An attempt is accepted where the critic's points
    are above 0.

    Examples
    --------
    An oracle as evaluator finds what five independent samples contain, .45 each (exact: 0.9497):

    >>> from budgetsim.simulate.reasoning import AnswerWorld, Retry, simulate_strategy
    >>> world = AnswerWorld(right_mean=0.45, right_concentration=float("inf"), accepts_right=1.0, accepts_wrong=0.0)
    >>> result = simulate_strategy(world, Retry(), 100_000, problems=4096, seed=1)
    >>> abs(result.accuracy.value - 0.9497) < 0.015
    True
    """

    attempts: int = 5

    def __post_init__(self) -> None:
        check_numbers(
            self, ("attempts",), f"a whole number in 1 ... {MOST}", lambda value: 1 <= value <= MOST and value % 1 == 0
        )

    @property
    def uses_critic(self) -> bool:
        """Every attempt is evaluated."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> RetryState:
        """No attempt made."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        return RetryState(zero, zero > 0, zero + NOBODY, zero + NO_ANSWER)

    def choose(self, uniform: Uniforms, view: View, state: RetryState) -> Choice:
        """Try again, unless the last attempt was accepted."""
        del uniform
        enough = state.accepted | (state.attempts >= self.attempts)
        return ask_or_read(view, state.pending, jnp.zeros_like(state.pending), KEEP, enough)

    def update(self, view: View, state: RetryState, event: Event) -> RetryState:
        """Note the verdict; keep what the attempt says."""
        del view
        tried = event.made & (event.kind == EXPAND)
        return RetryState(
            attempts=state.attempts + tried,
            accepted=jnp.where(tried, event.delta > 0.0, state.accepted),
            pending=waiting(state.pending, event),
            answer=jnp.where(read(event), event.answer, state.answer),
        )

    def answer(self, uniform: Uniforms, view: View, state: RetryState) -> jax.Array:
        """What the last attempt says."""
        del uniform, view
        return state.answer
