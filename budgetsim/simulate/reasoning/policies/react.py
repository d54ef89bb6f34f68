"""An agent that calls tools until it has found something or is tired of it, without looking at its budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.search_habit import (
    HabitState,
    follow_search,
    nothing_searched,
    search_or_answer,
)
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=(
        "hazard",
        "browsing",
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ReAct:
    """Search; after every call that found nothing stop with the same probability, whatever is left.

    Parameters
    ----------
    hazard
        Probability to stop after a call, in [0, 1].
    browsing
        Probability that a call reads a page instead of searching, in [0, 1]; where one of the two kinds is used up, all
        calls are of the other, but with 0 no page is ever read.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *ReAct: Synergizing Reasoning and Acting in Language Models*, Shunyu Yao et al., arXiv 2210.03629; the
    constant hazard is derived: it explains why more budget does not help such agents in arXiv 2511.17006.

    Examples
    --------
    Nothing to be found, so that 10 calls are allowed and (1 - .9 ** 10) / .1 = 6.51 are made on average:

    >>> from budgetsim.simulate.reasoning import Budget, ReAct, SearchWorld, simulate_strategy
    >>> world = SearchWorld(success_mean=0.0)
    >>> result = simulate_strategy(world, ReAct(hazard=0.1), Budget(calls=10), problems=4096, seed=1)
    >>> abs(result.calls.value - 6.51) < 0.3
    True
    """

    hazard: float = 1.0 / 14.24
    browsing: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(self, ("hazard", "browsing"), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> HabitState:
        """No call made."""
        del slots, answers
        return nothing_searched(problems)

    def choose(self, uniform: Uniforms, view: View, state: HabitState) -> Choice:
        """Search on, or answer."""
        return search_or_answer(uniform, view, state, self.hazard, self.browsing)

    def update(self, view: View, state: HabitState, event: Event) -> HabitState:
        """Follow the search."""
        del view
        return follow_search(state, event)

    def answer(self, uniform: Uniforms, view: View, state: HabitState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
