"""Questions under every token budget: estimates with a margin, the best budget, and the ideal range of budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate.reasoning import ElasticWorld
from budgetsim.simulate.reasoning.elasticity import LARGEST_TOKENS, Demand
from budgetsim.theory.token_budgets import elastic_tokens

MARGINS = (1.0, 1.5, 2.0, 3.0)
"""What an estimate is multiplied by before it is told; fixed before anything was played."""


@partial(
    jax.tree_util.register_dataclass,
    meta_fields=(),
    data_fields=(*(field.name for field in fields(ElasticWorld)), "margin"),
)
@dataclass(frozen=True, kw_only=True)
class GenerousWorld(ElasticWorld):
    """An `ElasticWorld` whose estimator's number is multiplied by ``margin`` before it is told.

    Examples
    --------
    >>> world = GenerousWorld(margin=2.0, estimator_spread=0.0, difficulty_spread=0.0, least_budget=50.0)
    >>> world.problems(0, 0, 1).estimate.tolist()
    [100]
    """

    margin: float = 1.0

    def problems(self, seed: int, block: int, count: int) -> Demand:
        """Questions of one block."""
        demand = super().problems(seed, block, count)
        told = np.clip(np.round(self.margin * np.asarray(demand.estimate)), 1, LARGEST_TOKENS)
        return demand._replace(estimate=jnp.asarray(told, jnp.int32))


def generous(worlds: Sequence[ElasticWorld], margin: float) -> list[GenerousWorld]:
    """The same worlds, whose estimators add a margin."""
    return [
        GenerousWorld(**{field.name: getattr(world, field.name) for field in fields(world)}, margin=margin)
        for world in worlds
    ]


class LookedAt(NamedTuple):
    """What can be told of questions when every whole budget up to the tokens without one is looked at."""

    tokens: float  # mean of the fewest tokens under a sufficient budget; those without a budget where none suffices
    above_least: float  # share of questions whose best budget is above the least sufficient one
    in_range: tuple[float, ...]  # share of questions whose estimate, times each margin, is in the ideal range


def look_at(
    world: ElasticWorld,
    least: NDArray[np.float64],
    collapse: NDArray[np.float64],
    estimate: NDArray[np.float64],
) -> LookedAt:
    """The mean tokens of every question under every whole budget: the best one, and the ideal range.

    The ideal range is the third of the sufficient budgets, next to one another, with the fewest tokens in total;
    questions with fewer than three sufficient budgets have none and count as missed.
    """
    budgets = np.arange(1, int(world.vanilla_tokens) + 1)
    tokens = np.asarray(
        elastic_tokens(
            budgets[None, :].astype(np.float64),
            vanilla_tokens=world.vanilla_tokens,
            base_tokens=world.base_tokens,
            tokens_per_budget=world.tokens_per_budget,
            collapse_budget=collapse[:, None],
            steepness=world.steepness,
            collapsed_tokens=world.collapsed_tokens,
        )
    )
    enough = budgets >= least[:, None]
    best = np.where(enough, tokens, np.inf).argmin(axis=1)
    some = enough.any(axis=1)
    fewest = np.where(some, tokens[np.arange(best.size), best], world.vanilla_tokens)
    width = enough.sum(axis=1) // 3
    sums = np.concatenate([np.zeros((best.size, 1)), np.cumsum(tokens, axis=1)], axis=1)
    ends = np.minimum(np.arange(budgets.size) + width[:, None], budgets.size)
    window = np.take_along_axis(sums, ends, axis=1) - sums[:, :-1]
    fits = enough & (np.arange(budgets.size) + width[:, None] <= budgets.size)
    low = budgets[np.where(fits, window, np.inf).argmin(axis=1)]
    told = [np.maximum(np.round(margin * estimate), 1.0) for margin in MARGINS]
    hits = [np.mean((width > 0) & (low <= number) & (number < low + width)) for number in told]
    above = np.mean(some & (budgets[best] > np.ceil(least)))
    return LookedAt(float(fewest.mean()), float(above), tuple(map(float, hits)))
