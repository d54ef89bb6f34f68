r"""Budgets of tool calls (BATS): what a run costs, how much of a budget is left, and why agents stop early.

A budget (a cap on calls) is not a cost (the calls made). Every string of a batched call counts as one call.

Source: "Budget-Aware Tool-Use Enables Effective Agent Scaling", Tengxiao Liu, Zifeng Wang, Jin Miao, I-Hung Hsu, Jun
Yan, Jiefeng Chen, Rujun Han, Fangyuan Xu, Yanfei Chen, Ke Jiang, Samira Daruki, Yi Liang, William Yang Wang, Tomas
Pfister, Chen-Yu Lee, arXiv 2511.17006 (cost, regimes); the hazard model is derived.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from budgetsim.theory._arrays import (
    NON_NEGATIVE,
    PROBABILITY,
    WHOLE,
    Array,
    Domain,
    common_namespace,
    elementwise,
)
from budgetsim.theory._shares import as_row

Regime: TypeAlias = Literal["HIGH", "MEDIUM", "LOW", "CRITICAL"]

GUARD = 1e-9  # boundaries of floats
MILLION = 1e6
SUCCESS = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
CALLS = replace(NON_NEGATIVE, by_row=True)


def budget_regime(remaining_ratio: float | Sequence[float]) -> Regime:
    """Regime of the smallest remaining share of the tools' budgets.

    HIGH from 70 percent (explore: 3 to 5 queries, 2 or 3 pages), MEDIUM from 30 (converge), LOW from 10 (verify),
    else CRITICAL; CRITICAL too where any budget is used up.

    Parameters
    ----------
    remaining_ratio
        Remaining over initial budget of every tool, in [0, 1]; one or more.

    Raises
    ------
    ValueError
        If there is no tool or a share is outside [0, 1].

    Notes
    -----
    arXiv 2511.17006. The paper prints 30 and 10 percent in two regimes each; here the higher one has them (a
    convention, guard 1e-9). Health states with bounds at 50 and 20 percent that go by the name BATS are not
    the paper's.

    Examples
    --------
    >>> budget_regime([0.9, 0.4]), budget_regime(0.3), budget_regime([0.8, 0.0])
    ('MEDIUM', 'MEDIUM', 'CRITICAL')
    """
    shares = np.atleast_1d(np.asarray(remaining_ratio, dtype=float))
    if shares.size == 0 or not np.all((shares >= 0.0) & (shares <= 1.0)):
        raise ValueError(f"remaining_ratio must be one share or more in [0, 1], got {remaining_ratio}")
    least = float(shares.min())
    bounds: tuple[tuple[Regime, float], ...] = (("HIGH", 0.7), ("MEDIUM", 0.3), ("LOW", 0.1))
    for regime, bound in bounds:
        if least >= bound - GUARD:
            return regime
    return "CRITICAL"


@elementwise(
    input_tokens=NON_NEGATIVE,
    output_tokens=NON_NEGATIVE,
    cached_tokens=NON_NEGATIVE,
    input_price=NON_NEGATIVE,
    output_price=NON_NEGATIVE,
    cached_price=NON_NEGATIVE,
)
def _token_cost(
    input_tokens: Array,
    output_tokens: Array,
    cached_tokens: Array,
    input_price: Array,
    output_price: Array,
    cached_price: Array,
) -> Array:
    cost = input_tokens * input_price + output_tokens * output_price + cached_tokens * cached_price
    return cost / MILLION


@elementwise(calls=CALLS, call_prices=CALLS)
def _call_cost(calls: Array, call_prices: Array) -> Array:
    return common_namespace(calls).sum(calls * call_prices, axis=-1)


def unified_cost(
    input_tokens: Array,
    output_tokens: Array,
    cached_tokens: Array,
    calls: Array,
    *,
    input_price: Array,
    output_price: Array,
    cached_price: Array,
    call_prices: Array,
) -> Array:
    r"""Cost of a run in money, tokens and tool calls together, :math:`C = c_{token} + \sum_i c_i P_i`.

    Parameters
    ----------
    input_tokens, output_tokens, cached_tokens
        Tokens read anew, written, and read from the cache (the text of earlier turns), 0 or more; shape [...].
    calls
        Calls of every tool, 0 or more (means may be broken); shape [..., tools], no tool allowed.
    input_price, output_price, cached_price
        Money per million tokens.
    call_prices
        Money per call of every tool (0.001 USD for search and browse in the paper); shape [..., tools].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2511.17006.

    Examples
    --------
    >>> prices = dict(input_price=1.25, output_price=10.0, cached_price=0.31, call_prices=[0.001, 0.001])
    >>> round(float(unified_cost(50_000, 4_000, 120_000, [14.24, 1.36], **prices)), 4)
    0.1553
    """
    tokens = _token_cost(input_tokens, output_tokens, cached_tokens, input_price, output_price, cached_price)
    return tokens + _call_cost(as_row(calls), as_row(call_prices))


class CallsMade(NamedTuple):
    """Mean number of calls under a cap, and the chance of wanting more than the cap."""

    expected_calls: Array
    over_cap: Array


@elementwise(hazard=PROBABILITY, cap=WHOLE)
def capped_geometric_calls(hazard: Array, cap: Array) -> CallsMade:
    r"""Calls of an agent that stops after every call with the same chance, whatever its budget.

    :math:`E[\min(G, cap)] = (1 - (1-h)^{cap})/h` and :math:`P(G > cap) = (1-h)^{cap}`: a larger cap soon stops
    mattering, which is the plateau of agents that do not see their budget.

    Parameters
    ----------
    hazard
        Chance h of stopping after a call, in [0, 1]; with 0 the cap is always reached.
    cap
        Calls allowed, a whole number, 0 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived. At h = 1/14.24 it gives 7.4, 12.6 and 14.2 calls at caps of 10, 30 and 100, where arXiv 2511.17006 reports
    7.87, 13.77 and 14.24; its reported tails are lighter (9.24 percent above 30, not 11.3): :func:`hazard_calls` takes
    a hazard that rises.

    Examples
    --------
    >>> made = capped_geometric_calls(0.07, 30)
    >>> round(made.expected_calls, 4), round(made.over_cap, 4)
    (12.6662, 0.1134)
    """
    xp = common_namespace(hazard)
    stops = hazard < 1.0
    log_go = xp.log1p(-xp.where(stops, hazard, 0.0))
    over = xp.where(stops, xp.exp(cap * log_go), xp.where(cap > 0.0, 0.0, 1.0))
    positive = hazard > 0.0
    made = xp.where(stops, -xp.expm1(cap * log_go), 1.0 - over) / xp.where(positive, hazard, 1.0)
    return CallsMade(xp.where(positive, made, cap), over)


@elementwise(hazards=replace(PROBABILITY, by_row=True))
def _hazard_calls(hazards: Array) -> CallsMade:
    xp = common_namespace(hazards)
    made = 0.0 * xp.sum(hazards, axis=-1)
    going = made + 1.0
    for call in range(hazards.shape[-1]):
        made = made + going
        going = going * (1.0 - hazards[..., call])
    return CallsMade(made, going)


def hazard_calls(hazards: Array) -> CallsMade:
    r"""The same for a chance of stopping that changes from call to call, :math:`\sum_k \prod_{i<k}(1-h_i)`.

    Parameters
    ----------
    hazards
        Chance of stopping after the first, second, ... call, in [0, 1]; shape [..., cap]. A tracker that scales the
        hazard by the remaining share of the budget is ``hazard * (1 - arange(cap) / cap)``.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> made = hazard_calls([0.1, 0.2, 0.5])
    >>> round(float(made.expected_calls), 12), round(float(made.over_cap), 12)
    (2.62, 0.36)
    """
    return _hazard_calls(as_row(hazards))


class Solved(NamedTuple):
    """Chance of finding the answer under a cap, and without one."""

    probability: Array
    plateau: Array


@elementwise(success=SUCCESS, hazard=PROBABILITY, cap=WHOLE)
def solved_before_stopping(success: Array, hazard: Array, cap: Array) -> Solved:
    r"""Chance that an agent finds the answer before it gives up or reaches its cap.

    Every call finds the answer with probability p; if it does not, the agent gives up with probability h:
    :math:`\frac{p}{1-r}(1 - r^{cap})`, :math:`r = (1-p)(1-h)`. Raising the cap leads no further than the plateau
    :math:`p/(1-r)`; only an agent that never gives up (h = 0) reaches 1.

    Parameters
    ----------
    success
        p, in (0, 1].
    hazard
        h, in [0, 1].
    cap
        Calls allowed, a whole number, 0 or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> solved = solved_before_stopping(0.02, 0.07, 100)
    >>> round(solved.probability, 4), round(solved.plateau, 4)
    (0.2257, 0.2257)
    """
    plateau = success / (success + hazard - success * hazard)
    made = capped_geometric_calls(success + hazard - success * hazard, cap)
    return Solved(success * made.expected_calls, plateau)
