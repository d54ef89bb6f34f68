r"""Dividing a budget when uncertainty is a chance of error and cannot exceed 1: giving up can be best.

Sub-question j fails with probability :math:`\min(1, u_j + c_j b_j^{-\beta_j})`. Below some tokens it fails surely, so
its first tokens buy nothing and the problem is not concave: the best allocation may leave some sub-questions without
any token. Names as in :mod:`budgetsim.theory.bbam`; all derived.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import POSITIVE, PROBABILITY, Array, common_namespace, elementwise
from budgetsim.theory._shares import as_row, log_price, tokens_at

ROW = replace(POSITIVE, by_row=True)
SHARE = replace(PROBABILITY, by_row=True)
MOST = 16  # every subset of the sub-questions is solved


class CappedAllocation(NamedTuple):
    """Tokens of every sub-question (0: given up) [..., sub-questions] and the expected number of errors [...]."""

    budgets: Array
    errors: Array


class _Choice(NamedTuple):
    subset: Array
    price: Array
    errors: Array


@elementwise(initial_uncertainty=ROW, decay_rate=ROW, budget=POSITIVE, residual_uncertainty=SHARE)
def _choose(initial_uncertainty: Array, decay_rate: Array, budget: Array, residual_uncertainty: Array) -> _Choice:
    xp = common_namespace(initial_uncertainty)
    uncertainty, rate, residual, budgets = xp.broadcast_arrays(
        initial_uncertainty, decay_rate, residual_uncertainty, budget[..., None]
    )
    subsets = xp.asarray(_subsets(uncertainty.shape[-1]))
    funded = xp.any(subsets, axis=-1)
    intercept, weight = xp.log(uncertainty * rate)[..., None, :], (1.0 / (rate + 1.0))[..., None, :]
    intercept, weight, free = xp.broadcast_arrays(intercept, weight, subsets | ~funded[..., None])
    price = log_price(xp, intercept, weight, xp.broadcast_to(budgets[..., :1], free.shape[:-1]), free)
    tokens = xp.where(subsets, tokens_at(xp, price, intercept, weight), 1.0)
    left = residual[..., None, :] + uncertainty[..., None, :] * tokens ** -rate[..., None, :]
    errors = xp.sum(xp.where(subsets, left, 1.0), axis=-1)
    best = xp.argmin(errors, axis=-1)
    chosen = [xp.take_along_axis(part, best[..., None], axis=-1)[..., 0] for part in (price, errors)]
    return _Choice(best, chosen[0], chosen[1])


def capped_allocation(
    initial_uncertainty: Array, decay_rate: Array, budget: Array, residual_uncertainty: Array = 0.0
) -> CappedAllocation:
    r"""Allocation with the fewest expected errors, :math:`\sum_j \min(1, u_j + c_j b_j^{-\beta_j})`.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0; shape [..., sub-questions], at most 16 sub-questions.
    budget
        Total tokens, above 0; shape [...]. Nothing is spent where every sub-question is given up.
    residual_uncertainty
        Chance of error u that no token removes, in [0, 1]; shape [..., sub-questions]. Here, unlike in
        :func:`budgetsim.theory.bbam.bam_exact`, it moves tokens: it makes a sub-question less worth starting.

    Returns
    -------
    CappedAllocation
        Of equally good allocations the one that starts more sub-questions.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX) or there are more than 16 sub-questions.

    Notes
    -----
    Derived. For a set of started sub-questions the problem without the cap is convex and solved exactly; its value is
    never below the capped one and equals it for the best set, so the best of all sets is the optimum. Time and memory
    grow with two to the number of sub-questions.

    Examples
    --------
    >>> best = capped_allocation([25, 25, 25], [1, 1, 1], 100)
    >>> best.budgets.round(6).tolist(), round(float(best.errors), 6)
    ([50.0, 50.0, 0.0], 2.0)
    """
    row = as_row(initial_uncertainty), as_row(decay_rate), as_row(residual_uncertainty)
    count = max(part.shape[-1] for part in row)
    if count > MOST:
        raise ValueError(f"initial_uncertainty must have at most {MOST} sub-questions, got {count}")
    best = _choose(row[0], row[1], budget, row[2])
    xp = common_namespace(best.price, *row)
    price, subset = xp.asarray(best.price), xp.asarray(best.subset)
    tokens = tokens_at(xp, price, xp.log(row[0] * row[1]), 1.0 / (row[1] + 1.0))
    number = xp.where(xp.isnan(price), 0.0, subset).astype(int)
    started = xp.take(xp.asarray(_subsets(count)), number, axis=0)
    return CappedAllocation(xp.where(started, tokens, 0.0), best.errors)


def _subsets(count: int) -> np.ndarray:
    """All subsets of some sub-questions [2^count, count], larger ones first."""
    rows = sorted(product((True, False), repeat=count), key=lambda row: -sum(row))
    return np.asarray(rows)
