"""Tails of counts of successes, and whole numbers found by bisection: what the bounds on search share."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from budgetsim.theory._arrays import Array, is_jax, repeat, require, special, whole

# Every whole number below has a float of its own.
MOST_STEPS = 2.0**53


def binomial_below(xp: ModuleType, count: Array, trials: Array, probability: Array) -> Array:
    """``P(Bin(trials, probability) < count)`` for counts of 1 and more, with full relative accuracy."""
    possible = trials >= count
    others = xp.where(possible, trials - count, 0.0) + 1.0
    if is_jax(xp):  # JAX has no complement of the incomplete beta
        below = special(xp).betainc(others, count, 1.0 - probability)
    else:
        below = special(xp).betaincc(count, others, probability)
    return xp.where(possible, below, 1.0)


def poisson_binomial_below(xp: ModuleType, probabilities: Array, count: int) -> Array:
    """Probability of fewer than ``count`` successes (1 or more) in trials of unequal chances, shape [..., trials].

    The generating functions of the trials are multiplied in pairs, cut off at the count: all terms are positive.
    """
    law = xp.stack([1.0 - probabilities, probabilities], axis=-1)[..., :count]
    while law.shape[-2] > 1:
        if law.shape[-2] % 2:
            certain_zero = xp.zeros_like(law[..., :1, :]) + (xp.arange(law.shape[-1]) == 0)
            law = xp.concat([law, certain_zero], axis=-2)
        first, second = law[..., 0::2, :], law[..., 1::2, :]
        size = min(2 * law.shape[-1] - 1, count)
        law = sum(_shifted(xp, first[..., j, None] * second, j, size) for j in range(law.shape[-1]))
    return xp.sum(law[..., 0, :], axis=-1)


def least_whole(xp: ModuleType, low: Array, high: Array, holds: Callable[[Array], Array]) -> Array:
    """Least whole number at which a monotone condition holds, given that it fails at low and holds at high."""

    def halve(_: Array, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        fails, works = bracket
        middle = xp.floor(0.5 * (fails + works))
        good = holds(middle)
        return xp.where(good, fails, middle), xp.where(good, middle, works)

    low, high = xp.broadcast_arrays(low, high)
    rounds = 54 if is_jax(xp) else int(np.log2(np.max(high - low, initial=1.0))) + 1
    return repeat(xp, rounds, halve, (low, high))[1]


def rounded_up(xp: ModuleType, steps: Array) -> Array:
    """Smallest whole number of steps, still a float; what rounding lifted above a whole number by 1e-9 is spared."""
    up = xp.ceil(steps - 1e-9)
    return require(xp, up < MOST_STEPS, "more than 2**53 steps are needed", up)


def whole_steps(xp: ModuleType, steps: Array) -> Array:
    """:func:`rounded_up` as an integer (JAX keeps floats)."""
    return whole(xp, rounded_up(xp, steps))


def _shifted(xp: ModuleType, law: Array, places: int, size: int) -> Array:
    kept = law[..., : size - places]
    before, after = places, size - places - kept.shape[-1]
    edges = [xp.zeros((*kept.shape[:-1], width), dtype=kept.dtype) for width in (before, after)]
    return xp.concat([edges[0], kept, edges[1]], axis=-1)
