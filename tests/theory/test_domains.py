"""Every public function of trees, allocations, schedules and value trees, pushed out of its domain and back.

The tables are written by hand, so that a domain that is missing in the code is missed here. Every argument is tried
with each value outside and with NaN: as a number and in a NumPy array it raises, naming argument and value; traced by
JAX it gives NaN there and leaves its neighbours alone. Inside, numbers give numbers, NumPy gives NumPy, JAX gives JAX;
arguments broadcast, derivatives are finite, ``vmap`` gives the same.
"""

import inspect
import re
from functools import partial
from types import ModuleType
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import (
    bbam,
    bbam_capped,
    bbam_common,
    continuous,
    correlation,
    correlation_sources,
    heterogeneity,
    latent_difficulty,
    learning_rates,
    majority,
    mixed_levels,
    organization,
    phase,
    plan_and_budget,
    plurality_slopes,
    plurality_trees,
    predictors,
    profiles,
    quadratics,
    regime,
    saturation,
    unequal_agents,
    value_tree,
    value_tree_bounds,
    value_tree_pool,
    value_tree_risks,
    value_tree_variants,
    vote_populations,
    votes,
    window,
)

inf, nan = np.inf, np.nan


class Given(NamedTuple):
    """A value inside the domain and some outside; ``static``: shapes the computation and cannot be traced."""

    inside: object
    outside: tuple[float, ...]
    static: bool = False
    whole: bool = False


def number(inside, *outside):
    return Given(inside, outside)


def count(inside, least, *, odd=False, static=False):
    outside = (least - 1, least + 0.5, -inf, inf) + ((least + 1,) if odd else ())
    return Given(inside, outside, static=static, whole=True)


BIAS = number(0.3, -1.01, 1.01)
POSITIVE_BIAS = number(0.3, 0.0, -0.1, 1.01)
SHARE = number(0.3, -0.01, 1.01)
SHARE_BELOW_ONE = number(0.3, -0.01, 1.0)
PROPER = number(0.3, 0.0, 1.0)
FRACTION_LEFT = number(0.4, 0.0, 1.01, -0.1)
FIDELITY = number(0.9, 0.0, 1.01, -0.5)
RHO = number(0.1, -0.01, 1.01)
RHO_BELOW_ONE = number(0.1, -0.01, 1.0)
FINITE = number(0.7, inf, -inf)
ZERO_UP = number(1.7, -0.1, inf)
ABOVE_ZERO = number(1.7, 0.0, -0.1, inf)
ODD = count(5, 1, odd=True)
VOTE = count(5, 3, odd=True)
DEPTH = count(3, 0)
ONE_UP = count(4, 1)
TWO_UP = count(3, 2)
ABOVE_ONE = number(3.0, 1.0, 0.5, inf)
TREE = {"fan_in": ODD, "fidelity": FIDELITY, "correlation": RHO}
VOTE_TREE = {"fan_in": VOTE, "fidelity": FIDELITY, "correlation": RHO}
DEEP = {"fan_in": ODD, "depth": DEPTH, "fidelity": FIDELITY, "correlation": RHO}
ROW_OF_SHARES = number([0.9, 0.4], -0.01, 1.01)
WEIGHTS = number([0.6, 0.5], -0.1, inf)
PROBLEMS = {"probability_atoms": ROW_OF_SHARES, "weights": WEIGHTS}
LEVELS = {"fan_ins": Given([3, 5], (0, 2, 3.5, inf), whole=True), "fidelities": number([0.9, 0.8], 0.0, 1.01)}
LEVELS |= {"correlations": number([0.1, 0.2], -0.01, 1.01)}
FIDELITIES = number([0.9, 0.8, 0.6], 0.0, 1.01)
LEAF = {"leaf_constant": number(0.02, 0.0, -1.0, inf), "compute_exponent": number(0.2, 0.0, -1.0, inf)}
EXPONENTS = {"compute_exponent": number(0.2, 0.0, inf), "organization_exponent": number(0.344, 0.0, inf)}
COST = number(50.0, -1.0, inf)
COST_ABOVE_ZERO = number(50.0, 0.0, -1.0, inf)
BUDGET = number(1000.0, 0.0, -1.0, inf)
VARIANCE = number(1.5, -0.1, inf)
VARIANCES = {"leaf_variance": VARIANCE, "message_variance": number(0.5, -0.1, inf)}
SUBS = {"initial_uncertainty": number([5.0, 20.0], 0.0, -1.0, inf), "decay_rate": number([1.0, 1.5], 0.0, -1.0, inf)}
COMMON = {"initial_uncertainty": SUBS["initial_uncertainty"], "decay_rate": number(1.5, 0.0, inf), "budget": BUDGET}
USED = number(0.3, -0.01, 1.01)
CURVATURES = {"lowest_curvature": number(0.5, 0.0, inf), "highest_curvature": number(2.0, 0.0, inf)}
GAINS = count(3, 1)
SEARCH = {"gains": GAINS, "advance": number(0.2, 0.0, 1.01), "failure": number(0.05, 0.0, 1.0)}
POOL = {"progress": SHARE, "pool_size": ONE_UP, "competition": number(1.2, 0.0, inf)}
VALUES = number([0.2, 0.4, 0.7], -0.1, inf)

