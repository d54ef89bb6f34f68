"""Chains of sub-questions against their twin, the theory of uncertainty and of splits, and enumeration."""

import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning import Budget, GlobalBudget, SplitBudget, SubQuestions, simulate_strategy, splits
from budgetsim.simulate.reasoning.allocation_prior import LEVEL_BUDGETS, allocation_prior, shipped_credits
from budgetsim.simulate.reasoning.reference import global_budget, split_budget
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.simulate.reasoning.reference.subquestions import plain_subquestions
from budgetsim.theory.bbam import bam_eq6, bam_integer, epistemic_uncertainty
from budgetsim.theory.bbam_capped import capped_allocation
from budgetsim.theory.bbam_common import min_epistemic_uncertainty
from budgetsim.theory.plan_and_budget import plan_and_budget_allocation

SCHEDULES = splits.SCHEDULES


def random_world(choose, parts, **others):
    return SubQuestions(
        initial_uncertainty=tuple(math.exp(choose.uniform(0, 5)) for _ in range(parts)),
        decay_rate=tuple(choose.uniform(0.5, 2) for _ in range(parts)),
        **others,
    )


def chances(world, tokens):
    rows = zip(world.initial_uncertainty, world.decay_rate, tokens, strict=True)
    return [min(1.0, c * b**-rate + world.aleatoric) if b else 1.0 for c, rate, b in rows]


def wrong_answers(result):
    """Mean number of wrong sub-answers."""
    answers = result.answers.astype(float)
    error = answers.std(ddof=1) / math.sqrt(answers.size)
    return Estimate(value=float(answers.mean()), standard_error=error, draws=answers.size)


def test_same_as_twin():
    choose = random.Random(0)
    for seed, setting in enumerate(allocation_prior(6, seed=2)):
        world, parts = setting.world, setting.world.parts
        tokens = splits.plan_and_budget_split(setting.credits, choose.choice(SCHEDULES), choose.choice(LEVEL_BUDGETS))
        budget = Budget(tokens=choose.randint(100, 1200), calls=choose.choice([None, parts, parts + 1]))
        questions = plain_subquestions(world, seed, 40)
        policy = SplitBudget(tokens=tokens, planned=choose.random() < 0.7)
        compared = compare(world, questions, policy, split_budget.play, budget, seed=seed)
        assert not compared.differences
        assert compared.problems > 30
        policy = GlobalBudget(tokens=choose.randint(0, 600))
        compared = compare(world, questions, policy, global_budget.play, budget, seed=seed)
        assert not compared.differences
        assert compared.problems > 25


def test_accuracy_and_uncertainty_are_those_of_the_split(agrees):
    choose = random.Random(1)
    shares, means = [], []
    for seed in range(10):
        parts = choose.randint(1, 6)
        world = random_world(choose, parts, planner_input=70, planner_output=30, prompt_tokens=40, follow_tokens=9)
        tokens = splits.plan_and_budget_split([choose.random() for _ in range(parts)], choose.choice(SCHEDULES), 900)
        result = simulate_strategy(world, SplitBudget(tokens=tokens), Budget(), problems=2**13, seed=seed)
        expected = chances(world, tokens)
        shares.append((result.accuracy, math.prod(1 - chance for chance in expected)))
        means.append((wrong_answers(result), sum(expected)))
        funded = [place for place, value in enumerate(tokens) if value]
        read = 70 + 9 * len(funded) + (31 if tokens[0] else 0)  # the first call reads the longer prompt
        assert result.largest == (read, 30 + 900, 1 + len(funded), 0)
    agrees(shares, means)


def test_what_no_tokens_remove(agrees):
    """Without end of tokens a sub-answer is wrong with the aleatoric chance alone; with some, with the sum of both."""
    choose, shares, means = random.Random(6), [], []
    for seed, aleatoric in enumerate((0.05, 0.3, 0.9)):
        world = random_world(choose, 3, aleatoric=aleatoric, own_concentration=math.inf)
        for policy, tokens in (
            (SplitBudget(tokens=(10**8,) * 3), (10**8,) * 3),
            (SplitBudget(tokens=(40, 0, 300)), (40, 0, 300)),
            (GlobalBudget(tokens=900), (300, 300, 300)),
        ):
            result = simulate_strategy(world, policy, Budget(), problems=2**12, seed=seed)
            expected = chances(world, tokens)
            shares.append((result.accuracy, math.prod(1 - chance for chance in expected)))
            means.append((wrong_answers(result), sum(expected)))
        questions = plain_subquestions(world, seed, 40)
        policy = SplitBudget(tokens=(40, 10, 300))
        compared = compare(world, questions, policy, split_budget.play, Budget(), seed=seed)
        assert (compared.differences, compared.problems > 30) == ([], True)
    assert chances(world, (10**8,) * 3) == pytest.approx([0.9] * 3, abs=0.02)
    agrees(shares, means)


