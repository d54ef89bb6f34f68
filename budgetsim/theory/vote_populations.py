r"""Vote curves over any distribution of problems: their increments, their turns, their limit, the best number of votes.

With ``Q`` the success probability of a random problem and ``V_K`` the accuracy of a majority of ``K`` votes,

.. math:: V_{2n+1} - V_{2n-1} = \binom{2n-1}{n}\, E\big[(Q(1-Q))^n (2Q-1)\big], \qquad
          V_\infty = P(Q > \tfrac12) + \tfrac12 P(Q = \tfrac12).

The increments are moments of a signed measure on ``x = q(1-q)`` with mass ``2q-1``: by Descartes' rule the curve turns
at most as often as that mass changes sign along ``x``, where ``q`` and ``1-q`` share one place. Problems of success
probability ``q`` and ``1-q`` cancel, so only what is left of the more frequent kind counts. A Beta distribution keeps
one sign throughout: its curve rises if alpha > beta, falls if alpha < beta, and never turns.

Sources: "When Can Voting Help, Hurt, or Change Course? Exact Structure of Binary Test-Time Aggregation", Yi Liu,
arXiv 2605.05592 (abstract: increments are signed moments); "Are More LLM Calls All You Need?", Lingjiao Chen et al.,
arXiv 2403.02419 (curves that turn). Formulas, Beta forms and stop rule are derived.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from budgetsim.theory._arrays import (
    FAN_IN,
    POSITIVE,
    Array,
    common_namespace,
    elementwise,
    known,
    repeat,
    special,
)
from budgetsim.theory._mixtures import ATOMS, WEIGHTS, weighted_mean
from budgetsim.theory.votes import majority_increment, majority_vote_accuracy


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS, votes=FAN_IN)
def population_vote_accuracy(probability_atoms: Array, weights: Array, votes: Array) -> Array:
    """Accuracy of a majority of independent votes over a distribution of problems.

    Parameters
    ----------
    probability_atoms
        Success probabilities of one vote, shape [..., atoms], in [0, 1].
    weights
        Share of the problems at each atom, shape [..., atoms] or [atoms]: 0 or more, divided by their sum.
    votes
        Odd number of votes, shape [...], 1 or more.

    Returns
    -------
    array
        Accuracy, shape [...], in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain or all weights are 0 (NaN in JAX).

    Notes
    -----
    Derived; for trees, noisy channels and shared votes see :func:`budgetsim.theory.heterogeneity.mixture_accuracy`.

    Examples
    --------
    >>> [round(float(population_vote_accuracy([0.85, 0.4], [0.6, 0.4], votes)), 4) for votes in (1, 5, 21)]
    [0.67, 0.711, 0.6697]
    """
    xp = common_namespace(probability_atoms)
    return weighted_mean(xp, majority_vote_accuracy(probability_atoms, votes[..., None]), weights)


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS, votes=FAN_IN)
def population_vote_increment(probability_atoms: Array, weights: Array, votes: Array) -> Array:
    r"""Accuracy gained by two more votes, :math:`\binom{2n-1}{n} E[(Q(1-Q))^n (2Q-1)]` with :math:`n = (K+1)/2`.

    ``votes`` is the number before, odd, 1 or more; arguments as in :func:`population_vote_accuracy`.
    Derived; the signed moments of arXiv 2605.05592.

    Examples
    --------
    >>> [round(float(population_vote_increment([0.85, 0.4], [0.6, 0.4], votes)), 4) for votes in (1, 5, 21)]
    [0.0343, -0.0024, -0.0043]
    """
    xp = common_namespace(probability_atoms)
    return weighted_mean(xp, majority_increment(probability_atoms, votes[..., None]), weights)


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS)
def population_vote_limit(probability_atoms: Array, weights: Array) -> Array:
    r"""Accuracy of infinitely many votes, :math:`P(Q > 1/2) + P(Q = 1/2) / 2`.

    Arguments as in :func:`population_vote_accuracy`. Derived.

    Examples
    --------
    >>> round(float(population_vote_limit([0.85, 0.5, 0.4], [0.6, 0.2, 0.2])), 12)
    0.7
    """
    xp = common_namespace(probability_atoms)
    return weighted_mean(xp, 0.5 + 0.5 * xp.sign(probability_atoms - 0.5), weights)


class BestVotes(NamedTuple):
    """Best odd number of votes, its accuracy, and the accuracy of one and of infinitely many."""

    votes: int
    accuracy: float
    single: float
    limit: float


@known()
def best_vote_count(
    probability_atoms: ArrayLike, weights: ArrayLike, *, most_votes: int = 1001, price: float = 0.0
) -> BestVotes:
    """Where to stop voting: the odd number of votes with the best accuracy minus price.

    Parameters
    ----------
    probability_atoms, weights
        The distribution of problems, both of shape [atoms]; see :func:`population_vote_accuracy`.
    most_votes
        Largest number tried, 1 or more.
    price
        Accuracy that one vote must be worth, 0 or more.

    Returns
    -------
    BestVotes
        Of equally good numbers the smallest. Every number is tried, for the curve may turn more than once.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the curve is summed up from its increments. Plain numbers and NumPy only.

    Examples
    --------
    >>> best = best_vote_count([0.85, 0.4], [0.6, 0.4])
    >>> best.votes, round(best.accuracy, 4), round(best.single, 4), round(best.limit, 4)
    (5, 0.711, 0.67, 0.6)
    """
    if not 1 <= most_votes < np.inf:
        raise ValueError(f"most_votes must be finite, 1 or more, got {most_votes}")
    if not 0.0 <= price < np.inf:
        raise ValueError(f"price must be finite, 0 or more, got {price}")
    probability, share = np.asarray(probability_atoms, dtype=float), np.asarray(weights, dtype=float)
    if probability.ndim != 1 or share.shape != probability.shape:
        raise ValueError(
            f"probability_atoms and weights must both have shape [atoms], got {probability.shape} and {share.shape}"
        )
    limit = float(population_vote_limit(probability, share))
    share = share / share.sum()
    single = accuracy = float(share @ probability)
    best, votes = (1, single), 1
    gains = share * majority_increment(probability, 1)
    for half in range(1, (int(most_votes) - 1) // 2 + 1):
        accuracy += float(gains.sum())
        votes += 2
        if accuracy - price * votes > best[1] - price * best[0]:
            best = (votes, accuracy)
        gains *= probability * (1.0 - probability) * (2.0 * (2.0 * half + 1.0) / (half + 1.0))
    return BestVotes(*best, single, limit)


@elementwise(alpha=POSITIVE, beta=POSITIVE, votes=FAN_IN)
def beta_vote_increment(alpha: Array, beta: Array, votes: Array) -> Array:
    r"""Accuracy gained by two more votes over Beta distributed problems.

    :math:`\binom{2n-1}{n} \frac{B(\alpha+n, \beta+n)}{B(\alpha, \beta)} \frac{\alpha-\beta}{\alpha+\beta+2n}` with
    :math:`n = (K+1)/2`: one sign for all numbers of votes.

    Parameters
    ----------
    alpha, beta
        Shapes of the distribution, above 0.
    votes
        Number of votes before, odd, 1 or more.

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.vote_curves.vote_increment`; page: ``papers/repeated-sampling.md``.

    Examples
    --------
    >>> round(beta_vote_increment(2.0, 1.0, 1), 12)
    0.033333333333
    """
    xp = common_namespace(alpha)
    half = (votes + 1.0) / 2.0
    lift = special(xp)
    log_choices = lift.gammaln(votes + 1.0) - lift.gammaln(half + 1.0) - lift.gammaln(half)
    log_moment = lift.betaln(alpha + half, beta + half) - lift.betaln(alpha, beta)
    return xp.exp(log_choices + log_moment) * (alpha - beta) / (alpha + beta + 2.0 * half)


@elementwise(alpha=POSITIVE, beta=POSITIVE)
def beta_vote_accuracy(alpha: Array, beta: Array, votes: int) -> Array:
    """Accuracy of a majority of independent votes over Beta distributed problems.

    Parameters
    ----------
    alpha, beta
        Shapes of the distribution, above 0.
    votes
        Odd number of votes, 1 or more: one plain number; the work grows with it.

    Notes
    -----
    Derived: the sum of the increments, all of one sign. For infinitely many votes it is the regularized incomplete
    beta function ``I_{1/2}(beta, alpha)``.

    Examples
    --------
    >>> [round(beta_vote_accuracy(2.0, 1.0, votes), 6) for votes in (1, 3, 101)]
    [0.666667, 0.7, 0.747573]
    """
    xp = common_namespace(alpha)
    if not 1 <= votes < np.inf or votes % 2 != 1:
        raise ValueError(f"votes must be an odd number, 1 or more, got {votes}")
    total = alpha + beta

    def add(i: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        accuracy, gain = state
        n = i + 1.0
        ratio = (
            2.0
            * (2.0 * n + 1.0)
            / (n + 1.0)
            * (alpha + n)
            * (beta + n)
            / ((total + 2.0 * n + 1.0) * (total + 2.0 * n + 2.0))
        )
        return accuracy + gain, gain * ratio

    first = alpha * beta / (total * (total + 1.0)) * (alpha - beta) / (total + 2.0)
    accuracy: Array = repeat(xp, (int(votes) - 1) // 2, add, (alpha / total, first))[0]
    return accuracy
