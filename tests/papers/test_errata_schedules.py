"""Counter-examples about schedules, from the formulas written out."""

from __future__ import annotations

import math

import pytest


def uba(used, shape):
    wave = 1 + math.cos(math.pi * used)
    return 2 * wave / (2 * shape + (2 - shape) * wave)


def rex(used, shape=0.5):
    return (1 - used) / ((1 - shape) + shape * (1 - used))


def test_rex_with_nine_tenths(refutes):
    for shape, mean in ((0.5, 0.614), (0.9, 0.827)):  # the means that the page names
        assert sum(rex((step + 0.5) / 10_000, shape) for step in range(10_000)) / 10_000 == pytest.approx(
            mean, abs=5e-4
        )
    refutes("rex_with_nine_tenths", *((rex(used, 0.9), rex(used)) for used in (0.5, 0.9)))


def test_rex_wraps_around(refutes):
    refutes("rex_wraps_around", (rex(100 % 100 / 100), rex(1.0)))


def test_uba_as_power_law(refutes):
    assert uba(0.3, 2.0) == pytest.approx((1 + math.cos(0.3 * math.pi)) / 2)  # the shape at which UBA is the cosine
    refutes("uba_as_power_law", *(((1 - 0.5) ** shape, uba(0.5, shape)) for shape in (1.0, 2.0)))


def test_uba_as_square(refutes):
    said = [(1 - 2.0 * used) ** 2 / math.sqrt(1.0) for used in (0.5, 0.75, 1.0)]
    assert said[0] < said[1] < said[2]  # rises where a schedule falls
    refutes("uba_as_square", (said[1], uba(0.75, 2.0)), (said[2], uba(1.0, 2.0)), abs_=1e-9)
