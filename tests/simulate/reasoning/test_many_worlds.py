"""Many worlds at once: budgets and strategies of their own, and runs that may not end before they are over."""

from __future__ import annotations

import numpy as np
import pytest

from budgetsim.simulate.reasoning import (
    AnswerWorld,
    Budget,
    ParallelChains,
    Prices,
    Retry,
    simulate_strategy,
    simulate_worlds,
)

WORLDS = [
    AnswerWorld(right_mean=right, chain_tokens=tokens) for right, tokens in ((0.3, 100.0), (0.5, 200.0), (0.7, 400.0))
]
PRICES = Prices(input_token=1.0, output_token=4.0)
CHEAP = Prices(input_token=0.1, output_token=0.2, call=1.0)
MIXED = [Budget(tokens=700), Budget(calls=5), Budget(money=3000.0, prices=PRICES)]


def run(policy, budget, worlds=WORLDS, each=6000, **options):
    return simulate_worlds(worlds, policy, budget, problems_per_world=each, seed=3, **options)


def assert_same(first, second, places=slice(None)):
    names = ("accuracy", "standard_error", "answered", "input_tokens", "output_tokens", "calls", "crowded")
    np.testing.assert_array_equal(first.curve[:, places], second.curve[:, places])
    # shares are quotients of 32 bits, which a program of constants rounds another way
    np.testing.assert_allclose(first.unspent[places], second.unspent[places], rtol=1e-6)
    for name in names:
        np.testing.assert_array_equal(getattr(first, name)[places], getattr(second, name)[places], err_msg=name)


@pytest.mark.parametrize("budget", [1500, Budget(tokens=1500, calls=4), Budget(money=4000.0, prices=PRICES)])
def test_equal_budgets_in_a_list_are_one_budget(budget):
    assert_same(run(Retry(attempts=9), [budget] * 3), run(Retry(attempts=9), budget))


def test_each_world_has_the_budget_at_its_place():
    # 6000 problems a world: two worlds are played together, the third alone
    together = run(ParallelChains(), MIXED)
    alone = [run(ParallelChains(), budget) for budget in MIXED]
    for place, result in enumerate(alone):
        assert_same(together, result, slice(place, place + 1))
    calls = [result.calls.tolist() for result in alone]
    assert len({tuple(row) for row in calls}) == 3
    assert [budget["calls"] for budget in together.provenance["budget"]] == [None, 5, None]


def test_money_at_prices_of_each_world_is_never_exceeded():
    prices = (PRICES, CHEAP, PRICES)
    budgets = [Budget(money=money, prices=price) for money, price in zip((900.0, 70.0, 5000.0), prices, strict=True)]
    result = run(ParallelChains(), budgets, each=1)
    for place, (budget, price) in enumerate(zip(budgets, prices, strict=True)):
        paid = (
            result.input_tokens[place] * price.input_token
            + result.output_tokens[place] * price.output_token
            + result.calls[place] * price.call
        )
        assert 0.0 < paid <= budget.money


def test_each_world_has_the_policy_at_its_place():
    policies = [ParallelChains(chains=chains) for chains in (1, 3, 5)]
    result = run(policies, Budget(), each=100)
    assert result.calls.tolist() == [1.0, 3.0, 5.0]
    assert_same(run([ParallelChains(chains=3)] * 3, 2000), run(ParallelChains(chains=3), 2000))


@pytest.mark.parametrize(
    ("name", "policy", "budget"),
    [
        ("budget", Retry(), [100, 100]),
        ("budget", Retry(), []),
        ("policy", [Retry()] * 4, 100),
        ("policy", [Retry(), ParallelChains(), Retry()], 100),
        ("budget", Retry(), [100, 100, -1]),
    ],
)
def test_one_or_one_for_each_world(name, policy, budget):
    with pytest.raises(ValueError, match=name):
        run(policy, budget, each=1)


def test_a_run_that_is_cut_off_is_refused():
    # forty answers and the request that says enough, of 4 nodes + 8 = 40 and 44 that may be made
    forty = ParallelChains(chains=40)
    with pytest.raises(ValueError, match="nodes must be larger: after 40 requests"):
        simulate_strategy(WORLDS[0], forty, Budget(), problems=10, seed=0, nodes=8)
    with pytest.raises(ValueError, match="nodes must be larger: after 40 requests"):
        run(forty, [Budget(calls=40), Budget(calls=40), Budget(calls=50)], each=10, nodes=8)
    assert simulate_strategy(WORLDS[0], forty, Budget(), problems=10, seed=0, nodes=9).calls.value == 40.0
    assert run(forty, Budget(), each=10, nodes=9).calls.tolist() == [40.0] * 3


def test_a_world_among_many_has_the_curve_and_the_rest_of_one():
    together = run(ParallelChains(), 2000, each=1024)
    worlds = [AnswerWorld(right_mean=0.5, right_concentration=1e6, chain_tokens=100.0)] * 2
    [alone] = [simulate_strategy(worlds[0], ParallelChains(), 2000, problems=1024, seed=3)]
    first = run(ParallelChains(), 2000, worlds=worlds[:1], each=1024)
    assert first.curve[:, 0].tolist() == [point.value for point in alone.curve]
    assert first.unspent[0] == pytest.approx(alone.unspent.value, rel=1e-6)
    assert first.crowded.tolist() == [alone.crowded.value] == [0.0]
    assert together.curve.shape == (16, 3)


def test_numbers_of_any_type_are_numbers():
    worlds = [AnswerWorld(right_mean=0), AnswerWorld(right_mean=np.float64(1.0)), AnswerWorld(right_mean=np.float32(1))]
    assert run(ParallelChains(chains=1), Budget(), worlds=worlds, each=10).accuracy.tolist() == [0.0, 1.0, 1.0]


def test_a_tree_that_is_too_small_is_counted():
    # each attempt of a retry takes a node: five of them fit beside the root
    never = AnswerWorld(accepts_right=0.0, accepts_wrong=0.0)
    for nodes, crowded in ((6, 1.0), (10, 0.0)):
        alone = simulate_strategy(never, Retry(attempts=9), Budget(), problems=32, seed=0, nodes=nodes)
        among = run(Retry(attempts=9), Budget(), worlds=[never], each=32, nodes=nodes)
        assert alone.crowded.value == among.crowded[0] == crowded
    assert simulate_strategy(never, Retry(attempts=9), 1000, problems=32, seed=0, nodes=10).crowded.value == 0.0
