"""Random expansion: the control that searches without being told where."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, pick, put
from budgetsim.simulate.reasoning.policies.closing import Closing, expand_or_answer, follow, has_to_end, no_answer
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers


class UniformState(NamedTuple):
    """Which nodes may be expanded."""

    open: jax.Array  # bool [slots, problems]
    closing: Closing


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("reserve",))
@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform:
    """Expand any unfinished node, all equally likely; the best-scored finished node answers.

    The critic is paid for every step, as in the strategies it is compared with, and decides only who answers.

    Parameters
    ----------
    reserve
        Share of the budget below which the search ends.

    Raises
    ------
    ValueError
        If ``reserve`` is outside [0, 1].

    Notes
    -----
    Derived: the ablation of every search rule that a selection rule must beat.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import HopWorld, Uniform, simulate_strategy
    >>> result = simulate_strategy(HopWorld(), Uniform(), 4000, problems=64, seed=1, nodes=16)
    >>> sum(result.largest[:2]) <= 4000
    True
    """

    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Every step is scored."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> UniformState:
        """Only the root is open."""
        del answers
        root = jnp.arange(slots)[:, None] + jnp.zeros((problems,), jnp.int32) == 0
        return UniformState(root, no_answer(problems))

    def choose(self, uniform: Uniforms, view: View, state: UniformState) -> Choice:
        """Any open node; the root never closes."""
        node = pick(uniform[0], state.open.astype(jnp.float32))
        return expand_or_answer(node, has_to_end(view, self.reserve), state.closing)

    def update(self, view: View, state: UniformState, event: Event) -> UniformState:
        """A new node is open unless it is finished."""
        del view
        grown = event.made & (event.kind == EXPAND)
        return UniformState(put(state.open, event.child, grown & ~event.ends), follow(state.closing, event))

    def answer(self, uniform: Uniforms, view: View, state: UniformState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.closing.answer
