"""Majority organizations played vote by vote: single call, star, chain and tree of agents."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import numpy as np
from numpy.typing import ArrayLike

from budgetsim.parameters import Organization
from budgetsim.simulate import _blocks, _domain
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.levels import Level, describe, levels_of
from budgetsim.simulate.plan import MOST_REPLICAS, Sampler, plan_organization
from budgetsim.simulate.pool import play_pools
from budgetsim.simulate.running import estimate_plan, estimate_plan_until, provenance
from budgetsim.simulate.sequential import SequentialEstimate


def simulate_organization(
    organization: Organization | Sequence[Level],
    probability: ArrayLike | Sampler | None = None,
    *,
    replicas: int,
    seed: int,
    weights: ArrayLike | None = None,
    leaf_probability: ArrayLike | None = None,
    abstention: ArrayLike = 0.0,
    abstention_if_wrong: ArrayLike | None = None,
    pool: int | None = None,
    devices: Sequence[jax.Device] | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Accuracy of a majority organization: the probability that its root votes right, by drawing every vote.

    Every replica draws its problem, then all its leaf votes, right with the problem's probability and independent
    given the problem. At every aggregator, with probability ``organization.correlation``, one child's vote passes
    one channel and is delivered for all children; otherwise every child's vote passes a channel of its own. A channel
    flips a vote with probability ``(1 - fidelity) / 2``. The aggregator votes with the majority of what it received;
    with ``fan_in=1`` it relays. Levels may lose messages (`Level`) and leaves may cast no vote: then the aggregator
    votes with the majority of what arrived, ties by a fair coin, also where nothing did. So when all agents fail the
    root guesses: accuracy 1/2. Sharing is drawn anew at every aggregator, so a tree can outvote it; the problem stays
    the same through the whole tree, so no tree can outvote its difficulty.

    Parameters
    ----------
    organization
        Shape, fidelity and correlation; ``depth=0`` is a single call without any channel. Or the levels from the
        leaves up, which may differ, have an even fan-in or beta-binomial correlation: see `Level`. At most 2**30
        leaves, unless ``pool`` is given.
    probability
        Probability in [0, 1] that a leaf votes right: one number, or one for every problem [problems]; or a function
        ``(generator, number) -> probabilities [number]`` that draws the probability of ``number`` problems from a
        NumPy generator, such as ``lambda generator, number: generator.beta(2.0, 1.0, number)``.
    replicas
        Organizations played, 1 ... 2**36.
    seed
        Integer in 0 ... 2**64 - 1. The same seed gives the same estimate, whatever ``batch`` and ``devices``, and the
        first replicas of a longer run are those of a shorter one.
    weights
        Probability of each problem [problems], summing to 1; equal when not given.
    leaf_probability
        Instead of ``probability``: one for every leaf [leaves], siblings next to one another, or one for every leaf
        and problem [problems, leaves].
    abstention
        Probability in [0, 1] that a leaf casts no vote, drawn for every leaf: one number, or one for every leaf
        [leaves]. It concerns who is heard, not what is said, see `Level`; a single call that abstains guesses.
    abstention_if_wrong
        The same for leaves whose vote would be wrong, if that differs; then ``abstention`` is that of right votes.
    pool
        Resample votes from pools of this many, level by level, instead of playing whole trees: for organizations of
        any number of leaves. ``replicas / pool`` independent pools are played, at least 8, each of one problem; the
        standard error is that of their mean, see Notes.
    devices
        JAX devices that share the replicas; the default device when not given.
    batch
        Calls of ``progress`` come after every ``batch`` times four million leaf votes or so; changes no result.
        Memory depends on neither ``batch`` nor ``replicas``, and on the leaves only through the depth.
    progress
        Called with (replicas done, replicas asked for) as the work goes on.

    Returns
    -------
    Estimate
        Accuracy in [0, 1], its standard error (see `Estimate.from_count`) and provenance.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.

    Notes
    -----
    A coin's probability is met within 2**-39 (2**-24 where it differs from replica to replica); 0, 1 and short binary
    fractions exactly. Replicas are played 32 at a time and share the digits of a coin that hardly ever matter; the
    standard error includes the bound on what that costs, at most 0.2 % of it for common probabilities and stated in
    the provenance as ``variance_growth``. For probabilities that a function draws the bound counts those from a
    millionth up.
    A pool amplifies its own noise: with a fan-in of 5, fidelity 0.6, correlation 0.1 and 50,000 votes a pool the bias
    of a single pool has a standard deviation of about 0.02 after 10 levels and 0.06 after 30, where 50,000 independent
    organizations would give 0.0045. The standard error contains that; the estimate is also off by a term of order
    ``1 / pool``.
    Source: the vote, channel and shared-vote model of *Phase Transition for Budgeted Multi-Agent Synergy*, Bang Liu,
    Linglong Kong, Jian Pei, arXiv 2601.17311; sharing the received vote and drawing the problem outside: derived.

    Examples
    --------
    A perfect star of three right-with-0.8 votes is right with probability 0.8**3 + 3 * 0.8**2 * 0.2 = 0.896.

    >>> star = simulate_organization(Organization.star(3), 0.8, replicas=100_000, seed=1)
    >>> abs(star.z_score(0.896)) < 5
    True

    Of two messages half are lost; a vote that arrives is right with 0.9: 1/4 * 1/2 + 1/2 * 0.9 + 1/4 * 0.9 = 0.8.

    >>> lossy = simulate_organization([Level(fan_in=2, loss=0.5)], 0.9, replicas=100_000, seed=1)
    >>> abs(lossy.z_score(0.8)) < 5
    True

    Two votes, right with 0.6: both right, or one right and the tie won: 0.36 + 0.48 / 2 = 0.6.

    >>> abs(simulate_organization([Level(fan_in=2)], 0.6, replicas=100_000, seed=1).z_score(0.6)) < 5
    True
    """
    replicas = _domain.count("replicas", replicas, most=MOST_REPLICAS)
    if pool is not None:
        if leaf_probability is not None or probability is None:
            raise ValueError("pool must not be given with leaf_probability: pooled votes know no leaves")
        if np.any(abstention) or abstention_if_wrong is not None:
            raise ValueError("pool must not be given with abstention: pooled votes are all cast")
        return _pooled(organization, probability, weights, replicas, pool, seed, devices, progress)
    plan = plan_organization(
        organization,
        probability,
        seed=seed,
        weights=weights,
        leaf_probability=leaf_probability,
        abstention=abstention,
        abstention_if_wrong=abstention_if_wrong,
    )
    return estimate_plan(plan, replicas=replicas, devices=devices, batch=batch, progress=progress)


