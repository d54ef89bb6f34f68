"""Which of four regimes a tree of agents is in: it collapses, amplifies in vain, pays, or is saturated.

Read in this order, with ``alpha`` the amplification, ``s`` the organization exponent, ``beta`` the compute exponent,
``mu*`` the fixed point, ``x*`` the best leaf tokens, ``B*`` the threshold budget and ``L*`` the best depth:

1. *collapse*: ``alpha <= 1``, bias dies out with depth;
2. *amplify without synergy*: ``0 < s <= beta``, depth helps, but the same tokens in one agent help more;
3. *saturated*: ``s > beta``, and either the best tree is as deep as growth goes (``L* >= L_mix`` from a leaf of
   ``x*`` tokens) or one agent with the whole budget is as good as any tree (``g(B) >= mu*``);
4. *synergy*: ``s > beta`` and ``B > B*``. At ``B <= B*`` the tree does not pay yet: *amplify without synergy*.

Derived from the model of "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei,
arXiv 2601.17311 (its Theorems 4 and 5 are rules 1 and 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    POSITIVE,
    Array,
    common_namespace,
    elementwise,
    known,
    whole,
)
from budgetsim.theory.organization import (
    communication_cost_per_leaf,
    leaf_bias,
    optimal_depth,
    optimal_leaf_tokens,
    organization_exponent,
    threshold_budget,
)
from budgetsim.theory.phase import growth_depth

COLLAPSE, AMPLIFY, SYNERGY, SATURATED = range(4)

REGIMES: Mapping[int, str] = MappingProxyType(
    {COLLAPSE: "collapse", AMPLIFY: "amplify without synergy", SYNERGY: "synergy", SATURATED: "saturated"}
)
"""Name of every code of :func:`regime_codes`."""


@known()
def regime(
    fan_in: int,
    fidelity: float,
    correlation: float,
    compute_exponent: float,
    leaf_constant: float,
    message_tokens: float,
    budget: float,
) -> str:
    """Name of the regime of one tree; plain numbers only, arguments as in :func:`regime_codes`.

    Examples
    --------
    >>> [regime(5, 0.95, 0.05, 0.2, 0.002, 20, budget) for budget in (100, 1e7, 1e12)]
    ['amplify without synergy', 'synergy', 'saturated']
    """
    code = regime_codes(fan_in, fidelity, correlation, compute_exponent, leaf_constant, message_tokens, budget)
    return REGIMES[int(code)]


@elementwise(
    fan_in=FAN_IN_OF_A_VOTE,
    fidelity=FIDELITY,
    correlation=CORRELATION,
    compute_exponent=POSITIVE,
    leaf_constant=POSITIVE,
    message_tokens=POSITIVE,
    budget=POSITIVE,
)
def regime_codes(
    fan_in: Array,
    fidelity: Array,
    correlation: Array,
    compute_exponent: Array,
    leaf_constant: Array,
    message_tokens: Array,
    budget: Array,
) -> Array:
    """Regime of every tree of a broadcast grid, as a code of :data:`REGIMES`.

    Parameters
    ----------
    fan_in, fidelity, correlation
        The tree: see :func:`budgetsim.theory.organization.organization_exponent`.
    compute_exponent, leaf_constant
        The leaf: see :func:`budgetsim.theory.organization.leaf_bias`.
    message_tokens
        Tokens of one message, above 0.
    budget
        Tokens in all, above 0.

    Returns
    -------
    array
        0, 1, 2 or 3 (floats in JAX). An amplification that equals 1 up to rounding counts as collapse.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived; the rules are those of the module, read in their order.

    Examples
    --------
    >>> regime_codes(5, [0.5, 0.95, 0.95], 0.05, [0.2, 0.45, 0.2], 0.002, 20, 1e7).tolist()
    [0, 1, 2]
    """
    xp = common_namespace(fan_in)
    root = _kernels.fixed_point(xp, fan_in, fidelity, correlation)
    exponent = organization_exponent(fan_in, fidelity, correlation)
    amplifies = root > 0.0
    exceeds = amplifies & (exponent > compute_exponent)
    exponent = xp.where(exceeds, exponent, compute_exponent + 1.0)  # any value that keeps the formulas defined
    cost = communication_cost_per_leaf(message_tokens, fan_in)
    leaf = leaf_bias(optimal_leaf_tokens(compute_exponent, exponent, cost), leaf_constant, compute_exponent)
    mixing = growth_depth(xp.where(exceeds, leaf, 1.0), fan_in, fidelity, correlation).levels
    deep = optimal_depth(budget, compute_exponent, exponent, cost, fan_in) >= mixing
    saturated = deep | (leaf_bias(budget, leaf_constant, compute_exponent) >= root)
    pays = budget > threshold_budget(compute_exponent, exponent, cost)
    tree = xp.where(saturated, SATURATED, xp.where(pays, SYNERGY, AMPLIFY))
    return whole(xp, xp.where(amplifies, xp.where(exceeds, tree, AMPLIFY), COLLAPSE) + 0.0)
