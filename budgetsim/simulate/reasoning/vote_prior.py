"""The prior over worlds of questions with few answers, as written down in ``papers/priors.md`` under `votes`.

A comparison of strategies draws its worlds from here and keeps them all.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.answers import AnswerWorld

MULTIPLES = (1, 2, 4, 8, 16, 32, 64)
"""Budgets, in tokens of one chain of thought."""


class VoteSetting(NamedTuple):
    """One draw: a world, the number of agents in its debates, and the budgets in tokens."""

    world: AnswerWorld
    agents: int
    budgets: tuple[int, ...]


def vote_prior(count: int, seed: int = 0) -> tuple[VoteSetting, ...]:
    """Worlds drawn from the prior `votes`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        One `VoteSetting` a world. Tokens are rounded to whole ones; an evaluation's tokens are all written ones, and
        what the prior leaves open (spread of the grades, of the personas) has the world's default.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> setting = vote_prior(3, seed=0)[0]
    >>> 0.2 <= setting.world.right_mean <= 0.8, setting.budgets[1] == 2 * setting.budgets[0]
    (True, True)
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    return tuple(_setting(np.random.Generator(np.random.Philox(child))) for child in _children(seed, count))


def _children(seed: int, count: int) -> list[np.random.SeedSequence]:
    return np.random.SeedSequence(seed).spawn(count)


def _setting(random: np.random.Generator) -> VoteSetting:
    def between(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    def log_between(low: float, high: float) -> float:
        return math.exp(between(math.log(low), math.log(high)))

    answers = int(random.integers(2, 7))
    world = AnswerWorld(
        right_mean=between(0.2, 0.8),
        right_concentration=log_between(0.5, 20.0),
        answers=answers,
        dominant=between(1.0 / (answers - 1), 1.0),
        prompt_tokens=round(log_between(50.0, 500.0)),
        chain_tokens=log_between(80.0, 600.0),
        chain_spread=0.4,
        accepts_right=between(0.6, 1.0),
        accepts_wrong=between(0.0, 0.6),
        evaluator_output=round(log_between(20.0, 200.0)),
        conformity=between(0.2, 0.9),
        cheap_odds=log_between(0.1, 1.0),
        cheap_price=log_between(0.02, 0.5),
        persona_correlation=between(0.0, 0.6),
    )
    agents = int(random.choice([3, 6]))
    return VoteSetting(world, agents, tuple(multiple * world.sample_tokens for multiple in MULTIPLES))
