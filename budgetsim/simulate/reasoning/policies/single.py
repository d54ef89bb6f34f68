"""One sample, the strategy that every other one has to beat for its price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax

from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.chains import ChainState, follow_chain, next_of_chain, no_chain
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("longest",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """One chain, and its answer.

    Parameters
    ----------
    longest
        Steps after which the chain must answer, 0 or more; 0 for a world that answers from the root in one call.

    Raises
    ------
    ValueError
        If ``longest`` is negative.

    Notes
    -----
    Source: *Chain-of-Thought Prompting Elicits Reasoning in Large Language Models*, Jason Wei et al., arXiv 2201.11903.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnswerWorld, Single, simulate_strategy
    >>> result = simulate_strategy(AnswerWorld(chain_spread=0.0), Single(), 10_000, problems=64, seed=1)
    >>> result.calls.value, result.largest
    (1.0, (150, 200, 1, 0))
    """

    longest: int = 0

    def __post_init__(self) -> None:
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
        """Go on until there is an answer."""
        del uniform
        return next_of_chain(view, state, self.longest, state.cast >= 1)

    def update(self, view: View, state: ChainState, event: Event) -> ChainState:
        """Follow the chain."""
        del view
        return follow_chain(state, event)

    def answer(self, uniform: Uniforms, view: View, state: ChainState) -> jax.Array:
        """The one answer."""
        del view
        return plurality(uniform[0], state.votes)
