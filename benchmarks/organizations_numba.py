"""The Numba peer of `organizations.py`: the very same trees, word for word, walked leaf by leaf.

The generator, the digits of every coin and the names of all words are ours, so both programs must count the same
successes. Votes of 32 replicas share a machine word; the innermost loops run over the words of a chunk, which the
compiler turns into whole vector registers, and one full adder counts a vote where it was drawn, so that memory is a few
rows for every level. Fan-in 5, two blocks for every coin.
"""

from __future__ import annotations

import numba
import numpy as np
from numba import njit, prange, uint32

from budgetsim.simulate._bernoulli import encode
from budgetsim.simulate._generator import Purpose

FAN_IN = 5
WIDTH = 64  # words of a chunk: its rows stay in the first-level cache
LEAF, CHANNEL, SHARE = (int(purpose) for purpose in (Purpose.LEAF, Purpose.CHANNEL, Purpose.SHARE))


@njit(inline="always")
def turn(word, by):
    return uint32((word << uint32(by)) | (word >> uint32(32 - by)))


@njit(inline="always")
def two_rounds(a, b, c, d, r0, r1, r2, r3):
    a = uint32(a + b)
    b = uint32(turn(b, r0) ^ a)
    c = uint32(c + d)
    d = uint32(turn(d, r1) ^ c)
    a = uint32(a + d)
    d = uint32(turn(d, r2) ^ a)
    c = uint32(c + b)
    b = uint32(turn(b, r3) ^ c)
    return a, b, c, d


@njit(inline="always")
def threefry(a, b, c, d, k0, k1):
    """13 rounds of Threefry-4x32 with the key (k0, k1, 0, 0)."""
    k4 = uint32(k0 ^ k1 ^ uint32(0x1BD11BDA))
    a, b = uint32(a + k0), uint32(b + k1)
    a, b, c, d = two_rounds(a, b, c, d, 10, 26, 11, 21)
    a, b, c, d = two_rounds(a, b, c, d, 13, 27, 23, 5)
    a, d = uint32(a + k1), uint32(d + k4 + uint32(1))
    a, b, c, d = two_rounds(a, b, c, d, 6, 20, 17, 11)
    a, b, c, d = two_rounds(a, b, c, d, 25, 10, 18, 20)
    c, d = uint32(c + k4), uint32(d + k0 + uint32(2))
    a, b, c, d = two_rounds(a, b, c, d, 10, 26, 11, 21)
    a, b, c, d = two_rounds(a, b, c, d, 13, 27, 23, 5)
    b, c, d = uint32(b + k4), uint32(c + k0), uint32(d + k1 + uint32(3))
    a = uint32(a + b)
    b = uint32(turn(b, 6) ^ a)
    c = uint32(c + d)
    d = uint32(turn(d, 20) ^ c)
    return a, b, c, d


@njit(inline="always")
def digit(high, place):
    return uint32(uint32(0) - ((high >> uint32(31 - place)) & uint32(1)))


@njit(inline="always")
def larger(p, word, so_far):
    return uint32((p & ~word) | (so_far & (p | ~word)))


@njit(inline="always")
def coin(node, word, place, high, low, k0, k1):
    """Seven digits of every replica's own, highest first, and one shared number."""
    a, b, c, d = threefry(node, word, place, uint32(1), k0, k1)
    heads = uint32(0xFFFFFFFF) if d < low else uint32(0)
    heads = larger(digit(high, 6), c, heads)
    heads = larger(digit(high, 5), b, heads)
    heads = larger(digit(high, 4), a, heads)
    a, b, c, d = threefry(node, word, place, uint32(0), k0, k1)
    heads = larger(digit(high, 3), d, heads)
    heads = larger(digit(high, 2), c, heads)
    heads = larger(digit(high, 1), b, heads)
    return larger(digit(high, 0), a, heads)


@njit(inline="always")
def hear(counts, vote, w):
    carry = uint32(counts[0, w] & vote)
    counts[0, w] ^= vote
    counts[2, w] ^= uint32(counts[1, w] & carry)
    counts[1, w] ^= carry


