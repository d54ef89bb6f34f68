"""Answers under a token instruction against their twins, the elastic curve, quadrature and the search as released."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.simulate.reasoning import (
    Budget,
    ElasticWorld,
    EstimatedBudget,
    Instructed,
    SearchedBudget,
    simulate_strategy,
)
from budgetsim.simulate.reasoning.elasticity import DIRECT, VANILLA
from budgetsim.simulate.reasoning.elasticity_prior import elasticity_prior
from budgetsim.simulate.reasoning.reference import token_budgets
from budgetsim.simulate.reasoning.reference.elasticity import plain_elastic
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.theory.token_budgets import elastic_tokens, search_budget

PROBLEMS = 2**13
CURVE = ("base_tokens", "tokens_per_budget", "steepness", "collapsed_tokens", "vanilla_tokens")


def curve(world):
    return {name: getattr(world, name) for name in CURVE}


def test_same_as_twin():
    choose = random.Random(0)
    for seed, world in enumerate(elasticity_prior(4, seed=2)):
        questions = plain_elastic(world, seed, 40)
        for policy, twin in (
            (Instructed(token_budget=choose.choice([VANILLA, DIRECT, 10, 60, 300])), token_budgets.instructed),
            (EstimatedBudget(), token_budgets.estimated_budget),
            (SearchedBudget(), token_budgets.searched_budget),
        ):
            budget = Budget(tokens=choose.choice([10_000, choose.randint(100, 2000)]))
            compared = compare(world, questions, policy, twin, budget, seed=seed)
            assert not compared.differences, policy
            assert compared.problems > 30


def test_tokens_are_those_of_the_elastic_curve(agrees):
    choose = random.Random(1)
    means = []
    for seed, world in enumerate(elasticity_prior(6, seed=3)):
        for budget in (choose.randint(1, 20), choose.randint(20, 200), choose.randint(200, 800)):
            same = ElasticWorld(**curve(world), collapse_budget=world.collapse_budget, difficulty_spread=0.0)
            policy = Instructed(token_budget=budget)
            result = simulate_strategy(same, policy, Budget(), problems=PROBLEMS, seed=seed)
            expected = elastic_tokens(budget, collapse_budget=world.collapse_budget, **curve(world))
            means.append((result.output_tokens, float(expected)))
    agrees([], means)


def test_published_example():
    """258 tokens without a budget, 86 told 50, 157 told 10."""
    means = []
    for budget, tokens in ((VANILLA, 258), (50, 85.8), (10, 157.0)):
        result = simulate_strategy(
            ElasticWorld(difficulty_spread=0.0), Instructed(token_budget=budget), Budget(), problems=4096, seed=2
        )
        means.append((result.output_tokens, tokens))
    assert all(abs(mean.value - tokens) < 0.1 + 5.5 * mean.standard_error for mean, tokens in means)


def test_estimates_are_averaged_over_questions(agrees):
    """Mean tokens and accuracy of estimate and answer, by quadrature over difficulty and estimate."""
    shares, means = [], []
    middle = stats.norm.ppf((np.arange(600) + 0.5) / 600)
    for seed, world in enumerate(elasticity_prior(4, seed=4)):
        result = simulate_strategy(world, EstimatedBudget(), Budget(), problems=PROBLEMS, seed=seed)
        difficulty = np.exp(world.difficulty_spread * middle)[:, None]
        least = world.least_budget * difficulty
        told = np.clip(np.round(least * np.exp(world.estimator_spread * middle)[None, :]), 1, None)
        tokens = elastic_tokens(told, collapse_budget=world.collapse_budget * difficulty, **curve(world))
        means.append((result.output_tokens, world.estimator_tokens + float(np.mean(tokens))))
        shares.append((result.accuracy, float(np.mean(np.minimum(told, world.vanilla_tokens) >= least))))
        assert result.input_tokens.value == 2 * world.prompt_tokens
        vanilla = simulate_strategy(world, Instructed(), Budget(), problems=PROBLEMS, seed=seed + 50)
        law = stats.lognorm(world.difficulty_spread, scale=world.least_budget)
        shares.append((vanilla.accuracy, float(law.cdf(world.vanilla_tokens))))
        direct = simulate_strategy(world, Instructed(token_budget=DIRECT), Budget(), problems=PROBLEMS, seed=seed)
        shares.append((direct.accuracy, float(law.cdf(world.direct_tokens))))
        means.append((direct.output_tokens, world.direct_tokens))
    agrees(shares, means)


def test_search_is_the_released_one():
    """A sharp give-up point and whole lengths leave nothing to chance."""
    choose = random.Random(5)
    for seed in range(12):
        vanilla, collapse = choose.randint(60, 600), choose.uniform(3, 40)
        least, base, collapsed = choose.uniform(5, 150), choose.randint(10, 60), choose.randint(20, 250)
        world = ElasticWorld(
            base_tokens=base, tokens_per_budget=1.0, collapse_budget=collapse, steepness=5000.0, vanilla_tokens=vanilla,
            collapsed_tokens=collapsed, least_budget=least, difficulty_spread=0.0,
        )  # fmt: skip

        def tokens(budget, base=base, collapse=collapse, collapsed=collapsed, vanilla=vanilla):
            return min(vanilla, base + budget) if budget > collapse else collapsed

        def right(budget, least=least):
            return budget >= least

        found = search_budget(vanilla, right, tokens)
        result = simulate_strategy(world, SearchedBudget(), Budget(), problems=8, seed=seed)
        assert result.calls.value == 1 + len(found.queries)
        assert result.output_tokens.value == vanilla + sum(tokens(query) for query in found.queries)
        assert result.accuracy.value == float(vanilla >= least)


def test_nothing_is_written_for_free():
    world = ElasticWorld(estimator_tokens=40, prompt_tokens=100)
    for limit, calls in ((139, 0), (140, 1), (239, 1), (5000, 2)):
        result = simulate_strategy(world, EstimatedBudget(), limit, problems=64, seed=0)
        assert result.largest[2] == calls
        assert (result.answered.value > 0) == (calls == 2)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    lengths=st.tuples(st.floats(0, 200), st.floats(0, 500), st.floats(0, 900)),
    told=st.integers(-1, 800),
    spread=st.floats(0, 2),
    tokens=st.integers(0, 3000),
    calls=st.one_of(st.none(), st.integers(0, 5)),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_budget_is_exceeded(lengths, told, spread, tokens, calls, seed):
    world = ElasticWorld(
        base_tokens=lengths[0], collapsed_tokens=lengths[1], vanilla_tokens=lengths[2], difficulty_spread=spread
    )
    for policy in (Instructed(token_budget=told), EstimatedBudget(), SearchedBudget()):
        result = simulate_strategy(world, policy, Budget(tokens=tokens, calls=calls), problems=64, seed=seed)
        assert sum(result.largest[:2]) <= tokens
        assert calls is None or result.largest[2] <= calls


def test_prior_is_the_one_written_down():
    drawn = elasticity_prior(3000, seed=0)
    laws = {
        "base_tokens": stats.loguniform(20, 80),
        "tokens_per_budget": stats.uniform(0.5, 0.7),
        "collapse_budget": stats.loguniform(5, 60),
        "steepness": stats.uniform(1.5, 2.5),
        "collapsed_tokens": stats.uniform(100, 150),
        "vanilla_tokens": stats.loguniform(150, 700),
        "least_budget": stats.loguniform(15, 200),
        "estimator_spread": stats.uniform(0.2, 0.8),
    }
    for name, law in laws.items():
        assert stats.kstest([getattr(world, name) for world in drawn], law.cdf).pvalue > 1e-8, name
    estimates = np.array([world.estimator_tokens for world in drawn])
    jitter = np.random.default_rng(0).uniform(-0.5, 0.5, estimates.size)
    assert stats.kstest(np.clip(estimates + jitter, 20, 60), stats.uniform(20, 40).cdf).pvalue > 1e-8
    needs = np.asarray(drawn[0].problems(0, 0, 4000).least)
    assert stats.kstest(needs, stats.lognorm(0.5, scale=drawn[0].least_budget).cdf).pvalue > 1e-8
    assert elasticity_prior(3, seed=0) == drawn[:3]
    assert elasticity_prior(3, seed=1) != drawn[:3]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ElasticWorld(collapse_budget=0.0), "collapse_budget"),
        (lambda: ElasticWorld(vanilla_tokens=math.inf), "vanilla_tokens"),
        (lambda: ElasticWorld(estimator_spread=-1.0), "estimator_spread"),
        (lambda: ElasticWorld(prompt_tokens=1.5), "prompt_tokens"),
        (lambda: Instructed(token_budget=-2), "token_budget"),
        (lambda: elasticity_prior(0), "count"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
