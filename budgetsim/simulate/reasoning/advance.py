"""Searches that collect gains step by step until they have enough or their budget ends, as plainly as they are told.

Every step picks one node of a pool, of which a single one is useful, with chances proportional to the nodes' values to
the power of 1 / (part of the budget left). A step on the useful node gains with a chance that may depend on what came
before, but is never below a bound. Without a pool every step is on the useful node. Nothing here knows a closed form.

The selection rule is that of "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents", Yushu Li,
Wenlong Deng, Jiajin Li, Xiaoxiao Li, arXiv 2603.12634.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import ArrayLike, NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.advance_prior import HABITS, AdvanceWorlds
from budgetsim.simulate.reasoning.columns import Uniforms

CONSTANT, ALTERNATING, AFTER_FAILURE = range(len(HABITS))
SEARCH, POOL = 13, 14  # purposes of uniform numbers
LONGEST = 2**20  # steps, after which a search that found nothing is given up
_TOGETHER = 64  # worlds of one call
_SLACK = 1e-9  # rounding never costs a step


class Searches(NamedTuple):
    """How searches ended [worlds, runs]: whether with all gains, after how many steps, and at what cost."""

    reached: NDArray[np.bool_]
    steps: NDArray[np.int32]
    spent: NDArray[np.float64]


def play_advance(worlds: AdvanceWorlds, *, runs: int, seed: int = 0) -> Searches:
    """Searches that go on until they have all gains; every step gains with the chance ``advance`` or more.

    The chance by habit: *constant* is the bound; *alternating* is the bound in the first, third, ... step and 1 in
    the others; *after failure* is half way from the bound to 1 in a step after one without a gain, else the bound.
    The cost of a step is uniform between the lowest and the highest.

    Parameters
    ----------
    worlds
        Of `advance_prior`, or a part of them.
    runs
        Searches in every world, in 1 ... 65536. More searches begin with the same ones.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    Searches
        A search of world ``number`` is the same in whatever company it is played.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    Seven gains with a chance of a tenth each take seventy steps:

    >>> from budgetsim.simulate.reasoning.advance_prior import advance_prior
    >>> one = advance_prior(1)._replace(gains=np.array([7]), advance=np.array([0.1]), habit=np.array([0]))
    >>> ended = play_advance(one, runs=4000)
    >>> bool(abs(ended.steps.mean() - 70.0) < 4.0 * ended.steps.std() / 4000**0.5)
    True
    """
    ones = np.ones(worlds.gains.shape)
    alone = worlds._replace(pool_size=np.ones_like(worlds.pool_size), progress=worlds.advance)
    return _play(alone, np.inf * ones, 0.0 * ones, alone.pool_size, runs, seed, SEARCH)


def play_pool(worlds: AdvanceWorlds, budgets: ArrayLike, *, growing: bool, runs: int, seed: int = 0) -> Searches:
    """Searches in a pool of nodes under a budget.

    A step is begun while what is left pays for the dearest step and is not below ``stop_ratio`` of the budget. It
    selects a node, one of which is useful and the others are worth ``competition`` times as much, and on the useful
    one it gains with the chance ``progress`` or more, by the habits of `play_advance`.

    Parameters
    ----------
    worlds, runs, seed
        See `play_advance`. Worlds whose lowest cost is their highest pay it in every step.
    budgets
        Budgets [worlds] or one, in the unit of the costs, above 0.
    growing
        Whether the pool starts with the useful node and every step leaves a rival until there are ``pool_size``
        nodes; else it is full from the start.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning.advance_prior import advance_prior
    >>> worlds = advance_prior(2)
    >>> ended = play_pool(worlds, 40.0 * worlds.highest_cost, growing=False, runs=100)
    >>> bool((ended.steps >= worlds.gains[:, None]).all()), ended.reached.shape
    (True, (2, 100))
    """
    given = np.broadcast_to(np.asarray(budgets, np.float64), worlds.gains.shape)
    if not np.all((given > 0.0) & np.isfinite(given)):
        raise ValueError(f"budgets must be finite and above 0, got {given}")
    first = np.ones_like(worlds.pool_size) if growing else worlds.pool_size
    kept_back = np.maximum(worlds.highest_cost, worlds.stop_ratio * given)
    return _play(worlds, given, kept_back, first, runs, seed, POOL)


def _play(
    worlds: AdvanceWorlds,
    budgets: NDArray[np.float64],
    kept_back: NDArray[np.float64],
    first: NDArray[np.int64],
    runs: int,
    seed: int,
    purpose: int,
) -> Searches:
    runs = _domain.count("runs", runs, most=2**16)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    if not np.all(worlds.gains >= 1):
        raise ValueError(f"gains must be 1 or more, got {worlds.gains.min()}")
    if not np.all((worlds.progress > 0.0) & (worlds.progress <= 1.0)):
        raise ValueError(f"the chance of a gain must lie in (0, 1], got {worlds.progress}")
    columns = (
        *(worlds.number, worlds.gains, worlds.habit, worlds.pool_size, worlds.competition, worlds.progress),
        *(worlds.lowest_cost, worlds.highest_cost, budgets, kept_back, first),
    )
    ended = []
    with jax.enable_x64(True):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        for start in range(0, worlds.gains.size, _TOGETHER):
            # As many worlds in every call, the last one again and again at the end: one compilation.
            chosen = np.minimum(np.arange(start, start + _TOGETHER), worlds.gains.size - 1)
            part = _Columns(*(jnp.asarray(column[chosen]) for column in columns))
            kept = min(_TOGETHER, worlds.gains.size - start)
            ended.append([np.asarray(column)[:kept] for column in _run(key, part, runs, purpose)])
    return Searches(*(np.concatenate(columns) for columns in zip(*ended, strict=True)))


class _Columns(NamedTuple):
    """What is played, a number a world; a step is begun while ``kept_back`` is left of the budget."""

    number: jax.Array
    gains: jax.Array
    habit: jax.Array
    pool_size: jax.Array
    competition: jax.Array
    progress: jax.Array
    lowest_cost: jax.Array
    highest_cost: jax.Array
    budget: jax.Array
    kept_back: jax.Array
    first: jax.Array


class _State(NamedTuple):
    """Where the searches of a world are [runs], but the step, which they share."""

    step: jax.Array
    going: jax.Array
    failed: jax.Array
    gains: jax.Array
    steps: jax.Array
    spent: jax.Array


@partial(jax.jit, static_argnames=("runs", "purpose"))
def _run(key: jax.Array, columns: _Columns, runs: int, purpose: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    def world(one: _Columns) -> tuple[jax.Array, jax.Array, jax.Array]:
        place = one.number * np.uint32(2**16) + jnp.arange(runs, dtype=jnp.uint32)

        def pays(spent: jax.Array) -> jax.Array:
            return (one.budget - spent) * (1.0 + _SLACK) >= one.kept_back

        def move(state: _State) -> _State:
            uniforms = Uniforms(key, place, state.step, purpose)
            selects, gains, pays_for = (uniforms[number].astype(jnp.float64) for number in range(3))
            ratio = jnp.where(jnp.isinf(one.budget), 1.0, 1.0 - state.spent / one.budget)
            rivals = jnp.minimum(one.pool_size, one.first + state.step.astype(jnp.int64)) - 1
            weight = jnp.where(rivals > 0, jnp.exp(jnp.log(one.competition) / ratio), 0.0)
            useful = 1.0 / (1.0 + rivals.astype(jnp.float64) * weight)
            gained = (selects < useful) & (gains < _chance(one, state)) & state.going
            cost = one.lowest_cost + (one.highest_cost - one.lowest_cost) * pays_for
            spent = state.spent + jnp.where(state.going, cost, 0.0)
            total = state.gains + gained.astype(jnp.int32)
            return _State(
                step=state.step + np.uint32(1),
                going=state.going & (total < one.gains) & pays(spent),
                failed=~gained,
                gains=total,
                steps=state.steps + state.going.astype(jnp.int32),
                spent=spent,
            )

        nothing, no = jnp.zeros(runs, jnp.int32), jnp.zeros(runs, bool)
        unspent = jnp.zeros(runs, jnp.float64)
        start = _State(jnp.uint32(0), pays(unspent), no, nothing, nothing, unspent)
        ended = lax.while_loop(lambda state: jnp.any(state.going) & (state.step < LONGEST), move, start)
        return ended.gains >= one.gains, ended.steps, ended.spent

    found: tuple[jax.Array, jax.Array, jax.Array] = lax.map(world, columns)
    return found


def _chance(one: _Columns, state: _State) -> jax.Array:
    """Chance of a gain on the useful node [runs], never below the bound."""
    second = state.step % np.uint32(2) == 1
    alternating = jnp.where((one.habit == ALTERNATING) & second, 1.0, one.progress)
    return jnp.where((one.habit == AFTER_FAILURE) & state.failed, 0.5 * (1.0 + one.progress), alternating)
