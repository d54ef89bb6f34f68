"""Random words that are a pure function of where they are used: Threefry-4x32 with 13 rounds.

A word is named by a seed and a counter (node, replica word, purpose and level, block), so nothing is stored, no
draw depends on another, and a result cannot depend on batches, chunks or the number of devices. Twelve rounds are
the fewest that pass the whole of BigCrush; thirteen are the fewest above that with published known answers
(Random123, ``kat_vectors``), so thirteen are used and held against them. The generator is plain unsigned 32-bit
arithmetic, which the compiler fuses with whatever consumes the words.

Source: John K. Salmon, Mark A. Moraes, Ron O. Dror, David E. Shaw, *Parallel Random Numbers: As Easy as 1, 2, 3*,
SC'11.
"""

from __future__ import annotations

from enum import IntEnum

import jax
import jax.numpy as jnp
import numpy as np

ROUNDS = 13
NAME = f"threefry4x32, {ROUNDS} rounds"
_PARITY = np.uint32(0x1BD11BDA)
_ROTATIONS = ((10, 26), (11, 21), (13, 27), (23, 5), (6, 20), (17, 11), (25, 10), (18, 20))

Block = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
"""Four words, or arrays of them."""


class Purpose(IntEnum):
    """What a word decides; words of different purposes never meet. New purposes go to the end, at most 256."""

    LEAF = 0
    CHANNEL = 1
    SHARE = 2
    TIE = 3
    PROBLEM = 4
    SPEAKER = 5
    OWN = 6
    COPY = 7
    LOSS = 8
    ABSTENTION = 9
    REPLACEMENT = 10


def key_of_seed(seed: int) -> jax.Array:
    """Key [4] of a seed in 0 ... 2**64 - 1; all 64 bits enter it."""
    return jnp.array([seed & 0xFFFFFFFF, seed >> 32, 0, 0], jnp.uint32)


def _rotate(word: jax.Array, by: int) -> jax.Array:
    return (word << np.uint32(by)) | (word >> np.uint32(32 - by))


def threefry4x32(counter: Block, key: Block, *, rounds: int = ROUNDS) -> Block:
    """Four random words for every counter; counters and keys broadcast, all uint32."""
    schedule = (*key, key[0] ^ key[1] ^ key[2] ^ key[3] ^ _PARITY)
    a, b, c, d = (word + part for word, part in zip(counter, key, strict=True))
    for number in range(rounds):
        first, second = _ROTATIONS[number % 8]
        if number % 2 == 0:
            a, c = a + b, c + d
            b, d = _rotate(b, first) ^ a, _rotate(d, second) ^ c
        else:
            a, c = a + d, c + b
            d, b = _rotate(d, first) ^ a, _rotate(b, second) ^ c
        if number % 4 == 3:
            turn = number // 4 + 1
            a, b, c, d = (word + schedule[(turn + place) % 5] for place, word in enumerate((a, b, c, d)))
            d = d + np.uint32(turn)
    return a, b, c, d


def block(
    key: jax.Array,
    purpose: Purpose,
    level: jax.Array | int,
    node: jax.Array,
    replica_word: jax.Array,
    number: jax.Array | int,
    *,
    index: jax.Array | int = 0,
) -> Block:
    """Four words for every node and replica word (arrays of one shape): block ``number`` (below 256) of a draw.

    ``index`` (below 2**24) tells apart several draws of one purpose at one node; levels lie below 2**24.
    """
    place = jnp.asarray(level, jnp.uint32) << np.uint32(8) | np.uint32(purpose)
    draw = jnp.asarray(index, jnp.uint32) << np.uint32(8) | jnp.asarray(number, jnp.uint32)
    return threefry4x32((node, replica_word, place, draw), (key[0], key[1], key[2], key[3]))
