"""Bit-sliced coins, by enumeration of digits and shared numbers: no sampling error, so that any bias shows.

The leading digits of the 32 lanes of a word run through every pattern that can occur; the shared number is tried at
the values around which a decision changes, and in between nothing can change. So the exact probability of every coin is
known and held against ``p``.
"""

from dataclasses import replace
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate import _bernoulli
from budgetsim.simulate._bernoulli import WORD, encode, planes, toss

THIRD = 1 / 3
WORST = [THIRD, 0.2, 2**-8 + 2**-41, 0.5 - 2**-40, 0.1234567, 1 - 2**-24 / 3, 0.001, 1e-6, 0.86, 0.14, 1e-300]
EXACT = [0.0, 1.0, 0.5, 0.25, 0.375, 2**-7, 1 - 2**-7, 127 / 256, 2**-16, 12345 / 2**16]


def patterns(digits):
    """Words of every pattern of ``digits`` leading digits: word ``i`` holds digit ``i`` of all patterns, 32 a word."""
    number = np.arange(max(2**digits, WORD), dtype=np.uint64)
    bits = [(number >> np.uint64(digits - 1 - place) & np.uint64(1)).astype(np.uint8) for place in range(digits)]
    return [np.packbits(row, bitorder="little").view(np.uint32) for row in bits]


def heads(coin, digits, shared):
    """Share of patterns that come out heads, given the shared number."""
    rows = patterns(digits)
    length = max(2**digits, WORD) // WORD
    rows += [np.full(length, shared, np.uint32)] * (4 * coin.blocks - digits)
    blocks = [tuple(jnp.asarray(row) for row in rows[4 * number : 4 * number + 4]) for number in range(coin.blocks)]
    tossed = np.asarray(toss(coin, blocks.__getitem__, length))
    return Fraction(int(np.unpackbits(tossed.view(np.uint8)).sum()), 32 * length)


def exact_probability(coin, digits):
    """Probability of heads over all digits and shared numbers; between its jumps the share of patterns is constant."""
    if not int(coin.shared):
        return heads(coin, digits, 0)
    low = int(coin.low)
    if low == 0:
        assert heads(coin, digits, 0) == heads(coin, digits, 2**32 - 1)
        return heads(coin, digits, 0)
    below, above = heads(coin, digits, 0), heads(coin, digits, 2**32 - 1)
    assert heads(coin, digits, low - 1) == below
    assert heads(coin, digits, low) == above
    return below * Fraction(low, 2**32) + above * (1 - Fraction(low, 2**32))


@pytest.mark.parametrize("probability", [*EXACT, *WORST])
def test_bias_is_within_the_stated_bound(probability):
    coin, digits, growth = encode(probability)
    bias = abs(exact_probability(coin, digits) - Fraction(probability))
    assert bias <= (0 if probability in EXACT else Fraction(1, 2 ** (digits + 33)))
    assert (growth == 0.0) == (probability in EXACT)
    assert coin.blocks <= 4


@pytest.mark.parametrize(
    ("probability", "blocks"),
    [(0.0, 0), (1.0, 0), (0.5, 1), (0.8125, 1), (0.2, 2), (27 / 256, 2), (0.01, 3), (1e-6, 4)],
)
def test_trailing_zeros_cost_nothing(probability, blocks):
    assert encode(probability).coin.blocks == blocks


def test_random_probabilities_are_met():
    for probability in np.random.default_rng(3).uniform(size=40):
        coin, digits, _ = encode(probability)
        assert abs(exact_probability(coin, digits) - Fraction(probability)) <= Fraction(1, 2 ** (digits + 33))


def test_growth_is_the_correlation_of_two_lanes():
    """Two lanes of a word, by enumeration of both lanes' digits and of the shared number's two outcomes."""
    for probability in (0.2, 0.45, 0.03, 0.9, 0.004):
        coin, digits, growth = encode(probability)
        shared = Fraction(int(coin.low), 2**32)
        below, above = heads(coin, digits, 0), heads(coin, digits, 2**32 - 1)
        mean = shared * below + (1 - shared) * above
        covariance = shared * below**2 + (1 - shared) * above**2 - mean**2
        correlation = covariance / (mean * (1 - mean))
        assert growth == pytest.approx(31 * float(correlation), rel=1e-6)
        assert growth <= _bernoulli.TOLERANCE


def test_the_smallest_bias_beyond_the_bound_is_seen():
    coin, digits, _ = encode(THIRD)
    off_by_one = replace(coin, low=coin.low + np.uint32(1))
    assert abs(exact_probability(off_by_one, digits) - Fraction(THIRD)) > Fraction(1, 2 ** (digits + 33))


def test_a_probability_for_every_replica():
    """32 lanes with probabilities of their own, exact over all leading digits and all 17 shared ones."""
    values = np.array([*EXACT[:8], *WORST, *np.linspace(0.01, 0.99, 13)])
    coin, digits, _ = encode(values, per_replica=True)
    assert digits == 15
    spread = planes(coin, lambda bits: jnp.sum((bits & 1) << jnp.arange(32, dtype=jnp.uint32), dtype=jnp.uint32)[None])
    # a lane is decided by its own digits against 15 digits, or, equal, by the shared number: try one below, at, above
    scaled = [Fraction(value) * 2**32 for value in values]
    for lane, exact in enumerate(scaled):
        edge = round(exact)
        for number in {max(edge - 1, 0), min(edge, 2**32 - 1), min(edge + 1, 2**32 - 1), 0, 2**32 - 1}:
            own, shared = number >> 17, (number & (2**17 - 1)) << 15
            words = [jnp.array([np.uint32(0xFFFFFFFF if own >> 14 - place & 1 else 0)]) for place in range(15)]
            words.append(jnp.array([np.uint32(shared)]))
            tossed = toss(spread, lambda block, words=words: tuple(words[4 * block : 4 * block + 4]), 1)
            assert (int(tossed[0]) >> lane & 1) == (number < edge), (values[lane], number)
        assert abs(Fraction(edge, 2**32) - Fraction(values[lane])) <= Fraction(1, 2**33)


@pytest.mark.parametrize("digits", [7, 15])
def test_asked_for_digits_do_not_depend_on_the_probabilities(digits):
    for value in (0.0, 0.5, 0.3, 1e-9):
        coin, drawn, _ = encode(value, digits=digits)
        assert (drawn, coin.blocks, int(coin.shared)) == (digits, (digits + 1) // 4, 0xFFFFFFFF)
        assert abs(exact_probability(coin, digits) - Fraction(value)) <= Fraction(1, 2 ** (digits + 33))
