r"""What step-size schedules do on quadratics: Chebyshev steps and their identity with UBA, noisy losses, a bound.

Curvatures lie in [l, L] (``lowest_curvature``, ``highest_curvature``); their ratio is the ``condition_number`` kappa.
All derived. "Stepsize anything: A unified learning rate schedule for budgeted-iteration training", Tang et al., arXiv
2505.24452, claims a link between the shape phi and the condition number; the identity here is not that paper's text.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import (
    DEPTH,
    NON_NEGATIVE,
    POSITIVE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    repeat,
    require,
)
from budgetsim.theory.profiles import Profile, uba_profile

CONDITION_NUMBER = Domain("finite, 1 or more", 1.0, math.inf, open_high=True)


def chebyshev_steps(lowest_curvature: Array, highest_curvature: Array, steps: int) -> Array:
    r"""Steps that contract a quadratic most in the worst case, :math:`2/(L+l-(L-l)\cos\theta_k)`, largest first.

    :math:`\theta_k = (2k-1)\pi/(2T)`, k = 1 .. T. They solve :math:`\min\max_\lambda|\prod_k(1-\eta_k\lambda)|`.

    Parameters
    ----------
    lowest_curvature, highest_curvature
        l and L, above 0, l not above L; shape [...].
    steps
        T, a whole number, 1 or more (static under jit).

    Returns
    -------
    array
        Shape [..., steps]. Used in this order many steps are numerically unstable.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived (Chebyshev polynomials).

    Derivation: `budgetsim.symbolic.chebyshev_identity.chebyshev_is_uba`; page: ``papers/uba.md``.

    Examples
    --------
    >>> chebyshev_steps(0.5, 2.0, 3).round(6).tolist()
    [1.665332, 0.8, 0.526449]
    """
    low, spread = _curvatures(lowest_curvature, highest_curvature, steps)
    xp = common_namespace(low, spread)
    half_angle = 0.5 * math.pi * _nodes(steps)
    return 1.0 / (xp.asarray(low)[..., None] + xp.asarray(spread)[..., None] * np.sin(half_angle) ** 2)


class UbaSteps(NamedTuple):
    """Shape of UBA [...] and its step sizes at the Chebyshev nodes [..., steps]."""

    shape: Array
    step_sizes: Array


def uba_chebyshev_steps(condition_number: Array, steps: int) -> UbaSteps:
    r"""UBA steps that equal the Chebyshev steps: :math:`\varphi = 2\kappa` from kappa down to 1, read at the nodes.

    The highest curvature is 1; ``uba_chebyshev_steps(k, T).step_sizes`` is ``chebyshev_steps(1/k, 1, T)``. Shapes
    below 2 would need a condition number below 1: they lie outside the theory of noiseless quadratics.

    Parameters
    ----------
    condition_number
        kappa, 1 or more; shape [...].
    steps
        T, a whole number, 1 or more (static under jit).

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.chebyshev_identity.chebyshev_is_uba`; page: ``papers/uba.md``.

    Examples
    --------
    >>> shape, sizes = uba_chebyshev_steps(1.5, 4)
    >>> float(shape), sizes.round(6).tolist()
    (3.0, [1.471988, 1.299456, 1.114686, 1.01285])
    """
    shape = _shape_of(condition_number, steps)
    xp = common_namespace(shape)
    row = xp.asarray(shape)[..., None]
    return UbaSteps(shape, (0.5 * row - 1.0) * uba_profile(_nodes(steps), row) + 1.0)


@elementwise(condition_number=CONDITION_NUMBER, steps=WHOLE_POSITIVE)
def chebyshev_contraction(condition_number: Array, steps: Array) -> Array:
    r"""Worst contraction by Chebyshev steps, :math:`1/\cosh(T\,\mathrm{arccosh}\frac{\kappa+1}{\kappa-1})`.

    Evaluated as :math:`2q^T/(1+q^{2T})`, :math:`q = (\sqrt\kappa-1)/(\sqrt\kappa+1)`, which neither overflows nor
    fails at kappa = 1 (where one step is exact). Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.chebyshev_identity.chebyshev_contraction`; page: ``papers/uba.md``.

    Examples
    --------
    >>> round(chebyshev_contraction(100.0, 32), 6)
    0.003253
    """
    root = condition_number**0.5
    power = ((condition_number - 1.0) / (root + 1.0) ** 2) ** steps
    return 2.0 * power / (1.0 + power * power)


@elementwise(condition_number=CONDITION_NUMBER, steps=WHOLE_POSITIVE)
def constant_step_contraction(condition_number: Array, steps: Array) -> Array:
    r"""Worst contraction by the best constant step :math:`2/(L+l)`, :math:`((\kappa-1)/(\kappa+1))^T`. Derived.

    Examples
    --------
    >>> round(constant_step_contraction(100.0, 32), 4)
    0.5273
    """
    return ((condition_number - 1.0) / (condition_number + 1.0)) ** steps


@elementwise(
    gap=NON_NEGATIVE,
    smoothness=POSITIVE,
    noise_variance=NON_NEGATIVE,
    peak=POSITIVE,
    shape=NON_NEGATIVE,
    steps=WHOLE_POSITIVE,
)
def uba_nonconvex_bound(
    gap: Array, smoothness: Array, noise_variance: Array, peak: Array, shape: Array, steps: Array
) -> Array:
    r"""Bound on the least expected squared gradient under UBA steps that fall to 0.

    :math:`\frac{2\Delta(1+\sqrt{\varphi/2})}{\eta_{max}T} + L\sigma^2\eta_{max}
    \frac{1+\frac12\sqrt{\varphi/2}}{1+\sqrt{\varphi/2}}`

    Parameters
    ----------
    gap
        Loss at the start above its least value, 0 or more.
    smoothness
        L of the gradient, above 0.
    noise_variance
        Variance of the gradient noise, 0 or more.
    peak
        Largest step size, in (0, 1/L].
    shape
        phi, 0 or more.
    steps
        T, a whole number, 1 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain or ``peak`` exceeds 1/L (NaN in JAX).

    Notes
    -----
    Derived from the descent lemma and the averages of the profile; a stand-in for the theorem of arXiv 2505.24452,
    which was not read. Of order :math:`T^{-1/2}` for every shape when the peak is.

    Examples
    --------
    >>> round(uba_nonconvex_bound(1.0, 1.0, 1.0, 0.1, 2.0, 1000), 9)
    0.115
    """
    xp = common_namespace(gap)
    root = (0.5 * shape) ** 0.5
    bound = 2.0 * gap * (1.0 + root) / (peak * steps)
    bound = bound + smoothness * noise_variance * peak * (1.0 + 0.5 * root) / (1.0 + root)
    return require(
        xp,
        peak * smoothness <= 1.0 + 1e-9,
        "peak must be at most 1 / smoothness",
        bound,
        peak=peak,
        smoothness=smoothness,
    )


@elementwise(steps=DEPTH, peak=POSITIVE, noise=NON_NEGATIVE, dimensions=DEPTH)
def noisy_quadratic_loss(profile: Profile, steps: int, peak: Array, noise: Array, dimensions: int = 200) -> Array:
    r"""Exact expected loss :math:`\frac12\sum_i\lambda_i v_i` after a run of noisy gradient descent.

    Curvatures :math:`\lambda_i = 1/i`, start 1 in every coordinate, noise of variance ``noise`` times the curvature,
    :math:`v_i \leftarrow (1-\eta_t\lambda_i)^2 v_i + \eta_t^2\,noise\,\lambda_i`, :math:`\eta_t = peak\cdot p(t/T)`.

    Parameters
    ----------
    profile
        Profile p: see :mod:`budgetsim.theory.profiles`.
    steps
        T, a whole number, 1 or more (static under jit).
    peak
        Largest step size, above 0 (2 or more diverges); shape [...].
    noise
        0 or more; shape [...].
    dimensions
        Number of curvatures, a whole number, 1 or more (static under jit).

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived. At small budgets REX beats linear decay here, at large ones it loses to it: tune ``peak`` per profile
    before comparing, and do not expect one order of profiles for all budgets.

    Examples
    --------
    >>> from budgetsim.theory.profiles import linear_profile, rex_profile
    >>> [round(noisy_quadratic_loss(profile, 40, 1.0, 0.001, 20), 5) for profile in (rex_profile, linear_profile)]
    [0.01264, 0.02305]
    """
    _check_count("steps", steps)
    _check_count("dimensions", dimensions)
    xp = common_namespace(peak, noise)
    curvature = 1.0 / xp.arange(1, int(dimensions) + 1)
    rates = xp.asarray(profile(np.arange(int(steps)) / steps))
    peak, noise = xp.broadcast_arrays(peak[..., None], noise[..., None])

    def step(place: Array, second_moment: Array) -> Array:
        rate = peak * rates[place]
        return (1.0 - rate * curvature) ** 2 * second_moment + rate**2 * noise * curvature

    start = xp.broadcast_to(1.0 + 0.0 * curvature, (*peak.shape[:-1], int(dimensions)))
    return 0.5 * xp.sum(curvature * repeat(xp, int(steps), step, start), axis=-1)


def _nodes(steps: int) -> np.ndarray:
    """Used fractions of the Chebyshev nodes, ``theta_k / pi``."""
    return (2.0 * np.arange(1, int(steps) + 1) - 1.0) / (2.0 * steps)


def _check_count(name: str, value: int) -> None:
    if not value >= 1:
        raise ValueError(f"{name} must be a whole number, 1 or more, got {value}")


class _Curvatures(NamedTuple):
    low: Array
    spread: Array


@elementwise(lowest_curvature=POSITIVE, highest_curvature=POSITIVE, steps=DEPTH)
def _curvatures(lowest_curvature: Array, highest_curvature: Array, steps: int) -> _Curvatures:
    _check_count("steps", steps)
    xp = common_namespace(lowest_curvature)
    spread = require(
        xp,
        lowest_curvature <= highest_curvature,
        "lowest_curvature must not be above highest_curvature",
        highest_curvature - lowest_curvature,
        lowest_curvature=lowest_curvature,
        highest_curvature=highest_curvature,
    )
    return _Curvatures(lowest_curvature, spread)


@elementwise(condition_number=CONDITION_NUMBER, steps=DEPTH)
def _shape_of(condition_number: Array, steps: int) -> Array:
    _check_count("steps", steps)
    return 2.0 * condition_number
