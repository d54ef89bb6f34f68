"""Counter-examples about trees of agents, by enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import betabinom, binom


def majority(bias, fan_in):
    return 2.0 * float(binom.sf(fan_in // 2, fan_in, (1.0 + bias) / 2.0)) - 1.0


def slope(fan_in):
    return (majority(1e-6, fan_in) - majority(-1e-6, fan_in)) / 2e-6


def test_shared_before_channel(refutes):
    fan_in, bias, fidelity, correlation = 5, 0.4, 0.6, 0.3
    keep = (1.0 + fidelity) / 2.0
    right_vote = (1.0 + bias) / 2.0
    # All outcomes of one sent vote and five channels.
    shared_sent = sum(
        chance * math.prod(keep if channel == 1 else 1.0 - keep for channel in channels) * np.sign(sent * sum(channels))
        for sent, chance in ((1, right_vote), (-1, 1.0 - right_vote))
        for channels in itertools.product((1, -1), repeat=fan_in)
    )
    apart = majority(fidelity * bias, fan_in)
    refutes(
        "shared_before_channel",
        (
            correlation * shared_sent + (1 - correlation) * apart,
            correlation * fidelity * bias + (1 - correlation) * apart,
        ),
    )


def test_clipped_predictor_is_conservative(refutes):
    fan_in, fidelity = 5, 0.6
    root = 0.9
    for _ in range(5000):
        root = majority(fidelity * root, fan_in)
    pairs = []
    for depth in (10, 22):
        bias = 0.05
        for _ in range(depth):
            bias = majority(fidelity * bias, fan_in)
        clipped = min((fidelity * 15 / 8) ** depth * 0.05, root)
        assert clipped > bias  # a conservative prediction would lie below
        pairs.append((clipped, bias))
    refutes("clipped_predictor_is_conservative", *pairs)


def test_three_to_five_agents(refutes):
    fan_in = next(b for b in range(3, 99, 2) if 0.4 * (0.3 + 0.7 * slope(b)) > 1.0 + 1e-9)
    exponent = math.log(0.98 * 1.5) / math.log(3)
    message_cost = 2 * 50 * 3 / 2

    def negative_log_bias(log_leaf_tokens):
        leaf_tokens = math.exp(log_leaf_tokens)
        return -(0.1 * log_leaf_tokens + exponent * math.log(1e7 / (leaf_tokens + message_cost)))

    best = math.exp(
        minimize_scalar(negative_log_bias, bounds=(0.0, 10.0), method="bounded", options={"xatol": 1e-10}).x
    )
    assert fan_in > 5
    assert 1e7 / (best + message_cost) > 5
    refutes("three_to_five_agents", (5, fan_in), (5, 1e7 / (best + message_cost)), rel=1e-5)


def test_agents_are_submodular(refutes):
    def accuracy(votes, chance=0.6):
        outcomes = itertools.product((1, 0), repeat=votes)
        return sum(
            chance ** sum(row) * (1 - chance) ** (votes - sum(row)) * (0.5 + 0.5 * np.sign(2 * sum(row) - votes))
            for row in outcomes
        )

    second, third = accuracy(2) - accuracy(1), accuracy(3) - accuracy(2)
    assert third > second  # submodularity forbids it
    refutes("agents_are_submodular", (second, third))


def test_one_correlation_for_everything(refutes):
    given_problem, through_problem = 0.1, 0.3
    total = through_problem + (1 - through_problem) * given_problem
    said, right = (0.6 * (rho + (1 - rho) * slope(5)) for rho in (total, given_problem))
    assert said < 1.0 < right  # collapse and growth
    refutes("one_correlation_for_everything", (said, right))


def test_enough_agents_always_amplify(refutes):
    fan_in, correlation, fidelity = 101, 0.2, 0.5
    size = 1 / correlation - 1

    def exchangeable(bias):
        chance = (1 + bias) / 2
        return 2 * float(betabinom.sf(fan_in // 2, fan_in, chance * size, (1 - chance) * size)) - 1

    shared = fidelity * (correlation + (1 - correlation) * slope(fan_in))
    right = fidelity * (exchangeable(1e-4) - exchangeable(-1e-4)) / 2e-4
    assert right < 1.0 < shared
    refutes("enough_agents_always_amplify", (shared, right), rel=1e-5)


def test_trees_average_shared_errors_away(refutes):
    leaves, correlation, variance = 729, 0.3, 2.0
    redrawn = variance
    for _ in range(6):  # the correlation imposed anew on every three siblings
        siblings = redrawn * (correlation + (1 - correlation) * np.eye(3))
        redrawn = float(np.full(3, 1 / 3) @ siblings @ np.full(3, 1 / 3))
    weights = np.full(leaves, 1.0)
    for _ in range(6):
        weights = weights / 3.0  # a leaf's weight in the root of nested means of three
    covariance = variance * (correlation + (1 - correlation) * np.eye(leaves))
    refutes("trees_average_shared_errors_away", (redrawn, float(weights @ covariance @ weights)))
