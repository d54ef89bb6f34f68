"""Trees that saturate: the window of budgets they are worth, the exact best whole depth, and the flat star.

Costs, leaves and exponents as in :mod:`budgetsim.theory.organization`. All derived from the model of "Phase
Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei, arXiv 2601.17311.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    POSITIVE,
    POSITIVE_BIAS,
    Array,
    common_namespace,
    elementwise,
    known,
    require,
)
from budgetsim.theory.organization import (
    SYNERGY,
    communication_cost_per_leaf,
    exact_tree_tokens,
    leaf_bias,
    optimal_leaf_tokens,
    organization_exponent,
    threshold_budget,
)
from budgetsim.theory.phase import iterate_bias


class SaturationBudgets(NamedTuple):
    """Where a tree starts to pay, saturates, and is caught up by one agent (budgets in tokens)."""

    organization_exponent: Array
    communication_cost: Array
    leaf_tokens: Array
    threshold_budget: Array
    fixed_point: Array
    saturation_leaves: Array
    saturation_budget: Array
    catch_up_budget: Array


@elementwise(
    fan_in=FAN_IN_OF_A_VOTE,
    fidelity=FIDELITY,
    correlation=CORRELATION,
    message_tokens=POSITIVE,
    leaf_constant=POSITIVE,
    compute_exponent=POSITIVE,
)
def saturation_budgets(
    fan_in: Array,
    fidelity: Array,
    correlation: Array,
    message_tokens: Array,
    leaf_constant: Array,
    compute_exponent: Array,
) -> SaturationBudgets:
    r"""The window of budgets in which a tree is worth its messages.

    The tree pays from :math:`B^\star`; it is saturated with :math:`N_{sat} = (\mu^\star/g(x^\star))^{1/s}` leaves, at
    :math:`(x^\star + c_0) N_{sat}` tokens; one agent overtakes every tree at
    :math:`(\mu^\star/\kappa)^{1/\beta}`.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the organization exponent does not exceed the compute exponent.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> budgets = saturation_budgets(5, 0.95, 0.05, 20, 0.002, 0.2)
    >>> round(budgets.threshold_budget, 1), f"{budgets.saturation_budget:.3e}", f"{budgets.catch_up_budget:.3e}"
    (253.6, '7.044e+08', '3.079e+13')
    """
    xp = common_namespace(fan_in)
    exponent = organization_exponent(fan_in, fidelity, correlation)
    exponent = require(
        xp,
        exponent > compute_exponent,
        SYNERGY,
        exponent,
        organization_exponent=exponent,
        compute_exponent=compute_exponent,
    )
    cost = communication_cost_per_leaf(message_tokens, fan_in)
    tokens = optimal_leaf_tokens(compute_exponent, exponent, cost)
    root = _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    leaves = (root / leaf_bias(tokens, leaf_constant, compute_exponent)) ** (1.0 / exponent)
    return SaturationBudgets(
        exponent,
        cost,
        tokens,
        threshold_budget(compute_exponent, exponent, cost),
        root,
        leaves,
        (tokens + cost) * leaves,
        (root / leaf_constant) ** (1.0 / compute_exponent),
    )


class IntegerTree(NamedTuple):
    """Best tree with a whole number of levels; ``depth`` and ``leaf_tokens`` are None if none is affordable."""

    depth: int | None
    leaf_tokens: float | None
    bias: float
    single: float


@known()
def best_integer_tree(
    budget: float,
    fan_in: int,
    fidelity: float,
    correlation: float,
    message_tokens: float,
    leaf_constant: float,
    compute_exponent: float,
) -> IntegerTree:
    r"""Best whole depth for a budget by the exact map, saturation included, beside one agent with all of it.

    Parameters
    ----------
    budget
        Tokens, above 0.
    fan_in, fidelity, correlation
        The tree: see :func:`budgetsim.theory.organization.organization_exponent`.
    message_tokens
        Tokens of one message, 0 or more; each is written once and read once.
    leaf_constant, compute_exponent
        The leaf: see :func:`budgetsim.theory.organization.leaf_bias`.

    Returns
    -------
    IntegerTree
        Of equally good depths the smallest. ``bias`` is 0 if not even one level is affordable.

    Notes
    -----
    Derived: every depth spends the whole budget, :math:`x = (B - 2mb(b^L-1)/(b-1))/b^L`. Plain numbers only.

    Examples
    --------
    >>> tree = best_integer_tree(1e4, 5, 0.95, 0.05, 20, 0.02, 0.2)
    >>> tree.depth, round(tree.leaf_tokens, 6), round(tree.bias, 4), round(tree.single, 4)
    (3, 30.4, 0.206, 0.1262)
    """
    if not 0.0 < budget < math.inf:
        raise ValueError(f"budget must be finite, above 0, got {budget}")
    organization_exponent(fan_in, fidelity, correlation)  # checks the tree
    single = leaf_bias(float(budget), leaf_constant, compute_exponent)
    best = IntegerTree(None, None, 0.0, single)
    depth = 1
    while True:
        leaves = float(fan_in) ** depth
        leaf_tokens = (budget - exact_tree_tokens(fan_in, depth, 0.0, message_tokens)) / leaves
        # Without messages every depth is affordable: stop when a leaf has less than a token in a million.
        if leaf_tokens <= 1e-6:
            return best
        bias = iterate_bias(
            leaf_bias(leaf_tokens, leaf_constant, compute_exponent), fan_in, depth, fidelity, correlation
        )
        if bias > best.bias:
            best = IntegerTree(depth, leaf_tokens, bias, single)
        depth += 1


@elementwise(agents=FAN_IN_OF_A_VOTE, fidelity=FIDELITY, correlation=CORRELATION, bias=POSITIVE_BIAS)
def binary_star_bias(agents: Array, fidelity: Array, correlation: Array, bias: Array) -> Array:
    r"""Bias of one aggregator that reads every agent, :math:`\rho\gamma g + (1-\rho) f_N(\gamma g)`.

    One level of the tree map with a fan-in of all agents: without a window it beats every tree; its ceiling is
    :math:`\rho\gamma g + 1 - \rho`. Derived.

    Examples
    --------
    >>> round(binary_star_bias(9999, 0.8, 0.25, 0.2), 5)
    0.79
    """
    return _kernels.one_level(common_namespace(bias), bias, agents, fidelity, correlation)
