"""A re-description of budget-aware tree search: a confidence bonus that grows as the budget falls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.columns import Uniforms, largest, put, take
from budgetsim.simulate.reasoning.policies.value_tree import ValueTree, ValueTreeState
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, WIDEN, check_numbers

_TINY = 1e-8
_UNVISITED = 1e30


class UcbState(NamedTuple):
    """The tree, and how often and with what result every subtree was visited."""

    tree: ValueTreeState
    visits: jax.Array  # [slots, problems] steps made in the subtree of a node
    total: jax.Array  # [slots, problems] summed values of what they led to, in points


@partial(jax.tree_util.register_dataclass, data_fields=("tree", "weight", "calls"), meta_fields=())
@dataclass(frozen=True, slots=True, kw_only=True)
class UcbVariant:
    """Value tree whose next node has the largest ``mean + weight / left * sqrt(ln(calls + 1) / visits)``.

    Parameters
    ----------
    tree
        Everything but selection: critic, directive, back-propagation, backstop.
    weight
        Weight of the bonus, finite and 0 or more.
    calls
        Tool calls that the budget holds, a whole number, 1 or more; ``left`` is what is left of them.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    A public re-description of *Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents* (arXiv
    2603.12634), and not the paper's rule: it is deterministic, and explores more the less is left. Visits and means
    take in descendants; a node that was never expanded comes first, the latest of them before the others.

    Examples
    --------
    Two hops, each made with probability 1/2, three steps and a critic that is never wrong. After a hop and a failure
    both nodes have the same mean: without a bonus the root is tried again, in vain, so 3 of 8 courses end well; with
    one, the node that was visited less is gone on with, and 4 of 8 do:

    >>> from budgetsim.simulate.reasoning import Budget, HopWorld, UcbVariant, simulate_strategy
    >>> world = HopWorld(hop_weights=(1,), progress_alpha=1e9, progress_beta=1e9, misleading=0.0, repeat=0.0,
    ...                  repeat_widened=0.0, critic_noise=0.0, critic_bias=0.0, lucky=0.0)
    >>> right = [simulate_strategy(world, UcbVariant(weight=weight, calls=3), Budget(calls=3), problems=4096, seed=1,
    ...                            nodes=6).accuracy.value for weight in (0.0, 1.0)]
    >>> abs(right[0] - 3 / 8) < 0.04, abs(right[1] - 4 / 8) < 0.04
    (True, True)
    """

    tree: ValueTree = ValueTree(selection="uniform")  # noqa: RUF009
    weight: float = 1.0
    calls: float = 20.0

    def __post_init__(self) -> None:
        check_numbers(self, ("weight",), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)
        check_numbers(self, ("calls",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)

    @property
    def uses_critic(self) -> bool:
        """As of the tree."""
        return self.tree.uses_critic

    def init(self, slots: int, answers: int, problems: int) -> UcbState:
        """No visit."""
        nothing = jnp.zeros((slots, problems), jnp.float32)
        return UcbState(self.tree.init(slots, answers, problems), nothing, nothing)

    def choose(self, uniform: Uniforms, view: View, state: UcbState) -> Choice:
        """As the tree, but the node to expand has the largest bound."""
        choice = self.tree.choose(uniform, view, state.tree)
        visits = jnp.maximum(state.visits, _TINY)
        spread = jnp.sqrt(jnp.log(self.calls + 1.0) / visits)
        bound = state.total / visits / 10.0 + self.weight / (view.shares[1] * self.calls + _TINY) * spread
        rows = lax.broadcasted_iota(jnp.float32, bound.shape, 0)
        bound = jnp.where(state.visits > 0.0, bound, _UNVISITED * (1.0 + rows))
        node = largest(jnp.where(state.tree.open, bound, -1.0))
        hint = jnp.where(take(state.tree.widen, node), WIDEN, KEEP)
        return Choice(choice.kind, jnp.where(choice.kind == EXPAND, node, choice.node), hint)

    def update(self, view: View, state: UcbState, event: Event) -> UcbState:
        """Count the step for every node from the expanded one up to the root."""
        spare = view.parent.shape[0] - 1
        tree = self.tree.update(view, state.tree, event)
        grown = event.made & (event.kind == EXPAND)
        value = take(tree.value, event.child)

        def on(carry: tuple[jax.Array, jax.Array, jax.Array]) -> jax.Array:
            return jnp.any(carry[0] >= 0)

        def up(carry: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
            node, visits, total = carry
            at = jnp.where(node >= 0, node, spare)
            visits, total = put(visits, at, take(visits, at) + 1.0), put(total, at, take(total, at) + value)
            return jnp.where(node >= 0, take(view.parent, at), -1), visits, total

        _, visits, total = lax.while_loop(on, up, (jnp.where(grown, event.node, -1), state.visits, state.total))
        return UcbState(tree, visits, total)

    def answer(self, uniform: Uniforms, view: View, state: UcbState) -> jax.Array:
        """As the tree."""
        return self.tree.answer(uniform, view, state.tree)
