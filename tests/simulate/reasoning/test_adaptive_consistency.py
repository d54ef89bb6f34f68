"""Adaptive-Consistency against its twin, the exact enumeration, published thresholds and the released rule."""

import math
import random
from fractions import Fraction

import pytest
from scipy import stats

from budgetsim.simulate.reasoning import AdaptiveConsistency, AnswerWorld, Budget, HopWorld, simulate_strategy
from budgetsim.simulate.reasoning.policies.adaptive_consistency import least_leads
from budgetsim.simulate.reasoning.reference.adaptive_consistency import leader_ahead, play
from budgetsim.theory.adaptive_consistency import adaptive_consistency, beta_rule


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=3)):
        policy = AdaptiveConsistency(threshold=choose.choice([0.9375, 0.95]), largest=choose.choice([3, 40]))
        budget = Budget(tokens=choose.choice(setting.budgets[:6]))
        assert same_as_twin(setting.world, policy, play, budget, seed=seed) > 30


def test_same_as_twin_on_several_hops(same_as_twin):
    assert same_as_twin(HopWorld(), AdaptiveConsistency(longest=5), play, Budget(tokens=6000), seed=1, nodes=40) > 30


def test_leads_of_the_released_rule():
    assert least_leads(0.95, 40)[:6] == (4, 6, 8, 9, 11, 12)
    for threshold in (0.6, 0.75, 0.9375, 0.95, 0.999):
        for runner_up, lead in enumerate(least_leads(threshold, 60)):
            if lead + runner_up < 60:
                assert leader_ahead(lead, runner_up) >= Fraction(threshold)
                # one vote less and still a leader: too few
                assert lead - 1 < max(runner_up, 1) or leader_ahead(lead - 1, runner_up) < Fraction(threshold)
    assert float(leader_ahead(7, 3)) == pytest.approx(stats.beta.sf(0.5, 8, 4), abs=1e-12)


# Mean samples and accuracies of a simulation that is not ours, of unknown size: the last row is off by .3 and .007.
@pytest.mark.parametrize(
    ("law", "samples", "accuracy"),
    [
        ((0.9, 0.1), 5.7, 1.0),
        ((0.7, 0.2, 0.1), 11.7, 0.998),
        ((0.5, 0.3, 0.2), 27.7, 0.911),
        ((0.4, 0.35, 0.25), 34.3, 0.611),
    ],
)
def test_published_samples_and_accuracies(law, samples, accuracy, agrees):
    world = AnswerWorld(
        right_mean=law[0], right_concentration=math.inf, answers=len(law), dominant=law[1] / (1 - law[0])
    )
    result = simulate_strategy(world, AdaptiveConsistency(), Budget(), problems=2**14, seed=5, chunk=16)
    exact = adaptive_consistency(law)
    agrees([(result.accuracy, exact.accuracy)], [(result.calls, exact.mean_samples)])
    assert exact.mean_samples == pytest.approx(samples, abs=0.1 if samples < 30 else 0.5)
    assert exact.accuracy == pytest.approx(accuracy, abs=0.003 if samples < 30 else 0.008)


def test_other_thresholds_and_caps(agrees):
    shares, means = [], []
    for seed, (threshold, largest, right) in enumerate(
        [(0.8, 10, 0.4), (0.99, 25, 0.6), (0.95, 1, 0.3), (0.5, 9, 0.7)]
    ):
        world = AnswerWorld(right_mean=right, right_concentration=math.inf, answers=3, dominant=0.6)
        policy = AdaptiveConsistency(threshold=threshold, largest=largest)
        result = simulate_strategy(world, policy, Budget(), problems=2**14, seed=seed, chunk=16)
        law = [right, (1 - right) * 0.6, (1 - right) * 0.4]
        exact = adaptive_consistency(law, rule=beta_rule(threshold), largest=largest)
        shares.append((result.accuracy, exact.accuracy))
        means.append((result.calls, exact.mean_samples))
    agrees(shares, means)


def test_limits():
    for tokens in (0, 1):
        result = simulate_strategy(AnswerWorld(), AdaptiveConsistency(), tokens, problems=8, seed=0)
        assert (result.largest, result.answered.value) == ((0, 0, 0, 0), 0.0)
    cut = simulate_strategy(AnswerWorld(chain_spread=0.0), AdaptiveConsistency(), 3 * 350, problems=8, seed=0)
    assert (cut.calls.value, cut.answered.value) == (3.0, 1.0)


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0.0}, {"threshold": 1.1}, {"largest": 0}, {"largest": 2.5}, {"longest": -1}]
)
def test_parameters_outside_their_domain_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AdaptiveConsistency(**wrong)
