"""A re-description of budget-aware tree search: every node hands what is left of its allowance down to its children."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, add, put, take
from budgetsim.simulate.reasoning.policies.value_tree import ValueTree, ValueTreeState
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, WIDEN, check_numbers


class SplitState(NamedTuple):
    """The tree, and what every node may spend."""

    tree: ValueTreeState
    allowance: jax.Array  # [slots, problems] whole calls left for a node and what is below it
    made: jax.Array  # [slots, problems] steps made from a node


@partial(jax.tree_util.register_dataclass, data_fields=("tree", "calls"), meta_fields=("children",))
@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionalSplit:
    """Value tree in which a node makes its children and splits the rest of its calls among them in proportion to value.

    Parameters
    ----------
    tree
        Everything but selection: critic, directive, back-propagation, backstop.
    children
        Steps made from a node, 1 or more.
    calls
        Tool calls that the root has to give away, a whole number, 1 or more.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    A public re-description of *Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents* (arXiv
    2603.12634), and not the paper's rule, which never splits its budget. Shares are whole calls, rounded down; nodes
    are worked through in the order in which they were made, nothing is pruned, and what a node cannot use is lost. The
    re-description also backs the discounted value of the best child up; a split comes before there are grandchildren,
    so that never enters one and is left out.

    Examples
    --------
    With one child a node all that is left is handed down a chain. Two hops, each made with probability 1/2, and a
    critic that is never wrong: four steps are enough with the probability of two or more heads in four tosses, 11/16:

    >>> from budgetsim.simulate.reasoning import Budget, HopWorld, ProportionalSplit, simulate_strategy
    >>> world = HopWorld(hop_weights=(1,), progress_alpha=1e9, progress_beta=1e9, misleading=0.0, repeat=0.0,
    ...                  repeat_widened=0.0, critic_noise=0.0, critic_bias=0.0, lucky=0.0)
    >>> chain = ProportionalSplit(children=1, calls=4)
    >>> result = simulate_strategy(world, chain, Budget(calls=4), problems=4096, seed=1, nodes=6)
    >>> abs(result.accuracy.value - 11 / 16) < 0.04
    True
    """

    tree: ValueTree = ValueTree(back_propagation="none", directive=False)  # noqa: RUF009
    children: int = 3
    calls: float = 20.0

    def __post_init__(self) -> None:
        check_numbers(self, ("children",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        check_numbers(self, ("calls",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)

    @property
    def uses_critic(self) -> bool:
        """As of the tree."""
        return self.tree.uses_critic

    def init(self, slots: int, answers: int, problems: int) -> SplitState:
        """All calls belong to the root."""
        nothing = jnp.zeros((slots, problems), jnp.float32)
        allowance = put(nothing, jnp.zeros((problems,), jnp.int32), self.calls)
        return SplitState(self.tree.init(slots, answers, problems), allowance, nothing)

    def choose(self, uniform: Uniforms, view: View, state: SplitState) -> Choice:
        """As the tree, but the node to expand is the first that may still step; without one the search is short."""
        able = state.tree.open & (state.allowance >= 1.0) & (state.made < self.children)
        rows = jnp.arange(able.shape[0])[:, None]
        node = jnp.min(jnp.where(able, rows, able.shape[0]), axis=0)
        none = node == able.shape[0]
        choice = self.tree.choose(uniform, view._replace(refused=view.refused + none), state.tree)
        node = jnp.where(none, 0, node)
        hint = jnp.where(take(state.tree.widen, node), WIDEN, KEEP)
        return Choice(choice.kind, jnp.where(choice.kind == EXPAND, node, choice.node), hint)

    def update(self, view: View, state: SplitState, event: Event) -> SplitState:
        """Pay a step from the node's allowance; with its last one, the rest goes to the children in the pool."""
        spare = view.parent.shape[0] - 1
        tree = self.tree.update(view, state.tree, event)
        grown = event.made & (event.kind == EXPAND)
        node = jnp.where(grown, event.node, spare)
        made = add(state.made, node, grown)
        left = take(state.allowance, node) - 1.0
        last = grown & ((take(made, node) >= self.children) | (left < 1.0))
        rows = jnp.arange(spare + 1)[:, None]
        heirs = tree.open & (view.parent == node) & (rows < view.nodes)
        worth = jnp.where(heirs, tree.value, 0.0)
        whole = jnp.sum(worth, axis=0)
        shares = jnp.floor(left * worth / jnp.where(whole > 0.0, whole, 1.0))
        allowance = put(state.allowance, node, jnp.where(last | ~grown, 0.0, left))
        return SplitState(tree, jnp.where(heirs & last, shares, allowance), made)

    def answer(self, uniform: Uniforms, view: View, state: SplitState) -> jax.Array:
        """As the tree."""
        return self.tree.answer(uniform, view, state.tree)
