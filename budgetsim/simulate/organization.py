"""Majority organizations played vote by vote: single call, star, chain and tree of agents."""

from __future__ import annotations

from dataclasses import asdict

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import ArrayLike

from budgetsim.parameters import Organization
from budgetsim.simulate import _blocks, _coins, _domain
from budgetsim.simulate.estimate import Estimate


def _root_votes(key: jax.Array, length: int, shape: tuple[int, ...], operands: tuple[jax.Array, ...]) -> jax.Array:
    """Play ``length`` whole trees; true where the root votes right."""
    fan_in, depth = shape
    cumulative_weights, leaf, flip, share = operands
    problem_key, leaf_key, message_key, share_key = jax.random.split(key, 4)
    problem = _coins.draw_problems(problem_key, cumulative_weights, length)
    # replicas lie on the last axis, so that the vote over a few children runs along whole vectors
    votes = _coins.toss(leaf_key, leaf[problem][None, :], (fan_in**depth, length))
    if fan_in == 1:

        def relay(level: jax.Array, votes: jax.Array) -> jax.Array:
            return votes ^ _coins.toss(jax.random.fold_in(message_key, level), flip, (1, length))

        votes = lax.fori_loop(0, depth, relay, votes)
        depth = 0  # nothing left to aggregate
    for level in range(depth):
        nodes = fan_in ** (depth - level - 1)
        flipped = _coins.toss(jax.random.fold_in(message_key, level), flip, votes.shape)
        received = (votes ^ flipped).reshape(fan_in, nodes, length)
        shared = _coins.toss(jax.random.fold_in(share_key, level), share, (nodes, length))
        # children are exchangeable and know nothing of the sharing: the first may speak for all
        majority = jnp.sum(received, axis=0, dtype=jnp.int32) > np.int32(fan_in // 2)
        votes = jnp.where(shared, received[0], majority)
    return votes[0]


def simulate_organization(
    organization: Organization,
    probability: ArrayLike,
    *,
    replicas: int,
    seed: int,
    weights: ArrayLike | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Accuracy of a majority organization: the probability that its root votes right, by drawing every vote.

    Every replica draws its problem, then all its leaf votes, right with the problem's probability and independent
    given the problem. At every aggregator, with probability ``organization.correlation``, one child's vote passes
    one channel and is delivered for all children; otherwise every child's vote passes a channel of its own. A channel
    flips a vote with probability ``(1 - fidelity) / 2``. The aggregator votes with the majority of what it received;
    with ``fan_in=1`` it relays. Sharing is drawn anew at every aggregator, so a tree can outvote it; the problem stays
    the same through the whole tree, so no tree can outvote its difficulty.

    Parameters
    ----------
    organization
        Shape, fidelity and correlation; ``depth=0`` is a single call without any channel. At most 2**22 leaves.
    probability
        Probability in [0, 1] that a leaf votes right: one number, or one for every problem [problems].
    replicas
        Organizations played, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1. The same seed gives the same estimate, whatever ``batch``.
    weights
        Probability of each problem [problems], summing to 1; equal when not given.
    batch
        Blocks of replicas worked through between two calls of ``progress``; changes no result. Memory depends neither
        on it nor on ``replicas``.
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
    Every coin compares 31 random bits with a threshold: its probability is met within 2**-32, and 0 and 1 exactly.
    Source: the vote, channel and shared-vote model of *Phase Transition for Budgeted Multi-Agent Synergy*, Bang Liu,
    Linglong Kong, Jian Pei, arXiv 2601.17311; sharing the received vote and drawing the problem outside: derived.

    Examples
    --------
    A perfect star of three right-with-0.8 votes is right with probability 0.8**3 + 3 * 0.8**2 * 0.2 = 0.896.

    >>> star = simulate_organization(Organization.star(3), 0.8, replicas=100_000, seed=1)
    >>> abs(star.z_score(0.896)) < 5
    True
    """
    if organization.leaves > _domain.LARGEST_REPLICA:
        raise ValueError(
            f"organization must have at most {_domain.LARGEST_REPLICA} leaves to be played vote by vote, "
            f"got {organization.leaves}"
        )
    leaf = _domain.atoms("probability", probability)
    problem_weights = _domain.problem_weights(weights, leaf.size)
    return _blocks.estimate(
        _root_votes,
        (organization.fan_in, organization.depth),
        _blocks.block_length(organization.leaves),
        (
            _coins.problem_thresholds(problem_weights),
            _coins.thresholds(leaf),
            _coins.thresholds((1.0 - organization.fidelity) / 2.0),
            _coins.thresholds(organization.correlation),
        ),
        replicas=replicas,
        seed=seed,
        batch=batch,
        progress=progress,
        parameters={
            "organization": asdict(organization),
            "probability": leaf.tolist(),
            "weights": problem_weights.tolist(),
        },
    )
