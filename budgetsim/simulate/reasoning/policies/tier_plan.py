"""A fixed tier for every module of a memory pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.memory_pipeline import MODULES, TIERS
from budgetsim.simulate.reasoning.policies.modules import Walk, follow_modules, next_module, not_started
from budgetsim.simulate.reasoning.policy import Choice, Event, View


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("tiers",))
@dataclass(frozen=True, slots=True, kw_only=True)
class TierPlan:
    """Play the same plan on every query, whatever is left.

    A module that does not fit into what is left is not called, in no cheaper tier either, and there is no answer: what
    was spent before it is lost.

    Parameters
    ----------
    tiers
        Tier of each of the five modules: 0, 1 or 2.

    Raises
    ------
    ValueError
        If ``tiers`` are not five of these.

    Notes
    -----
    Source: one of the 243 plans of *Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory*, Haozhen Zhang
    et al., arXiv 2602.06025; `budgetsim.simulate.reasoning.memory_pipeline.best_plan` names the best of them.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import MemoryWorld, TierPlan, simulate_strategy
    >>> simulate_strategy(MemoryWorld(), TierPlan(tiers=(0, 1, 0, 0, 2)), 10_000, problems=100, seed=1).largest
    (0, 1296, 5, 0)
    """

    tiers: tuple[int, ...] = (1, 1, 1, 1, 1)

    def __post_init__(self) -> None:
        given = [tier for tier in self.tiers if isinstance(tier, int | float)]
        if len(self.tiers) != MODULES or not set(given) <= set(range(TIERS)):
            raise ValueError(f"tiers must be {MODULES} whole numbers in 0 ... {TIERS - 1}, got {self.tiers}")

    @property
    def uses_critic(self) -> bool:
        """Nothing is judged."""
        return False

    def init(self, slots: int, answers: int, problems: int) -> Walk:
        """No module called."""
        del slots, answers
        return not_started(problems)

    def choose(self, uniform: Uniforms, view: View, state: Walk) -> Choice:
        """The next module in its tier, or the answer."""
        del uniform
        tier = jnp.asarray(self.tiers[-1])
        for module, planned in enumerate(self.tiers[:-1]):
            tier = jnp.where(state.done == module, planned, tier)
        return next_module(view, state, tier.astype(jnp.int32))

    def update(self, view: View, state: Walk, event: Event) -> Walk:
        """Go on to the next module."""
        del view
        return follow_modules(state, event)

    def answer(self, uniform: Uniforms, view: View, state: Walk) -> jax.Array:
        """The one answer."""
        del uniform, view
        return state.answer
