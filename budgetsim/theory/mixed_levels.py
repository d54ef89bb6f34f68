r"""Trees whose levels differ: every level has a fan-in, a fidelity and a correlation of its own.

The root sees the composed map :math:`T_L \circ \dots \circ T_1`. A small bias is multiplied by the product of the
amplifications, whatever their order; the order matters once a level saturates. Levels stand on the last axis, from
the leaves to the root. Derived from the model of "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu,
Linglong Kong, Jian Pei, arXiv 2601.17311.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    BIAS,
    CORRELATION,
    FAN_IN,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    Array,
    common_namespace,
    elementwise,
    repeat,
)

FAN_INS = replace(FAN_IN, by_row=True)
FIDELITIES = replace(FIDELITY, by_row=True)
CORRELATIONS = replace(CORRELATION, by_row=True)


@elementwise(bias=BIAS, fan_ins=FAN_INS, fidelities=FIDELITIES, correlations=CORRELATIONS)
def iterate_levels(bias: Array, fan_ins: Array, fidelities: Array, correlations: Array) -> Array:
    """Bias at the root of a tree of unequal levels.

    Parameters
    ----------
    bias
        Bias of every leaf, shape [...], in [-1, 1].
    fan_ins
        Children per aggregator at every level, shape [..., levels]: odd, 1 or more.
    fidelities, correlations
        Fidelity, in (0, 1], and shared-vote probability, in [0, 1], of every level; they broadcast against
        ``fan_ins``. At least one of the three has an axis of levels.

    Returns
    -------
    array
        Bias, shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX) or nothing has an axis of levels.

    Notes
    -----
    Derived; equal levels give :func:`budgetsim.theory.phase.iterate_bias`.

    Examples
    --------
    >>> round(float(iterate_levels(0.1, [3, 9], 0.9, [0.2, 0.0])), 6)
    0.273727
    """
    xp = common_namespace(bias)
    return _climb(xp, bias, fan_ins, fidelities, correlations)[0]


@elementwise(bias=BIAS, fan_ins=FAN_INS, fidelities=FIDELITIES, correlations=CORRELATIONS)
def levels_slope(bias: Array, fan_ins: Array, fidelities: Array, correlations: Array) -> Array:
    r"""Derivative of the root's bias with respect to the leaves', :math:`\prod_l T_l'(\mu_{l-1})`.

    At bias 0 it is :func:`levels_amplification`, elsewhere less. Arguments as in :func:`iterate_levels`. Derived.

    Examples
    --------
    >>> round(float(levels_slope(0.1, [3, 9], 0.9, [0.2, 0.0])), 6)
    2.632136
    """
    return _climb(common_namespace(bias), bias, fan_ins, fidelities, correlations)[1]


@elementwise(fan_ins=FAN_INS, fidelities=FIDELITIES, correlations=CORRELATIONS)
def levels_amplification(fan_ins: Array, fidelities: Array, correlations: Array) -> Array:
    r"""Amplification of the whole tree, :math:`\prod_l \gamma_l [\rho_l + (1-\rho_l) c_{b_l}]`.

    Arguments as in :func:`iterate_levels`; :func:`budgetsim.theory.phase.amplification` gives the factors. One
    repetition of the levels after another amplifies without end exactly if the product is above 1. Derived.

    Examples
    --------
    >>> round(float(levels_amplification([3, 9], 0.9, [0.2, 0.0])), 6)
    2.790703
    """
    xp = common_namespace(fan_ins)
    return xp.prod(_kernels.amplification(xp, *_levels(xp, fan_ins, fidelities, correlations)), axis=-1)


@elementwise(fan_ins=replace(FAN_IN_OF_A_VOTE, by_row=True), fidelities=FIDELITIES, correlations=CORRELATIONS)
def levels_exponent(fan_ins: Array, fidelities: Array, correlations: Array) -> Array:
    r"""Organization exponent of the whole tree, :math:`\sum_l \ln\alpha_l / \sum_l \ln b_l`; below one half.

    Arguments as in :func:`iterate_levels`, fan-ins of 3 or more: a mean of the levels' own exponents, weighted by the
    logarithms of their fan-ins, so that no mix exceeds its best level. Derived.

    Examples
    --------
    >>> round(float(levels_exponent([5, 5, 5], 0.95, 0.05)), 4)
    0.344
    """
    xp = common_namespace(fan_ins)
    fan_ins, fidelities, correlations = _levels(xp, fan_ins, fidelities, correlations)
    growth = xp.sum(xp.log(_kernels.amplification(xp, fan_ins, fidelities, correlations)), axis=-1)
    return growth / xp.sum(xp.log(fan_ins), axis=-1)


def _climb(xp: ModuleType, bias: Array, fan_ins: Array, fidelities: Array, correlations: Array) -> tuple[Array, Array]:
    fan_ins, fidelities, correlations = _levels(xp, fan_ins, fidelities, correlations)
    start = xp.broadcast_to(bias, np.broadcast_shapes(np.shape(bias), fan_ins.shape[:-1]))

    def level(i: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        below, slope = state
        fan_in, fidelity, correlation = fan_ins[..., i], fidelities[..., i], correlations[..., i]
        steepness = _kernels.majority_derivative(xp, fan_in, fidelity * below)
        own = fidelity * (correlation + (1.0 - correlation) * steepness)
        return _kernels.one_level(xp, below, fan_in, fidelity, correlation), slope * own

    result: tuple[Array, Array] = repeat(xp, fan_ins.shape[-1], level, (start, xp.ones_like(start)))
    return result


def _levels(xp: ModuleType, fan_ins: Array, fidelities: Array, correlations: Array) -> tuple[Array, Array, Array]:
    together = xp.broadcast_arrays(fan_ins, fidelities, correlations)
    if together[0].ndim == 0:
        raise ValueError("fan_ins must have an axis of levels, shape [..., levels], got a single number")
    return together[0], together[1], together[2]
