"""REBASE: levels of fixed width, shared out to the nodes by the softmax of their rewards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms, add, take
from budgetsim.simulate.reasoning.policies import levels
from budgetsim.simulate.reasoning.policies.closing import has_to_end
from budgetsim.simulate.reasoning.policies.levels import Level
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER, check_numbers

WIDEST = 64
ROUNDING = 1e-6  # a share this little above a whole number counts as that number


class RebaseState(NamedTuple):
    """The level that is expanded, the one that comes of it, and the votes of finished nodes."""

    level: Level
    coming: Level
    place: jax.Array  # int32: whose turn it is in the level
    due: jax.Array  # int32: children still due from it
    width: jax.Array  # int32: children of this level that are not shared out yet
    finished: jax.Array  # int32: nodes that were finished
    pending: jax.Array  # finished node that must answer next, or -1
    reward: jax.Array  # its reward
    votes: jax.Array  # [answers, problems]: summed rewards of the nodes that gave each answer
    answered: jax.Array  # bool: a finished node gave an answer
    best: jax.Array  # node of the highest reward, for an answer that is forced
    best_score: jax.Array
    forced: jax.Array  # bool: a forced answer was asked for; nothing comes after


def share_out(level: Level, place: jax.Array, width: jax.Array, temperature: jax.Array | float) -> jax.Array:
    """Children for the node at ``place`` of a level when ``width`` are left: its share of the weights from there on.

    Examples
    --------
    >>> level, one = levels.empty(4, 1), jnp.ones(1, jnp.int32)
    >>> for node, score in enumerate((0.9, 0.8, 0.5, 0.2)):
    ...     level = levels.insert(level, one > 0, node * one, score * one, one > 1)
    >>> int(share_out(level, 0 * one, 16 * one, 0.2)[0])
    10
    """
    rows = jnp.arange(level.score.shape[0])[:, None]
    here = (level.score >= 0.0) & (rows >= place)
    score = take(level.score, jnp.minimum(place, level.score.shape[0] - 1))
    total = jnp.sum(jnp.where(here, jnp.exp((level.score - score) / temperature), 0.0), axis=0)
    share = width / jnp.maximum(total, 1.0)  # the node itself weighs exp(0)
    return jnp.minimum(width, jnp.ceil(share - ROUNDING)).astype(jnp.int32)


@partial(jax.tree_util.register_dataclass, meta_fields=("width",), data_fields=("temperature", "deepest", "reserve"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Rebase:
    """Reward-balanced search: a level has ``width`` children less the nodes that are finished, and the best get most.

    Parameters
    ----------
    width
        Children of the first level, 1 ... 64.
    temperature
        Temperature of the softmax over rewards, finite and above 0.
    deepest
        Depth at which a node counts as finished, 1 or more.
    reserve
        Share of the budget below which the search ends; without an answer so far the best node gives one.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Inference Scaling Laws: An Empirical Analysis of Compute-Optimal Inference for Problem-Solving with
    Language Models*, Yangzhen Wu et al., arXiv 2408.00724, and its released code: nodes by falling reward get the
    ceiling of their share of what is left, so counts add up to the width. A finished node answers at once and votes
    with its reward, that of its last step. Single precision: shares within 1e-6 above a whole number are rounded down.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import ArithmeticWorld, Rebase, simulate_strategy
    >>> result = simulate_strategy(ArithmeticWorld(), Rebase(width=8), 10**6, problems=64, seed=1)
    >>> result.expansions / 64
    32.0
    """

    width: int = 16
    temperature: float = 0.2
    deepest: int = 25
    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_numbers(self, ("width",), f"in 1 ... {WIDEST}", lambda value: 1 <= value <= WIDEST and value % 1 == 0)
        check_numbers(self, ("temperature",), "finite and above 0", lambda value: 0.0 < value < math.inf)
        check_numbers(self, ("deepest",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Every step is rewarded."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> RebaseState:
        """The whole first level is due from the root."""
        del slots
        nobody = levels.empty(self.width, problems)
        zero = jnp.zeros((problems,), jnp.int32)
        return RebaseState(
            level=levels.insert(nobody, zero == 0, zero, zero.astype(jnp.float32), zero > 0),
            coming=nobody,
            place=zero,
            due=zero + self.width,
            width=zero,
            finished=zero,
            pending=zero - 1,
            reward=nobody.score[0],
            votes=jnp.zeros((answers, problems), jnp.float32),
            answered=zero > 0,
            best=zero,
            best_score=jnp.zeros((problems,), jnp.float32),
            forced=zero > 0,
        )

    def choose(self, uniform: Uniforms, view: View, state: RebaseState) -> Choice:
        """The answer of a node that has just finished, else the next child that is due."""
        del uniform
        pending = state.pending >= 0
        over = (state.due <= 0) | has_to_end(view, self.reserve)
        ended = state.forced | (over & state.answered & ~pending)
        kind = jnp.where(ended, STOP, jnp.where(pending | over, ANSWER, EXPAND))
        leaf = jnp.where(pending, state.pending, state.best)
        node = jnp.where(pending | over, leaf, take(state.level.node, state.place))
        return Choice(kind, node, jnp.full(kind.shape, KEEP))

    def update(self, view: View, state: RebaseState, event: Event) -> RebaseState:
        """Rank an unfinished child for the next level; count the answer of a finished one."""
        grown = event.made & (event.kind == EXPAND)
        answered = event.made & (event.kind == ANSWER)
        ends = grown & (event.ends | (take(view.depth, event.child) >= self.deepest))
        better = grown & (event.score > state.best_score)
        given = answered & (event.answer != NO_ANSWER)
        reward = jnp.where(state.pending >= 0, state.reward, state.best_score)
        vote = jnp.where(given, jnp.maximum(reward, 1e-6), 0.0)
        coming = levels.insert(state.coming, grown & ~ends, event.child, event.score, ends)
        state = state._replace(
            coming=coming,
            due=state.due - grown,
            finished=state.finished + ends,
            pending=jnp.where(ends, event.child, -1),
            reward=event.score,
            votes=add(state.votes, jnp.where(given, event.answer, 0), vote),
            answered=state.answered | given,
            best=jnp.where(better, event.child, state.best),
            best_score=jnp.where(better, event.score, state.best_score),
            forced=state.forced | ((event.kind == ANSWER) & (state.pending < 0) & event.made),
        )
        return self._next_turn(state, grown & (state.due <= 0))

    def _next_turn(self, state: RebaseState, full: jax.Array) -> RebaseState:
        """Whose turn comes after one is full: the next node with a share, else the first one of the next level."""
        over = full & (state.width <= 0)
        left = jnp.maximum(self.width - state.finished, 0)
        nobody = levels.empty(self.width, full.shape[0])
        level = Level(*(jnp.where(over, new, old) for new, old in zip(state.coming, state.level, strict=True)))
        coming = Level(*(jnp.where(over, new, old) for new, old in zip(nobody, state.coming, strict=True)))
        place = jnp.where(over, 0, jnp.where(full, state.place + 1, state.place))
        width = jnp.where(over, jnp.where(levels.fill(level) > 0, left, 0), state.width)
        share = share_out(level, place, width, self.temperature)
        return state._replace(
            level=level,
            coming=coming,
            place=jnp.minimum(place, self.width - 1),
            due=jnp.where(full, share, state.due),
            width=jnp.where(full, width - share, width),
        )

    def answer(self, uniform: Uniforms, view: View, state: RebaseState) -> jax.Array:
        """The answer with the largest summed reward, one of equal ones at random."""
        del view
        return plurality(uniform[0], state.votes)
