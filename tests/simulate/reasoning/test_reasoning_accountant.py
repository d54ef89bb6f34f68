"""Budgets and ledgers against exact arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import Budget, Prices
from budgetsim.simulate.reasoning.accountant import UNLIMITED, check_budget

amount = st.integers(0, 2**20)


@settings(max_examples=300, deadline=None)
@given(
    costs=st.tuples(amount, amount, st.integers(0, 1000), st.integers(0, 1000)),
    tokens=st.one_of(st.none(), amount),
    calls=st.one_of(st.none(), st.integers(0, 2000)),
    browses=st.one_of(st.none(), st.integers(0, 2000)),
    money=st.one_of(st.none(), st.floats(1e-9, 1e9)),
    prices=st.tuples(*(st.one_of(st.just(0.0), st.floats(1e-9, 1e9)) for _ in range(4))),
)
def test_what_fits_is_what_can_be_paid(costs, tokens, calls, browses, money, prices) -> None:
    if not any(prices):
        money = None
    priced = Prices(input_token=prices[0], output_token=prices[1], call=prices[2], browse=prices[3])
    budget = Budget(tokens=tokens, calls=calls, browses=browses, money=money, prices=priced)
    ledger = budget.ledger()
    column = jnp.asarray(costs, jnp.int32)[:, None]
    fits = bool(ledger.fits(jnp.zeros((4, 1), jnp.int32), ledger.use(column))[0])
    total = sum(Fraction(price) * cost for price, cost in zip(prices, costs, strict=True))
    payable = (
        (tokens is None or costs[0] + costs[1] <= tokens)
        and (calls is None or costs[2] <= calls)
        and (browses is None or costs[3] <= browses)
        and (money is None or total <= Fraction(money))
    )
    assert not fits or payable
    # every price is rounded up by less than a step of money / 2**30: only what is that close may be refused
    if payable and (money is None or total + sum(costs) * Fraction(money) / UNLIMITED <= Fraction(money)):
        assert fits


def test_one_call_above_the_whole_budget_does_not_fit() -> None:
    ledger = Budget(money=1.0, prices=Prices(call=2.0)).ledger()
    nothing = jnp.zeros((4, 1), jnp.int32)
    assert not ledger.fits(nothing, ledger.use(jnp.array([[0], [0], [1], [0]], jnp.int32)))[0]
    assert ledger.fits(nothing, ledger.use(nothing))[0]


def test_shares_of_what_is_limited() -> None:
    ledger = Budget(tokens=200, calls=None, browses=10, money=1.0, prices=Prices(call=0.25)).ledger()
    used = ledger.use(jnp.array([[30], [20], [3], [5]], jnp.int32))
    np.testing.assert_allclose(ledger.shares(used)[:, 0], [0.75, 1.0, 0.25, 0.5])
    empty = Budget(tokens=0).ledger()
    assert float(empty.shares(jnp.zeros((4, 1), jnp.int32))[0, 0]) == 0.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": -1},
        {"tokens": 1.5},
        {"calls": math.nan},
        {"browses": 0.5},
        {"money": -0.1},
        {"money": 1.0},
        {"tokens": 2**31},
    ],
)
def test_impossible_budgets_are_refused(wrong) -> None:
    with pytest.raises(ValueError):
        Budget(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"input_token": -1.0}, {"call": math.inf}, {"output_token": math.nan}, {"browse": -0.1}]
)
def test_impossible_prices_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Prices(**wrong)


def test_a_number_is_a_budget_of_tokens() -> None:
    assert check_budget(7) == Budget(tokens=7)
    assert check_budget(math.inf) == Budget()
    for wrong in (-1, 0.5, -math.inf, math.nan):
        with pytest.raises(ValueError, match="budget"):
            check_budget(wrong)


def test_a_tool_that_is_not_there_is_not_the_scarcest() -> None:
    for browses, scarcest in ((None, 0.75), (0, 0.75), (10, 0.5)):
        ledger = Budget(tokens=200, browses=browses).ledger()
        used = ledger.use(jnp.array([[30], [20], [3], [5 if browses else 0]], jnp.int32))
        assert float(ledger.scarcest(ledger.shares(used))[0]) == scarcest
    empty = Budget(tokens=0, browses=0).ledger()
    assert float(empty.scarcest(empty.shares(jnp.zeros((4, 1), jnp.int32)))[0]) == 0.0