@njit
def play_chunk(depth, first_word, coins, k0, k1, root):
    """Root votes of one chunk of words."""
    leaf_high, leaf_low, flip_high, flip_low, share_high, share_low = coins
    counts = np.zeros((depth + 1, 3, WIDTH), np.uint32)
    spoken = np.zeros((depth + 1, WIDTH), np.uint32)
    child = np.zeros(depth + 2, np.int64)  # of the node that is being walked on every level
    for _ in range(FAN_IN ** (depth - 1)):
        label = 0
        for level in range(2, depth + 1):
            label += child[level] * FAN_IN ** (depth - level)
        nodes = FAN_IN ** (depth - 1)
        for leaf in range(FAN_IN):
            node = uint32(leaf * nodes + label)
            for w in range(WIDTH):
                word = uint32(first_word + uint32(w))
                vote = coin(node, word, uint32(LEAF), leaf_high, leaf_low, k0, k1)
                vote = uint32(vote ^ coin(node, word, uint32(CHANNEL), flip_high, flip_low, k0, k1))
                hear(counts[1], vote, w)
                if leaf == 0:
                    spoken[1, w] = vote
        level = 1
        while True:
            node, place = uint32(label), uint32(level - 1) << uint32(8)
            for w in range(WIDTH):
                word = uint32(first_word + uint32(w))
                shared = coin(node, word, uint32(place | SHARE), share_high, share_low, k0, k1)
                most = uint32(counts[level, 2, w] | (counts[level, 1, w] & counts[level, 0, w]))
                root[w] = uint32((shared & spoken[level, w]) | (~shared & most))
            counts[level] = 0
            if level == depth:
                break
            place = uint32(level) << uint32(8)
            above = level + 1
            for w in range(WIDTH):
                word = uint32(first_word + uint32(w))
                vote = uint32(root[w] ^ coin(node, word, uint32(place | CHANNEL), flip_high, flip_low, k0, k1))
                hear(counts[above], vote, w)
                if child[above] == 0:
                    spoken[above, w] = vote
            child[above] += 1
            if child[above] < FAN_IN:
                break
            child[above] = 0
            level = above
            label = 0
            for high in range(level + 1, depth + 1):
                label += child[high] * FAN_IN ** (depth - high)


@njit(parallel=True)
def play(depth, words, coins, k0, k1):
    roots = np.zeros((words // WIDTH, WIDTH), np.uint32)
    for chunk in prange(words // WIDTH):
        play_chunk(depth, uint32(chunk * WIDTH), coins, k0, k1, roots[chunk])
    return roots


@njit(parallel=True)
def fill(chunks, length, k0, k1):
    folded = np.zeros((chunks, length), np.uint32)
    for chunk in prange(chunks):
        for step in range(64):
            for place in range(length):
                a, b, c, d = threefry(uint32(place), uint32(step), uint32(chunk), uint32(0), k0, k1)
                folded[chunk, place] ^= uint32(a ^ b ^ c ^ d)
    return folded


def count_votes(
    depth: int, replicas: int, seed: int = 1, *, threads: int, leaf: float = 0.7, flip: float = 0.2, share: float = 0.1
) -> int:
    """Successes among ``replicas``, a multiple of 32 * WIDTH."""
    numba.set_num_threads(threads)
    parts = [encode(probability) for probability in (leaf, flip, share)]
    if any(part.digits != 7 for part in parts) or replicas % (32 * WIDTH):
        raise ValueError("two blocks for every coin and whole chunks only")
    coins = tuple(np.uint32(number) for part in parts for number in (part.coin.high, part.coin.low))
    roots = play(depth, replicas // 32, coins, np.uint32(seed % 2**32), np.uint32(seed >> 32))
    return int(np.bitwise_count(roots).sum())


def fill_words(words: int, *, threads: int) -> int:
    """Draw ``words`` random words and fold them."""
    numba.set_num_threads(threads)
    length = 2**10
    return int(fill(words // (4 * 64 * length), length, np.uint32(1), np.uint32(0))[0, 0])
