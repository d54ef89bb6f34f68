"""BAVT and its ablations: residual critic, directive, budget-conditioned selection, back-propagation, backstop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, get_args

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms, add, at_row, largest, pick, put, put_row, take
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER, WIDEN, check_choice, check_numbers, is_number

POINTS = 10.0  # of a value of 1: critics speak in points, whose sums are exact
LEAST_WEIGHT = 1e-6  # of an answer, in points: one from a node worth nothing is an answer too

Selection: TypeAlias = Literal["inverse_ratio", "constant", "ratio", "greedy", "uniform"]
Critic: TypeAlias = Literal["residual", "absolute", "none"]
BackPropagation: TypeAlias = Literal["raw", "stored", "path", "none"]
Final: TypeAlias = Literal["sum", "highest"]

_Rows = tuple[jax.Array, jax.Array, jax.Array, jax.Array]


class ValueTreeState(NamedTuple):
    """Value, flags and answers of the nodes."""

    value: jax.Array  # [slots, problems] in points
    raw: jax.Array  # [slots, problems] the same before any back-propagation
    open: jax.Array  # bool [slots, problems]: in the pool of nodes that may be expanded
    widen: jax.Array  # bool [slots, problems]: the next step from here should try another idea
    up: jax.Array  # int32 [slots, problems]: parent that counts this node, the spare slot if none does
    children: jax.Array  # int32 [slots, problems]: children that count in back-propagation
    votes: jax.Array  # [answers, problems]: weight of the nodes that gave each answer
    pending: jax.Array  # node that must answer next, or -1
    current: jax.Array  # node whose next children are due
    due: jax.Array  # int32: children still due from it
    answered: jax.Array  # bool
    forced: jax.Array  # bool: the backstop answered; nothing comes after


@partial(
    jax.tree_util.register_dataclass,
    data_fields=(
        *("root_value", "threshold", "backstop", "largest_exponent"),
        *("largest_gain", "least_value", "largest_value"),
    ),
    meta_fields=(
        *("selection", "critic", "children", "directive", "widen_until_gain", "back_propagation", "keep_expanded"),
        *("capacity", "stop_at_answer", "final"),
    ),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTree:
    """Budget-aware value tree search (BAVT), its ablations and its open choices.

    Parameters
    ----------
    selection
        How the next node is drawn from the pool: with probability proportional to value ** (1 / remaining ratio) (the
        paper's rule), to the value itself, to value ** ratio (a wrong re-description), the largest value, or any.
    critic
        ``residual``: a child is worth its parent plus relative progress; ``absolute``: what the critic scores it;
        ``none``: every child joins the pool, answers where the generator believes that it is done, and has one vote.
    root_value, threshold, backstop
        Value of the root; value from which a node answers; share below which an answer is forced, of the tokens (the
        paper's) or of the money, whichever is scarcer where both are limited.
    largest_exponent
        Cap of the exponent 1 / ratio; infinity for none.
    children
        Steps made from a node once it is selected.
    directive
        Whether a step without gain is pruned and its parent told to widen; otherwise every child joins the pool.
    widen_until_gain
        Whether a gain ends the WIDEN hint of its parent; otherwise it stays for good.
    back_propagation
        What an answer does to the values of the tree, bottom-up: every node becomes the mean of what the critic gave it
        and its children (``raw``); of its value as it stands and its children, so that many answers smooth many times
        (``stored``); the same for the nodes above the answer alone (``path``); or nothing (``none``).
    keep_expanded
        Whether a node stays in the pool after a child of it joined.
    capacity
        Largest pool: where a child would exceed it, the node of least value leaves; 0 for no limit.
    stop_at_answer
        Whether the search ends at the first answer.
    final
        The answer with the largest summed value, or with the single highest.
    largest_gain, least_value, largest_value
        Phi, which turns relative progress into the value of a child of the residual critic: a step changes the value by
        at most so much, up or down, and the value stays within these bounds. 0.4 is 4 of the critic's 10 points.
        The gain is above 0, the bounds are 0 or more and in this order; infinity for no limit from above. Where steps
        without gain are pruned (``directive``) no open node falls below the root, and a lower bound below it is idle.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents*, Yushu Li, Wenlong Deng, Jiajin
    Li, Xiaoxiao Li, arXiv 2603.12634, as reported. Where public text is silent a parameter decides, and its
    default is this project's choice. The best open leaf gives an answer that is forced, the best node of the pool where
    that has no leaf. A critic that gives no number (NaN) counts as one that saw no progress.

    Examples
    --------
    Two hops, each made with probability 1/2, and a critic that is never wrong: the best node is gone on with until both
    are made, so four steps are enough with the probability of two or more heads in four tosses, 11/16:

    >>> from budgetsim.simulate.reasoning import Budget, HopWorld, ValueTree, simulate_strategy
    >>> world = HopWorld(hop_weights=(1,), progress_alpha=1e9, progress_beta=1e9, misleading=0.0, repeat=0.0,
    ...                  repeat_widened=0.0, critic_noise=0.0, critic_bias=0.0, lucky=0.0)
    >>> result = simulate_strategy(
    ...     world, ValueTree(selection="greedy"), Budget(calls=4), problems=4096, seed=1, nodes=6
    ... )
    >>> abs(result.accuracy.value - 11 / 16) < 0.04
    True
    """

    selection: Selection = "inverse_ratio"
    critic: Critic = "residual"
    root_value: float = 0.1
    threshold: float = 0.8
    backstop: float = 0.2
    largest_exponent: float = math.inf
    children: int = 1
    directive: bool = True
    widen_until_gain: bool = True
    back_propagation: BackPropagation = "raw"
    keep_expanded: bool = True
    capacity: int = 0
    stop_at_answer: bool = False
    final: Final = "sum"
    largest_gain: float = 0.4
    least_value: float = 0.1
    largest_value: float = 1.0

    def __post_init__(self) -> None:
        check_choice(self, "selection", get_args(Selection))
        check_choice(self, "critic", get_args(Critic))
        check_choice(self, "back_propagation", get_args(BackPropagation))
        check_choice(self, "final", get_args(Final))
        check_numbers(self, ("root_value",), "in [0.1, 1]", lambda value: 0.1 <= value <= 1.0)
        check_numbers(self, ("threshold", "backstop"), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("largest_exponent",), "1 or more", lambda value: value >= 1)
        check_numbers(self, ("children",), "a whole number, 1 or more", lambda value: value >= 1 and value % 1 == 0)
        check_numbers(self, ("capacity",), "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        check_numbers(self, ("largest_gain", "largest_value"), "above 0", lambda value: value > 0.0)
        most = self.largest_value if is_number(self.largest_value) else math.inf
        domain = f"finite, and in [0, largest_value = {most}]"
        check_numbers(self, ("least_value",), domain, lambda value: 0.0 <= value <= most and value < math.inf)

    @property
    def uses_critic(self) -> bool:
        """Every step is judged, unless there is no critic."""
        return self.critic != "none"

    def init(self, slots: int, answers: int, problems: int) -> ValueTreeState:
        """Only the root is open."""
        root = jnp.arange(slots)[:, None] + jnp.zeros((problems,), jnp.int32) == 0
        value = jnp.where(root, POINTS * self.root_value, 0.0).astype(jnp.float32)
        whole = jnp.zeros((slots, problems), jnp.int32)
        return ValueTreeState(
            value=value,
            raw=value,
            open=root,
            widen=whole > 0,
            up=whole + slots - 1,
            children=whole,
            votes=jnp.zeros((answers, problems), jnp.float32),
            pending=whole[0] - 1,
            current=whole[0],
            due=whole[0],
            answered=whole[0] > 0,
            forced=whole[0] > 0,
        )

    def choose(self, uniform: Uniforms, view: View, state: ValueTreeState) -> Choice:
        """Answer where an answer is due, force one at the backstop, else expand a node of the pool."""
        node = self._select(uniform, view.left, state)
        if self.children > 1:
            node = jnp.where(state.due > 0, state.current, node)
        tokens, calls, money = view.shares[:3]
        short = (jnp.minimum(tokens, money) < self.backstop) | (calls <= 0.0) | (view.refused > 0)
        leaf = lax.cond(jnp.any(short), self._best_leaf, lambda state: state.current, state)
        pending = state.pending >= 0
        nothing = ~pending & ~jnp.any(state.open, axis=0)  # a pool of leaves alone may run dry
        ended = state.forced | nothing | (state.answered & ~pending & (short | self.stop_at_answer))
        kind = jnp.where(ended, STOP, jnp.where(pending | short, ANSWER, EXPAND))
        hint = jnp.where(take(state.widen, node), WIDEN, KEEP)
        return Choice(kind, jnp.where(pending, state.pending, jnp.where(short, leaf, node)), hint)

    @staticmethod
    def _best_leaf(state: ValueTreeState) -> jax.Array:
        leaf = state.open & (state.children == 0)
        able = jnp.where(jnp.any(leaf, axis=0), leaf, state.open)
        return largest(jnp.where(able, state.value, -1.0))

    def _select(self, uniform: Uniforms, left: jax.Array, state: ValueTreeState) -> jax.Array:
        if self.selection == "uniform" or self.critic == "none":
            return pick(uniform[0], state.open.astype(jnp.float32))
        values = jnp.where(state.open, state.value, 0.0)
        if self.selection == "greedy":
            return largest(values)
        left = jnp.maximum(left, 1e-6)
        if self.selection == "inverse_ratio":
            power = jnp.minimum(1.0 / left, self.largest_exponent)
        else:
            power = jnp.ones_like(left) if self.selection == "constant" else left
        most = jnp.max(values, axis=0)
        # of the largest, so that no power overflows; where all are worth nothing they are worth the same
        share = jnp.where(most > 0.0, values / jnp.where(most > 0.0, most, 1.0), 1.0)
        weights = jnp.where(state.open, jnp.exp(power * jnp.log(jnp.maximum(share, 1e-30))), 0.0)
        return pick(uniform[0], weights)

    def update(self, view: View, state: ValueTreeState, event: Event) -> ValueTreeState:
        """Value a new child, follow or prune it; count an answer and smooth the values above it."""
        spare = view.parent.shape[0] - 1
        grown = event.made & (event.kind == EXPAND)
        answered = event.made & (event.kind == ANSWER)
        before = take(state.value, event.node)
        value, accepted, pruned = self._judge(before, event)
        accepted, pruned = grown & accepted, grown & pruned
        kept = grown & ~accepted & ~pruned
        joins = kept | accepted
        parent = jnp.where(grown, event.node, spare)
        counted = jnp.where(joins, event.node, spare)
        given = answered & (event.answer != NO_ANSWER)
        weight = jnp.where(given, jnp.maximum(before, LEAST_WEIGHT) if self.uses_critic else 1.0, 0.0)
        voted = jnp.where(given, event.answer, 0)
        votes = take(state.votes, voted)
        total = votes + weight if self.final == "sum" else jnp.maximum(votes, weight)
        widen = pruned if self.widen_until_gain else pruned | take(state.widen, parent)
        open_ = put(state.open, event.child, kept)
        if not self.keep_expanded:
            open_ = put(open_, parent, grown & take(open_, parent) & ~joins)
        if self.capacity > 0:
            open_ = self._evict(open_, put(state.value, event.child, value))
        ended = state.forced | ((state.pending < 0) & answered)
        state = ValueTreeState(
            value=put(state.value, event.child, value),
            raw=put(state.raw, event.child, value),
            open=open_,
            widen=put(state.widen, parent, widen & grown),
            up=put(state.up, event.child, counted),
            children=add(state.children, counted, 1),
            votes=put(state.votes, voted, total),
            pending=jnp.where(accepted, event.child, jnp.where(event.made, -1, state.pending)),
            current=jnp.where(grown, event.node, state.current),
            due=jnp.where(grown, jnp.where(state.due > 0, state.due, self.children) - 1, state.due),
            answered=state.answered | answered,
            forced=ended,
        )
        return state if self.back_propagation == "none" else self._smooth(view, state, answered, event.node)

    def _judge(self, before: jax.Array, event: Event) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Value of a child, whether it answers, and whether it is pruned."""
        if self.critic == "none":
            return before, event.ends, jnp.zeros_like(event.ends)
        if self.critic == "absolute":
            value = POINTS * event.score
        else:
            largest_gain = POINTS * self.largest_gain
            gain = jnp.clip(event.delta, -largest_gain, largest_gain)
            value = jnp.clip(before + gain, POINTS * self.least_value, POINTS * self.largest_value)
        accepted = value >= POINTS * self.threshold
        pruned = ~accepted & (value <= before) if self.directive else jnp.zeros_like(accepted)
        return value, accepted, pruned

    def _evict(self, open_: jax.Array, value: jax.Array) -> jax.Array:
        """Close the last of the nodes of least value where the pool is too large."""
        least = open_.shape[0] - 1 - largest(jnp.where(open_, -value, -jnp.inf)[::-1])
        crowded = jnp.sum(open_, axis=0) > self.capacity
        return put(open_, least, take(open_, least) & ~crowded)

    def _smooth(self, view: View, state: ValueTreeState, answered: jax.Array, leaf: jax.Array) -> ValueTreeState:
        """After an answer, bottom-up, nodes become the mean of themselves and their children."""
        source = state.raw if self.back_propagation == "raw" else state.value
        whole = self.back_propagation != "path"

        def on(rows: _Rows) -> jax.Array:
            return rows[0] >= 0

        def climb(rows: _Rows) -> _Rows:
            row, value, sums, above = rows  # the same row of every tree at once: children come after their parents
            mean = (at_row(source, row) + at_row(sums, row)) / (1.0 + at_row(state.children, row))
            here = answered if whole else row == above
            mine = jnp.where(here, mean, at_row(state.value, row))
            up = at_row(state.up, row)
            above = jnp.where(row == above, up, above)
            return row - 1, put_row(value, row, mine), add(sums, up, mine), above

        start = jnp.where(jnp.any(answered), jnp.max(view.nodes) - 1, -1)
        above = jnp.where(answered, leaf, -1)
        rows = (start, state.value, jnp.zeros_like(state.value), above)
        return state._replace(value=lax.while_loop(on, climb, rows)[1])

    def answer(self, uniform: Uniforms, view: View, state: ValueTreeState) -> jax.Array:
        """The answer of most weight, one of equal ones at random."""
        del view
        return plurality(uniform[0], state.votes)
