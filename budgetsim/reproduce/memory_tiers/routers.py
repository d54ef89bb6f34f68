"""Routers trained in worlds of the prior `memory`, beside the best of all 243 plans: a table with a row a world."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.memory_tiers.readings import ALIGNED, ALONE, PRICED, REWARDS, WEIGHTS, cell
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import MemoryPipeline, memory_prior, train_routers
from budgetsim.simulate.reasoning.tier_routing import Training
from budgetsim.theory.memory_tiers import cost_reward
from budgetsim.theory.tier_plans import TierPlans, best_tier_plan, tier_plans

WORLDS, QUICK_WORLDS = 48, 3
STEPS, QUICK_STEPS = Training().steps, 300
TRAININGS = 2  # of a router, with draws of their own
LOW, MID, HIGH = range(3)
Tiers: TypeAlias = NDArray[np.float64]
Kind: TypeAlias = tuple[str, str, float]


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Train every router of every world.

    Columns: gains and tokens of the five modules, middle share, query noise; ``alignment R``, the spread of the task
    rewards R over that of the cost rewards while every tier is as likely as another; and by `cell` of the trained
    routers ``high``, ``low`` (shares of the modules), ``cost`` (of the cost of all modules HIGH), ``regret`` (what the
    best plan has more, of what it has more than plans at random) and ``short`` (quality that mixtures of plans at the
    same cost have more, of the gain of all modules), each followed by its standard error over trainings, beside
    ``best high``, ``best low``, ``best cost`` of the best plan and ``plain regret`` of the best plan with one tier for
    all modules. The best plan has the largest quality less weight times alignment times normalized cost, where the
    costs of all plans are the scale.
    """
    worlds = memory_prior(QUICK_WORLDS if quick else WORLDS, seed)
    rows = []
    for number, world in enumerate(worlds):
        random = np.random.SeedSequence([seed, number])
        seeds = [int(key) for key in random.generate_state(TRAININGS, np.uint64)]
        rows.append(_row(world, seeds, QUICK_STEPS if quick else STEPS))
        progress((number + 1) / len(worlds))
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _row(world: MemoryPipeline, seeds: Sequence[int], steps: int) -> dict[str, float]:
    row = {f"gain {place + 1}": gain for place, gain in enumerate(world.module_gains)}
    row |= {f"tokens {place + 1}": tokens for place, tokens in enumerate(world.module_tokens)}
    row |= {"middle share": world.middle_share, "query noise": world.query_noise}
    gains = (0.0, world.middle_share, 1.0)
    plans = tier_plans(world.module_tokens, world.tier_prices, world.module_gains, gains, world.base_quality)
    for reward in REWARDS:
        row[f"alignment {reward}"] = first_alignment(world, plans, judged=reward == "judged")
    for (reward, alignment, weight), tiers in _trained(world, seeds, steps).items():
        factor = row[f"alignment {reward}"] if alignment == ALIGNED else 1.0
        for what, value in judged_by_plans(plans, weight, factor, tiers).items():
            row[cell(what, reward, alignment, weight)] = value
    return row


def _trained(world: MemoryPipeline, seeds: Sequence[int], steps: int) -> dict[Kind, list[Tiers]]:
    """Probabilities of the tiers that each kind of router learned with every seed."""
    kept: dict[Kind, list[Tiers]] = {}
    for reward in REWARDS:
        played = replace(world, judged=reward == "judged")
        for alignment, weights in ((ALIGNED, WEIGHTS), (ALONE, PRICED)):
            training = Training(aligned=alignment == ALIGNED, steps=steps)
            for seed in seeds:
                for router in train_routers(played, weights, training, queries=2, seed=seed):
                    kept.setdefault((reward, alignment, router.cost_weight), []).append(router.tiers)
    return kept


def first_alignment(world: MemoryPipeline, plans: TierPlans, *, judged: bool) -> float:
    """Spread of the task rewards over that of the cost rewards, every plan as likely as another and nothing clipped."""
    gains = np.array([0.0, world.middle_share, 1.0])[plans.tiers] * np.array(world.module_gains)
    noise = np.sum((gains * world.query_noise) ** 2, axis=1).mean()
    variance = plans.quality.var() + noise
    if judged:  # two independent verdicts of 0 or 1: half of the variance of one comes on top
        mean = plans.quality.mean()
        variance += (mean - mean**2 - variance) / 2.0
    return float(np.sqrt(variance) / _charges(plans).std())


def judged_by_plans(plans: TierPlans, weight: float, alignment: float, tiers: Sequence[Tiers]) -> Mapping[str, float]:
    """What routers with these probabilities [modules, tiers] take and lose, held against all plans; exact for each."""
    value = plans.quality - weight * alignment * _charges(plans)
    best = best_tier_plan(plans, weight, alignment)
    best_value = float(value.max())
    span = best_value - float(value.mean())
    dearest = float(plans.cost.max())
    modules = np.arange(plans.tiers.shape[1])
    chances = [np.prod(law[modules, plans.tiers], axis=1) for law in tiers]
    found = {
        "high": [float(law[:, HIGH].mean()) for law in tiers],
        "low": [float(law[:, LOW].mean()) for law in tiers],
        "cost": [float(chance @ plans.cost) / dearest for chance in chances],
        "regret": [(best_value - float(chance @ value)) / span for chance in chances],
        "short": [_short(plans, chance) for chance in chances],
    }
    row: dict[str, float] = {}
    for what, values in found.items():
        row[what] = float(np.mean(values))
        row[f"{what} se"] = float(np.std(values, ddof=1) / np.sqrt(len(values)))
    one_tier = np.ptp(plans.tiers, axis=1) == 0
    row["best high"] = float(np.mean(np.array(best.tiers) == HIGH))
    row["best low"] = float(np.mean(np.array(best.tiers) == LOW))
    row["best cost"] = best.cost / dearest
    row["plain regret"] = (best_value - float(value[one_tier].max())) / span
    return row


def _short(plans: TierPlans, chance: NDArray[np.float64]) -> float:
    """Quality below the upper concave envelope of all plans at the mean cost, of the gain of all modules."""
    corners: list[int] = []
    for place in np.lexsort((-plans.quality, plans.cost)):
        while len(corners) > 1 and _bends_up(plans, corners[-2], corners[-1], place):
            corners.pop()
        if not corners or plans.quality[place] > plans.quality[corners[-1]]:
            corners.append(int(place))
    reach = float(np.interp(chance @ plans.cost, plans.cost[corners], plans.quality[corners]))
    return (reach - float(chance @ plans.quality)) / float(np.ptp(plans.quality))


def _bends_up(plans: TierPlans, left: int, middle: int, right: int) -> bool:
    (x0, y0), (x1, y1), (x2, y2) = ((plans.cost[place], plans.quality[place]) for place in (left, middle, right))
    return bool((y1 - y0) * (x2 - x0) <= (y2 - y0) * (x1 - x0))


def _charges(plans: TierPlans) -> NDArray[np.float64]:
    return np.asarray(1.0 - cost_reward(plans.cost, plans.cost).reward)
