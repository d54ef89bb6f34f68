r"""Majorities of agents that are not equally good, or not equally well heard.

The majority of votes :math:`\pm 1` with biases :math:`u_1, \dots, u_b` is the sign of an odd sum. On odd numbers
below :math:`n = b + 1` in size the sign is a finite sine series, and the characteristic function of the sum is a
product, which gives the tail of the Poisson-binomial law without its terms:

.. math:: f(u_1, \dots, u_b) = \frac2n \sum_{j\ \mathrm{odd} < n} \frac1{\sin\theta_j}\,
          \mathrm{Im} \prod_i (\cos\theta_j + \mathrm i\, u_i \sin\theta_j), \qquad \theta_j = \pi j / n .

Every agent has the same slope at chance, :math:`\partial f/\partial u_i = c_b / b`. So a level whose channels have
fidelities :math:`\gamma_i` amplifies like one with their mean, and since the second derivatives of ``f`` are negative
where all biases are positive (the law of the other votes is log-concave), the level is concave and the threshold of
arXiv 2601.17311 (Theorem 4) holds with the mean fidelity. All derived.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType

import numpy as np

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    BIAS,
    CORRELATION,
    DEPTH,
    FIDELITY,
    Array,
    climb,
    common_namespace,
    elementwise,
    is_jax,
    repeat,
)


@elementwise(biases=replace(BIAS, by_row=True))
def unequal_majority_bias(biases: Array) -> Array:
    r"""Bias of the majority of independent votes with biases of their own.

    Parameters
    ----------
    biases
        Bias of every vote, shape [..., agents], in [-1, 1]; an odd number of agents.

    Returns
    -------
    array
        Bias of the majority, shape [...], in [-1, 1]: odd, increasing in every bias. Absolute error below 1e-14 times
        the number of agents; the work grows with its square, the memory linearly.

    Raises
    ------
    ValueError
        If a bias is outside its domain (NaN in JAX) or the number of agents is even.

    Notes
    -----
    Derived. If the mean bias is at least 1/b, unequal votes are at least as good as equal ones with the same mean
    (Hoeffding, "On the distribution of the number of successes in independent trials", 1956).

    Examples
    --------
    >>> round(float(unequal_majority_bias([0.2, 0.4, 0.9])), 12)
    0.714
    """
    return _majority(common_namespace(biases), biases)


@elementwise(biases=replace(BIAS, by_row=True), fidelities=replace(FIDELITY, by_row=True), correlation=CORRELATION)
def unequal_one_level_map(biases: Array, fidelities: Array, correlation: Array) -> Array:
    r"""One level, :math:`\rho\,\overline{\gamma u} + (1-\rho) f(\gamma_1 u_1, \dots, \gamma_b u_b)`, of unequal agents.

    Parameters
    ----------
    biases
        Bias of every child, shape [..., agents] or [1], in [-1, 1]; an odd number of agents.
    fidelities
        Fidelity of every channel, shape [..., agents] or [1], in (0, 1].
    correlation
        Probability, shape [...], that all children deliver one and the same received vote: that of a child drawn at
        random, so that sharing leaves the mean vote alone.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX) or the number of agents is even.

    Notes
    -----
    Derived; equal agents give :func:`budgetsim.theory.phase.one_level_map`.

    Examples
    --------
    >>> round(float(unequal_one_level_map([0.2, 0.4, 0.9], [1.0, 0.5, 0.8], 0.1)), 6)
    0.528373
    """
    xp = common_namespace(biases)
    return _level(xp, biases, fidelities, correlation)


@elementwise(fidelities=replace(FIDELITY, by_row=True), correlation=CORRELATION)
def unequal_amplification(fidelities: Array, correlation: Array) -> Array:
    r"""Amplification of a small common bias, :math:`\bar\gamma\,[\rho + (1-\rho) c_b]`: only the mean fidelity counts.

    Arguments as in :func:`unequal_one_level_map`. Derived.

    Examples
    --------
    >>> round(float(unequal_amplification([0.3, 0.6, 0.9], 0.0)), 12)
    0.9
    """
    xp = common_namespace(fidelities)
    agents = xp.asarray(_agents("fidelities", fidelities), dtype=float)
    return _kernels.amplification(xp, agents, xp.mean(fidelities, axis=-1), correlation)


@elementwise(bias=BIAS, fidelities=replace(FIDELITY, by_row=True), depth=DEPTH, correlation=CORRELATION)
def iterate_unequal(bias: Array, fidelities: Array, depth: Array, correlation: Array) -> Array:
    """Bias at the root of a tree all of whose aggregators hear their children through the same unequal channels.

    Parameters
    ----------
    bias
        Bias of every leaf, shape [...], in [-1, 1].
    fidelities
        Fidelities of the channels into one aggregator, shape [..., agents], in (0, 1]; an odd number.
    depth
        Levels, whole, 0 or more, shape [...].
    correlation
        See :func:`unequal_one_level_map`.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(float(iterate_unequal(0.05, [0.7, 0.8, 0.9], 10, 0.0)), 4)
    0.2965
    """
    xp = common_namespace(bias)
    _agents("fidelities", fidelities)
    shape = np.broadcast_shapes(np.shape(bias), fidelities.shape[:-1], np.shape(depth), np.shape(correlation))

    def level(below: Array) -> Array:
        return _level(xp, below[..., None], fidelities, correlation)

    return climb(xp, depth, level, xp.broadcast_to(bias, shape))


def _level(xp: ModuleType, biases: Array, fidelities: Array, correlation: Array) -> Array:
    received = fidelities * biases
    return correlation * xp.mean(received, axis=-1) + (1.0 - correlation) * _majority(xp, received)


def _majority(xp: ModuleType, biases: Array) -> Array:
    half = (_agents("biases", biases) + 1) // 2

    def add(j: Array, total: Array) -> Array:
        angle = math.pi * (2.0 * j + 1.0) / (2.0 * half)
        cosine, sine = xp.cos(angle), xp.sin(angle)
        product = xp.prod(cosine + 1j * sine * biases, axis=-1)
        # The angles above a right one repeat those below it, which is its own mirror image.
        return total + xp.where(2 * j + 1 == half, 1.0, 2.0) * xp.imag(product) / sine

    total = repeat(xp, (half + 1) // 2, add, xp.zeros(biases.shape[:-1], dtype=float))
    value = total / half
    if is_jax(xp):
        return xp.where(value > 1.0, 1.0, xp.where(value < -1.0, -1.0, value))
    return np.clip(value, -1.0, 1.0)


def _agents(name: str, values: Array) -> int:
    agents = int(values.shape[-1]) if values.ndim else 0
    if agents % 2 != 1:
        raise ValueError(f"{name} must have an odd number of agents on the last axis, got shape {values.shape}")
    return agents
