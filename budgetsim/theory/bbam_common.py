r"""Closed forms of the budget allocation over sub-questions that share one decay rate, and what moves a budget.

With one decay rate for all, sub-question j gets the share :math:`c_j^{1/(\beta+1)} / \sum_k c_k^{1/(\beta+1)}` of
every budget. Names as in :mod:`budgetsim.theory.bbam`. All derived from the model of "Plan and Budget: Effective and
Efficient Test-Time Scaling on (Reasoning) Large Language Models", Lin et al., arXiv 2505.16122.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

from budgetsim.theory._arrays import POSITIVE, Array, common_namespace, elementwise, repeat
from budgetsim.theory._shares import as_row

ROW = replace(POSITIVE, by_row=True)
NEWTON_STEPS = 40


def _log_power_sum(xp: ModuleType, initial_uncertainty: Array, decay_rate: Array) -> Array:
    """``(beta + 1) ln sum_k c_k^(1/(beta+1))``, the log of the least uncertainty with one token."""
    exponent = xp.log(initial_uncertainty) / (decay_rate[..., None] + 1.0)
    top = xp.max(exponent, axis=-1, keepdims=True)
    return (decay_rate + 1.0) * (top[..., 0] + xp.log(xp.sum(xp.exp(exponent - top), axis=-1)))


@elementwise(initial_uncertainty=ROW, decay_rate=POSITIVE, budget=POSITIVE)
def _least(initial_uncertainty: Array, decay_rate: Array, budget: Array) -> Array:
    xp = common_namespace(initial_uncertainty)
    return xp.exp(_log_power_sum(xp, initial_uncertainty, decay_rate) - decay_rate * xp.log(budget))


def min_epistemic_uncertainty(initial_uncertainty: Array, decay_rate: Array, budget: Array) -> Array:
    r"""Least total uncertainty a budget leaves, :math:`(\sum_k c_k^{1/(\beta+1)})^{\beta+1} / B^\beta`.

    Parameters
    ----------
    initial_uncertainty
        c of every sub-question, above 0; shape [..., sub-questions].
    decay_rate
        beta of all sub-questions of a problem, above 0; shape [...].
    budget
        Total tokens, above 0; shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived. It falls by the factor :math:`2^{-\beta}` when the budget doubles.

    Derivation: `budgetsim.symbolic.allocation_rules.least_uncertainty`; page: ``papers/plan-and-budget.md``.

    Examples
    --------
    >>> round(float(min_epistemic_uncertainty([5, 20, 80], 1.5, 300)), 10)
    0.0770378972
    """
    return _least(as_row(initial_uncertainty), decay_rate, budget)


@elementwise(initial_uncertainty=ROW, decay_rate=POSITIVE, budget=POSITIVE, reward_scale=POSITIVE)
def _gain(initial_uncertainty: Array, decay_rate: Array, budget: Array, reward_scale: Array) -> Array:
    xp = common_namespace(initial_uncertainty)
    power_sum = _log_power_sum(xp, initial_uncertainty, decay_rate)
    return reward_scale * decay_rate * xp.exp(power_sum - (decay_rate + 1.0) * xp.log(budget))


def shadow_price(initial_uncertainty: Array, decay_rate: Array, budget: Array, reward_scale: Array = 1.0) -> Array:
    r"""Reward of one more token, :math:`\lambda = \alpha\beta [\sum_k c_k^{1/(\beta+1)} / B]^{\beta+1}`.

    The derivative of the best total reward with respect to the budget. Arguments as in
    :func:`min_epistemic_uncertainty`; ``reward_scale`` alpha, above 0. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.allocation_rules.shadow_price`; page: ``papers/plan-and-budget.md``.

    Examples
    --------
    >>> f"{float(shadow_price([5, 20, 80], 1.5, 300)):.4e}"
    '3.8519e-04'
    """
    return _gain(as_row(initial_uncertainty), decay_rate, budget, reward_scale)


@elementwise(initial_uncertainty=ROW, decay_rate=POSITIVE)
def _uniform(initial_uncertainty: Array, decay_rate: Array) -> Array:
    xp = common_namespace(initial_uncertainty)
    uniform = decay_rate * xp.log(xp.asarray(float(initial_uncertainty.shape[-1])))
    uniform = uniform + xp.log(xp.sum(initial_uncertainty, axis=-1))
    return xp.exp(uniform - _log_power_sum(xp, initial_uncertainty, decay_rate))


def uniform_over_optimal(initial_uncertainty: Array, decay_rate: Array) -> Array:
    r"""Uncertainty left by equal budgets over the least, :math:`m^\beta\sum c_k/(\sum c_k^{1/(\beta+1)})^{\beta+1}`.

    1 or more, and 1 where all initial uncertainties are equal; the same for every budget. Arguments as in
    :func:`min_epistemic_uncertainty`. Derived.

    Examples
    --------
    >>> round(float(uniform_over_optimal([5, 20, 80], 1.5)), 5)
    1.36297
    """
    return _uniform(as_row(initial_uncertainty), decay_rate)


@elementwise(uncertainty_over_price=POSITIVE)
def peak_decay_rate(uncertainty_over_price: Array) -> Array:
    r"""Decay rate that gets the most tokens at a price, the root of :math:`1 + 1/\beta = \ln(K\beta)`.

    At a price the tokens :math:`(K\beta)^{1/(\beta+1)}` with :math:`K = \alpha c/\lambda` rise to this rate and fall
    beyond it. For K above :math:`e^2` it is below 1: the paper's own domain (decay rates of 1 or more) shows one side
    of the hump only, where tokens fall with the decay rate.

    Parameters
    ----------
    uncertainty_over_price
        K, above 0.

    Raises
    ------
    ValueError
        If the argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived: :math:`1/\beta = W(K/e)` (Lambert's W), by Newton's method on :math:`e^s + s = \ln K - 1`,
    :math:`s = -\ln\beta`. That budgets are unimodal in difficulty is a claim of arXiv 2505.16122 (as reported).

    Examples
    --------
    >>> round(peak_decay_rate(100.0), 6)
    0.379372
    """
    xp = common_namespace(uncertainty_over_price)
    target = xp.log(uncertainty_over_price) - 1.0
    start = xp.where(target > 1.0, xp.log(xp.where(target > 1.0, target, 1.0)), target)

    def step(_: Array, root: Array) -> Array:
        power = xp.exp(root)
        return root - (power + root - target) / (power + 1.0)

    return xp.exp(-repeat(xp, NEWTON_STEPS, step, start))


@elementwise(uncertainty_ratio=POSITIVE, decay_rate=POSITIVE)
def matching_geometric_base(uncertainty_ratio: Array, decay_rate: Array) -> Array:
    r"""Base of the best geometric schedule, :math:`\rho^{1/(\beta+1)}`, when :math:`c_j = c_0\rho^j`.

    Parameters
    ----------
    uncertainty_ratio
        Initial uncertainty of a sub-question over that of the one before, rho, above 0.
    decay_rate
        beta of all sub-questions, above 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived. The released exponential schedule (base 0.9) is the best one at rho = 0.81 and beta = 1.

    Examples
    --------
    >>> matching_geometric_base(0.81, 1.0)
    0.9
    """
    return uncertainty_ratio ** (1.0 / (decay_rate + 1.0))
