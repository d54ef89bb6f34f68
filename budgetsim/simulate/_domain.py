"""Checks of what a simulation is asked for; every message names the argument, the value and the domain."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

_ROUNDING = 1e-9  # how far a sum of probabilities may be from 1 through rounding alone
LARGEST_REPLICA = 2**22  # coins of one replica: they must fit into memory together


def probabilities(name: str, given: ArrayLike, *, dimensions: int) -> NDArray[np.float64]:
    """Give back a non-empty float64 array of ``dimensions`` axes whose entries lie in [0, 1]."""
    values = np.asarray(given, dtype=np.float64)
    if values.ndim != dimensions or values.size == 0:
        raise ValueError(f"{name} must be a non-empty array with {dimensions} axes, got shape {values.shape}")
    outside = np.argwhere(~((values >= 0.0) & (values <= 1.0)))  # written so that NaN is outside
    if outside.size:
        place = tuple(int(index) for index in outside[0])
        raise ValueError(f"{name} must lie in [0, 1], got {values[place]} at index {list(place)}")
    return values


def share(name: str, given: float) -> None:
    """Refuse a number outside [0, 1]."""
    if not 0.0 <= given <= 1.0:
        raise ValueError(f"{name} must lie in [0, 1], got {given}")


def atoms(name: str, given: ArrayLike) -> NDArray[np.float64]:
    """One probability, or one for every problem, as an array [problems]."""
    return probabilities(name, np.atleast_1d(np.asarray(given, dtype=np.float64)), dimensions=1)


def problem_weights(given: ArrayLike | None, problems: int) -> NDArray[np.float64]:
    """Weights [problems] that sum to 1; equal ones when none are given."""
    if given is None:
        return np.full(problems, 1.0 / problems)
    weights = np.asarray(given, dtype=np.float64)
    if weights.shape != (problems,):
        raise ValueError(f"weights must hold one weight for each of {problems} problems, got shape {weights.shape}")
    if not np.all(weights >= 0.0):
        raise ValueError(f"weights must be 0 or more, got {weights[~(weights >= 0.0)][0]}")
    if not abs(weights.sum() - 1.0) <= _ROUNDING:
        raise ValueError(f"weights must sum to 1, got {weights.sum()}")
    return weights


def answer_probabilities(given: ArrayLike) -> NDArray[np.float64]:
    """Probabilities [problems, answers] whose rows sum to at most 1."""
    values = probabilities("probabilities", given, dimensions=2)
    sums = values.sum(axis=1)
    if np.any(sums > 1.0 + _ROUNDING):
        raise ValueError(f"probabilities must sum to at most 1 in every row, got {sums.max()} in row {sums.argmax()}")
    return values


def count(name: str, given: float, *, least: int = 1, most: int | None = None) -> int:
    """Give back an integer within ``least`` ... ``most``."""
    whole = math.isfinite(given) and int(given) == given
    if not whole or given < least or (most is not None and given > most):
        domain = f"an integer of {least} or more" if most is None else f"an integer in {least} ... {most}"
        raise ValueError(f"{name} must be {domain}, got {given}")
    return int(given)
