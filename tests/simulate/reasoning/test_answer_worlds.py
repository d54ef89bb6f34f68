"""Worlds from the prior of votes, played together: every strategy runs, and votes are as right as they must be."""

import math
import random

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import (
    AnswerWorld,
    BestOfN,
    Budget,
    Cascade,
    Debate,
    ParallelChains,
    PersonaEnsemble,
    Retry,
    vote_prior,
)
from budgetsim.simulate.reasoning.many_worlds import simulate_worlds
from budgetsim.theory.equal_budget import retry_accuracy
from budgetsim.theory.plurality import plurality_accuracy

EACH = 2048


def fixed(choose, **numbers):
    right = choose.uniform(0.1, 0.9)
    return AnswerWorld(right_mean=right, right_concentration=math.inf, dominant=choose.uniform(1 / 3, 1), **numbers)


def closest(result, truths):
    """Smallest p-value over the worlds, times their number."""
    counts = np.rint(result.accuracy * EACH).astype(int)
    tests = [stats.binomtest(int(count), EACH, truth).pvalue for count, truth in zip(counts, truths, strict=True)]
    return min(tests) * len(tests)


def test_votes_and_retries_in_many_worlds():
    choose = random.Random(0)
    worlds = [
        fixed(choose, accepts_right=choose.uniform(0.5, 1), accepts_wrong=choose.uniform(0, 0.6)) for _ in range(12)
    ]
    votes = simulate_worlds(worlds, ParallelChains(chains=9), Budget(), problems_per_world=EACH, seed=0, nodes=10)
    laws = [
        [w.right_mean, (1 - w.right_mean) * w.dominant, *2 * [(1 - w.right_mean) * (1 - w.dominant) / 2]]
        for w in worlds
    ]
    assert closest(votes, [float(plurality_accuracy(law, 9)) for law in laws]) > 1e-6
    retries = simulate_worlds(worlds, Retry(attempts=4), Budget(), problems_per_world=EACH, seed=0, nodes=6)
    exact = [float(retry_accuracy(w.right_mean, w.accepts_right, w.accepts_wrong, 4)) for w in worlds]
    assert closest(retries, exact) > 1e-6


@pytest.mark.parametrize("policy", [BestOfN(), Cascade(), Debate(), PersonaEnsemble()], ids=lambda p: type(p).__name__)
def test_every_strategy_plays_the_prior(policy):
    worlds = [setting.world for setting in vote_prior(60, seed=0) if setting.world.answers == 4]
    result = simulate_worlds(worlds, policy, 4000, problems_per_world=64, seed=0, nodes=12)
    assert np.all(result.input_tokens + result.output_tokens <= 4000)
    assert np.all(result.answered == 1.0)
