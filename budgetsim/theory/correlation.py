"""Correlated votes: how to measure their correlation and what another model of it would say.

The pairwise correlation of the received signed votes equals the sharing probability of
:mod:`budgetsim.theory.phase`. Votes with the same pairwise correlation may still differ in everything else: the
exchangeable beta-binomial law below is the robustness check, and its majority slope saturates in the fan-in where
the shared-vote slope does not.

Derived throughout, from the model of "Phase Transition for Budgeted Multi-Agent Synergy", arXiv 2601.17311.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from scipy.special import gammaln

from budgetsim.theory._arrays import (
    BIAS,
    CORRELATION,
    CORRELATION_BELOW_ONE,
    NON_NEGATIVE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    known,
)

SEVERAL = Domain("a whole number, 2 or more", 2.0, open_high=True, step=1)
INNER_BIAS = Domain("in (-1, 1)", -1.0, 1.0, open_low=True, open_high=True)


@elementwise(mean_squared_sum=NON_NEGATIVE, mean_vote=INNER_BIAS, fan_in=SEVERAL)
def correlation_estimator(mean_squared_sum: Array, mean_vote: Array, fan_in: Array) -> Array:
    r"""Moment estimate of the correlation of votes in groups.

    :math:`\hat\rho = \frac{E[S^2] - b - b(b-1)\bar v^2}{b(b-1)(1-\bar v^2)}`

    Parameters
    ----------
    mean_squared_sum
        Mean over groups of the squared sum of signed votes (+1 right, -1 wrong), 0 or more.
    mean_vote
        Mean signed vote, in (-1, 1).
    fan_in
        Votes per group, a whole number, 2 or more.

    Returns
    -------
    array
        Estimate; sampling noise can take it below 0 or above 1. Pooled over problems it is the *total*
        correlation, difficulty included; within one problem it is the correlation given the problem.

    Examples
    --------
    >>> round(correlation_estimator(9.0, 0.1, 5), 6)
    0.191919
    """
    pairs = fan_in * (fan_in - 1.0)
    return (mean_squared_sum - fan_in - pairs * mean_vote**2) / (pairs * (1.0 - mean_vote**2))


@elementwise(agents=WHOLE_POSITIVE, correlation=CORRELATION)
def effective_sample_size(agents: Array, correlation: Array) -> Array:
    r"""Independent votes worth as much for the variance of a mean, :math:`N/(1 + (N-1)\rho)`, at most 1/correlation.

    Examples
    --------
    >>> round(effective_sample_size(16, 0.3), 4)
    2.9091
    """
    return agents / (1.0 + (agents - 1.0) * correlation)


@known("fan_in")
def beta_binomial_majority_bias(fan_in: int, bias: Array, correlation: Array) -> Array:
    r"""Bias of the majority of exchangeable beta-binomial votes.

    All votes are right with one probability q drawn from Beta(pM, (1-p)M), with M = 1/correlation - 1 and
    p = (1 + bias)/2.

    Parameters
    ----------
    fan_in
        Number of votes: odd, 1 or more; one plain number.
    bias
        Bias of one received vote, in [-1, 1].
    correlation
        Pairwise correlation, in [0, 1); at 0 the votes are independent.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX for bias and correlation).

    Examples
    --------
    >>> round(beta_binomial_majority_bias(5, 0.1, 0.2), 6)
    0.139072
    """
    return _beta_binomial_bias(bias, correlation, _odd(fan_in))


@known("fan_in")
def beta_binomial_majority_slope(fan_in: int, correlation: Array) -> Array:
    """Slope of :func:`beta_binomial_majority_bias` at bias 0; same arguments.

    Examples
    --------
    >>> round(beta_binomial_majority_slope(5, 0.2), 6)
    1.395238
    """
    return _beta_binomial_slope(correlation, _odd(fan_in))


@elementwise(bias=BIAS, correlation=CORRELATION_BELOW_ONE)
def _beta_binomial_bias(bias: Array, correlation: Array, fan_in: int) -> Array:
    xp = common_namespace(bias)
    certain = xp.abs(bias) == 1.0
    chance, mirrored, _ = _winning_counts(xp, xp.where(certain, 0.0, bias), correlation, fan_in)
    return xp.where(certain, bias, xp.sum(chance - mirrored, axis=-1))


@elementwise(correlation=CORRELATION_BELOW_ONE)
def _beta_binomial_slope(correlation: Array, fan_in: int) -> Array:
    xp = common_namespace(correlation)
    chance, _, log_slope = _winning_counts(xp, 0.0 * correlation, correlation, fan_in)
    return xp.sum(2.0 * chance * log_slope, axis=-1)


def _winning_counts(xp: ModuleType, bias: Array, correlation: Array, fan_in: int) -> tuple[Array, Array, Array]:
    """Chances of each winning number of right votes, of as many wrong ones, and the log-derivative of the former.

    The law of j right votes is binom(b, j) times rising products of p (1 - rho) + i rho for the right and of
    (1 - p)(1 - rho) + i rho for the wrong votes, over that of (1 - rho) + i rho.
    """
    bias, correlation = xp.broadcast_arrays(bias, correlation)
    steps = correlation[..., None] * xp.asarray(np.arange(fan_in), dtype=float)
    free = 1.0 - correlation[..., None]
    none = xp.zeros_like(free)

    def rising(terms: Array) -> Array:
        return xp.concat([none, xp.cumulative_sum(terms, axis=-1)], axis=-1)

    right = rising(xp.log(0.5 * (1.0 + bias[..., None]) * free + steps))
    wrong = rising(xp.log(0.5 * (1.0 - bias[..., None]) * free + steps))
    growth = rising(0.5 * free / (0.5 * (1.0 + bias[..., None]) * free + steps))
    votes = np.arange(fan_in // 2 + 1, fan_in + 1)
    choices = gammaln(fan_in + 1.0) - gammaln(votes + 1.0) - gammaln(fan_in - votes + 1.0)
    scale = xp.asarray(choices, dtype=float) - xp.sum(xp.log(free + steps), axis=-1)[..., None]
    won, lost = right[..., votes] + wrong[..., fan_in - votes], wrong[..., votes] + right[..., fan_in - votes]
    return xp.exp(scale + won), xp.exp(scale + lost), growth[..., votes] - growth[..., fan_in - votes]


def _odd(fan_in: int) -> int:
    if not 1 <= fan_in < np.inf or fan_in % 2 != 1:
        raise ValueError(f"fan_in must be an odd number, 1 or more, got {fan_in}")
    return int(fan_in)
