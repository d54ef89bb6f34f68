"""Trees of majority votes: when do they amplify, where do they saturate, how many levels does it take?

One level takes the bias ``u`` of its children to ``T(u) = rho gamma u + (1 - rho) f_b(gamma u)``: every message
arrives through a binary symmetric channel (fidelity ``gamma``), and with probability ``rho`` (correlation) all
children of one aggregator deliver one and the same vote. The shared error is drawn anew at every aggregator and
given the problem; difficulty that is common to all calls on one problem is no part of it (see
:mod:`budgetsim.theory.heterogeneity`).

Source: "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei, arXiv 2601.17311,
binary core; "derived" marks what was worked out from its model for this project. Every function raises
``ValueError`` for an argument outside its domain and broadcasts its arguments; a JAX array outside its domain
gives NaN.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    BIAS,
    CORRELATION,
    CORRELATION_BELOW_ONE,
    DEPTH,
    FAN_IN,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    POSITIVE_BIAS,
    PROPER_PROBABILITY,
    Array,
    climb,
    common_namespace,
    elementwise,
    known,
)


@elementwise(bias=BIAS, fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def one_level_map(bias: Array, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Bias after one level of aggregation, :math:`T(u) = \rho\gamma u + (1-\rho) f_b(\gamma u)`.

    Parameters
    ----------
    bias
        Bias of every child, in [-1, 1].
    fan_in
        Children per aggregator: odd, 1 or more (1 is a relay).
    fidelity
        Factor by which one message multiplies the bias, in (0, 1].
    correlation
        Probability that all children deliver the same *received* vote, in [0, 1].

    Notes
    -----
    arXiv 2601.17311, binary core (one-level recursion).

    Derivation: `budgetsim.symbolic.phase_transition.one_level_map`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(one_level_map(0.1, 3, 0.9, 0.2), 7)
    0.1257084
    """
    return _kernels.one_level(common_namespace(bias), bias, fan_in, fidelity, correlation)


