"""What the compiled engine did, request by request, and the uniform numbers it used."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate.reasoning import engine
from budgetsim.simulate.reasoning.accountant import Budget, Ledger
from budgetsim.simulate.reasoning.policy import Choice, Policy
from budgetsim.simulate.reasoning.reference.stepwise import STOP, Request
from budgetsim.simulate.reasoning.world import World

NUMBERS = 8  # uniform numbers kept of every purpose
PURPOSES = 5


class Trace(NamedTuple):
    """Runs of many problems, and what a plain twin needs to repeat them."""

    requests: list[list[Request]]  # [problems][requests]
    answer: NDArray[np.int32]
    spent: NDArray[np.int32]  # [costs, problems]
    nodes: NDArray[np.int32]
    state: Any  # of the policy, at the end
    problem: Any
    uniform: NDArray[np.float32]  # [requests made before, purposes, numbers, problems]
    last: NDArray[np.float32]  # [numbers, problems]


@partial(jax.jit, static_argnames=("kinds",))
def _move(
    world: World,
    policy: Policy,
    ledger: Ledger,
    key: jax.Array,
    place: jax.Array,
    problem: Any,
    run: engine.Run,
    *,
    kinds: tuple[type, ...],
) -> tuple[engine.Run, Choice, jax.Array]:
    """One request of every problem: the runs after it, what was asked for, the answers then held."""
    del kinds  # for which this is compiled
    draw = engine.numbers(key, place, run.made)
    choice = policy.choose(draw(engine.CHOICE), engine._view(run, ledger), run.policy)
    after = engine._request(world, policy, ledger, draw, problem, run)
    held = policy.answer(draw(engine.VOTE), engine._view(after, ledger), after.policy)
    return after, choice, held


@jax.jit
def _drawn(key: jax.Array, place: jax.Array, made: jax.Array) -> jax.Array:
    """The numbers of the request after so many that were made [purposes, numbers, problems]."""
    draw = engine.numbers(key, place, made)
    return jnp.stack([draw(purpose).rows(NUMBERS) for purpose in range(PURPOSES)])


def trace(
    world: World,
    policy: Policy,
    budget: Budget,
    *,
    problems: int,
    seed: int,
    nodes: int,
    requests: int,
    drawn: int | None = None,
) -> Trace:
    """Play the first ``problems`` problems, of ``drawn`` that are drawn together, and keep every request."""
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(problems, dtype=jnp.uint32)
        whole = world.problems(seed, 0, drawn or problems)
        problem = jax.tree.map(lambda leaf: jnp.asarray(leaf)[..., :problems], whole)
        ledger = budget.ledger()
        run = engine._begin(world, policy, nodes + 1, problems, problem)
        told: list[list[Request]] = [[] for _ in range(problems)]
        tables, kinds = [], engine.kinds(world, policy)
        for number in range(requests):
            after, choice, held = _move(world, policy, ledger, key, place, problem, run, kinds=kinds)
            tables.append(np.asarray(_drawn(key, place, jnp.uint32(number))))
            for index in np.flatnonzero(~np.asarray(run.done) & (np.asarray(choice.kind) != STOP)).tolist():
                paid = np.asarray(after.spent - run.spent)[:, index].tolist()
                made = int(after.refused[index]) == 0
                kind, node, hint = (int(part[index]) for part in choice)
                told[index].append(Request(kind, node, hint, made, tuple(paid), int(held[index])))
            run = after
            if np.all(np.asarray(run.done)):
                break
        final = engine.numbers(key, place, engine.LAST)(engine.VOTE)
        answer = policy.answer(final, engine._view(run, ledger), run.policy)
        return Trace(
            told,
            np.asarray(answer),
            np.asarray(run.spent),
            np.asarray(run.nodes),
            run.policy,
            problem,
            np.stack(tables),
            np.asarray(final.rows(NUMBERS)),
        )