def test_tokens_that_the_model_divides_itself(agrees):
    """A part of a Dirichlet law with equal parameters a is Beta(a, (m - 1) a): the mean error by quadrature."""
    means = []
    for seed, (concentration, budget) in enumerate([(1.0, 5000), (3.0, 5000), (0.7, 8000)]):
        world = SubQuestions(
            initial_uncertainty=(30.0, 300.0, 8.0), decay_rate=(0.9, 1.3, 0.6), own_concentration=concentration
        )
        policy = GlobalBudget(tokens=budget)
        result = simulate_strategy(world, policy, Budget(), problems=2**13, seed=seed)
        law = stats.beta(concentration, 2 * concentration)
        expected = 0.0
        for scale, rate in zip(world.initial_uncertainty, world.decay_rate, strict=True):
            edge = scale ** (1 / rate) / budget  # below it the answer is surely wrong

            def error(share, scale=scale, rate=rate, budget=budget, law=law):
                return scale * (budget * share) ** -rate * law.pdf(share)

            expected += law.cdf(edge) + integrate.quad(error, edge, 1.0, limit=200)[0]
        # whole tokens: a share is rounded down by half a token on average, far below the error of the estimate
        means.append((wrong_answers(result), expected))
    agrees([], means)


def test_equal_shares_of_the_model_are_the_uniform_split(agrees):
    choose = random.Random(3)
    shares = []
    for seed in range(4):
        world = random_world(choose, 4, own_concentration=math.inf)
        result = simulate_strategy(world, GlobalBudget(tokens=1000), Budget(), problems=2**13, seed=seed)
        even = splits.uniform_split(4, 1000)
        shares.append((result.accuracy, math.prod(1 - chance for chance in chances(world, even))))
    agrees(shares)


def test_least_uncertainty_is_reached_by_simulation(agrees):
    """Common decay rate: the exact split leaves the closed-form least uncertainty, no schedule leaves less."""
    means = []
    for seed, (ratio, rate) in enumerate([(0.81, 1.0), (0.4, 1.5), (0.2, 2.0)]):
        scales = tuple(20.0 * ratio**place for place in range(4))
        world = SubQuestions(initial_uncertainty=scales, decay_rate=(rate,) * 4)
        tokens = splits.exact_split(scales, world.decay_rate, 2000, goal="uncertainty")
        least = float(min_epistemic_uncertainty(np.array(scales), rate, 2000))
        assert sum(chances(world, tokens)) == pytest.approx(least, rel=1e-3)
        result = simulate_strategy(world, SplitBudget(tokens=tokens), Budget(), problems=2**14, seed=seed)
        means.append((wrong_answers(result), sum(chances(world, tokens))))
        for schedule in SCHEDULES:
            other = splits.plan_and_budget_split([1.0] * 4, schedule, 2000)
            assert sum(chances(world, other)) >= least * (1 - 1e-9)
    agrees([], means)


def test_rules_are_those_of_the_theory():
    choose = random.Random(4)
    for _ in range(60):
        parts, budget = choose.randint(1, 6), choose.randint(10, 700)
        scales = [math.exp(choose.uniform(0, 6)) for _ in range(parts)]
        rates = [choose.uniform(0.5, 3) for _ in range(parts)]
        credits = [choose.randint(1, 50) for _ in range(parts)]
        for schedule in SCHEDULES:
            ours = splits.plan_and_budget_split(credits, schedule, budget)
            assert ours == plan_and_budget_allocation(credits, schedule, budget)
        exact = splits.exact_split(scales, rates, budget, goal="uncertainty")
        best = bam_integer(scales, rates, budget, lower=1)
        assert sum(exact) == budget
        assert epistemic_uncertainty(scales, rates, exact) == pytest.approx(float(best.epistemic_uncertainty), rel=1e-9)
        printed = np.array(splits.printed_split(scales, rates, budget))
        assert printed.sum() == budget
        assert np.all(np.abs(printed - bam_eq6(scales, rates, budget).budgets) < 1.0)


def test_published_allocations():
    expected = {
        "constant": (120, 180, 180, 120),
        "linear": (192, 216, 144, 48),
        "polynomial": (264, 222, 98, 16),
        "exponential": (140, 189, 170, 101),
        "cosine": (220, 255, 105, 20),
    }
    assert {name: splits.plan_and_budget_split([20, 30, 30, 20], name, 600) for name in SCHEDULES} == expected


def test_giving_up_is_found_by_enumeration_and_theory():
    choose = random.Random(5)
    gave_up = 0
    for _ in range(25):
        budget = choose.randint(3, 24)
        scales = tuple(math.exp(choose.uniform(0, 4)) for _ in range(3))
        rates = tuple(choose.uniform(0.5, 2) for _ in range(3))
        world = SubQuestions(initial_uncertainty=scales, decay_rate=rates)
        every = [row for row in itertools.product(range(budget + 1), repeat=3) if sum(row) == budget]
        fewest = splits.exact_split(scales, rates, budget)
        assert sum(chances(world, fewest)) == pytest.approx(min(sum(chances(world, row)) for row in every), rel=1e-9)
        gave_up += 0 in fewest
        # real tokens can only do better than whole ones
        assert sum(chances(world, fewest)) >= float(capped_allocation(scales, rates, float(budget)).errors) - 1e-9
        surest = splits.exact_split(scales, rates, budget, goal="all_right")
        right = max(math.prod(1 - chance for chance in chances(world, row)) for row in every)
        assert math.prod(1 - chance for chance in chances(world, surest)) == pytest.approx(right, rel=1e-9)
    assert gave_up > 5


