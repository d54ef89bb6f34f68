"""Quality that grows with tokens and is seen, with noise, at checkpoints: whether thinking on is worth it.

A step thinks on to the next checkpoint; the critic says how good the answer forced there looks; the answer from a node
is the one forced there. Looks and answers are free unless they are given tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.accountant import UNLIMITED
from budgetsim.simulate.reasoning.columns import Uniforms, standard_normal, take
from budgetsim.simulate.reasoning.result import StrategyResult
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, check_numbers, costs, host_generator

MOST_TOKENS = 2**20
"""Tokens of a look and of a forced answer, at most."""

BEYOND = UNLIMITED + 1
"""Tokens of a step beyond the last checkpoint: more than any budget pays for."""


class Course(NamedTuple):
    """How the quality of one problem's forced answers develops."""

    quality: jax.Array  # [checkpoints, problems]
    best: jax.Array  # int32 [problems]: checkpoint with the largest quality minus price
    threshold: jax.Array  # [problems]: a forced answer is right where the quality is above


class Thought(NamedTuple):
    """Checkpoint reached, -1 before the first."""

    checkpoint: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("checkpoints",),
    data_fields=("final_quality", "scale", "dip", "noise", "price", "critic_tokens", "answer_tokens"),
)
@dataclass(frozen=True, kw_only=True)
class AnytimeWorld:
    r"""Problems on which an answer can be forced at every checkpoint.

    After b tokens the quality is :math:`Q_\infty(1 - e^{-b/s})`. A checkpoint may fall back, for itself alone, to the
    quality of two checkpoints before (0 before the first). A forced answer is right with the probability that the
    quality states; every problem has one threshold, so that a better answer is never wrong where a worse one is right.
    Calls are model calls that think on; a look and a forced answer are none, whatever tokens they write.

    Parameters
    ----------
    checkpoints
        Tokens at the checkpoints, whole, above 0 and increasing: 2 ... 16 of them.
    final_quality, scale
        :math:`Q_\infty` in [0, 1], and s in tokens, above 0.
    dip
        Probability that a checkpoint falls back, in [0, 1].
    noise
        Standard deviation of the observed quality around the true one, 0 or more.
    price
        Price of a token in quality, 0 or more, at which the oracle knows when to stop: a step ends where the true
        quality minus the price of the tokens is largest, those of a look and of an answer at every checkpoint up to
        there included.
    critic_tokens
        Output tokens of a look, written with every step of a strategy that uses the critic: a rule that stops by what
        it sees pays for looking, and sees it in the tokens of its step.
    answer_tokens
        Output tokens of the answer forced at a checkpoint, each time one is read. Both are whole numbers in
        0 ... 2**20; what critic and answer read is not charged.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a synthetic world for *Budget-Aware Anytime Reasoning with LLM-Synthesized Preference Data*, Xuanming
    Zhang et al., arXiv 2601.11038, which has no stopping rule. That a dip falls back to two checkpoints before is a
    choice made here.

    Examples
    --------
    >>> world = AnytimeWorld()
    >>> world.checkpoints, world.answers
    ((256, 512, 1024, 2048, 4096), 2)
    """

    checkpoints: tuple[int, ...] = (256, 512, 1024, 2048, 4096)
    final_quality: float = 0.8
    scale: float = 800.0
    dip: float = 0.1
    noise: float = 0.05
    price: float = 1e-4
    critic_tokens: int = 0
    answer_tokens: int = 0

    def __post_init__(self) -> None:
        places = [0, *self.checkpoints]
        rising = all(later > sooner for sooner, later in pairwise(places))
        if not (2 <= len(self.checkpoints) <= 16 and rising and all(place == int(place) for place in places)):
            raise ValueError(f"checkpoints must be 2 ... 16 rising whole numbers above 0, got {self.checkpoints}")
        check_numbers(self, ("final_quality", "dip"), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("scale",), "finite and above 0", lambda value: 0.0 < value < math.inf)
        check_numbers(self, ("noise", "price"), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)
        domain = f"a whole number in 0 ... {MOST_TOKENS}"
        few = ("critic_tokens", "answer_tokens")
        check_numbers(self, few, domain, lambda value: 0 <= value <= MOST_TOKENS and value % 1 == 0)

    @property
    def answers(self) -> int:
        """Right and wrong."""
        return 2

    def problems(self, seed: int, block: int, count: int) -> Course:
        """Courses of one block."""
        random = host_generator(seed, block, 0)
        tokens = np.asarray(self.checkpoints, dtype=np.float64)
        smooth = self.final_quality * -np.expm1(-tokens / self.scale)
        before = np.concatenate([[0.0, 0.0], smooth])[: tokens.size]
        falls = random.random((tokens.size, count)) < self.dip
        quality = np.where(falls, before[:, None], smooth[:, None])
        looks = np.arange(1, tokens.size + 1) * self.answer_tokens
        best = np.argmax(quality - self.price * (tokens + looks)[:, None], axis=0)
        threshold = random.random(count)
        single = (jnp.asarray(part, jnp.float32) for part in (quality, threshold))
        return Course(next(single), jnp.asarray(best, jnp.int32), next(single))

    def memory(self, problem: Course) -> tuple[()]:
        """The course is drawn in advance."""
        del problem
        return ()

    def root(self, problem: Course) -> Thought:
        """Nothing was thought."""
        return Thought(jnp.full(problem.threshold.shape, NO_ANSWER, jnp.int32))

    def step(self, uniform: Uniforms, problem: Course, memory: tuple[()], state: Thought, hint: jax.Array) -> Step:
        """On to the next checkpoint; it ends at the best one, which only an oracle should look at."""
        del uniform, hint
        last = len(self.checkpoints) - 1
        widths = jnp.asarray([*np.diff([0, *self.checkpoints]).tolist(), BEYOND], jnp.int32)
        now = jnp.minimum(state.checkpoint + 1, last + 1)
        paid = costs(jnp.zeros_like(now), widths[now], jnp.ones_like(now))
        return Step(memory, Thought(jnp.minimum(now, last)), now == problem.best, paid)

    def critic(
        self, uniform: Uniforms, problem: Course, state: Thought, child: Thought
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The observed quality, as points."""
        del state
        true = take(problem.quality, child.checkpoint)
        observed = true + self.noise * standard_normal(uniform[0])
        return observed, jnp.clip(observed, 0.1, 1.0), costs(jnp.zeros_like(child.checkpoint), self.critic_tokens)

    def answer(self, uniform: Uniforms, problem: Course, state: Thought) -> tuple[jax.Array, jax.Array]:
        """The answer forced at the checkpoint, none before the first."""
        del uniform
        quality = take(problem.quality, jnp.maximum(state.checkpoint, 0))
        given = jnp.where(problem.threshold < quality, 0, 1)
        reached = state.checkpoint >= 0
        return jnp.where(reached, given, NO_ANSWER), costs(0, jnp.where(reached, self.answer_tokens, 0))


def worth(result: StrategyResult, price: float) -> Estimate:
    """Accuracy minus the price of the tokens; its error is the sum of both errors, which is never too small.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, FixedStop, simulate_strategy
    >>> world = AnytimeWorld(final_quality=1.0, scale=1.0, dip=0.0)
    >>> worth(simulate_strategy(world, FixedStop(checkpoint=1), 4096, problems=100, seed=1), 1e-3).value
    0.744
    """
    tokens = (result.input_tokens, result.output_tokens)
    return Estimate(
        value=result.accuracy.value - price * sum(part.value for part in tokens),
        standard_error=result.accuracy.standard_error + price * sum(part.standard_error for part in tokens),
        draws=result.accuracy.draws,
        provenance=result.accuracy.provenance,
    )


def regret(result: StrategyResult, oracle: StrategyResult, price: float) -> Estimate:
    """Worth that the oracle stop had more, on the same problems; its error is the sum of both, never too small."""
    ours, best = worth(result, price), worth(oracle, price)
    return Estimate(
        value=best.value - ours.value,
        standard_error=best.standard_error + ours.standard_error,
        draws=ours.draws,
        provenance=ours.provenance,
    )


def curve_index(result: StrategyResult, checkpoints: Sequence[int], largest_quality: float = 1.0) -> Estimate:
    r"""Area under the accuracy that was held, over the largest possible area: the anytime index of a strategy.

    :math:`\sum_t \frac12(Q_t + Q_{t+1})(b_{t+1}-b_t) / ((b_T - b_1) Q_{max})`

    Parameters
    ----------
    result
        Of a run whose budget was the last checkpoint, in tokens.
    checkpoints
        Tokens, sixteenths of the last one, increasing: 2 or more of them.
    largest_quality
        Q_max, above 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Source: arXiv 2601.11038 (as reported), of the mean curve; the answers held play the part of the running best.
    Points of the curve belong to the same problems: the error is the weighted sum of theirs, which is never too small.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, FixedStop, simulate_strategy
    >>> world = AnytimeWorld(final_quality=1.0, scale=1.0, dip=0.0)
    >>> result = simulate_strategy(world, FixedStop(checkpoint=5), 4096, problems=100, seed=1)
    >>> curve_index(result, world.checkpoints).value
    1.0
    """
    places = [16 * tokens / checkpoints[-1] for tokens in checkpoints]
    rising = all(later > sooner for sooner, later in pairwise(places))
    if len(places) < 2 or places[0] < 1 or not rising or any(place != int(place) for place in places):
        raise ValueError(f"checkpoints must be two or more rising sixteenths of the last one, got {tuple(checkpoints)}")
    if not 0.0 < largest_quality < math.inf:
        raise ValueError(f"largest_quality must be finite and above 0, got {largest_quality}")
    steps = np.diff(np.asarray(checkpoints, dtype=np.float64))
    weights = 0.5 * (np.concatenate([steps, [0.0]]) + np.concatenate([[0.0], steps]))
    weights = weights / (steps.sum() * largest_quality)
    held = [result.curve[int(place) - 1] for place in places]
    return Estimate(
        value=float(sum(weight * point.value for weight, point in zip(weights, held, strict=True))),
        standard_error=float(sum(weight * point.standard_error for weight, point in zip(weights, held, strict=True))),
        draws=result.accuracy.draws,
        provenance=result.accuracy.provenance,
    )
