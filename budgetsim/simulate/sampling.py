"""Repeated sampling without messages: plurality over many answers, and coverage (pass@k)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from budgetsim.simulate import _blocks, _coins, _domain
from budgetsim.simulate.estimate import Estimate

_COMPARISONS_PER_COIN = 16  # a plurality compares every vote with every answer's threshold; a draw costs about so many


def _plurality_right(key: jax.Array, length: int, shape: tuple[int, ...], operands: tuple[jax.Array, ...]) -> jax.Array:
    """Play ``length`` elections; true where answer 0 wins."""
    (votes,) = shape
    cumulative_weights, cumulative_answers = operands
    problem_key, vote_key, tie_key = jax.random.split(key, 3)
    problem = _coins.draw_problems(problem_key, cumulative_weights, length)
    bounds = cumulative_answers[:, problem][:, None, :]  # [answers, 1, length]
    drawn = _coins.words(vote_key, (votes, length))[None, :, :]
    up_to = jnp.sum(drawn < bounds, axis=1, dtype=jnp.int32)  # votes for this answer or an earlier one
    counts = up_to - jnp.concatenate([jnp.zeros_like(up_to[:1]), up_to[:-1]])
    most = jnp.max(counts, axis=0)
    leaders = jnp.sum(counts == most[None, :], axis=0, dtype=jnp.int32).astype(jnp.uint32)
    wins_tie = _coins.toss(tie_key, np.uint32(_coins.WORDS) // leaders, (length,))
    return (counts[0] == most) & (most > 0) & wins_tie


def simulate_plurality(
    probabilities: ArrayLike,
    votes: int,
    *,
    replicas: int,
    seed: int,
    weights: ArrayLike | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Accuracy of a plurality vote over many answers (maj@k, self-consistency), by drawing every vote.

    Every replica draws its problem, then ``votes`` answers, independent given the problem. The answer with most votes
    wins, a tie is broken uniformly at random among the leaders. Mass that a row lacks to 1 is the probability of an
    abstention; abstentions never win, and when nobody votes the result is wrong.

    Parameters
    ----------
    probabilities
        Probability of each answer to each problem [problems, answers]; column 0 is the right answer, rows sum to at
        most 1.
    votes
        Answers drawn for one problem, 1 or more; at most 2**22 / answers.
    replicas, seed, weights, batch, progress
        As in `simulate_organization`.

    Returns
    -------
    Estimate
        Accuracy in [0, 1], its standard error and provenance.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.

    Notes
    -----
    Probabilities are met within 2**-31, and 0 and 1 exactly. Source: derived (multinomial votes given the problem).

    Examples
    --------
    Two votes, right with probability 0.6: both right, or one right and the tie won: 0.36 + 0.48 / 2 = 0.6.

    >>> two = simulate_plurality([[0.6, 0.4]], 2, replicas=100_000, seed=1)
    >>> abs(two.z_score(0.6)) < 5
    True
    """
    rows = _domain.answer_probabilities(probabilities)
    problems, answers = rows.shape
    votes = _domain.count("votes", votes, most=_domain.LARGEST_REPLICA // answers)
    problem_weights = _domain.problem_weights(weights, problems)
    return _blocks.estimate(
        _plurality_right,
        (votes,),
        _blocks.block_length(max(votes, votes * answers // _COMPARISONS_PER_COIN)),
        (_coins.problem_thresholds(problem_weights), _coins.cumulative_thresholds(rows).T),
        replicas=replicas,
        seed=seed,
        batch=batch,
        progress=progress,
        parameters={"probabilities": rows.tolist(), "votes": votes, "weights": problem_weights.tolist()},
    )


def _covered(key: jax.Array, length: int, shape: tuple[int, ...], operands: tuple[jax.Array, ...]) -> jax.Array:
    """Play ``length`` problems; true where at least one sample is right."""
    (samples,) = shape
    cumulative_weights, probability = operands
    problem_key, sample_key = jax.random.split(key)
    problem = _coins.draw_problems(problem_key, cumulative_weights, length)
    return jnp.any(_coins.toss(sample_key, probability[problem][None, :], (samples, length)), axis=0)


def simulate_coverage(
    probability: ArrayLike,
    samples: int,
    *,
    replicas: int,
    seed: int,
    weights: ArrayLike | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Coverage (pass@k): the probability that at least one of ``samples`` answers is right, by drawing every answer.

    Every replica draws its problem, then ``samples`` answers, independent given the problem.

    Parameters
    ----------
    probability
        Probability in [0, 1] that one answer is right: one number, or one for every problem [problems].
    samples
        Answers drawn for one problem, 1 ... 2**22.
    replicas, seed, weights, batch, progress
        As in `simulate_organization`.

    Returns
    -------
    Estimate
        Coverage in [0, 1], its standard error and provenance.

    Raises
    ------
    ValueError
        If an argument is outside its domain; the message names it.

    Notes
    -----
    Coins as in `simulate_organization`. Source: derived; pass@k is the mean over problems of
    ``1 - (1 - probability) ** k``.

    Examples
    --------
    Half of the problems are never solved, the other half by every second answer: (0 + 1 - 0.5**3) / 2 = 0.4375.

    >>> coverage = simulate_coverage([0.0, 0.5], 3, replicas=100_000, seed=1)
    >>> abs(coverage.z_score(0.4375)) < 5
    True
    """
    atoms = _domain.atoms("probability", probability)
    samples = _domain.count("samples", samples, most=_domain.LARGEST_REPLICA)
    problem_weights = _domain.problem_weights(weights, atoms.size)
    return _blocks.estimate(
        _covered,
        (samples,),
        _blocks.block_length(samples),
        (_coins.problem_thresholds(problem_weights), _coins.thresholds(atoms)),
        replicas=replicas,
        seed=seed,
        batch=batch,
        progress=progress,
        parameters={"probability": atoms.tolist(), "samples": samples, "weights": problem_weights.tolist()},
    )
