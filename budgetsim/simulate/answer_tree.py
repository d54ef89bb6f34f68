"""Trees of plurality votes over K answers, played vote by vote."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.parameters import Organization
from budgetsim.simulate import _bernoulli, _blocks, _coins, _domain
from budgetsim.simulate._answers import AnswerTree
from budgetsim.simulate._level_coins import coins_of_levels
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.levels import Level, describe, levels_of
from budgetsim.simulate.plan import Plan
from budgetsim.simulate.running import estimate_plan

MOST_ANSWERS = 16  # a kernel is compiled for every number of answers, in time that grows with it
_ROUNDING = 1e-9


def plan_answer_tree(
    organization: Organization | Sequence[Level],
    probabilities: ArrayLike,
    *,
    seed: int,
    weights: ArrayLike | None = None,
) -> Plan:
    """Lay out a simulation for `count`; the arguments are those of `simulate_answer_tree`.

    Examples
    --------
    >>> from budgetsim.simulate import count
    >>> count(plan_answer_tree(Organization.star(3), [1.0, 0.0, 0.0], seed=1), 0, 2)
    (64, 64)
    """
    levels = levels_of(organization)
    if any(level.sharing == "beta" and level.correlation > 0.0 for level in levels):
        raise ValueError("sharing must be 'vote' in a tree of answers, got 'beta'")
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    rows = _domain.answer_probabilities(np.atleast_2d(np.asarray(probabilities, dtype=np.float64)))
    problems, answers = rows.shape
    _domain.count("answers", answers, least=2, most=MOST_ANSWERS)
    share = _domain.problem_weights(weights, problems)
    alike = bool(np.all(rows == rows[0]))
    chances, casts = _one_by_one(rows[:1] if alike else rows)

    encoded = _bernoulli.encode(chances[0] if alike else chances.T, per_replica=not alike)
    cast = None
    if np.any(casts < 1.0):
        cast = _bernoulli.encode(casts[0] if alike else casts, per_replica=not alike)
    others = _bernoulli.encode(1.0 / np.arange(answers, 1, -1))
    among = _bernoulli.encode(1.0 / np.arange(1.0, answers + 1.0), per_replica=True)
    coins, growth = coins_of_levels(levels, exchangeable=True, redrawn=True)
    tree = AnswerTree(
        answers=encoded.coin,
        casts=None if cast is None else cast.coin,
        others=others.coin,
        among=among.coin,
        cumulative=None if alike else jnp.asarray(_coins.problem_thresholds(share)),
        levels=coins,
    )
    drawn = [encoded, others, among, *([] if cast is None else [cast])]
    return Plan(
        levels=levels,
        seed=seed,
        tree=tree,
        sampler=None,
        parameters={
            "organization": describe(organization),
            "probabilities": rows.tolist(),
            "weights": share.tolist(),
        },
        growth=max(growth, *(coin.growth for coin in drawn)),
    )


def _one_by_one(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Chance of every answer but the last, given that it is none before it [problems, answers - 1]; of any answer."""
    left = np.cumsum(rows[:, ::-1], axis=1)[:, ::-1]  # from the end, so that a last possible answer has chance 1
    chances = np.divide(rows, left, out=np.zeros_like(rows), where=left > 0.0)
    casts = np.where(left[:, 0] >= 1.0 - _ROUNDING, 1.0, left[:, 0])
    return chances[:, :-1], casts


def simulate_answer_tree(
    organization: Organization | Sequence[Level],
    probabilities: ArrayLike,
    *,
    replicas: int,
    seed: int,
    weights: ArrayLike | None = None,
    devices: Sequence[jax.Device] | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Accuracy of a tree of plurality votes over K answers, by drawing every vote.

    Every replica draws its problem, then the answers of all its leaves, independent given the problem. A channel
    replaces what it carries, with probability ``1 - fidelity``, by an answer drawn from all K alike: by another one
    with probability ``(1 - fidelity) (K - 1) / K``. The aggregator answers what most of the received messages say;
    ties are broken uniformly among the leaders, and where nothing arrives all K answers are leaders. With probability
    ``correlation`` one received answer stands for all. With two answers all of this is `simulate_organization`.

    Parameters
    ----------
    organization
        As in `simulate_organization`; levels may lose messages, and all share whole votes (not beta-binomial ones).
    probabilities
        Probability of each of K answers, 2 ... 16 of them: one row [answers] or one for every problem [problems,
        answers]. Answer 0 is right. Rows sum to at most 1; what they lack is the probability that a leaf abstains.
    replicas, seed, weights, devices, batch, progress
        As in `simulate_organization`.

    Returns
    -------
    Estimate
        Probability that the root gives answer 0, its standard error and provenance. When all agents fail, by loss or
        abstention, the root guesses: 1/K.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.

    Notes
    -----
    Precision as in `simulate_organization`, for each of the coins that choose between answers. `simulate_plurality`
    is the star without messages for any number of answers; there an election without votes is lost.
    Source: derived; the channel and the shared vote as in *Phase Transition for Budgeted Multi-Agent Synergy*, Bang
    Liu, Linglong Kong, Jian Pei, arXiv 2601.17311, for two answers.

    Examples
    --------
    Two votes of which a right one has 0.5, a popular mistake 0.3 and another 0.2: a draw between two votes is a draw
    from the votes, so 0.5 again.

    >>> two = simulate_answer_tree([Level(fan_in=2)], [0.5, 0.3, 0.2], replicas=100_000, seed=1)
    >>> abs(two.z_score(0.5)) < 5
    True
    """
    plan = plan_answer_tree(organization, probabilities, seed=seed, weights=weights)
    return estimate_plan(plan, replicas=replicas, devices=devices, batch=batch, progress=progress)
