"""Averaging of continuous estimates under correlation and communication noise: stars, trees and chains.

A leaf gives an unbiased estimate of variance ``leaf_variance``; the errors of two siblings have correlation
``correlation``; every received message adds independent noise of variance ``message_variance``; an aggregator
takes the plain average. Variances are in squared units of the estimated quantity.

A star keeps a floor of correlation * leaf_variance, a tree does not. That is a difference between models, not a
free gain: the star's correlation is common to all its leaves, the tree imposes its own anew at every level.

Sources: "Phase Transition for Budgeted Multi-Agent Synergy", arXiv 2601.17311, continuous warm-up (tree floor,
Eq. 13); the rest is derived.
"""

from __future__ import annotations

import math

from budgetsim.theory._arrays import (
    CORRELATION,
    CORRELATION_BELOW_ONE,
    NON_NEGATIVE,
    POSITIVE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    require,
    whole,
)

SEVERAL = Domain("a whole number, 2 or more", 2.0, open_high=True, step=1)


@elementwise(fan_in=SEVERAL, correlation=CORRELATION_BELOW_ONE, message_variance=NON_NEGATIVE)
def tree_floor(fan_in: Array, correlation: Array, message_variance: Array) -> Array:
    r"""Variance below which no depth takes a tree, :math:`v^\star = \sigma_c^2 / ((b-1)(1-\rho))`.

    ``fan_in`` whole, 2 or more; ``correlation`` in [0, 1). arXiv 2601.17311, Eq. 13.

    Notes
    -----
    Derivation: `budgetsim.symbolic.continuous_tree.tree_floor`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(tree_floor(5, 0.2, 0.1), 6)
    0.03125
    """
    return message_variance / ((fan_in - 1.0) * (1.0 - correlation))


@elementwise(
    fan_in=SEVERAL,
    depth=NON_NEGATIVE,
    correlation=CORRELATION_BELOW_ONE,
    leaf_variance=NON_NEGATIVE,
    message_variance=NON_NEGATIVE,
)
def tree_risk(fan_in: Array, depth: Array, correlation: Array, leaf_variance: Array, message_variance: Array) -> Array:
    r"""Variance at the root of a tree, :math:`v_L = \lambda^L\sigma^2 + (1-\lambda^L) v^\star`.

    With :math:`\lambda = \rho + (1-\rho)/b`. Derived from the recursion
    :math:`v \leftarrow \lambda v + \sigma_c^2/b`, which has the floor of :func:`tree_floor`.

    Notes
    -----
    Derivation: `budgetsim.symbolic.continuous_tree.tree_risk`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(tree_risk(3, 1, 0.3, 2.0, 0.5), 6)
    1.233333
    """
    left = (correlation + (1.0 - correlation) / fan_in) ** depth
    return left * leaf_variance + (1.0 - left) * tree_floor(fan_in, correlation, message_variance)


@elementwise(fan_in=SEVERAL, correlation=CORRELATION)
def tree_variance_exponent(fan_in: Array, correlation: Array) -> Array:
    r"""Exponent of the excess variance in the number of leaves, :math:`t = -\log_b(\rho + (1-\rho)/b)`, in [0, 1].

    Derived. The correlation is in [0, 1]; without it the exponent is 1.

    Notes
    -----
    Derivation: `budgetsim.symbolic.continuous_tree.tree_variance_exponent`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(tree_variance_exponent(3, 0.3), 6)
    0.572184
    """
    xp = common_namespace(fan_in)
    return -xp.log(correlation + (1.0 - correlation) / fan_in) / xp.log(fan_in)


@elementwise(agents=WHOLE_POSITIVE, correlation=CORRELATION, leaf_variance=NON_NEGATIVE, message_variance=NON_NEGATIVE)
def star_risk(agents: Array, correlation: Array, leaf_variance: Array, message_variance: Array) -> Array:
    r"""Variance of the average of a star, :math:`\sigma^2[\rho + (1-\rho)/N] + \sigma_c^2/N`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.stars_and_chains.star_risk`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> star_risk(16, 0.3, 2.0, 0.5)
    0.71875
    """
    return leaf_variance * (correlation + (1.0 - correlation) / agents) + message_variance / agents


@elementwise(agents=WHOLE_POSITIVE, correlation=CORRELATION, leaf_variance=NON_NEGATIVE, message_variance=NON_NEGATIVE)
def chain_running_mean_risk(agents: Array, correlation: Array, leaf_variance: Array, message_variance: Array) -> Array:
    r"""Variance of an equal-weight running mean handed down a chain.

    :math:`\sigma^2[\rho + (1-\rho)/N] + \sigma_c^2 (N-1)(2N-1)/(6N)`: the noise grows like a third of the length.
    Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.stars_and_chains.chain_running_mean_risk`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> chain_running_mean_risk(4, 0.3, 2.0, 0.5)
    1.3875
    """
    noise = message_variance * (agents - 1.0) * (2.0 * agents - 1.0) / (6.0 * agents)
    return leaf_variance * (correlation + (1.0 - correlation) / agents) + noise


