"""When to stop sampling, and what scores say about where to sample next.

Sources: "Let's Sample Step by Step: Adaptive-Consistency for Efficient Reasoning and Coding with LLMs", Aggarwal,
Madaan, Yang, Mausam, arXiv 2305.11860 (stopping rule); "Wider or Deeper? Scaling LLM Inference-Time Compute with
Adaptive Branching Tree Search", arXiv 2503.04412 (posteriors of AB-MCTS variant A).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from budgetsim.theory._arrays import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    WHOLE,
    Array,
    common_namespace,
    elementwise,
    special,
)


@elementwise(leader=WHOLE, runner_up=WHOLE)
def adaptive_stop_probability(leader: Array, runner_up: Array) -> Array:
    r"""Posterior chance that the leading answer is the likelier of the top two, :math:`1 - I_{1/2}(a+1, b+1)`.

    Parameters
    ----------
    leader, runner_up
        Votes of the two leading answers, whole numbers, 0 or more.

    Returns
    -------
    array
        Probability under a uniform prior. Looking again after every sample, a threshold of .95 is no guarantee of
        at most 5 percent errors.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2305.11860 (Beta criterion).

    Examples
    --------
    >>> adaptive_stop_probability(4, 0)
    0.96875
    """
    return special(common_namespace(leader)).betainc(runner_up + 1.0, leader + 1.0, 0.5)


def adaptive_min_majority(runner_up: int, threshold: float = 0.95) -> int:
    """Least votes of the leader at which sampling stops, given the votes of the runner-up.

    Parameters
    ----------
    runner_up
        Votes of the runner-up, a whole number, 0 or more.
    threshold
        Stop probability asked for, in (0, 1).

    Notes
    -----
    Derived from :func:`adaptive_stop_probability`. Plain numbers only.

    Examples
    --------
    >>> [adaptive_min_majority(votes) for votes in range(4)]
    [4, 6, 8, 9]
    """
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold must be in (0, 1), got {threshold}")
    low, high = runner_up - 1, max(1, runner_up)
    while adaptive_stop_probability(high, runner_up) < threshold:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if adaptive_stop_probability(middle, runner_up) >= threshold else (middle, high)
    return high


class NormalInverseChiSquared(NamedTuple):
    """A normal-inverse-chi-squared law of a mean and a variance."""

    mean: Array
    mean_count: Array
    degrees: Array
    variance: Array


@elementwise(
    scores=replace(FINITE, by_row=True), mean=FINITE, mean_count=POSITIVE, degrees=POSITIVE, variance=NON_NEGATIVE
)
def normal_inverse_chi2_posterior(
    scores: Array, *, mean: Array = 0.0, mean_count: Array = 1.0, degrees: Array = 1.0, variance: Array = 0.1
) -> NormalInverseChiSquared:
    r"""Posterior of the mean and the variance of normal scores.

    :math:`\kappa' = \kappa+n,\ \nu' = \nu+n,\ m' = (\kappa m + n\bar x)/\kappa',\
    \tau'^2 = [\nu\tau^2 + \sum(x-\bar x)^2 + n\kappa(m-\bar x)^2/\kappa']/\nu'`

    Parameters
    ----------
    scores
        Observed scores, shape [..., n]; n may be 0.
    mean, mean_count, degrees, variance
        Prior m, kappa, nu and tau squared; the defaults are those of the released code.

    Notes
    -----
    arXiv 2503.04412, variant A with Gaussian scores.

    Examples
    --------
    >>> posterior = normal_inverse_chi2_posterior([0.2, 0.8])
    >>> round(float(posterior.mean), 4), round(float(posterior.variance), 4)
    (0.3333, 0.1489)
    """
    xp = common_namespace(scores)
    count = scores.shape[-1]
    observed = xp.sum(scores, axis=-1) / max(count, 1)
    scatter = xp.sum((scores - observed[..., None]) ** 2, axis=-1)
    more, more_degrees = mean_count + count, degrees + count
    shift = count * mean_count * (mean - observed) ** 2 / more
    return NormalInverseChiSquared(
        (mean_count * mean + count * observed) / more,
        more,
        more_degrees,
        (degrees * variance + scatter + shift) / more_degrees,
    )


class BetaPosterior(NamedTuple):
    """Shapes of a Beta law of a mean score."""

    alpha: Array
    beta: Array


@elementwise(scores=replace(PROBABILITY, by_row=True), alpha=POSITIVE, beta=POSITIVE)
def beta_score_posterior(scores: Array, *, alpha: Array = 0.5, beta: Array = 0.5) -> BetaPosterior:
    r"""Posterior of a mean score in [0, 1], :math:`a = a_0 + \sum x,\ b = b_0 + \sum(1-x)`.

    Parameters
    ----------
    scores
        Observed scores in [0, 1], shape [..., n]; n may be 0.
    alpha, beta
        Prior shapes, above 0.

    Notes
    -----
    arXiv 2503.04412, variant A with Beta scores.

    Examples
    --------
    >>> [float(shape) for shape in beta_score_posterior([0.25, 0.75, 1.0])]
    [2.5, 1.5]
    """
    xp = common_namespace(scores)
    return BetaPosterior(alpha + xp.sum(scores, axis=-1), beta + xp.sum(1.0 - scores, axis=-1))
