"""Multi-hop questions: progress, misleading steps, redundant repeats, traps, right and wrong terminal answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, put, standard_normal, take
from budgetsim.simulate.reasoning.world import (
    WIDEN,
    Step,
    check_choice,
    check_numbers,
    check_range,
    costs,
    host_generator,
    is_number,
)

PROGRESS, MISLEADING, REDUNDANT = range(3)
NOTHING_YET = 3  # no outcome is remembered
LARGEST_HOPS = 8


class Question(NamedTuple):
    """One question: hops it needs, and the probability that an unmisled step makes progress."""

    hops: jax.Array
    progress: jax.Array


class Place(NamedTuple):
    """Where a trajectory stands."""

    made: jax.Array  # hops
    misled: jax.Array  # 1 after a misleading step, else 0
    last: jax.Array  # outcome of the step that led here
    tried: jax.Array  # outcome of the last step made from here
    length: jax.Array  # tokens written on the way here


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("repeat_by",),
    data_fields=(
        *(
            "hop_weights",
            "progress_alpha",
            "progress_beta",
            "misleading",
            "repeat",
            "repeat_widened",
            "trapped",
            "early_stop",
            "demonstration_tokens",
        ),
        *("critic_noise", "critic_bias", "fooled", "lucky", "absolute_noise"),
        *("step_tokens", "critic_tokens", "answer_tokens", "step_calls", "prompt_tokens", "resent"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class HopWorld:
    """Questions that need several hops; each hop is one search whose result may be progress, misleading or redundant.

    Calls are tool calls: a step makes ``step_calls`` of them, the critic and an answer none, though all are model calls
    whose tokens are charged.

    Parameters
    ----------
    hop_weights
        Probabilities of questions that need 2, 3, ... hops (as many as given), summing to 1.
    progress_alpha, progress_beta
        The progress probability of a question is drawn once from this beta distribution.
    misleading
        Probability of a misleading step: it looks like progress and contaminates what follows.
    repeat, repeat_widened
        Probability that the last outcome from the same place repeats itself, and the same under a WIDEN hint.
    trapped
        Probability that a contaminated state is a dead end: no later step makes progress.
    early_stop
        Probability that a generator that is left to itself stops after a step (chains, trees without a critic).
    critic_noise, critic_bias, fooled
        Standard deviation and mean of the critic's error in raw points; probability that a misleading step fools it.
    lucky
        An unfinished, uncontaminated trajectory answers right with probability ``lucky`` times its hops.
    absolute_noise
        Standard deviation of the absolute score (1 to 10) that a critic without a sense of progress gives.
    step_tokens, critic_tokens, answer_tokens
        Tokens of a call: uniform over whole numbers from the first up to, not including, the second.
    step_calls
        Tool calls of a step.
    prompt_tokens, resent
        Input tokens of every call: so many, and this share of all tokens written on the way to the node it works from.
        The default counts no input: the tokens of a call are then totals.
    demonstration_tokens
        Input tokens of worked examples, on top of these, of every call of the generator: of steps and of answers, not
        of the critic.
    repeat_by
        What counts as the same place when an outcome repeats itself: the same hops made and misled or not, whatever
        the node (``place``), or the same node of the tree (``node``).

    Notes
    -----
    Derived: a synthetic world for the questions of *Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM
    Agents*, Yushu Li, Wenlong Deng, Jiajin Li, Xiaoxiao Li, arXiv 2603.12634. The defaults were fitted to that paper's
    averages, so results at the defaults reproduce nothing: draw worlds from a prior instead.

    Examples
    --------
    A chain of one search reads the examples twice, for the search and for the answer:

    >>> from budgetsim.simulate.reasoning import ParallelChains, simulate_strategy
    >>> world = HopWorld(hop_weights=(1.0,), early_stop=1.0, step_tokens=(100, 101), demonstration_tokens=500)
    >>> result = simulate_strategy(world, ParallelChains(chains=1, longest=1), 10_000, problems=64, seed=1)
    >>> result.largest[0], result.largest[2]
    (1000, 1)
    """

    hop_weights: tuple[float, ...] = (0.3, 0.4, 0.3)
    progress_alpha: float = 2.02
    progress_beta: float = 1.80
    misleading: float = 0.10
    repeat: float = 0.69
    repeat_widened: float = 0.42
    trapped: float = 0.0
    early_stop: float = 0.15
    critic_noise: float = 1.1
    critic_bias: float = 0.01
    fooled: float = 0.55
    lucky: float = 0.06
    absolute_noise: float = 1.2
    step_tokens: tuple[int, int] = (120, 300)
    critic_tokens: tuple[int, int] = (30, 80)
    answer_tokens: tuple[int, int] = (60, 120)
    step_calls: int = 1
    prompt_tokens: int = 0
    resent: float = 0.0
    demonstration_tokens: int = 0
    repeat_by: Literal["place", "node"] = "place"

    def __post_init__(self) -> None:
        check_choice(self, "repeat_by", ("place", "node"))
        names = ("misleading", "repeat", "repeat_widened", "trapped", "early_stop", "fooled", "lucky")
        check_numbers(self, names, "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        shapes, spreads = ("progress_alpha", "progress_beta"), ("critic_noise", "absolute_noise", "resent")
        check_numbers(self, shapes, "finite and above 0", lambda value: 0.0 < value < math.inf)
        check_numbers(self, spreads, "finite and 0 or more", lambda value: 0.0 <= value < math.inf)
        check_numbers(self, ("critic_bias",), "finite", math.isfinite)
        whole = ("step_calls", "prompt_tokens", "demonstration_tokens")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        for name in ("step_tokens", "critic_tokens", "answer_tokens"):
            check_range(self, name)
        weights = self.hop_weights
        if all(is_number(weight) for weight in weights):
            proper = 0 < len(weights) < LARGEST_HOPS and min(weights) >= 0.0 and abs(sum(weights) - 1.0) < 1e-9
            if not proper:
                most = LARGEST_HOPS - 1
                raise ValueError(f"hop_weights must be 1 to {most} probabilities summing to 1, got {weights}")

    @property
    def answers(self) -> int:
        """The right answer and six wrong ones, of which the first is the common one."""
        return 7

    def problems(self, seed: int, block: int, count: int) -> Question:
        """Questions of one block."""
        random = host_generator(seed, block, 0)
        hops = 2 + random.choice(len(self.hop_weights), size=count, p=self.hop_weights)
        progress = random.beta(self.progress_alpha, self.progress_beta, size=count)
        return Question(jnp.asarray(hops, jnp.int32), jnp.asarray(progress, jnp.float32))

    def memory(self, problem: Question) -> Any:
        """Last outcome seen from each place [2 hops made + misled]: the same model tends to repeat itself."""
        if self.repeat_by == "node":
            return ()
        return jnp.full((2 * LARGEST_HOPS + 2, *problem.hops.shape), NOTHING_YET, jnp.int8)

    def root(self, problem: Question) -> Place:
        """No hop made."""
        nothing = jnp.zeros(problem.hops.shape, jnp.int8)
        unknown = jnp.full_like(nothing, NOTHING_YET)
        return Place(nothing, nothing, unknown, unknown, jnp.zeros(problem.hops.shape, jnp.int32))

    def step(self, uniform: Uniforms, problem: Question, memory: Any, state: Place, hint: jax.Array) -> Step:
        """One search from a place."""
        place = 2 * jnp.minimum(state.made, LARGEST_HOPS).astype(jnp.int32) + state.misled
        before = state.tried if self.repeat_by == "node" else take(memory, place)
        repeats = (uniform[0] < jnp.where(hint == WIDEN, self.repeat_widened, self.repeat)) & (before != NOTHING_YET)
        stuck = (state.misled > 0) & (uniform[3] < self.trapped)
        chance = jnp.where(stuck, 0.0, problem.progress * (1.0 - self.misleading))
        fresh = jnp.where(
            uniform[1] < self.misleading,
            MISLEADING,
            jnp.where(uniform[1] < self.misleading + chance, PROGRESS, REDUNDANT),
        )
        outcome = jnp.where(repeats, before, fresh).astype(jnp.int8)
        written = _tokens(uniform[4], self.step_tokens)
        child = Place(
            state.made + (outcome == PROGRESS).astype(jnp.int8),
            (state.misled | (outcome == MISLEADING)).astype(jnp.int8),
            outcome,
            jnp.full_like(outcome, NOTHING_YET),
            state.length + written,
        )
        ends = (child.made >= problem.hops) | (uniform[2] < self.early_stop)
        paid = costs(self._prompt(state) + self.demonstration_tokens, written, self.step_calls)
        if self.repeat_by == "node":
            return Step(memory, child, ends, paid, state._replace(tried=outcome))
        return Step(put(memory, place, outcome), child, ends, paid)

    def _prompt(self, state: Place) -> jax.Array:
        """Prompt tokens of any call: what is always there, and what was written so far."""
        return self.prompt_tokens + jnp.floor(self.resent * state.length).astype(jnp.int32)

    def critic(
        self, uniform: Uniforms, problem: Question, state: Place, child: Place
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Relative progress as the critic sees it, and an absolute score that knows the hops made."""
        misleading = child.last == MISLEADING
        seen = (child.last == PROGRESS) | (misleading & (uniform[0] < self.fooled))
        true = jnp.where(seen, 7.0 / problem.hops, jnp.where(misleading, -2.0, -0.5))
        delta = jnp.round(true + self.critic_bias + self.critic_noise * standard_normal(uniform[1]))
        apparent = (child.last == PROGRESS) | misleading
        level = 5.5 + 0.25 * (state.made + apparent) * 7.0 / problem.hops
        score = jnp.clip(level + self.absolute_noise * standard_normal(uniform[2]), 1.0, 10.0) / 10.0
        return jnp.clip(delta, -4.0, 4.0), score, costs(self._prompt(child), _tokens(uniform[3], self.critic_tokens), 0)

    def answer(self, uniform: Uniforms, problem: Question, state: Place) -> tuple[jax.Array, jax.Array]:
        """Right if enough uncontaminated hops were made, by luck sometimes; else a wrong answer, often the same one."""
        clean = state.misled == 0
        right = clean & ((state.made >= problem.hops) | (uniform[0] < self.lucky * state.made))
        wrong = jnp.where(uniform[1] < 0.6, 1, 1 + jnp.floor(uniform[2] * 6.0)).astype(jnp.int32)
        return jnp.where(right, 0, jnp.minimum(wrong, 6)), costs(
            self._prompt(state) + self.demonstration_tokens, _tokens(uniform[3], self.answer_tokens), 0
        )


def _tokens(uniform: jax.Array, low_high: tuple[int, int]) -> jax.Array:
    low, high = low_high
    return jnp.minimum(low + jnp.floor(uniform * (high - low)), high - 1).astype(jnp.int32)
