"""Propose, verify, and go on where the verifier is not satisfied, or until the budget ends and a judge decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.accountant import BROWSES, CALLS
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.search_habit import no_calls, tool_call
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.searches import JUDGE, VERIFY
from budgetsim.simulate.reasoning.world import NO_ANSWER, check_numbers

NOBODY = -1
"""Stands where a node would whose answer was accepted, when there is none."""


class BatsState(NamedTuple):
    """Where the agent stands."""

    node: jax.Array
    fresh: jax.Array  # bool: no call was made since the start or the last verdict
    found: jax.Array  # bool: the last call ended the search
    first: jax.Array  # node whose answer was accepted first, or NOBODY
    last: jax.Array  # the same of the one accepted last
    judged: jax.Array  # bool
    answer: jax.Array
    answered: jax.Array  # bool: it was asked for and paid, whatever came of it


@partial(jax.tree_util.register_dataclass, meta_fields=("stops",), data_fields=("hazard", "browsing", "judge"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Bats:
    """Search as `ReAct` does; have the answer verified; start again if it is rejected and calls are left.

    Parameters
    ----------
    hazard
        Probability to propose what there is after a call that found nothing, in [0, 1].
    browsing
        As of `ReAct`.
    stops
        True answers as soon as an answer is accepted; False starts again even then, until the calls are used up.
    judge
        Probability that a judge of several accepted answers names the last one, which is the best, as knowledge only
        grows; else the first; in [0, 1]. It is asked, and paid, if the agent does not stop.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived, a model of *Budget-Aware Tool-Use Enables Effective Agent Scaling*, Tengxiao Liu et al., arXiv 2511.17006,
    in both its variants. Where nothing is accepted the last state answers. A new start remembers what was found, and
    makes at least one call. What was found just before the calls end is not verified. Where the tokens end first there
    is no judge: the answer accepted last is given.

    Examples
    --------
    A verifier that is never wrong lets an agent use its whole budget:

    >>> from budgetsim.simulate.reasoning import Bats, Budget, SearchWorld, simulate_strategy
    >>> world = SearchWorld(success_mean=0.02, success_concentration=float("inf"), accepts_right=1, accepts_wrong=0)
    >>> result = simulate_strategy(world, Bats(hazard=0.1), Budget(calls=50), problems=2048, seed=1, nodes=102)
    >>> abs(result.accuracy.value - (1 - 0.98**50)) < 0.05
    True
    """

    hazard: float = 1.0 / 14.24
    browsing: float = 0.0
    stops: bool = True
    judge: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("hazard", "browsing", "judge"), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """The verifier is asked by a step of its own."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> BatsState:
        """No call made."""
        del slots, answers
        zero = jnp.zeros((problems,), jnp.int32)
        none, nobody = zero > 0, zero + NOBODY
        return BatsState(zero, ~none, none, nobody, nobody, none, zero + NO_ANSWER, none)

    def choose(self, uniform: Uniforms, view: View, state: BatsState) -> Choice:
        """A verdict on what is proposed; the judge or the answer if the search is over; else a call."""
        proposes = ~state.fresh & (state.found | (uniform[0] < self.hazard))
        accepted, contested = state.last != NOBODY, state.first != state.last
        over = no_calls(view, self.browsing) | (accepted & self.stops)
        judges = over & contested & ~state.judged & (view.refused == 0)
        kind = jnp.where(state.answered | (view.refused > 1), STOP, jnp.where(over & ~judges, ANSWER, EXPAND))
        first = state.judged & (uniform[2] >= self.judge)
        node = jnp.where(over & accepted, jnp.where(first, state.first, state.last), state.node)
        call = jnp.where(proposes, VERIFY, tool_call(uniform[1], view, self.browsing))
        return Choice(kind, node, jnp.where(judges, JUDGE, call))

    def update(self, view: View, state: BatsState, event: Event) -> BatsState:
        """A verdict, which is no tool call, accepts or starts anew; a call may find something."""
        grown, answered = event.made & (event.kind == EXPAND), event.made & (event.kind == ANSWER)
        talk = grown & (event.costs[CALLS] == 0) & (event.costs[BROWSES] == 0)
        judged = talk & no_calls(view, self.browsing)  # there is a verdict only while calls are left
        accepts = talk & ~judged & event.ends
        return BatsState(
            node=jnp.where(grown, event.child, state.node),
            fresh=jnp.where(grown, talk, state.fresh),
            found=jnp.where(grown, ~talk & event.ends, state.found),
            first=jnp.where(accepts & (state.first == NOBODY), event.child, state.first),
            last=jnp.where(accepts, event.child, state.last),
            judged=state.judged | judged,
            answer=jnp.where(answered, event.answer, state.answer),
            answered=state.answered | answered,
        )

    def answer(self, uniform: Uniforms, view: View, state: BatsState) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
