"""Routers of memory tiers that learn by REINFORCE what a query is worth under a price that moves with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax
from numpy.typing import NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.memory_pipeline import (
    MODULES,
    TIERS,
    MemoryPipeline,
    draw_queries,
    draw_tiers,
    play_router,
    route,
)

WINDOW = 2000  # queries whose costs set the scale
SMALL = 1e-8


@jax.tree_util.register_static
@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a router is trained.

    Parameters
    ----------
    aligned
        Whether the cost reward is brought to the spread of the task reward, over the last 2000 queries.
    query_aware
        Whether the router sees how much the query gains from every module.
    steps, batch
        Updates, and queries of each: 1 or more; a batch has at most 2000.
    learning_rate, entropy
        Of Adam, above 0, and weight of the mean entropy of the five choices, 0 or more.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.
    """

    aligned: bool = True
    query_aware: bool = False
    steps: int = 600
    batch: int = 32
    learning_rate: float = 0.03
    entropy: float = 0.01

    def __post_init__(self) -> None:
        _domain.count("steps", self.steps, most=2**20)
        _domain.count("batch", self.batch, most=WINDOW)
        if not self.learning_rate > 0.0:
            raise ValueError(f"learning_rate must be above 0, got {self.learning_rate}")
        if not self.entropy >= 0.0:
            raise ValueError(f"entropy must be 0 or more, got {self.entropy}")


class Router(NamedTuple):
    """Tiers are drawn with ``softmax(logits + slopes * z)``, each [modules, tiers]."""

    logits: jax.Array
    slopes: jax.Array


class History(NamedTuple):
    """The last queries, newest last, NaN where there was none yet: each part is [2000]."""

    root_costs: jax.Array
    task: jax.Array
    cost: jax.Array


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedRouter:
    """What a router learned.

    Parameters
    ----------
    cost_weight
        Weight of the cost that it was trained for.
    logits, slopes
        Its parameters [modules, tiers].
    reward, cost
        Means on fresh queries. Their errors are those of the queries: what another training seed would give is not in
        them.
    path
        Mean cost of the queries of every update [steps].
    """

    cost_weight: float
    logits: NDArray[np.float64]
    slopes: NDArray[np.float64]
    reward: Estimate
    cost: Estimate
    path: NDArray[np.float64]

    @property
    def tiers(self) -> NDArray[np.float64]:
        """Probability of every tier for the average query [modules, tiers]."""
        weights = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def train_routers(
    world: MemoryPipeline,
    cost_weights: Sequence[float],
    training: Training | None = None,
    *,
    queries: int = 4096,
    seed: int,
) -> tuple[TrainedRouter, ...]:
    r"""Train one router for every weight of the cost, and play each on fresh queries.

    A query's reward is :math:`r_{task} + \lambda\alpha r_{cost}`: the cost reward is 1 minus the square root of the
    cost between the 5 and 95 percent quantiles of the last 2000 square roots, clipped; alpha is the spread of the task
    rewards over that of the cost rewards there, or 1. Rewards are normalized in every batch and weigh the gradient of
    the log probability of all five tiers.

    Parameters
    ----------
    world, training
        The pipeline, and how to train (`Training()` if None).
    cost_weights
        Lambda of each router, 0 or more.
    queries
        Fresh queries, 2 or more.
    seed
        Integer in 0 ... 2**64 - 1. A router does not depend on what others are trained with it; all see the same
        queries.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Source of the reward: *Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory*, Haozhen Zhang et al.,
    arXiv 2602.06025 (alpha as reported; the window as released); REINFORCE with one table of logits instead of PPO on
    embeddings is derived. Where all costs of the window are alike the lower quantile is nine tenths of the upper one.

    Examples
    --------
    >>> routers = train_routers(MemoryPipeline(), [0.0, 0.9], Training(steps=300, aligned=False), seed=1)
    >>> routers[0].cost.value > 2.0 > 1.0 > routers[1].cost.value
    True
    """
    training = Training() if training is None else training
    weights = np.asarray(cost_weights, dtype=np.float64)
    if weights.ndim != 1 or weights.size == 0 or not np.all((weights >= 0.0) & np.isfinite(weights)):
        raise ValueError(f"cost_weights must be one or more finite numbers, 0 or more, got {cost_weights}")
    queries = _domain.count("queries", queries, least=2)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        routers, paths = train(world, training, key, jnp.asarray(weights, jnp.float32))
    trained = []
    for index, weight in enumerate(weights):
        logits, slopes = (np.asarray(part[index], np.float64) for part in routers)
        played = play_router(world, logits, slopes, queries=queries, seed=seed)
        trained.append(
            TrainedRouter(
                cost_weight=float(weight),
                logits=logits,
                slopes=slopes,
                reward=played.reward,
                cost=played.cost,
                path=np.asarray(paths[index], np.float64),
            )
        )
    return tuple(trained)


