"""Best of N: sample, have every sample graded, answer as the best-graded one does."""

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


class BestState(NamedTuple):
    """Samples made, and the best of them."""

    samples: jax.Array  # int32
    score: jax.Array  # of the best sample, -1 before the first
    pending: jax.Array  # sample to be read, or NOBODY
    answer: jax.Array  # of the best sample


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("samples",))
@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfN:
    """Sample N times and answer as the sample with the highest absolute score does, the first of equals.

    Parameters
    ----------
    samples
        Most samples, 1 ... 2**20. A sample is paid together with its grade, or not made.

    Raises
    ------
    ValueError
        If ``samples`` is outside its domain.

    Notes
    -----
    Source: *Inference Scaling fLaws: The Limits of LLM Resampling with Imperfect Verifiers*, Benedikt Stroebl, Sayash
    Kapoor, Arvind Narayanan, arXiv 2411.17501, for why more samples can hurt.

    Examples
    --------
    Wrong answers are graded N(-1, 1), right ones N(0, 1); .3 are right (exact for four: 0.5192):

    >>> from budgetsim.simulate.reasoning import AnswerWorld, BestOfN, simulate_strategy
    >>> world = AnswerWorld(
    ...     right_mean=0.3, right_concentration=float("inf"), accepts_right=0.5, accepts_wrong=0.158655
    ... )
    >>> result = simulate_strategy(world, BestOfN(samples=4), 100_000, problems=4096, seed=1)
    >>> abs(result.accuracy.value - 0.5192) < 0.035
    True
    """

    samples: int = 8

    def __post_init__(self) -> None:
        check_numbers(
            self, ("samples",), f"a whole number in 1 ... {MOST}", lambda value: 1 <= value <= MOST and value % 1 == 0
        )

    @property
    def uses_critic(self) -> bool:
        """Every sample is graded."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> BestState:
        """No sample made."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        return BestState(zero, zero.astype(jnp.float32) - 1.0, zero + NOBODY, zero + NO_ANSWER)

    def choose(self, uniform: Uniforms, view: View, state: BestState) -> Choice:
        """Sample again; read a sample that is better than all before."""
        del uniform
        root = jnp.zeros_like(state.pending)
        return ask_or_read(view, state.pending, root, KEEP, state.samples >= self.samples)

    def update(self, view: View, state: BestState, event: Event) -> BestState:
        """Compare the score."""
        del view
        sampled = event.made & (event.kind == EXPAND)
        better = event.score > state.score
        return BestState(
            samples=state.samples + sampled,
            score=jnp.where(sampled & better, event.score, state.score),
            pending=waiting(state.pending, event, better),
            answer=jnp.where(read(event), event.answer, state.answer),
        )

    def answer(self, uniform: Uniforms, view: View, state: BestState) -> jax.Array:
        """What the best sample says."""
        del uniform, view
        return state.answer
