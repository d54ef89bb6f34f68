"""Coverage: the chance that at least one of k samples is right, on one problem and over a population.

Sources: "Large Language Monkeys: Scaling Inference Compute with Repeated Sampling", Brown et al., arXiv 2407.21787
(coverage, power law); "How Do Large Language Monkeys Get Their Power (Laws)?", Schaeffer et al., arXiv 2502.17578
(its origin); "Efficient Prediction of Pass@k Scaling in Large Language Models", Kazdan et al., arXiv 2510.05197
(dynamic sampling).
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    PROPER_PROBABILITY,
    WHOLE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    is_jax,
    repeat,
    require,
    special,
)
from budgetsim.theory._shares import as_column, as_row, held

ABOVE_ONE = Domain("finite, above 1", 1.0, float("inf"), open_low=True, open_high=True)
SHIFT = 16


@elementwise(samples=WHOLE_POSITIVE, correct=WHOLE, k=WHOLE)
def pass_at_k(samples: Array, correct: Array, k: Array) -> Array:
    r"""Unbiased estimate of coverage, :math:`1 - \binom{n-c}{k} / \binom{n}{k}`.

    Parameters
    ----------
    samples
        Samples n drawn on the problem, 1 or more.
    correct
        How many of them were right, 0 to n.
    k
        Number of samples whose coverage is wanted, 0 to n.

    Returns
    -------
    array
        Estimate, in [0, 1]; 1 where fewer than k samples are wrong. Nothing overflows or cancels for any n.

    Raises
    ------
    ValueError
        If an argument is not a whole number, or correct or k exceeds samples (NaN in JAX).

    Notes
    -----
    arXiv 2407.21787. The plug-in :math:`1 - (1 - c/n)^k` is biased low.

    Examples
    --------
    >>> round(pass_at_k(10, 3, 5), 12)
    0.916666666667
    """
    xp = common_namespace(samples)
    wrong_left = samples - correct - k
    enough = wrong_left >= 0.0
    interaction = _gamma_interaction(xp, xp.where(enough, wrong_left, 0.0) + 1.0, correct, k)
    estimate = xp.where(enough, -xp.expm1(-interaction), 1.0)
    estimate = xp.where((correct == 0.0) | (k == 0.0), 0.0, estimate)  # not what is left of logarithms that cancel
    valid = (correct <= samples) & (k <= samples)
    message = "correct and k must be at most samples"
    return require(xp, valid, message, estimate, correct=correct, k=k, samples=samples)


@elementwise(alpha=POSITIVE, beta=POSITIVE, k=NON_NEGATIVE)
def beta_pass_at_k(alpha: Array, beta: Array, k: Array) -> Array:
    r"""Coverage over problems whose success probability is Beta distributed, :math:`1 - E(1-p)^k`.

    Parameters
    ----------
    alpha, beta
        Shapes of the Beta distribution, above 0.
    k
        Number of samples, 0 or more (any real number).

    Returns
    -------
    array
        :math:`1 - B(\alpha, \beta + k) / B(\alpha, \beta)`, in [0, 1], also where it is tiny.

    Notes
    -----
    Derived; the model of arXiv 2502.17578.

    Examples
    --------
    >>> round(beta_pass_at_k(1.0, 1.0, 10), 6)
    0.909091
    """
    xp = common_namespace(alpha)
    return -xp.expm1(-_gamma_interaction(xp, beta, alpha, k))


@elementwise(alpha=POSITIVE, beta=POSITIVE, k=POSITIVE)
def beta_failure_asymptote(alpha: Array, beta: Array, k: Array) -> Array:
    r"""Power law that the failure rate tends to, :math:`\Gamma(\alpha+\beta) / \Gamma(\beta) \; k^{-\alpha}`.

    Arguments as in :func:`beta_pass_at_k`, k above 0. At finite k the slope is steeper than :math:`-\alpha`.

    Notes
    -----
    arXiv 2502.17578 (theorems 3.1 and 3.2) for the Beta distribution; derived.

    Examples
    --------
    >>> round(beta_failure_asymptote(0.3, 2.0, 100), 6)
    0.293065
    """
    xp = common_namespace(alpha)
    log_gamma = special(xp).gammaln
    return xp.exp(log_gamma(alpha + beta) - log_gamma(beta) - alpha * xp.log(k))


class PowerLaw(NamedTuple):
    """Coverage law exp(scale * k ** exponent)."""

    scale: Array
    exponent: Array


@elementwise(first=PROPER_PROBABILITY, k=ABOVE_ONE, coverage=PROPER_PROBABILITY)
def coverage_power_fit(first: Array, k: Array, coverage: Array) -> PowerLaw:
    r"""The law :math:`\exp(a k^b)` through the coverages at 1 and at k samples.

    Parameters
    ----------
    first
        Coverage of one sample, in (0, 1).
    k
        The other number of samples, above 1.
    coverage
        Its coverage, in (0, 1).

    Notes
    -----
    Law: arXiv 2407.21787; two-point fit derived.

    Examples
    --------
    >>> fit = coverage_power_fit(0.159, 250, 0.56)
    >>> round(fit.scale, 3), round(fit.exponent, 3)
    (-1.839, -0.209)
    """
    xp = common_namespace(first)
    scale = xp.log(first)
    return PowerLaw(scale, xp.log(xp.log(coverage) / scale) / xp.log(k))


class BetaShapes(NamedTuple):
    """Shapes of a Beta distribution."""

    alpha: Array
    beta: Array


@elementwise(first=PROPER_PROBABILITY, k=ABOVE_ONE, coverage=PROPER_PROBABILITY)
def beta_two_point_fit(first: Array, k: Array, coverage: Array) -> BetaShapes:
    r"""The Beta distribution of success probabilities with a given mean and a given coverage at k.

    Parameters
    ----------
    first
        Coverage of one sample, the mean, in (0, 1).
    k
        The other number of samples, above 1.
    coverage
        Its coverage: above ``first`` (problems that always or never succeed) and below
        :math:`1 - (1 - first)^k` (problems that are all alike).

    Raises
    ------
    ValueError
        If no Beta distribution has both (NaN in JAX).

    Notes
    -----
    Derived. Coverage grows with the concentration alpha + beta, which is found by bisection of its logarithm.

    Examples
    --------
    >>> shapes = beta_two_point_fit(0.159, 250, 0.56)
    >>> round(shapes.alpha, 4), round(shapes.beta, 4)
    (0.122, 0.6454)
    """
    xp = common_namespace(first)
    first, k, coverage = xp.broadcast_arrays(first, k, coverage)

    def halve(_: Array, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = 0.5 * (low + high)
        size = xp.exp(middle)
        short = -xp.expm1(-_gamma_interaction(xp, size * (1.0 - first), size * first, k)) < coverage
        return xp.where(short, middle, low), xp.where(short, high, middle)

    low, high = repeat(xp, 60, halve, (xp.full_like(first, -50.0), xp.full_like(first, 50.0)))
    size = xp.exp(_with_derivative(xp, 0.5 * (low + high), first, k, coverage))
    possible = (coverage > first) & (coverage < -xp.expm1(k * xp.log1p(-first)))
    message = "coverage must lie between first and 1 - (1 - first) ** k"
    given = {"coverage": coverage, "first": first, "k": k}
    return BetaShapes(
        require(xp, possible, message, size * first, **given),
        require(xp, possible, message, size * (1.0 - first), **given),
    )


def _with_derivative(xp: ModuleType, log_size: Array, first: Array, k: Array, coverage: Array) -> Array:
    """The log-concentration as found, which has no derivative, with that of the implicit function."""
    log_size = held(xp, log_size)
    if not is_jax(xp):
        return log_size
    size, digamma = xp.exp(log_size), special(xp).digamma
    alpha, beta = size * first, size * (1.0 - first)
    log_failure = -_gamma_interaction(xp, beta, alpha, k)
    rate = (1.0 - first) * (digamma(beta + k) - digamma(beta)) + digamma(size) - digamma(size + k)
    slope = held(xp, -xp.exp(log_failure) * size * rate)
    residual = -xp.expm1(log_failure) - coverage
    return log_size - (residual - held(xp, residual)) / xp.where(slope == 0.0, 1.0, slope)


@elementwise(probabilities=replace(PROBABILITY, keeps_row=True), k=WHOLE_POSITIVE)
def _sampling_shares(probabilities: Array, k: Array) -> Array:
    xp = common_namespace(probabilities)
    open_ = (probabilities > 0.0) & (probabilities < 1.0)
    inner = xp.where(open_, probabilities, 0.5)
    log_share = 0.5 * (xp.log(inner) + (2.0 * k - 1.0) * xp.log1p(-inner))
    log_share = xp.where(open_, log_share, -xp.inf)
    largest = xp.max(log_share, axis=-1, keepdims=True)
    certain = largest == -xp.inf
    share = xp.where(certain, 1.0, xp.exp(log_share - xp.where(certain, 0.0, largest)))
    return share / xp.sum(share, axis=-1, keepdims=True)


def dynamic_sampling_shares(probabilities: Array, k: Array) -> Array:
    r"""Shares of a sampling budget that estimate coverage best, proportional to :math:`\sqrt{p_i (1-p_i)^{2k-1}}`.

    Parameters
    ----------
    probabilities
        Success probabilities of the problems, shape [..., problems], in [0, 1].
    k
        Number of samples whose coverage is estimated, 1 or more; broadcasts against the leading axes.

    Returns
    -------
    array
        Shares, shape [..., problems], adding up to 1; equal ones if every problem is certain.

    Notes
    -----
    arXiv 2510.05197 (variance-optimal sampling).

    Examples
    --------
    >>> import numpy as np
    >>> np.round(dynamic_sampling_shares(np.array([0.5, 0.2, 0.05]), 10), 4)
    array([0.0051, 0.2796, 0.7153])
    """
    return _sampling_shares(as_row(probabilities), as_column(k))


def _gamma_interaction(xp: ModuleType, base: Array, first: Array, second: Array) -> Array:
    """``ln G(m + p + q) - ln G(m + p) - ln G(m + q) + ln G(m)`` for the gamma function G, without cancellation.

    Sixteen factors of the gamma functions are split off, each difference as one log1p; what remains is Stirling's
    series, whose leading terms are differenced by hand.
    """
    product = first * second
    split = 0.0 * (base + product)
    for i in range(SHIFT):
        split = split + xp.log1p(product / ((base + i) * (base + first + second + i)))
    low = base + SHIFT
    both = low + first + second
    joint = xp.log1p(-product / ((low + first) * (low + second)))
    without_first = _log_part(xp, low + second, first)
    without_second = _log_part(xp, low + first, second)
    leading = (low - 0.5) * joint - second * without_first - first * without_second
    tail = _stirling_tail(both) - _stirling_tail(low + first) - _stirling_tail(low + second) + _stirling_tail(low)
    return split + leading + tail


def _log_part(xp: ModuleType, kept: Array, rest: Array) -> Array:
    """``ln(kept / (kept + rest))``, accurate whichever is the larger."""
    return xp.where(rest < kept, xp.log1p(-rest / (kept + rest)), xp.log(kept / (kept + rest)))


def _stirling_tail(x: Array) -> Array:
    inverse_square = 1.0 / (x * x)
    series = 1 / 1260 - inverse_square * (1 / 1680 - inverse_square / 1188)
    return (1 / 12 - inverse_square * (1 / 360 - inverse_square * series)) / x
