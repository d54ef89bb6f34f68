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

NumPy or JAX, with votes and depth as plain numbers; :mod:`budgetsim.theory.plurality` does the counting. Derived.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from budgetsim.theory._arrays import PROBABILITY, Array, common_namespace, elementwise, is_jax, known, repeat
from budgetsim.theory.plurality import plurality_accuracy


def symmetric_channel(probabilities: Array, fidelity: Array) -> Array:
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
    xp = common_namespace(probabilities, fidelity)
    rows, kept = _distribution(xp, probabilities), _inside(xp, "fidelity", fidelity)[..., None]
    return kept * rows + (1.0 - kept) / rows.shape[-1]


@known("votes")
def winner_probabilities(probabilities: Array, votes: int) -> Array:
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
    xp = common_namespace(probabilities)
    rows = _distribution(xp, probabilities)
    answers = rows.shape[-1]
    if not 1 <= votes < np.inf or votes != int(votes):
        raise ValueError(f"votes must be a whole number, 1 or more, got {votes}")
    if votes <= 2:  # a draw between two is a draw from the votes
        return rows
    each_first = (np.arange(answers)[:, None] + np.arange(answers)) % answers
    won = plurality_accuracy(rows[..., each_first], int(votes))
    return won / xp.sum(won, axis=-1, keepdims=True)


@known("fan_in")
def plurality_level(probabilities: Array, fan_in: int, fidelity: Array, correlation: Array) -> Array:
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
    xp = common_namespace(probabilities, fidelity, correlation)
    shared = _inside(xp, "correlation", correlation)[..., None]
    received = symmetric_channel(xp.asarray(probabilities, dtype=float), fidelity)
    return shared * received + (1.0 - shared) * winner_probabilities(received, fan_in)


@known("fan_in", "depth")
def iterate_plurality(probabilities: Array, fan_in: int, depth: int, fidelity: Array, correlation: Array) -> Array:
    """Answers at the root of a plurality tree of ``depth`` levels; arguments as in :func:`plurality_level`.

    ``depth`` is a whole number, 0 or more; levels that change nothing any more are not computed.

    Examples
    --------
    Three answers in ten are right, and no mistake is as frequent.

    >>> [round(float(iterate_plurality([0.3] + 7 * [0.1], 5, depth, 1.0, 0.0)[0]), 4) for depth in (1, 2, 10)]
    [0.434, 0.6651, 1.0]
    """
    if not 0 <= depth < np.inf or depth != int(depth):
        raise ValueError(f"depth must be a whole number, 0 or more, got {depth}")
    xp = common_namespace(probabilities, fidelity, correlation)
    answers = _distribution(xp, probabilities)
    shape = np.broadcast_shapes(answers.shape[:-1], np.shape(fidelity), np.shape(correlation))
    answers = xp.broadcast_to(answers, (*shape, answers.shape[-1]))
    return repeat(
        xp, int(depth), lambda _, below: plurality_level(below, fan_in, fidelity, correlation), answers, settles=True
    )


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


def _distribution(xp: ModuleType, probabilities: Array) -> Array:
    rows = xp.asarray(probabilities, dtype=float)
    if rows.ndim == 0 or rows.shape[-1] < 2:
        raise ValueError(f"probabilities must have shape [..., answers] with 2 answers or more, got {rows.shape}")
    total = xp.sum(rows, axis=-1, keepdims=True)
    valid = xp.all(rows >= 0.0, axis=-1, keepdims=True) & (xp.abs(total - 1.0) <= 1e-9)
    if is_jax(xp):
        return xp.where(valid, rows / xp.where(valid, total, 1.0), np.nan)
    if not np.all(valid):
        worst = rows[~valid[..., 0]][0].tolist()
        raise ValueError(f"probabilities must be 0 or more and sum to 1 over the last axis, got {worst}")
    return rows / total


def _inside(xp: ModuleType, name: str, value: Array) -> Array:
    """A fidelity or a correlation inside its domain, NaN in JAX where it is not."""
    values = xp.asarray(value, dtype=float)
    valid = ((values > 0.0) if name == "fidelity" else (values >= 0.0)) & (values <= 1.0)
    if is_jax(xp):
        return xp.where(valid, values, np.nan)
    if not np.all(valid):
        raise ValueError(f"{name} must be in {'(0, 1]' if name == 'fidelity' else '[0, 1]'}, got {values}")
    return values
