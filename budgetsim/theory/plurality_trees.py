r"""Trees of plurality votes over K answers: which answer grows, and what a popular mistake does.

One level takes the answers' probabilities ``p`` to those of the plurality winner of ``b`` received votes, ties broken
at random; with probability ``rho`` all children deliver one and the same vote. A message arrives through the
symmetric channel: with probability ``1 - gamma`` it is replaced by a uniformly random answer. With two answers all of
this is the binary model of "Phase Transition for Budgeted Multi-Agent Synergy", arXiv 2601.17311.

**Which answer wins.** Without noise, three votes and more raise the ratio of a likelier to a less likely answer
(compare the two orders of every pair of counts; a tie, which counts for both, weighs less than the counts one step
apart). So the fixed points are the uniform laws over some answers, and from anywhere else the leaders take all: the
right answer grows if it leads and dies if it does not. It needs no majority, only more than the most popular mistake,
see :func:`winning_threshold`. Noise and shared votes keep the order: a mistake that leads at the leaves leads at every
level. From which fidelity on a lead grows is the matter of :mod:`budgetsim.theory.plurality_slopes`.

NumPy only, as :mod:`budgetsim.theory.plurality`, which does the counting. Derived.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.theory._arrays import PROBABILITY, Array, elementwise
from budgetsim.theory.plurality import plurality_accuracy

Floats = NDArray[np.float64]


def symmetric_channel(probabilities: ArrayLike, fidelity: ArrayLike) -> Floats:
    """Probabilities of a received answer, ``gamma p + (1 - gamma) / K``.

    Parameters
    ----------
    probabilities
        Probabilities of the K answers sent, shape [..., answers], summing to 1.
    fidelity
        Probability, in (0, 1] and of shape [...], that the answer is not replaced by a uniformly random one. With
        two answers it is the factor on the bias.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> symmetric_channel([0.7, 0.2, 0.1], 0.7).round(4).tolist()
    [0.59, 0.24, 0.17]
    """
    rows, kept = _distribution(probabilities), _fidelity(fidelity)[..., None]
    return np.asarray(kept * rows + (1.0 - kept) / rows.shape[-1])


def winner_probabilities(probabilities: ArrayLike, votes: int) -> Floats:
    """Probability of every answer to be the plurality winner of independent votes, ties broken at random.

    Parameters
    ----------
    probabilities
        Probabilities of the answers in one vote, shape [..., answers], summing to 1.
    votes
        Number of votes, a whole number, 1 or more.

    Returns
    -------
    array
        Same shape, summing to 1; in the order of the probabilities. Absolute error below 1e-12 for up to a thousand
        votes.

    Raises
    ------
    ValueError
        If the probabilities are negative or do not sum to 1, or votes is not a whole number, 1 or more.

    Examples
    --------
    >>> winner_probabilities([0.5, 0.3, 0.2], 3).round(6).tolist()
    [0.56, 0.276, 0.164]
    """
    rows = _distribution(probabilities)
    answers = rows.shape[-1]
    if not votes >= 1 or votes != int(votes):
        raise ValueError(f"votes must be a whole number, 1 or more, got {votes}")
    if votes <= 2:  # a draw between two is a draw from the votes
        return rows
    each_first = (np.arange(answers)[:, None] + np.arange(answers)) % answers
    won = np.asarray(plurality_accuracy(rows[..., each_first], int(votes)))
    return np.asarray(won / won.sum(axis=-1, keepdims=True))


def plurality_level(probabilities: ArrayLike, fan_in: int, fidelity: ArrayLike, correlation: ArrayLike) -> Floats:
    """Answers after one level of a plurality tree.

    Parameters
    ----------
    probabilities
        Probabilities of the answers of every child, shape [..., answers], summing to 1.
    fan_in
        Children per aggregator: a whole number, 1 or more, even ones included.
    fidelity
        See :func:`symmetric_channel`.
    correlation
        Probability that all children deliver the same received vote, in [0, 1], shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> plurality_level([0.5, 0.3, 0.2], 5, 0.9, 0.1).round(4).tolist()
    [0.5757, 0.2703, 0.154]
    """
    shared = np.asarray(correlation, dtype=float)
    if not np.all((shared >= 0.0) & (shared <= 1.0)):
        raise ValueError(f"correlation must be in [0, 1], got {shared}")
    received = symmetric_channel(probabilities, fidelity)
    return np.asarray(shared[..., None] * received + (1.0 - shared[..., None]) * winner_probabilities(received, fan_in))


def iterate_plurality(
    probabilities: ArrayLike, fan_in: int, depth: int, fidelity: ArrayLike, correlation: ArrayLike
) -> Floats:
    """Answers at the root of a plurality tree of ``depth`` levels; arguments as in :func:`plurality_level`.

    ``depth`` is a whole number, 0 or more; levels that change nothing any more are not computed.

    Examples
    --------
    Three answers in ten are right, and no mistake is as frequent.

    >>> [round(float(iterate_plurality([0.3] + 7 * [0.1], 5, depth, 1.0, 0.0)[0]), 4) for depth in (1, 2, 10)]
    [0.434, 0.6651, 1.0]
    """
    if not depth >= 0 or depth != int(depth):
        raise ValueError(f"depth must be a whole number, 0 or more, got {depth}")
    answers = _distribution(probabilities)
    for _ in range(int(depth)):
        above = plurality_level(answers, fan_in, fidelity, correlation)
        if above.shape == answers.shape and np.array_equal(above, answers):
            break
        answers = above
    return answers


@elementwise(dominance=PROBABILITY)
def winning_threshold(dominance: Array) -> Array:
    """Success probability above which the right answer leads, ``h / (1 + h)``.

    Parameters
    ----------
    dominance
        Share h of the wrong answers that agree on the most popular one, in (0, 1]; 1/(K-1) if K answers are equally
        tempting.

    Returns
    -------
    array
        1/K without a favourite mistake, 1/2 where all mistakes are the same. Array API: NumPy and JAX.

    Notes
    -----
    Derived: p > h (1 - p). Above it, many votes and deep noiseless trees tend to the right answer, below it to the
    mistake.

    Examples
    --------
    >>> [round(winning_threshold(dominance), 4) for dominance in (0.25, 0.5, 1.0)]
    [0.2, 0.3333, 0.5]
    """
    return dominance / (1.0 + dominance)


def _distribution(probabilities: ArrayLike) -> Floats:
    rows = np.asarray(probabilities, dtype=float)
    if rows.ndim == 0 or rows.shape[-1] < 2:
        raise ValueError(f"probabilities must have shape [..., answers] with 2 answers or more, got {rows.shape}")
    if not np.all(rows >= 0.0) or not np.all(np.abs(rows.sum(axis=-1) - 1.0) <= 1e-9):
        raise ValueError("probabilities must be 0 or more and sum to 1 over the last axis")
    return np.asarray(rows / rows.sum(axis=-1, keepdims=True))


def _fidelity(fidelity: ArrayLike) -> Floats:
    kept = np.asarray(fidelity, dtype=float)
    if not np.all((kept > 0.0) & (kept <= 1.0)):
        raise ValueError(f"fidelity must be in (0, 1], got {kept}")
    return kept
