"""Multi-agent debate: everyone answers, reads everybody, and answers again; a vote ends it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.ballots import ballot, plurality
from budgetsim.simulate.reasoning.columns import Uniforms, put, take
from budgetsim.simulate.reasoning.debates import DEBATER, LARGEST_ROUNDS
from budgetsim.simulate.reasoning.policies.asking import NOBODY, ask_or_read, read, waiting
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import NO_ANSWER, check_numbers

MOST_AGENTS = 64


class DebateState(NamedTuple):
    """Calls made, and what every agent said last."""

    asked: jax.Array  # int32: calls made, agent after agent and round after round
    pending: jax.Array  # call to be read, or NOBODY
    node: jax.Array  # int32 [agents, problems]: last call of each agent, the root before the first
    said: jax.Array  # int32 [agents, problems]: its last answer, or NO_ANSWER
    votes: jax.Array  # int32 [answers, problems]: the same as votes


@partial(jax.tree_util.register_dataclass, meta_fields=("agents",), data_fields=("rounds",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Debate:
    """Agents answer in rounds, each having read what all wrote before; the last answers are votes, ties at random.

    Where the budget ends within a round, the agents that did not get their turn vote as they did in the round before.

    Parameters
    ----------
    agents
        Number of agents, 1 ... 64.
    rounds
        Most rounds, 1 ... 12; the first is made of independent samples.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Improving Factuality and Reasoning in Language Models through Multiagent Debate*, Yilun Du, Shuang Li,
    Antonio Torralba, Joshua B. Tenenbaum, Igor Mordatch, arXiv 2305.14325. How agents change their minds is the world's
    part (`AnswerWorld.conformity`). A debate of n agents costs n R (q + a) + n**2 a R (R - 1) / 2 tokens.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnswerWorld, Debate, simulate_strategy
    >>> world = AnswerWorld(chain_spread=0.0)  # reads 150, writes 200 tokens
    >>> result = simulate_strategy(world, Debate(agents=3, rounds=3), 20_000, problems=64, seed=1)
    >>> result.largest, sum(result.largest[:2])
    ((6750, 1800, 9, 0), 8550)
    """

    agents: int = 3
    rounds: int = 2

    def __post_init__(self) -> None:
        check_numbers(
            self,
            ("agents",),
            f"a whole number in 1 ... {MOST_AGENTS}",
            lambda value: 1 <= value <= MOST_AGENTS and value % 1 == 0,
        )
        check_numbers(
            self,
            ("rounds",),
            f"a whole number in 1 ... {LARGEST_ROUNDS}",
            lambda value: 1 <= value <= LARGEST_ROUNDS and value % 1 == 0,
        )

    @property
    def uses_critic(self) -> bool:
        """Agents judge one another."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> DebateState:
        """Nobody has said anything."""
        del slots
        zero = jnp.zeros((problems,), jnp.int32)
        everyone = jnp.zeros((self.agents, problems), jnp.int32)
        return DebateState(
            zero, zero + NOBODY, everyone, everyone + NO_ANSWER, jnp.zeros((answers, problems), jnp.int32)
        )

    def choose(self, uniform: Uniforms, view: View, state: DebateState) -> Choice:
        """The next agent goes on from its own last call."""
        del uniform
        node = take(state.node, state.asked % self.agents)
        return ask_or_read(view, state.pending, node, DEBATER, state.asked >= self.agents * self.rounds)

    def update(self, view: View, state: DebateState, event: Event) -> DebateState:
        """Whoever was asked has a new call; whoever was read may have a new answer."""
        del view
        asked, answered = event.made & (event.kind == EXPAND), read(event)
        agent = (state.asked - answered) % self.agents  # the one asked now, or the one asked before the read
        before = take(state.said, agent)
        answers = state.votes.shape[0]
        changes = ballot(event.answer, answers) - ballot(before, answers)
        return DebateState(
            asked=state.asked + asked,
            pending=waiting(state.pending, event),
            node=put(state.node, agent, jnp.where(asked, event.child, take(state.node, agent))),
            said=put(state.said, agent, jnp.where(answered, event.answer, before)),
            votes=state.votes + jnp.where(answered, changes, 0),
        )

    def answer(self, uniform: Uniforms, view: View, state: DebateState) -> jax.Array:
        """A plurality of the last answers."""
        del view
        return plurality(uniform[0], state.votes)
