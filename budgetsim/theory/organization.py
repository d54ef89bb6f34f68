"""Spending a token budget on a tree of agents: exponents, costs, optimal shapes and the budgets where trees pay.

One agent that spends x tokens answers with bias ``min(1, kappa x^beta)`` (``leaf_constant`` kappa,
``compute_exponent`` beta). A tree of N = b^L leaves multiplies a small bias by N^s (``organization_exponent`` s)
and pays, beside its leaves, ``2 m`` tokens (written and read) for each of its messages. Budgets and costs are in
tokens; aggregation costs nothing but reading.

Source: "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei, arXiv 2601.17311
(exponent, cost per leaf, Theorem 5: a tree beats one agent below saturation iff s > beta, optimal leaf tokens);
"derived" marks what was worked out from its model. The formulas in s ignore saturation:
:mod:`budgetsim.theory.saturation` does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    NON_NEGATIVE,
    POSITIVE,
    WHOLE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    require,
)

BRANCHING = Domain("finite, above 1", 1.0, open_low=True, open_high=True)
SYNERGY = "organization_exponent must be above compute_exponent (else one agent should spend everything)"


@elementwise(leaf_tokens=NON_NEGATIVE, leaf_constant=POSITIVE, compute_exponent=POSITIVE)
def leaf_bias(leaf_tokens: Array, leaf_constant: Array, compute_exponent: Array) -> Array:
    r"""Bias of one agent, :math:`g(x) = \min(1, \kappa x^\beta)`.

    Power law: arXiv 2601.17311; the cap at 1 is derived.

    Examples
    --------
    >>> round(leaf_bias(1000.0, 0.02, 0.2), 4)
    0.0796
    """
    xp = common_namespace(leaf_tokens)
    bias = leaf_constant * leaf_tokens**compute_exponent
    return xp.where(bias < 1.0, bias, 1.0)


@elementwise(leaf_tokens=NON_NEGATIVE, leaf_constant=POSITIVE, compute_exponent=POSITIVE)
def saturating_leaf_bias(leaf_tokens: Array, leaf_constant: Array, compute_exponent: Array) -> Array:
    r"""Bias of one agent that saturates smoothly, :math:`g(x) = 1 - e^{-\kappa x^\beta}`.

    The power law of :func:`leaf_bias` while weak and never above it. Derived: an assumption of this project.

    Examples
    --------
    >>> round(saturating_leaf_bias(1000.0, 0.02, 0.2), 4)
    0.0765
    """
    return -common_namespace(leaf_tokens).expm1(-leaf_constant * leaf_tokens**compute_exponent)


@elementwise(fan_in=FAN_IN_OF_A_VOTE, fidelity=FIDELITY, correlation=CORRELATION)
def organization_exponent(fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    r"""Exponent of the bias in the number of leaves, :math:`s = \ln\alpha_\rho / \ln b`.

    Below one half for every majority of one-bit votes; negative where the tree does not amplify.

    Parameters
    ----------
    fan_in
        Children per aggregator: odd, 3 or more.
    fidelity
        Factor by which one message multiplies the bias, in (0, 1].
    correlation
        Shared-vote probability, in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2601.17311, Theorem 5.

    Derivation: `budgetsim.symbolic.tree_costs.organization_exponent`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(organization_exponent(5, 0.95, 0.05), 4)
    0.344
    """
    xp = common_namespace(fan_in)
    return xp.log(_kernels.amplification(xp, fan_in, fidelity, correlation)) / xp.log(fan_in)


@elementwise(message_tokens=NON_NEGATIVE, fan_in=BRANCHING, aggregator_tokens=NON_NEGATIVE)
def communication_cost_per_leaf(message_tokens: Array, fan_in: Array, aggregator_tokens: Array = 0.0) -> Array:
    r"""Tokens of communication per leaf of a large tree, :math:`c_0 = (2mb + c_a)/(b-1)`.

    arXiv 2601.17311, Eqs. 32-37; there aggregators pay for reading only. ``aggregator_tokens``, what one of them spends
    beside that, is derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.tree_costs.communication_cost_per_leaf`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> communication_cost_per_leaf(20, 5)
    50.0
    """
    return (2.0 * message_tokens * fan_in + aggregator_tokens) / (fan_in - 1.0)


@elementwise(
    fan_in=BRANCHING,
    depth=WHOLE,
    leaf_tokens=NON_NEGATIVE,
    message_tokens=NON_NEGATIVE,
    aggregator_tokens=NON_NEGATIVE,
)
def exact_tree_tokens(
    fan_in: Array, depth: Array, leaf_tokens: Array, message_tokens: Array, aggregator_tokens: Array = 0.0
) -> Array:
    r"""Tokens of a whole tree, :math:`N x + (2mb + c_a)(N-1)/(b-1)` with :math:`N = b^L`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.tree_costs.exact_tree_tokens`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> exact_tree_tokens(5, 3, 30.4, 20)
    10000.0
    """
    leaves = fan_in**depth
    return leaves * leaf_tokens + (2.0 * message_tokens * fan_in + aggregator_tokens) * (leaves - 1.0) / (fan_in - 1.0)


@elementwise(compute_exponent=POSITIVE, organization_exponent=POSITIVE, communication_cost=NON_NEGATIVE)
def optimal_leaf_tokens(compute_exponent: Array, organization_exponent: Array, communication_cost: Array) -> Array:
    r"""Best tokens per leaf, whatever the budget: :math:`x^\star = \beta c_0/(s - \beta)`.

    Parameters
    ----------
    compute_exponent
        Exponent beta of the leaf bias, above 0.
    organization_exponent
        Exponent s of the tree, above beta.
    communication_cost
        Tokens per leaf c_0, see :func:`communication_cost_per_leaf`.

    Raises
    ------
    ValueError
        If s is not above beta: then one agent should spend everything (NaN in JAX).

    Notes
    -----
    arXiv 2601.17311, Theorem 9.

    Derivation: `budgetsim.symbolic.budget_threshold.optimal_leaf_tokens`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(optimal_leaf_tokens(0.2, 0.344, 50.0), 3)
    69.444
    """
    return _with_synergy(
        compute_exponent, organization_exponent, lambda margin: compute_exponent * communication_cost / margin
    )


@elementwise(budget=POSITIVE, compute_exponent=POSITIVE, organization_exponent=POSITIVE, communication_cost=POSITIVE)
def optimal_leaf_count(
    budget: Array, compute_exponent: Array, organization_exponent: Array, communication_cost: Array
) -> Array:
    r"""Best number of leaves, a real number: :math:`N^\star = B(s-\beta)/(s c_0)`. Derived.

    ``budget`` in tokens, above 0; the rest as in :func:`optimal_leaf_tokens`.

    Notes
    -----
    Derivation: `budgetsim.symbolic.budget_threshold.optimal_leaf_count`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(optimal_leaf_count(1000.0, 0.2, 0.344, 50.0), 4)
    8.3721
    """
    return _with_synergy(
        compute_exponent,
        organization_exponent,
        lambda margin: budget * margin / (organization_exponent * communication_cost),
    )


@elementwise(
    budget=POSITIVE,
    compute_exponent=POSITIVE,
    organization_exponent=POSITIVE,
    communication_cost=POSITIVE,
    fan_in=BRANCHING,
)
def optimal_depth(
    budget: Array, compute_exponent: Array, organization_exponent: Array, communication_cost: Array, fan_in: Array
) -> Array:
    r"""Best depth, a real number: :math:`L^\star = \log_b N^\star`. Derived.

    Arguments as in :func:`optimal_leaf_count`.

    Examples
    --------
    >>> round(optimal_depth(1000.0, 0.2, 0.344, 50.0, 5), 4)
    1.3203
    """
    xp = common_namespace(budget)
    leaves = optimal_leaf_count(budget, compute_exponent, organization_exponent, communication_cost)
    return xp.log(leaves) / xp.log(fan_in)


@elementwise(compute_exponent=POSITIVE, organization_exponent=POSITIVE, communication_cost=NON_NEGATIVE)
def threshold_budget(compute_exponent: Array, organization_exponent: Array, communication_cost: Array) -> Array:
    r"""Budget above which the best tree beats one agent.

    :math:`B^\star = c_0 \frac{s}{s-\beta} (s/\beta)^{\beta/(s-\beta)}`, below saturation and whatever the leaf
    constant. Derived; arguments as in :func:`optimal_leaf_tokens`.

    Notes
    -----
    Derivation: `budgetsim.symbolic.budget_threshold.threshold_budget`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(threshold_budget(0.2, 0.344, 50.0), 1)
    253.7
    """

    def budget(margin: Array) -> Array:
        power = (organization_exponent / compute_exponent) ** (compute_exponent / margin)
        return communication_cost * organization_exponent / margin * power

    return _with_synergy(compute_exponent, organization_exponent, budget)


class TreeGain(NamedTuple):
    """Small-signal bias of the best tree, and its ratio to the bias of one agent with the same budget."""

    bias: Array
    gain: Array


@elementwise(
    budget=POSITIVE,
    leaf_constant=POSITIVE,
    compute_exponent=POSITIVE,
    organization_exponent=POSITIVE,
    communication_cost=POSITIVE,
)
def continuous_tree_bias(
    budget: Array,
    leaf_constant: Array,
    compute_exponent: Array,
    organization_exponent: Array,
    communication_cost: Array,
) -> TreeGain:
    r"""Bias of the best tree in the continuous relaxation, :math:`\kappa (x^\star)^\beta (N^\star)^s`.

    Its gain over one agent is :math:`(B/B^\star)^{s-\beta}`. Ignores saturation. Derived; arguments as in
    :func:`optimal_leaf_count`.

    Examples
    --------
    >>> round(continuous_tree_bias(1000.0, 0.02, 0.2, 0.344, 50.0).gain, 4)
    1.2184
    """
    tokens = optimal_leaf_tokens(compute_exponent, organization_exponent, communication_cost)
    leaves = optimal_leaf_count(budget, compute_exponent, organization_exponent, communication_cost)
    bias = leaf_constant * tokens**compute_exponent * leaves**organization_exponent
    return TreeGain(bias, bias / (leaf_constant * budget**compute_exponent))


def _with_synergy(compute_exponent: Array, organization_exponent: Array, formula: Callable[[Array], Array]) -> Array:
    xp = common_namespace(organization_exponent)
    margin = organization_exponent - compute_exponent
    positive = margin > 0.0
    result = formula(xp.where(positive, margin, 1.0))
    return require(
        xp, positive, SYNERGY, result, organization_exponent=organization_exponent, compute_exponent=compute_exponent
    )
