"""Propose, verify, and go on where the verifier is not satisfied, until the budget ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.accountant import CALLS
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.search_habit import no_calls
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.searches import SEARCH, VERIFY
from budgetsim.simulate.reasoning.world import NO_ANSWER, check_numbers


class BatsState(NamedTuple):
    """Where the agent stands."""

    node: jax.Array
    fresh: jax.Array  # bool: no call was made since the start or the last verdict
    found: jax.Array  # bool: the last call ended the search
    accepted: jax.Array  # bool
    answer: jax.Array


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("hazard",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Bats:
    """Search as `ReAct` does; have the answer verified; start again if it is rejected and calls are left.

    Parameters
    ----------
    hazard
        Probability to propose what there is after a call that found nothing, in [0, 1].

    Raises
    ------
    ValueError
        If ``hazard`` is outside its domain.

    Notes
    -----
    Derived, a model of *Budget-Aware Tool-Use Enables Effective Agent Scaling*, Tengxiao Liu et al., arXiv 2511.17006,
    in its variant that stops at the first accepted answer; where none is accepted the last state answers. A new start
    remembers what was found, and makes at least one call. What was found just before the calls end is not verified.

    Examples
    --------
    A verifier that is never wrong lets an agent use its whole budget:

    >>> from budgetsim.simulate.reasoning import Bats, Budget, SearchWorld, simulate_strategy
    >>> world = SearchWorld(success_mean=0.02, success_concentration=float("inf"), accepts_right=1, accepts_wrong=0)
    >>> result = simulate_strategy(world, Bats(hazard=0.1), Budget(calls=50), problems=2048, seed=1, nodes=101)
    >>> abs(result.accuracy.value - (1 - 0.98**50)) < 0.05
    True
    """

    hazard: float = 1.0 / 14.24

    def __post_init__(self) -> None:
        check_numbers(self, ("hazard",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """The verifier is asked by a step of its own."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> BatsState:
        """No call made."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        none = zero > 0
        return BatsState(zero, ~none, none, none, zero + NO_ANSWER)

    def choose(self, uniform: Uniforms, view: View, state: BatsState) -> Choice:
        """A verdict on what is proposed; the answer if it was accepted or no call is left; else a call."""
        proposes = ~state.fresh & (state.found | (uniform[0] < self.hazard))
        over = state.accepted | no_calls(view)
        done = (state.answer != NO_ANSWER) | (view.refused > 1)
        kind = jnp.where(done, STOP, jnp.where(over, ANSWER, EXPAND))
        return Choice(kind, state.node, jnp.where(proposes, VERIFY, SEARCH))

    def update(self, view: View, state: BatsState, event: Event) -> BatsState:
        """A verdict, which is no tool call, accepts or starts anew; a call may find something."""
        del view
        grown = event.made & (event.kind == EXPAND)
        verdict = grown & (event.costs[CALLS] == 0)
        return BatsState(
            node=jnp.where(grown, event.child, state.node),
            fresh=jnp.where(grown, verdict, state.fresh),
            found=jnp.where(grown, ~verdict & event.ends, state.found),
            accepted=state.accepted | (verdict & event.ends),
            answer=jnp.where(event.made & (event.kind == ANSWER), event.answer, state.answer),
        )

    def answer(self, uniform: Uniforms, view: View, state: BatsState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
