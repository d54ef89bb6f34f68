"""Questions that take several steps of thought: chains, trees, debates, told budgets and early stops in one world.

An answer from the root is a whole chain of thought in one call. A step goes on by one step of thought, or does what its
hint names: `debates.DEBATER`, `elasticity.ESTIMATE` and `elasticity.FOLLOW`. The evaluator is the critic.
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
from budgetsim.simulate.reasoning.columns import Uniforms, lognormal_tokens, standard_normal
from budgetsim.simulate.reasoning.debates import DEBATER, Heard, nothing_heard, take_turn
from budgetsim.simulate.reasoning.elasticity import ESTIMATE, FOLLOW, LARGEST_TOKENS
from budgetsim.simulate.reasoning.told_chains import told_chain
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, check_numbers, costs, host_generator

MOST_STEPS = 100


class Posed(NamedTuple):
    """One question; each part is [problems]."""

    right: jax.Array  # probability that a chain of thought is right
    sound: jax.Array  # probability that one written step of it is
    unseen: jax.Array  # bool: the model does not see that answer 1 is wrong
    estimate: jax.Array  # int32: tokens that the estimator asks for


class Thought(NamedTuple):
    """Where a thought stands; each part is [problems]."""

    steps: jax.Array  # int32: steps made, at most those of a chain
    answer: jax.Array  # int8: where it leads, 0 while it is sound; NO_ANSWER where nothing was thought
    written: jax.Array  # int32: tokens written from the root to here
    running: jax.Array  # bool: the call that wrote it can go on
    round: jax.Array  # int8: of a debate
    told: jax.Array  # int32: the estimate heard, or 0


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("answers",),
    data_fields=(
        *("right_mean", "right_concentration", "dominant", "steps", "leap", "repair", "spoil"),
        *("prompt_tokens", "chain_tokens", "chain_spread", "answer_tokens", "conformity"),
        *("accepts_right", "accepts_wrong", "unseen", "evaluator_tokens"),
        *("sufficient_share", "overrun", "collapse_share", "steepness"),
        *("estimator_margin", "estimator_spread", "estimator_tokens"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class ThoughtWorld:
    r"""Questions with a handful of answers, each at the end of some steps of thought that all have to be sound.

    A chain of thought makes all its steps in one call and is right with the question's probability p; each of its K
    steps is sound with probability :math:`p^{1/K}`, also where steps are made one by one. What is not sound leads to a
    wrong answer, mostly to answer 1. A step that is not written, because the tokens told do not suffice or an answer is
    forced before, is sound with ``leap`` times that probability: an answer for which m steps are missing is right with
    probability :math:`p\,\mathrm{leap}^m` from the root. After its last step a thought can go on: a second thought
    repairs a wrong one or spoils a right one.

    Every call reads the prompt, and what was written on the way to where it goes on. The first step from a node goes on
    in the call that wrote the node: it reads nothing and is no new call, and neither are the evaluation of a node and
    the answer forced from it. To read an answer that was written is free.

    Parameters
    ----------
    right_mean, right_concentration
        p is drawn from Beta(mean c, (1 - mean) c); an infinite concentration c gives every question the mean.
    answers
        Number of different answers, 2 ... 127.
    dominant
        Share of the wrong answers that are answer 1, in [1 / (answers - 1), 1]; the others share the rest equally.
    steps
        K, a whole number in 1 ... 100.
    leap
        Chance of a step that is not written over that of a written one, in [0, 1].
    repair, spoil
        Probabilities that a second thought turns a wrong answer into the right one, and the right one into a wrong one.
    prompt_tokens, chain_tokens, chain_spread
        Tokens of the prompt; mean of the lognormal number that a chain writes, and standard deviation of its log. One
        step writes a Kth of the mean, with the same spread. What is written is rounded, and 1 or more.
    answer_tokens
        Tokens of an answer that is forced before the last step.
    conformity
        As of `AnswerWorld`: a debater answers with a chain of thought, then reads all that was written in the rounds
        before, and adopts the plurality of the others' last answers with this probability.
    accepts_right, accepts_wrong
        Probabilities that the evaluator's grade of a sound thought, and of one that is not, is above 0; grades are
        normal with standard deviation 1.
    unseen
        Probability that the model does not see that answer 1 is wrong, drawn once per question: the evaluator then
        takes thoughts that lead there for sound, and no second thought repairs them.
    evaluator_tokens
        Tokens that an evaluation writes.
    sufficient_share
        Share of a step's mean tokens that suffices to write it, above 0 and at most 1.
    overrun
        Tokens written over tokens told, above 0; never more than without being told.
    collapse_share, steepness
        Told so many tokens over those that suffice for a chain, a call gives up to comply half the time, and told b
        times as many with probability :math:`1 / (1 + b^s)`; it then writes a whole chain. Both above 0.
    estimator_margin, estimator_spread, estimator_tokens
        The estimator says the tokens that suffice for a chain, times this, times a lognormal number with median 1 and
        this standard deviation of its logarithm, drawn once per question, rounded and at least 1; tokens it writes.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: one world for the five methods of the table that circulates beside *Reasoning in Token Economies:
    Budget-Aware Evaluation of LLM Reasoning Strategies*, Junlin Wang et al., arXiv 2406.06461. Made for chains
    (`ParallelChains`, `AdaptiveConsistency`), searches over scored trees (`Beam`), `Debate`, `EstimatedBudget` and
    `RelativeGainStop`. The critic's points are the quality seen: the evaluator's belief in a thought times the chance
    to leap the steps that are missing.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import Beam, ParallelChains, simulate_strategy
    >>> world = ThoughtWorld(right_mean=0.5, right_concentration=float("inf"))
    >>> at_once, stepwise = (simulate_strategy(world, policy, 10**6, problems=4096, seed=1).accuracy.value
    ...                      for policy in (ParallelChains(chains=1), Beam(width=1, proposals=1)))
    >>> abs(at_once - 0.5) < 0.03, abs(stepwise - 0.5) < 0.03
    (True, True)
    """

    right_mean: float = 0.5
    right_concentration: float = 4.0
    answers: int = 4
    dominant: float = 0.5
    steps: int = 5
    leap: float = 0.6
    repair: float = 0.15
    spoil: float = 0.05
    prompt_tokens: int = 150
    chain_tokens: float = 200.0
    chain_spread: float = 0.4
    answer_tokens: int = 10
    conformity: float = 0.6
    accepts_right: float = 0.8
    accepts_wrong: float = 0.3
    unseen: float = 0.3
    evaluator_tokens: int = 60
    sufficient_share: float = 0.4
    overrun: float = 1.2
    collapse_share: float = 0.3
    steepness: float = 3.0
    estimator_margin: float = 1.4
    estimator_spread: float = 0.5
    estimator_tokens: int = 40

    def __post_init__(self) -> None:
        if not 2 <= self.answers <= 127 or self.answers != int(self.answers):
            raise ValueError(f"answers must be a whole number in 2 ... 127, got {self.answers}")
        domain = f"a whole number in 1 ... {MOST_STEPS}"
        check_numbers(self, ("steps",), domain, lambda value: 1 <= value <= MOST_STEPS and value % 1 == 0)
        shares = ("right_mean", "leap", "repair", "spoil", "conformity", "accepts_right", "accepts_wrong", "unseen")
        check_numbers(self, shares, "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("right_concentration",), "above 0", lambda value: value > 0.0)
        check_numbers(self, ("sufficient_share",), "in (0, 1]", lambda value: 0.0 < value <= 1.0)
        least = 1.0 / (self.answers - 1)
        check_numbers(self, ("dominant",), f"in [{least:.4g}, 1]", lambda value: least - 1e-9 <= value <= 1.0 + 1e-9)
        whole = ("prompt_tokens", "answer_tokens", "evaluator_tokens", "estimator_tokens")
        check_numbers(
            self, whole, f"a whole number in 0 ... {LARGEST_TOKENS}",
            lambda value: 0 <= value <= LARGEST_TOKENS and value % 1 == 0,
        )  # fmt: skip
        check_numbers(self, ("chain_tokens",), f"in 0 ... {LARGEST_TOKENS}", lambda value: 0 <= value <= LARGEST_TOKENS)
        spreads = ("chain_spread", "estimator_spread")
        check_numbers(self, spreads, "in 0 ... 10", lambda value: 0.0 <= value <= 10.0)
        above = ("overrun", "collapse_share", "steepness", "estimator_margin")
        check_numbers(self, above, "finite and above 0", lambda value: 0.0 < value < math.inf)

    @property
    def sample_tokens(self) -> int:
        """Tokens of one chain of thought, read and written, on average."""
        return round(self.prompt_tokens + self.chain_tokens)

    @property
    def sufficient_tokens(self) -> float:
        """Tokens that suffice for a chain."""
        return self.sufficient_share * self.chain_tokens

    def problems(self, seed: int, block: int, count: int) -> Posed:
        """Questions of one block."""
        random = host_generator(seed, block, 0)
        mean, concentration = self.right_mean, self.right_concentration
        right = np.full(count, mean)
        if 0.0 < mean < 1.0 and concentration < math.inf:
            right = random.beta(mean * concentration, (1.0 - mean) * concentration, size=count)
        unseen = random.random(count) < self.unseen
        said = self.estimator_margin * np.exp(self.estimator_spread * random.standard_normal(count))
        estimate = np.clip(np.round(self.sufficient_tokens * said), 1, LARGEST_TOKENS)
        chance, sound = (jnp.asarray(part, jnp.float32) for part in (right, right ** (1.0 / self.steps)))
        return Posed(chance, sound, jnp.asarray(unseen), jnp.asarray(estimate, jnp.int32))

    def memory(self, problem: Posed) -> Heard:
        """Nothing was said yet."""
        return nothing_heard(self.answers, problem.right.shape)

    def root(self, problem: Posed) -> Thought:
        """The question itself."""
        zero = jnp.zeros(problem.right.shape, jnp.int32)
        small = zero.astype(jnp.int8)
        return Thought(zero, small + jnp.int8(NO_ANSWER), zero, zero > 0, small, zero)

    def step(self, uniform: Uniforms, problem: Posed, memory: Heard, state: Thought, hint: jax.Array) -> Step:
        """One more step of thought, or the call that the hint names."""
        estimates, follows, debates = hint == ESTIMATE, hint == FOLLOW, hint == DEBATER
        whole = follows | debates  # chains in one call, from the prompt
        chain = lognormal_tokens(uniform[3], self.chain_tokens, self.chain_spread)
        told, made = told_chain(
            uniform[6], state.told, chain, steps=self.steps, sufficient=self.sufficient_tokens, overrun=self.overrun,
            collapse_share=self.collapse_share, steepness=self.steepness,
        )  # fmt: skip
        one = lognormal_tokens(uniform[3], self.chain_tokens / self.steps, self.chain_spread)
        written = jnp.where(follows, told, jnp.where(debates, chain, one))
        written = jnp.where(estimates, self.estimator_tokens, written)

        fresh = self._chain(uniform, problem, jnp.where(follows, made, self.steps))
        turn = take_turn(uniform, memory, debates, state.round, state.answer, fresh, written, self.conformity)
        answer = jnp.where(whole, turn.answer, self._thought(uniform, problem, state))
        answer = jnp.where(estimates, NO_ANSWER, answer).astype(jnp.int8)

        goes_on = state.running & ~whole & ~estimates
        path = jnp.where(whole | estimates, 0, state.written)
        read = jnp.where(goes_on, 0, self.prompt_tokens + path + turn.read)
        steps = jnp.where(whole, self.steps, jnp.minimum(state.steps + 1, self.steps))
        child = Thought(
            steps=jnp.where(estimates, 0, steps),
            answer=answer,
            written=jnp.where(estimates, 0, jnp.where(whole, 0, state.written) + written),
            running=~estimates,
            round=jnp.where(debates, turn.round, 0).astype(jnp.int8),
            told=jnp.where(estimates, problem.estimate, state.told),
        )
        paid = costs(read, written, (~goes_on).astype(jnp.int32))
        ends = ~estimates & (child.steps >= self.steps)
        return Step(turn.heard, child, ends, paid, state=state._replace(running=state.running & ~goes_on))

    def _chain(self, uniform: Uniforms, problem: Posed, made: jax.Array) -> jax.Array:
        """The answer of a chain that writes so many of its steps."""
        right = problem.right * self._leaps(self.steps - made)
        return jnp.where(uniform[0] < right, 0, self._wrong(uniform)).astype(jnp.int8)

    def _thought(self, uniform: Uniforms, problem: Posed, state: Thought) -> jax.Array:
        """Where one more step leads; number 0 says whether it is sound, repairs or spoils."""
        sound = state.answer <= 0  # the root has led nowhere yet
        complete = state.steps >= self.steps
        fails = uniform[0] >= jnp.where(complete, 1.0 - self.spoil, problem.sound)
        blind = problem.unseen & (state.answer == 1)
        repaired = complete & ~blind & (uniform[0] < self.repair)
        answer = jnp.where(sound, jnp.where(fails, self._wrong(uniform), 0), jnp.where(repaired, 0, state.answer))
        return answer.astype(jnp.int8)

    def _wrong(self, uniform: Uniforms) -> jax.Array:
        return wrong_answer(uniform[1], uniform[2], self.dominant, self.answers)

    def _leaps(self, missing: jax.Array) -> jax.Array:
        """Chance of so many steps that are not written over that of written ones."""
        return jnp.asarray(self.leap, jnp.float32) ** missing.astype(jnp.float32)

    def critic(
        self, uniform: Uniforms, problem: Posed, state: Thought, child: Thought
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The quality seen as points, the belief in the thought as a score in [0.1, 1]."""
        del state
        seems = (child.answer == 0) | (problem.unseen & (child.answer == 1))
        rate = jnp.where(seems, self.accepts_right, self.accepts_wrong).astype(jnp.float32)
        belief = jax.nn.sigmoid(ndtri(rate) - standard_normal(uniform[0]))
        points = belief * self._leaps(self.steps - child.steps)
        return points, 0.1 + 0.9 * belief, costs(jnp.zeros_like(child.steps), self.evaluator_tokens)

    def answer(self, uniform: Uniforms, problem: Posed, state: Thought) -> tuple[jax.Array, jax.Array]:
        """What was written, for nothing; a forced answer before the last step; a chain of thought from the root."""
        missing = self.steps - state.steps
        begins, forced = state.steps == 0, (state.steps > 0) & (missing > 0)
        leaps = problem.sound ** missing.astype(jnp.float32) * self._leaps(missing)
        right = jnp.where(begins, problem.right, leaps)
        guess = jnp.where(uniform[0] < right, 0, self._wrong(uniform))
        answer = jnp.where(begins | (forced & (state.answer == 0)), guess, state.answer)
        chain = lognormal_tokens(uniform[3], self.chain_tokens, self.chain_spread)
        output = jnp.where(begins, chain, jnp.where(forced, self.answer_tokens, 0))
        read = jnp.where(begins, self.prompt_tokens, 0)
        return answer.astype(jnp.int32), costs(read, output, begins.astype(jnp.int32))
