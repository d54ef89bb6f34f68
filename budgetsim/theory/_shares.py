"""Common price at which sub-questions with power-law uncertainty spend a budget.

A sub-question with log marginal ``intercept = ln(c beta)`` and ``weight = 1/(beta+1)`` buys
``exp(weight (intercept - t))`` tokens at log price ``t``, held between its bounds. Rows are the last axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
from array_api_compat import is_jax_array

from budgetsim.theory._arrays import Array, is_jax

LARGEST_EXPONENT = 700.0  # exp of it is still finite
NEWTON_STEPS = 200  # never reached: one step for every kink, then a handful
STEP = 0.6  # power of the machine precision at which to stop; a closing step squares what is left
SLACK = 1e-9  # relative room for sums of bounds that were rounded


def as_row(value: Array) -> Array:
    """A number as a row of one element; JAX arrays stay JAX arrays, everything else becomes NumPy."""
    if value is None:
        return None
    if is_jax_array(value):
        return value if value.ndim else value[None]
    return np.atleast_1d(np.asarray(value, dtype=float))


def as_column(value: Array) -> Array:
    """One value for every row, of shape [..., 1]; plain numbers stay as they are."""
    if value is None or np.ndim(value) == 0:
        return value
    return value[..., None] if is_jax_array(value) else np.asarray(value, dtype=float)[..., None]


def tokens_at(xp: ModuleType, price: Array, intercept: Array, weight: Array) -> Array:
    """Tokens bought without bounds at a log price, shape [..., sub-questions]."""
    exponent = weight * (intercept - price[..., None])
    return xp.exp(xp.where(exponent > LARGEST_EXPONENT, LARGEST_EXPONENT, exponent))


def log_price(xp: ModuleType, intercept: Array, weight: Array, budget: Array, free: Array | None = None) -> Array:
    """Log price at which the free sub-questions spend the budget exactly; every row needs a free one.

    The log of the demand is convex in ``t``, and by Jensen's inequality it is too large at the start, so that
    Newton's method rises to the root without ever passing it. The iteration itself has no derivative: the first
    closing step carries that of the root with respect to the parameters (implicit function theorem), the second one
    the second derivative.
    """
    log_budget = xp.log(budget)

    def total(values: Array) -> Array:
        return xp.sum(values if free is None else xp.where(free, values, 0.0), axis=-1)

    def step(price: Array, intercept: Array, weight: Array, log_budget: Array) -> Array:
        exponent = weight * (intercept - price[..., None])
        if free is not None:
            exponent = xp.where(free, exponent, -math.inf)
        top = xp.max(exponent, axis=-1, keepdims=True)
        demand = xp.exp(exponent - top)
        spent = xp.sum(demand, axis=-1)
        slope = xp.sum(demand * weight, axis=-1) / spent
        return price + (top[..., 0] + xp.log(spent) - log_budget) / slope

    fixed = [held(xp, value) for value in (intercept, weight, log_budget)]
    count = total(xp.ones_like(weight))
    price = (total(fixed[0] * fixed[1]) - count * (fixed[2] - xp.log(count))) / total(fixed[1])
    price = _converge(xp, lambda value: step(value, *fixed), price)
    for _ in range(2 if is_jax(xp) else 1):
        price = step(price, intercept, weight, log_budget)
    return price


def bounded_log_price(
    xp: ModuleType, intercept: Array, weight: Array, budget: Array, lower: Array, upper: Array
) -> Array:
    """The same with bounds: the set of sub-questions strictly between theirs is found first, by binary search.

    Every bound is met at a price of its own, and demand falls with the price, so the sorted prices at bounds
    bracket the root; between two of them the set does not change. Where no sub-question is between its bounds
    the price is that of the last token, or of the next one when every lower bound binds.
    """
    from_upper, to_lower = (held(xp, part) for part in _prices_at_bounds(xp, intercept, weight, lower, upper))
    fixed = [held(xp, value) for value in (intercept, weight, budget, lower, upper)]
    points = xp.sort(xp.concat([from_upper, to_lower], axis=-1), axis=-1)
    last = points.shape[-1]
    low = xp.zeros(points.shape[:-1], dtype=int)
    high = low + last

    def point(number: Array) -> Array:
        return xp.take_along_axis(points, number[..., None] - 1, axis=-1)[..., 0]

    for _ in range(last.bit_length()):
        middle = (low + high + 1) // 2
        demand = clipped(xp, tokens_at(xp, point(middle), fixed[0], fixed[1]), fixed[3], fixed[4])
        enough = (xp.sum(demand, axis=-1) >= fixed[2]) & (low < high)
        low, high = xp.where(enough, middle, low), xp.where(enough, high, middle - 1)
        high = xp.where(high < low, low, high)
    left = point(xp.where(low < 1, 1, low))
    at_upper = from_upper > left[..., None]
    free = ~at_upper & (to_lower > left[..., None])
    some = xp.any(free, axis=-1)
    bound = xp.sum(xp.where(free, 0.0, xp.where(at_upper, xp.where(at_upper, upper, 0.0), lower)), axis=-1)
    rest = xp.where(some & (budget > bound), budget - bound, 1.0)
    price = log_price(xp, intercept, weight, rest, free | ~some[..., None])
    return xp.where(some, price, left)


def clipped(xp: ModuleType, values: Array, lower: Array | None, upper: Array | None) -> Array:
    """Values held between bounds; NaN stays NaN."""
    if lower is not None:
        values = xp.where(values < lower, lower, values)
    if upper is not None:
        values = xp.where(values > upper, upper, values)
    return values


def held(xp: ModuleType, value: Array) -> Array:
    """The value as a constant: nothing is differentiated through it."""
    if is_jax(xp):
        import jax

        return jax.lax.stop_gradient(value)
    return value


def _prices_at_bounds(
    xp: ModuleType, intercept: Array, weight: Array, lower: Array, upper: Array
) -> tuple[Array, Array]:
    finite, positive = upper < math.inf, lower > 0.0
    at_upper = intercept - xp.log(xp.where(finite, upper, 1.0)) / weight
    at_lower = intercept - xp.log(xp.where(positive, lower, 1.0)) / weight
    return xp.where(finite, at_upper, -math.inf), xp.where(positive, at_lower, math.inf)


def _converge(xp: ModuleType, step: Callable[[Array], Array], start: Array) -> Array:
    tolerance = float(xp.finfo(start.dtype).eps) ** STEP

    def moving(state: tuple[int, Array, Array]) -> Array:
        number, price, before = state
        return xp.any(xp.abs(price - before) > tolerance * (1.0 + xp.abs(price))) & (number < NEWTON_STEPS)

    def body(state: tuple[int, Array, Array]) -> tuple[int, Array, Array]:
        number, price, _ = state
        return number + 1, step(price), price

    state = body((0, start, start))
    if is_jax(xp):
        import jax

        return jax.lax.while_loop(moving, body, state)[1]
    while moving(state):
        state = body(state)
    return state[1]
