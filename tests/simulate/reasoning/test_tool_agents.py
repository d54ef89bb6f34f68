"""Agents with tools against their twins, the closed forms of capped calls, and a recursion over calls."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.simulate.reasoning import Bats, Budget, BudgetTracker, ReAct, SearchWorld, simulate_strategy
from budgetsim.simulate.reasoning.reference import search_agents
from budgetsim.simulate.reasoning.reference.searches import plain_searches
from budgetsim.simulate.reasoning.reference.token_replay import compare
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
    for policy in (ReAct(hazard=hazard), BudgetTracker(hazard=hazard, by_used=seed % 2 == 0), Bats(hazard=hazard)):
        result = simulate_strategy(world, policy, Budget(tokens=tokens, calls=calls), problems=64, seed=seed, nodes=32)
        assert tokens is None or sum(result.largest[:2]) <= tokens
        assert calls is None or result.largest[2] <= calls


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
