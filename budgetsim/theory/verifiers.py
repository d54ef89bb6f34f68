"""Resampling and selection with imperfect verifiers.

Sources: "Inference Scaling fLaws: The Limits of LLM Resampling with Imperfect Verifiers", Stroebl, Kapoor,
Narayanan, arXiv 2411.17501 (false positives cap resampling); "Scaling Flaws of Verifier-Guided Search in
Mathematical Reasoning", Yu, Li, Wang, arXiv 2502.00271 (search loses to sampling for many samples). The closed
forms are derived.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import (
    DEPTH,
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    WHOLE_POSITIVE,
    Array,
    common_namespace,
    elementwise,
    is_jax,
    repeat,
    special,
)


class Resampling(NamedTuple):
    """Chance that the accepted answer is right, under the cap and without one."""

    accuracy: Array
    ceiling: Array


@elementwise(
    probability=PROBABILITY, true_positive_rate=PROBABILITY, false_positive_rate=PROBABILITY, cap=WHOLE_POSITIVE
)
def resample_until_accept(
    probability: Array, true_positive_rate: Array, false_positive_rate: Array, cap: Array
) -> Resampling:
    r"""Sample until the verifier accepts, at most ``cap`` times; no acceptance is no answer, hence wrong.

    :math:`\frac{p\,TPR}{A}(1-(1-A)^K)` with :math:`A = p\,TPR + (1-p)FPR`, ceiling :math:`p\,TPR/A`.

    Parameters
    ----------
    probability
        Chance that one sample is right, in [0, 1].
    true_positive_rate, false_positive_rate
        Chances that the verifier accepts a right and a wrong sample, in [0, 1].
    cap
        Largest number of samples, 1 or more.

    Returns
    -------
    Resampling
        Both 0 if nothing is ever accepted.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> result = resample_until_accept(0.3, 1.0, 0.1, 8)
    >>> round(result.accuracy, 4), round(result.ceiling, 4)
    (0.7907, 0.8108)
    """
    xp = common_namespace(probability)
    right = probability * true_positive_rate
    accepted = right + (1.0 - probability) * false_positive_rate
    partial = (accepted > 0.0) & (accepted < 1.0)
    tried = -xp.expm1(cap * xp.log1p(-xp.where(partial, accepted, 0.5)))
    ceiling = xp.where(accepted > 0.0, right / xp.where(accepted > 0.0, accepted, 1.0), 0.0)
    return Resampling(ceiling * xp.where(partial, tried, 1.0), ceiling)


@elementwise(cap=DEPTH, penalty=NON_NEGATIVE, alpha=POSITIVE, beta=POSITIVE, false_positive_rate=PROBABILITY)
def resample_utility(cap: Array, penalty: Array, alpha: Array, beta: Array, false_positive_rate: Array) -> Array:
    r"""Mean of P(accepted right) - penalty * P(accepted wrong) over Beta problems.

    The verifier accepts every right answer.
    :math:`U(K) = \sum_{j<K}(1-FPR)^j [B(a+1,b+j) - \lambda\,FPR\,B(a,b+j+1)]/B(a,b)`.

    Parameters
    ----------
    cap
        Largest number of samples per problem, a whole number, 0 or more; in JAX a Python integer unless no
        reverse derivative is wanted.
    penalty
        Price lambda of an accepted wrong answer, in units of a right one, 0 or more.
    alpha, beta
        Shapes of the Beta distribution of the success probability, above 0.
    false_positive_rate
        Chance that a wrong sample is accepted, in [0, 1].

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(resample_utility(7, 1.0, 0.4, 1.2, 0.05), 4)
    0.3674
    """
    xp = common_namespace(penalty, cap)
    traced = is_jax(common_namespace(cap))
    caps = xp.where((cap >= 0) & (cap < math.inf), cap, 0).astype(int) if traced else np.asarray(cap)
    shape = np.broadcast_shapes(*(np.shape(part) for part in (caps, penalty, alpha, beta, false_positive_rate)))

    def add(j: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        utility, reached = state  # reached: chance that j samples were all wrong and all rejected
        gain = (alpha - penalty * false_positive_rate * (beta + j)) / (alpha + beta + j)
        rejected = (1.0 - false_positive_rate) * (beta + j) / (alpha + beta + j)
        return utility + xp.where(j < caps, reached * gain, 0.0), reached * rejected

    count = caps.max() if caps.size else 0
    start = xp.zeros(shape, dtype=float)
    utility, _ = repeat(xp, count, add, (start, start + 1.0))
    return utility


def best_resample_cap(penalty: float, alpha: float, beta: float, false_positive_rate: float, largest_cap: int) -> int:
    r"""Cap in 1..largest_cap with the largest :func:`resample_utility`; of equally good ones the smallest.

    The j-th further sample pays iff :math:`a > \lambda\,FPR\,(b + j)`, so that the utility has one peak. Plain
    numbers only; arguments as in :func:`resample_utility`. Derived.

    Examples
    --------
    >>> best_resample_cap(1.0, 0.4, 1.2, 0.05, 100)
    7
    """
    resample_utility(largest_cap, penalty, alpha, beta, false_positive_rate)  # checks the arguments
    if largest_cap < 1:
        raise ValueError(f"largest_cap must be 1 or more, got {largest_cap}")
    if false_positive_rate == 1.0:
        return 1
    price = penalty * false_positive_rate
    if price == 0.0:
        return int(largest_cap)
    paying = alpha / price - beta
    return int(min(largest_cap, max(1, math.ceil(min(paying, largest_cap) - 1e-9))))


@elementwise(
    samples=WHOLE_POSITIVE, probability=PROBABILITY, advantage=FINITE, spread_right=POSITIVE, spread_wrong=POSITIVE
)
def best_of_n_accuracy(
    samples: Array, probability: Array, advantage: Array, spread_right: Array, spread_wrong: Array
) -> Array:
    r"""Chance that the best-scored of N samples is right, with normally distributed scores.

    :math:`P = N p \int f_c (p F_c + (1-p) F_w)^{N-1}`

    Parameters
    ----------
    samples
        Number of samples N, 1 or more.
    probability
        Chance that one sample is right, in [0, 1].
    advantage
        Mean score of right samples; wrong ones have mean 0.
    spread_right, spread_wrong
        Standard deviations of the scores, above 0. If wrong scores spread wider, accuracy peaks and then falls.

    Returns
    -------
    array
        Accuracy, in [0, 1]; absolute error below 1e-10 (panels of Gauss-Legendre nodes on both scales).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> [round(best_of_n_accuracy(n, 0.3, 1.0, 0.8, 1.2), 3) for n in (1, 8, 4096)]
    [0.3, 0.503, 0.094]
    """
    xp = common_namespace(samples)
    normal = special(xp).ndtr
    samples, probability, advantage, spread_right, spread_wrong = (
        part[..., None] for part in xp.broadcast_arrays(samples, probability, advantage, spread_right, spread_wrong)
    )
    steps = xp.asarray(np.linspace(-9.5, 9.5, 39), dtype=float)
    right_edges = advantage + spread_right * steps
    # Panels end where the law of the right scores does; those of the wrong scores in between mark its steps.
    inner = xp.clip(spread_wrong * steps, right_edges[..., :1], right_edges[..., -1:])
    edges = xp.sort(xp.concat([right_edges, inner], axis=-1), axis=-1)
    nodes, weights = (xp.asarray(part, dtype=float) for part in np.polynomial.legendre.leggauss(12))
    half = 0.5 * (edges[..., 1:] - edges[..., :-1])
    score = (edges[..., :-1] + half)[..., None] + half[..., None] * nodes
    standard = (score - advantage[..., None]) / spread_right[..., None]
    density = xp.exp(-0.5 * standard**2) / (math.sqrt(2.0 * math.pi) * spread_right[..., None])
    share = probability[..., None]
    beaten = share * normal(-standard) + (1.0 - share) * normal(-score / spread_wrong[..., None])
    log_best = xp.where(beaten < 1.0, xp.log1p(-xp.where(beaten < 1.0, beaten, 0.5)), -800.0)
    integrand = density * xp.exp((samples[..., None] - 1.0) * log_best) * weights
    return (samples * probability)[..., 0] * xp.sum(half * xp.sum(integrand, axis=-1), axis=-1)


class Crossing(NamedTuple):
    """First whole number of samples at which sampling beats search, and its real approximation."""

    first: int
    asymptotic: float


def search_vs_sampling_crossing(probability: float, search_probability: float, pruned: float) -> Crossing:
    r"""From how many samples on does plain sampling beat verifier-guided search?

    Search :math:`(1-\phi)(1-(1-q)^N)` loses every right path with probability phi; sampling is
    :math:`1-(1-p)^N`. The approximation is :math:`\ln\phi/\ln(1-p)`.

    Parameters
    ----------
    probability
        Chance p that one plain sample is right, in (0, 1).
    search_probability
        Chance q that one searched path is right, in (0, 1).
    pruned
        Chance phi that the search has cut off every right path, in (0, 1).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the lead of the search rises and falls once.

    Examples
    --------
    >>> search_vs_sampling_crossing(0.02, 0.1, 0.15).first
    94
    """
    for name, value in (("probability", probability), ("search_probability", search_probability), ("pruned", pruned)):
        if not 0.0 < value < 1.0:
            raise ValueError(f"{name} must be in (0, 1), got {value}")
    asymptotic = math.log(pruned) / math.log1p(-probability)

    def sampling_wins(samples: int) -> bool:
        searched = -(1.0 - pruned) * math.expm1(samples * math.log1p(-search_probability))
        return searched < -math.expm1(samples * math.log1p(-probability))

    low, high = 0, math.floor(asymptotic) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if sampling_wins(middle) else (middle, high)
    return Crossing(high, asymptotic)
