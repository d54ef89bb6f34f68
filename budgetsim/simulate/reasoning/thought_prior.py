"""The prior over worlds in which five methods meet, as written down in ``papers/priors.md`` under `thoughts`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.thoughts import ThoughtWorld

HALVES = (1, 2, 4, 8, 16, 32, 64, 128)
"""Budgets, in halves of the tokens of one chain of thought."""


class ThoughtSetting(NamedTuple):
    """One draw: a world, what the methods leave open in it, and the budgets in tokens."""

    world: ThoughtWorld
    agents: int  # of a debate
    threshold: float  # of the gain below which thinking on stops
    budgets: tuple[int, ...]


def thought_prior(count: int, seed: int = 0) -> tuple[ThoughtSetting, ...]:
    """Worlds drawn from the prior `thoughts`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        One `ThoughtSetting` a world; tokens are rounded to whole ones, budgets down.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> setting = thought_prior(1, seed=0)[0]
    >>> 3 <= setting.world.steps <= 8, setting.budgets[1] == setting.world.sample_tokens
    (True, True)
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_setting(np.random.Generator(np.random.Philox(child))) for child in children)


def _setting(random: np.random.Generator) -> ThoughtSetting:
    def between(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    def log_between(low: float, high: float) -> float:
        return math.exp(between(math.log(low), math.log(high)))

    answers = int(random.integers(2, 7))
    world = ThoughtWorld(
        answers=answers,
        right_mean=between(0.2, 0.8),
        right_concentration=log_between(0.5, 20.0),
        dominant=between(1.0 / (answers - 1), 1.0),
        steps=int(random.integers(3, 9)),
        leap=between(0.2, 0.95),
        repair=between(0.0, 0.3),
        spoil=between(0.0, 0.15),
        prompt_tokens=round(log_between(50.0, 500.0)),
        chain_tokens=log_between(80.0, 600.0),
        chain_spread=0.4,
        answer_tokens=round(log_between(5.0, 40.0)),
        conformity=between(0.2, 0.9),
        accepts_right=between(0.6, 1.0),
        accepts_wrong=between(0.0, 0.6),
        unseen=between(0.0, 1.0),
        evaluator_tokens=round(log_between(20.0, 200.0)),
        sufficient_share=between(0.15, 0.8),
        overrun=between(0.8, 1.6),
        collapse_share=log_between(0.1, 1.0),
        steepness=between(1.5, 4.0),
        estimator_margin=log_between(0.5, 4.0),
        estimator_spread=between(0.2, 1.0),
        estimator_tokens=round(between(20.0, 60.0)),
    )
    agents = int(random.choice([3, 6]))
    threshold = float(random.choice([0.01, 0.05, 0.1, 0.2]))
    return ThoughtSetting(world, agents, threshold, tuple(halves * world.sample_tokens // 2 for halves in HALVES))