@elementwise(depth=NON_NEGATIVE, leaf_variance=NON_NEGATIVE, message_variance=NON_NEGATIVE)
def chain_relay_risk(depth: Array, leaf_variance: Array, message_variance: Array) -> Array:
    r"""Variance of one estimate after a number of relays, :math:`\sigma^2 + L\sigma_c^2`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.stars_and_chains.chain_relay_risk`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> chain_relay_risk(3, 2.0, 0.5)
    3.5
    """
    return leaf_variance + depth * message_variance


@elementwise(leaf_variance=NON_NEGATIVE, message_variance=NON_NEGATIVE)
def chain_optimal_floor(leaf_variance: Array, message_variance: Array) -> Array:
    r"""Variance that a chain of optimally weighted, uncorrelated estimates settles at.

    The fixed point :math:`(-\sigma_c^2 + \sqrt{\sigma_c^4 + 4\sigma_c^2\sigma^2})/2` of
    :math:`P \leftarrow (P+\sigma_c^2)\sigma^2/(P+\sigma_c^2+\sigma^2)`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.stars_and_chains.chain_optimal_floor`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(chain_optimal_floor(2.0, 0.5), 4)
    0.7808
    """
    xp = common_namespace(leaf_variance)
    root = xp.sqrt(message_variance * (message_variance + 4.0 * leaf_variance))
    total = message_variance + root
    # The same root without the difference, which would cancel for large message noise.
    return xp.where(total > 0.0, 2.0 * message_variance * leaf_variance / xp.where(total > 0.0, total, 1.0), 0.0)


@elementwise(
    fan_in=SEVERAL,
    correlation=CORRELATION_BELOW_ONE,
    leaf_variance=POSITIVE,
    message_variance=POSITIVE,
    tolerance=POSITIVE,
)
def continuous_mixing_depth(
    fan_in: Array, correlation: Array, leaf_variance: Array, message_variance: Array, tolerance: Array
) -> Array:
    r"""Whole number of levels after which a tree is within a relative tolerance of its floor.

    :math:`\lceil \ln((v_0 - v^\star)/(\epsilon v^\star)) / \ln(1/\lambda) \rceil`; 0 if it starts there. Derived.

    Examples
    --------
    >>> continuous_mixing_depth(3, 0.3, 2.0, 0.5, 0.1)
    7
    """
    xp = common_namespace(fan_in)
    floor = tree_floor(fan_in, correlation, message_variance)
    excess = (leaf_variance - floor) / (tolerance * floor)
    rate = xp.log(correlation + (1.0 - correlation) / fan_in)
    levels = xp.ceil(xp.log(xp.where(excess > 1.0, excess, 1.0)) / -rate - 1e-9)
    return whole(xp, xp.where(levels > 0.0, levels, 0.0))


@elementwise(variance_compute_exponent=POSITIVE, tree_exponent=POSITIVE, communication_cost=NON_NEGATIVE)
def continuous_optimal_leaf_tokens(
    variance_compute_exponent: Array, tree_exponent: Array, communication_cost: Array
) -> Array:
    r"""Best tokens per leaf when leaf variance falls like a power of them, :math:`x^\star = \beta_v c_0/(t - \beta_v)`.

    Parameters
    ----------
    variance_compute_exponent
        Exponent beta_v of the leaf variance in tokens, above 0 and below the tree exponent.
    tree_exponent
        Exponent t of :func:`tree_variance_exponent`.
    communication_cost
        Tokens of communication per leaf.

    Raises
    ------
    ValueError
        If the tree exponent does not exceed the compute exponent: then one agent should spend everything.

    Notes
    -----
    Derived; the same algebra as :func:`budgetsim.theory.organization.optimal_leaf_tokens`.

    Derivation: `budgetsim.symbolic.continuous_leaves.continuous_optimal_leaf_tokens`;
    page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(continuous_optimal_leaf_tokens(0.3, 0.5722, 30.0), 2)
    33.06
    """
    xp = common_namespace(tree_exponent)
    margin = tree_exponent - variance_compute_exponent
    positive = margin > 0.0
    tokens = variance_compute_exponent * communication_cost / xp.where(positive, margin, math.inf)
    return require(
        xp,
        positive,
        "tree_exponent must be above variance_compute_exponent",
        tokens,
        tree_exponent=tree_exponent,
        variance_compute_exponent=variance_compute_exponent,
    )
