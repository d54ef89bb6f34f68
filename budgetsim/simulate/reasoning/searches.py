"""Questions that tool calls answer: every search may find what is needed, a verifier judges a proposal, imperfectly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.world import Step, check_numbers, costs, host_generator

SEARCH, VERIFY = 0, 1
"""Hints: one tool call; the verifier's verdict on what would be answered from here (accepted if the step ends)."""


class Sought(NamedTuple):
    """Probability that a call finds what is needed [problems]."""

    success: jax.Array


class Found(NamedTuple):
    """Whether what is needed was found."""

    found: jax.Array


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=(
        *("success_mean", "success_concentration", "accepts_right", "accepts_wrong"),
        *("search_input", "search_output", "verify_input", "verify_output", "answer_input", "answer_output"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class SearchWorld:
    """Questions whose answer some tool call has to find; an answer without it is wrong.

    A search ends when it finds what is needed: the agent knows that it has an answer, not whether it is right where it
    gives up before.

    Parameters
    ----------
    success_mean, success_concentration
        The probability that a call finds what is needed is drawn once per question from Beta(mean c, (1 - mean) c); an
        infinite concentration c gives every question the mean.
    accepts_right, accepts_wrong
        Probabilities that the verifier accepts a right and a wrong proposal; verdicts are independent.
    search_input, search_output
        Tokens that a tool call reads and writes; it is one call. A verdict and an answer are no tool calls.
    verify_input, verify_output, answer_input, answer_output
        Tokens of a verdict and of the final answer.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a synthetic world for *Budget-Aware Tool-Use Enables Effective Agent Scaling*, Tengxiao Liu et al., arXiv
    2511.17006, whose agents stop of their own accord long before their budgets end.

    Examples
    --------
    >>> world = SearchWorld(success_mean=0.05)
    >>> world.answers, world.accepts_right
    (2, 0.8)
    """

    success_mean: float = 0.5 / 6.5
    success_concentration: float = 6.5
    accepts_right: float = 0.8
    accepts_wrong: float = 0.25
    search_input: int = 1000
    search_output: int = 200
    verify_input: int = 500
    verify_output: int = 100
    answer_input: int = 0
    answer_output: int = 50

    def __post_init__(self) -> None:
        shares = ("success_mean", "accepts_right", "accepts_wrong")
        check_numbers(self, shares, "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("success_concentration",), "above 0", lambda value: value > 0.0)
        searches = ("search_input", "search_output", "verify_input", "verify_output")
        whole = (*searches, "answer_input", "answer_output")
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)

    @property
    def answers(self) -> int:
        """Right and wrong."""
        return 2

    def problems(self, seed: int, block: int, count: int) -> Sought:
        """Questions of one block."""
        mean, concentration = self.success_mean, self.success_concentration
        success = np.full(count, mean)
        if 0.0 < mean < 1.0 and concentration < math.inf:
            success = host_generator(seed, block, 0).beta(mean * concentration, (1.0 - mean) * concentration, count)
        return Sought(jnp.asarray(success, jnp.float32))

    def memory(self, problem: Sought) -> tuple[()]:
        """What is found is written down in the node."""
        del problem
        return ()

    def root(self, problem: Sought) -> Found:
        """Nothing found."""
        return Found(jnp.zeros(problem.success.shape, bool))

    def step(self, uniform: Uniforms, problem: Sought, memory: tuple[()], state: Found, hint: jax.Array) -> Step:
        """A search, which ends if it has found something, or a verdict, which ends if it accepts."""
        verifies = hint == VERIFY
        found = state.found | (~verifies & (uniform[0] < problem.success))
        accepted = uniform[0] < jnp.where(state.found, self.accepts_right, self.accepts_wrong)
        one = jnp.ones(found.shape, jnp.int32)
        search = costs(self.search_input, self.search_output, one)
        paid = jnp.where(verifies, costs(self.verify_input, self.verify_output, 0 * one), search)
        return Step(memory, Found(found), jnp.where(verifies, accepted, found), paid)

    def critic(
        self, uniform: Uniforms, problem: Sought, state: Found, child: Found
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Nobody judges single calls."""
        del uniform, problem, state
        nothing = jnp.zeros(child.found.shape, jnp.float32)
        return nothing, nothing, costs(jnp.zeros(child.found.shape, jnp.int32))

    def answer(self, uniform: Uniforms, problem: Sought, state: Found) -> tuple[jax.Array, jax.Array]:
        """Right if what is needed was found."""
        del uniform, problem
        answer = jnp.where(state.found, 0, 1)
        return answer, costs(self.answer_input, self.answer_output, jnp.zeros_like(answer))
