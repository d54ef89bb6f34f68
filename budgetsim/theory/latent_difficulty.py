r"""When a latent difficulty moves the threshold of amplification, and when it abolishes amplification.

Let ``U = 2Q - 1`` be the leaf bias of a random problem, ``T`` the tree map of one level (amplification ``alpha``,
fixed point ``mu*``), ``D = P(U > 0) - P(U < 0)`` the balance of the problems and ``rho`` the shared-vote probability
*given the problem*. Every problem goes through the same map, so after ``L`` levels the mean bias is ``E T^L(U)``.

**The threshold stays.** ``T`` is odd, and concave on [0, 1], so ``T^L(u)`` tends to ``mu* sgn(u)`` if ``alpha > 1`` and
to 0 if not (Theorem 4 of arXiv 2601.17311; noiseless relays and fully shared noiseless votes, which change nothing,
are left out here). By bounded convergence ``E T^L(U)`` tends to ``mu* D``. The line ``alpha = 1`` knows nothing of the
law of ``U``; small biases keep the factor ``alpha^L``, hence the exponent ``s`` and the rule ``s > beta``.

**It is abolished** if ``D <= 0 < E U``: answers are right more often than wrong, but not on most problems. With depth
the mean dies or turns against the right answer, whatever the fan-in, fidelity and correlation, although every single
problem amplifies. Where ``D > 0`` a deep tree beats its own leaves on average only if ``mu* D > E U``: never if
``D <= E U``, else below :func:`improvement_correlation`, which is less than the critical correlation.

Where the correlation of votes comes from, and what mistaking it does to the threshold, is the matter of
:mod:`budgetsim.theory.correlation_sources`.

All derived, from the model of "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei,
arXiv 2601.17311. Distributions are pairs of atoms and weights, see :mod:`budgetsim.theory.heterogeneity`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    DEPTH,
    FAN_IN,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    POSITIVE_BIAS,
    Array,
    Domain,
    common_namespace,
    elementwise,
    is_jax,
    require,
)
from budgetsim.theory._mixtures import ATOMS, WEIGHTS, weighted_mean
from budgetsim.theory.phase import iterate_bias

BALANCE = Domain("in [-1, 1]", -1.0, 1.0)


class Balance(NamedTuple):
    """Mean leaf bias E U, and the balance D of problems that lean right and wrong."""

    mean_bias: Array
    balance: Array


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS)
def problem_balance(probability_atoms: Array, weights: Array) -> Balance:
    """Mean leaf bias and balance, ``P(Q > 1/2) - P(Q < 1/2)``, of a distribution of problems.

    Parameters
    ----------
    probability_atoms
        Success probabilities of one leaf call, shape [..., atoms], in [0, 1].
    weights
        Share of the problems at each atom, shape [..., atoms] or [atoms]: 0 or more, divided by their sum.

    Returns
    -------
    Balance
        Shape [...]. Amplification of the mean is abolished where the mean bias is positive and the balance is not.

    Raises
    ------
    ValueError
        If an argument is outside its domain or all weights are 0 (NaN in JAX).

    Examples
    --------
    Half the answers and more are right, but most problems are wrong.

    >>> [round(float(part), 12) for part in problem_balance([0.95, 0.4], [0.4, 0.6])]
    [0.24, -0.2]
    """
    xp = common_namespace(probability_atoms)
    bias = 2.0 * probability_atoms - 1.0
    return Balance(weighted_mean(xp, bias, weights), weighted_mean(xp, xp.sign(bias), weights))


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS, fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
def deep_mean_bias(
    probability_atoms: Array, weights: Array, fan_in: Array, fidelity: Array, correlation: Array
) -> Array:
    r"""Mean bias of infinitely deep trees, :math:`\mu^\star [P(Q > 1/2) - P(Q < 1/2)]`.

    Arguments as in :func:`problem_balance`, and the tree as in :func:`budgetsim.theory.phase.one_level_map`; 0 where
    the tree does not amplify. Derived.

    Examples
    --------
    >>> round(float(deep_mean_bias([0.95, 0.4], [0.4, 0.6], 5, 0.6, 0.1)) * 9, 12)
    -1.0
    """
    xp = common_namespace(probability_atoms)
    balance = problem_balance(probability_atoms, weights).balance
    return _kernels.fixed_point(xp, fan_in, fidelity, correlation) * balance


@elementwise(
    probability_atoms=ATOMS, weights=WEIGHTS, fan_in=FAN_IN, depth=DEPTH, fidelity=FIDELITY, correlation=CORRELATION
)
def mean_gain(
    probability_atoms: Array, weights: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array
) -> Array:
    r"""Factor by which a tree multiplies the mean bias, :math:`E[T^L(U)] / E[U]`.

    Parameters
    ----------
    probability_atoms, weights
        See :func:`problem_balance`; the mean bias must not be 0.
    fan_in, depth, fidelity, correlation
        See :func:`budgetsim.theory.phase.iterate_bias`; they broadcast against the leading axes.

    Returns
    -------
    array
        Shape [...]. It tends to :math:`\alpha^L` as all biases shrink together. Where no problem leans wrong it is
        at most that; else it may be more, for one level
        :math:`\alpha - \kappa_3 E[U^3]/E[U] + O(E|U|^5/E[U])` (exact for three votes), or negative.

    Raises
    ------
    ValueError
        If an argument is outside its domain, all weights are 0 or the mean bias is 0 (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> gains = [mean_gain([0.95, 0.4], [0.4, 0.6], 3, depth, 1.0, 0.0) for depth in (1, 2, 10)]
    >>> [round(float(gain), 4) for gain in gains]
    [0.9025, 0.5886, -0.8333]
    """
    xp = common_namespace(probability_atoms)
    levels = depth if is_jax(common_namespace(depth)) else np.asarray(depth)
    bias = 2.0 * probability_atoms - 1.0
    tree = (fan_in[..., None], levels[..., None] if levels.ndim else depth, fidelity[..., None], correlation[..., None])
    mean, root = weighted_mean(xp, bias, weights), weighted_mean(xp, iterate_bias(bias, *tree), weights)
    return require(
        xp, mean != 0.0, "the mean bias must not be 0", root / xp.where(mean == 0.0, 1.0, mean), mean_bias=mean
    )


@elementwise(fan_in=FAN_IN_OF_A_VOTE, fidelity=FIDELITY, mean_bias=POSITIVE_BIAS, balance=BALANCE)
def improvement_correlation(fan_in: Array, fidelity: Array, mean_bias: Array, balance: Array) -> Array:
    r"""Correlation below which a deep tree beats its own leaves on average.

    A deep tree ends at :math:`\mu^\star D`, so it must have :math:`\mu^\star > m` with :math:`m = E[U]/D`. That is
    :math:`T(m) > m`, or

    .. math:: \rho < \frac{f_b(\gamma m) - m}{f_b(\gamma m) - \gamma m} .

    Parameters
    ----------
    fan_in, fidelity
        See :func:`budgetsim.theory.phase.critical_correlation`.
    mean_bias
        Mean leaf bias E U, in (0, 1].
    balance
        Balance D of the problems, in [-1, 1], see :func:`problem_balance`.

    Returns
    -------
    array
        At most the critical correlation, which it tends to as the mean bias shrinks; negative where no correlation is
        small enough, minus infinity where none would be at any fidelity (``balance <= mean_bias``).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> [round(improvement_correlation(5, 0.9, 0.2, balance), 4) for balance in (1.0, 0.4, 0.2)]
    [0.8669, 0.8256, -inf]
    """
    xp = common_namespace(mean_bias)
    possible = balance > mean_bias
    needed = mean_bias / xp.where(possible, balance, 1.0)
    needed = xp.where(possible, needed, 0.5)
    voted = _kernels.majority(xp, fan_in, fidelity * needed)
    return xp.where(possible, (voted - needed) / (voted - fidelity * needed), -math.inf)
