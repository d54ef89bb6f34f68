"""A tree whose equal answers are drawn among, as those of chains are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from budgetsim.simulate.reasoning import Policy
from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.policy import Choice, Event, View


@partial(jax.tree_util.register_dataclass, meta_fields=(), data_fields=("tree",))
@dataclass(frozen=True, slots=True)
class TiesAtRandom:
    """A value tree, or a re-description of one, that draws among the answers of largest weight.

    Of equal answers a value tree gives the one of smallest number, and the right one has the smallest of all: a favour
    that chains, whose ties are broken at random, do not get.

    Parameters
    ----------
    tree
        A strategy whose state, or whose state's ``tree``, holds ``votes`` [answers, problems].

    Examples
    --------
    Two problems, each with a right and a wrong answer of equal weight:

    >>> import jax.numpy as jnp
    >>> from budgetsim.simulate.reasoning import ValueTree
    >>> tree = ValueTree()
    >>> state = tree.init(2, 2, 2)._replace(votes=jnp.ones((2, 2)))
    >>> tree.answer(None, None, state).tolist()
    [0, 0]
    >>> TiesAtRandom(tree).answer([jnp.array([0.3, 0.7])], None, state).tolist()
    [0, 1]
    """

    tree: Policy

    @property
    def uses_critic(self) -> bool:
        """As of the tree."""
        return self.tree.uses_critic

    def init(self, slots: int, answers: int, problems: int) -> Any:
        """As the tree."""
        return self.tree.init(slots, answers, problems)

    def choose(self, uniform: Uniforms, view: View, state: Any) -> Choice:
        """As the tree."""
        return self.tree.choose(uniform, view, state)

    def update(self, view: View, state: Any, event: Event) -> Any:
        """As the tree."""
        return self.tree.update(view, state, event)

    def answer(self, uniform: Uniforms, view: View, state: Any) -> jax.Array:
        """One of the answers of largest weight, all equally likely."""
        del view
        return plurality(uniform[0], getattr(state, "tree", state).votes)
