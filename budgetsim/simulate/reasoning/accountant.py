"""What a problem may spend, and what every call costs: the one place where budgets are enforced.

A strategy asks for calls; the engine draws what a call costs and asks the accountant. A call that does not fit into
what is left of every resource is not made and costs nothing. Costs are whole numbers, so no rounding lets a
strategy spend a token too much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate import _domain

UNLIMITED = 2**30
"""Limit that stands for no limit: more than any run of the engine can spend."""

INPUT, OUTPUT, CALLS, BROWSES = range(4)
"""Places of the kinds of cost in a cost vector: prompt tokens, completion tokens, tool calls, browse calls."""

KINDS = 4
"""Kinds of cost."""

RESOURCES, BROWSES_LIMIT = 4, 3
"""What may be limited: tokens, calls, money, browse calls; and the place of the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Money that one token or one tool call costs, in any currency.

    Parameters
    ----------
    input_token, output_token, call, browse
        Prices, 0 or more and finite.

    Raises
    ------
    ValueError
        If a price is negative or not finite.
    """

    input_token: float = 0.0
    output_token: float = 0.0
    call: float = 0.0
    browse: float = 0.0

    def __post_init__(self) -> None:
        for name in ("input_token", "output_token", "call", "browse"):
            price = getattr(self, name)
            if not (math.isfinite(price) and price >= 0.0):
                raise ValueError(f"{name} must be a finite price of 0 or more, got {price}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limits for one problem; what is not limited is free.

    Parameters
    ----------
    tokens
        Prompt and completion tokens together, 0 or more; None or infinity for no limit.
    calls, browses
        Tool calls (searches, where there are pages to browse) and calls that read a page, each with a limit of its own:
        0 or more; None or infinity for no limit.
    money
        Money at ``prices``, 0 or more; None or infinity for no limit. Counted in steps of ``money / 2**30``, every
        price rounded up to whole steps: a run never spends more than its money. It may stop early by a step for every
        token and call: by less than a thousandth where no price is below a millionth of the money.
    prices
        What a token and a call cost; they matter only where money is limited.

    Raises
    ------
    ValueError
        If a limit is negative or NaN, a whole limit is not whole, or money is limited but nothing has a price.

    Examples
    --------
    >>> Budget(tokens=2000, calls=5).limits().tolist()
    [2000, 5, 1073741824, 1073741824]
    """

    tokens: float | None = None
    calls: float | None = None
    browses: float | None = None
    money: float | None = None
    prices: Prices = Prices()

    def __post_init__(self) -> None:
        for name in ("tokens", "calls", "browses", "money"):
            limit = getattr(self, name)
            if limit is None or limit == math.inf:
                continue
            if not limit >= 0.0:
                raise ValueError(f"{name} must be 0 or more, or None, got {limit}")
            if name != "money" and (limit != int(limit) or limit > UNLIMITED):
                raise ValueError(f"{name} must be a whole number of at most {UNLIMITED}, or None, got {limit}")
        if self.money not in (None, math.inf) and self.prices == Prices():
            raise ValueError("prices must name a price above 0 where money is limited")

    def limits(self) -> np.ndarray:
        """Limit of each resource [tokens, calls, money, browse calls], in whole units."""
        given = (self.tokens, self.calls, self.browses)
        tokens, calls, browses = (UNLIMITED if limit in (None, math.inf) else int(limit) for limit in given)
        return np.array([tokens, calls, UNLIMITED if self.money != 0.0 else 0, browses], dtype=np.int32)

    def rates(self) -> np.ndarray:
        """Units of each resource that one unit of each cost uses [resources, costs], in the orders of this module."""
        tokens, calls, browses = (1, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)
        prices = (self.prices.input_token, self.prices.output_token, self.prices.call, self.prices.browse)
        if self.money in (None, math.inf):
            money: tuple[int, ...] = (0, 0, 0, 0)
        elif self.money == 0.0:
            money = tuple(int(price > 0.0) for price in prices)
        else:
            # exact, and a price beyond the whole budget stays beyond it
            steps = (math.ceil(Fraction(price) / Fraction(self.money) * UNLIMITED) for price in prices)
            money = tuple(min(step, UNLIMITED + 1) for step in steps)
        return np.array([tokens, calls, money, browses], dtype=np.int32)

    def ledger(self) -> Ledger:
        """The limits as arrays that enter a compiled run."""
        return Ledger(jnp.asarray(self.limits()[:, None]), jnp.asarray(self.rates()[:, :, None]))


class Ledger(NamedTuple):
    """Limits [resources, 1] and rates [resources, costs, 1] of a budget, or [..., problems] of a budget for each."""

    limits: jax.Array
    rates: jax.Array

    def use(self, costs: jax.Array) -> jax.Array:
        """Units of each resource that costs [costs, problems] use; far beyond any limit they count as just beyond."""

        def total(rates: jax.Array, parts: jax.Array) -> jax.Array:
            return sum((rates[:, part] * parts[part] for part in range(1, KINDS)), rates[:, 0] * parts[0])

        # the exact whole sum may leave 32 bits, but only where the rounded one is already far beyond every limit
        rounded = total(self.rates.astype(jnp.float32), costs.astype(jnp.float32))
        return jnp.where(rounded > 1.5 * UNLIMITED, UNLIMITED + 1, total(self.rates, costs))

    def fits(self, used: jax.Array, units: jax.Array) -> jax.Array:
        """Whether so many units more fit into what is left of every resource."""
        return jnp.all(units <= self.limits - used, axis=0)

    def shares(self, used: jax.Array) -> jax.Array:
        """Share that is left of each resource [resources, problems]: 1 where it is not limited, 0 of an empty one."""
        money = jnp.any(self.rates[2] > 0, axis=0)
        limited = (self.limits < UNLIMITED) | (jnp.array([False, False, True, False])[:, None] & money)
        return jnp.where(limited, (self.limits - used) / jnp.maximum(self.limits, 1), 1.0)

    def scarcest(self, shares: jax.Array) -> jax.Array:
        """The smallest share that is left; browse calls of which there were none to begin with are no scarce tool."""
        there = jnp.concatenate([jnp.ones_like(self.limits[:BROWSES_LIMIT], bool), self.limits[BROWSES_LIMIT:] > 0])
        return jnp.min(jnp.where(there, shares, 1.0), axis=0)


def check_budget(budget: Budget | float) -> Budget:
    """The budget itself; a number stands for tokens, infinity for no limit."""
    if isinstance(budget, Budget):
        return budget
    unlimited = budget == math.inf
    return Budget(tokens=None if unlimited else _domain.count("budget", budget, least=0, most=UNLIMITED))
