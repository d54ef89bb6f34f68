"""Fast functions for rules without a closed form: the tokens wanted at a price, the price at which a budget lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sympy as sp

from budgetsim.symbolic.numeric import Backend, function
from budgetsim.symbolic.returns import Returns, tokens

HALVINGS = 64
LONGEST = 1e15  # tokens
SHORTEST = 1e-12


class Division(NamedTuple):
    """Tokens of every sub-question [..., n], benefit of a further unit of the budget and total benefit [...]."""

    tokens: Any
    price: Any
    benefit: Any


@dataclass(frozen=True, slots=True)
class _Backend:
    """What the solvers need from NumPy or JAX."""

    xp: Any
    stop: Callable[[Any], Any]
    repeat: Callable[[Callable[[Any], Any], Any], Any]


def _backend(name: Backend) -> _Backend:
    if name == "jax":
        import jax.numpy
        from jax import lax

        return _Backend(
            jax.numpy,
            lax.stop_gradient,
            lambda step, state: lax.fori_loop(0, HALVINGS, lambda _, now: step(now), state),
        )

    def repeat(step: Callable[[Any], Any], state: Any) -> Any:
        for _ in range(HALVINGS):
            state = step(state)
        return state

    return _Backend(np, np.asarray, repeat)


class _Market:
    """The functions of one sub-question: logarithm of its marginal benefit and its slope, cost, benefit, demand."""

    def __init__(self, returns: Returns, parameters: Sequence[sp.Symbol], backend: Backend) -> None:
        names, log_price = [tokens, *parameters], sp.Symbol("x", real=True)
        self.tools = _backend(backend)
        self.marginal = function(returns.logarithm, names, backend)
        self.slope = function(sp.diff(returns.logarithm, tokens), names, backend)
        self.cost = function(returns.cost, names, backend)
        self.rate = function(sp.diff(returns.cost, tokens), names, backend)
        self.benefit = function(returns.benefit, names, backend)
        self.least = function(returns.least, parameters, backend)
        self.linear = sp.diff(returns.cost, tokens, 2) == 0
        self.closed: Callable[..., Any] | None = None
        if returns.demand is not None and returns.direct:
            closed = sp.expand_log(sp.powdenest(returns.demand.subs(_PRICE, sp.exp(log_price))))
            self.closed = function(closed, [log_price, *parameters], backend)

    def costing(self, spent: Any, rows: Sequence[Any]) -> Any:
        """Tokens that cost ``spent``, 0 or more."""
        xp, repeat = self.tools.xp, self.tools.repeat
        if self.linear:
            none = xp.zeros_like(spent)
            return xp.maximum((spent - self.cost(none, *rows)) / self.rate(none, *rows), 0.0)

        def halve(ends: Any) -> Any:
            middle = (ends[0] + ends[1]) / 2
            under = self.cost(xp.exp(middle), *rows) <= spent
            return xp.where(under, middle, ends[0]), xp.where(under, ends[1], middle)

        ends = repeat(halve, (xp.full_like(spent, np.log(SHORTEST)), xp.full_like(spent, np.log(LONGEST))))
        return xp.exp((ends[0] + ends[1]) / 2)

    def at_price(self, log_price: Any, rows: Sequence[Any], low: Any, high: Any) -> Any:
        """Tokens between ``low`` and ``high`` wanted at a price, without derivative."""
        xp = self.tools.xp
        if self.closed is not None:
            wanted = self.closed(log_price, *rows)
            # a price that is never reached leaves nothing to want
            return xp.clip(xp.where(xp.isnan(wanted), low, wanted), low, high)

        def halve(ends: Any) -> Any:
            middle = (ends[0] + ends[1]) / 2
            wants = self.marginal(middle, *rows) > log_price
            return xp.where(wants, middle, ends[0]), xp.where(wants, ends[1], middle)

        return self.tools.repeat(halve, (low + 0.0 * log_price, high + 0.0 * log_price))[0]

    def polished(self, found: Any, log_price: Any, rows: Sequence[Any], inside: Any) -> Any:
        """One Newton step, which carries the derivative, where tokens are between their bounds."""
        step = (self.marginal(found, *rows) - log_price) / self.slope(found, *rows)
        return found - self.tools.xp.where(inside, step, 0.0)


_PRICE = sp.Symbol("lambda", positive=True)


def demand_at(returns: Returns, parameters: Sequence[sp.Symbol], backend: Backend) -> Callable[..., Any]:
    """A function of the parameters and a price, elementwise: the tokens wanted, 0 (or the least) where none are.

    Examples
    --------
    >>> from budgetsim.symbolic.returns import diminishing_returns
    >>> c = sp.Symbol("c", positive=True)
    >>> stop = demand_at(diminishing_returns(c * sp.log(1 + tokens)), [c], "numpy")
    >>> round(stop(0.5, 0.01), 9), stop(0.5, 2.0)
    (49.0, 0.0)
    """
    market = _Market(returns, parameters, backend)
    xp, stop = market.tools.xp, market.tools.stop

    def solve(*values: Any) -> Any:
        *live, cost = xp.broadcast_arrays(*(xp.asarray(value, dtype=float) for value in values))
        with np.errstate(all="ignore"):
            log_price, rows = xp.log(cost), [stop(row) for row in live]
            low = xp.asarray(market.least(*rows)) + xp.zeros_like(cost)
            # a bracket around the tokens: doubling from one token, so that halving keeps all digits
            high = xp.full_like(low, LONGEST)
            if market.closed is None:
                high = market.tools.repeat(
                    lambda end: xp.where(market.marginal(end, *rows) > stop(log_price), 2.0 * end, end), low + 1.0
                )
            found = market.at_price(stop(log_price), rows, low, high)
            inside = (found > low) & (found < LONGEST)
            wanted = market.polished(xp.where(inside, found, low + 1.0), log_price, live, inside)
            wanted = xp.where(inside, wanted, low)
        return float(wanted) if backend == "numpy" and wanted.ndim == 0 else wanted

    return solve


def divide(
    returns: Returns, parameters: Sequence[sp.Symbol], common: Sequence[sp.Symbol], backend: Backend
) -> Callable[..., Division]:
    """A function of the parameters and a budget: the division of largest total benefit.

    Parameters of the sub-questions have shape [..., n] (a number serves all), those in ``common`` and the budget [...];
    all broadcast. ``lower`` holds tokens that every sub-question gets at least. NaN where the budget does not cover
    these. Bisection finds the shadow price, Newton steps polish it and carry the derivatives.

    Examples
    --------
    >>> from budgetsim.symbolic.returns import diminishing_returns
    >>> c, s = sp.symbols("c s", positive=True)
    >>> split = divide(diminishing_returns(-c * sp.exp(-tokens / s), falls=True), [c, s], [], "numpy")
    >>> split([1.0, 1.0, 0.001], 100.0, 60.0).tokens.round(9).tolist()
    [30.0, 30.0, 0.0]
    """
    market = _Market(returns, parameters, backend)
    xp, stop = market.tools.xp, market.tools.stop

    def row(symbol: sp.Symbol, value: Any) -> Any:
        value = xp.asarray(value, dtype=float)
        return value[..., None] if symbol in common or value.ndim == 0 else value

    def solve(*values: Any, lower: Any = 0.0) -> Division:
        given = [row(symbol, value) for symbol, value in zip(parameters, values[:-1], strict=True)]
        budget = xp.asarray(values[-1], dtype=float)[..., None]
        *live, total, floor = xp.broadcast_arrays(*given, budget, xp.asarray(lower, dtype=float))
        with np.errstate(all="ignore"):
            return settle(live, total[..., :1], floor)

    def settle(live: list[Any], budget: Any, floor: Any) -> Division:
        rows, money = [stop(part) for part in live], stop(budget)
        low = xp.maximum(stop(floor), xp.asarray(market.least(*rows)))
        fixed = market.cost(low, *rows) + 0.0 * low
        spare = money - xp.sum(fixed, axis=-1, keepdims=True)
        share = market.costing(fixed + spare / low.shape[-1], rows)
        most = market.costing(fixed + spare, rows)
        # at the price of an equal share of the dearest nobody wants more than that; at the other, one wants it all
        high_price = xp.max(market.marginal(share, *rows) + 0.0 * low, axis=-1, keepdims=True)
        low_price = xp.min(market.marginal(most, *rows) + 0.0 * low, axis=-1, keepdims=True)

        def spending(log_price: Any) -> Any:
            return xp.sum(
                market.cost(market.at_price(log_price, rows, low, most), *rows) + 0.0 * low, -1, keepdims=True
            )

        def halve(ends: Any) -> Any:
            middle = (ends[0] + ends[1]) / 2
            dear = spending(middle) <= money
            return xp.where(dear, ends[0], middle), xp.where(dear, middle, ends[1])

        ends = market.tools.repeat(halve, (low_price, high_price))
        log_price = (ends[0] + ends[1]) / 2
        found = market.at_price(log_price, rows, low, most)
        inside = found > low
        safe = xp.where(inside, found, share)
        demand = market.polished(safe, log_price, live, inside)
        bound = xp.maximum(floor, xp.asarray(market.least(*live)))
        spent = xp.sum(market.cost(xp.where(inside, demand, bound), *live) + 0.0 * low, axis=-1, keepdims=True)
        slope = xp.sum(xp.where(inside, market.rate(safe, *rows) / market.slope(safe, *rows), 0.0), -1, keepdims=True)
        log_price = log_price - xp.where(slope < 0.0, (spent - budget) / xp.where(slope < 0.0, slope, 1.0), 0.0)
        demand = xp.where(inside, market.polished(safe, log_price, live, inside), bound)
        lost = xp.where(spare < -1e-9 * xp.abs(money), xp.nan, 0.0)
        benefit = xp.sum(market.benefit(demand, *live) + 0.0 * low, axis=-1) + lost[..., 0]
        return Division(demand + lost, xp.exp(log_price)[..., 0] + lost[..., 0], benefit)

    return solve
