"""Play a strategy on many problems at once, call by call, under a budget that the engine enforces.

Each problem owns fixed-size columns; one compiled loop moves all problems of a chunk by one request at a time until
none has anything left to do. Every uniform number is a pure function of (seed, problem, calls made before, purpose,
number), so a result does not depend on how problems are cut into chunks; and who was refused a call and asks again is
told the same price: nobody can ask until a cheap one comes.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate.reasoning.accountant import KINDS, RESOURCES, Ledger
from budgetsim.simulate.reasoning.columns import Uniforms, put, take
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Event, Policy, View
from budgetsim.simulate.reasoning.world import NO_ANSWER, World

CHECKPOINTS = 16  # of the quality curve: equal shares of the budget
LAST = np.uint32(2**31)  # number of the call that never comes: its numbers break the ties of votes
CACHED = 2**15  # entries of one field of the trees of a group
LEAST_GROUP, LARGEST_GROUP = 64, 1024  # problems
PROCESSORS = os.cpu_count() or 1  # groups that are played at the same time
PATIENCE = 2  # requests refused in a row before the run ends
LEAST_SCORE = 0.1  # of a critic; what a critic that gives no number is taken to say
MOST_PROGRAMS = 80  # compiled runs kept: each takes up to 400 of the 65,530 memory maps that Linux allows a process
CHOICE, STEP, CRITIC, WORLD_ANSWER, VOTE = range(5)  # purposes of uniform numbers
Draw = Callable[[int], Uniforms]
"""From a purpose to its uniform numbers."""
_UNWRITTEN = np.int8(-2)
_programs = 0  # runs compiled since the last ones were dropped
_WORKERS = ThreadPoolExecutor(PROCESSORS)  # its threads start with the first work that is split


class Run(NamedTuple):
    """All problems on their way; every array has one column a problem."""

    memory: Any
    states: Any  # [slots, ...] world state of each node
    parent: jax.Array
    depth: jax.Array
    nodes: jax.Array
    spent: jax.Array  # int32 [costs, problems]: input tokens, output tokens, tool calls, browse calls
    used: jax.Array  # int32 [resources, problems]: the same in units of each limit
    made: jax.Array  # int32: requests that were paid and made
    refused: jax.Array  # int32: requests that were refused since
    crowded: jax.Array  # bool: a step that was paid for was refused for want of a slot
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
    crowded: jax.Array  # bool [problems]: the size of the tree refused a step that the budget allowed
    ended: jax.Array  # bool [problems]: nothing more was asked for, or nothing more was to be had


def _view(run: Run, ledger: Ledger) -> View:
    shares = ledger.shares(run.used)
    return View(run.nodes, run.parent, run.depth, ledger.scarcest(shares), shares, run.refused)


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
        spent=jnp.zeros((KINDS, problems), jnp.int32),
        used=jnp.zeros((RESOURCES, problems), jnp.int32),
        made=zero,
        refused=zero,
        crowded=zero > 0,
        done=zero > 0,
        policy=policy.init(slots, world.answers, problems),
        curve=jnp.full((CHECKPOINTS, problems), _UNWRITTEN),
    )


def numbers(key: jax.Array, place: jax.Array, made: jax.Array | np.uint32) -> Draw:
    """The uniform numbers of the request after so many that were made, by purpose.

    Votes have the same all along: an answer held changes with the votes alone.
    """
    return lambda purpose: Uniforms(key, place, jnp.asarray(LAST if purpose == VOTE else made, jnp.uint32), purpose)


def _request(world: World, policy: Policy, ledger: Ledger, draw: Draw, problem: Any, run: Run) -> Run:
    """Move every problem by one request."""
    spare = run.parent.shape[0] - 1  # takes what must not be kept
    choice = policy.choose(draw(CHOICE), _view(run, ledger), run.policy)
    expands, answers = choice.kind == EXPAND, choice.kind == ANSWER
    state = jax.tree.map(lambda leaf: take(leaf, choice.node), run.states)
    step = world.step(draw(STEP), problem, run.memory, state, choice.hint)
    costs = step.costs
    delta = score = jnp.zeros(run.nodes.shape, jnp.float32)
    if policy.uses_critic:
        delta, score, critic_costs = world.critic(draw(CRITIC), problem, state, step.child)
        delta = jnp.where(jnp.isnan(delta), 0.0, delta)
        score = jnp.where(score > LEAST_SCORE, jnp.minimum(score, 1.0), LEAST_SCORE)
        costs = costs + critic_costs
    answer, answer_costs = world.answer(draw(WORLD_ANSWER), problem, state)
    costs = jnp.where(expands, costs, jnp.where(answers, answer_costs, 0))

    units = ledger.use(costs)
    payable, full = ledger.fits(run.used, units), expands & (run.nodes >= spare)
    fits = payable & ~full
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
        made=run.made + made,
        refused=refused,
        crowded=run.crowded | (asked & payable & full),
        done=run.done | (choice.kind == STOP) | (refused >= PATIENCE),
    )
    given = jnp.where(made & answers, answer, NO_ANSWER)
    event = Event(made, choice.kind, choice.node, new, delta, score, step.ends, given, paid)
    view = _view(after, ledger)
    moved = policy.update(view, run.policy, event)
    held = policy.answer(draw(VOTE), view, moved).astype(jnp.int8)
    sixteenth = jnp.clip(jnp.ceil((1.0 - view.left) * CHECKPOINTS).astype(jnp.int32) - 1, 0, CHECKPOINTS - 1)
    curve = put(run.curve, sixteenth, jnp.where(run.done, take(run.curve, sixteenth), held))
    return after._replace(policy=moved, curve=curve)


def play(
    world: World,
    policy: Policy,
    slots: int,
    requests: int,
    ledger: Ledger,
    key: jax.Array,
    place: jax.Array,
    problem: Any,
    *,
    each: tuple[bool, bool, bool] = (False, False, False),
) -> Played:
    """Play all problems of a chunk to their end, or for ``requests`` requests: ``ended`` says which.

    ``place`` [problems] is the number of each problem, ``key`` [2] the seed. ``each`` says of world, policy and ledger
    whether all their numbers are arrays [..., problems], one of each problem, or the same for all. On the CPU problems
    are played in groups whose trees fit into the cache of a processor, one group at a time on each, on an accelerator
    all together; parts of what is returned are NumPy arrays.
    """
    problems = place.size
    size = min(problems, _group(slots, problems))
    firsts = [min(first, problems - size) for first in range(0, problems, size)]
    things = (world, policy, ledger, place, problem)
    given, shape = jax.tree.flatten(things)
    own = [mine for thing, mine in zip(things, (*each, True, True), strict=True) for _ in jax.tree.leaves(thing)]
    # cut on the host, where a cut is a view: on the device every cut would be a program of its own
    leaves = [np.asarray(leaf) if mine else leaf for leaf, mine in zip(given, own, strict=True)]

    def group(first: int) -> Any:
        parts = zip(leaves, own, strict=True)
        return jax.tree.unflatten(shape, [leaf[..., first : first + size] if mine else leaf for leaf, mine in parts])

    _make_room()
    fixed = {"slots": slots, "requests": requests, "kinds": kinds(world, policy)}

    def played(first: int) -> Played:
        with jax.enable_x64(False):  # no result may depend on how JAX is configured; a setting of each thread
            run: Played = jax.tree.map(np.asarray, _play(*group(first), key, **fixed))
        return run

    if len(firsts) == 1:
        return played(0)
    with jax.enable_x64(False):  # once, before the workers ask for it all together
        _play.lower(*group(0), key, **fixed).compile()
    parts = list(_WORKERS.map(played, firsts))
    again = len(firsts) * size - problems  # of the last group, which is as large as the others: played before
    parts[-1] = jax.tree.map(lambda leaf: leaf[..., again:], parts[-1])
    run: Played = jax.tree.map(lambda *leaf: np.concatenate(leaf, axis=-1), *parts)
    return run


def _make_room() -> None:
    """Drop all compiled runs where there are many: XLA ends the process where it gets no further memory map."""
    global _programs
    if _programs >= MOST_PROGRAMS:
        _play.clear_cache()  # type: ignore[attr-defined]
        _programs = 0


def kinds(*things: object) -> tuple[type, ...]:
    """The types of worlds and policies, and of what they are made of: what a compiled run is known by.

    JAX (0.10) takes two dataclasses of the same shape for one another, whatever their types.
    """
    found: list[type] = []
    for thing in things:
        if dataclasses.is_dataclass(thing):
            found += [type(thing), *kinds(*(getattr(thing, field.name) for field in dataclasses.fields(thing)))]
    return tuple(found)


def _group(slots: int, problems: int) -> int:
    """Problems of a group: so many that a field of all their trees stays near the processor, and every one has work."""
    if jax.default_backend() != "cpu":
        return problems
    near = 2 ** math.floor(math.log2(CACHED / slots))
    each = math.ceil(problems / PROCESSORS)
    return int(max(LEAST_GROUP, min(LARGEST_GROUP, near, each)))


@partial(jax.jit, static_argnames=("slots", "requests", "kinds"))
def _play(
    world: World,
    policy: Policy,
    ledger: Ledger,
    place: jax.Array,
    problem: Any,
    key: jax.Array,
    *,
    slots: int,
    requests: int,
    kinds: tuple[type, ...],
) -> Played:
    """Play the problems of one group to their end."""
    del kinds
    global _programs  # this line is passed once a compilation
    _programs += 1
    start = _begin(world, policy, slots, place.size, problem)

    def on(carry: tuple[jax.Array, Run]) -> jax.Array:
        return (carry[0] < requests) & ~jnp.all(carry[1].done)

    def go(carry: tuple[jax.Array, Run]) -> tuple[jax.Array, Run]:
        request, run = carry
        return request + 1, _request(world, policy, ledger, numbers(key, place, run.made), problem, run)

    _, run = lax.while_loop(on, go, (jnp.zeros((), jnp.uint32), start))
    view = _view(run, ledger)
    final = policy.answer(numbers(key, place, LAST)(VOTE), view, run.policy)
    return Played(final, run.spent, view.left, run.nodes, _carried(run.curve), run.crowded, run.done)


def _carried(curve: jax.Array) -> jax.Array:
    """The answer of a sixteenth of the budget in which nothing was held anew is that of the one before."""
    rows = [jnp.where(curve[0] == _UNWRITTEN, NO_ANSWER, curve[0])]
    for place in range(1, CHECKPOINTS):
        rows.append(jnp.where(curve[place] == _UNWRITTEN, rows[-1], curve[place]))
    return jnp.stack(rows)
