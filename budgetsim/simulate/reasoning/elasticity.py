"""Answers under a token instruction: fewer tokens up to a point, more again where a model gives up complying.

A step with a positive hint is a call with that many tokens written into the prompt; other hints are `VANILLA`,
`DIRECT`, `ESTIMATE`, which asks how many tokens are needed, and `FOLLOW`, a call with the number estimated here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, check_numbers, costs, host_generator

VANILLA, DIRECT, ESTIMATE, FOLLOW = 0, -1, -2, -3
"""Hints: no instruction; an answer without reasoning; the estimator; what it said."""

LARGEST_TOKENS = 2**20


class Demand(NamedTuple):
    """What a question needs; each part is [problems]."""

    least: jax.Array  # least sufficient budget, in tokens
    collapse: jax.Array  # instruction at which the model gives up half the time
    estimate: jax.Array  # int32: what the estimator says


class Written(NamedTuple):
    """The estimate heard, or 0, and the answer given, or NO_ANSWER."""

    estimate: jax.Array
    answer: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=(
        *("base_tokens", "tokens_per_budget", "collapse_budget", "steepness", "collapsed_tokens", "vanilla_tokens"),
        *("direct_tokens", "least_budget", "difficulty_spread", "estimator_spread", "estimator_tokens"),
        "prompt_tokens",
    ),
)
@dataclass(frozen=True, kw_only=True)
class ElasticWorld:
    r"""Questions whose answers get shorter when told to, and wrong when told too little.

    Instructed to use :math:`\beta` tokens, a call gives up with probability :math:`1/(1+(\beta/\beta_c)^s)` and then
    writes ``collapsed_tokens``; else it writes the smaller of ``vanilla_tokens`` and :math:`a + \kappa\beta`. Lengths
    that are not whole are rounded up or down at random, so that their mean is kept. The answer is right if the smaller
    of the instruction and ``vanilla_tokens`` is the least sufficient budget or more. Calls are model calls, the
    estimator's included; to read what was written is none.

    Parameters
    ----------
    base_tokens, tokens_per_budget
        a and kappa, 0 or more.
    collapse_budget, steepness
        :math:`\beta_c` of a question of difficulty 1, and s; above 0.
    collapsed_tokens, vanilla_tokens, direct_tokens
        Tokens written after giving up, without an instruction, and without reasoning, 0 or more.
    least_budget
        Least sufficient budget of a question of difficulty 1, above 0.
    difficulty_spread
        Difficulty is lognormal with median 1 and this standard deviation of its logarithm; it multiplies
        ``collapse_budget`` and ``least_budget``.
    estimator_spread, estimator_tokens
        The estimator says the least sufficient budget times a lognormal number with median 1 and this standard
        deviation of its logarithm, drawn once per question, rounded and at least 1; tokens that it writes.
    prompt_tokens
        Tokens that every call reads.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a model of token elasticity in *Token-Budget-Aware LLM Reasoning*, Tingxu Han et al., arXiv 2412.18547. The
    defaults pass through its example: 258 tokens without a budget, 86 told 50, 157 told 10.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ElasticWorld, Instructed, simulate_strategy
    >>> world = ElasticWorld(difficulty_spread=0.0, least_budget=30.0)
    >>> result = simulate_strategy(world, Instructed(token_budget=50), 10_000, problems=4096, seed=1)
    >>> result.accuracy.value, abs(result.output_tokens.value - 86) < 3
    (1.0, True)
    """

    base_tokens: float = 42.81
    tokens_per_budget: float = 0.75
    collapse_budget: float = 20.17
    steepness: float = 3.0
    collapsed_tokens: float = 170.0
    vanilla_tokens: float = 258.0
    direct_tokens: float = 15.0
    least_budget: float = 50.0
    difficulty_spread: float = 0.5
    estimator_spread: float = 0.5
    estimator_tokens: int = 40
    prompt_tokens: int = 100

    def __post_init__(self) -> None:
        above = ("collapse_budget", "steepness", "least_budget")
        check_numbers(self, above, "finite and above 0", lambda value: 0.0 < value < math.inf)
        lengths = ("base_tokens", "tokens_per_budget", "collapsed_tokens", "vanilla_tokens", "direct_tokens")
        check_numbers(self, lengths, f"in 0 ... {LARGEST_TOKENS}", lambda value: 0.0 <= value <= LARGEST_TOKENS)
        spreads = ("difficulty_spread", "estimator_spread")
        check_numbers(self, spreads, "in 0 ... 10", lambda value: 0.0 <= value <= 10.0)
        whole = ("estimator_tokens", "prompt_tokens")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)

    @property
    def answers(self) -> int:
        """Right and wrong."""
        return 2

    def problems(self, seed: int, block: int, count: int) -> Demand:
        """Questions of one block."""
        random = host_generator(seed, block, 0)
        difficulty = np.exp(self.difficulty_spread * random.standard_normal(count))
        factor = np.exp(self.estimator_spread * random.standard_normal(count))
        least = self.least_budget * difficulty
        estimate = np.clip(np.round(least * factor), 1, LARGEST_TOKENS)
        collapse = jnp.asarray(self.collapse_budget * difficulty, jnp.float32)
        return Demand(jnp.asarray(least, jnp.float32), collapse, jnp.asarray(estimate, jnp.int32))

    def memory(self, problem: Demand) -> tuple[()]:
        """Calls do not know of each other."""
        del problem
        return ()

    def root(self, problem: Demand) -> Written:
        """Nothing written."""
        return Written(jnp.zeros_like(problem.estimate), jnp.full(problem.estimate.shape, NO_ANSWER, jnp.int8))

    def step(self, uniform: Uniforms, problem: Demand, memory: tuple[()], state: Written, hint: jax.Array) -> Step:
        """One call; number 0 says whether it gives up, number 1 rounds."""
        estimates = hint == ESTIMATE
        told = jnp.where(hint == FOLLOW, state.estimate, jnp.maximum(hint, 0)).astype(jnp.float32)
        instructed = told > 0.0  # an estimate that was never asked for is no instruction
        stays = (jnp.maximum(told, 1.0) / problem.collapse) ** self.steepness
        gives_up = instructed & (uniform[0] * (1.0 + stays) < 1.0)
        complying = jnp.where(instructed, self.base_tokens + self.tokens_per_budget * told, self.vanilla_tokens)
        length = jnp.where(gives_up, self.collapsed_tokens, jnp.minimum(complying, self.vanilla_tokens))
        useful = jnp.where(instructed, jnp.minimum(told, self.vanilla_tokens), self.vanilla_tokens)
        length = jnp.where(hint == DIRECT, self.direct_tokens, length)
        useful = jnp.where(hint == DIRECT, self.direct_tokens, useful)

        written = jnp.where(estimates, self.estimator_tokens, rounded(length, uniform[1]))
        answer = jnp.where(estimates, NO_ANSWER, jnp.where(useful >= problem.least, 0, 1)).astype(jnp.int8)
        heard = jnp.where(estimates, problem.estimate, state.estimate)
        paid = costs(self.prompt_tokens, written, jnp.ones_like(written))
        return Step(memory, Written(heard, answer), ~estimates, paid)

    def critic(
        self, uniform: Uniforms, problem: Demand, state: Written, child: Written
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Nobody judges."""
        del uniform, problem, state
        nothing = jnp.zeros(child.estimate.shape, jnp.float32)
        return nothing, nothing, costs(jnp.zeros_like(child.estimate))

    def answer(self, uniform: Uniforms, problem: Demand, state: Written) -> tuple[jax.Array, jax.Array]:
        """What was written, read at no cost."""
        del uniform, problem
        return state.answer.astype(jnp.int32), costs(jnp.zeros_like(state.estimate))


def rounded(length: jax.Array, uniform: jax.Array) -> jax.Array:
    """Whole tokens next to a length, up or down so that their mean is the length.

    Examples
    --------
    >>> rounded(jnp.array([2.25, 2.25, 3.0]), jnp.array([0.5, 0.9, 0.99])).tolist()
    [2, 3, 3]
    """
    whole = jnp.floor(length)
    return (whole + (uniform >= 1.0 - (length - whole))).astype(jnp.int32)
