"""Stop when the quality seen rises by less than its tokens cost."""

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


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("price",))
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStop:
    """Stop after a step whose gain in the best observed quality is worth less than its tokens; keep what looked best.

    Parameters
    ----------
    price
        Price of a token in quality, 0 or more.

    Raises
    ------
    ValueError
        If ``price`` is negative or not finite.

    Notes
    -----
    Derived: the last gain per token stands for the forecast of the next one. The first step's gain counts from 0.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, PriceStop, simulate_strategy
    >>> world = AnytimeWorld(dip=0.0, noise=0.0)
    >>> [simulate_strategy(world, PriceStop(price=price), 4096, problems=100, seed=1).largest[1]
    ...  for price in (1e-3, 5e-4, 1e-4)]
    [256, 1024, 4096]
    """

    price: float = 1e-4

    def __post_init__(self) -> None:
        check_numbers(self, ("price",), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)

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
        """Compare the gain with its price."""
        del view
        state = follow_thought(state, event, keeps_best=True)
        gain = jnp.maximum(state.seen - state.best, 0.0)
        return state._replace(stops=(state.reached > 0) & (gain < self.price * state.width))

    def answer(self, uniform: Uniforms, view: View, state: Thinking) -> jax.Array:
        """The answer held."""
        del uniform, view
        return state.answer
