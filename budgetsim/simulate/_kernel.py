"""The compiled kernel: successes among ranges of replicas, on any number of devices."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from budgetsim.simulate import _generator, _walk
from budgetsim.simulate._answers import AnswerTree
from budgetsim.simulate._bernoulli import ALL, WORD
from budgetsim.simulate._tree import Tree

_LEAST_WIDTH = 2**7
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512}  # measured: twice the speed on cores with AVX-512


def successes(
    tree_of: Callable[[int], Tree | AnswerTree],
    leaves: int,
    seed: int,
    first_word: int,
    low: int,
    high: int,
    devices: tuple[jax.Device, ...],
) -> int:
    """Successes among the replicas ``low`` ... ``high - 1``, counted from the first replica of ``first_word``.

    ``tree_of(words)`` gives the tree with what so many words of replicas need.
    """
    words = -(-high // WORD)
    parts = max(1, len(devices))
    each = -(-words // parts)
    # every width is a compilation: few of them, and few idle words where few replicas are asked for
    log_width = min(max(_LEAST_WIDTH, _walk.BLOCK // leaves).bit_length() - 1, (each - 1).bit_length() | 1)
    # the last chunk of every device may reach beyond its words
    tree = tree_of(parts * each + (1 << log_width))
    offsets = np.arange(parts, dtype=np.int32) * np.int32(each)
    numbers = np.clip(np.int32(words) - offsets, 0, each).astype(np.int32)
    run = compiled(log_width, devices, (devices[0] if devices else jax.devices()[0]).platform)
    key = _generator.key_of_seed(seed)
    counted = run(tree, key, np.uint32(first_word), np.int32(low), np.int32(high), offsets, numbers)
    return int(np.asarray(counted, np.int64).sum())


@cache
def compiled(log_width: int, devices: tuple[jax.Device, ...], platform: str) -> Callable[..., jax.Array]:
    """The compiled kernel for chunks of ``2**log_width`` words."""
    kernel = partial(_successes, log_width=log_width)
    if len(devices) > 1:
        mesh = Mesh(np.array(devices), ("words",))
        everywhere, own = PartitionSpec(), PartitionSpec("words")  # type: ignore[no-untyped-call]
        kernel = jax.shard_map(kernel, mesh=mesh, in_specs=(*(everywhere,) * 5, own, own), out_specs=own)
    return jax.jit(kernel, compiler_options=_CPU_OPTIONS if platform == "cpu" else None)


def _successes(
    tree: Tree | AnswerTree,
    key: jax.Array,
    first_word: jax.Array,
    low: jax.Array,
    high: jax.Array,
    offsets: jax.Array,
    numbers: jax.Array,
    *,
    log_width: int,
) -> jax.Array:
    """Successes [1] among ``numbers`` words from the ``offsets``-th after ``first_word`` on."""
    width = np.int32(1 << log_width)
    (offset,), (number,) = offsets, numbers

    def add_chunk(chunk: jax.Array, total: jax.Array) -> jax.Array:
        at = offset + chunk * width
        right = tree.play(key, first_word + at.astype(jnp.uint32), log_width, at)
        place = chunk * width + lax.iota(jnp.int32, 1 << log_width)
        replica = WORD * (offset + place)
        asked_for = _lowest(high - replica) & ~_lowest(low - replica)
        right = jnp.where(place < number, right & asked_for, np.uint32(0))
        return total + jnp.sum(lax.population_count(right), dtype=jnp.uint32).astype(jnp.int32)

    chunks = (number + width - np.int32(1)) // width
    total: jax.Array = lax.fori_loop(np.int32(0), chunks, add_chunk, jnp.zeros_like(number))
    return total[None]


def _lowest(lanes: jax.Array) -> jax.Array:
    """Words whose lowest ``lanes`` bits are ones; none below 0, all from 32 on."""
    some = (np.uint32(1) << jnp.clip(lanes, 0, WORD - 1).astype(jnp.uint32)) - np.uint32(1)
    return jnp.where(lanes >= WORD, ALL, some)
