"""Coins from random words: a probability becomes a threshold, a coin is one comparison.

A word is an integer drawn uniformly from 0 ... 2**31 - 1 and a probability ``p`` is the threshold
``round(p * 2**31)``, so 0 never and 1 always wins and any other probability is met within 2**-32. Thresholds are
made on the host in float64; the device only compares unsigned 32-bit integers, whatever JAX is configured to.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

WORDS = 2**31
Thresholds = NDArray[np.uint32]


def thresholds(probability: ArrayLike) -> Thresholds:
    """Turn probabilities of any shape into the thresholds that a word must stay below."""
    scaled = np.rint(np.asarray(probability, dtype=np.float64) * WORDS)
    return np.minimum(scaled, WORDS).astype(np.uint32)


def cumulative_thresholds(weights: NDArray[np.float64]) -> Thresholds:
    """Thresholds of the running sums along the last axis: outcome ``i`` is the first one that a word stays below."""
    return thresholds(np.cumsum(weights, axis=-1))


def problem_thresholds(weights: NDArray[np.float64]) -> Thresholds:
    """Cumulative thresholds of weights that sum to 1 up to rounding; every word then names a problem."""
    running = np.cumsum(weights)
    return thresholds(running / running[-1])


def words(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Uniform words in 0 ... 2**31 - 1."""
    # one flat draw: the generator's counter is costly to lay out over several axes
    return jax.random.bits(key, (math.prod(shape),), jnp.uint32).reshape(shape) >> np.uint32(1)


def toss(key: jax.Array, threshold: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Independent coins of the given shape; ``threshold`` is a scalar or broadcasts to it with as many axes."""
    return words(key, shape) < threshold


def draw_problems(key: jax.Array, cumulative: jax.Array, length: int) -> jax.Array:
    """Index of the problem that each of ``length`` replicas works on."""
    if cumulative.shape[0] == 1:
        return jnp.zeros(length, jnp.int32)
    return jnp.searchsorted(cumulative, words(key, (length,)), side="right").astype(jnp.int32)
