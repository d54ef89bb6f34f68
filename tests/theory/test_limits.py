"""Limits, monotonicity, symmetry, concavity and units of the closed forms, on random arguments.

What one formula's own test file does not already hold: correlation to 1, fidelity to 0, fan-in and budgets to
infinity, changes of the unit of tokens, steps or values.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory import (
    bbam,
    bbam_capped,
    bbam_common,
    continuous,
    correlation,
    heterogeneity,
    mixed_levels,
    organization,
    phase,
    plurality,
    predictors,
    profiles,
    quadratics,
    saturation,
    unequal_agents,
    value_tree,
    value_tree_bounds,
    value_tree_pool,
    value_tree_risks,
    window,
)
from budgetsim.theory.learning_rates import LearningRate, uba_step_size

fan_ins = st.integers(1, 50).map(lambda half: 2 * half + 1)
fidelities = st.floats(0.05, 1.0)
shares = st.floats(0.0, 1.0)
correlations = st.floats(0.0, 0.99)
biases = st.floats(0.001, 1.0)
few = settings(max_examples=60, deadline=None)


# Trees of votes.


@few
@given(fan_ins, fidelities, biases, st.floats(1e-9, 1e-3))
def test_fully_shared_votes_are_one_vote(fan_in, fidelity, bias, left):
    received = fidelity * bias
    assert phase.one_level_map(bias, fan_in, fidelity, 1.0) == pytest.approx(received, rel=1e-14)
    # Linear in the correlation: what is left of the gain is the share that is not shared.
    gain = phase.one_level_map(bias, fan_in, fidelity, 0.0) - received
    near = phase.one_level_map(bias, fan_in, fidelity, 1.0 - left) - received
    assert near == pytest.approx(left * gain, rel=1e-6, abs=1e-15)
    assert phase.fixed_point(fan_in, min(fidelity, 0.999), 1.0) == 0.0
    assert organization.organization_exponent(fan_in, fidelity, 1.0) == pytest.approx(
        np.log(fidelity) / np.log(fan_in), abs=1e-14
    )


@few
@given(fan_ins, correlations, biases)
def test_without_fidelity_nothing_arrives(fan_in, rho, bias):
    faint = 1e-12
    most = phase.amplification(fan_in, faint, rho) * (1 + 1e-12)
    assert 0.0 < phase.one_level_map(bias, fan_in, faint, rho) <= most
    assert phase.fixed_point(fan_in, faint, rho) == 0.0
    assert phase.amplification(fan_in, faint, rho) == pytest.approx(faint * phase.amplification(fan_in, 1.0, rho))
    assert phase.growth_depth(bias, fan_in, faint, rho).real == np.inf


@few
@given(st.floats(0.05, 1.0), st.floats(0.0, 0.9), st.floats(0.05, 1.0))
def test_infinitely_many_votes(fidelity, rho, bias):
    # f tends to the sign: one level to rho gamma u + 1 - rho, the fixed point to (1 - rho) / (1 - rho gamma).
    many = 100_001
    assert phase.one_level_map(bias, many, fidelity, rho) <= rho * fidelity * bias + 1.0 - rho + 1e-12
    if fidelity * bias > 0.03:
        assert phase.one_level_map(bias, many, fidelity, rho) == pytest.approx(
            rho * fidelity * bias + 1.0 - rho, abs=1e-9
        )
    ceiling = (1.0 - rho) / (1.0 - rho * fidelity)
    assert phase.fixed_point(many, fidelity, rho) <= ceiling * (1 + 1e-12)
    if fidelity * ceiling > 0.03:
        assert phase.fixed_point(many, fidelity, rho) == pytest.approx(ceiling, abs=1e-9)
    # The slope grows like sqrt(2 b / pi): thresholds close like its inverse.
    steep = np.sqrt(2 * many / np.pi)
    assert phase.critical_fidelity(many, rho) == pytest.approx(1 / (rho + (1 - rho) * steep), rel=1e-4)
    assert phase.critical_correlation(many, fidelity) == pytest.approx(
        1 - (1 / fidelity - 1) / steep, abs=5e-3 / fidelity
    )


@few
@given(fan_ins, fidelities, correlations, fidelities, correlations)
def test_fixed_points_and_thresholds_move_the_right_way(fan_in, fidelity, rho, other_fidelity, other_rho):
    clear, faint = max(fidelity, other_fidelity), min(fidelity, other_fidelity)
    apart, alike = min(rho, other_rho), max(rho, other_rho)
    slack = 1e-9
    assert phase.fixed_point(fan_in, clear, apart) >= phase.fixed_point(fan_in, faint, alike) - slack
    assert phase.fixed_point(fan_in + 2, fidelity, rho) >= phase.fixed_point(fan_in, fidelity, rho) - slack
    assert phase.amplification(fan_in, clear, apart) >= phase.amplification(fan_in, faint, alike)
    assert phase.critical_fidelity(fan_in, alike) >= phase.critical_fidelity(fan_in, apart)
    assert phase.critical_correlation(fan_in, clear) >= phase.critical_correlation(fan_in, faint)
    assert phase.minimum_fan_in(clear, apart) <= phase.minimum_fan_in(faint, alike)


@few
@given(fan_ins, fidelities, shares, st.floats(-1.0, 1.0), st.integers(0, 30))
def test_trees_are_odd_and_deeper_ones_move_one_way(fan_in, fidelity, rho, bias, depth):
    tree = phase.iterate_bias(bias, fan_in, np.arange(depth, depth + 3), fidelity, rho)
    np.testing.assert_array_equal(tree, -phase.iterate_bias(-bias, fan_in, np.arange(depth, depth + 3), fidelity, rho))
    steps = np.diff(tree) * (1 if bias >= 0 else -1)
    assert np.all(steps >= -1e-14) or np.all(steps <= 1e-14)


@few
@given(fan_ins, fidelities, shares, biases, biases, st.integers(1, 8))
def test_trees_are_concave_for_positive_biases(fan_in, fidelity, rho, first, second, depth):
    def tree(bias):
        return phase.iterate_bias(bias, fan_in, depth, fidelity, rho)

    assert tree((first + second) / 2) >= (tree(first) + tree(second)) / 2 - 1e-12


@few
@given(st.integers(0, 20).map(lambda half: 2 * half + 1), st.floats(-1, 1), correlations)
def test_beta_binomial_votes_between_independence_and_one_vote(votes, bias, rho):
    ours = correlation.beta_binomial_majority_bias(votes, bias, rho)
    independent = phase.one_level_map(bias, votes, 1.0, 0.0)
    assert abs(bias) - 1e-9 <= abs(ours) <= abs(independent) + 1e-9
    assert ours == pytest.approx(-correlation.beta_binomial_majority_bias(votes, -bias, rho), abs=1e-12)
    assert correlation.beta_binomial_majority_bias(votes, bias, 0.0) == pytest.approx(independent, abs=1e-11)
    assert correlation.beta_binomial_majority_bias(votes, bias, 1 - 1e-9) == pytest.approx(bias, abs=1e-7)


@few
@given(st.lists(st.floats(-0.9, 0.9), min_size=5, max_size=5), correlations, st.permutations(range(5)))
def test_agents_have_no_names(unequal, rho, order):
    fidelity = np.linspace(0.5, 1.0, 5)
    shuffled = np.asarray(unequal)[order], fidelity[order]
    level = unequal_agents.unequal_one_level_map(unequal, fidelity, rho)
    assert unequal_agents.unequal_one_level_map(*shuffled, rho) == pytest.approx(level, abs=1e-13)


# Any map over a distribution of problems.


@few
@given(st.floats(0.2, 4.0), st.floats(0.2, 4.0), fan_ins, fidelities, correlations)
def test_any_map_over_problems(alpha, beta, fan_in, fidelity, rho):
    problems = heterogeneity.beta_problems(alpha, beta)

    def over(bias_map):
        return heterogeneity.mapped_accuracy(bias_map, *problems)

    tree = heterogeneity.beta_accuracy(alpha, beta, fan_in, 2, fidelity, rho)
    levels = over(lambda bias: mixed_levels.iterate_levels(bias, [fan_in, fan_in], fidelity, rho))
    assert levels == pytest.approx(tree, abs=1e-12)
    assert over(lambda bias: bias) == pytest.approx(alpha / (alpha + beta), abs=1e-10)
    assert over(lambda bias: 0.0 * bias) == pytest.approx(0.5, abs=1e-10)
    alike = unequal_agents.unequal_majority_bias
    assert over(lambda bias: alike(np.repeat(bias[..., None], 5, axis=-1))) == pytest.approx(
        heterogeneity.beta_accuracy(alpha, beta, 5, 1, 1.0, 0.0), abs=1e-10
    )


def test_beta_binomial_votes_over_observed_problems():
    problems = heterogeneity.empirical_problems([9, 2, 6], 10)
    mean = heterogeneity.mapped_accuracy(lambda bias: correlation.beta_binomial_majority_bias(3, bias, 0.2), *problems)
    # Of three exchangeable votes: 3 m2 - 2 m3 with the moments of Beta(4 p, 4 (1 - p)).
    by_hand = []
    for p in (0.9, 0.2, 0.6):
        second = p * (4 * p + 1) / 5
        by_hand.append(3 * second - 2 * second * (4 * p + 2) / 6)
    assert mean == pytest.approx(np.mean(by_hand), rel=1e-12)


# Budgets of trees: units, limits.


trees = st.tuples(fan_ins, st.floats(0.9, 1.0), st.floats(0.0, 0.1))


@few
@given(trees, st.floats(0.02, 0.2), st.floats(1.0, 200.0), st.floats(0.01, 100.0))
def test_the_unit_of_tokens_changes_no_organization(tree, compute, message, unit):
    # In units of 1/unit tokens all token counts grow by the unit and the leaf constant shrinks by its power.
    exponent = organization.organization_exponent(*tree)
    assume(exponent > compute + 0.05)
    cost = organization.communication_cost_per_leaf(message, tree[0])
    assert organization.communication_cost_per_leaf(unit * message, tree[0], unit * 3.0) == pytest.approx(
        unit * organization.communication_cost_per_leaf(message, tree[0], 3.0)
    )
    for formula in (organization.optimal_leaf_tokens, organization.threshold_budget):
        assert formula(compute, exponent, unit * cost) == pytest.approx(unit * formula(compute, exponent, cost))
    budget, constant = 1e5, 0.01
    for formula in (organization.optimal_leaf_count, partial(organization.optimal_depth, fan_in=tree[0])):
        own = (compute, exponent)
        assert formula(unit * budget, *own, unit * cost) == pytest.approx(formula(budget, *own, cost), abs=1e-9)
    ours = saturation.best_integer_tree(budget, *tree, message, constant, compute)
    scaled = saturation.best_integer_tree(unit * budget, *tree, unit * message, constant * unit**-compute, compute)
    assert (scaled.bias, scaled.single) == pytest.approx((ours.bias, ours.single), rel=1e-9)


@few
@given(st.integers(2, 9), st.integers(0, 5), st.floats(0, 50), st.floats(0, 50), st.floats(0, 50))
def test_a_tree_is_paid_node_by_node(fan_in, depth, leaf, message, aggregator):
    inner = sum(fan_in**level for level in range(depth))
    edges = inner * fan_in
    tokens = fan_in**depth * leaf + 2 * message * edges + aggregator * inner
    assert organization.exact_tree_tokens(fan_in, depth, leaf, message, aggregator) == pytest.approx(tokens)
    per_leaf = organization.communication_cost_per_leaf(message, fan_in, aggregator)
    assert (tokens - fan_in**depth * leaf) <= per_leaf * fan_in**depth * (1 + 1e-12)
    assert (tokens - fan_in**depth * leaf) == pytest.approx(per_leaf * (fan_in**depth - 1), abs=1e-9)


@few
@given(st.floats(1e-6, 1e6), st.floats(1e-3, 0.5), st.floats(0.05, 0.9), st.floats(1.1, 10.0))
def test_leaves_rise_concavely_to_certainty(tokens, constant, exponent, factor):
    for leaf in (organization.leaf_bias, organization.saturating_leaf_bias):
        one, more = leaf(tokens, constant, exponent), leaf(factor * tokens, constant, exponent)
        assert 0.0 < one <= more <= 1.0
        assert more <= factor * one  # concave from 0
        assert leaf(1e300, constant, exponent) == pytest.approx(1.0)
    power = constant * tokens**exponent
    smooth = organization.saturating_leaf_bias(tokens, constant, exponent)
    assert smooth <= organization.leaf_bias(tokens, constant, exponent)
    assert smooth == pytest.approx(power, rel=max(power, 1e-12))  # weak signal


@few
@given(fan_ins, correlations, st.floats(0.1, 5.0), st.floats(0.01, 5.0), st.floats(0.01, 100.0))
def test_variances_scale_with_their_unit_and_reach_their_limits(fan_in, rho, leaf, message, unit):
    for risk in (
        partial(continuous.tree_risk, fan_in, 3),
        partial(continuous.star_risk, fan_in),
        partial(continuous.chain_running_mean_risk, fan_in),
    ):
        assert risk(rho, unit * leaf, unit * message) == pytest.approx(unit * risk(rho, leaf, message))
    floor = continuous.tree_floor(fan_in, rho, message)
    assert continuous.tree_risk(fan_in, 1e7, rho, leaf, message) == pytest.approx(floor, rel=1e-6)
    assert continuous.star_risk(10**12, rho, leaf, message) == pytest.approx(rho * leaf, abs=1e-9)
    assert continuous.star_risk(fan_in, 1.0, leaf, 0.0) == pytest.approx(leaf)  # fully shared: one estimate
    assert continuous.tree_variance_exponent(fan_in, 1.0) == pytest.approx(0.0, abs=1e-15)
    assert continuous.tree_variance_exponent(fan_in, 0.0) == pytest.approx(1.0)


@few
@given(st.floats(0.1, 500.0), st.floats(0.2, 3.0), st.floats(0.1, 1e4), st.floats(1.0, 5.0))
def test_fidelity_curves_rise_from_nothing_to_everything(scale, shape, length, factor):
    for curve in (window.ExponentialFidelity(scale, shape), window.HyperbolicFidelity(scale)):
        assert 0.0 <= curve(length) <= curve(factor * length) * (1 + 1e-15) <= 1.0 + 1e-15
        assert curve(1e-12 * scale) < 0.01
        assert curve(1e12 * scale) == pytest.approx(1.0)


@few
@given(trees, biases, st.integers(0, 40))
def test_predictors_meet_the_truth_at_their_ends(tree, bias, depth):
    root = phase.fixed_point(*tree)
    assume(root > 0.01 and phase.amplification(*tree) > 1.01)
    bias = min(bias, root)
    arguments = (bias, tree[0], depth, *tree[1:])
    smooth, clip = predictors.smooth_predictor(*arguments), predictors.clipped_predictor(*arguments)
    assert smooth <= clip * (1 + 1e-12)
    for predictor in (predictors.smooth_predictor, predictors.clipped_predictor):
        assert predictor(bias, tree[0], 0, *tree[1:]) == pytest.approx(bias)
        assert predictor(bias, tree[0], 1e6, *tree[1:]) == pytest.approx(root)


# Allocations.

questions = st.lists(st.tuples(st.floats(0.1, 100.0), st.floats(0.3, 3.0)), min_size=1, max_size=5)


@few
@given(questions, st.floats(5.0, 1e4), st.permutations(range(5)))
def test_sub_questions_have_no_names(rows, budget, order):
    order = [place for place in order if place < len(rows)]
    c, rate = np.array(rows).T
    for rule in (bbam.bam_exact, bbam.bam_eq6, bbam_capped.capped_allocation):
        ours, shuffled = rule(c, rate, budget), rule(c[order], rate[order], budget)
        if rule is not bbam_capped.capped_allocation:  # there equal values may be reached in several ways
            np.testing.assert_allclose(shuffled.budgets, ours.budgets[order], rtol=1e-9)
        np.testing.assert_allclose(shuffled[-1], ours[-1], rtol=1e-9)


@few
@given(questions, st.floats(5.0, 1e4), st.floats(1.05, 10.0))
def test_uncertainty_is_convex_and_falls_to_nothing(rows, budget, factor):
    c, rate = np.array(rows).T

    def left(tokens):
        return bbam.bam_exact(c, rate, tokens).epistemic_uncertainty

    assert left(factor * budget) < left(budget)
    assert left((1 + factor) * budget / 2) <= (left(budget) + left(factor * budget)) / 2 * (1 + 1e-12)
    assert left(1e40) < 1e-9 * left(1.0)
    errors = [bbam_capped.capped_allocation(c, rate, tokens).errors for tokens in (1e-9, budget, factor * budget, 1e40)]
    assert errors[0] == pytest.approx(len(rows))  # nothing to spend: everything is given up
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(errors))
    assert errors[-1] < 1e-9 * len(rows)


@few
@given(
    st.lists(st.floats(0.1, 100.0), min_size=1, max_size=5), st.floats(0.3, 3.0), st.floats(1, 1e4), st.floats(0.1, 9)
)
def test_units_of_the_closed_forms(c, rate, budget, unit):
    # In other units of tokens c grows by the unit to the decay rate; uncertainty stays, its price per token shrinks.
    scaled = np.asarray(c) * unit**rate
    least, price = bbam_common.min_epistemic_uncertainty, bbam_common.shadow_price
    assert least(scaled, rate, unit * budget) == pytest.approx(least(c, rate, budget), rel=1e-9)
    assert unit * price(scaled, rate, unit * budget) == pytest.approx(price(c, rate, budget), rel=1e-9)
    assert bbam_common.uniform_over_optimal(scaled, rate) == pytest.approx(
        bbam_common.uniform_over_optimal(c, rate), rel=1e-9
    )


# Schedules.


@few
@given(st.integers(2, 500), st.floats(1e-4, 1.0), st.floats(0.1, 5.0), st.floats(0.1, 10.0))
def test_rates_depend_on_the_share_of_the_budget_and_scale_with_the_peak(steps, peak, shape, unit):
    step = np.arange(steps)
    ours = uba_step_size(step, steps, peak, 0.1 * peak, shape)
    np.testing.assert_allclose(uba_step_size(3 * step, 3 * steps, peak, 0.1 * peak, shape), ours, rtol=1e-9)
    np.testing.assert_allclose(
        uba_step_size(step, steps, unit * peak, unit * 0.1 * peak, shape), unit * ours, rtol=1e-9
    )
    rex = LearningRate(steps, peak)(step)
    np.testing.assert_allclose(LearningRate(3 * steps, unit * peak)(3 * step), unit * rex, rtol=1e-9)


@few
@given(st.floats(0.01, 0.99))
def test_profiles_at_the_ends_of_their_shapes(used):
    assert profiles.rex_profile(used, 0.0) == pytest.approx(1 - used)
    assert profiles.rex_profile(used, 1.0) == 1.0
    assert profiles.rex_profile(used, -1e12) == pytest.approx(0.0, abs=1e-9)
    assert profiles.uba_profile(used, 1e-12) == pytest.approx(1.0, abs=1e-6)
    assert profiles.uba_profile(used, 1e12) == pytest.approx(0.0, abs=1e-6)


@few
@given(st.floats(1.0, 1e4), st.floats(1.001, 10.0), st.integers(1, 200))
def test_contractions_worsen_with_the_condition_and_improve_with_steps(condition, factor, steps):
    for rule in (quadratics.chebyshev_contraction, quadratics.constant_step_contraction):
        assert rule(condition, steps) <= rule(factor * condition, steps) <= 1.0
        assert rule(condition, steps + 1) <= rule(condition, steps)
        assert rule(1.0, steps) == 0.0
        assert rule(1e300, steps) == pytest.approx(1.0)
    best, constant = (
        rule(condition, steps) for rule in (quadratics.chebyshev_contraction, quadratics.constant_step_contraction)
    )
    assert best <= constant * (1 + 1e-9)


# Value trees.


@few
@given(st.lists(st.floats(0.1, 1.0), min_size=2, max_size=6), st.floats(0.01, 1.0), st.permutations(range(6)))
def test_nodes_have_no_names_and_the_last_step_is_greedy(values, left, order):
    order = [place for place in order if place < len(values)]
    ours = value_tree.selection_probabilities(values, left)
    np.testing.assert_allclose(
        value_tree.selection_probabilities(np.array(values)[order], left), ours[order], rtol=1e-9
    )
    best = np.isclose(values, max(values), rtol=0, atol=0)
    assume(sorted(values)[-1] - max([v for v in values if v < max(values)], default=0.0) > 1e-3)
    greedy = value_tree.selection_probabilities(values, 1e-12)
    np.testing.assert_allclose(greedy, best / best.sum(), atol=1e-12)


@few
@given(st.integers(1, 10), st.floats(0.05, 0.95), st.floats(0.01, 0.5), st.floats(0.1, 50.0), st.floats(1.0, 3.0))
def test_costs_scale_with_their_unit(gains, advance, failure, unit, wide):
    plan = value_tree_risks.random_cost_budget(gains, advance, failure, 1.0, 1.0 + wide, 1.0 + wide / 2)
    scaled = value_tree_risks.random_cost_budget(
        gains, advance, failure, unit, unit * (1.0 + wide), unit * (1.0 + wide / 2)
    )
    assert scaled.steps == plan.steps
    assert (scaled.budget, scaled.worst_case) == pytest.approx((unit * plan.budget, unit * plan.worst_case))
    certain = value_tree_risks.random_cost_budget(gains, advance, failure, unit, unit, unit)
    assert certain.budget == pytest.approx(unit * certain.steps)  # no spread: mean times steps
    assert value_tree_bounds.step_bounds(gains, 1.0, failure).exact == gains


@few
@given(st.floats(0.1, 1.0), st.integers(2, 9), st.floats(0.3, 3.0), st.floats(0.0, 0.8), st.floats(1.01, 3.0))
def test_pools_worsen_with_rivals_and_competition(progress, size, competition, stop, factor):
    mean = value_tree_pool.mean_advance_probability
    ours = mean(progress, size, competition, stop)
    assert mean(progress, size + 1, competition, stop) <= ours
    assert mean(progress, size, factor * competition, stop) <= ours
    assert mean(progress, 1, competition, stop) == pytest.approx((1.0 - stop) * progress, rel=1e-9)
    assert mean(progress, size, 1e-300, stop) == pytest.approx((1.0 - stop) * progress, rel=1e-9)
    assert mean(progress, size, 1e100, stop) < 0.01 * progress
    assert mean(progress, size, competition, stop) <= (1.0 - stop) * progress * (1 + 1e-9)


# Plurality.


@few
@given(st.floats(0.01, 0.49), st.integers(1, 30))
def test_plurality_tends_to_the_leader(right, votes):
    # One rival with a share of its own: more votes favour whichever leads, at equal shares it stays a toss.
    low, high = (
        plurality.plurality_accuracy([right, 1 - right], 2 * votes + 1),
        plurality.plurality_accuracy([1 - right, right], 2 * votes + 1),
    )
    assert low + high == pytest.approx(1.0, abs=1e-12)
    assert low <= right <= 1 - right <= high + 1e-12
    assert plurality.plurality_accuracy([0.5, 0.5], votes) == pytest.approx(0.5, abs=1e-12)
