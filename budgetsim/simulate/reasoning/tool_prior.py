"""The prior over agents that search with tools: `tools` and `tools-judge` of ``papers/priors.md``."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.searches import SearchWorld

CAPS = (10, 30, 50, 100, 200)
"""Budgets, in tool calls."""


class ToolSetting(NamedTuple):
    """One draw: a world, the habit and the judge of its agents, and the caps on their calls."""

    world: SearchWorld
    hazard: float
    caps: tuple[int, ...]
    judge: float


def tool_prior(count: int, seed: int = 0) -> tuple[ToolSetting, ...]:
    """Worlds drawn from the prior `tools`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        One `ToolSetting` a world; its tokens have the world's defaults. A tree of twice the cap and two nodes holds
        every run.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> setting = tool_prior(1, seed=0)[0]
    >>> 1 / 40 <= setting.hazard <= 1 / 4, setting.caps
    (True, (10, 30, 50, 100, 200))
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_setting(np.random.Generator(np.random.Philox(child))) for child in children)


def _setting(random: np.random.Generator) -> ToolSetting:
    hazard = math.exp(random.uniform(math.log(1 / 40), math.log(1 / 4)))
    world = SearchWorld(
        success_mean=0.5 / 6.5,
        success_concentration=6.5,
        accepts_right=float(random.uniform(0.6, 1.0)),
        accepts_wrong=float(random.uniform(0.0, 0.5)),
    )
    return ToolSetting(world, hazard, CAPS, float(random.uniform(0.5, 1.0)))
