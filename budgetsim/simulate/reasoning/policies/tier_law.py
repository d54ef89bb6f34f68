"""A tier for every module of a memory pipeline, drawn from a law: what a router plays that does not see the query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.memory_pipeline import MODULES, TIERS
from budgetsim.simulate.reasoning.policies.modules import Walk, follow_modules, next_module, not_started
from budgetsim.simulate.reasoning.policy import Choice, Event, View


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("chances",))
@dataclass(frozen=True, slots=True, kw_only=True)
class TierLaw:
    """Draw the tier of every module anew for every query, each by a law of its own.

    What does not fit is treated as by `TierPlan`: the tier that was drawn is not called, nor is a cheaper one, and
    there is no answer.

    Parameters
    ----------
    chances
        Probability of each of the three tiers, for each of the five modules; an array is kept as tuples. The law that
        a router learned for the average query is `TrainedRouter.tiers`: all of it if the router was not query-aware.

    Raises
    ------
    ValueError
        If ``chances`` are not five rows of three probabilities that sum to 1.

    Notes
    -----
    Derived from *Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory*, Haozhen Zhang et al., arXiv
    2602.06025. A strategy never sees the problem, so slopes on what the query looks like have no place here.

    Examples
    --------
    Even chances cost 4 (.06 + .18 + .88) / 3 = 1.493 units of 1000 tokens on average:

    >>> from budgetsim.simulate.reasoning import MemoryWorld, TierLaw, simulate_strategy
    >>> result = simulate_strategy(MemoryWorld(), TierLaw(), 10_000, problems=4096, seed=1)
    >>> abs(result.output_tokens.value - 1493) < 5 * result.output_tokens.standard_error
    True
    """

    chances: Sequence[Sequence[float]] = ((1 / 3,) * TIERS,) * MODULES

    def __post_init__(self) -> None:
        if isinstance(self.chances, np.ndarray):
            object.__setattr__(self, "chances", tuple(map(tuple, np.atleast_2d(self.chances).tolist())))
        sizes = [len(row) for row in self.chances]
        plain = [row for row in self.chances if all(isinstance(chance, int | float) for chance in row)]
        proper = all(min(row) >= 0.0 and abs(sum(row) - 1.0) < 1e-6 for row in plain if row)
        if sizes != [TIERS] * MODULES or not proper:
            raise ValueError(
                f"chances must be {MODULES} rows of {TIERS} probabilities summing to 1, got {self.chances}"
            )

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> Walk:
        """No module called."""
        del slots, answers
        return not_started(problems)

    def choose(self, uniform: Uniforms, view: View, state: Walk) -> Choice:
        """The next module in a tier that number 0 draws, or the answer."""
        low, middle, _ = (self._column(tier, state) for tier in range(TIERS))
        tier = (uniform[0] >= low).astype(jnp.int32) + (uniform[0] >= low + middle)
        return next_module(view, state, tier)

    def _column(self, tier: int, state: Walk) -> jax.Array:
        """Probability of a tier for the module that is next."""
        chance = jnp.asarray(self.chances[-1][tier], jnp.float32)
        for module, row in enumerate(self.chances[:-1]):
            chance = jnp.where(state.done == module, jnp.asarray(row[tier], jnp.float32), chance)
        return chance

    def update(self, view: View, state: Walk, event: Event) -> Walk:
        """Go on to the next module."""
        del view
        return follow_modules(state, event)

    def answer(self, uniform: Uniforms, view: View, state: Walk) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
