"""Agents with tools against their twins, the closed forms of capped calls, and a recursion over calls."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.simulate.reasoning import Bats, Budget, BudgetTracker, Prices, ReAct, SearchWorld, simulate_strategy
from budgetsim.simulate.reasoning.reference import search_agents
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.simulate.reasoning.reference.searches import plain_searches
from budgetsim.simulate.reasoning.tool_prior import tool_prior
from budgetsim.theory.tools import capped_geometric_calls, hazard_calls, solved_before_stopping

PROBLEMS = 2**13


def test_same_as_twin():
    choose = random.Random(0)
    for seed, setting in enumerate(tool_prior(4, seed=2)):
        questions = plain_searches(setting.world, seed, 40)
        for policy, twin in (
            (ReAct(hazard=setting.hazard), search_agents.react),
            (BudgetTracker(hazard=setting.hazard, by_used=choose.random() < 0.5), search_agents.budget_tracker),
            (Bats(hazard=setting.hazard), search_agents.bats),
        ):
            budget = Budget(calls=choose.randint(0, 12), tokens=choose.choice([None, choose.randint(500, 12_000)]))
            compared = compare(setting.world, questions, policy, twin, budget, seed=seed, nodes=26)
            assert not compared.differences, (policy, budget)
            assert compared.problems == 40


def test_same_as_twin_where_pages_are_read_and_a_judge_decides():
    choose, pages, judged = random.Random(5), 0, 0
    for seed, setting in enumerate(tool_prior(6, seed=3)):
        world = replace(
            setting.world,
            browse_gain=choose.uniform(0.5, 4.0),
            call_spread=choose.choice([0.0, 0.4]),
            accepts_wrong=0.5,
        )
        questions = plain_searches(world, seed, 40)
        habit = {"hazard": 0.3, "browsing": choose.uniform(0.1, 0.6)}
        for policy, twin in (
            (ReAct(**habit), search_agents.react),
            (BudgetTracker(**habit, by_used=seed % 2 == 0), search_agents.budget_tracker),
            (Bats(**habit), search_agents.bats),
            (Bats(**habit, stops=False, judge=choose.uniform(0.2, 1.0)), search_agents.bats),
        ):
            budget = Budget(
                calls=choose.randint(0, 9),
                browses=choose.choice([None, 0, choose.randint(0, 5)]) if seed % 2 else choose.randint(0, 5),
                money=choose.choice([None, choose.uniform(0.005, 0.1)]),
                prices=Prices(input_token=1e-6, output_token=4e-6, call=1e-3, browse=2e-3),
            )
            compared = compare(world, questions, policy, twin, budget, seed=seed, nodes=40)
            assert not compared.differences, (policy, budget)
            assert compared.problems > 20  # tokens next to a half are left out
            result = simulate_strategy(world, policy, budget, problems=512, seed=seed, nodes=64)
            pages += result.browses.value > 0.0
            judged += isinstance(policy, Bats) and not policy.stops
    assert pages > 8
    assert judged == 6


@pytest.mark.parametrize("by_used", [False, True])
def test_a_tracker_sees_its_money(by_used):
    """Nothing but money is limited, and what is left of it decides: engine and twin call and pay the same."""
    world = SearchWorld(success_mean=0.05, call_spread=0.0)
    prices = Prices(input_token=1e-6, output_token=4e-6, call=1e-3)
    questions = plain_searches(world, 3, 60)
    policy = BudgetTracker(hazard=0.2, by_used=by_used)
    for money in (0.0, 0.02, 0.1):
        budget = Budget(money=money, prices=prices)
        compared = compare(world, questions, policy, search_agents.budget_tracker, budget, seed=3, nodes=40)
        assert not compared.differences
        assert compared.problems == 60


def test_calls_are_those_of_a_capped_geometric_law(agrees):
    choose = random.Random(1)
    shares, means = [], []
    for seed in range(8):
        hazard, cap = math.exp(choose.uniform(math.log(1 / 40), math.log(1 / 4))), choose.randint(1, 60)
        success = choose.choice([0.0, choose.uniform(0.005, 0.3)])
        world = SearchWorld(success_mean=success, success_concentration=math.inf)
        budget = Budget(calls=cap)
        result = simulate_strategy(world, ReAct(hazard=hazard), budget, problems=PROBLEMS, seed=seed, nodes=cap + 1)
        assert result.largest[2] <= cap
        ends = hazard + success - hazard * success
        means.append((result.calls, float(capped_geometric_calls(ends, cap).expected_calls)))
        if success:
            shares.append((result.accuracy, float(solved_before_stopping(success, hazard, cap).probability)))
        assert result.answered.value == 1.0
    agrees(shares, means)


def test_drawn_questions_are_averaged(agrees):
    world, hazard, cap = SearchWorld(), 0.1, 30
    result = simulate_strategy(world, ReAct(hazard=hazard), Budget(calls=cap), problems=2**14, seed=1, nodes=31)
    law = stats.beta(0.5, 6.0)
    middle = law.ppf((np.arange(20_000) + 0.5) / 20_000)
    expected = float(np.mean(solved_before_stopping(np.maximum(middle, 1e-300), hazard, cap).probability))
    agrees([(result.accuracy, expected)])


@pytest.mark.parametrize("by_used", [False, True])
def test_calls_of_a_tracker(agrees, by_used):
    means = []
    for seed, (hazard, cap) in enumerate([(0.25, 10), (0.1, 30), (0.04, 50)]):
        world = SearchWorld(success_mean=0.0)
        policy = BudgetTracker(hazard=hazard, by_used=by_used)
        result = simulate_strategy(world, policy, Budget(calls=cap), problems=PROBLEMS, seed=seed, nodes=cap + 1)
        used = np.arange(1, cap + 1) / cap
        means.append((result.calls, float(hazard_calls(hazard * (used if by_used else 1 - used)).expected_calls)))
    agrees([], means)


def recursion(success, hazard, accepts_right, accepts_wrong, cap):
    """Chance of a right answer, mean number of calls and of verdicts of an agent that verifies."""
    right, calls, verdicts = 0.0, 0.0, 0.0
    weights = {(False, True): 1.0}  # (found, just started): chance
    for call in range(1, cap + 1):
        after = {}
        for (found, _), weight in weights.items():
            calls += weight
            for now, chance in ((True, 1.0 if found else success), (False, 0.0 if found else 1 - success)):
                if call == cap:
                    right += weight * chance * now
                    continue
                proposes = 1.0 if now else hazard
                accepts = accepts_right if now else accepts_wrong
                verdicts += weight * chance * proposes
                right += weight * chance * proposes * accepts * now
                for fresh, part in ((True, proposes * (1 - accepts)), (False, 1 - proposes)):
                    after[now, fresh] = after.get((now, fresh), 0.0) + weight * chance * part
        weights = after
    return right, calls, verdicts


def test_verified_restarts_are_those_of_the_recursion(agrees):
    choose = random.Random(3)
    shares, means = [], []
    for seed in range(8):
        success, hazard, cap = choose.uniform(0.01, 0.3), choose.uniform(0.02, 0.4), choose.randint(1, 40)
        accepts = choose.uniform(0.3, 1.0), choose.uniform(0.0, 0.6)
        world = SearchWorld(
            success_mean=success, success_concentration=math.inf, accepts_right=accepts[0], accepts_wrong=accepts[1],
            search_input=0, search_output=10, verify_input=1, verify_output=0,
        )  # fmt: skip
        policy = Bats(hazard=hazard)
        result = simulate_strategy(world, policy, Budget(calls=cap), problems=PROBLEMS, seed=seed, nodes=2 * cap + 1)
        right, calls, verdicts = recursion(success, hazard, *accepts, cap)
        shares.append((result.accuracy, right))
        means += [(result.calls, calls), (result.input_tokens, verdicts)]
    agrees(shares, means)


def exhausted(success, hazard, accepts_right, accepts_wrong, judge, cap):
    """Chance of a right answer of an agent that uses every call, and mean number of verdicts and of judges."""
    right, verdicts, judges = 0.0, 0.0, 0.0
    weights = {(False, None, None, 0): 1.0}  # (found, first accepted was right, last was, how many up to 2): chance
    for call in range(1, cap + 1):
        after = {}
        for (found, first, last, count), weight in weights.items():
            for now, chance in ((True, 1.0 if found else success), (False, 0.0 if found else 1 - success)):
                part = weight * chance
                if call == cap:
                    judges += part * (count == 2)
                    sure = now if count == 0 else judge * last + (1 - judge) * first
                    right += part * sure
                    continue
                proposes = 1.0 if now else hazard
                accepts = proposes * (accepts_right if now else accepts_wrong)
                verdicts += part * proposes
                named = (now, now if first is None else first, now, min(2, count + 1))
                for state, share in ((named, accepts), ((now, first, last, count), 1 - accepts)):
                    after[state] = after.get(state, 0.0) + part * share
        weights = after
    return right, verdicts, judges


def test_a_judge_over_the_whole_budget_is_that_of_the_recursion(agrees):
    choose = random.Random(4)
    shares, means = [], []
    for seed in range(6):
        success, hazard, cap = choose.uniform(0.01, 0.3), choose.uniform(0.05, 0.5), choose.randint(2, 25)
        accepts, judge = (choose.uniform(0.3, 1.0), choose.uniform(0.1, 0.7)), choose.uniform(0.0, 1.0)
        world = SearchWorld(
            success_mean=success, success_concentration=math.inf, accepts_right=accepts[0], accepts_wrong=accepts[1],
            search_input=0, search_output=0, verify_input=1, verify_output=0, judge_input=0, judge_output=1,
            answer_output=0,
        )  # fmt: skip
        policy = Bats(hazard=hazard, stops=False, judge=judge)
        result = simulate_strategy(world, policy, Budget(calls=cap), problems=PROBLEMS, seed=seed, nodes=2 * cap + 2)
        right, verdicts, judges = exhausted(success, hazard, *accepts, judge, cap)
        shares.append((result.accuracy, right))
        means += [(result.calls, cap), (result.input_tokens, verdicts), (result.output_tokens, judges)]
    agrees(shares, means)


def test_pages_are_found_paid_and_limited_apart():
    world = SearchWorld(success_mean=0.01, success_concentration=math.inf, browse_gain=100.0)
    reader = ReAct(hazard=0.0, browsing=1.0)
    prices = Prices(call=1.0, browse=10.0)
    one = simulate_strategy(world, reader, Budget(calls=0, browses=1), problems=256, seed=0, nodes=4)
    assert (one.accuracy.value, one.browses.value, one.calls.value) == (1.0, 1.0, 0.0)
    assert one.largest == (5000, 250, 0, 1)
    poor = simulate_strategy(world, reader, Budget(money=9.0, prices=prices), problems=256, seed=0, nodes=4)
    assert poor.browses.value == 0.0
    none = simulate_strategy(world, reader, Budget(calls=3, browses=0), problems=4096, seed=0, nodes=6)
    assert none.largest[2:] == (3, 0)
    assert 0.0 < none.accuracy.value < 0.06


def test_tokens_of_calls_are_lognormal_around_their_means(agrees):
    world = SearchWorld(success_mean=0.0, search_input=1000, search_output=0, call_spread=0.5, answer_output=0)
    result = simulate_strategy(world, ReAct(hazard=0.0), Budget(calls=1), problems=PROBLEMS, seed=0, nodes=2)
    # a lognormal factor of mean 1 has variance exp(sigma^2) - 1; rounding adds a twelfth
    assert result.input_tokens.standard_error == pytest.approx(math.sqrt(1e6 * math.expm1(0.25) / PROBLEMS), rel=0.1)
    agrees([], [(result.input_tokens, 1000.0)])


def test_plateau_and_growth():
    """A constant hazard gains nothing from a large cap; restarts with a good verifier do."""
    world = SearchWorld(accepts_right=0.95, accepts_wrong=0.05)
    right = {}
    for policy in (ReAct(hazard=0.15), Bats(hazard=0.15)):
        for cap in (30, 100):
            result = simulate_strategy(world, policy, Budget(calls=cap), problems=4096, seed=0, nodes=2 * cap + 1)
            right[type(policy), cap] = result.accuracy
    errors = 5.5 * math.hypot(right[ReAct, 30].standard_error, right[ReAct, 100].standard_error)
    assert abs(right[ReAct, 100].value - right[ReAct, 30].value) < errors
    assert right[Bats, 100].value - right[Bats, 30].value > errors
    assert right[Bats, 30].value - right[ReAct, 30].value > errors


share = st.floats(0, 1)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    success=share,
    accepts=st.tuples(share, share),
    hazard=share,
    tokens=st.one_of(st.none(), st.integers(0, 9000)),
    calls=st.one_of(st.none(), st.integers(0, 15)),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_budget_is_exceeded(success, accepts, hazard, tokens, calls, seed):
    world = SearchWorld(success_mean=success, accepts_right=accepts[0], accepts_wrong=accepts[1])
    habit = {"hazard": hazard, "browsing": accepts[0]}
    agents = (ReAct(**habit), BudgetTracker(**habit, by_used=seed % 2 == 0), Bats(**habit), Bats(**habit, stops=False))
    for policy in agents:
        budget = Budget(tokens=tokens, calls=calls, browses=seed % 7)
        result = simulate_strategy(world, policy, budget, problems=64, seed=seed, nodes=64)
        assert tokens is None or sum(result.largest[:2]) <= tokens
        assert calls is None or result.largest[2] <= calls
        assert result.largest[3] <= seed % 7


def test_prior_is_the_one_written_down():
    drawn = tool_prior(3000, seed=0)
    laws = {
        "hazard": ([setting.hazard for setting in drawn], stats.loguniform(1 / 40, 1 / 4)),
        "right": ([setting.world.accepts_right for setting in drawn], stats.uniform(0.6, 0.4)),
        "wrong": ([setting.world.accepts_wrong for setting in drawn], stats.uniform(0.0, 0.5)),
        "success": (np.asarray(drawn[0].world.problems(0, 0, 4000).success), stats.beta(0.5, 6.0)),
    }
    for name, (values, law) in laws.items():
        assert stats.kstest(values, law.cdf).pvalue > 1e-8, name
    assert {setting.caps for setting in drawn} == {(10, 30, 50, 100, 200)}
    assert tool_prior(3, seed=0) == drawn[:3]
    assert tool_prior(3, seed=1) != drawn[:3]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: SearchWorld(success_mean=1.1), "success_mean"),
        (lambda: SearchWorld(success_concentration=0.0), "success_concentration"),
        (lambda: SearchWorld(verify_input=0.5), "verify_input"),
        (lambda: ReAct(hazard=-0.1), "hazard"),
        (lambda: BudgetTracker(hazard=1.1), "hazard"),
        (lambda: Bats(hazard=math.nan), "hazard"),
        (lambda: tool_prior(0), "count"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