budgets = st.builds(Budget, tokens=st.integers(0, 2500), calls=st.one_of(st.none(), st.integers(0, 8)))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    tokens=st.lists(st.integers(0, 600), min_size=3, max_size=3),
    own=st.one_of(st.just(math.inf), st.floats(0.1, 5)),
    prompt=st.integers(0, 400),
    budget=budgets,
    seed=st.integers(0, 2**64 - 1),
)
def test_no_budget_is_exceeded(tokens, own, prompt, budget, seed):
    world = SubQuestions(own_concentration=own, prompt_tokens=prompt, follow_tokens=prompt // 2)
    for policy in (SplitBudget(tokens=tuple(tokens)), GlobalBudget(tokens=sum(tokens))):
        result = simulate_strategy(world, policy, budget, problems=64, seed=seed)
        assert result.largest[0] + result.largest[1] <= budget.tokens
        assert budget.calls is None or result.largest[2] <= budget.calls


def test_what_is_not_paid_is_not_answered():
    world = SubQuestions(planner_input=100, planner_output=50, prompt_tokens=30)
    policy = SplitBudget(tokens=(10, 0, 20))  # 150 for the planner, 40 and 20 for the two that are solved
    for limit, spent in ((149, 0), (150, 150), (189, 150), (190, 190), (209, 190), (210, 210), (1000, 210)):
        result = simulate_strategy(world, policy, limit, problems=16, seed=0)
        assert (sum(result.largest[:2]), result.answered.value) == (spent, float(spent == 210))


def test_same_result_whatever_the_chunk():
    setting = allocation_prior(1)[0]
    policy = SplitBudget(tokens=splits.uniform_split(setting.world.parts, 450))
    results = [simulate_strategy(setting.world, policy, 900, problems=3000, seed=5, chunk=chunk) for chunk in (1, 3)]
    assert np.array_equal(results[0].answers, results[1].answers)


def test_prior_is_the_one_written_down():
    drawn = allocation_prior(2000, seed=0)
    parts = np.array([setting.world.parts for setting in drawn])
    assert stats.chisquare(np.bincount(parts, minlength=7)[2:]).pvalue > 1e-8
    ratio = [setting.world.initial_uncertainty[1] / 100 for setting in drawn]
    assert stats.kstest(ratio, stats.uniform(0.2, 0.8).cdf).pvalue > 1e-8
    for setting in drawn[:100]:
        scales = setting.world.initial_uncertainty
        assert np.allclose(scales, 100 * (scales[1] / 100) ** np.arange(len(scales)))
    assert stats.kstest([setting.world.decay_rate[-1] for setting in drawn], stats.uniform(0.5, 1.5).cdf).pvalue > 1e-8
    common = sum(len(set(setting.world.decay_rate)) == 1 for setting in drawn)
    equal = sum(len(set(setting.credits)) == 1 for setting in drawn)
    assert min(stats.binomtest(count, 2000, 0.5).pvalue for count in (common, equal)) > 1e-8
    assert all(setting.budgets == (200, 250, 350, 450, 600) for setting in drawn)
    assert allocation_prior(3, seed=0) == drawn[:3]
    assert allocation_prior(3, seed=1) != drawn[:3]
    for number in range(2, 7):
        assert sum(shipped_credits(number)) == pytest.approx(100.0, abs=0.06)
        assert list(shipped_credits(number)) == sorted(shipped_credits(number))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: SubQuestions(initial_uncertainty=()), "initial_uncertainty"),
        (lambda: SubQuestions(initial_uncertainty=(1.0, 0.0, 1.0)), "initial_uncertainty"),
        (lambda: SubQuestions(decay_rate=(1.0,)), "decay_rate"),
        (lambda: SubQuestions(prompt_tokens=-1), "prompt_tokens"),
        (lambda: SubQuestions(own_concentration=0.0), "own_concentration"),
        (lambda: SubQuestions(aleatoric=1.5), "aleatoric"),
        (lambda: SplitBudget(tokens=()), "tokens"),
        (lambda: SplitBudget(tokens=(1, -1)), "tokens"),
        (lambda: GlobalBudget(tokens=-1), "tokens"),
        (lambda: splits.plan_and_budget_split([1], "cosinus", 1), "schedule"),
        (lambda: splits.plan_and_budget_split([0, 0], "linear", 1), "credits"),
        (lambda: splits.exact_split([1, 2], [1], 5), "share a length"),
        (lambda: splits.exact_split([1, 2], [1, 1], 1, goal="uncertainty"), "budget"),
        (lambda: splits.exact_split([1], [1], 1, goal="luck"), "goal"),
        (lambda: allocation_prior(0), "count"),
        (lambda: shipped_credits(7), "parts"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
