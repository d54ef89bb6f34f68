"""Self-consistency: independent chains that share a budget, and a plurality of their answers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax

from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.chains import MOST, ChainState, follow_chain, next_of_chain, no_chain
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=("answers_when_cut",), data_fields=("chains", "longest"))
@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelChains:
    """Chain after chain until the budget or their number ends; the answer with the most votes, ties at random.

    A chain that the budget cuts off casts no vote, unless it may answer without its tools.

    Parameters
    ----------
    chains
        Most chains, 1 ... 2**20.
    longest
        Steps after which a chain must answer, 0 or more. With 0 every chain is one call: independent samples in a world
        that answers from the root.
    answers_when_cut
        Whether a chain that is under way when the last tool call is made answers from where it stands.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Self-Consistency Improves Chain of Thought Reasoning in Language Models*, Xuezhi Wang et al., arXiv
    2203.11171; ties at random, and the shared budget, are derived.

    Examples
    --------
    Five samples of 350 tokens, one in two right and the rest on three wrong answers (exact: 0.6826):

    >>> from budgetsim.simulate.reasoning import AnswerWorld, ParallelChains, simulate_strategy
    >>> world = AnswerWorld(right_mean=0.5, right_concentration=float("inf"), chain_spread=0.0)
    >>> result = simulate_strategy(world, ParallelChains(), 5 * 350, problems=4096, seed=1)
    >>> result.largest, abs(result.accuracy.value - 0.6826) < 0.03
    ((750, 1000, 5, 0), True)
    """

    chains: int = 64
    longest: int = 0
    answers_when_cut: bool = False

    def __post_init__(self) -> None:
        check_numbers(
            self, ("chains",), f"a whole number in 1 ... {MOST}", lambda value: 1 <= value <= MOST and value % 1 == 0
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
        """Go on with the chain under way."""
        del uniform
        enough = state.cast >= self.chains
        return next_of_chain(view, state, self.longest, enough, answers_when_cut=self.answers_when_cut)

    def update(self, view: View, state: ChainState, event: Event) -> ChainState:
        """Follow the chain."""
        del view
        return follow_chain(state, event)

    def answer(self, uniform: Uniforms, view: View, state: ChainState) -> jax.Array:
        """A plurality of the votes so far."""
        del view
        return plurality(uniform[0], state.votes)
