"""Counter-examples about value trees, by recursion over steps and by quadrature."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from scipy.integrate import quad
from scipy.stats import binom, norm

VALUES = np.array([0.2, 0.4, 0.7])


def selection(values, exponent):
    weights = np.asarray(values) ** exponent
    return weights / weights.sum()


def failure_of(chances, gains):
    """Chance of fewer gains than asked for, step by step."""
    mass = np.zeros(gains + 1)
    mass[0] = 1.0
    for chance in chances:
        moved = mass[:-1] * chance
        mass[:-1] -= moved
        mass[1:] += moved
    return float(mass[:-1].sum())


def test_constant_least_advance(refutes):
    gains, failure, rival = 20, 0.01, 1.6

    def run(steps):
        return failure_of((0.5 / (1 + 2 * rival ** (steps / left)) for left in range(steps, 0, -1)), gains)

    start, demand = 0.5 / (1 + 2 * rival), math.log(1 / failure)
    promised = math.ceil((gains + math.sqrt(2 * gains * demand) + 2 * demand) / start)
    assert run(promised) > failure  # the promise is broken
    needed = next(steps for steps in range(promised, 1000) if run(steps) <= failure)
    refutes("constant_least_advance", (promised, needed))


def test_bound_promises_the_answer(refutes):
    progress, false, right = 0.3, 0.05, 0.0
    mass = np.array([1.0, 0.0, 0.0])
    for _ in range(2000):
        right += mass[2] * progress
        mass = mass * (1 - progress - false) + np.append(0.0, mass[:2]) * progress
    refutes("bound_promises_the_answer", (1.0, right))


def test_bound_covers_the_budgets_tested(refutes):
    demand = math.log(10)
    asked = [(gains + math.sqrt(2 * gains * demand) + 2 * demand) / steps for gains, steps in ((2, 5), (7, 10))]
    assert all(chance > 1.0 for chance in asked)
    # The event itself is not out of reach: fewer than 2 gains in 5 steps of chance .6 are rarer than a tenth.
    assert binom.cdf(1, 5, 0.6) < 0.1
    refutes("bound_covers_the_budgets_tested", *((1.0, chance) for chance in asked))


def test_inverted_exponent(refutes):
    refutes("inverted_exponent", (selection(VALUES, 0.05)[-1], selection(VALUES, 20.0)[-1]))


def test_exponent_one_is_uniform(refutes):
    refutes("exponent_one_is_uniform", (1 / 3, 0.7 / 1.3))


def test_proportional_split(refutes):
    depth = max(level for level in range(21) if 3**level <= 20)  # every node of a level pays 1 of the split budget
    refutes("proportional_split", (selection(VALUES, 1.0)[-1], selection(VALUES, 5.0)[-1]), (depth, 20))


def test_maximum_backup(refutes):
    best_of_five, _ = quad(lambda x: 5 * x * norm.pdf(x) * norm.cdf(x) ** 4, -12, 12)
    mean_of_five, _ = quad(lambda x: x * norm.pdf(x), -12, 12)
    refutes("maximum_backup", (0.1 * best_of_five, 0.1 * mean_of_five), (0.8 + 0.9 * 0.7, 1.0))


def test_growing_bonus(refutes):
    bonus = [math.sqrt(math.log(21) / 2) / left for left in (1, 20)]
    weaker = [1 - selection(VALUES, 20 / left)[-1] for left in (1, 20)]
    said, right = bonus[0] / bonus[1], weaker[0] / weaker[1]
    assert said > 1 > right
    refutes("growing_bonus", (said, right), rel=1e-6)


def test_bonus_for_few_visits(refutes):
    scores = [value + (1 + 0.1 / 1) / (1 + 0.05) / (visits + 1) for value, visits in ((0.1, 0), (0.7, 5))]
    refutes("bonus_for_few_visits", (float(scores[0] > scores[1]), float(selection([0.1, 0.7], 20.0)[0])))


def test_gains_rounded_up(refutes):
    refutes("gains_rounded_up", (math.ceil((0.8 - 0.2) / 0.1), math.ceil((Fraction(8, 10) - Fraction(2, 10)) * 10)))
