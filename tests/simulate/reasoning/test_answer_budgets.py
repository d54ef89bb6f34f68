"""No strategy spends a token, a call or a cent more than it was given, whatever the world, budget and prices."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import (
    AdaptiveConsistency,
    AnswerWorld,
    BestOfN,
    Budget,
    Cascade,
    Debate,
    ParallelChains,
    PersonaEnsemble,
    Prices,
    Retry,
    Single,
)

POLICIES = [
    AdaptiveConsistency(),
    BestOfN(samples=8),
    Cascade(cheap_samples=3, agreement=3, strong_samples=4),
    Debate(agents=3, rounds=3),
    ParallelChains(chains=20),
    PersonaEnsemble(personas=4, samples=8),
    Retry(attempts=8),
    Single(),
]
share = st.floats(0, 1)
price = st.one_of(st.just(0.0), st.floats(1e-7, 10.0))
worlds = st.builds(
    AnswerWorld,
    right_mean=share,
    right_concentration=st.floats(0.1, 100),
    prompt_tokens=st.integers(0, 3000),
    chain_tokens=st.floats(0, 1000),
    chain_spread=st.floats(0, 2),
    accepts_right=share,
    accepts_wrong=share,
    evaluator_input=st.integers(0, 500),
    evaluator_output=st.integers(0, 500),
    cheap_price=st.floats(0, 3),
    persona_tokens=st.integers(0, 500),
    conformity=share,
)


@st.composite
def budgets(draw):
    prices = Prices(input_token=draw(price), output_token=draw(price), call=draw(price))
    tokens = draw(st.one_of(st.none(), st.just(math.inf), st.integers(0, 20_000)))
    calls = draw(st.one_of(st.none(), st.integers(0, 12)))
    money = None if prices == Prices() else draw(st.one_of(st.none(), st.just(0.0), st.floats(1e-6, 1e4)))
    return Budget(tokens=tokens, calls=calls, money=money, prices=prices)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: type(policy).__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(world=worlds, budget=budgets(), seed=st.integers(0, 2**64 - 1))
def test_no_budget_is_exceeded(policy, world, budget, seed, block):
    played = block(world, policy, budget, seed=seed, nodes=20)
    spent = np.asarray(played.spent).astype(object)
    if budget.tokens is not None:
        assert max(spent[0] + spent[1]) <= budget.tokens
    if budget.calls is not None:
        assert max(spent[2]) <= budget.calls
    if budget.money is not None:
        prices = budget.prices
        rates = [Fraction(rate) for rate in (prices.input_token, prices.output_token, prices.call, prices.browse)]
        largest = max(sum(rate * int(part) for rate, part in zip(rates, column, strict=True)) for column in spent.T)
        assert largest <= Fraction(budget.money)
    answer = np.asarray(played.answer)
    assert np.all((answer >= -1) & (answer < 4))
    # with an answer something was asked; without one nothing was paid
    assert np.all((answer >= 0) == (spent[2] > 0))