@elementwise(bias=BIAS, fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def one_level_map_shared_before_channel(bias: Array, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""The same level if the *sent* vote is shared, :math:`\rho u f_b(\gamma) + (1-\rho) f_b(\gamma u)`.

    An ablation of :func:`one_level_map` (same arguments): the channels of the children stay independent, so the
    majority also cleans up the noise on a shared vote. Not the model of the paper; derived.

    Examples
    --------
    >>> round(one_level_map_shared_before_channel(0.4, 5, 0.6, 0.3), 4), round(one_level_map(0.4, 5, 0.6, 0.3), 4)
    (0.4092, 0.3751)
    """
    xp = common_namespace(bias)
    shared = bias * _kernels.majority(xp, fan_in, fidelity)
    return correlation * shared + (1.0 - correlation) * _kernels.majority(xp, fan_in, fidelity * bias)


@elementwise(bias=BIAS, fan_in=FAN_IN, depth=DEPTH, fidelity=FIDELITY, correlation=CORRELATION)
def iterate_bias(bias: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Bias at the root of a tree, :math:`T^L(\mu_0)`.

    Parameters
    ----------
    bias
        Bias of every leaf, in [-1, 1].
    fan_in
        Children per aggregator: odd, 1 or more. A chain of relays is ``fan_in=1``: fidelity**depth * bias.
    depth
        Levels of aggregation: whole, 0 or more. In JAX a Python integer (or NumPy array) gives a loop that can be
        differentiated both ways; a traced depth only forwards. NumPy stops where no level changes anything any more.
    fidelity, correlation
        See :func:`one_level_map`.

    Notes
    -----
    arXiv 2601.17311, binary core (recursion).

    Examples
    --------
    >>> round(iterate_bias(0.05, 5, 10, 0.6, 0.1), 5)
    0.09954
    """
    xp = common_namespace(bias, depth)
    shape = np.broadcast_shapes(*(np.shape(part) for part in (bias, fan_in, depth, fidelity, correlation)))

    def level(below: Array) -> Array:
        return _kernels.one_level(xp, below, fan_in, fidelity, correlation)

    return climb(xp, depth, level, xp.broadcast_to(bias, shape))


@elementwise(fidelity=FIDELITY, depth=DEPTH, bias=BIAS)
def relay_bias(bias: Array, depth: Array, fidelity: Array) -> Array:
    r"""Bias after ``depth`` relays through binary symmetric channels, :math:`\gamma^L \mu`.

    The shortcut for ``iterate_bias`` with ``fan_in=1``; arXiv 2601.17311 (communication model).

    Examples
    --------
    >>> round(relay_bias(0.6, 5, 0.8), 6)
    0.196608
    """
    return fidelity**depth * bias


@elementwise(fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def amplification(fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Factor by which one level multiplies a small bias, :math:`\alpha_\rho = \gamma[\rho + (1-\rho) c_b]`.

    Above 1 every positive leaf bias grows to the fixed point; at 1 and below it dies out (Theorem 4).
    Arguments as in :func:`one_level_map`.

    Notes
    -----
    arXiv 2601.17311, binary core.

    Derivation: `budgetsim.symbolic.phase_transition.amplification_factor`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(amplification(5, 0.6, 0.1), 4)
    1.0725
    """
    return _kernels.amplification(common_namespace(fan_in), fan_in, fidelity, correlation)


@elementwise(fan_in=FAN_IN_OF_A_VOTE, fidelity=FIDELITY)
def critical_correlation(fan_in: Array, fidelity: Array) -> Array:
    r"""Correlation at which amplification stops, :math:`\rho_c = (c_b - 1/\gamma) / (c_b - 1)`.

    Negative when no correlation is small enough (``fan_in`` odd, 3 or more; ``fidelity`` in (0, 1]). Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.critical_values.critical_correlation`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(critical_correlation(5, 0.6) * 21, 12)
    5.0
    """
    excess = _kernels.slope(common_namespace(fan_in), fan_in) - 1.0
    return (excess + 1.0 - 1.0 / fidelity) / excess


@elementwise(fan_in=FAN_IN, correlation=CORRELATION)
def critical_fidelity(fan_in: Array, correlation: Array) -> Array:
    r"""Fidelity at which amplification starts, :math:`\gamma_c = 1 / [\rho + (1-\rho) c_b]`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.critical_values.critical_fidelity`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(critical_fidelity(3, 0.0), 6)
    0.666667
    """
    return 1.0 / (correlation + (1.0 - correlation) * _kernels.slope(common_namespace(fan_in), fan_in))


@elementwise(fidelity=FIDELITY, correlation=CORRELATION_BELOW_ONE)
def amplification_requirement(fidelity: Array, correlation: Array) -> Array:
    r"""Slope that a majority must exceed to amplify, :math:`R = (1/\gamma - \rho) / (1-\rho)`; correlation in [0, 1).

    Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.critical_values.amplification_requirement`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(amplification_requirement(0.6, 0.1), 6)
    1.740741
    """
    return (1.0 / fidelity - correlation) / (1.0 - correlation)


@known()
def minimum_fan_in(fidelity: float, correlation: float) -> int:
    """Smallest odd fan-in, 3 or more, that amplifies at a fidelity in (0, 1] and a correlation in [0, 1).

    A search over whole numbers: plain numbers only (``TypeError`` under JAX tracing). Derived.

    Examples
    --------
    >>> minimum_fan_in(0.6, 0.3)
    7
    """
    needed = amplification_requirement(fidelity, correlation)

    def amplifies(half: int) -> bool:
        return bool(_kernels.slope(np, np.asarray(2.0 * half + 1.0)) > needed)

    # The slope grows with the fan-in and is larger than sqrt(2 b / pi), so twice (pi / 2) R^2 is an upper end.
    low, high = 0, max(1, int(np.ceil(np.pi / 4.0 * needed**2)))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if amplifies(middle) else (middle, high)
    return 2 * high + 1


@elementwise(fan_in=replace(FAN_IN, as_given=True), fidelity=FIDELITY, correlation=CORRELATION)
def fixed_point(fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Bias at which a deep tree saturates: the positive root :math:`\mu^\star` of :math:`T(u) = u`.

    Returns 0 where the amplification is 1 or less (or equals 1 up to rounding, where the root is ill-conditioned).
    Absolute error below 1e-12 away from the threshold; differentiable in JAX. Arguments as in
    :func:`one_level_map`.

    Notes
    -----
    arXiv 2601.17311, binary core (Theorem 4).

    Derivation: `budgetsim.symbolic.phase_transition.fixed_point`; page: ``papers/phase-transition.md``.
    Derivation: `budgetsim.symbolic.exact_fixed_points.fixed_point_of_three`; page: ``papers/phase-transition.md``.
    Derivation: `budgetsim.symbolic.exact_fixed_points.fixed_point_of_five`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(9 * fixed_point(5, 0.6, 0.1), 12)
    5.0
    """
    return _kernels.fixed_point(common_namespace(fan_in, fidelity), fan_in, fidelity, correlation)


@elementwise(fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def near_threshold_coefficient(fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Cubic coefficient of the map, :math:`T(u) = \alpha u - \kappa_3 u^3 + O(u^5)`.

    :math:`\kappa_3 = (1-\rho) c_b \frac{b-1}{2} \gamma^3 / 3`; just above the threshold the fixed point is about
    :math:`\sqrt{(\alpha-1)/\kappa_3}`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.critical_values.near_threshold_coefficient`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(near_threshold_coefficient(3, 0.9, 0.2), 12)
    0.2916
    """
    slope = _kernels.slope(common_namespace(fan_in), fan_in)
    return (1.0 - correlation) * slope * (fan_in - 1.0) / 2.0 * fidelity**3 / 3.0


@elementwise(fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def mixing_slope(fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Rate at which a deep tree approaches its fixed point, :math:`T'(\mu^\star)`.

    Below 1 above the threshold; at the threshold and below it, where the fixed point is 0, it is the amplification
    itself. The rate is only seen long after the growth has ended. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.phase_transition.mixing_slope`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(mixing_slope(5, 0.6, 0.1), 12)
    0.86
    """
    xp = common_namespace(fan_in)
    received = fidelity * _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    return fidelity * (correlation + (1.0 - correlation) * _kernels.majority_derivative(xp, fan_in, received))


class GrowthDepth(NamedTuple):
    """Levels until the small-signal power law meets the fixed point."""

    real: Array
    levels: Array


@elementwise(bias=POSITIVE_BIAS, fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def growth_depth(bias: Array, fan_in: Array, fidelity: Array, correlation: Array) -> GrowthDepth:
    r"""Depth at which growth from a leaf bias ends, :math:`\ln(\mu^\star/\mu_0) / \ln\alpha_\rho`.

    Parameters
    ----------
    bias
        Leaf bias, in (0, 1].
    fan_in, fidelity, correlation
        See :func:`one_level_map`.

    Returns
    -------
    GrowthDepth
        ``real`` and ``levels``, the same rounded up to a whole number. 0 where the leaf bias is at or above the
        fixed point, infinite where the tree does not amplify.

    Notes
    -----
    Derived: one reading of the mixing depth that arXiv 2601.17311 names in its abstract.

    Examples
    --------
    >>> growth_depth(0.05, 5, 0.6, 0.1).levels
    35.0
    """
    xp = common_namespace(bias)
    alpha = _kernels.amplification(xp, fan_in, fidelity, correlation)
    root = _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    grows = root > 0.0
    ratio = xp.where(grows, root, bias) / bias
    real = xp.log(xp.where(ratio > 1.0, ratio, 1.0)) / xp.log(xp.where(grows, alpha, 2.0))
    real = xp.where(grows, real, xp.inf)
    return GrowthDepth(real, xp.ceil(real))


@elementwise(tolerance=PROPER_PROBABILITY, fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def extra_mixing_levels(tolerance: Array, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Further levels that shrink the distance to the fixed point to a given part of it.

    :math:`\ln(1/\epsilon) / \ln(1/T'(\mu^\star))`, at the asymptotic rate of :func:`mixing_slope`.

    Parameters
    ----------
    tolerance
        Factor epsilon, in (0, 1).
    fan_in, fidelity, correlation
        See :func:`one_level_map`.

    Returns
    -------
    array
        A real number of levels; infinite at the threshold. Below it, levels of decay towards 0.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(extra_mixing_levels(0.01, 5, 0.6, 0.1), 3)
    30.534
    """
    xp = common_namespace(tolerance)
    received = fidelity * _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    rate = fidelity * (correlation + (1.0 - correlation) * _kernels.majority_derivative(xp, fan_in, received))
    contracts = (rate < 1.0) & (rate > 0.0)
    levels = xp.log(tolerance) / xp.log(xp.where(contracts, rate, 0.5))
    return xp.where(contracts, levels, xp.where(rate == 0.0, 0.0, xp.inf))
