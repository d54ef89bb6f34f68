"""The prior over trees of partial results, as written down in ``papers/priors.md`` under `arithmetic`.

A comparison of strategies draws its worlds from here and keeps them all.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.arithmetic import ArithmeticWorld, fitted


def arithmetic_prior(count: int, seed: int = 0) -> tuple[ArithmeticWorld, ...]:
    """Worlds drawn from the prior `arithmetic`; the first ones stay the same when more are drawn.

    Parameters
    ----------
    count
        Number of worlds, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1.

    Returns
    -------
    tuple
        Worlds around the fit. Three factors a world, each log-uniform in [.5, 2], multiply the branching (rounded, 1 or
        more; a complete answer is written once), the share of sound moves in lists of that length (capped at .95), and
        the noise of the votes. Whether a second list from a node is drawn afresh has probability 0, .5 or 1.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> worlds = arithmetic_prior(3, seed=0)
    >>> all(5 <= world.branching[0] <= 19 and 0.5 <= world.noise <= 2.0 for world in worlds)
    True
    """
    count = _domain.count("count", count)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    return tuple(_around_fit(np.random.default_rng(child)) for child in np.random.SeedSequence(seed).spawn(count))


def _around_fit(random: np.random.Generator) -> ArithmeticWorld:
    branching, share, noise = np.exp(random.uniform(math.log(0.5), math.log(2.0), size=3)).tolist()
    fit = ArithmeticWorld()
    moves = (*(max(1, round(mean * branching)) for mean in fitted()["branching"][:-1]), 1)
    goals = [min(0.95, mean * share) for mean in fit.shares]
    found, more = [], []
    for length, goal, before in zip(moves, goals, fit.found, strict=True):
        # a list keeps its chance of a sound move as far as the share allows; other moves make up for the rest
        sure = goal if length == 1 else min(0.95, before * share, goal * length)
        found.append(sure)
        more.append(0.0 if length == 1 else min(0.95, (goal * length / sure - 1.0) / (length - 1)))
    renewed = float(random.choice([0.0, 0.5, 1.0]))
    return replace(fit, branching=moves, found=tuple(found), more=tuple(more), noise=noise, renewed=renewed)
