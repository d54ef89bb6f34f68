"""An agent that is told after every call how much of its budget is left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.search_habit import (
    HabitState,
    follow_search,
    nothing_searched,
    search_or_answer,
)
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("hazard", "browsing", "by_used"))
@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTracker:
    """As `ReAct`, with a hazard that is scaled by a share of the budget.

    Parameters
    ----------
    hazard
        Probability to stop after a call, before it is scaled; in [0, 1].
    by_used
        False scales by the share that is left of the scarcest limit. True scales by the share that is used: the agent
        that explores while much is left and concludes when little is.
    browsing
        Probability that a call reads a page instead of searching, in [0, 1]; where one of the two kinds is used up, all
        calls are of the other, but with 0 no page is ever read.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived, a model of the Budget Tracker of *Budget-Aware Tool-Use Enables Effective Agent Scaling*, Tengxiao Liu et
    al., arXiv 2511.17006. Scaled by what is left, an agent far from a large cap stops as `ReAct` does: its plateau only
    rises a little. Scaled by what is used, its calls grow with the root of the cap.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import Budget, BudgetTracker, ReAct, SearchWorld, simulate_strategy
    >>> world, budget = SearchWorld(success_mean=0.0), Budget(calls=30)
    >>> agents = ReAct(hazard=0.1), BudgetTracker(hazard=0.1), BudgetTracker(hazard=0.1, by_used=True)
    >>> made = [simulate_strategy(world, agent, budget, problems=2048, seed=1).calls.value for agent in agents]
    >>> made == sorted(made)
    True
    """

    hazard: float = 1.0 / 14.24
    by_used: bool = False
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
        share = jnp.where(self.by_used, 1.0 - view.left, view.left)
        return search_or_answer(uniform, view, state, self.hazard * share, self.browsing)

    def update(self, view: View, state: HabitState, event: Event) -> HabitState:
        """Follow the search."""
        del view
        return follow_search(state, event)

    def answer(self, uniform: Uniforms, view: View, state: HabitState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
