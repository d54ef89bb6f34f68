r"""When to stop spending: rules on the checkpoints of a run, and the best moment at a price per token.

With a concave quality Q(b) and a price lambda per token, :math:`Q(b) - \lambda b` is largest where the marginal
quality falls to the price. Checkpoints are those of :mod:`budgetsim.theory.anytime`. All derived unless said
otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import FINITE, NON_NEGATIVE, POSITIVE, Array, common_namespace, elementwise, whole
from budgetsim.theory._shares import as_row
from budgetsim.theory.anytime import running_best, widths_between

ROW = replace(NON_NEGATIVE, by_row=True)


class Stop(NamedTuple):
    """Checkpoint at which to stop (0 is the first) and its tokens, both of shape [...]."""

    index: Array
    budget: Array


@elementwise(budgets=ROW, quality=ROW, threshold=FINITE)
def _relative_stop(budgets: Array, quality: Array, threshold: Array) -> Stop:
    xp = common_namespace(budgets)
    now = quality[..., :-1]
    gain = (quality[..., 1:] - now) / xp.where(now > 0.0, now, 1.0)
    return _first(xp, (now > 0.0) & (gain < threshold[..., None]), budgets, widths_between(xp, budgets))


def relative_gain_stop(budgets: Array, quality: Array, threshold: Array) -> Stop:
    r"""Stop at the first checkpoint with :math:`(Q_{t+1} - Q_t)/Q_t < \epsilon`; at the last if there is none.

    Myopic: it stops at the first plateau or dip. A finer grid stops earlier. It equals a price that rises with the
    quality already reached, :math:`\lambda = \epsilon Q/\Delta b`.

    Parameters
    ----------
    budgets, quality
        As in :func:`budgetsim.theory.anytime.anytime_index`; checkpoints of quality 0 are passed over.
    threshold
        epsilon; shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain or the budgets do not increase (NaN in JAX).

    Notes
    -----
    A rule in circulation beside arXiv 2601.11038, which has none. It looks one checkpoint ahead at the true quality;
    online a forecast must stand in.

    Derivation: `budgetsim.symbolic.stopping.relative_gain_stop`; page: ``papers/anytime.md``.

    Examples
    --------
    >>> stop = relative_gain_stop([256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.45, 0.7, 0.7], 0.05)
    >>> int(stop.index), float(stop.budget)
    (1, 512.0)
    """
    return _relative_stop(as_row(budgets), as_row(quality), threshold)


@elementwise(budgets=ROW, quality=ROW, price=NON_NEGATIVE)
def _price_stop(budgets: Array, quality: Array, price: Array) -> Stop:
    xp = common_namespace(budgets)
    best = running_best(xp, quality)
    widths = widths_between(xp, budgets)
    return _first(xp, (best[..., 1:] - best[..., :-1]) / widths < price[..., None], budgets, widths)


def price_stop(budgets: Array, quality: Array, price: Array) -> Stop:
    r"""Stop at the first checkpoint whose next increment of the best quality is worth less than its tokens.

    :math:`(Q^\star_{t+1} - Q^\star_t)/(b_{t+1} - b_t) < \lambda`; the last checkpoint if there is none. The best stop
    (:func:`best_stop`) if the best quality is concave in the budget; else it may stop too early.

    Parameters
    ----------
    budgets, quality
        As in :func:`budgetsim.theory.anytime.anytime_index`; the curve stands for the best forecast of it.
    price
        Price of one token in units of quality, 0 or more; shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain or the budgets do not increase (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> stop = price_stop([256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.6, 0.63, 0.64], 1e-4)
    >>> int(stop.index), float(stop.budget)
    (2, 1024.0)
    """
    return _price_stop(as_row(budgets), as_row(quality), price)


@elementwise(budgets=ROW, quality=ROW, price=NON_NEGATIVE)
def _best_stop(budgets: Array, quality: Array, price: Array) -> Stop:
    xp = common_namespace(budgets)
    worth = running_best(xp, quality) - price[..., None] * budgets
    return _first(xp, worth >= xp.max(worth, axis=-1, keepdims=True), budgets, widths_between(xp, budgets))


def best_stop(budgets: Array, quality: Array, price: Array) -> Stop:
    r"""Checkpoint with the largest :math:`Q^\star_t - \lambda b_t`, known in hindsight; the first of equals.

    Arguments and errors as in :func:`price_stop`. Derived; what any rule that stops online is measured against.

    Examples
    --------
    >>> stop = best_stop([256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.45, 0.7, 0.7], 1e-4)
    >>> int(stop.index), float(stop.budget)
    (3, 2048.0)
    """
    return _best_stop(as_row(budgets), as_row(quality), price)


@elementwise(largest_quality=POSITIVE, scale=POSITIVE, price=POSITIVE)
def exponential_stop(largest_quality: Array, scale: Array, price: Array) -> Array:
    r"""Best tokens for :math:`Q_\infty(1 - e^{-b/s})`, :math:`b^\star = \max(0, s\ln\frac{Q_\infty}{\lambda s})`.

    Parameters
    ----------
    largest_quality
        Limit of the quality, above 0.
    scale
        s, tokens, above 0.
    price
        Price of one token in units of quality, above 0.

    Returns
    -------
    array
        Tokens; 0 where even the first token costs more than it brings.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.stopping.price_stop`; page: ``papers/anytime.md``.

    Examples
    --------
    >>> round(exponential_stop(0.9, 800, 1e-4), 2)
    1936.29
    """
    xp = common_namespace(scale)
    gain = largest_quality / (price * scale)
    return scale * xp.log(xp.where(gain > 1.0, gain, 1.0))


@elementwise(initial_uncertainty=POSITIVE, decay_rate=POSITIVE, price=POSITIVE)
def power_law_stop(initial_uncertainty: Array, decay_rate: Array, price: Array) -> Array:
    r"""Best tokens for :math:`Q_\infty - c b^{-\beta}`, :math:`b^\star = (c\beta/\lambda)^{1/(\beta+1)}`.

    The allocation of :func:`budgetsim.theory.bbam.bam_exact` gives these tokens to every sub-question at its shadow
    price: a price per token and a budget are two sides of one rule.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta, above 0.
    price
        Price of one token in units of quality, above 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.uncertainty_curves.demand`; page: ``papers/plan-and-budget.md``.
    Derivation: `budgetsim.symbolic.stopping.power_law_stop`; page: ``papers/anytime.md``.

    Examples
    --------
    >>> round(power_law_stop(5.0, 1.0, 2.4533e-4), 2)
    142.76
    """
    return (initial_uncertainty * decay_rate / price) ** (1.0 / (decay_rate + 1.0))


def concave_stop(marginal_quality: Callable[[float], float], price: float, longest: float) -> float:
    r"""Best tokens for any concave quality: where its derivative falls to the price.

    Parameters
    ----------
    marginal_quality
        Derivative of the quality at b tokens, not increasing in b.
    price
        Price of one token in units of quality, above 0.
    longest
        Most tokens allowed, above 0.

    Returns
    -------
    float
        In [0, longest], to rounding.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived; by bisection, plain numbers only.

    Derivation: `budgetsim.symbolic.stopping.price_stop`; page: ``papers/anytime.md``.

    Examples
    --------
    >>> import math
    >>> round(concave_stop(lambda tokens: 0.9 / 800 * math.exp(-tokens / 800), 1e-4, 1e5), 2)
    1936.29
    """
    for name, value in (("price", price), ("longest", longest)):
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be finite, above 0, got {value}")
    if marginal_quality(longest) >= price:
        return float(longest)
    low, high = 0.0, float(longest)
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return low
        low, high = (middle, high) if marginal_quality(middle) >= price else (low, middle)


def _first(xp: ModuleType, stops: Array, budgets: Array, widths: Array) -> Stop:
    """First place at which a rule stops, else the last checkpoint; NaN with NaN widths (JAX only)."""
    checkpoints = budgets.shape[-1]
    index = xp.min(xp.where(stops, xp.arange(stops.shape[-1]), checkpoints - 1), axis=-1)
    picked = xp.take_along_axis(xp.broadcast_to(budgets, (*index.shape, checkpoints)), index[..., None], axis=-1)
    lost = xp.isnan(xp.sum(widths, axis=-1))
    return Stop(whole(xp, xp.where(lost, math.nan, index)), xp.where(lost, math.nan, picked[..., 0]))
