"""Counter-examples about dividing a budget, by numerical optimization and exact arithmetic."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

UNCERTAINTY, RATES = np.array([5.0, 20.0, 80.0]), np.array([1.0, 1.5, 2.5])


def least_uncertainty(budget):
    """Best shares of a budget by a solver that knows no closed form."""

    def shares(free):
        weights = np.exp(np.append(free, 0.0))
        return weights / weights.sum()

    def left(free):
        return math.log(float(np.sum(UNCERTAINTY * (budget * shares(free)) ** -RATES)))

    found = minimize(left, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000})
    return math.exp(found.fun), shares(found.x)


def test_eq6_mixed_decay_rates(refutes):
    printed = (UNCERTAINTY * RATES) ** (1 / (RATES + 1))
    printed = printed / printed.sum()
    left, _ = least_uncertainty(300.0)
    _, shares = least_uncertainty(1e4)
    printed_left = float(np.sum(UNCERTAINTY * (300.0 * printed) ** -RATES))
    refutes("eq6_mixed_decay_rates", (printed_left, left), (float(printed[0]), float(shares[0])), rel=1e-5)


def test_hump_of_tokens_in_difficulty(refutes):
    def tokens(rate, over_price=1000.0):
        return (over_price * rate) ** (1 / (rate + 1))

    peak = minimize_scalar(lambda rate: -tokens(rate), bounds=(0.01, 5.0), method="bounded", options={"xatol": 1e-10}).x
    inside = [tokens(rate) for rate in np.linspace(1.0, 4.0, 50)]
    assert all(later < earlier for earlier, later in itertools.pairwise(inside))
    refutes("hump_of_tokens_in_difficulty", (1.0, peak), rel=1e-5)


def test_uncertainty_as_probability(refutes):
    def errors(first):
        return sum(1.0 if tokens <= 10.0 else 10.0 / tokens for tokens in (first, 12.0 - first))

    best = min(errors(first) for first in np.linspace(0.0, 12.0, 1201))
    refutes("uncertainty_as_probability", (errors(6.0), best))


def test_e3_of_a_review(refutes):
    refutes("e3_of_a_review", (81.0, 90 * 90 / 1000), (128.0, 80 * 80 / 500))


def test_script_prints_accuracy_over_tokens(refutes):
    said = Fraction(90, 1000) / Fraction(50, 400)
    right = Fraction(90**2, 1000) / Fraction(50**2, 400)
    assert said < 1 < right  # the two rank the runs differently
    refutes("script_prints_accuracy_over_tokens", (float(said), float(right)))


def test_words_for_tokens(refutes):
    refutes("words_for_tokens", (600.0, float(600 * Fraction(4, 3))))


def test_unguarded_floor(refutes):
    decay = [Fraction(11, 10), Fraction(17, 20), Fraction(7, 20), Fraction(1, 10)]  # .5(1 + cos(pi i/3)) + .1, exactly
    weights = [credit * share for credit, share in zip((20, 30, 30, 20), decay, strict=True)]
    exact = [600 * weight / sum(weights) for weight in weights]
    assert all(share.denominator == 1 for share in exact)
    floats = np.array([20, 30, 30, 20]) * (0.5 * (1 + np.cos(np.pi * np.arange(4) / 3)) + 0.1)
    counts = np.floor(600 * (floats / floats.sum())).astype(int)
    counts[np.argmax(floats)] += 600 - counts.sum()
    refutes("unguarded_floor", (counts[0], int(exact[0])), (counts[1], int(exact[1])))


def test_headline_on_math(refutes):
    assert 100 * float(Fraction(47, 16) - 1) == pytest.approx(193.75)
    low, high = 100 * (0.465 / 0.165 - 1), 100 * (0.475 / 0.155 - 1)  # as far as two decimals tell
    assert (round(low), round(high)) == (182, 206)
    refutes("headline_on_math", (193.8, 100 * float(Fraction(592, 526) - 1)))
