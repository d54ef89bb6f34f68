"""Questions with few answers: samples, personas, a cheap model, an evaluator and debates, and what each call costs.

A sample is one call. It is an answer from the root where nothing but the strong model is asked, or a step whose hint
names who answers; what a step found is read by an answer from its child, which is free. The evaluator is the critic.
Tokens are those of the strong model: a cheap call is charged what as many of them would cost as it does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri

from budgetsim.simulate.reasoning.ballots import wrong_answer
from budgetsim.simulate.reasoning.columns import Uniforms, lognormal_tokens, standard_normal, take
from budgetsim.simulate.reasoning.debates import DEBATER, Heard, nothing_heard, take_turn
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, check_numbers, costs, host_generator

CHEAP, PERSONA = 2, 4
"""Hints, beside `debates.DEBATER`: ask the cheap model; ask persona 0 (the next ones are PERSONA + 1, + 2 ...)."""


class Asked(NamedTuple):
    """One question: probability that a sample is right, of the strong model, the cheap model and every persona."""

    right: jax.Array  # [problems]
    cheap: jax.Array  # [problems]
    personas: jax.Array  # [personas, problems]


class Said(NamedTuple):
    """What a call answered, and in which round of a debate it did; the root has said nothing in round 0."""

    answer: jax.Array
    round: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("answers", "personas"),
    data_fields=(
        *("right_mean", "right_concentration", "dominant", "prompt_tokens", "chain_tokens", "chain_spread"),
        *("accepts_right", "accepts_wrong", "grade_spread_right", "grade_spread_wrong"),
        *("evaluator_input", "evaluator_output", "cheap_odds", "cheap_price"),
        *("persona_spread", "persona_correlation", "persona_tokens", "conformity", "demonstration_tokens"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class AnswerWorld:
    """Questions with a handful of answers, sampled independently given the question.

    Calls are model calls, whoever answers or evaluates; to read what was said is none. Tokens are the strong model's:
    cheap ones are multiplied by their price before they are charged, so a budget in tokens counts what they cost, not
    how many there are. In a table at equal tokens a cascade is at equal money of the strong model's tokens, and its
    cheap calls read and write more tokens than it shows.

    Parameters
    ----------
    right_mean, right_concentration
        The probability that a sample of a question is right is drawn from Beta(mean c, (1 - mean) c); an infinite
        concentration c gives every question the mean.
    answers
        Number of different answers, 2 ... 127.
    dominant
        Share of the wrong mass on one wrong answer, in [1 / (answers - 1), 1]; the others share the rest equally. None
        for equal shares.
    prompt_tokens, chain_tokens, chain_spread
        Tokens that every sample reads; mean of the lognormal number that it writes, and standard deviation of its log.
        What is written is rounded, and 1 or more.
    accepts_right, accepts_wrong
        Probabilities that the evaluator accepts a right and a wrong answer.
    grade_spread_right, grade_spread_wrong
        Standard deviations of the normal grades that the evaluator gives; it accepts grades above 0.
    evaluator_input, evaluator_output
        Tokens that one evaluation reads and writes.
    cheap_odds, cheap_price
        The cheap model's odds of a right answer over the strong model's, and its price over the strong model's: the
        tokens it reads and those it writes are charged as so many of the strong model's, each rounded up to a whole
        token.
    personas
        Number of personas, 1 or more; hint PERSONA + i asks persona i modulo their number.
    persona_spread, persona_correlation
        A persona's log odds of a right answer differ from the question's by a normal shift of this standard deviation,
        drawn once per question, and two personas' shifts have this correlation.
    persona_tokens
        Tokens that a persona reads on top of the prompt: its description, and worked examples of its own.
    conformity
        Probability that a debater adopts the plurality of the others' last answers (ties at random) instead of its own.
    demonstration_tokens
        Tokens of worked examples that every call which answers reads on top of the prompt: samples of the strong and of
        the cheap model (at its price), personas, and debaters in every round; not the evaluator, whose whole prompt is
        ``evaluator_input``. Examples that only personas read belong into ``persona_tokens``.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a synthetic world for the questions of *Reasoning in Token Economies: Budget-Aware Evaluation of LLM
    Reasoning Strategies*, Junlin Wang et al., arXiv 2406.06461. In round r of a debate every agent reads the prompt and
    all that was written in the rounds before. A verdict and a grade are one: 0 is where acceptance begins.

    Examples
    --------
    >>> world = AnswerWorld(right_mean=0.6, answers=3)
    >>> world.sample_tokens, world.dominant_share
    (350, 0.5)
    """

    right_mean: float = 0.5
    right_concentration: float = 4.0
    answers: int = 4
    dominant: float | None = None
    prompt_tokens: int = 150
    chain_tokens: float = 200.0
    chain_spread: float = 0.4
    accepts_right: float = 0.8
    accepts_wrong: float = 0.5
    grade_spread_right: float = 1.0
    grade_spread_wrong: float = 1.0
    evaluator_input: int = 0
    evaluator_output: int = 60
    cheap_odds: float = 0.5
    cheap_price: float = 0.1
    personas: int = 4
    persona_spread: float = 1.0
    persona_correlation: float = 0.3
    persona_tokens: int = 0
    conformity: float = 0.6
    demonstration_tokens: int = 0

    def __post_init__(self) -> None:
        if not 2 <= self.answers <= 127 or self.answers != int(self.answers):
            raise ValueError(f"answers must be a whole number in 2 ... 127, got {self.answers}")
        check_numbers(self, ("personas",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        shares = ("right_mean", "accepts_right", "accepts_wrong", "conformity", "persona_correlation")
        check_numbers(self, shares, "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("right_concentration",), "above 0", lambda value: value > 0.0)
        least = 1.0 / (self.answers - 1)
        check_numbers(self, ("dominant",), f"in [{least:.4g}, 1]", lambda value: least - 1e-9 <= value <= 1.0 + 1e-9)
        whole = ("prompt_tokens", "persona_tokens", "evaluator_input", "evaluator_output", "demonstration_tokens")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        free = ("chain_tokens", "chain_spread", "cheap_odds", "cheap_price", "persona_spread")
        spreads = ("grade_spread_right", "grade_spread_wrong")
        check_numbers(self, free, "finite and 0 or more", lambda value: 0.0 <= value < math.inf)
        check_numbers(self, spreads, "finite and above 0", lambda value: 0.0 < value < math.inf)

    @property
    def dominant_share(self) -> float:
        """Share of the wrong mass on answer 1."""
        return 1.0 / (self.answers - 1) if self.dominant is None else self.dominant

    @property
    def sample_tokens(self) -> int:
        """Tokens of one sample of the strong model, read and written, on average."""
        return round(self._prompt + self.chain_tokens)

    @property
    def _prompt(self) -> int:
        """Tokens that whoever answers reads."""
        return self.prompt_tokens + self.demonstration_tokens

    def problems(self, seed: int, block: int, count: int) -> Asked:
        """Questions of one block."""
        random = host_generator(seed, block, 0)
        mean, concentration = self.right_mean, self.right_concentration
        right = np.full(count, mean)
        if 0.0 < mean < 1.0 and concentration < math.inf:
            right = random.beta(mean * concentration, (1.0 - mean) * concentration, size=count)
        shared = random.standard_normal(count) * math.sqrt(self.persona_correlation)
        own = random.standard_normal((self.personas, count)) * math.sqrt(1.0 - self.persona_correlation)
        shifts = np.exp(np.clip(self.persona_spread * (shared + own), -80.0, 80.0))
        rows = (right, _with_odds(right, self.cheap_odds), _with_odds(right, shifts))
        return Asked(*(jnp.asarray(row, jnp.float32) for row in rows))

    def memory(self, problem: Asked) -> Heard:
        """Nothing was said yet."""
        return nothing_heard(self.answers, problem.right.shape)

    def root(self, problem: Asked) -> Said:
        """The question itself."""
        nothing = jnp.zeros(problem.right.shape, jnp.int8)
        return Said(nothing + jnp.int8(NO_ANSWER), nothing)

    def step(self, uniform: Uniforms, problem: Asked, memory: Heard, state: Said, hint: jax.Array) -> Step:
        """One call to whom the hint names."""
        persona = jnp.where(hint >= PERSONA, (hint - PERSONA) % self.personas, 0)
        right = jnp.where(hint == CHEAP, problem.cheap, problem.right)
        right = jnp.where(hint >= PERSONA, take(problem.personas, persona), right)
        fresh = self._sampled(uniform, right)
        written = self._tokens(uniform)

        turn = take_turn(uniform, memory, hint == DEBATER, state.round, state.answer, fresh, written, self.conformity)
        read = turn.read + self._prompt + jnp.where(hint >= PERSONA, self.persona_tokens, 0)
        paid = costs(self._charged(read, hint), self._charged(written, hint), 1)
        return Step(turn.heard, Said(turn.answer, turn.round), jnp.ones(turn.answer.shape, bool), paid)

    def critic(
        self, uniform: Uniforms, problem: Asked, state: Said, child: Said
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The verdict, 1 (accepted) or -1, and the grade, squeezed into [0.1, 1]: acceptance begins at 0.55."""
        del problem, state
        right = child.answer == 0
        rate = jnp.where(right, self.accepts_right, self.accepts_wrong).astype(jnp.float32)
        spread = jnp.where(right, self.grade_spread_right, self.grade_spread_wrong)
        grade = spread * (ndtri(rate) - standard_normal(uniform[0]))
        verdict = jnp.where(uniform[0] < rate, 1.0, -1.0)
        paid = costs(self.evaluator_input, self.evaluator_output, jnp.ones(right.shape, jnp.int32))
        return verdict, 0.1 + 0.9 * jax.nn.sigmoid(grade), paid

    def answer(self, uniform: Uniforms, problem: Asked, state: Said) -> tuple[jax.Array, jax.Array]:
        """A sample of the strong model from the root; what was said, at no cost, from anywhere else."""
        sampled = state.answer == NO_ANSWER
        paid = costs(self._prompt, self._tokens(uniform), 1)
        answer = jnp.where(sampled, self._sampled(uniform, problem.right), state.answer)
        return answer.astype(jnp.int32), jnp.where(sampled, paid, 0)

    def _sampled(self, uniform: Uniforms, right: jax.Array) -> jax.Array:
        """Numbers 0, 1, 2: right or wrong, the dominant wrong answer or another, which other."""
        wrong = wrong_answer(uniform[1], uniform[2], self.dominant_share, self.answers)
        return jnp.where(uniform[0] < right, 0, wrong)

    def _tokens(self, uniform: Uniforms) -> jax.Array:
        """Number 3: tokens written, lognormal around their mean."""
        return lognormal_tokens(uniform[3], self.chain_tokens, self.chain_spread)

    def _charged(self, tokens: jax.Array, hint: jax.Array) -> jax.Array:
        """Tokens as so many of the strong model's."""
        cheap = jnp.ceil(tokens.astype(jnp.float32) * self.cheap_price).astype(jnp.int32)
        return jnp.where(hint == CHEAP, cheap, tokens)


def _with_odds(right: np.ndarray, factor: float | np.ndarray) -> np.ndarray:
    """Probabilities whose odds are so many times those of ``right``."""
    return np.asarray(factor * right / np.maximum(1.0 - right + factor * right, 1e-300))