CASES = [
    (majority.majority_slope, {"fan_in": ODD}),
    (majority.majority_bias, {"fan_in": ODD, "bias": BIAS}),
    (majority.majority_bias_derivative, {"fan_in": ODD, "bias": BIAS}),
    (phase.one_level_map, {"bias": BIAS, **TREE}),
    (phase.one_level_map_shared_before_channel, {"bias": BIAS, **TREE}),
    (phase.iterate_bias, {"bias": BIAS, **DEEP}),
    (phase.relay_bias, {"bias": BIAS, "depth": DEPTH, "fidelity": FIDELITY}),
    (phase.amplification, TREE),
    (phase.critical_correlation, {"fan_in": VOTE, "fidelity": FIDELITY}),
    (phase.critical_fidelity, {"fan_in": ODD, "correlation": RHO}),
    (phase.amplification_requirement, {"fidelity": FIDELITY, "correlation": RHO_BELOW_ONE}),
    (phase.fixed_point, TREE),
    (phase.near_threshold_coefficient, TREE),
    (phase.mixing_slope, TREE),
    (phase.growth_depth, {"bias": POSITIVE_BIAS, **TREE}),
    (phase.extra_mixing_levels, {"tolerance": PROPER, **TREE}),
    (votes.majority_vote_accuracy, {"probability": SHARE, "votes": ONE_UP}),
    (votes.majority_increment, {"probability": SHARE, "votes": ODD}),
    (votes.two_level_vote, {"votes": ONE_UP, "share": SHARE, "easy": SHARE, "hard": SHARE}),
    *(
        (curve, {"votes": ZERO_UP, "linear": FINITE, "root": FINITE, "constant": FINITE})
        for curve in (votes.hard_vote_curve, votes.easy_vote_curve)
    ),
    (regime.regime_codes, {**VOTE_TREE, **LEAF, "message_tokens": ABOVE_ZERO, "budget": BUDGET}),
    (unequal_agents.unequal_majority_bias, {"biases": number([0.2, 0.4, 0.9], -1.01, 1.01)}),
    (
        unequal_agents.unequal_one_level_map,
        {"biases": number([0.2, 0.4, 0.9], -1.01, 1.01), "fidelities": FIDELITIES, "correlation": RHO},
    ),
    (unequal_agents.unequal_amplification, {"fidelities": FIDELITIES, "correlation": RHO}),
    (
        unequal_agents.iterate_unequal,
        {"bias": BIAS, "fidelities": FIDELITIES, "depth": DEPTH, "correlation": RHO},
    ),
    (mixed_levels.iterate_levels, {"bias": BIAS, **LEVELS}),
    (mixed_levels.levels_slope, {"bias": BIAS, **LEVELS}),
    (mixed_levels.levels_amplification, LEVELS),
    (mixed_levels.levels_exponent, LEVELS | {"fan_ins": Given([3, 5], (1, 2, 3.5, inf), whole=True)}),
    (heterogeneity.mixture_accuracy, {**PROBLEMS, **DEEP}),
    (partial(heterogeneity.mapped_accuracy, lambda bias: 0.5 * bias), PROBLEMS),
    (heterogeneity.beta_problems, {"alpha": ABOVE_ZERO, "beta": ABOVE_ZERO, "nodes": count(4, 1, static=True)}),
    (heterogeneity.beta_accuracy, {"alpha": ABOVE_ZERO, "beta": ABOVE_ZERO, **DEEP}),
    (heterogeneity.empirical_problems, {"correct": count(3, 0), "samples": ONE_UP}),
    (vote_populations.population_vote_accuracy, {**PROBLEMS, "votes": ODD}),
    (vote_populations.population_vote_increment, {**PROBLEMS, "votes": ODD}),
    (vote_populations.population_vote_limit, PROBLEMS),
    (vote_populations.beta_vote_increment, {"alpha": ABOVE_ZERO, "beta": ABOVE_ZERO, "votes": ODD}),
    (
        vote_populations.beta_vote_accuracy,
        {"alpha": ABOVE_ZERO, "beta": ABOVE_ZERO, "votes": count(5, 1, odd=True, static=True)},
    ),
    (latent_difficulty.problem_balance, PROBLEMS),
    (latent_difficulty.deep_mean_bias, {**PROBLEMS, **TREE}),
    (latent_difficulty.mean_gain, {**PROBLEMS, **DEEP}),
    (
        latent_difficulty.improvement_correlation,
        {"fan_in": VOTE, "fidelity": FIDELITY, "mean_bias": POSITIVE_BIAS, "balance": number(0.8, -1.01, 1.01)},
    ),
    (correlation_sources.problem_correlation, {**PROBLEMS, "fidelity": FIDELITY}),
    (correlation_sources.total_correlation, {"problem_correlation": RHO, "correlation": RHO}),
    (correlation_sources.correlation_given_problem, {"total_correlation": SHARE, "problem_correlation": RHO_BELOW_ONE}),
    (correlation_sources.misattribution, {**VOTE_TREE, "problem_correlation": RHO}),
    (correlation_sources.redrawn_least_fidelity, {"correlation": PROPER}),
    (plurality_trees.winning_threshold, {"dominance": SHARE}),
    (organization.leaf_bias, {"leaf_tokens": ZERO_UP, **LEAF}),
    (organization.saturating_leaf_bias, {"leaf_tokens": ZERO_UP, **LEAF}),
    (organization.organization_exponent, VOTE_TREE),
    (
        organization.communication_cost_per_leaf,
        {"message_tokens": ZERO_UP, "fan_in": ABOVE_ONE, "aggregator_tokens": ZERO_UP},
    ),
    (
        organization.exact_tree_tokens,
        {
            "fan_in": ABOVE_ONE,
            "depth": DEPTH,
            "leaf_tokens": ZERO_UP,
            "message_tokens": ZERO_UP,
            "aggregator_tokens": ZERO_UP,
        },
    ),
    (organization.optimal_leaf_tokens, {**EXPONENTS, "communication_cost": COST}),
    (organization.optimal_leaf_count, {"budget": BUDGET, **EXPONENTS, "communication_cost": COST_ABOVE_ZERO}),
    (
        organization.optimal_depth,
        {"budget": BUDGET, **EXPONENTS, "communication_cost": COST_ABOVE_ZERO, "fan_in": ABOVE_ONE},
    ),
    (organization.threshold_budget, {**EXPONENTS, "communication_cost": COST}),
    (
        organization.continuous_tree_bias,
        {"budget": BUDGET, "leaf_constant": ABOVE_ZERO, **EXPONENTS, "communication_cost": COST_ABOVE_ZERO},
    ),
    (saturation.saturation_budgets, {**VOTE_TREE, "message_tokens": ABOVE_ZERO, **LEAF}),
    (saturation.binary_star_bias, {"agents": VOTE, "fidelity": FIDELITY, "correlation": RHO, "bias": POSITIVE_BIAS}),
    (window.max_star_agents, {"window": BUDGET, "message_tokens": ABOVE_ZERO}),
    (window.max_tree_fan_in, {"window": BUDGET, "message_tokens": ABOVE_ZERO}),
    (window.ExponentialFidelity(20.0, 0.7), {"message_tokens": ABOVE_ZERO}),
    (window.HyperbolicFidelity(20.0), {"message_tokens": ABOVE_ZERO}),
    (window.MeasuredFidelity((1.0, 2.0), (0.5, 0.9)), {"message_tokens": ABOVE_ZERO}),
    (predictors.clipped_predictor, {"bias": POSITIVE_BIAS, **TREE, "depth": ZERO_UP}),
    (predictors.smooth_predictor, {"bias": POSITIVE_BIAS, **TREE, "depth": ZERO_UP}),
    (
        predictors.certified_lower_bound,
        {"bias": POSITIVE_BIAS, **TREE, "depth": ZERO_UP, "levels": number([0.2, 0.5], 0.0, 1.01)},
    ),
    (continuous.tree_floor, {"fan_in": TWO_UP, "correlation": RHO_BELOW_ONE, "message_variance": VARIANCE}),
    (continuous.tree_risk, {"fan_in": TWO_UP, "depth": ZERO_UP, "correlation": RHO_BELOW_ONE, **VARIANCES}),
    (continuous.tree_variance_exponent, {"fan_in": TWO_UP, "correlation": RHO}),
    (continuous.star_risk, {"agents": ONE_UP, "correlation": RHO, **VARIANCES}),
    (continuous.chain_running_mean_risk, {"agents": ONE_UP, "correlation": RHO, **VARIANCES}),
    (continuous.chain_relay_risk, {"depth": ZERO_UP, **VARIANCES}),
    (continuous.chain_optimal_floor, VARIANCES),
    (
        continuous.continuous_mixing_depth,
        {
            "fan_in": TWO_UP,
            "correlation": RHO_BELOW_ONE,
            "leaf_variance": number(2.0, 0.0, inf),
            "message_variance": number(0.5, 0.0, inf),
            "tolerance": number(0.1, 0.0, inf),
        },
    ),
    (
        continuous.continuous_optimal_leaf_tokens,
        {
            "variance_compute_exponent": number(0.3, 0.0, inf),
            "tree_exponent": number(0.57, 0.0, inf),
            "communication_cost": COST,
        },
    ),
    (
        correlation.correlation_estimator,
        {"mean_squared_sum": ZERO_UP, "mean_vote": number(0.1, -1.0, 1.0), "fan_in": TWO_UP},
    ),
    (correlation.effective_sample_size, {"agents": ONE_UP, "correlation": RHO}),
    (
        correlation.beta_binomial_majority_bias,
        {"fan_in": count(5, 1, odd=True, static=True), "bias": BIAS, "correlation": RHO_BELOW_ONE},
    ),
    (
        correlation.beta_binomial_majority_slope,
        {"fan_in": count(5, 1, odd=True, static=True), "correlation": RHO_BELOW_ONE},
    ),
    (bbam.epistemic_uncertainty, {**SUBS, "budgets": number([10.0, 30.0], -0.1, inf)}),
    (
        bbam.bam_exact,
        {
            **SUBS,
            "budget": BUDGET,
            "lower": number([1.0, 2.0], -0.1, inf),
            "upper": number([900.0, 800.0], 0.0, -1.0),
            "reward_scale": number(2.0, 0.0, inf),
        },
    ),
    (bbam.bam_eq6, {**SUBS, "budget": BUDGET}),
    (bbam.eq6_excess, {**SUBS, "budget": BUDGET}),
    (
        bbam.bam_integer,
        {
            **SUBS,
            "budget": count(30, 1),
            "lower": Given([1, 2], (0, 1.5, inf), whole=True),
            "upper": Given([25, 20], (0, 1.5), whole=True),
        },
    ),
    (bbam_common.min_epistemic_uncertainty, COMMON),
    (bbam_common.shadow_price, {**COMMON, "reward_scale": number(2.0, 0.0, inf)}),
    (bbam_common.uniform_over_optimal, {name: COMMON[name] for name in ("initial_uncertainty", "decay_rate")}),
    (bbam_common.peak_decay_rate, {"uncertainty_over_price": ABOVE_ZERO}),
    (bbam_common.matching_geometric_base, {"uncertainty_ratio": ABOVE_ZERO, "decay_rate": ABOVE_ZERO}),
    (
        bbam_capped.capped_allocation,
        {**SUBS, "budget": BUDGET, "residual_uncertainty": number([0.1, 0.2], -0.01, 1.01)},
    ),
    (plan_and_budget.word_budget_tokens, {"words": ZERO_UP, "tokens_per_word": ABOVE_ZERO}),
    (plan_and_budget.e3_score, {"accuracy_percent": number(90.0, -1.0, 100.5), "tokens": ABOVE_ZERO}),
    (plan_and_budget.e3_breakeven_tokens, {"tokens": ABOVE_ZERO, "relative_loss": number(0.05, 1.01, -inf)}),
    (profiles.rex_profile, {"used": USED, "shape": number(0.5, 1.01, -inf)}),
    (profiles.misnamed_rex_profile, {"used": USED}),
    (profiles.uba_profile, {"used": USED, "shape": ZERO_UP}),
    (profiles.uba_as_rex, {"used": USED, "shape": ZERO_UP}),
    (profiles.uba_mean, {"shape": ZERO_UP}),
    (profiles.uba_mean_square, {"shape": ZERO_UP}),
    (profiles.uba_half_height, {"shape": ABOVE_ZERO}),
    (profiles.constant_profile, {"used": USED}),
    (profiles.linear_profile, {"used": USED}),
    (profiles.cosine_profile, {"used": USED}),
    (profiles.exponential_profile, {"used": USED, "rate": ZERO_UP}),
    (profiles.step_profile, {"used": number(0.6, -0.01, 1.01), "factor": SHARE}),
    (profiles.one_cycle_profile, {"used": USED, "warm_up": number(0.4, 0.0, 1.0), "start": SHARE}),
    (profiles.held_fraction, {"used": USED, "interval": number(0.25, 0.0, 1.01)}),
    (learning_rates.LearningRate(10, 0.1, warm_up=2, floor=0.01), {"step": count(3, 0)}),
    (
        learning_rates.uba_step_size,
        {"step": ZERO_UP, "steps": number(9.0, 0.0, inf), "peak": ABOVE_ZERO, "floor": ZERO_UP, "shape": ZERO_UP},
    ),
    (quadratics.chebyshev_steps, {**CURVATURES, "steps": count(3, 1, static=True)}),
    (
        quadratics.uba_chebyshev_steps,
        {"condition_number": number(3.0, 0.99, inf), "steps": count(3, 1, static=True)},
    ),
    (quadratics.chebyshev_contraction, {"condition_number": number(3.0, 0.99, inf), "steps": ONE_UP}),
    (quadratics.constant_step_contraction, {"condition_number": number(3.0, 0.99, inf), "steps": ONE_UP}),
    (
        quadratics.uba_nonconvex_bound,
        {
            "gap": ZERO_UP,
            "smoothness": number(2.0, 0.0, inf),
            "noise_variance": VARIANCE,
            "peak": number(0.1, 0.0, inf),
            "shape": ZERO_UP,
            "steps": ONE_UP,
        },
    ),
    (
        partial(quadratics.noisy_quadratic_loss, profiles.rex_profile),
        {
            "steps": count(5, 1, static=True),
            "peak": ABOVE_ZERO,
            "noise": ZERO_UP,
            "dimensions": count(3, 1, static=True),
        },
    ),
    (value_tree.selection_probabilities, {"values": VALUES, "remaining_ratio": FRACTION_LEFT}),
    (value_tree.residual_value, {"parent": SHARE, "gain": FINITE}),
    (
        value_tree.remaining_ratio,
        {
            "calls_left": number(1.0, -0.1, inf),
            "calls": number(5.0, 0.0, inf),
            "tokens_left": number(700.0, -0.1, inf),
            "tokens": number(2000.0, 0.0, inf),
        },
    ),
    (
        partial(value_tree.back_propagated_values, parents=[-1, 0, 0]),
        {"values": number([0.1, 0.4, 0.2], inf, -inf)},
    ),
    (value_tree_bounds.required_gains, {"threshold": number(0.8, -0.1, 1.01), "start": SHARE, "gain": ABOVE_ZERO}),
    (value_tree_bounds.step_bounds, SEARCH),
    (value_tree_bounds.single_gain_steps, {name: SEARCH[name] for name in ("advance", "failure")}),
    (value_tree_bounds.least_advance, {"gains": GAINS, "steps": count(9, 1), "failure": SEARCH["failure"]}),
    (value_tree_pool.advance_probability, {**POOL, "remaining_ratio": FRACTION_LEFT}),
    (value_tree_pool.mean_advance_probability, {**POOL, "stop_ratio": SHARE_BELOW_ONE}),
    (
        value_tree_pool.pool_steps,
        {
            "gains": GAINS,
            "failure": SEARCH["failure"],
            **POOL,
            "progress": number(0.3, 0.0, 1.01),
            "stop_ratio": SHARE_BELOW_ONE,
        },
    ),
    (
        value_tree_pool.growing_pool_failure,
        {"progress": SHARE, "gains": count(2, 1, static=True), "steps": count(5, 0, static=True)},
    ),
    (
        value_tree_risks.correct_answer_probability,
        {"progress": SHARE, "false_terminal": number(0.1, -0.01, 1.01), "gains": GAINS, "steps": count(9, 0)},
    ),
    (
        value_tree_risks.random_cost_budget,
        {
            **SEARCH,
            "lowest_cost": number(1.0, -0.1, inf),
            "highest_cost": number(3.0, -0.1, inf),
            "mean_cost": number(2.0, -0.1, inf),
        },
    ),
    (value_tree_variants.proportional_split, {"values": VALUES, "budget": ZERO_UP}),
    (value_tree_variants.split_depth, {"budget": BUDGET, "branching": TWO_UP, "cost": ABOVE_ZERO}),
    (
        value_tree_variants.max_backup_value,
        {"reward": FINITE, "discount": SHARE, "child_values": number([0.5, 0.7], inf, -inf)},
    ),
    (value_tree_variants.max_backup_bias, {"children": ONE_UP, "spread": ZERO_UP}),
    (
        value_tree_variants.ucb_score,
        {"mean": FINITE, "weight": ZERO_UP, "remaining": ZERO_UP, "total": ZERO_UP, "visits": ZERO_UP},
    ),
    (value_tree_variants.inverted_selection, {"values": VALUES, "remaining_ratio": FRACTION_LEFT}),
    (
        value_tree_variants.uct_heuristic_score,
        {"value": FINITE, "remaining": ABOVE_ZERO, "fraction": SHARE, "visits": DEPTH},
    ),
]
# Whole rows in, whole rows out: a spare leading axis tells the rows apart.
KEEP_THE_ROW = {
    "selection_probabilities",
    "inverted_selection",
    "proportional_split",
    "back_propagated_values",
}


