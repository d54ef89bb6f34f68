"""Arrays with one column a problem, and how a strategy reads and writes them.

Every array of a run has the problem on its last axis: a number of a problem is ``[problems]``, a field of the nodes
of its tree ``[slots, problems]``. Broadcasting then lets a rule for many problems be written as a rule for one, and
each line of it runs over contiguous columns. The same code runs for a single problem without a last axis.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import ndtri

from budgetsim.simulate._generator import Block, threefry4x32

UNROLL = 32  # rows of a running sum that are compiled together
GENERATOR = "threefry4x32, 13 rounds, counter (problem, calls made before, purpose, number // 4), top 24 bits"
_TAG = np.uint32(0x72656173)  # keeps these numbers apart from those of other simulators with the same seed


class Uniforms:
    """Uniform numbers in [0, 1), steps of 2**-24, of one purpose in one call: ``uniform[k]`` is ``[problems]``.

    Number k is a pure function of (seed, problem, calls made before, purpose, k), computed only if it is asked for.
    """

    def __init__(self, key: jax.Array, problem: jax.Array, made: jax.Array, purpose: int) -> None:
        self._key, self._problem, self._made, self._purpose = key, problem, made, purpose
        self._blocks: dict[int, Block] = {}

    def __getitem__(self, number: int) -> jax.Array:
        block = number // 4
        if block not in self._blocks:
            counter = (self._problem, self._made, jnp.uint32(self._purpose), jnp.uint32(block))
            key = (self._key[0], self._key[1], jnp.uint32(_TAG), jnp.uint32(0))
            self._blocks[block] = threefry4x32(counter, key)
        word = self._blocks[block][number % 4]
        return (word >> np.uint32(8)).astype(jnp.float32) * np.float32(2.0**-24)

    def rows(self, count: int) -> jax.Array:
        """The first ``count`` numbers, [count, problems]."""
        return jnp.stack([self[number] for number in range(count)])


def standard_normal(uniform: jax.Array) -> jax.Array:
    """Standard normal numbers from uniform ones: the quantile of the middle of each step of 2**-24.

    Symmetric, and never infinite: the middle of an upper step is no number of 32 bits, its distance from 1 is.

    Examples
    --------
    >>> last = jnp.float32(1.0 - 2.0**-24)
    >>> float(standard_normal(last)) == -float(standard_normal(jnp.float32(0.0)))
    True
    """
    upper = uniform >= 0.5
    tail = jnp.where(upper, 1.0 - uniform, uniform) + jnp.where(upper, -(2.0**-25), 2.0**-25)
    drawn: jax.Array = jnp.where(upper, -1.0, 1.0) * ndtri(tail)
    return drawn


def lognormal_tokens(uniform: jax.Array, mean: Any, spread: Any) -> jax.Array:
    """Whole tokens, 1 or more, lognormal around their mean with this standard deviation of their logarithm.

    Examples
    --------
    >>> lognormal_tokens(jnp.array([0.1, 0.5, 0.9]), 200.0, 0.4).tolist()
    [111, 185, 308]
    """
    spread = jnp.asarray(spread, jnp.float32)
    drawn = mean * jnp.exp(spread * standard_normal(uniform) - 0.5 * spread * spread)
    return jnp.clip(jnp.round(drawn), 1, 2**24).astype(jnp.int32)


def _place(array: jax.Array, index: jax.Array) -> tuple[Any, ...]:
    return (index, *(lax.broadcasted_iota(jnp.int32, array.shape[1:], axis) for axis in range(array.ndim - 1)))


def take(array: jax.Array, index: jax.Array) -> jax.Array:
    """Entry ``index`` of every column; an index must be inside."""
    entry: jax.Array = array.at[_place(array, index)].get(mode="promise_in_bounds")
    return entry


def put(array: jax.Array, index: jax.Array, value: Any) -> jax.Array:
    """The array with entry ``index`` of every column replaced; an index must be inside."""
    value = jnp.asarray(value, array.dtype)
    return array.at[_place(array, index)].set(value, mode="promise_in_bounds", unique_indices=True)


def add(array: jax.Array, index: jax.Array, value: Any) -> jax.Array:
    """The array with ``value`` added to entry ``index`` of every column; an index must be inside."""
    value = jnp.asarray(value, array.dtype)
    return array.at[_place(array, index)].add(value, mode="promise_in_bounds", unique_indices=True)


def at_row(array: jax.Array, row: jax.Array) -> jax.Array:
    """The same row of every column; it must be inside."""
    chosen: jax.Array = lax.dynamic_index_in_dim(array, row, keepdims=False, allow_negative_indices=False)
    return chosen


def put_row(array: jax.Array, row: jax.Array, value: jax.Array) -> jax.Array:
    """The array with the same row of every column replaced; it must be inside."""
    changed: jax.Array = lax.dynamic_update_index_in_dim(array, value, row, axis=0, allow_negative_indices=False)
    return changed


def pick(uniform: jax.Array, weights: jax.Array) -> jax.Array:
    """Row drawn in every column with probability proportional to its weight; 0 where no weight is above 0."""
    target = uniform * jnp.sum(weights, axis=0)

    def row(index: int | jax.Array, carry: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        running, chosen = carry
        weight = at_row(weights, jnp.asarray(index))
        # the last row of weight whose predecessors do not reach the target: rounding never names an empty row
        chosen = jnp.where((weight > 0.0) & (running <= target), index, chosen)
        return running + weight, chosen.astype(jnp.int32)

    start = (jnp.zeros_like(target), jnp.zeros(target.shape, jnp.int32))
    if weights.shape[0] <= 4 * UNROLL:
        for index in range(weights.shape[0]):
            start = row(index, start)
        return start[1]
    chosen: jax.Array = lax.fori_loop(0, weights.shape[0], row, start, unroll=UNROLL)[1]
    return chosen


def largest(values: jax.Array) -> jax.Array:
    """First row with the largest value in every column, which must hold a number."""
    rows = lax.broadcasted_iota(jnp.int32, values.shape, 0)  # two plain reductions compile to far less than an argmax
    return jnp.min(jnp.where(values == jnp.max(values, axis=0), rows, values.shape[0] - 1), axis=0)
