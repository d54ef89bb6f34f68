"""Simulated risks against the theory, and runs that stop themselves against their stated confidence.

All checks of the folder share one rate of false alarms, see its `conftest.py`.
"""

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.continuous import AveragingChain, AveragingStar, AveragingTree, simulate_risk, squared_errors
from budgetsim.simulate.sequential import run_mean_until, run_until
from budgetsim.simulate.verification import Check, Evidence, agreement
from budgetsim.theory import continuous

MODEL = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, continuous warm-up"
NORMALS = 1_000_000


def noise(prior):
    return {"leaf_variance": float(prior.uniform(0.1, 3.0)), "message_variance": float(prior.uniform(0.0, 2.0))}


def compare(seed, draw_set):
    """Measure of a check: (organization, normals per replica, risk) from a prior."""

    def measure(sets):
        prior = np.random.default_rng(seed)
        scores, labels = [], []
        for number in range(sets):
            organization, normals, risk = draw_set(prior)
            replicas = max(4000, NORMALS // normals)
            estimate = simulate_risk(organization, replicas=replicas, seed=seed * 10_000 + number)
            scores.append(estimate.z_score(float(risk)))
            labels.append(organization)
        return agreement(scores, labels)

    return measure


def star(prior):
    agents, correlation, variances = [4, 30][prior.integers(2)], float(prior.uniform(0, 1)), noise(prior)
    organization = AveragingStar(agents=agents, correlation=correlation, **variances)
    return organization, 2 * agents, continuous.star_risk(agents, correlation, **variances)


def tree(sharing):
    def draw(prior):
        fan_in, depth = [(2, 4), (6, 2)][prior.integers(2)]
        correlation, variances = float(prior.uniform(0, 0.95)), noise(prior)
        organization = AveragingTree(fan_in=fan_in, depth=depth, correlation=correlation, sharing=sharing, **variances)
        return organization, 2 * (fan_in + 1) ** depth, continuous.tree_risk(fan_in, depth, correlation, **variances)

    return draw


def at_floor(prior):
    """Leaves as noisy as the floor: no level changes that."""
    correlation, message_variance = float(prior.uniform(0, 0.9)), float(prior.uniform(0.1, 2.0))
    floor = float(continuous.tree_floor(3, correlation, message_variance))
    organization = AveragingTree(
        fan_in=3, depth=3, correlation=correlation, leaf_variance=floor, message_variance=message_variance
    )
    return organization, 150, floor


def running_mean(prior):
    agents, correlation, variances = [3, 15][prior.integers(2)], float(prior.uniform(0, 1)), noise(prior)
    organization = AveragingChain(agents=agents, correlation=correlation, **variances)
    return organization, 2 * agents, continuous.chain_running_mean_risk(agents, correlation, **variances)


def relay(prior):
    agents, variances = [2, 10][prior.integers(2)], noise(prior)
    return (
        AveragingChain(agents=agents, rule="relay", **variances),
        2 * agents,
        continuous.chain_relay_risk(agents - 1, **variances),
    )


def optimal(prior):
    """Long enough for the start to be forgotten to within 1e-9."""
    variances = {"leaf_variance": float(prior.uniform(0.1, 3.0)), "message_variance": float(prior.uniform(0.2, 2.0))}
    organization = AveragingChain(agents=80, rule="optimal", **variances)
    return organization, 160, continuous.chain_optimal_floor(**variances)


def misses(count, runs, confidence):
    """Evidence that runs miss more often than stated: one-sided."""
    missed = 1.0 - confidence
    p_value = float(stats.binom.sf(count - 1, runs, missed))
    worst = (count - runs * missed) / np.sqrt(runs * missed * confidence)
    return Evidence(p_value=p_value, comparisons=runs, worst=float(worst), where=f"{count} misses in {runs} runs")


def measure_shares(sets):
    """Runs that stop at a requested half-width or standard error, with chunks that make them look often."""
    prior = np.random.default_rng(21)
    count = 0
    for number in range(sets):
        probability = float(prior.beta(0.5, 0.5))
        generator = np.random.default_rng(210_000 + number)
        wish = [{"half_width": 0.02}, {"standard_error": 0.01}][number % 2]
        run = run_until(
            lambda start, stop, g=generator, p=probability: (int(g.binomial(stop - start, p)), stop - start),
            first=20,
            growth=1.05,
            confidence=0.8,
            **wish,
        )
        count += not run.low <= probability <= run.high
    return misses(count, sets, 0.8)


def measure_risks(sets):
    """Runs on squared errors of a star, whose interval holds asymptotically."""
    prior = np.random.default_rng(22)
    count = 0
    for number in range(sets):
        correlation = float(prior.uniform(0, 1))
        observe = squared_errors(AveragingStar(agents=4, correlation=correlation), seed=220_000 + number)
        run = run_mean_until(observe, half_width=0.05, first=2**11, confidence=0.8)
        count += not run.low <= float(continuous.star_risk(4, correlation, 1.0, 0.0)) <= run.high
    return misses(count, sets, 0.8)


CHECKS = [
    Check(
        name=name,
        compares=f"simulated risk of {what} with its closed form",
        source=MODEL,
        measure=compare(seed, draw),
        small=small,
        large=15 * small,
    )
    for seed, (name, what, draw, small) in enumerate(
        [
            ("averaging stars", "stars", star, 8),
            ("averaging trees", "trees with a source at every aggregator", tree("component"), 8),
            ("averaging trees, copied", "trees with errors that are copied among siblings", tree("copied"), 8),
            ("floor of trees", "trees that start at their floor", at_floor, 8),
            ("running means", "chains that hand down a running mean", running_mean, 8),
            ("relayed estimates", "chains that relay one estimate", relay, 8),
            ("optimal chains", "long chains with optimal weights", optimal, 8),
        ],
        start=11,
    )
] + [
    Check(
        name="stopped shares",
        compares="misses of runs that stop themselves with the stated confidence",
        source="Ville's inequality",
        measure=measure_shares,
        small=100,
        large=2000,
    ),
    Check(
        name="stopped risks",
        compares="misses of runs that stop themselves with the stated confidence",
        source="arXiv 2103.06476",
        measure=measure_risks,
        small=30,
        large=300,
    ),
]


@pytest.mark.parametrize("large", [False, pytest.param(True, marks=pytest.mark.verify)], ids=["small", "large"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_agrees(check, large, judge):
    judge(check, large)


def test_a_slightly_wrong_risk_is_found_out():
    """Noise of messages 5% too large, or correlation read as shared by all leaves."""

    def louder(prior):
        organization, normals, risk = relay(prior)
        return organization, normals, risk + 0.05 * organization.message_variance * (organization.agents - 1)

    assert compare(16, louder)(16).p_value < 1e-7
    assert compare(12, tree("global"))(8).p_value < 1e-12
    assert misses(60, 100, 0.8).p_value < 1e-12
