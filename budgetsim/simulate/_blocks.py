"""Count successes over any number of replicas in constant memory, reproducibly from one seed.

Replicas are cut into blocks. The length of a block depends only on what is simulated, and block ``i`` draws from
the key ``fold_in(seed, i)``; so the count is the same however many blocks one device call works through.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import budgetsim
from budgetsim.simulate import _domain
from budgetsim.simulate.estimate import Estimate

GENERATOR = "threefry2x32, partitionable"
BLOCK_COINS = 2**16  # the words of a block stay in the cache of one core

Operands = tuple[np.ndarray, ...]
"""Arrays that enter a compiled kernel as arguments, so that new values need no new compilation."""

Draw = Callable[[jax.Array, int, tuple[int, ...], tuple[jax.Array, ...]], jax.Array]
"""``draw(key, length, shape, operands)`` plays ``length`` replicas and says which ones succeeded (bool [length])."""

Progress = Callable[[int, int], None]
"""Called with (replicas done, replicas asked for) after every device call."""


def block_length(coins: int) -> int:
    """Replicas of one block when each needs about ``coins`` coins at the same time: a power of two.

    Word counts that are no multiple of a vector register were measured to be drawn several times more slowly.
    """
    return 1 << max(0, (BLOCK_COINS // coins).bit_length() - 1)


@partial(jax.jit, static_argnames=("draw", "shape", "length"))
def _successes(
    draw: Draw,
    shape: tuple[int, ...],
    length: int,
    key: jax.Array,
    first_block: jax.Array,
    replicas: jax.Array,
    operands: tuple[jax.Array, ...],
) -> jax.Array:
    """Successes among ``replicas`` replicas that start with block ``first_block``."""

    def add_block(block: jax.Array, total: jax.Array) -> jax.Array:
        block_key = jax.random.fold_in(key, first_block + block.astype(jnp.uint32))
        success = draw(block_key, length, shape, operands)
        asked_for = jnp.arange(length, dtype=jnp.int32) < replicas - block * np.int32(length)
        return total + jnp.sum(success & asked_for, dtype=jnp.int32)

    blocks = (replicas + np.int32(length - 1)) // np.int32(length)
    total: jax.Array = lax.fori_loop(np.int32(0), blocks, add_block, jnp.zeros((), jnp.int32))
    return total


def estimate(
    draw: Draw,
    shape: tuple[int, ...],
    length: int,
    operands: Operands,
    *,
    replicas: int,
    seed: int,
    batch: int,
    progress: Progress | None,
    parameters: Mapping[str, object],
) -> Estimate:
    """Play ``replicas`` replicas, ``batch`` blocks a device call, and estimate the probability of success."""
    replicas = _domain.count("replicas", replicas)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    batch = _domain.count("batch", batch)
    # all 64 bits of the seed enter the key; jax.random.key would drop the upper half unless x64 is on
    key = jax.random.wrap_key_data(jnp.array([seed >> 32, seed & 0xFFFFFFFF], jnp.uint32), impl="threefry2x32")
    # one call counts in 32 bits: larger batches are worked through in several calls
    per_call = min(batch, (2**31 - 1) // length - 1) * length
    successes = 0
    for done in range(0, replicas, per_call):
        now = min(per_call, replicas - done)
        first_block = np.uint32(done // length)
        with jax.threefry_partitionable(True):  # the draws must not depend on how the caller configured JAX
            successes += int(_successes(draw, shape, length, key, first_block, np.int32(now), operands))
        if progress is not None:
            progress(done + now, replicas)
    return Estimate.from_count(
        successes,
        replicas,
        provenance={
            "parameters": dict(parameters),
            "replicas": replicas,
            "seed": seed,
            "generator": GENERATOR,
            "block_length": length,
            "device": jax.default_backend(),
            "versions": {
                "budgetsim": budgetsim.__version__,
                "jax": jax.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        },
    )
