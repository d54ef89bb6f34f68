"""Plain twin of the training of tier routers: loops, gradients and Adam written out, given the same draws."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate.reasoning.memory_pipeline import HIGH, LOW, MID, MODULES, TIERS, MemoryPipeline, draw_queries
from budgetsim.simulate.reasoning.tier_routing import SMALL, WINDOW, Training

Table = NDArray[np.float64]


def plain_training(
    world: MemoryPipeline, training: Training, cost_weight: float, *, seed: int
) -> tuple[Table, Table, list[float]]:
    """Logits and slopes [modules, tiers], and the mean cost of every batch."""
    tables = [np.zeros((MODULES, TIERS)), np.zeros((MODULES, TIERS))]
    moments = [[np.zeros((MODULES, TIERS)), np.zeros((MODULES, TIERS))] for _ in tables]
    window: list[tuple[float, float, float]] = []  # root of the cost, task reward, cost reward
    path = []
    for step in range(training.steps):
        with jax.enable_x64(False):
            key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
            drawn = draw_queries(key, jnp.uint32(step), training.batch)
        coins, seen, verdicts = (np.asarray(part, float) for part in drawn)
        batch = []
        for query in range(training.batch):
            features = seen[:, query] if training.query_aware else np.zeros(MODULES)
            chances = [_softmax(tables[0][module] + tables[1][module] * features[module]) for module in range(MODULES)]
            tiers = [_drawn(chance, coins[module, query]) for module, chance in enumerate(chances)]
            cost = sum(n * world.tier_prices[tier] for n, tier in zip(world.module_tokens, tiers, strict=True))
            batch.append((features, chances, tiers, _reward(world, tiers, seen[:, query], verdicts[:, query]), cost))
        path.append(sum(cost for *_, cost in batch) / training.batch)
        rewards = _total(window, [(task, cost) for *_, task, cost in batch], cost_weight, aligned=training.aligned)
        spread = np.std(rewards) + SMALL
        gradients = [np.zeros((MODULES, TIERS)), np.zeros((MODULES, TIERS))]
        for (features, chances, tiers, *_), reward in zip(batch, rewards, strict=True):
            advantage = (reward - np.mean(rewards)) / spread
            for module in range(MODULES):
                chance = chances[module]
                entropy = -sum(p * math.log(p) for p in chance)
                for tier in range(TIERS):
                    slope = -advantage * ((tiers[module] == tier) - chance[tier])
                    slope += training.entropy / MODULES * chance[tier] * (math.log(chance[tier]) + entropy)
                    gradients[0][module, tier] += slope / training.batch
                    gradients[1][module, tier] += slope * features[module] / training.batch
        for place, gradient in enumerate(gradients):
            first, second = moments[place]
            first[:] = 0.9 * first + 0.1 * gradient
            second[:] = 0.999 * second + 0.001 * gradient**2
            level = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
            tables[place] -= training.learning_rate * first / (1 - 0.9 ** (step + 1)) / level
    return tables[0], tables[1], path


def _softmax(scores: Table) -> list[float]:
    weights = [math.exp(score - max(scores)) for score in scores]
    return [weight / sum(weights) for weight in weights]


def _drawn(chances: list[float], coin: float) -> int:
    if coin < chances[LOW]:
        return LOW
    return MID if coin < chances[LOW] + chances[MID] else HIGH


def _reward(world: MemoryPipeline, tiers: list[int], seen: Table, verdicts: Table) -> float:
    quality = world.base_quality
    for gain, tier, look in zip(world.module_gains, tiers, seen, strict=True):
        quality += gain * (0.0, world.middle_share, 1.0)[tier] * (1.0 + world.query_noise * look)
    quality = min(max(quality, 0.0), 1.0)
    return float(np.mean(verdicts < quality)) if world.judged else quality


def _total(
    window: list[tuple[float, float, float]], batch: list[tuple[float, float]], cost_weight: float, *, aligned: bool
) -> list[float]:
    """Rewards of a batch, which is added to the window first."""
    old = [root for root, *_ in window]
    low, high = np.quantile([*old, *(math.sqrt(cost) for _, cost in batch)][-WINDOW:], [0.05, 0.95])
    if high <= low:
        low, high = 0.9 * high, high if high > 0.0 else 1.0
    for task, cost in batch:
        normalized = (math.sqrt(cost) - low) / (high - low)
        window.append((math.sqrt(cost), task, 1.0 - min(max(normalized, 0.0), 1.0)))
    del window[:-WINDOW]
    alignment = 1.0
    if aligned:
        alignment = float(np.std([task for _, task, _ in window]) / (np.std([cheap for *_, cheap in window]) + SMALL))
    new = window[-len(batch) :]
    return [task + cost_weight * alignment * cheap for _, task, cheap in new]
