"""Play a strategy on many problems at once, call by call, under a budget that the engine enforces.

Each problem owns fixed-size columns; one compiled loop moves all problems of a chunk by one request at a time until
none has anything left to do. Every uniform number is a pure function of (seed, problem, request, purpose, number), so a
result does not depend on how problems are cut into chunks.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate.reasoning.accountant import Ledger
from budgetsim.simulate.reasoning.columns import Uniforms, put, take
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Event, Policy, View
from budgetsim.simulate.reasoning.world import NO_ANSWER, World

CHECKPOINTS = 16  # of the quality curve: equal shares of the budget
LAST = np.uint32(2**31)  # number of the request that never comes: its numbers break the ties of the final vote
CACHED = 2**15  # entries of one field of the trees of a group
PATIENCE = 2  # requests refused in a row before the run ends
LEAST_SCORE = 0.1  # of a critic; what a critic that gives no number is taken to say
CHOICE, STEP, CRITIC, WORLD_ANSWER, VOTE = range(5)  # purposes of uniform numbers
_UNWRITTEN = np.int8(-2)


class Run(NamedTuple):
    """All problems on their way; every array has one column a problem."""

    memory: Any
    states: Any  # [slots, ...] world state of each node
    parent: jax.Array
    depth: jax.Array
    nodes: jax.Array
    spent: jax.Array  # int32 [costs, problems]: input tokens, output tokens, tool calls
    used: jax.Array  # int32 [resources, problems]: the same in units of each limit
    refused: jax.Array
    done: jax.Array
    policy: Any
    curve: jax.Array  # int8 [CHECKPOINTS, problems]: last answer held in each sixteenth of the budget


class Played(NamedTuple):
    """How the problems ended."""

    answer: jax.Array  # int32 [problems]
    spent: jax.Array  # int32 [costs, problems]
    left: jax.Array  # [problems] share left of the scarcest resource
    nodes: jax.Array  # int32 [problems]
    curve: jax.Array  # int8 [CHECKPOINTS, problems]: answer held when this share of the budget was spent
    ended: jax.Array  # bool [problems]: nothing more was asked for, or nothing more was to be had


def _view(run: Run, ledger: Ledger) -> View:
    shares = ledger.shares(run.used)
    return View(run.nodes, run.parent, run.depth, jnp.min(shares, axis=0), shares, run.refused)


def _begin(world: World, policy: Policy, slots: int, problems: int, problem: Any) -> Run:
    def root_of_many(leaf: jax.Array) -> jax.Array:
        return jnp.zeros((slots, *leaf.shape), leaf.dtype).at[0].set(leaf)

    zero = jnp.zeros((problems,), jnp.int32)
    return Run(
        memory=world.memory(problem),
        states=jax.tree.map(root_of_many, world.root(problem)),
        parent=jnp.full((slots, problems), -1, jnp.int32),
        depth=jnp.zeros((slots, problems), jnp.int32),
        nodes=zero + 1,
        spent=jnp.zeros((3, problems), jnp.int32),
        used=jnp.zeros((3, problems), jnp.int32),
        refused=zero,
        done=zero > 0,
        policy=policy.init(slots, world.answers, problems),
        curve=jnp.full((CHECKPOINTS, problems), _UNWRITTEN),
    )


def _request(world: World, policy: Policy, ledger: Ledger, draw: partial[Uniforms], problem: Any, run: Run) -> Run:
    """Move every problem by one request."""
    spare = run.parent.shape[0] - 1  # takes what must not be kept
    choice = policy.choose(draw(purpose=CHOICE), _view(run, ledger), run.policy)
    expands, answers = choice.kind == EXPAND, choice.kind == ANSWER
    state = jax.tree.map(lambda leaf: take(leaf, choice.node), run.states)
    step = world.step(draw(purpose=STEP), problem, run.memory, state, choice.hint)
    costs = step.costs
    delta = score = jnp.zeros(run.nodes.shape, jnp.float32)
    if policy.uses_critic:
        delta, score, critic_costs = world.critic(draw(purpose=CRITIC), problem, state, step.child)
        delta = jnp.where(jnp.isnan(delta), 0.0, delta)
        score = jnp.where(score > LEAST_SCORE, jnp.minimum(score, 1.0), LEAST_SCORE)
        costs = costs + critic_costs
    answer, answer_costs = world.answer(draw(purpose=WORLD_ANSWER), problem, state)
    costs = jnp.where(expands, costs, jnp.where(answers, answer_costs, 0))

    units = ledger.use(costs)
    fits = ledger.fits(run.used, units) & ~(expands & (run.nodes >= spare))
    asked = ~run.done & (choice.kind != STOP)
    made = asked & fits
    grown = made & expands
    new = jnp.where(grown, run.nodes, spare)
    refused = jnp.where(asked, jnp.where(fits, 0, run.refused + 1), run.refused)
    paid = jnp.where(made, costs, 0)
    states = jax.tree.map(lambda all_, one: put(all_, new, one), run.states, step.child)
    if step.state is not None:
        old = jnp.where(grown, choice.node, spare)
        states = jax.tree.map(lambda all_, one: put(all_, old, one), states, step.state)
    after = run._replace(
        memory=jax.tree.map(lambda now, was: jnp.where(grown, now, was), step.memory, run.memory),
        states=states,
        parent=put(run.parent, new, choice.node),
        depth=put(run.depth, new, take(run.depth, choice.node) + 1),
        nodes=run.nodes + grown,
        spent=run.spent + paid,
        used=run.used + jnp.where(made, units, 0),
        refused=refused,
        done=run.done | (choice.kind == STOP) | (refused >= PATIENCE),
    )
    given = jnp.where(made & answers, answer, NO_ANSWER)
    event = Event(made, choice.kind, choice.node, new, delta, score, step.ends, given, paid)
    view = _view(after, ledger)
    moved = policy.update(view, run.policy, event)
    held = policy.answer(draw(purpose=VOTE), view, moved).astype(jnp.int8)
    sixteenth = jnp.clip(jnp.ceil((1.0 - view.left) * CHECKPOINTS).astype(jnp.int32) - 1, 0, CHECKPOINTS - 1)
    curve = put(run.curve, sixteenth, jnp.where(run.done, take(run.curve, sixteenth), held))
    return after._replace(policy=moved, curve=curve)


@partial(jax.jit, static_argnames=("slots", "requests"))
def play(
    world: World,
    policy: Policy,
    slots: int,
    requests: int,
    ledger: Ledger,
    key: jax.Array,
    place: jax.Array,
    problem: Any,
) -> Played:
    """Play all problems of a chunk to their end, or for ``requests`` requests: ``ended`` says which.

    ``place`` [problems] is the number of each problem, ``key`` [2] the seed. Numbers of the world, of the policy and of
    the ledger may be arrays [problems]. Problems are played in groups that fit into the cache of a processor, one group
    after the other, so only one group's trees are in memory.
    """
    problems = place.size
    size = min(problems, _group(slots))
    groups = math.ceil(problems / size)
    given, shape = jax.tree.flatten((world, policy, ledger, place, problem))
    own = [jnp.ndim(leaf) > 0 and jnp.shape(leaf)[-1] == problems for leaf in given]

    def grouped(leaf: jax.Array) -> jax.Array:
        # the last problem is played again until the last group is full
        full = jnp.pad(leaf, [(0, 0)] * (leaf.ndim - 1) + [(0, groups * size - problems)], mode="edge")
        return jnp.moveaxis(full.reshape(*leaf.shape[:-1], groups, size), -2, 0)

    def group(columns: list[jax.Array]) -> Played:
        parts = iter(columns)
        leaves = [next(parts) if mine else leaf for leaf, mine in zip(given, own, strict=True)]
        return _play(*jax.tree.unflatten(shape, leaves), slots=slots, requests=requests, key=key)

    def joined(leaf: jax.Array) -> jax.Array:
        return jnp.moveaxis(leaf, 0, -2).reshape(*leaf.shape[1:-1], groups * size)[..., :problems]

    played: Played = jax.tree.map(joined, lax.map(group, [grouped(leaf) for leaf in _own(given, own)]))
    return played


def _own(given: list[jax.Array], own: list[bool]) -> list[jax.Array]:
    return [jnp.asarray(leaf) for leaf, mine in zip(given, own, strict=True) if mine]


def _group(slots: int) -> int:
    """Problems of a group: a power of two, so many that a field of all their trees stays near the processor."""
    return int(min(1024, max(64, 2 ** math.floor(math.log2(CACHED / slots)))))


def _play(
    world: World,
    policy: Policy,
    ledger: Ledger,
    place: jax.Array,
    problem: Any,
    *,
    slots: int,
    requests: int,
    key: jax.Array,
) -> Played:
    """Play the problems of one group to their end."""
    start = _begin(world, policy, slots, place.size, problem)

    def on(carry: tuple[jax.Array, Run]) -> jax.Array:
        return (carry[0] < requests) & ~jnp.all(carry[1].done)

    def go(carry: tuple[jax.Array, Run]) -> tuple[jax.Array, Run]:
        request, run = carry
        draw = partial(Uniforms, key, place, request)
        return request + 1, _request(world, policy, ledger, draw, problem, run)

    _, run = lax.while_loop(on, go, (jnp.zeros((), jnp.uint32), start))
    view = _view(run, ledger)
    final = policy.answer(Uniforms(key, place, jnp.asarray(LAST), VOTE), view, run.policy)
    return Played(final, run.spent, view.left, run.nodes, _carried(run.curve), run.done)


def _carried(curve: jax.Array) -> jax.Array:
    """The answer of a sixteenth of the budget in which nothing was held anew is that of the one before."""
    rows = [jnp.where(curve[0] == _UNWRITTEN, NO_ANSWER, curve[0])]
    for place in range(1, CHECKPOINTS):
        rows.append(jnp.where(curve[place] == _UNWRITTEN, rows[-1], curve[place]))
    return jnp.stack(rows)