@jax.jit
def train(
    world: MemoryPipeline, training: Training, key: jax.Array, cost_weights: jax.Array
) -> tuple[Router, jax.Array]:
    """Routers [weights, modules, tiers] and mean costs [weights, steps] of every batch, one weight after the other."""
    optimizer = optax.adam(training.learning_rate)
    nothing = jnp.zeros((MODULES, TIERS), jnp.float32)

    def one(cost_weight: jax.Array) -> tuple[Router, jax.Array]:
        def update(
            carry: tuple[Router, optax.OptState, History], step: jax.Array
        ) -> tuple[tuple[Router, optax.OptState, History], jax.Array]:
            router, moments, history = carry
            coins, seen, verdicts = draw_queries(key, step, training.batch)
            features = seen if training.query_aware else jnp.zeros_like(seen)
            tiers = draw_tiers(route(router.logits, router.slopes, features), coins)
            cost = world.cost(tiers)
            rewards, history = total_reward(
                history, world.reward(tiers, seen, verdicts), cost, cost_weight, aligned=training.aligned
            )
            advantage = (rewards - rewards.mean()) / (rewards.std() + SMALL)
            gradient = jax.grad(partial(loss, training.entropy))(router, features, tiers, advantage)
            change, moments = optimizer.update(gradient, moments)
            return (optax.apply_updates(router, change), moments, history), cost.mean()

        empty = jnp.full((WINDOW,), jnp.nan, jnp.float32)
        start = Router(nothing, nothing)
        steps = jnp.arange(training.steps, dtype=jnp.uint32)
        (router, _, _), path = lax.scan(update, (start, optimizer.init(start), History(empty, empty, empty)), steps)
        return router, path

    trained: tuple[Router, jax.Array] = lax.map(one, cost_weights)
    return trained


def total_reward(
    history: History, task: jax.Array, costs: jax.Array, cost_weight: jax.Array, *, aligned: bool
) -> tuple[jax.Array, History]:
    """Rewards of a batch, which belongs to the window that scales them."""
    root = jnp.sqrt(costs)
    roots = _push(history.root_costs, root)
    low, high = jnp.nanquantile(roots, jnp.array([0.05, 0.95], jnp.float32))
    flat = high <= low
    low = jnp.where(flat, 0.9 * high, low)
    high = jnp.where(flat & (high <= 0.0), 1.0, high)
    cheap = 1.0 - jnp.clip((root - low) / (high - low), 0.0, 1.0)
    history = History(roots, _push(history.task, task), _push(history.cost, cheap))
    alignment = jnp.nanstd(history.task) / (jnp.nanstd(history.cost) + SMALL) if aligned else 1.0
    return task + cost_weight * alignment * cheap, history


def loss(entropy: float, router: Router, features: jax.Array, tiers: jax.Array, advantage: jax.Array) -> jax.Array:
    """What REINFORCE descends: minus advantage times log probability, minus the weighted entropy."""
    log_chances = route(router.logits, router.slopes, features)
    chosen = jnp.take_along_axis(log_chances, tiers[:, None, :], axis=1)[:, 0]
    spread = -jnp.sum(jnp.exp(log_chances) * log_chances, axis=1)
    return -jnp.mean(advantage * jnp.sum(chosen, axis=0)) - entropy * jnp.mean(spread)


def _push(window: jax.Array, new: jax.Array) -> jax.Array:
    return jnp.concatenate([window[new.size :], new])