def simulate_organization_until(
    organization: Organization | Sequence[Level],
    probability: ArrayLike | Sampler | None = None,
    *,
    seed: int,
    standard_error: float | None = None,
    half_width: float | None = None,
    confidence: float = 0.95,
    most: int = 10**9,
    weights: ArrayLike | None = None,
    leaf_probability: ArrayLike | None = None,
    abstention: ArrayLike = 0.0,
    abstention_if_wrong: ArrayLike | None = None,
    devices: Sequence[jax.Device] | None = None,
    progress: _blocks.Progress | None = None,
) -> SequentialEstimate:
    """Accuracy of a majority organization, played until it is as sure as asked for.

    Parameters
    ----------
    organization, probability, seed, weights, leaf_probability, abstention, abstention_if_wrong, devices, progress
        As in `simulate_organization`; ``progress`` tells the replicas expected to be needed.
    standard_error, half_width
        What to reach, above 0: the standard error, half the width of the interval, or both.
    confidence
        Of the interval, within (0, 1).
    most
        Replicas that are played at most.

    Returns
    -------
    SequentialEstimate
        Accuracy, standard error, an interval that holds whenever the run ends, and how it ended: Ctrl-C ends it with
        what it has.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.
    KeyboardInterrupt
        If the interrupt comes before the first chunk is complete.

    Examples
    --------
    >>> run = simulate_organization_until(Organization.star(3), 0.8, standard_error=0.002, seed=1)
    >>> run.ended, run.low < 0.896 < run.high
    ('reached', True)
    """
    plan = plan_organization(
        organization,
        probability,
        seed=seed,
        weights=weights,
        leaf_probability=leaf_probability,
        abstention=abstention,
        abstention_if_wrong=abstention_if_wrong,
    )
    return estimate_plan_until(
        plan,
        standard_error=standard_error,
        half_width=half_width,
        confidence=confidence,
        most=most,
        devices=devices,
        progress=progress,
    )


def _pooled(
    organization: Organization | Sequence[Level],
    probability: ArrayLike | Sampler,
    weights: ArrayLike | None,
    replicas: int,
    pool: int,
    seed: int,
    devices: Sequence[jax.Device] | None,
    progress: _blocks.Progress | None,
) -> Estimate:
    # laid out without its levels: checks seed, probability and weights
    leaf = plan_organization([], probability, seed=seed, weights=weights)
    if callable(probability):
        sampler = probability

        def draw(generator: np.random.Generator) -> float:
            return float(np.asarray(sampler(generator, 1))[0])
    else:
        atoms = _domain.atoms("probability", probability)
        shares = _domain.problem_weights(weights, atoms.size)

        def draw(generator: np.random.Generator) -> float:
            return float(generator.choice(atoms, p=shares / shares.sum()))

    levels = levels_of(organization, played_whole=False)
    pools = replicas // _domain.count("pool", pool)
    value, error = play_pools(levels, draw, pool=pool, pools=pools, seed=seed, devices=devices, progress=progress)
    described = {**provenance(leaf, pools * pool), "pool": pool}
    described["parameters"] = {**leaf.parameters, "organization": describe(organization)}
    return Estimate(value=value, standard_error=error, draws=pools, provenance=described)