def label(function):
    function = function.func if isinstance(function, partial) else function
    return getattr(function, "__name__", type(function).__name__)


ARGUMENTS = [
    pytest.param(function, givens, name, id=f"{label(function)}-{name}")
    for function, givens in CASES
    for name in givens
]
FUNCTIONS = [pytest.param(function, givens, id=label(function)) for function, givens in CASES]
# Compiling takes about a second a function: every third one with `make test`, all with `make verify`.
COMPILED = [
    pytest.param(function, givens, id=label(function), marks=[pytest.mark.verify] if place % 3 else [])
    for place, (function, givens) in enumerate(CASES)
]


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def inside(givens):
    return {name: given.inside for name, given in givens.items()}


def spoiled(given, value):
    """The value inside with its last number replaced."""
    return [*given.inside[:-1], value] if isinstance(given.inside, list) else value


def parts(result):
    return list(result) if isinstance(result, tuple) else [result]


def of_rows(givens):
    return any(isinstance(given.inside, list) for given in givens.values())


def traced(function, givens):
    """The function of everything that may be traced, as one dictionary."""
    fixed = {name: given.inside for name, given in givens.items() if given.static}
    return jax.jit(lambda values: function(**values, **fixed))


def free(givens):
    return {name: given for name, given in givens.items() if not given.static}


