"""Coins for 32 replicas at a time: a machine word holds the same coin of 32 replicas.

A coin with probability ``p`` compares ``p`` with a uniform number, binary digit by binary digit, from the lowest
digit up. The highest digits are drawn for every replica on its own. All further digits matter only to the replicas
whose higher digits all tie with those of ``p``, one in ``2**digits``; they are drawn once for the 32 replicas of a
word. So a coin of (nearly) any ``p`` costs 8 random words for 32 replicas instead of one word per digit of ``p``,
and every single replica still follows its law exactly: only pairs of replicas of one word know a little of each
other.

How little: for one coin their correlation is at most ``w (1 - w) 4**-digits / (p (1 - p))``, with ``w`` the value of
the shared digits in [0, 1). Coins of different nodes are independent, so by the tensor property of the maximal
correlation (Hans S. Witsenhausen, *On Sequences of Pairs of Dependent Random Variables*, SIAM J. Appl. Math. 28, 1975)
nothing that two replicas compute from any number of coins is correlated more than their most correlated coin.
The number of digits is chosen so that the variance of a share grows by less than `TOLERANCE`, or by what `encode`
states where 15 digits do not suffice; standard errors take the growth into account.

Precision: ``p`` is met within ``2**-(digits + 33)``, below ``2**-39``; 0, 1 and every ``p`` with at most 16 binary
digits exactly, those without shared digits. Where every replica has a probability of its own it is met within
``2**-(digits + 18)``, below ``2**-24``. Trailing zero digits cost nothing; 0 and 1 need no random word.
Source: derived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.simulate._generator import Block

WORD = 32
"""Replicas of one machine word."""

TOLERANCE = 2.0**-8
_DIGITS = (7, 11, 15)  # with the shared word these fill whole generator blocks of four words
_SHARED = 32
_PLANES = 17
_LOW_PLACES = range(_SHARED - _PLANES, _SHARED)
ALL = np.uint32(0xFFFFFFFF)
NONE = np.uint32(0)
Words = jax.Array | NDArray[np.uint32] | np.uint32


@partial(jax.tree_util.register_dataclass, data_fields=["certain", "high", "low", "shared"], meta_fields=["blocks"])
@dataclass(frozen=True, slots=True)
class Coin:
    """A probability, or an array of them, cut into binary digits.

    ``certain`` is all ones where the probability is 1. ``high`` holds the digits of every replica's own, the first one
    in the highest bit; ``low`` the 32 digits after them, used only where ``shared`` is all ones, which takes the place
    of the last digit of the last block. ``blocks`` of four words are drawn; all else is data, so that few compiled
    kernels serve all probabilities.
    """

    certain: Words
    high: Words
    low: Words
    shared: jax.Array | np.uint32
    blocks: int

    def each(self, change: Callable[[jax.Array], jax.Array]) -> Coin:
        """The coin with its arrays changed alike."""
        certain, high, low = (change(jnp.asarray(part)) for part in (self.certain, self.high, self.low))
        return replace(self, certain=certain, high=high, low=low)

    def digit(self, place: int, _length: int) -> jax.Array:
        return NONE - ((jnp.asarray(self.high) >> np.uint32(31 - place)) & np.uint32(1))

    def above(self, word: jax.Array, _length: int) -> jax.Array:
        return jnp.where(word < self.low, ALL, NONE)

    def always(self, _length: int) -> Words:
        return self.certain


@partial(jax.tree_util.register_dataclass, data_fields=["certain", "high", "low", "shared"], meta_fields=["blocks"])
@dataclass(frozen=True, slots=True)
class CoinPlanes:
    """A coin whose probability differs from replica to replica: bit planes take the place of integers.

    ``high`` [16, width] and ``low`` [17, width], lowest digit first in ``low``; they repeat for every node.
    """

    certain: jax.Array
    high: jax.Array
    low: jax.Array
    shared: jax.Array | np.uint32
    blocks: int

    def each(self, change: Callable[[jax.Array], jax.Array]) -> CoinPlanes:
        """The coin with its arrays changed alike."""
        certain, high, low = (change(part) for part in (self.certain, self.high, self.low))
        return replace(self, certain=certain, high=high, low=low)

    def digit(self, place: int, length: int) -> jax.Array:
        return _repeated(self.high[place], length)

    def above(self, word: jax.Array, length: int) -> jax.Array:
        heads: jax.Array | np.uint32 = NONE
        for row, place in enumerate(_LOW_PLACES):
            heads = _larger(_repeated(self.low[row], length), NONE - ((word >> np.uint32(place)) & np.uint32(1)), heads)
        return jnp.asarray(heads)

    def always(self, length: int) -> jax.Array:
        return _repeated(self.certain, length)


class Encoded(NamedTuple):
    """A coin, the digits drawn for every replica, and by how much sharing the others widens the variance of a share.

    ``growth``: the variance is multiplied by at most ``1 + growth``.
    """

    coin: Coin
    digits: int
    growth: float


def encode(probability: ArrayLike, *, per_replica: bool = False, digits: int | None = None) -> Encoded:
    """Cut probabilities in [0, 1], of any shape, into digits; all get as many digits as the worst needs.

    ``digits`` asks for a number of digits, 15 or fewer, before the shared ones, whatever the probabilities. With
    ``per_replica`` the shared digits are cut after 17, as many as `planes` keeps.

    Examples
    --------
    >>> [encode(p).coin.blocks for p in (1.0, 0.5, 0.625, 0.2, 0.001)]
    [0, 1, 1, 2, 3]
    """
    values = np.asarray(probability, dtype=np.float64)
    exact = [few for few in range(_DIGITS[-1] + 2) if np.all(np.ldexp(values, few) % 1.0 == 0.0)]
    enough = [few for few in _DIGITS if _growth(values, few) <= TOLERANCE]
    shared = digits is not None or not exact
    if digits is None:
        digits = min(exact or enough or _DIGITS[-1:])
    scaled = np.ldexp(values, digits)
    whole = np.floor(scaled)
    # the subtraction is exact; rounding may carry into the leading digits
    kept = _PLANES if per_replica else _SHARED
    low = np.ldexp(np.rint(np.ldexp(scaled - whole, kept)), _SHARED - kept)
    carried = low >= 2.0**_SHARED
    whole, low = whole + carried, np.where(carried, 0.0, low)
    certain = whole >= 2.0**digits
    coin = Coin(
        certain=np.where(certain, ALL, NONE),
        high=np.ldexp(np.where(certain, 0.0, whole), 32 - digits).astype(np.uint32),
        low=low.astype(np.uint32),
        shared=ALL if shared else NONE,
        blocks=-(-(digits + shared) // 4),
    )
    return Encoded(coin, digits, _growth(values, digits))


def _growth(values: NDArray[np.float64], digits: int) -> float:
    inner = values[(values > 0.0) & (values < 1.0)]
    rest = np.ldexp(inner, digits) % 1.0
    return float(np.max((WORD - 1) * rest * (1.0 - rest) * 4.0**-digits / (inner * (1.0 - inner)), initial=0.0))


def planes(coin: Coin, select: Callable[[jax.Array], jax.Array]) -> CoinPlanes:
    """Planes of a coin with a probability for every replica.

    ``select`` turns one binary digit of every probability (all ones or all zeros) into words of the replicas' digits.
    """
    high, low = jnp.asarray(coin.high), jnp.asarray(coin.low)

    def bit(digits: jax.Array, place: int) -> jax.Array:
        return select(NONE - ((digits >> np.uint32(place)) & np.uint32(1)))

    return CoinPlanes(
        certain=select(jnp.asarray(coin.certain)),
        high=jnp.stack([bit(high, 31 - place) for place in range(_DIGITS[-1] + 1)]),
        low=jnp.stack([bit(low, place) for place in _LOW_PLACES]),
        shared=coin.shared,
        blocks=coin.blocks,
    )


def of_rows(rows: jax.Array, bits: jax.Array) -> jax.Array:
    """Words with one bit [number] of every replica: that of the row [number, words] in which the replica is set."""
    return jnp.bitwise_or.reduce(rows & bits[:, None], axis=0)


def toss(coin: Coin | CoinPlanes, draw: Callable[[int], Block], length: int) -> jax.Array:
    """Toss the coin for ``length`` words of replicas; ``draw(number)`` gives the words of one block.

    The comparison runs from the lowest digit up, so from the last block to the first.
    """

    heads: Words = NONE
    for number in reversed(range(coin.blocks)):
        words = draw(number)
        if number == coin.blocks - 1:
            heads = coin.shared & coin.above(words[3], length)
        for place in reversed(range(4)):
            decided: Words = _larger(coin.digit(4 * number + place, length), words[place], heads)
            if number == coin.blocks - 1 and place == 3:
                decided = (coin.shared & heads) | (~coin.shared & decided)
            heads = decided
    return jnp.broadcast_to(jnp.asarray(heads | coin.always(length)), (length,))


def _larger(digit: Words, word: jax.Array, so_far: Words) -> jax.Array:
    """Whether ``p`` is larger than the drawn number, one digit higher: the majority of three."""
    return jnp.asarray((digit & ~word) | (so_far & (digit | ~word)))


def _repeated(plane: jax.Array, length: int) -> jax.Array:
    return jnp.tile(plane, length // plane.shape[0])
