"""Beam search: Tree of Thoughts, breadth first: propose from every kept node, vote on all, keep the best."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.columns import Uniforms, take
from budgetsim.simulate.reasoning.policies import levels
from budgetsim.simulate.reasoning.policies.closing import Closing, expand_or_answer, follow, has_to_end, no_answer
from budgetsim.simulate.reasoning.policies.levels import Level
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_numbers, is_number

WIDEST = 64


class BeamState(NamedTuple):
    """The nodes kept of the level before, and the best so far of the level under way."""

    beam: Level
    coming: Level
    place: jax.Array  # int32: whose turn it is in the beam
    made: jax.Array  # int32: children it has made
    depth: jax.Array  # int32: levels that are complete
    closing: Closing


@partial(jax.tree_util.register_dataclass, meta_fields=("width",), data_fields=("proposals", "reserve"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Beam:
    """Keep ``width`` nodes a level; the search is over when all that are kept are finished.

    Parameters
    ----------
    width
        Nodes kept of a level, 1 ... 64. Equals are kept in the order in which they were made.
    proposals
        Children made from every kept node, 1 or more: one number for all levels, or a tuple with one a level, whose
        last entry holds for all levels after.
    reserve
        Share of the budget below which the search ends and the best node answers.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Tree of Thoughts: Deliberate Problem Solving with Large Language Models*, Shunyu Yao et al., arXiv
    2305.10601, algorithm 1. Finished nodes keep their score and compete for the next level; the best finished node
    answers (derived: in the paper all finish together).

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ArithmeticWorld, Beam, simulate_strategy
    >>> world = ArithmeticWorld()
    >>> beam = Beam(width=5, proposals=world.branching, reserve=0.0)
    >>> result = simulate_strategy(world, beam, 10**6, problems=64, seed=1, nodes=65)
    >>> result.expansions / 64
    64.0
    """

    width: int = 5
    proposals: int | tuple[int, ...] = 5
    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("width",), f"in 1 ... {WIDEST}", lambda value: 1 <= value <= WIDEST and value % 1 == 0)
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        if not self._proposals():
            raise ValueError("proposals must have one number or more, got ()")
        for count in self._proposals():
            if is_number(count) and not (count >= 1 and count % 1 == 0):
                raise ValueError(f"proposals must be whole numbers, 1 or more, got {count}")

    def _proposals(self) -> tuple[int, ...]:
        return self.proposals if isinstance(self.proposals, tuple) else (self.proposals,)

    @property
    def uses_critic(self) -> bool:
        """Every step is voted on."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> BeamState:
        """The root alone."""
        del slots, answers
        nobody = levels.empty(self.width, problems)
        zero = jnp.zeros((problems,), jnp.int32)
        root = levels.insert(nobody, zero == 0, zero, zero.astype(jnp.float32), zero > 0)
        return BeamState(root, nobody, zero, zero, zero, no_answer(problems))

    def choose(self, uniform: Uniforms, view: View, state: BeamState) -> Choice:
        """The next child of whose turn it is."""
        del uniform
        over = state.place >= self.width
        node = take(state.beam.node, jnp.minimum(state.place, self.width - 1))
        return expand_or_answer(node, over | has_to_end(view, self.reserve), state.closing)

    def update(self, view: View, state: BeamState, event: Event) -> BeamState:
        """Rank the child; after the last one of the level its best become the beam."""
        del view
        grown = event.made & (event.kind == EXPAND)
        coming = levels.insert(state.coming, grown, event.child, event.score, event.ends)
        made = state.made + grown
        rows = jnp.arange(self.width)[:, None]
        waiting = (state.beam.score >= 0.0) & ~state.beam.ended
        full = grown & (made >= self._count(state.depth))
        place = jnp.where(full, _first(waiting & (rows > state.place), self.width), state.place)
        next_level = full & (place >= self.width)
        beam = Level(*(jnp.where(next_level, new, old) for new, old in zip(coming, state.beam, strict=True)))
        begun = levels.empty(self.width, next_level.shape[0])
        for row in range(self.width):
            joins = beam.ended[row] & (beam.score[row] >= 0.0)
            begun = levels.insert(begun, joins, *(part[row] for part in beam))
        turn = _first((beam.score >= 0.0) & ~beam.ended, self.width)
        return BeamState(
            beam=beam,
            coming=Level(*(jnp.where(next_level, new, old) for new, old in zip(begun, coming, strict=True))),
            place=jnp.where(next_level, turn, place),
            made=jnp.where(full, 0, made),
            depth=state.depth + next_level,
            closing=follow(state.closing, event),
        )

    def _count(self, depth: jax.Array) -> jax.Array:
        counts = self._proposals()
        chosen = jnp.broadcast_to(jnp.asarray(counts[0]), depth.shape)
        for level, count in enumerate(counts[1:], start=1):
            chosen = jnp.where(depth >= level, count, chosen)
        return chosen

    def answer(self, uniform: Uniforms, view: View, state: BeamState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.closing.answer


def _first(rows: jax.Array, none: int) -> jax.Array:
    """The first row that holds in every column, ``none`` where none does."""
    return jnp.min(jnp.where(rows, jnp.arange(rows.shape[0])[:, None], none), axis=0).astype(jnp.int32)
