"""Stop where the world says that it was best to stop."""

from __future__ import annotations

from dataclasses import dataclass

import jax

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.thinking import Thinking, follow_thought, nothing_thought, think_or_read
from budgetsim.simulate.reasoning.policy import Choice, Event, View


@jax.tree_util.register_static
@dataclass(frozen=True, slots=True)
class OracleStop:
    """Stop at the checkpoint with the largest true quality minus the price of its tokens: a yardstick.

    Notes
    -----
    Derived: it follows a sign of the world (a step that ends) that no strategy would see.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, OracleStop, simulate_strategy
    >>> world = AnytimeWorld(price=1e-3, scale=200.0, dip=0.0)
    >>> simulate_strategy(world, OracleStop(), 4096, problems=100, seed=1).largest
    (0, 256, 1, 0)
    """

    @property
    def uses_critic(self) -> bool:
        """Nobody looks at what was reached, so nobody pays for a look."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> Thinking:
        """Nothing thought."""
        del slots, answers
        return nothing_thought(problems)

    def choose(self, uniform: Uniforms, view: View, state: Thinking) -> Choice:
        """Think on or read."""
        del uniform
        return think_or_read(view, state)

    def update(self, view: View, state: Thinking, event: Event) -> Thinking:
        """Follow the sign."""
        del view
        state = follow_thought(state, event, keeps_best=False)
        return state._replace(stops=state.ends)

    def answer(self, uniform: Uniforms, view: View, state: Thinking) -> jax.Array:
        """The answer held."""
        del uniform, view
        return state.answer
