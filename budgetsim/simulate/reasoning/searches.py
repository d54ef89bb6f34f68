"""Questions that tool calls answer: every search may find what is needed, a verifier judges a proposal, imperfectly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms, standard_normal
from budgetsim.simulate.reasoning.world import Step, check_numbers, costs, host_generator

SEARCH, VERIFY, BROWSE, JUDGE = range(4)
"""Hints: one search; the verifier's verdict on what would be answered from here (accepted if the step ends); one page
read; a judge's comparison of answers that were accepted, which changes nothing but is paid."""


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
        *("success_mean", "success_concentration", "browse_gain", "accepts_right", "accepts_wrong"),
        *("search_input", "search_output", "browse_input", "browse_output", "call_spread"),
        *("verify_input", "verify_output", "judge_input", "judge_output", "answer_input", "answer_output"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class SearchWorld:
    """Questions whose answer some tool call has to find; an answer without it is wrong.

    A search ends when it finds what is needed: the agent knows that it has an answer, not whether it is right where it
    gives up before. Calls are tool calls; verdicts, comparisons and answers are model calls whose tokens are charged,
    but no tool calls.

    Parameters
    ----------
    success_mean, success_concentration
        The probability that a search finds what is needed is drawn once per question from Beta(mean c, (1 - mean) c);
        an infinite concentration c gives every question the mean.
    browse_gain
        The probability that a page read finds it, over that of a search, 0 or more; at most 1 is found.
    accepts_right, accepts_wrong
        Probabilities that the verifier accepts a right and a wrong proposal; verdicts are independent.
    search_input, search_output, browse_input, browse_output
        Tokens that a search and a page read take in and write; the one is a call, the other a browse call, with a price
        and a limit of its own.
    call_spread
        Spread (sigma) of a lognormal factor of mean 1 on the tokens of every search and page, 0 or more.
    verify_input, verify_output, judge_input, judge_output, answer_input, answer_output
        Tokens of a verdict, of a comparison of accepted answers, and of the final answer.

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
    browse_gain: float = 1.0
    accepts_right: float = 0.8
    accepts_wrong: float = 0.25
    search_input: int = 1000
    search_output: int = 200
    browse_input: int = 5000
    browse_output: int = 200
    call_spread: float = 0.0
    verify_input: int = 500
    verify_output: int = 100
    judge_input: int = 500
    judge_output: int = 100
    answer_input: int = 0
    answer_output: int = 50

    def __post_init__(self) -> None:
        shares = ("success_mean", "accepts_right", "accepts_wrong")
        check_numbers(self, shares, "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("success_concentration",), "above 0", lambda value: value > 0.0)
        check_numbers(self, ("browse_gain", "call_spread"), "0 or more", lambda value: value >= 0.0)
        callers = ("search", "browse", "verify", "judge", "answer")
        whole = tuple(f"{caller}_{way}" for caller in callers for way in ("input", "output"))
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
        """A search or a page, which end if they have found something, or a verdict, which ends if it accepts."""
        verifies, browses, judges = hint == VERIFY, hint == BROWSE, hint == JUDGE
        calls = ~verifies & ~judges
        success = problem.success * jnp.where(browses, self.browse_gain, 1.0)
        found = state.found | (calls & (uniform[0] < success))
        accepted = uniform[0] < jnp.where(state.found, self.accepts_right, self.accepts_wrong)
        one = jnp.ones(found.shape, jnp.int32)
        factor = jnp.exp(self.call_spread * standard_normal(uniform[1]) - 0.5 * self.call_spread**2)

        def drawn(tokens: jax.Array | int) -> jax.Array:
            return jnp.round(tokens * factor).astype(jnp.int32)

        search = costs(drawn(self.search_input), drawn(self.search_output), one)
        page = costs(drawn(self.browse_input), drawn(self.browse_output), 0, one)
        verdict = costs(self.verify_input, self.verify_output, 0 * one)
        comparison = costs(self.judge_input, self.judge_output, 0 * one)
        talk = jnp.where(verifies, verdict, comparison)
        paid = jnp.where(calls, jnp.where(browses, page, search), talk)
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
