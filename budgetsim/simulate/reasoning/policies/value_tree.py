"""BAVT and its ablations: residual critic, directive, budget-conditioned selection, back-propagation, backstop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Choice, Event, View
from budgetsim.simulate.reasoning.world import KEEP, NO_ANSWER, WIDEN

Selection = Literal["inverse_ratio", "constant", "ratio", "greedy", "uniform"]
SLACK = 1e-6  # values are sums of tenths: a threshold is met within rounding


class ValueTreeState(NamedTuple):
    """Value, flags and answers of the nodes."""

    value: jax.Array  # [slots]
    open: jax.Array  # bool [slots]: in the pool of nodes that may be expanded
    widen: jax.Array  # bool [slots]: the next step from here should try another idea
    children: jax.Array  # int32 [slots]: children that count in back-propagation
    votes: jax.Array  # [answers]: summed value of the nodes that gave each answer
    pending: jax.Array  # node that must answer next, or -1
    answered: jax.Array  # bool
    forced: jax.Array  # bool: the backstop answered; nothing comes after


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueTree:
    """Budget-aware value tree search (BAVT).

    Parameters
    ----------
    selection
        How the next node is drawn from the pool: with probability proportional to value ** (1 / remaining ratio) (the
        paper's rule), to the value itself, to value ** ratio (a wrong re-description), the largest value, or any.
    critic
        ``residual``: a child is worth its parent plus relative progress; ``absolute``: what the critic scores it.
    root_value, threshold, backstop
        Value of the root, value from which a node answers, token share below which an answer is forced.
    directive
        Whether a step without gain is pruned and its parent told to widen; otherwise every child joins the pool.
    back_propagate
        Whether an answer smooths the values above it.
    stop_at_answer
        Whether the search ends at the first answer that the critic accepts.
    keep_expanded
        Whether a node stays in the pool after it was expanded.

    Notes
    -----
    Source: *Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents*, Yushu Li, Wenlong Deng, Jiajin
    Li, Xiaoxiao Li, arXiv 2603.12634, as reported; the root value, what is in the pool, one child per expansion, and
    the answer with the largest summed value are choices where public text is silent.
    """

    selection: Selection = "inverse_ratio"
    critic: Literal["residual", "absolute"] = "residual"
    root_value: float = 0.1
    threshold: float = 0.8
    backstop: float = 0.2
    directive: bool = True
    back_propagate: bool = True
    stop_at_answer: bool = False
    keep_expanded: bool = True

    @property
    def uses_critic(self) -> bool:
        """Every step is judged."""
        return True

    @property
    def draws(self) -> int:
        """One number selects a node."""
        return 1

    def init(self, slots: int, answers: int) -> ValueTreeState:
        """Only the root is open."""
        nothing = jnp.zeros((slots,), bool)
        return ValueTreeState(
            value=jnp.zeros((slots,), jnp.float32).at[0].set(self.root_value),
            open=nothing.at[0].set(True),
            widen=nothing,
            children=jnp.zeros((slots,), jnp.int32),
            votes=jnp.zeros((answers,), jnp.float32),
            pending=jnp.int32(-1),
            answered=jnp.zeros((), bool),
            forced=jnp.zeros((), bool),
        )

    def choose(self, uniform: jax.Array, view: View, state: ValueTreeState) -> Choice:
        """Answer where an answer is due, force one at the backstop, else expand a node of the pool."""
        node = self._select(uniform[0], view.left, state)
        tokens, calls = view.shares[0], view.shares[1]
        short = (tokens < self.backstop) | (calls <= 0.0) | (view.refused > 0)
        best = jnp.argmax(jnp.where(state.open, state.value, -1.0)).astype(jnp.int32)
        due = state.pending >= 0
        ended = state.forced | (state.answered & short & ~due) | (state.answered & self.stop_at_answer)
        kind = jnp.where(ended, STOP, jnp.where(due | short, ANSWER, EXPAND))
        hint = jnp.where(state.widen[node], WIDEN, KEEP)
        return Choice(kind, jnp.where(due, state.pending, jnp.where(short, best, node)), hint)

    def _select(self, uniform: jax.Array, left: jax.Array, state: ValueTreeState) -> jax.Array:
        values = jnp.where(state.open, state.value, 0.0)
        highest = jnp.max(values)
        if self.selection == "greedy":
            return jnp.argmax(values).astype(jnp.int32)
        if self.selection == "uniform":
            weights = state.open.astype(jnp.float32)
        else:
            left = jnp.maximum(left, 1e-6)
            power = {"inverse_ratio": 1.0 / left, "constant": jnp.ones_like(left), "ratio": left}[self.selection]
            share = jnp.maximum(values / highest, 1e-30)  # by the largest, so that no power overflows
            weights = jnp.where(state.open, jnp.exp(power * jnp.log(share)), 0.0)
        running = jnp.cumsum(weights)
        # a draw that rounding puts at the very end still names an open node
        chosen = jnp.sum(running <= uniform * running[-1])
        return jnp.minimum(chosen, jnp.argmax(running)).astype(jnp.int32)

    def update(self, view: View, state: ValueTreeState, event: Event) -> ValueTreeState:
        """Value a new child, follow or prune it; count an answer and smooth the values above it."""
        spare = state.value.shape[0] - 1
        grown = event.made & (event.kind == EXPAND)
        answered = event.made & (event.kind == ANSWER)
        before = state.value[event.node]
        residual = jnp.clip(10.0 * before + jnp.clip(event.delta, -4.0, 4.0), 1.0, 10.0) / 10.0
        value = residual if self.critic == "residual" else event.score
        accepted = grown & (value >= self.threshold - SLACK)
        pruned = grown & ~accepted & (value <= before + SLACK) & self.directive
        kept = grown & ~accepted & ~pruned
        child = event.child
        parent = jnp.where(grown, event.node, spare)
        open_ = state.open.at[child].set(kept)
        if not self.keep_expanded:
            open_ = open_.at[parent].set(open_[parent] & ~kept)
        state = ValueTreeState(
            value=state.value.at[child].set(value),
            open=open_.at[spare].set(False),
            widen=state.widen.at[parent].set(pruned),
            children=state.children.at[jnp.where(kept | accepted, parent, spare)].add(1),
            votes=state.votes.at[jnp.where(answered, event.answer, 0)].add(jnp.where(answered, before, 0.0)),
            pending=jnp.where(accepted, child, jnp.where(event.made, -1, state.pending)),
            answered=state.answered | answered,
            forced=state.forced | (answered & (before < self.threshold - SLACK)),
        )
        return self._smooth(view, state, answered) if self.back_propagate else state

    def _smooth(self, view: View, state: ValueTreeState, answered: jax.Array) -> ValueTreeState:
        """Bottom-up, every node above an answer becomes the mean of itself and its children."""
        slots = state.value.shape[0]

        def climb(index: jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            value, sums = carry
            node = slots - 2 - index  # children have larger numbers than their parents
            mean = (value[node] + sums[node]) / (1.0 + state.children[node])
            mine = jnp.where(state.children[node] > 0, mean, value[node])
            counts = state.open[node] | (value[node] >= self.threshold - SLACK)
            up = jnp.where(view.parent[node] >= 0, view.parent[node], slots - 1)
            return value.at[node].set(mine), sums.at[up].add(jnp.where(counts & (node < view.nodes), mine, 0.0))

        smoothed, _ = lax.fori_loop(0, slots - 1, climb, (state.value, jnp.zeros_like(state.value)))
        return state._replace(value=jnp.where(answered, smoothed, state.value))

    def answer(self, uniform: jax.Array, view: View, state: ValueTreeState) -> jax.Array:
        """The answer with the largest summed value."""
        del uniform, view
        return jnp.where(state.answered, jnp.argmax(state.votes), NO_ANSWER).astype(jnp.int32)
