"""Plurality votes as plain array operations, for JAX: no work depends on the values.

The method is that of :mod:`budgetsim.theory.plurality`, without its short cuts: one pass over the votes of the right
answer, compiled as one loop, in which every wrong answer counts whether or not it can still tie.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from budgetsim.theory._arrays import Array, repeat, special

# Gauss-Legendre nodes at most: see ``MOST_LEVELS`` of the room's plurality module.
MOST_LEVELS = 16


def winning_share(
    xp: ModuleType, tables: Array, copies: NDArray[np.float64], others: Array, nodes: int, angles: NDArray[np.float64]
) -> Array:
    """P(right answer wins and the counts add up to the last of them) for independent counts.

    ``tables`` [..., answers, count] are the laws of the counts from 0 to the total, right answer first; ``copies``
    [..., answers] says how many answers follow each law, known numbers; ``others`` [..., angle] is the generating
    function of the votes for no answer at the angles of half the circle.
    """
    total = tables.shape[-1] - 1
    right, wrong, times = tables[..., 0, :], tables[..., 1:, :], copies[..., 1:]
    rivals = int(times.sum(axis=-1).max(initial=0.0))
    points, weights = np.polynomial.legendre.leggauss(min(rivals // 2 + 1, MOST_LEVELS))
    level, weight = xp.asarray((points + 1.0) / 2.0, dtype=float), xp.asarray(weights / 2.0, dtype=float)
    turns = xp.asarray(np.exp(1j * np.arange(total + 1)[:, None] * angles))

    def one_more(place: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        fewer, won = state
        m = place + 1
        fewer = fewer + wrong[..., m - 1, None] * turns[m - 1]
        factors = fewer[..., None] + (wrong[..., m, None] * turns[m])[..., None] * level
        lead = xp.sum(xp.prod(_power(xp, factors, times[..., None, None]), axis=-3) * weight, axis=-1)
        return fewer, won + right[..., m, None] * turns[m] * lead

    fewer = xp.zeros((*wrong.shape[:-1], angles.size), dtype=turns.dtype)
    won = xp.zeros((*right.shape[:-1], angles.size), dtype=turns.dtype)
    won = repeat(xp, total, one_more, (fewer, won))[1]
    ends = (angles == 0.0) | (2 * np.arange(angles.size) == nodes)
    readout = xp.asarray(np.exp(-1j * total * angles) * np.where(ends, 1.0, 2.0) / nodes)
    return xp.real(xp.sum(won * others * readout, axis=-1))


def poisson_tables(xp: ModuleType, means: Array, total: int) -> Array:
    """Poisson probabilities of 0 to ``total``, shape [..., count], with their derivatives also at mean 0."""
    counts = xp.asarray(np.arange(total + 1), dtype=float)
    small = means[..., None] < 1.0
    below, above = xp.where(small, means[..., None], 0.5), xp.where(small, 1.0, means[..., None])
    log_factorial = special(xp).gammaln(counts + 1.0)
    none = counts == 0.0
    power = xp.where(none, 1.0, below ** xp.where(none, 1.0, counts))  # 0 to the power 0 has no derivative in JAX
    near = xp.exp(-below - log_factorial) * power
    return xp.where(small, near, xp.exp(counts * xp.log(above) - above - log_factorial))


def log_binomial(xp: ModuleType, count: Array, trials: Array, share: Array) -> Array:
    """Logarithm of a binomial probability, minus infinity for an impossible count."""
    inside = (count >= 0.0) & (count <= trials)
    made = xp.where(inside, count, 0.0)
    missed = xp.where(inside, trials - made, 0.0)
    lift = special(xp)
    log_choices = lift.gammaln(made + missed + 1.0) - lift.gammaln(made + 1.0) - lift.gammaln(missed + 1.0)
    return xp.where(inside, log_choices + lift.xlogy(made, share) + lift.xlog1py(missed, -share), -xp.inf)


def _power(xp: ModuleType, values: Array, times: NDArray[np.float64]) -> Array:
    """Whole powers by squaring, which unlike a complex power have a derivative at 0."""
    whole = times.astype(np.int64)
    if np.all(whole == 1):
        return values
    result = xp.ones_like(values)
    for bit in range(int(whole.max(initial=1)).bit_length()):
        result = xp.where(xp.asarray((whole >> bit) % 2 == 1), result * values, result)
        values = values * values
    return result
