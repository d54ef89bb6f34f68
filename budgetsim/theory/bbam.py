"""Dividing a token budget over sub-questions whose uncertainty falls as a power of their tokens (BBAM, BAM).

Sub-question j with ``b_j`` tokens keeps the epistemic uncertainty :math:`c_j b_j^{-\\beta_j}`
(``initial_uncertainty`` c, in tokens to the power beta; ``decay_rate`` beta) and returns the reward
:math:`\\alpha (1 - U_j)` (``reward_scale`` alpha). Uncertainty that no token removes lowers the reward and moves
no token. A large decay rate means *easy*: the uncertainty falls fast; "difficulty" has the opposite sign.

Source: "Plan and Budget: Effective and Efficient Test-Time Scaling on (Reasoning) Large Language Models", Junhong
Lin, Xinyue Zeng, Jie Zhu, Song Wang, Julian Shun, Jun Wu, Dawei Zhou, arXiv 2505.16122 (BBAM in version 1, BAM
later). The model and Eq. 6 are second-hand (as reported by public reviews and notes; the paper's body was not
read); everything exact here is derived (Karush-Kuhn-Tucker conditions).
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    POSITIVE,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    repeat,
    require,
    whole,
)
from budgetsim.theory._shares import SLACK, as_row, bounded_log_price, clipped, held, log_price, tokens_at

ROW = replace(POSITIVE, by_row=True)
LOWER = replace(NON_NEGATIVE, by_row=True)
UPPER = Domain("above 0 (infinity: no bound)", 0.0, open_low=True, by_row=True)
PRICE = Domain("0 or more", 0.0)
WHOLE_LOWER = replace(WHOLE_POSITIVE, by_row=True)
WHOLE_UPPER = Domain("a whole number, 1 or more (infinity: no bound)", 1.0, step=1, by_row=True)
GUARD = 1e-9  # floors of floats
FEASIBLE = "budget must be between the sums of the bounds lower and upper, and no lower bound above its upper one"


class BudgetAllocation(NamedTuple):
    """Tokens of every sub-question [..., sub-questions], reward per further token and total uncertainty [...]."""

    budgets: Array
    shadow_price: Array
    epistemic_uncertainty: Array


class PlainAllocation(NamedTuple):
    """Tokens of every sub-question [..., sub-questions] and the total epistemic uncertainty [...]."""

    budgets: Array
    epistemic_uncertainty: Array


@elementwise(initial_uncertainty=ROW, decay_rate=ROW, budgets=LOWER)
def _uncertainty(initial_uncertainty: Array, decay_rate: Array, budgets: Array) -> Array:
    return _left(common_namespace(budgets), initial_uncertainty, decay_rate, budgets)


def _left(xp: ModuleType, initial_uncertainty: Array, decay_rate: Array, budgets: Array) -> Array:
    """Total uncertainty of arguments already known to be inside their domains."""
    none = budgets == 0.0
    left = initial_uncertainty * xp.where(none, 1.0, budgets) ** -decay_rate
    return xp.sum(xp.where(none, math.inf, left), axis=-1)


def epistemic_uncertainty(initial_uncertainty: Array, decay_rate: Array, budgets: Array) -> Array:
    r"""Total uncertainty that an allocation leaves, :math:`\sum_j c_j b_j^{-\beta_j}`; infinite where a budget is 0.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0; shape [..., sub-questions].
    budgets
        Tokens of every sub-question, 0 or more; same shape.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Model of arXiv 2505.16122 (as reported).

    Examples
    --------
    >>> round(float(epistemic_uncertainty([5, 20, 80], [1, 1.5, 2.5], [100, 100, 100])), 6)
    0.0708
    """
    return _uncertainty(as_row(initial_uncertainty), as_row(decay_rate), as_row(budgets))


@elementwise(initial_uncertainty=ROW, decay_rate=ROW, budget=POSITIVE, lower=LOWER, upper=UPPER, reward_scale=POSITIVE)
def _price(
    initial_uncertainty: Array,
    decay_rate: Array,
    budget: Array,
    lower: Array | None,
    upper: Array | None,
    reward_scale: Array = 1.0,  # noqa: ARG001
) -> Array:
    """Log price at a reward scale of 1; the scale is only held against its domain."""
    xp = common_namespace(initial_uncertainty)
    intercept, weight = xp.log(initial_uncertainty * decay_rate), 1.0 / (decay_rate + 1.0)
    intercept, weight, budgets = xp.broadcast_arrays(intercept, weight, budget[..., None])
    if lower is None and upper is None:
        return log_price(xp, intercept, weight, budgets[..., 0])
    lower = xp.asarray(0.0) if lower is None else lower
    upper = xp.asarray(math.inf) if upper is None else upper
    intercept, weight, budgets, lower, upper = xp.broadcast_arrays(intercept, weight, budgets, lower, upper)
    budget = budgets[..., 0]
    feasible = xp.all(lower <= upper, axis=-1) & (xp.sum(lower, axis=-1) <= budget * (1.0 + SLACK))
    feasible = feasible & (xp.sum(upper, axis=-1) >= budget * (1.0 - SLACK))
    price = bounded_log_price(xp, intercept, weight, budget, lower, upper)
    sums = {"sum of lower": xp.sum(lower, axis=-1), "sum of upper": xp.sum(upper, axis=-1)}
    return require(xp, feasible, FEASIBLE, price, budget=budget, **sums)


@elementwise(price=PRICE, reward_scale=POSITIVE)
def _scaled(price: Array, reward_scale: Array) -> Array:
    return price * reward_scale


def bam_exact(
    initial_uncertainty: Array,
    decay_rate: Array,
    budget: Array,
    *,
    lower: Array | None = None,
    upper: Array | None = None,
    reward_scale: Array = 1.0,
) -> BudgetAllocation:
    r"""Allocation of least total uncertainty, :math:`b_j = (\alpha c_j \beta_j / \lambda)^{1/(\beta_j+1)}`.

    The shadow price :math:`\lambda` makes the tokens add up to the budget; bounds hold by clipping.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0 (the paper: beta 1 or more); shape [..., sub-questions]. One
        number serves all sub-questions.
    budget
        Total tokens, above 0; shape [...]. All arguments broadcast.
    lower, upper
        Tokens that every sub-question gets at least (0 or more) and at most (may be infinite); none if absent.
    reward_scale
        alpha, above 0; shape [...]. It scales the shadow price and moves no token.

    Returns
    -------
    BudgetAllocation
        Tokens (real numbers), the reward of one more token, the total uncertainty. Where every sub-question is
        at a bound the price is that of the last token (of the next one where all are at the lower bound).

    Raises
    ------
    ValueError
        If an argument is outside its domain, or the bounds cannot hold (NaN in JAX).

    Notes
    -----
    Derived: the problem is convex for every decay rate above 0. The set of sub-questions between their bounds is
    found exactly, the price by Newton's method to rounding; differentiable twice in JAX.

    Derivation: `budgetsim.symbolic.allocation_rules.allocation`; page: ``papers/plan-and-budget.md``.
    Derivation: `budgetsim.symbolic.allocation_rules.common_rate_allocation`; page: ``papers/plan-and-budget.md``.

    Examples
    --------
    >>> best = bam_exact([5, 20, 80], [1, 1.5, 2.5], 300)
    >>> best.budgets.round(2).tolist(), f"{best.shadow_price:.4e}", round(float(best.epistemic_uncertainty), 6)
    ([142.76, 108.38, 48.86], '2.4533e-04', 0.057544)
    >>> bam_exact([5, 20, 80], [1, 1.5, 2.5], 300, lower=[20, 20, 60], upper=[120, 200, 200]).budgets.round(6).tolist()
    [120.0, 120.0, 60.0]
    """
    uncertainty, rate = as_row(initial_uncertainty), as_row(decay_rate)
    lower, upper = as_row(lower), as_row(upper)
    price = _price(uncertainty, rate, budget, lower, upper, reward_scale)
    xp = common_namespace(price, uncertainty, rate)
    price = xp.asarray(price)
    tokens = clipped(xp, tokens_at(xp, price, xp.log(uncertainty * rate), 1.0 / (rate + 1.0)), lower, upper)
    left = _left(xp, uncertainty, rate, tokens)
    return BudgetAllocation(tokens, _scaled(xp.exp(price), reward_scale), left)


@elementwise(initial_uncertainty=ROW, decay_rate=ROW, budget=POSITIVE)
def _printed_scale(initial_uncertainty: Array, decay_rate: Array, budget: Array) -> Array:
    xp = common_namespace(budget)
    return budget / xp.sum((initial_uncertainty * decay_rate) ** (1.0 / (decay_rate + 1.0)), axis=-1)


def bam_eq6(initial_uncertainty: Array, decay_rate: Array, budget: Array) -> PlainAllocation:
    r"""Allocation as printed, :math:`b_j = B (c_j\beta_j)^{1/(\beta_j+1)} / \sum_k (c_k\beta_k)^{1/(\beta_k+1)}`.

    **Optimal only where all decay rates are equal.** Its shares do not depend on the budget; the best shares do,
    because :math:`\lambda^{-1/(\beta_j+1)}` cancels only for a common decay rate. :func:`eq6_excess` gives the loss.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0; shape [..., sub-questions].
    budget
        Total tokens, above 0; shape [...].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2505.16122, Eq. 6 (as reported); that it is not the optimum for mixed decay rates is derived.

    Derivation: `budgetsim.symbolic.printed_allocation.printed_allocation`; page: ``papers/plan-and-budget.md``.

    Examples
    --------
    >>> printed = bam_eq6([5, 20, 80], [1, 1.5, 2.5], 300)
    >>> printed.budgets.round(2).tolist(), round(float(printed.epistemic_uncertainty), 6)
    ([62.82, 109.52, 127.66], 0.097475)
    """
    uncertainty, rate = as_row(initial_uncertainty), as_row(decay_rate)
    scale = _printed_scale(uncertainty, rate, budget)
    xp = common_namespace(scale, uncertainty, rate)
    tokens = xp.asarray(scale)[..., None] * (uncertainty * rate) ** (1.0 / (rate + 1.0))
    return PlainAllocation(tokens, _left(xp, uncertainty, rate, tokens))


def eq6_excess(initial_uncertainty: Array, decay_rate: Array, budget: Array) -> Array:
    r"""Share by which the printed allocation leaves more uncertainty than the best one, 0 or more.

    Parameters and errors as in :func:`bam_eq6`. Derived; 0 exactly where all decay rates are equal.

    Examples
    --------
    >>> round(float(eq6_excess([5, 20, 80], [1, 1.5, 2.5], 300)), 6)
    0.693934
    """
    printed = bam_eq6(initial_uncertainty, decay_rate, budget).epistemic_uncertainty
    excess = printed / bam_exact(initial_uncertainty, decay_rate, budget).epistemic_uncertainty - 1.0
    return common_namespace(excess).where(excess < 0.0, 0.0, excess)[()]


@elementwise(initial_uncertainty=ROW, decay_rate=ROW, budget=WHOLE_POSITIVE, lower=WHOLE_LOWER, upper=WHOLE_UPPER)
def _whole_price(
    initial_uncertainty: Array, decay_rate: Array, budget: Array, lower: Array, upper: Array | None
) -> Array:
    return _price(initial_uncertainty, decay_rate, budget, lower, upper)


def bam_integer(
    initial_uncertainty: Array, decay_rate: Array, budget: Array, *, lower: Array = 1, upper: Array | None = None
) -> PlainAllocation:
    r"""Best allocation in whole tokens.

    Tokens go one at a time where the uncertainty drops most, :math:`c (b^{-\beta} - (b+1)^{-\beta})`; of equal drops
    the first sub-question is served. Only the last tokens are given out one by one: the best whole budgets
    are at most as many tokens below the real ones as there are sub-questions.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0; shape [..., sub-questions].
    budget
        Total tokens, a whole number; shape [...].
    lower, upper
        Whole tokens of every sub-question at least (1 or more: no token leaves infinite uncertainty) and at most.

    Returns
    -------
    PlainAllocation
        Whole tokens (floats in JAX) and the total uncertainty.

    Raises
    ------
    ValueError
        If an argument is outside its domain, or the bounds cannot hold (NaN in JAX).

    Notes
    -----
    Derived: the problem is separable and convex, so that unit steps are optimal.

    Examples
    --------
    >>> bam_integer([5, 20, 80], [1, 1.5, 2.5], 24).budgets.tolist()
    [7, 9, 8]
    """
    uncertainty, rate = as_row(initial_uncertainty), as_row(decay_rate)
    lower, upper = as_row(lower), as_row(upper)
    price = _whole_price(uncertainty, rate, budget, lower, upper)
    xp = common_namespace(price, uncertainty, rate)
    price = held(xp, xp.asarray(price))
    real = clipped(xp, tokens_at(xp, price, xp.log(uncertainty * rate), 1.0 / (rate + 1.0)), lower, upper)
    places = xp.arange(real.shape[-1])
    tokens = clipped(xp, xp.floor(real + GUARD) - places.shape[0], lower, None)

    def give(_: Array, tokens: Array) -> Array:
        left = xp.asarray(budget, dtype=float) - xp.sum(tokens, axis=-1)
        drop = -xp.expm1(-rate * xp.log1p(1.0 / tokens)) * uncertainty * tokens**-rate
        drop = drop if upper is None else xp.where(tokens < upper, drop, -math.inf)
        served = (places == xp.argmax(drop, axis=-1)[..., None]) & (left > 0.5)[..., None]
        return tokens + xp.where(served, 1.0, 0.0)

    missing = xp.asarray(budget, dtype=float) - xp.sum(tokens, axis=-1)
    tokens = repeat(xp, xp.max(xp.where(missing > 0.0, missing, 0.0)).astype(int), give, tokens)
    return PlainAllocation(whole(xp, tokens), _left(xp, uncertainty, rate, tokens))