def beside_rows(function, givens, values):
    """Numbers get an axis of their own beside rows that the function gives back."""
    if label(function) not in KEEP_THE_ROW:
        return values
    return {name: v if isinstance(givens[name].inside, list) else v[..., None] for name, v in values.items()}


@pytest.mark.parametrize(("function", "givens", "name"), ARGUMENTS)
def test_outside_is_named(function, givens, name):
    given = givens[name]
    for value in (*given.outside, nan):
        bad = spoiled(given, value)
        kinds = [bad] if given.static else [bad, np.asarray(bad, dtype=float), np.asarray([given.inside, bad], float)]
        for kind in kinds:
            with pytest.raises(ValueError, match=rf"^{name} must be ") as caught:
                function(**{**inside(givens), name: kind})
            said = float(re.search(r"got (\S+)$", str(caught.value))[1])
            assert said == value or (np.isnan(said) and np.isnan(value))


@pytest.mark.parametrize(("function", "givens"), COMPILED)
def test_outside_is_nan_where_traced(function, givens):
    good = {name: given.inside for name, given in free(givens).items()}
    settings = [good]
    for name, given in free(givens).items():
        settings += [{**good, name: spoiled(given, value)} for value in (*given.outside, nan)]
    batch = {name: jnp.asarray([setting[name] for setting in settings], dtype=float) for name in good}
    together = parts(traced(function, givens)(beside_rows(function, givens, batch)))
    for part, expected in zip(together, parts(function(**inside(givens))), strict=True):
        assert isinstance(part, jax.Array)
        assert part.dtype == jnp.float64
        np.testing.assert_allclose(part[0], expected, rtol=1e-9, atol=1e-12)
        spoilt = np.isnan(np.asarray(part)).reshape(len(settings), -1)
        assert not spoilt[0].any()
        said = [setting for setting, all_nan in zip(settings[1:], spoilt[1:].all(axis=1), strict=True) if not all_nan]
        assert said == []


