"""Stop when the quality seen rises by less than a share of itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.thinking import Thinking, follow_thought, nothing_thought, think_or_read
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("threshold",))
@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeGainStop:
    """Stop after a step whose gain in observed quality is below a share of the quality before; keep what looked best.

    Parameters
    ----------
    threshold
        Share, 0 or more. A gain is looked at where the quality before was above 0.

    Raises
    ------
    ValueError
        If ``threshold`` is negative or not finite.

    Notes
    -----
    Derived: the rule in circulation beside arXiv 2601.11038 looks at the gain of a step before paying for it; played
    without a forecast, the step is paid first.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, RelativeGainStop, simulate_strategy
    >>> world = AnytimeWorld(dip=0.0, noise=0.0)
    >>> simulate_strategy(world, RelativeGainStop(threshold=0.2), 4096, problems=100, seed=1).largest
    (0, 4096, 5, 0)
    """

    threshold: float = 0.05

    def __post_init__(self) -> None:
        check_numbers(self, ("threshold",), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)

    @property
    def uses_critic(self) -> bool:
        """What is seen is free."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> Thinking:
        """Nothing thought."""
        del slots, answers
        return nothing_thought(problems)

    def choose(self, uniform: Uniforms, view: View, state: Thinking) -> Choice:
        """Think on or read."""
        del uniform
        return think_or_read(view, state)

    def update(self, view: View, state: Thinking, event: Event) -> Thinking:
        """Compare with the checkpoint before."""
        del view
        state = follow_thought(state, event, keeps_best=True)
        small = (state.seen - state.before) / jnp.where(state.before > 0.0, state.before, 1.0) < self.threshold
        return state._replace(stops=(state.reached > 1) & (state.before > 0.0) & small)

    def answer(self, uniform: Uniforms, view: View, state: Thinking) -> jax.Array:
        """The answer held."""
        del uniform, view
        return state.answer
