"""Best of N against its twin and the exact accuracy with normal grades."""

import math
import random

import pytest
from scipy import stats

from budgetsim.simulate.reasoning import AnswerWorld, BestOfN, Budget, simulate_strategy
from budgetsim.simulate.reasoning.reference.best_of_n import play
from budgetsim.theory.verifiers import best_of_n_accuracy


def graded(right, advantage, spread_right, spread_wrong):
    """A world whose right answers are graded so much higher than its wrong ones."""
    return AnswerWorld(
        right_mean=right,
        right_concentration=math.inf,
        accepts_right=stats.norm.cdf(advantage / 2 / spread_right),
        accepts_wrong=stats.norm.cdf(-advantage / 2 / spread_wrong),
        grade_spread_right=spread_right,
        grade_spread_wrong=spread_wrong,
    )


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=5)):
        budget = Budget(tokens=choose.choice(setting.budgets[:5]), calls=choose.choice([None, 7]))
        assert same_as_twin(setting.world, BestOfN(samples=choose.randint(1, 9)), play, budget, seed=seed) > 30


def test_accuracy_is_the_exact_one(agrees):
    choose = random.Random(1)
    shares = []
    for seed in range(12):
        right, advantage, samples = choose.uniform(0.05, 0.8), choose.uniform(-0.5, 2.5), choose.randint(1, 50)
        spreads = choose.uniform(0.5, 1.5), choose.uniform(0.5, 1.5)
        world = graded(right, advantage, *spreads)
        result = simulate_strategy(world, BestOfN(samples=samples), Budget(), problems=2**14, seed=seed, chunk=16)
        shares.append((result.accuracy, float(best_of_n_accuracy(samples, right, advantage, *spreads))))
    agrees(shares)


def test_published_accuracies(agrees):
    shares = []
    for spreads, row in (((1.0, 1.0), {1: 0.3, 4: 0.519, 16: 0.7}), ((0.8, 1.2), {8: 0.503, 16: 0.492})):
        for samples, accuracy in row.items():
            result = simulate_strategy(
                graded(0.3, 1.0, *spreads), BestOfN(samples=samples), Budget(), problems=2**12, seed=samples, chunk=4
            )
            shares.append((result.accuracy, accuracy))
    agrees(shares)


def test_grades_are_paid():
    world = AnswerWorld(chain_spread=0.0, evaluator_input=30, evaluator_output=10)  # 390 tokens a graded sample
    for tokens, samples in ((0, 0), (1, 0), (389, 0), (390, 1), (4 * 390, 4), (math.inf, 8)):
        result = simulate_strategy(world, BestOfN(samples=8), Budget(tokens=tokens), problems=16, seed=0)
        assert result.largest == (180 * samples, 210 * samples, 2 * samples, 0)
        assert result.answered.value == (samples > 0)


def test_parameter_outside_its_domain_is_named():
    with pytest.raises(ValueError, match="samples"):
        BestOfN(samples=0)
