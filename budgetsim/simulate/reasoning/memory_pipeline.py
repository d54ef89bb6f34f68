"""Memory pipelines of five modules in three tiers: what a plan of tiers gains and costs, played on queries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.columns import GENERATOR, Uniforms, standard_normal
from budgetsim.simulate.reasoning.world import check_numbers

MODULES, TIERS = 5, 3
LOW, MID, HIGH = range(TIERS)
ROUTE, QUERY, JUDGE = 8, 9, 10  # purposes of uniform numbers
_FRESH = 2**30  # requests from here on belong to evaluations
_CHUNK = 4096  # queries of an evaluation that are in memory together


class Plans(NamedTuple):
    """All 243 plans: tiers [plans, modules], mean quality [plans], cost [plans]."""

    tiers: NDArray[np.int64]
    quality: NDArray[np.float64]
    cost: NDArray[np.float64]


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=("judged",),
    data_fields=("module_gains", "middle_share", "module_tokens", "tier_prices", "base_quality", "query_noise"),
)
@dataclass(frozen=True, kw_only=True)
class MemoryPipeline:
    r"""Queries whose answers get better with dearer modules.

    The quality of an answer is :math:`q_0 + \sum_m w_m g_{tier(m)} (1 + \sigma z_m)`, clipped to [0, 1], with gains g
    of 0, ``middle_share`` and 1 and a standard normal z for every query and module; its cost is
    :math:`\sum_m n_m c_{tier(m)}`.

    Parameters
    ----------
    module_gains, module_tokens
        w and n of the five modules, 0 or more.
    middle_share
        Gain of the middle tier, in [0, 1].
    tier_prices
        Price c of a token in each of the three tiers, 0 or more.
    base_quality
        q_0 in [0, 1].
    query_noise
        sigma, 0 or more.
    judged
        Whether the reward is a judge's, 0, .5 or 1 (two independent verdicts with the quality as probability), rather
        than the quality itself.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Notes
    -----
    Derived: a model of *Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory*, Haozhen Zhang et al., arXiv
    2602.06025. Default prices are those of its three models, per million tokens. `MemoryWorld` plays such queries in
    the engine, module by module under a budget.

    Examples
    --------
    >>> plans = all_plans(MemoryPipeline())
    >>> len(plans.cost), round(float(plans.quality.max()), 3), round(float(plans.cost.max()), 3)
    (243, 0.68, 3.52)
    """

    module_gains: tuple[float, ...] = (0.10, 0.05, 0.06, 0.05, 0.14)
    middle_share: float = 0.55
    module_tokens: tuple[float, ...] = (1.0, 0.6, 0.6, 0.6, 1.2)
    tier_prices: tuple[float, ...] = (0.06, 0.18, 0.88)
    base_quality: float = 0.28
    query_noise: float = 0.1
    judged: bool = False

    def __post_init__(self) -> None:
        for name, length in (("module_gains", MODULES), ("module_tokens", MODULES), ("tier_prices", TIERS)):
            values = getattr(self, name)
            if len(values) != length:
                raise ValueError(f"{name} must have {length} entries, got {len(values)}")
            for value in values:
                if isinstance(value, int | float) and not 0.0 <= value < math.inf:
                    raise ValueError(f"{name} must be finite and 0 or more, got {value}")
        check_numbers(self, ("middle_share", "base_quality"), "in [0, 1]", lambda value: 0.0 <= value <= 1.0)
        check_numbers(self, ("query_noise",), "finite and 0 or more", lambda value: 0.0 <= value < math.inf)

    def reward(self, tiers: jax.Array, queries: jax.Array, verdicts: jax.Array) -> jax.Array:
        """Reward [queries] of tiers [modules, queries], given normal z of the same shape and uniforms [2, queries]."""
        gains = jnp.asarray([0.0, self.middle_share, 1.0], jnp.float32)[tiers]
        parts = jnp.asarray(self.module_gains, jnp.float32)[:, None] * gains * (1.0 + self.query_noise * queries)
        quality = jnp.clip(self.base_quality + jnp.sum(parts, axis=0), 0.0, 1.0)
        return jnp.mean((verdicts < quality).astype(jnp.float32), axis=0) if self.judged else quality

    def cost(self, tiers: jax.Array) -> jax.Array:
        """Cost [queries] of tiers [modules, queries]."""
        prices = jnp.asarray(self.tier_prices, jnp.float32)[tiers]
        return jnp.sum(jnp.asarray(self.module_tokens, jnp.float32)[:, None] * prices, axis=0)


def all_plans(world: MemoryPipeline) -> Plans:
    """Every plan of one tier for each module, with its mean quality (before clipping) and its cost."""
    tiers = np.array(list(product(range(TIERS), repeat=MODULES)))
    gains = np.array([0.0, world.middle_share, 1.0])
    quality = world.base_quality + gains[tiers] @ np.array(world.module_gains)
    return Plans(tiers, quality, np.array(world.tier_prices)[tiers] @ np.array(world.module_tokens))


def best_plan(world: MemoryPipeline, cost_weight: float, *, alignment: float = 1.0) -> tuple[int, ...]:
    r"""The best of all 243 plans for the average query: a yardstick that knows the world.

    Parameters
    ----------
    world
        The pipeline.
    cost_weight, alignment
        Lambda and alpha of the reward :math:`q - \lambda\alpha\tilde c`, 0 or more; the normalized cost
        :math:`\tilde c` is that of the square root between the 5 and 95 percent quantiles of all plans, clipped.

    Raises
    ------
    ValueError
        If a weight is negative or not finite.

    Examples
    --------
    No plan is cheaper than free: of those below the lower quantile the best one is left, not the cheapest.

    >>> best_plan(MemoryPipeline(), 0.0), best_plan(MemoryPipeline(), 0.9)
    ((2, 2, 2, 2, 2), (0, 0, 1, 0, 1))
    """
    for name, value in (("cost_weight", cost_weight), ("alignment", alignment)):
        if not 0.0 <= value < math.inf:
            raise ValueError(f"{name} must be finite and 0 or more, got {value}")
    plans = all_plans(world)
    root = np.sqrt(plans.cost)
    low, high = np.quantile(root, [0.05, 0.95])
    charge = np.clip((root - low) / (high - low), 0.0, 1.0) if high > low else np.zeros_like(root)
    values = plans.quality - cost_weight * alignment * charge
    best = np.flatnonzero(values >= values.max() - 1e-12)
    return tuple(int(tier) for tier in plans.tiers[best[np.argmin(plans.cost[best])]])


class PlayedPlan(NamedTuple):
    """Mean reward and cost of a query."""

    reward: Estimate
    cost: Estimate


def play_plan(world: MemoryPipeline, chances: ArrayLike, *, queries: int, seed: int) -> PlayedPlan:
    """Play a fixed plan, or a router that draws every module's tier whatever the query.

    Parameters
    ----------
    world
        The pipeline.
    chances
        Tiers [modules], or the probability of each tier [modules, tiers].
    queries
        Number of fresh queries, 2 or more.
    seed
        Integer in 0 ... 2**64 - 1. The same seed gives the same queries and verdicts to every plan.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> world = MemoryPipeline()
    >>> round(play_plan(world, [LOW] * 5, queries=1000, seed=1).cost.value, 6)
    0.24
    >>> played = play_plan(world, np.full((5, 3), 1 / 3), queries=1000, seed=1)
    >>> abs(played.cost.value - 4.0 * (0.06 + 0.18 + 0.88) / 3) < 0.1
    True
    """
    queries = _domain.count("queries", queries, least=2)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    law = np.asarray(chances, dtype=np.float64)
    if law.shape == (MODULES,) and set(law.tolist()) <= {0.0, 1.0, 2.0}:
        law = np.eye(TIERS)[law.astype(int)]
    if law.shape != (MODULES, TIERS) or not np.all(law >= 0.0) or not np.allclose(law.sum(axis=1), 1.0):
        raise ValueError(f"chances must be {MODULES} tiers, or a law [{MODULES}, {TIERS}], got {law.tolist()}")
    logits = np.log(np.maximum(law, 1e-30))
    return play_router(world, logits, np.zeros_like(logits), queries=queries, seed=seed)


def play_router(world: MemoryPipeline, logits: ArrayLike, slopes: ArrayLike, *, queries: int, seed: int) -> PlayedPlan:
    """Play tiers drawn with ``softmax(logits + slopes * z)`` [modules, tiers] on fresh queries."""
    parts = []
    for chunk in range(math.ceil(queries / _CHUNK)):
        with jax.enable_x64(False):
            key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
            given = (jnp.asarray(part, jnp.float32) for part in (logits, slopes))
            parts.append(np.asarray(_play(world, *given, key, jnp.uint32(_FRESH + chunk)), np.float64))
    rewards, costs = np.concatenate(parts, axis=1)[:, :queries]
    provenance: dict[str, object] = {"seed": seed, "generator": GENERATOR, "world": repr(world)}
    return PlayedPlan(_mean(rewards, provenance), _mean(costs, provenance))


@jax.jit
def _play(world: MemoryPipeline, logits: jax.Array, slopes: jax.Array, key: jax.Array, request: jax.Array) -> jax.Array:
    coins, seen, verdicts = draw_queries(key, request, _CHUNK)
    tiers = draw_tiers(route(logits, slopes, seen), coins)
    return jnp.stack([world.reward(tiers, seen, verdicts), world.cost(tiers)])


def draw_queries(key: jax.Array, request: jax.Array, queries: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Uniforms that choose tiers [modules, queries], normal z of the queries, uniforms of the judge [2, queries]."""
    place = jnp.arange(queries, dtype=jnp.uint32)
    normal = standard_normal(Uniforms(key, place, request, QUERY).rows(MODULES))
    return Uniforms(key, place, request, ROUTE).rows(MODULES), normal, Uniforms(key, place, request, JUDGE).rows(2)


def route(logits: jax.Array, slopes: jax.Array, queries: jax.Array) -> jax.Array:
    """Log probabilities [modules, tiers, queries]."""
    return jax.nn.log_softmax(logits[:, :, None] + slopes[:, :, None] * queries[:, None, :], axis=1)


def draw_tiers(log_chances: jax.Array, coins: jax.Array) -> jax.Array:
    """Tiers [modules, queries] by their probabilities."""
    low = jnp.exp(log_chances[:, LOW])
    return (coins >= low).astype(jnp.int32) + (coins >= low + jnp.exp(log_chances[:, MID]))


def _mean(values: NDArray[np.float64], provenance: dict[str, object]) -> Estimate:
    error = float(values.std(ddof=1) / math.sqrt(values.size))
    return Estimate(value=float(values.mean()), standard_error=error, draws=values.size, provenance=provenance)
