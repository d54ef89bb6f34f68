"""A cascade: the cheap model first, the strong one where the cheap one's votes disagree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.answers import CHEAP
from budgetsim.simulate.reasoning.ballots import ballot, plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policies.chains import MOST
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


class CascadeState(NamedTuple):
    """Calls and votes of the cheap and of the strong model."""

    pending: jax.Array  # cheap call to be read, or NOBODY
    asked: jax.Array  # int32: cheap calls made
    cheap: jax.Array  # int32 [answers, problems]
    strong: jax.Array  # int32 [answers, problems]
    answered: jax.Array  # int32: calls of the strong model, which need not give a vote


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("cheap_samples", "agreement", "strong_samples"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """Sample the cheap model; if too few of its votes agree, sample the strong one and let only its votes count.

    Parameters
    ----------
    cheap_samples, strong_samples
        Samples of each model, 1 ... 2**20.
    agreement
        Votes on one answer, of the cheap samples, with which the strong model is not asked: 1 ... 2**20; more than
        ``cheap_samples`` always asks.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Large Language Model Cascades with Mixture of Thoughts Representations for Cost-efficient Reasoning*,
    Murong Yue, Jie Zhao, Min Zhang, Liang Du, Ziyu Yao, arXiv 2310.03094: agreement of the cheap samples decides.

    Examples
    --------
    Two answers, both equally likely to the cheap model: three votes agree one time in four, so that on average
    1050 / 10 + .75 * 350 = 367.5 tokens are charged.

    >>> from budgetsim.simulate.reasoning import AnswerWorld, Cascade, simulate_strategy
    >>> world = AnswerWorld(right_concentration=float("inf"), answers=2, cheap_odds=1.0, chain_spread=0.0)
    >>> result = simulate_strategy(world, Cascade(strong_samples=1), 10_000, problems=4096, seed=1)
    >>> abs(result.input_tokens.value + result.output_tokens.value - 367.5) < 10
    True
    """

    cheap_samples: int = 3
    agreement: int = 3
    strong_samples: int = 5

    def __post_init__(self) -> None:
        names = ("cheap_samples", "agreement", "strong_samples")
        check_numbers(
            self, names, f"a whole number in 1 ... {MOST}", lambda value: 1 <= value <= MOST and value % 1 == 0
        )

    @property
    def uses_critic(self) -> bool:
        """Agreement judges."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> CascadeState:
        """Nobody asked."""
        del slots
        zero = jnp.zeros((problems,), jnp.int32)
        votes = jnp.zeros((answers, problems), jnp.int32)
        return CascadeState(zero + NOBODY, zero, votes, votes, zero)

    def choose(self, uniform: Uniforms, view: View, state: CascadeState) -> Choice:
        """The cheap model until it was asked often enough, then answers of the strong one from the root."""
        del uniform
        escalates = (state.asked >= self.cheap_samples) & (state.pending == NOBODY)
        agreed = jnp.max(state.cheap, axis=0) >= self.agreement
        enough = agreed | (state.answered >= self.strong_samples) | (view.refused > 0)
        choice = ask_or_read(view, state.pending, jnp.zeros_like(state.asked), CHEAP, jnp.zeros_like(agreed))
        return choice._replace(kind=jnp.where(escalates, jnp.where(enough, STOP, ANSWER), choice.kind))

    def update(self, view: View, state: CascadeState, event: Event) -> CascadeState:
        """Count the vote of whoever gave it."""
        del view
        vote = jnp.where(read(event), ballot(event.answer, state.cheap.shape[0]), 0)
        from_root = event.node == 0
        return CascadeState(
            pending=waiting(state.pending, event),
            asked=state.asked + (event.made & (event.kind == EXPAND)),
            cheap=state.cheap + jnp.where(from_root, 0, vote),
            strong=state.strong + jnp.where(from_root, vote, 0),
            answered=state.answered + (read(event) & from_root),
        )

    def answer(self, uniform: Uniforms, view: View, state: CascadeState) -> jax.Array:
        """A plurality of the strong model's votes, of the cheap one's where there are none."""
        del view
        return plurality(uniform[0], jnp.where(jnp.any(state.strong > 0, axis=0), state.strong, state.cheap))
