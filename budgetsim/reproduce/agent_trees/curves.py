"""Measured curves: points with standard errors, where they cross, and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Point(NamedTuple):
    """A measured value with its standard error, at a place on an axis."""

    at: float
    value: float
    se: float


Curves: TypeAlias = Mapping[str, Sequence[Point]]
"""What one experiment measured."""


def column(points: Sequence[Point]) -> tuple[Floats, Floats, Floats]:
    """Places, values and standard errors of a curve.

    Examples
    --------
    >>> column([Point(1.0, 2.0, 0.5), Point(2.0, 4.0, 0.5)])[1].tolist()
    [2.0, 4.0]
    """
    at, value, se = np.array(points, dtype=np.float64).T
    return at, value, se


def at(points: Sequence[Point], place: float) -> Point:
    """The point of a curve at a place."""
    [found] = [point for point in points if abs(point.at - place) < 1e-6]
    return found


def fitted(design: Floats, value: Floats, se: Floats) -> tuple[Floats, Floats]:
    """Coefficients of a weighted least-squares fit and their covariance; ``design`` is [points, coefficients]."""
    scaled = design / se[:, None]
    covariance = np.linalg.inv(scaled.T @ scaled)
    return np.asarray(covariance @ scaled.T @ (value / se), np.float64), np.asarray(covariance, np.float64)


def crossing(points: Sequence[Point], *, degree: int = 2) -> Point:
    """Where a falling curve passes zero, by a weighted polynomial fit; ``at`` is the slope there.

    Examples
    --------
    >>> found = crossing([Point(0.0, 1.0, 0.1), Point(1.0, 0.0, 0.1), Point(2.0, -1.0, 0.1)], degree=1)
    >>> round(found.value, 9), round(found.se, 4)
    (1.0, 0.0577)
    """
    place, value, se = column(points)
    center = place.mean()
    powers = np.arange(degree + 1)
    coefficients, covariance = fitted((place[:, None] - center) ** powers, value, se)
    roots = np.roots(coefficients[::-1])
    real = roots[np.abs(roots.imag) < 1e-9].real
    if real.size == 0:
        raise ValueError(f"expected a curve that passes zero, found values {value.tolist()}")
    root = float(real[np.argmin(np.abs(real))])
    slope = float((powers[1:] * coefficients[1:]) @ root ** powers[:-1])
    gradient = root**powers
    return Point(slope, float(center + root), float(np.sqrt(gradient @ covariance @ gradient) / abs(slope)))


def to_json(experiments: Mapping[str, Curves]) -> str:
    """Measured curves as JSON, a line for each, rounded to seven digits.

    Examples
    --------
    >>> from_json(to_json({"sweep": {"bias": [Point(0.1, 0.5, 0.01)]}}))["sweep"]["bias"]
    [Point(at=0.1, value=0.5, se=0.01)]
    """
    blocks = []
    for name, curves in experiments.items():
        lines = [
            f"  {json.dumps(label)}: {json.dumps([[float(f'{number:.7g}') for number in point] for point in points])}"
            for label, points in curves.items()
        ]
        blocks.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def from_json(text: str) -> dict[str, Curves]:
    """The curves that `to_json` wrote."""
    return {
        name: {label: [Point(*point) for point in points] for label, points in curves.items()}
        for name, curves in json.loads(text).items()
    }
