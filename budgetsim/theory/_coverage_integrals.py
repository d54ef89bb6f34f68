"""Means of ``(1 - p)^k`` over populations of problems, unchecked: one quadrature for every law of ``p``.

Write ``p = low + (high - low) x`` with ``x`` in (0, 1). In the log-odds ``z`` of ``x`` everything that can happen is
smooth on a scale of one: powers of ``x`` and of ``1 - x`` at the ends and the cut-off of ``(1 - p)^k`` at ``p = 1/k``.
What is narrower (a population that is concentrated) lies where the nodes are put closest; what is wider (a power of
``x`` near 0) is reached because their distances grow exponentially, as those of ``sinh`` do. The trapezoidal rule in
such a variable converges like ``exp(-constant / step)``.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import Array, special
from budgetsim.theory._shares import held

STEP = 0.025
_steps = STEP * np.arange(-480, 481)
# Up to four widths from the centre the nodes are about evenly spaced, a tenth of a width apart.
POSITIONS = 4.0 * np.sinh(_steps)
WEIGHTS = 4.0 * STEP * np.cosh(_steps)
# Numbers below this count as none.
LEAST_FAILURE = 1e-300


class Nodes(NamedTuple):
    """Nodes in the last axis: logarithms of x and of 1 - x, log-odds of x, and weights in the log-odds."""

    log_x: Array
    log_rest: Array
    log_odds: Array
    weights: Array


class Means(NamedTuple):
    """Mean of 1 - (1 - p)^k and of (1 - p)^k, each with its own digits."""

    coverage: Array
    failure: Array


def nodes(xp: ModuleType, centre: Array, width: Array) -> Nodes:
    """Nodes around a log-odds ``centre``, closest there (``width``); constants for derivatives."""
    centre, width = (held(xp, part)[..., None] for part in xp.broadcast_arrays(centre, width))
    log_odds = centre + width * xp.asarray(POSITIONS, dtype=float)
    zero = xp.zeros_like(log_odds)
    return Nodes(
        -xp.logaddexp(zero, -log_odds),
        -xp.logaddexp(zero, log_odds),
        log_odds,
        width * xp.asarray(WEIGHTS, dtype=float),
    )


def means(xp: ModuleType, at: Nodes, log_density: Array, low: Array, high: Array, k: Array) -> Means:
    """Both means; ``log_density`` is that of the log-odds at the nodes, the other arguments have no node axis."""
    low, high, k = (part[..., None] for part in (low, high, k))
    x, rest = xp.exp(at.log_x), xp.exp(at.log_rest)
    # ln(1 - p) without cancellation at either end, and where 1 - p = 1 - x is no number any more; branches not taken
    # must stay finite for derivatives.
    small = low + (high - low) * x
    large = (1.0 - high) + (high - low) * rest
    known = large > LEAST_FAILURE
    log_large = xp.where(known, xp.log(xp.where(known, large, 1.0)), xp.log(high - low) + at.log_rest)
    log_failure = xp.where(small < 0.5, xp.log1p(-xp.where(small < 0.5, small, 0.0)), log_large)
    mass = xp.exp(log_density) * at.weights
    failure = xp.sum(mass * xp.exp(k * log_failure), axis=-1)
    coverage = xp.sum(mass * -xp.expm1(k * log_failure), axis=-1)
    return Means(xp.where(coverage < 0.5, coverage, 1.0 - failure), xp.where(coverage < 0.5, 1.0 - coverage, failure))


def scaled_beta_means(xp: ModuleType, alpha: Array, beta: Array, largest: Array, k: Array) -> Means:
    """``p`` is ``largest`` times a Beta(alpha, beta) variable."""
    alpha, beta, largest, k = xp.broadcast_arrays(alpha, beta, largest, k)
    reach = beta + k * largest
    width = xp.sqrt(1.0 / alpha + 1.0 / reach)
    centre = xp.log(xp.where(alpha > 1.0, alpha, 1.0)) - xp.log(reach)
    at = nodes(xp, centre, xp.where(width > 1.0, 1.0, width))
    log_density = alpha[..., None] * at.log_x + beta[..., None] * at.log_rest
    norm = special(xp).betaln(alpha, beta)
    return means(xp, at, log_density - norm[..., None], 0.0 * largest, largest, k)


def kumaraswamy_means(xp: ModuleType, alpha: Array, beta: Array, largest: Array, k: Array) -> Means:
    """``p`` is ``largest`` times a variable x whose power ``x^alpha`` is Beta(1, beta)."""
    alpha, beta, largest, k = xp.broadcast_arrays(alpha, beta, largest, k)
    log_median = xp.log(-xp.expm1(-math.log(2.0) / beta)) / alpha
    bulk = log_median - xp.log(-xp.expm1(log_median))
    # A population that spreads over many scales (alpha below 1) needs no nodes of its own, the cut-off does.
    scaled = k * largest
    cut_off = xp.log(alpha) - xp.log(xp.where(scaled > LEAST_FAILURE, scaled, LEAST_FAILURE))
    early = cut_off < bulk
    narrow = xp.where(early, 1.0 / xp.sqrt(alpha), -1.0 / (alpha * xp.expm1(log_median)))
    concentrated = alpha > 1.0
    centre = xp.where(concentrated, xp.where(early, cut_off, bulk), -xp.log1p(scaled))
    at = nodes(xp, centre, xp.where(concentrated & (narrow < 1.0), narrow, 1.0))
    alpha_, beta_ = alpha[..., None], beta[..., None]
    # ln(1 - x^alpha), also where x is 1 to rounding: 1 - e^-y = y (1 - y/2 + y^2/6 - ...) with y = -alpha ln x.
    far = at.log_odds > 30.0
    log_y = xp.log(alpha_) + xp.where(far, -at.log_odds, xp.log(xp.where(far, 1.0, -at.log_x)))
    y = -alpha_ * at.log_x
    short = y < 1e-3
    series = log_y - y / 2.0 + y**2 / 24.0
    log_survival = xp.where(short, series, xp.log(-xp.expm1(-xp.where(short, 1.0, y))))
    # The density of x times dx/dz = x (1 - x).
    log_density = xp.log(alpha_ * beta_) - y + (beta_ - 1.0) * log_survival + at.log_rest
    return means(xp, at, log_density, 0.0 * largest, largest, k)


def truncated_exponential_means(xp: ModuleType, rate: Array, k: Array) -> Means:
    """``p`` has density proportional to ``exp(-rate p)`` on (0, 1)."""
    rate, k = xp.broadcast_arrays(rate, k)
    at = nodes(xp, -xp.log(1.0 + k + xp.abs(rate)), xp.ones_like(k))
    norm = log_truncated_exponential_norm(xp, rate)
    log_density = norm[..., None] - rate[..., None] * xp.exp(at.log_x) + at.log_x + at.log_rest
    return means(xp, at, log_density, 0.0 * k, 1.0 + 0.0 * k, k)


def log_truncated_exponential_norm(xp: ModuleType, rate: Array) -> Array:
    """``ln(r / (1 - e^-r))``, the logarithm of that density at 0."""
    flat = xp.abs(rate) < 1e-3
    full = xp.where(flat, 1.0, rate)
    size = xp.abs(full)
    exact = xp.log(size) - xp.log(-xp.expm1(-size)) + xp.where(full < 0.0, full, 0.0)
    return xp.where(flat, rate / 2.0 - rate**2 / 24.0, exact)


def reciprocal_means(xp: ModuleType, smallest: Array, largest: Array, k: Array) -> Means:
    """``ln p`` is uniform between two bounds."""
    smallest, largest, k = xp.broadcast_arrays(smallest, largest, k)
    span = largest - smallest
    at = nodes(xp, xp.log(smallest) - xp.log(span * (1.0 + k * smallest)), xp.ones_like(k))
    p = smallest[..., None] + span[..., None] * xp.exp(at.log_x)
    norm = xp.log(span / (xp.log(largest) - xp.log(smallest)))
    log_density = norm[..., None] - xp.log(p) + at.log_x + at.log_rest
    return means(xp, at, log_density, smallest, largest, k)