@pytest.mark.parametrize(("function", "givens"), FUNCTIONS)
def test_kinds_are_kept(function, givens):
    plain = parts(function(**inside(givens)))
    if not of_rows(givens) and all(np.ndim(part) == 0 for part in plain):
        assert {type(part) for part in plain} <= {float, int}
    else:
        assert all(isinstance(part, (float, np.ndarray, np.generic)) for part in plain)
    arrays = {name: np.asarray(given.inside, dtype=float) for name, given in free(givens).items()}
    for part, expected in zip(parts(function(**{**inside(givens), **arrays})), plain, strict=True):
        assert isinstance(part, (np.ndarray, np.generic))
        assert part.dtype in (np.float64, np.int64)
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize(("function", "givens"), FUNCTIONS)
def test_arguments_broadcast(function, givens):
    plain = parts(function(**inside(givens)))
    names = list(free(givens))
    for first, second in zip(names, names[1:] + names[:1], strict=True):
        wide = {}
        for name, shape in ((first, (2, 1)), (second, (3,))):
            value = np.asarray(givens[name].inside, dtype=float)
            wide[name] = np.broadcast_to(value, shape + value.shape)
        shape = (2, 3) if len(wide) == 2 else (3,)
        result = parts(function(**{**inside(givens), **beside_rows(function, givens, wide)}))
        for part, expected in zip(result, plain, strict=True):
            whole = np.broadcast_to(part, shape + np.shape(expected))
            np.testing.assert_allclose(whole, np.broadcast_to(expected, whole.shape), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("function", "givens"), COMPILED)
