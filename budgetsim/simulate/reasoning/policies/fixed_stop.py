"""Think for a number of checkpoints that was fixed before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policies.thinking import Thinking, follow_thought, nothing_thought, think_or_read
from budgetsim.simulate.reasoning.policy import Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("checkpoint",))
@dataclass(frozen=True, slots=True, kw_only=True)
class FixedStop:
    """Stop at a checkpoint, whatever is seen; the last answer counts.

    Parameters
    ----------
    checkpoint
        Number of the checkpoint, from 1; one beyond the last stops at the last.

    Raises
    ------
    ValueError
        If ``checkpoint`` is below 1.

    Notes
    -----
    Derived: what every stopping rule must beat at equal tokens.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AnytimeWorld, FixedStop, simulate_strategy
    >>> simulate_strategy(AnytimeWorld(), FixedStop(checkpoint=3), 4096, problems=100, seed=1).largest
    (0, 1024, 3, 0)
    """

    checkpoint: int = 5

    def __post_init__(self) -> None:
        check_numbers(self, ("checkpoint",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)

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
        """Count."""
        del view
        state = follow_thought(state, event, keeps_best=False)
        return state._replace(stops=state.reached >= self.checkpoint)

    def answer(self, uniform: Uniforms, view: View, state: Thinking) -> jax.Array:
        """The answer held."""
        del uniform, view
        return state.answer
