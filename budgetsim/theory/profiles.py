r"""Profiles of budgeted learning-rate schedules: the step size as a share of the largest one.

A profile maps the used fraction x of the budget, in [0, 1], to a share in [0, 1]; it knows neither steps nor step
sizes (:mod:`budgetsim.theory.learning_rates` adds them). Every budget is a run of its own with its own horizon.

Sources: "REX: Revisiting Budgeted Training with an Improved Schedule", John Chen, Cameron Wolfe, Anastasios
Kyrillidis, arXiv 2107.04197 (REX; the comparators by name); "Stepsize anything: A unified learning rate schedule for
budgeted-iteration training", Anda Tang, Yiming Dong, Yutao Zeng, Xun Zhou, Zhouchen Lin, arXiv 2505.24452 (UBA; the
formula as reported by a third-party trainer, the paper's body was not read). Identities and averages are derived;
the constants of the comparators are the usual ones, not those of a paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

from budgetsim.theory._arrays import NON_NEGATIVE, POSITIVE, Array, Domain, common_namespace, elementwise

Profile: TypeAlias = Callable[[Array], Array]

FRACTION = Domain("in [0, 1]", 0.0, 1.0)
REX_SHAPE = Domain("at most 1", -math.inf, 1.0, open_low=True)
PROPER_FRACTION = Domain("in (0, 1)", 0.0, 1.0, open_low=True, open_high=True)
INTERVAL = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
MISNAMED_SHAPE = 0.9  # the constant that public code wrongly calls REX
GUARD = 1e-9  # floors of floats


@elementwise(used=FRACTION, shape=REX_SHAPE)
def rex_profile(used: Array, shape: Array = 0.5) -> Array:
    r"""REX, :math:`\frac{z}{(1-d) + d z}` with the remaining ratio :math:`z = 1-x` and d = 1/2.

    Parameters
    ----------
    used
        Used fraction of the budget x, in [0, 1].
    shape
        d, at most 1: 1/2 in the paper, 0 is the linear profile, 1 a constant that drops to 0 at the end.

    Returns
    -------
    array
        Share of the largest step size: 1 at the start, 0 at the end, concave in x for d in (0, 1).

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2107.04197. Public code that calls d = 0.9 REX draws another curve: :func:`misnamed_rex_profile`. A further
    slip in circulation takes the step modulo the horizon, so that the step after the last starts at the top again.

    Derivation: `budgetsim.symbolic.schedule_identity.profile_mean`; page: ``papers/rex.md``.
    Derivation: `budgetsim.symbolic.schedule_identity.profile_half_height`; page: ``papers/rex.md``.

    Examples
    --------
    >>> round(rex_profile(0.25), 6), rex_profile(0.75)
    (0.857143, 0.4)
    """
    return _rex(1.0 - used, shape)


def misnamed_rex_profile(used: Array) -> Array:
    r"""Not REX: the curve with d = 0.9 that several trainers ship under its name, :math:`z/(0.1 + 0.9 z)`.

    It keeps a mean of .827 of the largest step size against .614 for the curve of the paper. Kept to compare runs
    that were made with it; arguments as in :func:`rex_profile`.

    Examples
    --------
    >>> round(misnamed_rex_profile(0.5), 6), round(rex_profile(0.5), 6)
    (0.909091, 0.666667)
    """
    return rex_profile(used, MISNAMED_SHAPE)


@elementwise(used=FRACTION, shape=NON_NEGATIVE)
def uba_profile(used: Array, shape: Array = 1.0) -> Array:
    r"""UBA, :math:`\frac{2(1+\cos\pi x)}{2\varphi + (2-\varphi)(1+\cos\pi x)}`.

    The same as :math:`\frac{2u}{\varphi + (2-\varphi)u}` with the cosine profile u, as
    :math:`1/(1 + \frac\varphi2\tan^2\frac{\pi x}2)` (which overflows at the end), and as REX in cosine time
    (:func:`uba_as_rex`).

    Parameters
    ----------
    used
        Used fraction of the budget x, in [0, 1].
    shape
        phi, 0 or more: 0 is a constant, 2 exactly the cosine profile, large values a spike at the start.

    Returns
    -------
    array
        Share of the range of step sizes: falls from 1 to 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2505.24452 (as reported); identities derived. The linear profile is no member. Wrong versions in
    circulation: :math:`(1-\varphi x)^2/\sqrt\kappa` and :math:`\eta_0(1-t/T)^\varphi`; adaptive shapes, validation
    feedback and exponential tails are additions of others.

    Derivation: `budgetsim.symbolic.schedule_identity.uba_forms`; page: ``papers/uba.md``.

    Examples
    --------
    >>> round(uba_profile(0.75, 0.5), 6), round(uba_profile(0.5, 2.0), 6)
    (0.406983, 0.5)
    """
    xp = common_namespace(used)
    high = _half_wave(1.0 - used)
    below = high + 0.5 * shape * _half_wave(used)
    return xp.where(below > 0.0, high / xp.where(below > 0.0, below, 1.0), 1.0)


@elementwise(used=FRACTION, shape=NON_NEGATIVE)
def uba_as_rex(used: Array, shape: Array = 1.0) -> Array:
    r"""UBA as REX in cosine time: ``rex_profile(1 - u, 1 - phi/2)`` with :math:`u = (1+\cos\pi x)/2`.

    Equal to :func:`uba_profile`; phi = 1 is the REX of the paper in cosine time, phi = 0.2 the misnamed curve.
    Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.schedule_identity.uba_forms`; page: ``papers/uba.md``.

    Examples
    --------
    >>> round(uba_as_rex(0.75, 1.0), 6), round(uba_profile(0.75, 1.0), 6)
    (0.255479, 0.255479)
    """
    xp = common_namespace(used)
    curve = _rex(_half_wave(1.0 - used), 1.0 - 0.5 * shape)
    return xp.where(shape == 0.0, 1.0, curve)  # a constant has no end


@elementwise(shape=NON_NEGATIVE)
def uba_mean(shape: Array) -> Array:
    r"""Mean of the UBA profile over the budget, :math:`1/(1 + \sqrt{\varphi/2})`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.schedule_identity.uba_mean`; page: ``papers/uba.md``.

    Examples
    --------
    >>> uba_mean(2.0)
    0.5
    """
    return 1.0 / (1.0 + (0.5 * shape) ** 0.5)


@elementwise(shape=NON_NEGATIVE)
def uba_mean_square(shape: Array) -> Array:
    r"""Mean of its square, :math:`(1 + \frac12\sqrt{\varphi/2})/(1 + \sqrt{\varphi/2})^2`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.schedule_identity.uba_mean_square`; page: ``papers/uba.md``.

    Examples
    --------
    >>> uba_mean_square(2.0)
    0.375
    """
    root = (0.5 * shape) ** 0.5
    return (1.0 + 0.5 * root) / (1.0 + root) ** 2


@elementwise(shape=POSITIVE)
def uba_half_height(shape: Array) -> Array:
    r"""Used fraction at which the UBA profile is one half, :math:`\frac2\pi\arctan\sqrt{2/\varphi}`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.schedule_identity.uba_half_height`; page: ``papers/uba.md``.

    Examples
    --------
    >>> round(uba_half_height(2.0), 12)
    0.5
    """
    return 2.0 / math.pi * common_namespace(shape).atan((2.0 / shape) ** 0.5)


@elementwise(used=FRACTION)
def constant_profile(used: Array) -> Array:
    """No schedule: 1 throughout.

    Examples
    --------
    >>> constant_profile(0.3)
    1.0
    """
    return 0.0 * used + 1.0


@elementwise(used=FRACTION)
def linear_profile(used: Array) -> Array:
    r"""Linear decay to 0, :math:`1-x`.

    Examples
    --------
    >>> linear_profile(0.25)
    0.75
    """
    return 1.0 - used


@elementwise(used=FRACTION)
def cosine_profile(used: Array) -> Array:
    r"""Cosine decay to 0, :math:`(1+\cos\pi x)/2`.

    Examples
    --------
    >>> round(cosine_profile(0.25), 6)
    0.853553
    """
    return _half_wave(1.0 - used)


@elementwise(used=FRACTION, rate=NON_NEGATIVE)
def exponential_profile(used: Array, rate: Array = 5.0) -> Array:
    r"""Exponential decay, :math:`e^{-g x}`; it ends above 0.

    Examples
    --------
    >>> round(exponential_profile(0.5), 6)
    0.082085
    """
    return common_namespace(used).exp(-rate * used)


@elementwise(used=FRACTION, factor=FRACTION)
def step_profile(used: Array, milestones: tuple[float, ...] = (0.5, 0.75), factor: Array = 0.1) -> Array:
    r"""Steps, :math:`f^k` after k milestones; ``(0.3, 0.6, 0.9)`` is the other usual choice.

    ``milestones`` are used fractions; a step size falls at its milestone (guard 1e-9).

    Examples
    --------
    >>> round(step_profile(0.8), 12)
    0.01
    """
    xp = common_namespace(used)
    share = 0.0 * used + 1.0
    for milestone in milestones:
        share = share * xp.where(used >= milestone - GUARD, factor, 1.0)
    return share


@elementwise(used=FRACTION, warm_up=PROPER_FRACTION, start=FRACTION)
def one_cycle_profile(used: Array, warm_up: Array = 0.3, start: Array = 0.04) -> Array:
    r"""OneCycle: cosine rise from ``start`` over the first ``warm_up`` of the budget, then cosine decay to 0.

    Examples
    --------
    >>> round(one_cycle_profile(0.0), 12), round(one_cycle_profile(0.3), 12), round(one_cycle_profile(0.65), 12)
    (0.04, 1.0, 0.5)
    """
    xp = common_namespace(used)
    rising = used < warm_up
    up = start + (1.0 - start) * _half_wave(used / warm_up)
    return xp.where(rising, up, _half_wave((1.0 - used) / (1.0 - warm_up)))


@elementwise(used=FRACTION, interval=INTERVAL)
def held_fraction(used: Array, interval: Array) -> Array:
    r"""Used fraction at which the step size was read last, :math:`\lfloor x/h \rfloor h` (guard 1e-9).

    ``profile(held_fraction(x, h))`` samples a profile every ``interval`` h of the budget, in (0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    A schedule as a profile and a sampling rate: arXiv 2107.04197.

    Examples
    --------
    >>> linear_profile(held_fraction(0.3, 0.25))
    0.75
    """
    xp = common_namespace(used)
    held = xp.floor(used / interval + GUARD) * interval
    return xp.where(held > 1.0, 1.0, held)


def _rex(left: Array, shape: Array) -> Array:
    """REX as a function of the remaining ratio."""
    xp = common_namespace(left)
    below = (1.0 - shape) + shape * left
    return xp.where(left > 0.0, left / xp.where(left > 0.0, below, 1.0), 0.0)


def _half_wave(share: Array) -> Array:
    """``(1 - cos(pi x))/2``, exact at its zero: a cosine profile is it of the remaining ratio."""
    return common_namespace(share).sin(0.5 * math.pi * share) ** 2
