r"""How good answers are at every moment of a budget: two indices that go by one name, and when to stop.

A run is seen at increasing checkpoints ``budgets`` [..., checkpoints] (tokens); ``quality`` [..., checkpoints] is
that of the answer forced at each of them. :func:`anytime_index` is an area without unit, :func:`anytime_index_seed`
a slope in quality per token: they rank runs differently and must not share a name.

Source: "Budget-Aware Anytime Reasoning with LLM-Synthesized Preference Data", Xuanming Zhang, Shwan Ashrafi, Aziza
Mirsaidova, Amir H. Rezaeian, Miguel Ballesteros, Lydia B. Chilton, Zhou Yu, Dan Roth, arXiv 2601.11038 (the index, as
reported by public notes; the paper has no stopping rule). The rest is derived unless said otherwise.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    Array,
    common_namespace,
    elementwise,
    require,
    whole,
)
from budgetsim.theory._shares import as_row

ROW = replace(NON_NEGATIVE, by_row=True)
INCREASING = "budgets must increase from checkpoint to checkpoint, of which there are 2 or more"


@elementwise(budgets=ROW, quality=ROW, largest_quality=POSITIVE)
def _area(budgets: Array, quality: Array, largest_quality: Array | None) -> Array:
    xp = common_namespace(budgets)
    best = _running_best(xp, quality)
    widths = _widths(xp, budgets)
    mean = 0.5 * xp.sum((best[..., 1:] + best[..., :-1]) * widths, axis=-1) / xp.sum(widths, axis=-1)
    if largest_quality is None:
        own = best[..., -1]
        largest_quality = require(xp, own > 0.0, "quality must be above 0 at some checkpoint", own)
        # A share of 0/0 is no share; traced rows turn into NaN through the requirement.
    return mean / largest_quality


def anytime_index(budgets: Array, quality: Array, largest_quality: Array | None = None) -> Array:
    r"""Area under the best quality so far, over the largest possible area.

    :math:`\sum_t \frac12(Q^\star_t + Q^\star_{t+1})(b_{t+1} - b_t) / ((b_T - b_1) Q_{max})`

    Parameters
    ----------
    budgets
        Tokens at the checkpoints, 0 or more, increasing; shape [..., checkpoints], 2 or more of them.
    quality
        Quality at the checkpoints, 0 or more; same shape.
    largest_quality
        Q_max, above 0; shape [...]. None takes the best quality of the run itself: the index then measures speed
        only, and rewards a weak run that saturates early. Which of the two the paper means is not known.

    Returns
    -------
    array
        In [0, 1] if no quality exceeds ``largest_quality``. It depends on the checkpoints; late ones weigh most.

    Raises
    ------
    ValueError
        If an argument is outside its domain, the budgets do not increase, or every quality of a run that is its own
        measure is 0 (NaN in JAX).

    Notes
    -----
    arXiv 2601.11038 (as reported). The running best uses true quality, which nobody sees online.

    Examples
    --------
    >>> budgets, quality = [256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.45, 0.7, 0.7]
    >>> round(float(anytime_index(budgets, quality)), 6), round(float(anytime_index(budgets, quality, 1.0)), 6)
    (0.890476, 0.623333)
    """
    return _area(as_row(budgets), as_row(quality), largest_quality)


@elementwise(budgets=ROW, quality=replace(FINITE, by_row=True))
def _slope(budgets: Array, quality: Array) -> Array:
    xp = common_namespace(budgets)
    return xp.mean((quality[..., 1:] - quality[..., :-1]) / _widths(xp, budgets), axis=-1)


def anytime_index_seed(budgets: Array, quality: Array) -> Array:
    r"""Mean slope of the quality, :math:`\frac1{T-1}\sum_t (Q_{t+1}-Q_t)/(b_{t+1}-b_t)`: **not** the paper's index.

    A definition in circulation under the same name. On equally spaced checkpoints only the first and the last
    quality count, however early a run rises; a finer early grid raises it. Never a measure of speed there.

    Parameters
    ----------
    budgets
        As in :func:`anytime_index`.
    quality
        Quality at the checkpoints, finite; drops count.

    Returns
    -------
    array
        Quality per token, of any sign.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the budgets do not increase (NaN in JAX).

    Notes
    -----
    The mean is over the increments; derived comparison with arXiv 2601.11038.

    Examples
    --------
    >>> f"{float(anytime_index_seed([256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.45, 0.7, 0.7])):.4e}"
    '3.2959e-04'
    """
    return _slope(as_row(budgets), as_row(quality))


class ExponentialIndex(NamedTuple):
    """Anytime index of an exponential curve, against its own best quality and against quality 1."""

    own: Array
    absolute: Array


@elementwise(scale=POSITIVE, budget=POSITIVE, largest_quality=POSITIVE)
def exponential_anytime_index(scale: Array, budget: Array, largest_quality: Array = 1.0) -> ExponentialIndex:
    r"""Anytime index of :math:`Q(b) = Q_\infty(1 - e^{-b/s})` on [0, B], at every moment.

    :math:`AI_{own} = \frac{B - s(1-e^{-B/s})}{B(1-e^{-B/s})}`, :math:`AI_{abs} = Q_\infty(1 - \frac sB(1-e^{-B/s}))`

    Parameters
    ----------
    scale
        s, tokens, above 0.
    budget
        B, tokens, above 0.
    largest_quality
        Limit of the quality, above 0.

    Returns
    -------
    ExponentialIndex
        ``own`` lies between 1/2 (slow: a straight line) and 1 (immediate).

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> [round(index, 5) for index in exponential_anytime_index(800, 4096)]
    [0.8107, 0.80585]
    """
    xp = common_namespace(scale)
    ratio = budget / scale
    reached = -xp.expm1(-ratio)
    # B - s(1 - exp(-B/s)) cancels for short budgets: its series there.
    short = ratio < 1e-2
    series = ratio / 2.0 * (1.0 - ratio / 3.0 * (1.0 - ratio / 4.0 * (1.0 - ratio / 5.0 * (1.0 - ratio / 6.0))))
    mean = xp.where(short, series, 1.0 - reached / ratio)
    return ExponentialIndex(mean / reached, largest_quality * mean)


class Stop(NamedTuple):
    """Checkpoint at which to stop (0 is the first) and its tokens, both of shape [...]."""

    index: Array
    budget: Array


@elementwise(budgets=ROW, quality=ROW, threshold=FINITE)
def _relative_stop(budgets: Array, quality: Array, threshold: Array) -> Stop:
    xp = common_namespace(budgets)
    now = quality[..., :-1]
    gain = (quality[..., 1:] - now) / xp.where(now > 0.0, now, 1.0)
    return _first(xp, (now > 0.0) & (gain < threshold[..., None]), budgets, _widths(xp, budgets))


def relative_gain_stop(budgets: Array, quality: Array, threshold: Array) -> Stop:
    r"""Stop at the first checkpoint with :math:`(Q_{t+1} - Q_t)/Q_t < \epsilon`; at the last if there is none.

    Myopic: it stops at the first plateau or dip. A finer grid stops earlier. It equals a price that rises with the
    quality already reached, :math:`\lambda = \epsilon Q/\Delta b`.

    Parameters
    ----------
    budgets, quality
        As in :func:`anytime_index`; checkpoints of quality 0 are passed over.
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
    best = _running_best(xp, quality)
    widths = _widths(xp, budgets)
    return _first(xp, (best[..., 1:] - best[..., :-1]) / widths < price[..., None], budgets, widths)


