"""Retrying against its twin, the closed form, coverage with an oracle, and what evaluations cost."""

import math
import random

import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, Prices, Retry, simulate_strategy
from budgetsim.simulate.reasoning.reference.retry import play
from budgetsim.theory.coverage import beta_pass_at_k
from budgetsim.theory.equal_budget import retry_accuracy

PROBLEMS = 2**14


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    prices = Prices(input_token=1e-6, output_token=4e-6)
    for seed, setting in enumerate(drawn(6, seed=4)):
        money = choose.choice([None, choose.uniform(0.0005, 0.01)])
        budget = Budget(tokens=choose.choice(setting.budgets[:5]), money=money, prices=prices)
        assert same_as_twin(setting.world, Retry(attempts=choose.randint(1, 8)), play, budget, seed=seed) > 30


def test_accuracy_and_attempts_are_those_of_the_closed_form(agrees):
    choose = random.Random(1)
    shares, means = [], []
    for seed in range(12):
        right, accepts_right, accepts_wrong = choose.uniform(0.05, 0.9), choose.uniform(0.2, 1), choose.uniform(0, 0.9)
        attempts = choose.randint(1, 9)
        world = AnswerWorld(
            right_mean=right,
            right_concentration=math.inf,
            chain_spread=0.0,
            accepts_right=accepts_right,
            accepts_wrong=accepts_wrong,
        )
        result = simulate_strategy(world, Retry(attempts=attempts), Budget(), problems=PROBLEMS, seed=seed, chunk=16)
        accepts = right * accepts_right + (1 - right) * accepts_wrong
        shares.append((result.accuracy, float(retry_accuracy(right, accepts_right, accepts_wrong, attempts))))
        tried = (1 - (1 - accepts) ** attempts) / accepts
        means += [(result.calls, 2 * tried), (result.output_tokens, 260 * tried), (result.input_tokens, 150 * tried)]
    agrees(shares, means)


def test_published_accuracies(agrees):
    shares = []
    for seed, (accepts_right, accepts_wrong, accuracy) in enumerate([(1.0, 0.0, 0.94967), (0.8, 0.5, 0.56485)]):
        world = AnswerWorld(
            right_mean=0.45, right_concentration=math.inf, accepts_right=accepts_right, accepts_wrong=accepts_wrong
        )
        result = simulate_strategy(world, Retry(attempts=5), Budget(), problems=PROBLEMS, seed=seed, chunk=16)
        shares.append((result.accuracy, accuracy))
    agrees(shares)


def test_an_oracle_finds_what_the_samples_cover(agrees):
    choose = random.Random(2)
    shares = []
    for seed in range(5):
        mean, concentration, attempts = choose.uniform(0.2, 0.8), choose.uniform(0.5, 20), choose.randint(1, 30)
        world = AnswerWorld(right_mean=mean, right_concentration=concentration, accepts_right=1.0, accepts_wrong=0.0)
        result = simulate_strategy(world, Retry(attempts=attempts), Budget(), problems=PROBLEMS, seed=seed, chunk=16)
        shares.append(
            (result.accuracy, float(beta_pass_at_k(mean * concentration, (1 - mean) * concentration, attempts)))
        )
    agrees(shares)


def test_an_attempt_is_paid_with_its_evaluation_or_not_made():
    world = AnswerWorld(chain_spread=0.0, accepts_right=0.0, accepts_wrong=0.0, evaluator_output=60)
    for tokens, attempts in ((0, 0), (1, 0), (350, 0), (409, 0), (410, 1), (819, 1), (820, 2), (math.inf, 5)):
        result = simulate_strategy(world, Retry(attempts=5), Budget(tokens=tokens), problems=16, seed=0)
        assert result.calls.value == 2 * attempts
        assert result.answered.value == (attempts > 0)


def test_parameter_outside_its_domain_is_named():
    with pytest.raises(ValueError, match="attempts"):
        Retry(attempts=0)
