"""Chains of sub-questions whose chance of error falls as a power of the tokens spent on them.

A step with a hint of 0 or more solves the next sub-question with so many tokens; `PLAN` asks the planner; `at_once`
solves everything in one call, whose tokens the model divides as it likes. The answer counts the wrong sub-answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms, take
from budgetsim.simulate.reasoning.world import Step, check_numbers, costs, host_generator

PLAN = -1
"""Hint: decompose the question."""

MOST_PARTS = 8
"""Sub-questions of one question, at most."""


def at_once(tokens: jax.Array | int) -> jax.Array | int:
    """Hint: solve all sub-questions in one call of so many tokens."""
    return PLAN - 1 - tokens


class Parts(NamedTuple):
    """Shares [sub-questions, problems] in which the model divides the tokens of one call for everything."""

    shares: jax.Array


class Solved(NamedTuple):
    """Sub-questions solved so far, and how many of their answers are wrong."""

    done: jax.Array
    wrong: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=(
        *("initial_uncertainty", "decay_rate", "planner_input", "planner_output"),
        *("prompt_tokens", "follow_tokens", "own_concentration", "aleatoric"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class SubQuestions:
    r"""Questions of several sub-questions, right if every sub-answer is right.

    With :math:`b_j` tokens the answer to sub-question j is wrong with probability
    :math:`\min(1, c_j b_j^{-\beta_j} + a)`, surely without tokens. Calls are model calls, the planner's
    included; putting sub-answers together is none.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        :math:`c_j` and :math:`\beta_j` of each of 1 ... 8 sub-questions, above 0.
    planner_input, planner_output
        Tokens that the planner reads and writes.
    prompt_tokens, follow_tokens
        Tokens read by the first call that solves something, and by every further one; 0 for the latter if one call
        answers everything, as in the released code.
    own_concentration
        The model divides the tokens of one call for everything in shares that are drawn once per question from a
        symmetric Dirichlet law with this parameter; infinity for equal shares.
    aleatoric
        a in [0, 1], the uncertainty of every sub-question that no tokens remove. It moves no best split as long as no
        sum of the two is cut off at 1.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: BBAM of *Plan and Budget: Effective and Efficient Test-Time Scaling on (Reasoning) Large Language Models*,
    Junhong Lin et al., arXiv 2505.16122 (as reported), read as a chance of error and so capped at 1; how a model
    divides tokens itself is derived. Every call writes the tokens that it is given. Answer k means that k sub-answers
    are wrong, so the mean of `StrategyResult.answers` estimates the summed uncertainty; answer 0 is right.

    Examples
    --------
    >>> world = SubQuestions(initial_uncertainty=(5.0, 20.0), decay_rate=(1.0, 1.5))
    >>> world.parts, world.answers
    (2, 3)
    """

    initial_uncertainty: tuple[float, ...] = (100.0, 50.0, 25.0)
    decay_rate: tuple[float, ...] = (1.5, 1.5, 1.5)
    planner_input: int = 150
    planner_output: int = 80
    prompt_tokens: int = 150
    follow_tokens: int = 0
    own_concentration: float = 1.0
    aleatoric: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= len(self.initial_uncertainty) <= MOST_PARTS:
            raise ValueError(
                f"initial_uncertainty must have 1 ... {MOST_PARTS} entries, got {self.initial_uncertainty}"
            )
        if len(self.decay_rate) != len(self.initial_uncertainty):
            raise ValueError(f"decay_rate must have {len(self.initial_uncertainty)} entries, got {self.decay_rate}")
        for name in ("initial_uncertainty", "decay_rate"):
            for value in getattr(self, name):
                if isinstance(value, int | float) and not 0.0 < value < math.inf:
                    raise ValueError(f"{name} must be finite and above 0, got {value}")
        whole = ("planner_input", "planner_output", "prompt_tokens", "follow_tokens")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        check_numbers(self, ("own_concentration",), "above 0", lambda value: value > 0.0)
        check_numbers(self, ("aleatoric",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def parts(self) -> int:
        """Number of sub-questions."""
        return len(self.initial_uncertainty)

    @property
    def answers(self) -> int:
        """0, 1, ... all sub-answers wrong."""
        return self.parts + 1

    def problems(self, seed: int, block: int, count: int) -> Parts:
        """How the model would divide the tokens of one call."""
        shares = np.full((self.parts, count), 1.0 / self.parts)
        if self.own_concentration < math.inf:
            drawn = host_generator(seed, block, 0).standard_gamma(self.own_concentration, (self.parts, count))
            total = drawn.sum(axis=0)
            shares = np.where(total > 0.0, drawn / np.where(total > 0.0, total, 1.0), shares)
        return Parts(jnp.asarray(shares, jnp.float32))

    def memory(self, problem: Parts) -> tuple[()]:
        """Nothing is remembered between branches."""
        del problem
        return ()

    def root(self, problem: Parts) -> Solved:
        """Nothing is solved."""
        nothing = jnp.zeros(problem.shares.shape[1:], jnp.int8)
        return Solved(nothing, nothing)

    def step(self, uniform: Uniforms, problem: Parts, memory: tuple[()], state: Solved, hint: jax.Array) -> Step:
        """Solve the next sub-question, or all of them; numbers 0, 1, ... decide about sub-answers 0, 1, ..."""
        everything = (hint < PLAN) & (state.done == 0)
        tokens = jnp.where(hint < PLAN, PLAN - 1 - hint, jnp.maximum(hint, 0))
        tokens = jnp.where(everything | ((hint >= 0) & (state.done < self.parts)), tokens, 0)
        spread = jnp.floor(problem.shares * tokens)
        chances = jnp.stack([self._error(part, spread[part]) for part in range(self.parts)])
        missed = jnp.sum(uniform.rows(self.parts) < chances, axis=0)
        place = jnp.minimum(state.done.astype(jnp.int32), self.parts - 1)
        chance = take(jnp.stack([self._error(part, tokens.astype(jnp.float32)) for part in range(self.parts)]), place)
        solves = everything | ((hint >= 0) & (state.done < self.parts))
        wrong = state.wrong + jnp.where(everything, missed, solves & (uniform[0] < chance))
        done = jnp.where(everything, self.parts, state.done + solves)

        read = jnp.where(state.done == 0, self.prompt_tokens, self.follow_tokens)
        asked = tokens > 0
        paid = costs(jnp.where(asked, read, 0), tokens, asked)
        paid = jnp.where(hint == PLAN, costs(self.planner_input, self.planner_output, jnp.ones_like(tokens)), paid)
        child = Solved(done.astype(jnp.int8), wrong.astype(jnp.int8))
        return Step(memory, child, done >= self.parts, paid)

    def critic(
        self, uniform: Uniforms, problem: Parts, state: Solved, child: Solved
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Nobody judges."""
        del uniform, problem, state
        nothing = jnp.zeros(child.done.shape, jnp.float32)
        return nothing, nothing, costs(jnp.zeros(child.done.shape, jnp.int32))

    def answer(self, uniform: Uniforms, problem: Parts, state: Solved) -> tuple[jax.Array, jax.Array]:
        """Number of wrong sub-answers, one not given included; putting them together costs nothing."""
        del uniform, problem
        wrong = state.wrong.astype(jnp.int32) + self.parts - state.done
        return wrong, costs(jnp.zeros_like(wrong))

    def _error(self, part: int, tokens: jax.Array) -> jax.Array:
        """Chance of a wrong answer to a sub-question."""
        log_chance = jnp.log(self.initial_uncertainty[part]) - self.decay_rate[part] * jnp.log(jnp.maximum(tokens, 1.0))
        chance = jnp.minimum(jnp.exp(jnp.minimum(log_chance, 0.0)) + self.aleatoric, 1.0)
        return jnp.where(tokens > 0.0, chance, 1.0)
