"""Play a strategy on many problems at once, call by call, under a budget that the engine enforces.

Each problem owns fixed-size arrays; one compiled loop moves all problems of a chunk by one request at a time until none
has anything left to do. Every uniform number is a pure function of (seed, problem, request, place), so a result
does not depend on how problems are cut into chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate.reasoning.accountant import Ledger
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND, STOP, Event, Policy, View
from budgetsim.simulate.reasoning.world import NO_ANSWER, World

CHECKPOINTS = 16  # of the quality curve: equal shares of the budget
LAST = np.uint32(2**31)  # number of the request that never comes: its numbers break the ties of the final vote
PATIENCE = 2  # requests refused in a row before the run ends
GENERATOR = "threefry2x32, partitionable, key = fold_in(fold_in(seed, problem), request)"


class Run(NamedTuple):
    """One problem on its way; batched by `jax.vmap`."""

    memory: Any
    states: Any  # [slots, ...] world state of each node
    parent: jax.Array
    depth: jax.Array
    nodes: jax.Array
    spent: jax.Array  # int32 [input tokens, output tokens, tool calls]
    expansions: jax.Array
    refused: jax.Array
    done: jax.Array
    policy: Any
    curve: jax.Array  # int8 [CHECKPOINTS]: answer held when this share of the budget was spent


def _view(run: Run, ledger: Ledger) -> View:
    used = ledger.use(run.spent)
    return View(run.nodes, run.parent, run.depth, ledger.left(used), ledger.shares(used), run.refused)


def _begin(world: World, policy: Policy, slots: int, problem: Any) -> Run:
    root = world.root(problem)
    states = jax.tree.map(lambda leaf: jnp.zeros((slots, *leaf.shape), leaf.dtype).at[0].set(leaf), root)
    zero = jnp.zeros((), jnp.int32)
    return Run(
        memory=world.memory(problem),
        states=states,
        parent=jnp.full((slots,), -1, jnp.int32),
        depth=jnp.zeros((slots,), jnp.int32),
        nodes=jnp.ones((), jnp.int32),
        spent=jnp.zeros((3,), jnp.int32),
        expansions=zero,
        refused=zero,
        done=jnp.zeros((), bool),
        policy=policy.init(slots, world.answers),
        curve=jnp.full((CHECKPOINTS,), NO_ANSWER, jnp.int8),
    )


def _request(
    world: World, policy: Policy, slots: int, ledger: Ledger, uniform: jax.Array, problem: Any, run: Run
) -> Run:
    """Move one problem by one request."""
    parts = np.cumsum([world.draws, world.draws, world.draws, policy.draws])
    for_step, for_critic, for_answer, for_choice, for_vote = jnp.split(uniform, parts)
    choice = policy.choose(for_choice, _view(run, ledger), run.policy)
    expands, answers = choice.kind == EXPAND, choice.kind == ANSWER
    state = jax.tree.map(lambda leaf: leaf[choice.node], run.states)
    memory, child, ends, costs = world.step(for_step, problem, run.memory, state, choice.hint)
    delta = score = jnp.zeros((), jnp.float32)
    if policy.uses_critic:
        delta, score, critic_costs = world.critic(for_critic, problem, state, child)
        costs = costs + critic_costs
    answer, answer_costs = world.answer(for_answer, problem, state)
    costs = jnp.where(expands, costs, jnp.where(answers, answer_costs, 0))
    fits = ledger.fits(ledger.use(run.spent), costs) & ~(expands & (run.nodes >= slots - 1))
    asked = ~run.done & (choice.kind != STOP)
    made = asked & fits
    grown = made & expands
    new = jnp.where(grown, run.nodes, slots - 1)  # the spare slot takes what must not be kept
    refused = jnp.where(asked, jnp.where(fits, 0, run.refused + 1), run.refused)
    after = run._replace(
        memory=jax.tree.map(lambda now, was: jnp.where(grown, now, was), memory, run.memory),
        states=jax.tree.map(lambda all_, one: all_.at[new].set(one), run.states, child),
        parent=run.parent.at[new].set(choice.node),
        depth=run.depth.at[new].set(run.depth[choice.node] + 1),
        nodes=run.nodes + grown,
        spent=run.spent + jnp.where(made, costs, 0),
        expansions=run.expansions + grown,
        refused=refused,
        done=run.done | (choice.kind == STOP) | (refused >= PATIENCE),
    )
    event = Event(made, choice.kind, choice.node, new, delta, score, ends, jnp.where(made & answers, answer, NO_ANSWER))
    view = _view(after, ledger)
    moved = policy.update(view, run.policy, event)
    # large arrays are guarded by the spare slot; `made` guards the scalars inside the policy
    held = policy.answer(for_vote, view, moved).astype(jnp.int8)
    reached = (1.0 - view.left) <= (jnp.arange(CHECKPOINTS) + 1.0) / CHECKPOINTS
    curve = jnp.where(reached & ~run.done, held, run.curve)
    return after._replace(policy=moved, curve=curve)


@partial(jax.jit, static_argnames=("policy", "slots", "requests"))
def play(
    worlds: World,
    policy: Policy,
    slots: int,
    requests: int,
    ledger: Ledger,
    key: jax.Array,
    first: jax.Array,
    problems: Any,
) -> tuple[Run, jax.Array]:
    """Play all problems of a chunk to their end, each in a world of its own (numbers of ``worlds``: [problems]).

    ``requests`` is a guard that no finite budget needs.
    """
    count = jax.tree.leaves(problems)[0].shape[0]
    numbers = 3 * worlds.draws + 2 * policy.draws
    keys = jax.vmap(lambda place: jax.random.fold_in(key, place))(first + jnp.arange(count, dtype=jnp.uint32))
    runs = jax.vmap(lambda world, problem: _begin(world, policy, slots, problem))(worlds, problems)

    def one(world: World, uniform: jax.Array, problem: Any, run: Run) -> Run:
        return _request(world, policy, slots, ledger, uniform, problem, run)

    every: Callable[..., Run] = jax.vmap(one)

    def on(carry: tuple[jax.Array, Run]) -> jax.Array:
        return (carry[0] < requests) & ~jnp.all(carry[1].done)

    def go(carry: tuple[jax.Array, Run]) -> tuple[jax.Array, Run]:
        request, runs = carry
        draw: Callable[..., jax.Array] = jax.vmap(
            lambda k: jax.random.uniform(jax.random.fold_in(k, request), (numbers,))
        )
        return request + 1, every(worlds, draw(keys), problems, runs)

    _, runs = lax.while_loop(on, go, (jnp.zeros((), jnp.uint32), runs))
    last = jax.vmap(lambda k: jax.random.uniform(jax.random.fold_in(k, LAST), (policy.draws,)))(keys)
    final = jax.vmap(lambda u, run: policy.answer(u, _view(run, ledger), run.policy))(last, runs)
    return runs, final
