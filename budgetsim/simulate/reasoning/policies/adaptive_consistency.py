"""Adaptive-Consistency: sample until the leading answer is likely enough to be ahead of the runner-up."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms, take
from budgetsim.simulate.reasoning.columns import largest as first_largest
from budgetsim.simulate.reasoning.policies.chains import ChainState, follow_chain, next_of_chain, no_chain
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers

MOST_SAMPLES = 1024


@functools.lru_cache(maxsize=64)
def least_leads(threshold: float, largest: int) -> tuple[int, ...]:
    """Fewest votes with which a leader stops the sampling, for 0, 1, ... largest // 2 votes of the runner-up.

    With a votes against b, the leader's share of the two is Beta(a + 1, b + 1) a posteriori; it exceeds one half with
    the probability that a + b + 1 fair coins show at most a heads. Whole numbers throughout, so no rounding decides.

    Examples
    --------
    >>> least_leads(0.95, 40)[:6]
    (4, 6, 8, 9, 11, 12)
    """
    numerator, denominator = threshold.as_integer_ratio()
    leads = []
    lead, coins, ways = 1, 2, 3  # ways to show at most `lead` heads
    for runner_up in range(largest // 2 + 1):
        if runner_up > 0:
            ways, coins = 2 * ways - math.comb(coins, lead), coins + 1
        while lead + runner_up < largest and ways * denominator < numerator << coins:
            ways, coins, lead = 2 * ways + math.comb(coins, lead + 1), coins + 1, lead + 1
        leads.append(lead)
    return tuple(leads)


@partial(jax.tree_util.register_dataclass, meta_fields=("threshold", "largest"), data_fields=("longest",))
@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptiveConsistency:
    """Sample until the leader beats the runner-up with enough posterior probability, then answer as the leader does.

    Parameters
    ----------
    threshold
        Posterior probability, in (0, 1], that the leader is the likelier of the two answers with the most votes. It is
        no guarantee: sampling looks again after every vote.
    largest
        Most samples, 1 ... 1024.
    longest
        Steps after which a chain must answer, 0 or more; 0 for a world that answers from the root in one call.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Let's Sample Step by Step: Adaptive-Consistency for Efficient Reasoning and Coding with LLMs*, Pranjal
    Aggarwal, Aman Madaan, Yiming Yang, Mausam, arXiv 2305.11860: the Beta rule of its released code.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AdaptiveConsistency, AnswerWorld, simulate_strategy
    >>> world = AnswerWorld(right_mean=1.0, chain_spread=0.0)  # four equal votes are enough
    >>> simulate_strategy(world, AdaptiveConsistency(), 20_000, problems=64, seed=1).calls.value
    4.0
    """

    threshold: float = 0.95
    largest: int = 40
    longest: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, ("threshold",), "in (0, 1]", lambda value: 0.0 < value <= 1.0)
        check_numbers(
            self, ("largest",), f"in 1 ... {MOST_SAMPLES}", lambda value: 1 <= value <= MOST_SAMPLES and value % 1 == 0
        )
        check_numbers(self, ("longest",), "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> ChainState:
        """Nothing sampled yet."""
        del slots
        return no_chain(answers, problems)

    def choose(self, uniform: Uniforms, view: View, state: ChainState) -> Choice:
        """Go on with the chain under way, until the leader is ahead."""
        del uniform
        leader = first_largest(state.votes)
        others = jnp.where(lax.broadcasted_iota(jnp.int32, state.votes.shape, 0) == leader, 0, state.votes)
        leads = jnp.asarray(least_leads(float(self.threshold), int(self.largest)), jnp.int32)
        runner_up = jnp.minimum(jnp.max(others, axis=0), leads.size - 1)
        ahead = take(state.votes, leader) >= leads[runner_up]
        return next_of_chain(view, state, self.longest, ahead | (state.cast >= self.largest))

    def update(self, view: View, state: ChainState, event: Event) -> ChainState:
        """Follow the chain."""
        del view
        return follow_chain(state, event)

    def answer(self, uniform: Uniforms, view: View, state: ChainState) -> jax.Array:
        """The leader; of several one at random."""
        del view
        return plurality(uniform[0], state.votes)
