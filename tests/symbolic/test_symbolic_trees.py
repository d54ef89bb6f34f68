"""Rules of trees and vote curves equal the theory on random inputs, in NumPy and in JAX, and can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from budgetsim.symbolic import (
    budget_threshold,
    continuous_leaves,
    continuous_tree,
    critical_values,
    exact_fixed_points,
    majority,
    phase_transition,
    stars_and_chains,
    tree_costs,
    vote_curves,
    vote_turns,
)
from budgetsim.symbolic.derivation import REGISTRY
from budgetsim.theory import continuous, organization, phase, vote_populations, votes
from budgetsim.theory import majority as majorities

Inputs = tuple[NDArray[np.float64], ...]
DRAWS = 300


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def odd(low: int, high: int) -> NDArray[np.float64]:
    return 2.0 * rng(1).integers(low // 2, high // 2 + 1, DRAWS) + 1.0


def uniform(low: float, high: float, seed: int) -> NDArray[np.float64]:
    return rng(seed).uniform(low, high, DRAWS)


def trees(low: float = 0.3) -> Inputs:
    return odd(3, 41), uniform(low, 1.0, 2), uniform(0.0, 0.7, 3)


def amplifying() -> Inputs:
    inputs = trees()
    above = phase.amplification(*inputs) > 1.02
    return tuple(part[above] for part in inputs)


def exponents() -> Inputs:
    organization_exponent = uniform(0.1, 0.49, 4)
    return organization_exponent * uniform(0.05, 0.9, 6), organization_exponent, uniform(1.0, 200.0, 7)


def two_kinds() -> Inputs:
    share, easy, hard = uniform(0.1, 0.9, 8), uniform(0.51, 0.99, 9), uniform(0.01, 0.49, 10)
    falling = easy + hard > 1.01
    return share[falling], easy[falling], hard[falling]


def estimates() -> Inputs:
    return odd(3, 41) - 1.0, uniform(0.0, 0.9, 11), uniform(0.1, 5.0, 12), uniform(0.1, 5.0, 13)


def each(function: Callable[..., Any]) -> Callable[..., NDArray[np.float64]]:
    return lambda *columns: np.array([function(*row) for row in zip(*columns, strict=True)])


fan_in, correlation, leaf, noise = estimates()
agents, depth = rng(14).integers(1, 60, DRAWS).astype(float), rng(15).integers(0, 9, DRAWS).astype(float)
cost = exponents()
strong = [part[phase.amplification(3.0, *trees(0.8)[1:]) > 1.02] for part in trees(0.8)[1:]]
share, easy, hard = two_kinds()

# maker -> (inputs in the order of its arguments, what the theory says there)
CASES: dict[Callable[..., Any], tuple[Inputs, Callable[..., Any]]] = {
    majority.slope: ((odd(1, 401),), majorities.majority_slope),
    majority.voted_bias: ((odd(1, 101), uniform(-1.0, 1.0, 20)), majorities.majority_bias),
    majority.voted_bias_derivative: ((odd(1, 101), uniform(-1.0, 1.0, 20)), majorities.majority_bias_derivative),
    phase_transition.one_level_map: ((uniform(0.0, 1.0, 21), *trees()), phase.one_level_map),
    phase_transition.amplification_factor: (trees(), phase.amplification),
    phase_transition.fixed_point: (amplifying(), phase.fixed_point),
    phase_transition.mixing_slope: (amplifying(), phase.mixing_slope),
    critical_values.critical_fidelity: ((odd(3, 41), uniform(0.0, 0.9, 3)), phase.critical_fidelity),
    critical_values.critical_correlation: ((odd(3, 41), uniform(0.2, 1.0, 2)), phase.critical_correlation),
    critical_values.amplification_requirement: (trees()[1:], phase.amplification_requirement),
    critical_values.near_threshold_coefficient: (trees(), phase.near_threshold_coefficient),
    exact_fixed_points.fixed_point_of_three: (
        tuple(strong),
        lambda fidelity, rho: phase.fixed_point(3, fidelity, rho),
    ),
    exact_fixed_points.fixed_point_of_five: (
        tuple(strong),
        lambda fidelity, rho: phase.fixed_point(5, fidelity, rho),
    ),
    tree_costs.communication_cost_per_leaf: (
        (uniform(1.0, 99.0, 22), odd(3, 41)),
        organization.communication_cost_per_leaf,
    ),
    tree_costs.exact_tree_tokens: (
        (odd(3, 9), depth, uniform(1.0, 99.0, 23), uniform(1.0, 99.0, 22)),
        organization.exact_tree_tokens,
    ),
    tree_costs.organization_exponent: (trees(), organization.organization_exponent),
    budget_threshold.optimal_leaf_tokens: (cost, organization.optimal_leaf_tokens),
    budget_threshold.optimal_leaf_count: ((uniform(1e3, 1e6, 24), *cost), organization.optimal_leaf_count),
    budget_threshold.threshold_budget: (cost, organization.threshold_budget),
    continuous_leaves.continuous_optimal_leaf_tokens: (cost, continuous.continuous_optimal_leaf_tokens),
    continuous_tree.tree_floor: ((fan_in, correlation, noise), continuous.tree_floor),
    continuous_tree.tree_risk: ((fan_in, depth, correlation, leaf, noise), continuous.tree_risk),
    continuous_tree.tree_variance_exponent: ((fan_in, correlation), continuous.tree_variance_exponent),
    stars_and_chains.star_risk: ((agents, correlation, leaf, noise), continuous.star_risk),
    stars_and_chains.chain_relay_risk: ((depth, leaf, noise), continuous.chain_relay_risk),
    stars_and_chains.chain_running_mean_risk: ((agents, correlation, leaf, noise), continuous.chain_running_mean_risk),
    stars_and_chains.chain_optimal_floor: ((leaf, noise), continuous.chain_optimal_floor),
    vote_curves.majority_increment: ((uniform(0.02, 0.98, 25), odd(1, 101)), votes.majority_increment),
    vote_curves.vote_increment: (
        (uniform(0.2, 9.0, 26), uniform(0.2, 9.0, 27), odd(1, 101)),
        vote_populations.beta_vote_increment,
    ),
    vote_turns.turning_point: ((share, easy, hard), each(lambda *row: votes.optimal_vote_count(*row).real)),
    vote_turns.turning_share: ((easy, hard), each(lambda *row: votes.vote_regime(0.5, *row).threshold)),
}
MINE = {maker.__module__ for maker in CASES}
WITHOUT_THEORY = {"critical_values.near_threshold_fixed_point"}
# JAX cannot differentiate the incomplete beta function in its shapes
NO_SLOPE_IN_FAN_IN = {
    majority.voted_bias,
    phase_transition.one_level_map,
    phase_transition.fixed_point,
    phase_transition.mixing_slope,
}


def test_no_rule_of_these_modules_is_left_out():
    names = {name for name, maker in REGISTRY.items() if maker.__module__ in MINE}
    compared = {f"{maker.__module__.rsplit('.')[-1]}.{maker.__name__}" for maker in CASES}
    assert names - WITHOUT_THEORY == compared


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("maker", CASES, ids=lambda maker: maker.__name__)
def test_rule_equals_the_theory(maker: Callable[..., Any], backend: Any):
    inputs, theory = CASES[maker]
    rule = maker().numeric(backend)
    expected = np.asarray(theory(*inputs))
    assert expected.size > 50
    given = inputs if backend == "numpy" else tuple(jax.numpy.asarray(part) for part in inputs)
    np.testing.assert_allclose(rule(*given), expected, rtol=2e-10, atol=1e-13)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
@pytest.mark.parametrize("maker", CASES, ids=lambda maker: maker.__name__)
def test_arrays_broadcast(maker: Callable[..., Any], backend: Any):
    inputs, _ = CASES[maker]
    rule = maker().numeric(backend)
    pairwise = [part[:2] for part in inputs]
    open_grid = np.ix_(*pairwise)
    grid = np.asarray(rule(*open_grid))
    assert grid.shape == (2,) * len(inputs)
    one = rule(*(float(part[-1]) for part in pairwise))
    np.testing.assert_allclose(grid[(-1,) * len(inputs)], one, rtol=1e-12)
    if backend == "numpy":
        assert isinstance(one, float)


@pytest.mark.verify
@pytest.mark.parametrize("maker", CASES, ids=lambda maker: maker.__name__)
def test_slopes_equal_differences(maker: Callable[..., Any]):
    inputs, _ = CASES[maker]
    rule = maker().numeric("jax")
    point = [float(part[3]) for part in inputs]
    first = 1 if maker in NO_SLOPE_IN_FAN_IN else 0
    skip = {1} if maker is phase_transition.one_level_map else {0} if first else set()
    for position, value in enumerate(point):
        if position in skip:
            continue
        slope = jax.jit(jax.grad(rule, argnums=position))(*point)
        step = 1e-5 * max(abs(value), 0.1)
        ends = [rule(*point[:position], value + sign * step, *point[position + 1 :]) for sign in (1, -1)]
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2.0 * step), rtol=2e-5, atol=1e-7)


def test_below_the_threshold_there_is_no_fixed_point():
    for backend in ("numpy", "jax"):
        point = phase_transition.fixed_point().numeric(backend)([3.0, 5.0, 3.0], [0.6, 0.6, 1.0], [0.0, 0.1, 0.0])
        np.testing.assert_allclose(np.asarray(point), [np.nan, 5.0 / 9.0, 1.0], rtol=1e-12)


def test_near_the_threshold_the_cubic_rule_is_close():
    rule = critical_values.near_threshold_fixed_point().numeric()
    for excess, tolerance in ((1e-2, 2e-2), (1e-4, 2e-4)):
        fidelity = (1.0 + excess) * phase.critical_fidelity(5, 0.1)
        exact = phase.fixed_point(5, fidelity, 0.1)
        assert abs(rule(5, fidelity, 0.1) / exact - 1.0) < tolerance
