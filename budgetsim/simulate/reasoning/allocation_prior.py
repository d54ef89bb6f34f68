"""The prior over chains of sub-questions, as written down in ``papers/priors.md`` under `allocation`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.subquestions import SubQuestions

LEVEL_BUDGETS = (200, 250, 350, 450, 600)
"""Tokens for solving, by the difficulty levels 1 ... 5 of Plan-and-Budget."""

_SHIPPED = {  # mean credit by position in the shipped decompositions of MATH-500
    2: (26.8, 73.2),
    3: (21.9, 30.6, 47.5),
    4: (18.2, 23.0, 26.6, 32.2),
    5: (13.0, 18.4, 22.3, 22.3, 24.0),
}


class AllocationSetting(NamedTuple):
    """One draw: a world, the planner's credits, and the budgets in tokens for solving."""

    world: SubQuestions
    credits: tuple[float, ...]
    budgets: tuple[int, ...]


def shipped_credits(parts: int) -> tuple[float, ...]:
    """Mean planner credits of the shipped decompositions, by position: back-loaded.

    Measured on the decompositions of MATH-500 shipped with arXiv 2505.16122 for 2 ... 5 sub-questions; for six those of
    five are stretched, credit being spread evenly within a sub-question.

    Raises
    ------
    ValueError
        If ``parts`` is outside 2 ... 6.

    Examples
    --------
    >>> shipped_credits(2), round(sum(shipped_credits(6)), 9)
    ((26.8, 73.2), 100.0)
    """
    parts = _domain.count("parts", parts, least=2, most=6)
    if parts in _SHIPPED:
        return _SHIPPED[parts]
    longest = max(_SHIPPED)
    total: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(_SHIPPED[longest])])
    stretched = np.interp(np.linspace(0, longest, parts + 1), np.arange(longest + 1), total)
    return tuple(float(credit) for credit in np.diff(stretched))


def allocation_prior(count: int, seed: int = 0) -> tuple[AllocationSetting, ...]:
    """Worlds drawn from the prior `allocation`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        One `AllocationSetting` a world. What the prior leaves open (tokens of planner and prompt, how a model divides
        tokens itself) has the world's default.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> setting = allocation_prior(1, seed=0)[0]
    >>> setting.world.initial_uncertainty[0], setting.budgets
    (100.0, (200, 250, 350, 450, 600))
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    children = np.random.SeedSequence(seed).spawn(count)
    return tuple(_setting(np.random.Generator(np.random.Philox(child))) for child in children)


def _setting(random: np.random.Generator) -> AllocationSetting:
    parts = int(random.integers(2, 7))
    ratio = float(random.uniform(0.2, 1.0))
    rates = random.uniform(0.5, 2.0, size=parts)
    common = bool(random.integers(2))
    world = SubQuestions(
        initial_uncertainty=tuple(100.0 * ratio**place for place in range(parts)),
        decay_rate=tuple(float(rates[0 if common else place]) for place in range(parts)),
    )
    credits = shipped_credits(parts) if random.integers(2) else (100.0 / parts,) * parts
    return AllocationSetting(world, credits, LEVEL_BUDGETS)
