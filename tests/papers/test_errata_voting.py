"""Counter-examples about votes, samples and verifiers, by enumeration, quadrature and exact sums."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
from scipy.integrate import quad
from scipy.stats import binom, norm


def test_votes_need_one_half(refutes):
    chances = (0.45, *(0.55 / 3,) * 3)
    accuracy = 0.0
    for counts in itertools.product(range(10), repeat=4):
        if sum(counts) == 9 and counts[0] == max(counts):
            ways = math.factorial(9) / math.prod(math.factorial(count) for count in counts)
            mass = ways * math.prod(p**count for p, count in zip(chances, counts, strict=True))
            accuracy += mass / counts.count(counts[0])
    assert accuracy > 0.45
    refutes("votes_need_one_half", (0.45, accuracy))


def test_debates_without_history(refutes):
    read_and_written = sum(150 + 200 + 6 * earlier * 200 for earlier in range(6) for _ in range(6))
    refutes("debates_without_history", (36 * 350, read_and_written))


def test_plug_in_coverage(refutes):
    counts = np.arange(201)
    plug_in = float(np.sum(binom.pmf(counts, 200, 0.03) * (1 - (1 - counts / 200) ** 50)))
    refutes("plug_in_coverage", (plug_in, 1 - 0.97**50))


def test_power_law_read_off_a_curve(refutes):
    def failure(k):  # E (1-p)^k under Beta(.3, 2), factor by factor
        return math.prod((2 + j) / (2.3 + j) for j in range(k))

    low, high = (math.log(-math.log1p(-failure(k))) for k in (100, 10_000))
    said = (low - high) / math.log(100)
    further = [math.log(failure(k)) for k in (10**5, 10**6)]
    assert abs((further[0] - further[1]) / math.log(10) - 0.3) < 1e-4  # far out it is the exponent of the density
    refutes("power_law_read_off_a_curve", (said, 0.3))


def test_regimes_of_vote_curves(refutes):
    def accuracy(votes):
        return sum(w * binom.sf(votes // 2, votes, p) for w, p in ((0.6, 0.85), (0.4, 0.4)))

    assert accuracy(5) > accuracy(1)  # up
    assert accuracy(101) < accuracy(5)  # and down
    # A large share in the sense of the page: above the threshold of .350 for these two kinds.
    hard, easy = 0.4 * 0.6 * 0.1, 0.85 * 0.15 * 0.35
    assert 1 - 1 / (1 + hard / easy) < 0.6
    refutes("regimes_of_vote_curves", (0.0, float(accuracy(101) - accuracy(5))))


def test_five_percent_errors(refutes):
    # P(p > 1/2) after a unanimous run of a answers, uniform prior: 1 - 2^-(a+1).
    unanimous = next(a for a in range(1, 20) if 1 - Fraction(1, 2 ** (a + 1)) >= Fraction(95, 100))
    error = 0.48**unanimous
    assert error > 0.05
    refutes("five_percent_errors", (0.05, error))


def test_token_cap_of_rebase(refutes):
    tokens = 0
    for _ in range(25):
        own = 256
        if own > 1024:  # the released counter sees the node's own step only
            break
        tokens += own
    refutes("token_cap_of_rebase", (1024, tokens))


def test_exchange_without_verifier(refutes):
    def multiplier(per_token):  # solves M (X + Y) = X + k Y at one pre-training token
        pre, inference = Fraction(6), Fraction(per_token) * Fraction(2, 5)
        return (14 * (pre + inference) - pre) / inference

    refutes("exchange_without_verifier", (float(multiplier(2)), float(multiplier(4))))


def test_coverage_is_accuracy(refutes):
    right, going = 0.0, 1.0
    for _ in range(5000):
        right += going * 0.05
        going *= 0.95 * 0.9
    refutes("coverage_is_accuracy", (1.0, right))


def test_more_candidates_never_hurt(refutes):
    def accuracy(candidates):
        def first(x):
            others = 0.3 * norm.cdf((x - 1) / 0.8) + 0.7 * norm.cdf(x / 1.2)
            return candidates * 0.3 * norm.pdf((x - 1) / 0.8) / 0.8 * others ** (candidates - 1)

        return quad(first, -8, 10, points=[0, 2, 4], limit=400, epsabs=1e-13)[0]

    few, many = accuracy(8), accuracy(4096)
    assert many < few
    refutes("more_candidates_never_hurt", (few, many))
