r"""How good answers are at every moment of a budget: two indices that go by one name.

A run is seen at increasing checkpoints ``budgets`` [..., checkpoints] (tokens); ``quality`` [..., checkpoints] is
that of the answer forced at each of them. :func:`anytime_index` is an area without unit, :func:`anytime_index_seed`
a slope in quality per token: they rank runs differently and must not share a name.

Source: "Budget-Aware Anytime Reasoning with LLM-Synthesized Preference Data", Xuanming Zhang, Shwan Ashrafi, Aziza
Mirsaidova, Amir H. Rezaeian, Miguel Ballesteros, Lydia B. Chilton, Zhou Yu, Dan Roth, arXiv 2601.11038 (the index, as
reported by public notes; the paper has no stopping rule). The rest is derived unless said otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import FINITE, NON_NEGATIVE, POSITIVE, Array, common_namespace, elementwise, require
from budgetsim.theory._shares import as_row

ROW = replace(NON_NEGATIVE, by_row=True)
INCREASING = "budgets must increase from checkpoint to checkpoint, of which there are 2 or more"


@elementwise(budgets=ROW, quality=ROW, largest_quality=POSITIVE)
def _area(budgets: Array, quality: Array, largest_quality: Array | None) -> Array:
    xp = common_namespace(budgets)
    best = running_best(xp, quality)
    widths = widths_between(xp, budgets)
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
    return xp.mean((quality[..., 1:] - quality[..., :-1]) / widths_between(xp, budgets), axis=-1)


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

    Derivation: `budgetsim.symbolic.anytime_indices.anytime_index_own`; page: ``papers/anytime.md``.
    Derivation: `budgetsim.symbolic.anytime_indices.anytime_index_absolute`; page: ``papers/anytime.md``.

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


def running_best(xp: ModuleType, quality: Array) -> Array:
    """Best quality up to every checkpoint."""
    return xp.maximum.accumulate(quality, axis=-1)


def widths_between(xp: ModuleType, budgets: Array) -> Array:
    """Tokens from every checkpoint to the next; ``ValueError`` (NaN in JAX) where they are not above 0."""
    widths = budgets[..., 1:] - budgets[..., :-1]
    increasing = xp.all(widths > 0.0, axis=-1, keepdims=True) & (widths.shape[-1] > 0)
    return require(xp, increasing, INCREASING, widths)
