"""Distributions of problems as atoms and weights: domains and means."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from budgetsim.theory._arrays import NON_NEGATIVE, PROBABILITY, Array, require

ATOMS = replace(PROBABILITY, by_row=True)
WEIGHTS = replace(NON_NEGATIVE, by_row=True)


def weighted_mean(xp: ModuleType, values: Array, weights: Array) -> Array:
    """Mean over the last axis; weights need not sum to 1, but must not all be 0."""
    total = xp.sum(weights, axis=-1)
    share = weights / xp.where(total > 0.0, total, 1.0)[..., None]
    return require(xp, total > 0.0, "weights must not all be 0", xp.sum(share * values, axis=-1))
