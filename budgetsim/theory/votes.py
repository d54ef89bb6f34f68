"""Vote curves: accuracy of a majority against the number of votes, on one problem and on two kinds of problems.

Sources: "Are More LLM Calls All You Need? Towards Scaling Laws of Compound Inference Systems", Lingjiao Chen et
al., arXiv 2403.02419 (two-level model, fitted curve family); "When Can Voting Help, Hurt, or Change Course? Exact
Structure of Binary Test-Time Aggregation", Yi Liu, arXiv 2605.05592 (increments); the maximizer and the regimes
are derived. A published summary of arXiv 2403.02419 permutes the list of regimes; the one here is proved by the
sign of the increments.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal, NamedTuple

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    FAN_IN,
    FINITE,
    NON_NEGATIVE,
    PROBABILITY,
    WHOLE_POSITIVE,
    Array,
    common_namespace,
    elementwise,
    known,
    special,
)

GUARD = 1e-9  # for ceilings of floats


@elementwise(probability=PROBABILITY, votes=WHOLE_POSITIVE)
def majority_vote_accuracy(probability: Array, votes: Array) -> Array:
    r"""Accuracy of a majority of independent votes, :math:`I_p((K+1)/2, (K+1)/2)` for odd K.

    Parameters
    ----------
    probability
        Probability that one vote is right, in [0, 1].
    votes
        Number of votes, a whole number, 1 or more. Of an even number a tie counts one half, which makes the last
        vote worthless: 2j votes are as good as 2j - 1.

    Returns
    -------
    array
        Accuracy, in [0, 1], with full relative accuracy also where it is tiny.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2403.02419 (vote model).

    Examples
    --------
    >>> round(majority_vote_accuracy(0.63, 3), 6), round(majority_vote_accuracy(0.63, 4), 6)
    (0.690606, 0.690606)
    """
    xp = common_namespace(probability)
    shape = xp.floor((votes + 1.0) / 2.0)
    single = shape == 1.0
    # JAX's derivative of the incomplete beta is undefined at the ends of [0, 1] when its shapes are 1.
    voted = special(xp).betainc(xp.where(single, 2.0, shape), xp.where(single, 2.0, shape), probability)
    return xp.where(single, probability, voted)


@elementwise(probability=PROBABILITY, votes=FAN_IN)
def majority_increment(probability: Array, votes: Array) -> Array:
    r"""Accuracy gained by two more votes, :math:`P_{K+2} - P_K = (2p-1) \binom{K}{(K+1)/2} (p(1-p))^{(K+1)/2}`.

    Parameters
    ----------
    probability
        Probability that one vote is right, in [0, 1].
    votes
        Number of votes before, odd, 1 or more.

    Notes
    -----
    Derived; the increments of arXiv 2605.05592 for a fixed probability.

    Derivation: `budgetsim.symbolic.vote_curves.majority_increment`; page: ``papers/repeated-sampling.md``.

    Examples
    --------
    >>> round(majority_increment(0.63, 1), 6)
    0.060606
    """
    xp = common_namespace(probability)
    more = votes + 2.0
    central = _kernels.slope(xp, more) / more  # binom(2j, j) / 4^j with j = (K + 1) / 2
    return (probability - 0.5) * central * (4.0 * probability * (1.0 - probability)) ** ((votes + 1.0) / 2.0)


@elementwise(votes=WHOLE_POSITIVE, share=PROBABILITY, easy=PROBABILITY, hard=PROBABILITY)
def two_level_vote(votes: Array, share: Array, easy: Array, hard: Array) -> Array:
    r"""Vote curve over two kinds of problems, :math:`F(K) = \alpha P_K(p_1) + (1-\alpha) P_K(p_2)`.

    Parameters
    ----------
    votes
        Number of votes, a whole number, 1 or more (ties count one half).
    share
        Share alpha of the easy problems, in [0, 1].
    easy, hard
        Success probabilities p_1 and p_2 of one vote on the two kinds, in [0, 1].

    Notes
    -----
    arXiv 2403.02419 (two-level model).

    Examples
    --------
    >>> [round(two_level_vote(votes, 0.6, 0.85, 0.4), 4) for votes in (1, 5, 21)]
    [0.67, 0.711, 0.6697]
    """
    return share * majority_vote_accuracy(easy, votes) + (1.0 - share) * majority_vote_accuracy(hard, votes)


class VoteCount(NamedTuple):
    """Where the two-level curve peaks: as the real solution and as an odd number of votes."""

    real: float
    votes: int


@known()
def optimal_vote_count(share: float, easy: float, hard: float) -> VoteCount:
    r"""Best odd number of votes on two kinds of problems, :math:`K^\star = \max(1, 2 \lceil L \rceil - 1)`.

    Parameters
    ----------
    share
        Share of the easy problems, in (0, 1).
    easy, hard
        Success probabilities with easy > 1/2 > hard and easy + hard > 1, below 1: the curve falls or rises and
        falls, so that its peak is finite.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the last odd K at which the easy problems still gain more than the hard ones lose.

    Derivation: `budgetsim.symbolic.vote_turns.turning_point`; page: ``papers/repeated-sampling.md``.

    Examples
    --------
    >>> optimal_vote_count(0.6, 0.85, 0.4).votes
    5
    """
    _check_levels(share, easy, hard)
    if easy + hard <= 1.0:
        raise ValueError(f"easy + hard must be above 1 for a finite best number of votes, got {easy + hard:.17g}")
    gain = math.log(share * (2.0 * easy - 1.0) / ((1.0 - share) * (1.0 - 2.0 * hard)))
    real = gain / math.log(hard * (1.0 - hard) / (easy * (1.0 - easy)))
    return VoteCount(real, max(1, 2 * math.ceil(real - GUARD) - 1))


class VoteRegime(NamedTuple):
    """Shape of the two-level vote curve over odd numbers of votes, and the share of easy problems where it changes."""

    threshold: float
    regime: Literal["increasing", "decreasing", "up-down", "down-up", "constant"]


@known()
def vote_regime(share: float, easy: float, hard: float) -> VoteRegime:
    r"""Does the vote curve rise, fall, or turn?

    The threshold is :math:`1 - 1/t` with :math:`t = 1 + \frac{p_2(1-p_2)(1/2-p_2)}{p_1(1-p_1)(p_1-1/2)}`. With
    easy + hard above 1 the curve rises and then falls above the threshold and falls at or below it; with
    easy + hard below 1 it rises at or above it and falls and then rises below it.

    Parameters
    ----------
    share
        Share of the easy problems, in (0, 1).
    easy, hard
        Success probabilities, 1 > easy > 1/2 > hard > 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived from the signs of the increments.

    Derivation: `budgetsim.symbolic.vote_turns.turning_share`; page: ``papers/repeated-sampling.md``.

    Examples
    --------
    >>> vote_regime(0.402, 0.85, 0.4).regime, vote_regime(0.533, 0.6, 0.2).regime
    ('up-down', 'down-up')
    """
    _check_levels(share, easy, hard)
    ratio = hard * (1.0 - hard) * (0.5 - hard) / (easy * (1.0 - easy) * (easy - 0.5))
    threshold = ratio / (1.0 + ratio)
    if easy + hard > 1.0:
        return VoteRegime(threshold, "up-down" if share > threshold else "decreasing")
    if easy + hard < 1.0:
        return VoteRegime(threshold, "increasing" if share >= threshold else "down-up")
    # Every increment has the sign of the first.
    if share == threshold:
        return VoteRegime(threshold, "constant")
    return VoteRegime(threshold, "increasing" if share > threshold else "decreasing")


@elementwise(votes=NON_NEGATIVE, linear=FINITE, root=FINITE, constant=FINITE)
def hard_vote_curve(votes: Array, linear: Array, root: Array, constant: Array) -> Array:
    r"""Fitted accuracy on a problem where votes hurt, :math:`\exp(-a_1 K - a_2 \sqrt K - a_3)`.

    Parameters
    ----------
    votes
        Number of votes, 0 or more.
    linear, root, constant
        Coefficients a_1, a_2 and a_3.

    Notes
    -----
    arXiv 2403.02419 (family of the released fit).

    Examples
    --------
    >>> round(hard_vote_curve(4, 0.05, 0.2, 0.4), 6)
    0.367879
    """
    xp = common_namespace(votes)
    return xp.exp(-linear * votes - root * xp.sqrt(votes) - constant)


@elementwise(votes=NON_NEGATIVE, linear=FINITE, root=FINITE, constant=FINITE, ties=WHOLE_POSITIVE)
def easy_vote_curve(votes: Array, linear: Array, root: Array, constant: Array, ties: Array = 1.0) -> Array:
    r"""Fitted accuracy on a problem where votes help, :math:`(1 - \exp(-a_1 K - a_2 \sqrt K - a_3))/t`.

    Parameters
    ----------
    votes, linear, root, constant
        As in :func:`hard_vote_curve`.
    ties
        Answers t that are equally likely and the likeliest, the right one among them, 1 or more: the released code
        fits the curve to t times the accuracy.

    Notes
    -----
    arXiv 2403.02419 (family of the released fit).

    Examples
    --------
    >>> round(easy_vote_curve(4, 0.05, 0.2, 0.4), 6), round(easy_vote_curve(4, 0.05, 0.2, 0.4, ties=2), 6)
    (0.632121, 0.31606)
    """
    xp = common_namespace(votes)
    return -xp.expm1(-linear * votes - root * xp.sqrt(votes) - constant) / ties


@elementwise(probabilities=replace(PROBABILITY, by_row=True))
def vote_difficulty(probabilities: Array) -> Array:
    r"""How far the likeliest wrong answer leads, :math:`d_V = \max_{y \ne y^\star} P(y) - P(y^\star)`.

    Parameters
    ----------
    probabilities
        Probability of each answer in one vote, shape [..., answers]; entry 0 is the right answer.

    Returns
    -------
    array
        In [-1, 1], shape [...]: below 0 a plurality of many votes is right (easy), above 0 it is wrong (hard).

    Notes
    -----
    arXiv 2403.02419 (item difficulty).

    Examples
    --------
    >>> round(float(vote_difficulty([0.45, 0.35, 0.2])), 12)
    -0.1
    """
    xp = common_namespace(probabilities)
    if probabilities.ndim == 0 or probabilities.shape[-1] == 0:
        raise ValueError(f"probabilities must have shape [..., answers], one or more, got {probabilities.shape}")
    right = probabilities[..., :1]
    # A single answer has nothing to fear.
    wrong = xp.concat([xp.zeros_like(right), probabilities[..., 1:]], axis=-1)
    return xp.max(wrong, axis=-1) - right[..., 0]


def _check_levels(share: float, easy: float, hard: float) -> None:
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must be in (0, 1), got {share}")
    if not 0.5 < easy < 1.0:
        raise ValueError(f"easy must be in (1/2, 1), got {easy}")
    if not 0.0 < hard < 0.5:
        raise ValueError(f"hard must be in (0, 1/2), got {hard}")
