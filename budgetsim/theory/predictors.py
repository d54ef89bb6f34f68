"""Quick predictions of the bias of a deep tree: an upper bound, a lower bound and a smooth curve between them.

The map is concave for positive bias, so the clipped power law lies above the truth; the certified bound lies
below it. "Phase Transition for Budgeted Multi-Agent Synergy", arXiv 2601.17311, speaks of a conservative clipped
predictor without a formula that could be read for this project: all forms here are derived, and the conservative
one is :func:`certified_lower_bound`. For the exact value iterate: :func:`budgetsim.theory.phase.iterate_bias`.
"""

from __future__ import annotations

from dataclasses import replace

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    FAN_IN,
    FIDELITY,
    NON_NEGATIVE,
    POSITIVE_BIAS,
    Array,
    common_namespace,
    elementwise,
    require,
)


@elementwise(bias=POSITIVE_BIAS, fan_in=FAN_IN, depth=NON_NEGATIVE, fidelity=FIDELITY, correlation=CORRELATION)
def clipped_predictor(bias: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Upper bound on the bias at the root, :math:`\min(\alpha^L \mu_0, \mu^\star)`.

    Where the tree does not amplify it is :math:`\alpha^L \mu_0`.

    Parameters
    ----------
    bias
        Leaf bias, in (0, 1]; above the fixed point the result is the fixed point and no bound.
    depth
        Levels, 0 or more (any real number).
    fan_in, fidelity, correlation
        See :func:`budgetsim.theory.phase.one_level_map`.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived. Optimistic by up to 40 percent near the depth where growth ends.

    Examples
    --------
    >>> round(clipped_predictor(0.05, 5, 10, 0.6, 0.0), 4)
    0.1624
    """
    xp = common_namespace(bias)
    alpha = _kernels.amplification(xp, fan_in, fidelity, correlation)
    root = _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    log_power = depth * xp.log(alpha) + xp.log(bias)
    clipped = (root > 0.0) & (log_power > xp.log(xp.where(root > 0.0, root, 1.0)))
    return xp.where(clipped, root, xp.exp(xp.where(clipped, 0.0, log_power)))


@elementwise(
    bias=POSITIVE_BIAS,
    fan_in=FAN_IN,
    depth=NON_NEGATIVE,
    fidelity=FIDELITY,
    correlation=CORRELATION,
    levels=replace(POSITIVE_BIAS, by_row=True),
)
def certified_lower_bound(
    bias: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array, *, levels: Array
) -> Array:
    r"""Lower bound on the bias at the root, :math:`\max_\delta \min\{(T(\delta)/\delta)^L \mu_0, \delta\}`.

    Parameters
    ----------
    bias
        Leaf bias, in (0, 1].
    depth
        Levels, 0 or more.
    fan_in, fidelity, correlation
        See :func:`budgetsim.theory.phase.one_level_map`.
    levels
        Grid of bias levels delta, shape [..., grid], in (0, 1]; those above the fixed point certify nothing and
        are left out. The other arguments broadcast against the leading axes.

    Returns
    -------
    array
        The bound, shape [...]; 0 if no level certifies anything.

    Notes
    -----
    Derived: below delta every level multiplies the bias by T(delta) / delta or more.

    Examples
    --------
    >>> float(certified_lower_bound(0.05, 5, 30, 0.6, 0.0, levels=[0.1, 0.2, 0.3, 0.5, 0.65]))
    0.3
    """
    xp = common_namespace(bias)
    bias, fan_in, depth, fidelity, correlation = (
        part[..., None] for part in (bias, fan_in, depth, fidelity, correlation)
    )
    gain = _kernels.one_level(xp, levels, fan_in, fidelity, correlation) / levels
    power = gain**depth * bias
    bound = xp.where(power < levels, power, levels)
    return xp.max(xp.where(gain >= 1.0, bound, 0.0), axis=-1)


@elementwise(bias=POSITIVE_BIAS, fan_in=FAN_IN, depth=NON_NEGATIVE, fidelity=FIDELITY, correlation=CORRELATION)
def smooth_predictor(bias: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Smooth interpolation, :math:`\alpha^L\mu_0 / \sqrt{1 + (\alpha^{2L}-1)(\mu_0/\mu^\star)^2}`.

    Arguments as in :func:`clipped_predictor`; the tree must amplify.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the amplification is 1 or less (NaN in JAX).

    Notes
    -----
    Derived: exact for the cubic map near the threshold, within about 12 percent elsewhere.

    Examples
    --------
    >>> round(smooth_predictor(0.05, 5, 30, 0.6, 0.0), 4)
    0.6475
    """
    xp = common_namespace(bias)
    alpha = _kernels.amplification(xp, fan_in, fidelity, correlation)
    root = _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    amplifies = root > 0.0
    # Divided through by alpha^L, so that deep trees do not overflow.
    shrink = xp.exp(-2.0 * depth * xp.log(xp.where(amplifies, alpha, 2.0)))
    share = (bias / xp.where(amplifies, root, 1.0)) ** 2
    return require(
        xp,
        amplifies,
        "the amplification must be above 1",
        bias / xp.sqrt(shrink + (1.0 - shrink) * share),
        amplification=alpha,
    )