def test_derivatives_are_finite_and_vmap_gives_the_same(function, givens):
    values = {name: jnp.asarray(given.inside, dtype=float) for name, given in free(givens).items()}
    slow = {name: value for name, value in values.items() if not givens[name].whole}
    known = {name: given.inside for name, given in givens.items() if name not in slow}

    def total(slow):
        return sum(jnp.sum(jnp.asarray(part)) for part in parts(function(**slow, **known)))

    if slow:
        slopes = jax.jit(jax.grad(total))(slow)
        assert {name for name, slope in slopes.items() if not np.isfinite(slope).all()} == set()
    batch = {name: jnp.stack([value, value]) for name, value in values.items()}
    together = parts(jax.vmap(traced(function, givens))(batch))
    for part, expected in zip(together, parts(function(**inside(givens))), strict=True):
        np.testing.assert_allclose(part, np.stack([expected, expected]), rtol=1e-9, atol=1e-12)


# Conditions between arguments: a function, arguments that break one, the numbers that the message must name.
RELATIONS = [
    (
        organization.optimal_leaf_tokens,
        {"compute_exponent": 0.4, "organization_exponent": 0.3},
        {"communication_cost": 5.0},
    ),
    (
        organization.optimal_leaf_count,
        {"compute_exponent": 0.4, "organization_exponent": 0.3},
        {"budget": 9.0, "communication_cost": 5.0},
    ),
    (
        organization.threshold_budget,
        {"compute_exponent": 0.3, "organization_exponent": 0.3},
        {"communication_cost": 5.0},
    ),
    (
        saturation.saturation_budgets,
        {"compute_exponent": 0.45},
        {"fan_in": 5, "fidelity": 0.9, "correlation": 0.0, "message_tokens": 1.0, "leaf_constant": 0.1},
    ),
    (
        predictors.smooth_predictor,
        {},
        {"bias": 0.1, "fan_in": 3, "depth": 2.0, "fidelity": 0.5, "correlation": 0.0},
    ),
    (
        continuous.continuous_optimal_leaf_tokens,
        {"variance_compute_exponent": 0.6, "tree_exponent": 0.5},
        {"communication_cost": 5.0},
    ),
    (heterogeneity.empirical_problems, {"correct": 5, "samples": 4}, {}),
    (heterogeneity.mixture_accuracy, {}, {"probability_atoms": [0.5], "weights": [0.0], **inside(DEEP)}),
    (
        latent_difficulty.mean_gain,
        {"mean_bias": 0.0},
        {"probability_atoms": [0.75, 0.25], "weights": [0.5, 0.5], **inside(DEEP)},
    ),
    (bbam.bam_exact, {}, {"initial_uncertainty": [1.0], "decay_rate": [1.0], "budget": 5.0, "upper": [4.0]}),
    (quadratics.chebyshev_steps, {"lowest_curvature": 2.0, "highest_curvature": 1.0}, {"steps": 3}),
    (
        quadratics.uba_nonconvex_bound,
        {"peak": 0.6, "smoothness": 2.0},
        {"gap": 1.0, "noise_variance": 1.0, "shape": 1.0, "steps": 10},
    ),
    (
        learning_rates.uba_step_size,
        {"floor": 0.2, "peak": 0.1},
        {"step": 1.0, "steps": 10.0},
    ),
    (value_tree.remaining_ratio, {"calls_left": 6.0, "calls": 5.0}, {"tokens_left": 1.0, "tokens": 2.0}),
    (value_tree.selection_probabilities, {}, {"values": [0.0, 0.0], "remaining_ratio": 0.5}),
    (value_tree_variants.proportional_split, {}, {"values": [0.0, 0.0], "budget": 5.0}),
    (value_tree_variants.split_depth, {"budget": 2.0, "cost": 3.0}, {"branching": 2}),
    (value_tree_bounds.least_advance, {"steps": 2, "gains": 3}, {"failure": 0.1}),
    (value_tree_risks.correct_answer_probability, {"progress": 0.7, "false_terminal": 0.4}, {"gains": 1, "steps": 4}),
    (
        value_tree_risks.random_cost_budget,
        {"mean_cost": 4.0, "lowest_cost": 1.0, "highest_cost": 3.0},
        inside(SEARCH),
    ),
]


