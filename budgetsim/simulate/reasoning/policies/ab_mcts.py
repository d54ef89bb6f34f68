"""AB-MCTS-A: Thompson sampling decides at every node whether to widen the tree there or to go deeper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, TypeAlias, get_args

import jax
import jax.numpy as jnp
from jax import lax

from budgetsim.simulate.reasoning.columns import Uniforms, add, put, take
from budgetsim.simulate.reasoning.policies import thompson
from budgetsim.simulate.reasoning.policies.closing import Closing, expand_or_answer, follow, has_to_end, no_answer
from budgetsim.simulate.reasoning.policies.thompson import Beta, Normal, Scores
from budgetsim.simulate.reasoning.policy import EXPAND, Choice, Event, View
from budgetsim.simulate.reasoning.world import check_choice, check_numbers

Posterior: TypeAlias = Literal["gaussian", "beta"]

ARM, NEW, OLD = range(3)
"""What is drawn for a node: its worth to its parent, a new child of it, going on with the children it has."""


class AbMctsState(NamedTuple):
    """Scores [slots, problems] that the posteriors of every node rest on."""

    arm: Scores  # of the node and all below it
    new: Scores  # of its children
    old: Scores  # of all below its children
    ended: jax.Array  # bool [slots, problems]: the generator was done here
    closing: Closing


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("posterior",),
    data_fields=("mean", "weight", "freedom", "variance", "first", "second", "reserve"),
)
@dataclass(frozen=True, slots=True, kw_only=True)
class AbMcts:
    """Adaptive branching Monte Carlo tree search with node aggregation (AB-MCTS-A).

    From the root down: draw the worth of a new child and of going on with the children there are, and widen here if the
    first is not smaller; else draw the worth of every child and go to the best. A node without children is widened.

    Parameters
    ----------
    posterior
        ``gaussian``: normal scores of unknown mean and variance; ``beta``: every score a success to that degree.
    mean, weight, freedom, variance
        Prior of the normal scores: mean, the scores it counts for, and variance with the scores that one counts for.
    first, second
        Prior of the beta scores.
    reserve
        Share of the budget below which the search ends and the best node answers.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Source: *Wider or Deeper? Scaling LLM Inference-Time Compute with Adaptive Branching Tree Search*, Yuichi Inoue et
    al., arXiv 2503.04412, and its released code (one generator). The posterior of a new child rests on the scores of
    the children, that of going on with them on the scores of what is below them, that of a child on its own and all
    below it. The paper has no end of a trajectory: here a finished child is not gone on with, and where no other is
    left the node is widened (this project's choice), as is the answer of the best finished node.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import AbMcts, ArithmeticWorld, simulate_strategy
    >>> result = simulate_strategy(ArithmeticWorld(), AbMcts(), 20_000, problems=64, seed=1)
    >>> sum(result.largest[:2]) <= 20_000
    True
    """

    posterior: Posterior = "gaussian"
    mean: float = 0.0
    weight: float = 1.0
    freedom: float = 1.0
    variance: float = 0.1
    first: float = 0.5
    second: float = 0.5
    reserve: float = 0.1

    def __post_init__(self) -> None:
        check_choice(self, "posterior", get_args(Posterior))
        check_numbers(self, ("mean",), "in [-1000, 1000]", lambda value: -1000.0 <= value <= 1000.0)
        positive = ("weight", "freedom", "variance", "first", "second")
        check_numbers(self, positive, "in [1e-6, 1e6]", lambda value: 1e-6 <= value <= 1e6)
        check_numbers(self, ("reserve",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)

    @property
    def uses_critic(self) -> bool:
        """Every step is scored."""
        return True

    def init(self, slots: int, answers: int, problems: int) -> AbMctsState:
        """The root, and no score."""
        del answers
        zero = jnp.zeros((slots, problems), jnp.float32)
        nothing = Scores(zero, zero, zero)
        return AbMctsState(nothing, nothing, nothing, zero > 0.0, no_answer(problems))

    def choose(self, uniform: Uniforms, view: View, state: AbMctsState) -> Choice:
        """Widen where the descent from the root ends."""
        slots = view.parent.shape[0]
        draws = node_draws(uniform, slots)
        arm, new, old = (
            self.draw(draws, part, scores) for part, scores in enumerate((state.arm, state.new, state.old))
        )
        rows = jnp.arange(slots)[:, None]
        open_ = (rows > 0) & (rows < view.nodes) & ~state.ended
        worth = jnp.where(open_, arm, -jnp.inf)

        def on(carry: tuple[jax.Array, jax.Array]) -> jax.Array:
            return jnp.any(~carry[1])

        def down(carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
            node, stays = carry
            here = jnp.where(view.parent == node, worth, -jnp.inf)
            highest = jnp.max(here, axis=0)
            child = jnp.min(jnp.where(here == highest, rows, slots - 1), axis=0).astype(jnp.int32)
            stays = stays | (take(new, node) >= take(old, node)) | (highest == -jnp.inf)
            return jnp.where(stays, node, child), stays

        over = has_to_end(view, self.reserve)
        node, _ = lax.while_loop(on, down, (jnp.zeros_like(view.nodes), over))
        return expand_or_answer(node, over, state.closing)

    def draw(self, draws: Uniforms, part: int, scores: Scores) -> jax.Array:
        """A draw of the worth that rests on some scores; for beta scores its log odds, which have the same order."""
        number = part * thompson.NUMBERS
        if self.posterior == "beta":
            return thompson.draw_log_odds(draws, number, thompson.beta_posterior(Beta(self.first, self.second), scores))
        prior = Normal(self.mean, self.weight, self.freedom, self.variance)
        return thompson.draw_mean(draws, number, thompson.normal_posterior(prior, scores))

    def update(self, view: View, state: AbMctsState, event: Event) -> AbMctsState:
        """Add the score of a new node to what its parent and everything above it rest on."""
        spare = view.parent.shape[0] - 1
        grown = event.made & (event.kind == EXPAND)
        score = jnp.where(grown, event.score, 0.0)
        one = Scores(grown.astype(jnp.float32), score, score * score)

        def on(carry: tuple[jax.Array, Scores, Scores]) -> jax.Array:
            return jnp.any(carry[0] > 0)

        def up(carry: tuple[jax.Array, Scores, Scores]) -> tuple[jax.Array, Scores, Scores]:
            node, arm, old = carry
            mine = jnp.where(node > 0, node, spare)
            above = take(view.parent, mine)
            arm = _added(arm, mine, one)
            old = _added(old, jnp.where(node > 0, above, spare), one)
            return jnp.where(node > 0, above, 0), arm, old

        fresh = Scores(*(put(all_, event.child, part) for all_, part in zip(state.arm, one, strict=True)))
        parent = jnp.where(grown, event.node, 0)
        _, arm, old = lax.while_loop(on, up, (parent, fresh, state.old))
        return AbMctsState(
            arm=arm,
            new=_added(state.new, jnp.where(grown, event.node, spare), one),
            old=old,
            ended=put(state.ended, event.child, grown & event.ends),
            closing=follow(state.closing, event),
        )

    def answer(self, uniform: Uniforms, view: View, state: AbMctsState) -> jax.Array:
        """The one answer given."""
        del uniform, view
        return state.closing.answer


def node_draws(uniform: Uniforms, slots: int) -> Uniforms:
    """Uniform numbers [slots, problems], a set for every node of one request: a generator seeded by this request's."""
    words = [(uniform[number] * 2.0**24).astype(jnp.uint32) for number in range(3)]
    key = jnp.stack(words[:2])
    node = jnp.arange(slots, dtype=jnp.uint32).reshape(slots, *(1,) * words[2].ndim)
    return Uniforms(key, node, words[2], ARM)


def _added(scores: Scores, node: jax.Array, one: Scores) -> Scores:
    return Scores(*(add(all_, node, part) for all_, part in zip(scores, one, strict=True)))
