"""One sample: as often right as a sample is, for the price of one."""

import math
import random

import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, HopWorld, Single, simulate_strategy
from budgetsim.simulate.reasoning.reference.single import play


def test_same_as_twin(same_as_twin, drawn):
    for seed, setting in enumerate(drawn(6, seed=2)):
        assert same_as_twin(setting.world, Single(), play, Budget(tokens=setting.budgets[0]), seed=seed) > 30
    for seed in range(3):
        assert same_as_twin(HopWorld(), Single(longest=6), play, Budget(tokens=700), seed=seed) > 30


def test_right_as_often_as_a_sample(agrees):
    choose = random.Random(0)
    shares = []
    for seed in range(6):
        right, concentration = choose.uniform(0.05, 0.95), choose.choice([math.inf, choose.uniform(0.5, 20)])
        world = AnswerWorld(right_mean=right, right_concentration=concentration)
        result = simulate_strategy(world, Single(), Budget(), problems=2**14, seed=seed, chunk=16)
        assert result.calls.value == 1.0
        shares.append((result.accuracy, right))
    agrees(shares)


def test_limits():
    assert simulate_strategy(AnswerWorld(), Single(), 0, problems=8, seed=0).answered.value == 0.0
    assert simulate_strategy(AnswerWorld(), Single(), 1, problems=8, seed=0).largest == (0, 0, 0, 0)
    assert simulate_strategy(HopWorld(), Single(longest=3), Budget(), problems=8, seed=0).answered.value == 1.0


def test_parameter_outside_its_domain_is_named():
    with pytest.raises(ValueError, match="longest"):
        Single(longest=-1)