@pytest.mark.parametrize(
    ("function", "named", "others"), [pytest.param(*relation, id=label(relation[0])) for relation in RELATIONS]
)
def test_conditions_between_arguments(function, named, others):
    given = {name: value for name, value in {**named, **others}.items() if name != "mean_bias"}
    with pytest.raises(ValueError, match="must") as caught:
        function(**given)
    for name, value in named.items():
        assert re.search(rf"{name} {value:g}\b", str(caught.value))
    fixed = {"steps": given.pop("steps")} if function is quadratics.chebyshev_steps else {}
    arrays = {name: jnp.asarray(value, dtype=float) for name, value in given.items()}
    result = parts(jax.jit(lambda arrays: function(**arrays, **fixed))(arrays))
    assert any(np.isnan(part).all() for part in result)


# Searches over whole numbers and rules for known numbers: a function, its arguments, values outside.
LEAF_NUMBERS = {"leaf_constant": number(0.02, 0.0), "compute_exponent": number(0.2, 0.0)}
KNOWN = [
    (phase.minimum_fan_in, {"fidelity": FIDELITY, "correlation": RHO_BELOW_ONE}),
    (votes.optimal_vote_count, {"share": PROPER, "easy": number(0.8, 0.5, 1.0), "hard": number(0.4, 0.0, 0.5)}),
    (votes.vote_regime, {"share": PROPER, "easy": number(0.8, 0.5, 1.0), "hard": number(0.4, 0.0, 0.5)}),
    (regime.regime, {**VOTE_TREE, **LEAF_NUMBERS, "message_tokens": ABOVE_ZERO, "budget": BUDGET}),
    (
        vote_populations.best_vote_count,
        {**PROBLEMS, "most_votes": number(11, 0, inf), "price": number(0.01, -0.1, inf)},
    ),
    (
        saturation.best_integer_tree,
        {"budget": BUDGET, **VOTE_TREE, "message_tokens": ZERO_UP, **LEAF_NUMBERS},
    ),
    (
        partial(window.best_message_length, curve=window.HyperbolicFidelity(9.0)),
        {"window": BUDGET, "correlation": RHO, "step": ABOVE_ZERO},
    ),
    (
        plurality_slopes.plurality_slope,
        {"answers": count(3, 2), "fan_in": count(5, 1)},
    ),
    (
        plurality_slopes.lead_slope,
        {"share": number(0.3, 0.0, 0.6), "answers": count(3, 2), "fan_in": count(5, 1)},
    ),
    (
        plurality_slopes.plurality_critical_fidelity,
        {"answers": count(3, 2), "fan_in": count(5, 1), "correlation": RHO},
    ),
    (
        plurality_slopes.plurality_survival_fidelity,
        {"answers": count(3, 2), "fan_in": count(5, 3), "correlation": RHO},
    ),
    (
        partial(plan_and_budget.plan_and_budget_allocation, schedule="cosine"),
        {"credits": number([20.0, 30.0], -1.0, inf), "budget": count(60, 0), "guard": number(1e-9, -0.1, 1.0)},
    ),
    (
        partial(plan_and_budget.schedule_excess, "linear"),
        {
            "uncertainty_ratio": number(0.8, 0.0, inf),
            "decay_rate": number(1.0, 0.0, inf),
            "steps": count(4, 1),
            "budget": count(60, 1),
        },
    ),
    (partial(plan_and_budget.schedule_weights, "linear"), {"steps": count(4, 1)}),
    (value_tree.step_directive, {"parent": SHARE, "child": SHARE, "threshold": SHARE}),
    (
        value_tree_pool.exact_pool_steps,
        {
            **{name: SEARCH[name] for name in ("gains", "failure")},
            **POOL,
            "progress": number(0.3, 0.0, 1.01),
            "stop_ratio": SHARE_BELOW_ONE,
        },
    ),
]


