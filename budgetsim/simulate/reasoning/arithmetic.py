"""Trees of partial results, like the Game of 24: moves that keep a solution in reach, dead ends, and votes on them."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms, pick
from budgetsim.simulate.reasoning.world import Step, check_numbers, costs

DEAD, SOUND, COUNTERFEIT = range(3)
"""Kinds of nodes: nothing leads to the goal, something does, something only seems to (a step was not allowed)."""

VOTE_VALUES = (0.0, 0.002, 0.003, 1.002, 2.001, 3.0, 22.0, 41.0, 60.0)
"""What the evaluator can say: sums of three votes, sure 20, likely 1, impossible .001; the first two are no votes."""

POINTS = (-2.0, -2.0, -2.0, -1.0, 0.0, 1.0, 1.0, 2.0, 2.0)
"""The same as relative progress: a sure vote 2 points, a likely one 1, an impossible one -2, averaged and rounded."""

NO_LIST = -1

Votes = tuple[tuple[tuple[float, ...], ...], ...]
"""Probabilities of the values, by depth and kind."""


class Partial(NamedTuple):
    """A partial result: moves made, its kind, and what is left of the list of moves that was proposed from it."""

    moves: jax.Array
    kind: jax.Array
    left: jax.Array  # moves of the list that were not taken yet
    place: jax.Array  # the list's sure move, counted from its end; 0 if it has none, NO_LIST before any list


@functools.cache
def fitted() -> dict[str, Any]:
    """The fit that comes with the package, by parameter; ``votes`` are counts."""
    text = (files("budgetsim.data") / "arithmetic_trees.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return {**{name: entry["value"] for name, entry in stored["parameters"].items()}, "votes": stored["vote_counts"]}


def _default(name: str) -> Any:
    fit = fitted()
    if name == "branching":
        return (*(round(mean) for mean in fit["branching"][:-1]), 1)
    if name == "straight":  # known at the root and after the last move; between them in equal ratios
        first, last, moves = fit["straight"], fit["found"][-1], len(fit["found"]) - 1
        return tuple(first * (last / first) ** (depth / moves) for depth in range(moves + 1))
    if name == "votes":  # one more observation, spread over all values, so that nothing is impossible
        rows = np.array(fit["votes"]) + 1.0 / len(VOTE_VALUES)
        rows[:-1, COUNTERFEIT] = rows[:-1, SOUND]
        return tuple(tuple(tuple(row / row.sum()) for row in depth) for depth in rows)
    if name.endswith("tokens"):
        return tuple(round(tokens) for tokens in fit[name])
    if name == "bought":
        return tuple(tuple(pair) for pair in fit[name])
    return tuple(fit[name])


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("votes",),
    data_fields=(
        *("branching", "found", "more", "counterfeit", "straight", "noise", "renewed"),
        *("bought", "proposal_tokens", "vote_tokens", "answer_tokens", "demonstration_tokens"),
    ),
)
@dataclass(frozen=True, kw_only=True)
class ArithmeticWorld:
    """Puzzles solved by a few moves; a move from a node where a solution is in reach may keep it there.

    The moves from a node come in lists: the first step from a node asks for a list and takes its first move, the next
    steps take the others, and a step beyond the list asks for another one. A critic votes on every move. The last step
    writes the answer; from there on nothing moves. Calls are model calls: one for a list, whatever its length, one for
    an answer, and those that votes need; a move taken from a list is none.

    Parameters
    ----------
    branching
        Moves of a list, by the depth of the node it starts from (as many numbers as steps to a complete answer).
    found
        Probability that a list from a sound node has a sound move, by depth; for the last step, that the answer is
        written right.
    more
        Probability that another move of such a list is sound too, by depth.
    counterfeit
        Probability that a move that is not sound seems to be, by depth: it breaks a rule, and all that follows is wrong
        however good it looks.
    straight
        Probability that an answer from a sound node without further steps is right, by depth.
    votes
        Probability of each of `VOTE_VALUES`, by depth and kind of the node voted on (dead, sound, counterfeit).
    noise
        Spread of the votes over the spread of ``votes``, above 0. The evidence in a value (its probability over the
        mean of the three kinds) is raised to ``1 / noise**2``: for normal values, times their standard deviation.
    renewed
        Probability that another list from the same node is drawn anew; else it has a sound move, or the answer is
        written right, just if the list before did.
    bought
        Mean number of calls for votes on a dead and on another node, by depth: less than 1 where many states were voted
        on before.
    proposal_tokens, vote_tokens, answer_tokens
        Prompt and completion tokens of a list of moves (or of writing the answer), of three votes, and of an answer
        from an incomplete node. The defaults are those of whole prompts, with the worked examples that were in them.
    demonstration_tokens
        Input tokens of further worked examples, on top of these, of every call of the generator: of lists of moves and
        of answers, not of votes.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    The defaults are a fit to logged GPT-4 trees of the Game of 24 (*Tree of Thoughts: Deliberate Problem Solving with
    Large Language Models*, Shunyu Yao et al., arXiv 2305.10601); `budgetsim.simulate.reasoning.arithmetic_fit` made
    them, with standard errors. Of ``straight`` the log has both ends. Not in the log, so choices: ``renewed``, which
    matters for every strategy that asks one node more than once; two wrong answers are the same one time in
    `answers` - 1; all lists of a depth are equally long.

    Examples
    --------
    >>> world = ArithmeticWorld()
    >>> world.branching, [round(share, 3) for share in world.shares]
    ((9, 6, 4, 1), [0.242, 0.18, 0.232, 0.781])
    """

    branching: tuple[int, ...] = field(default_factory=partial(_default, "branching"))
    found: tuple[float, ...] = field(default_factory=partial(_default, "found"))
    more: tuple[float, ...] = field(default_factory=partial(_default, "more"))
    counterfeit: tuple[float, ...] = field(default_factory=partial(_default, "counterfeit"))
    straight: tuple[float, ...] = field(default_factory=partial(_default, "straight"))
    votes: Votes = field(default_factory=partial(_default, "votes"))
    noise: float = 1.0
    renewed: float = 1.0
    bought: tuple[tuple[float, float], ...] = field(default_factory=partial(_default, "bought"))
    proposal_tokens: tuple[int, int] = field(default_factory=partial(_default, "proposal_tokens"))
    vote_tokens: tuple[int, int] = field(default_factory=partial(_default, "vote_tokens"))
    answer_tokens: tuple[int, int] = field(default_factory=partial(_default, "answer_tokens"))
    demonstration_tokens: int = 0

    def __post_init__(self) -> None:
        steps = len(self.branching)
        for name in ("found", "more", "counterfeit", "straight", "votes", "bought"):
            if len(getattr(self, name)) != steps:
                raise ValueError(f"{name} must have one entry a step, {steps}, got {len(getattr(self, name))}")
        if not 1 <= steps <= 100:
            raise ValueError(f"branching must have 1 to 100 steps, got {steps}")
        for name in ("found", "more", "counterfeit", "straight"):
            _check(name, getattr(self, name), "in [0, 1]", 0.0, 1.0)
        _check("branching", self.branching, "a whole number in 1 ... 100", 1, 100, whole=True)
        for pair in self.bought:
            _check("bought", pair, "in [0, 1000]", 0.0, 1000.0)
        for name in ("proposal_tokens", "vote_tokens", "answer_tokens"):
            _check(name, getattr(self, name), "a whole number in 0 ... 1000000", 0, 10**6, whole=True)
        whole = ("demonstration_tokens",)
        check_numbers(self, whole, "a whole number, 0 or more", lambda value: value >= 0 and value % 1 == 0)
        check_numbers(self, ("renewed",), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("noise",), "finite and above 0", lambda value: 0.0 < value < math.inf)
        table = np.array(self.votes)
        if table.shape != (steps, 3, len(VOTE_VALUES)) or (table <= 0).any() or abs(table.sum(-1) - 1.0).max() > 1e-6:
            raise ValueError(f"votes must be {steps} x 3 rows of {len(VOTE_VALUES)} probabilities above 0 summing to 1")

    @property
    def answers(self) -> int:
        """The right answer and fifteen wrong ones: wrong expressions are seldom the same."""
        return 16

    @property
    def shares(self) -> tuple[float, ...]:
        """Mean share of sound moves in a list from a sound node, by depth."""
        rows = zip(self.branching, self.found, self.more, strict=True)
        return tuple(found * (1.0 + (moves - 1) * more) / moves for moves, found, more in rows)

    def problems(self, seed: int, block: int, count: int) -> jax.Array:
        """Puzzles of one block: all have a solution, and differ in nothing that is known before the first step."""
        del seed, block
        return jnp.zeros((count,), jnp.int8)

    def memory(self, problem: jax.Array) -> tuple[()]:
        """Nothing is remembered across nodes."""
        del problem
        return ()

    def root(self, problem: jax.Array) -> Partial:
        """No move made, no list asked for."""
        return Partial(problem, problem + jnp.int8(SOUND), problem, problem + jnp.int8(NO_LIST))

    def step(self, uniform: Uniforms, problem: jax.Array, memory: tuple[()], state: Partial, hint: jax.Array) -> Step:
        """The next move of the list, or the first of a new one; from a complete node a copy of it."""
        del problem, hint
        steps = len(self.branching)
        depth = jnp.minimum(state.moves, steps - 1)
        complete = state.moves >= steps
        last = state.moves >= steps - 1
        length = _at(self.branching, depth)
        asks = state.left <= 0
        same = (state.place != NO_LIST) & (uniform[4] >= self.renewed)
        has = jnp.where(same, state.place > 0, uniform[0] < _at(self.found, depth))
        place = jnp.where(has, 1 + jnp.minimum(jnp.floor(uniform[1] * length), length - 1), 0)
        left = jnp.where(asks, length, state.left)
        place = jnp.where(asks, place, state.place)
        good = (place > 0) & ((place == left) | (uniform[2] < _at(self.more, depth)))
        seems = uniform[3] < _at(self.counterfeit, depth)
        missed = jnp.where(last, jnp.where(state.kind == DEAD, DEAD, COUNTERFEIT), jnp.where(seems, COUNTERFEIT, DEAD))
        kept = jnp.where(last & (state.kind == COUNTERFEIT), COUNTERFEIT, state.kind)
        kind = jnp.where(complete, state.kind, jnp.where(good & (state.kind != DEAD), kept, missed))
        moves = jnp.minimum(state.moves + 1, steps).astype(jnp.int8)
        zero = jnp.zeros_like(state.left)
        child = Partial(moves, kind.astype(jnp.int8), zero, zero + jnp.int8(NO_LIST))
        after = state._replace(left=(left - 1).astype(jnp.int8), place=place.astype(jnp.int8))
        paid = self._paid(asks, self.proposal_tokens)
        return Step(memory, child, moves >= steps, paid, state=after)

    def critic(
        self, uniform: Uniforms, problem: jax.Array, state: Partial, child: Partial
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Points for the votes, their value as a score in [0.1, 1], and what they cost."""
        del problem, state
        depth = child.moves - 1
        level = pick(uniform[0], self._weights(depth, child.kind))
        dead, alive = (_at([pair[side] for pair in self.bought], depth) for side in (0, 1))
        mean = jnp.where(child.kind == DEAD, dead, alive)
        calls = jnp.floor(mean + uniform[1]).astype(jnp.int32)
        paid = costs(calls * self.vote_tokens[0], calls * self.vote_tokens[1], calls)
        score = 0.1 + 0.9 * jnp.asarray(VOTE_VALUES, jnp.float32) / VOTE_VALUES[-1]
        return jnp.asarray(POINTS, jnp.float32)[level], score[level], paid

    def _weights(self, depth: jax.Array, kind: jax.Array) -> jax.Array:
        """Weights [values, problems] of what the evaluator says."""
        table = np.array(self.votes).reshape(-1, 3, len(VOTE_VALUES))
        mean = np.broadcast_to(table.mean(axis=1, keepdims=True), table.shape)
        base, evidence = (
            jnp.asarray(np.log(part).reshape(-1, len(VOTE_VALUES)).T, jnp.float32) for part in (mean, table / mean)
        )
        row = 3 * depth.astype(jnp.int32) + kind
        return jnp.exp(base[:, row] + evidence[:, row] / jnp.square(self.noise))

    def answer(self, uniform: Uniforms, problem: jax.Array, state: Partial) -> tuple[jax.Array, jax.Array]:
        """What a complete node says, for nothing; from any other node an answer at once."""
        del problem
        complete = state.moves >= len(self.branching)
        lucky = uniform[0] < _at(self.straight, jnp.minimum(state.moves, len(self.branching) - 1))
        right = (state.kind == SOUND) & (complete | lucky)
        wrong = 1 + jnp.minimum(jnp.floor(uniform[1] * (self.answers - 1)), self.answers - 2)
        return jnp.where(right, 0, wrong).astype(jnp.int32), self._paid(~complete, self.answer_tokens)

    def _paid(self, made: jax.Array, tokens: tuple[int, int]) -> jax.Array:
        """The costs of a call of the generator where it is made."""
        return costs(*(jnp.where(made, part, 0) for part in (tokens[0] + self.demonstration_tokens, tokens[1], 1)))


def _check(name: str, values: Any, domain: str, low: float, high: float, *, whole: bool = False) -> None:
    """Refuse plain numbers outside [low, high]; in a compiled run they are arrays, which were checked before."""
    for value in values:
        if isinstance(value, int | float) and not (low <= value <= high and (not whole or value == int(value))):
            raise ValueError(f"{name} must be {domain}, got {value}")


def _at(values: Any, depth: jax.Array) -> jax.Array:
    """The number of a depth, of numbers that may be arrays [problems] themselves."""
    chosen = jnp.asarray(values[0])
    for place, value in enumerate(values[1:], start=1):
        chosen = jnp.where(depth == place, value, chosen)
    return jnp.broadcast_to(chosen, depth.shape)
