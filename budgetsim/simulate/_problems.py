"""Which problem each replica works on, 32 replicas a machine word."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from budgetsim.simulate import _bernoulli, _generator
from budgetsim.simulate._bernoulli import WORD, Coin, CoinPlanes
from budgetsim.simulate._generator import Purpose


def drawn(cumulative: jax.Array, key: jax.Array, first_word: jax.Array, log_width: int) -> jax.Array:
    """Index [words, 32] of the problem of every replica, by ``cumulative`` thresholds of 31-bit numbers."""
    width = 1 << log_width
    word = first_word + lax.iota(jnp.uint32, width)
    lane, word = jnp.meshgrid(lax.iota(jnp.uint32, WORD // 4), word)
    four = _generator.block(key, Purpose.PROBLEM, 0, lane, word, 0)
    uniform = jnp.stack(four, axis=-1).reshape(width, WORD) >> np.uint32(1)
    return jnp.searchsorted(cumulative, uniform, side="right")


def packed(bits: jax.Array) -> jax.Array:
    """Words [words] whose bits are the lowest bits of [words, 32]."""
    shifts = lax.iota(jnp.uint32, WORD)[None, :]
    return jnp.sum((bits & np.uint32(1)) << shifts, axis=1, dtype=jnp.uint32)


def coin_planes(coin: Coin, problem: jax.Array) -> CoinPlanes:
    """The coin [problems] of every replica's problem."""
    return _bernoulli.planes(coin.each(lambda values: values[problem]), packed)


def masks(problem: jax.Array, problems: int) -> jax.Array:
    """Words [problems, words]: which replicas work on each problem."""

    def mask(number: jax.Array) -> jax.Array:
        return packed((problem == number).astype(jnp.uint32))

    found: jax.Array = lax.map(mask, lax.iota(jnp.int32, problems))
    return found