@pytest.mark.parametrize(("function", "givens"), [pytest.param(*case, id=label(case[0])) for case in KNOWN])
def test_searches_name_what_is_outside_and_refuse_tracing(function, givens):
    function(**inside(givens))
    for name, given in givens.items():
        for value in (*given.outside, nan):
            with pytest.raises(ValueError, match=rf"^{name} must .* got .*{value:g}"):
                function(**{**inside(givens), name: spoiled(given, value)})
        with pytest.raises(TypeError, match=f"^{name} must be known before tracing: "):
            jax.jit(lambda value, name=name: function(**{**inside(givens), name: value}))(jnp.asarray(given.inside))
        if isinstance(given.inside, list):
            with pytest.raises(TypeError, match=f"^{name} must be known before tracing: "):
                jax.jit(lambda value, name=name: function(**{**inside(givens), name: [value]}))(0.5)


def test_no_public_function_is_missed():
    # Plurality has tests of its own (test_plurality_jax.py); the demands are shared by two rooms, not public.
    elsewhere = {"symmetric_channel", "winner_probabilities", "plurality_level", "iterate_plurality"}
    elsewhere |= {"published_demand", "chernoff_demand", "exact_steps"}
    elsewhere |= {"vote_difficulty"}  # swept in test_domains_more.py
    seen = {label(function) for function, _ in (*CASES, *KNOWN)}
    rooms = [room for room in globals().values() if isinstance(room, ModuleType)]
    for room in rooms:
        if not room.__name__.startswith("budgetsim.theory."):
            continue
        public = {
            name
            for name, thing in vars(room).items()
            if inspect.isfunction(thing) and thing.__module__ == room.__name__ and not name.startswith("_")
        }
        assert public - seen - elsewhere == set(), room.__name__