def price_stop(budgets: Array, quality: Array, price: Array) -> Stop:
    r"""Stop at the first checkpoint whose next increment of the best quality is worth less than its tokens.

    :math:`(Q^\star_{t+1} - Q^\star_t)/(b_{t+1} - b_t) < \lambda`; the last checkpoint if there is none. The best stop
    (:func:`best_stop`) if the best quality is concave in the budget; else it may stop too early.

    Parameters
    ----------
    budgets, quality
        As in :func:`anytime_index`; the curve stands for the best forecast of it.
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
    worth = _running_best(xp, quality) - price[..., None] * budgets
    return _first(xp, worth >= xp.max(worth, axis=-1, keepdims=True), budgets, _widths(xp, budgets))


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


def _running_best(xp: ModuleType, quality: Array) -> Array:
    return xp.maximum.accumulate(quality, axis=-1)


def _widths(xp: ModuleType, budgets: Array) -> Array:
    widths = budgets[..., 1:] - budgets[..., :-1]
    increasing = xp.all(widths > 0.0, axis=-1, keepdims=True) & (widths.shape[-1] > 0)
    return require(xp, increasing, INCREASING, widths)


def _first(xp: ModuleType, stops: Array, budgets: Array, widths: Array) -> Stop:
    """First place at which a rule stops, else the last checkpoint; NaN with NaN widths (JAX only)."""
    checkpoints = budgets.shape[-1]
    index = xp.min(xp.where(stops, xp.arange(stops.shape[-1]), checkpoints - 1), axis=-1)
    picked = xp.take_along_axis(xp.broadcast_to(budgets, (*index.shape, checkpoints)), index[..., None], axis=-1)
    lost = xp.isnan(xp.sum(widths, axis=-1))
    return Stop(whole(xp, xp.where(lost, math.nan, index)), xp.where(lost, math.nan, picked[..., 0]))
