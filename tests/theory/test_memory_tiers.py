"""Rewards of memory tiers against quantiles by hand and the statistics module; plans against a plain search."""

import itertools
import math
import statistics

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import memory_tiers as tiers
from budgetsim.theory import tier_plans as planning

exact_settings = settings(derandomize=True, deadline=None)
costs = st.floats(0, 1e3)
FIVE = ([1.0, 0.6, 0.65, 0.55, 1.2], [0.06, 0.18, 0.88], [0.10, 0.05, 0.06, 0.045, 0.14], [0.0, 0.55, 1.0], 0.28)


def quantile(values, level):
    """Linear interpolation between order statistics."""
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def test_token_cost():
    assert tiers.token_cost(np.array([1e6, 500]), 0.88) == pytest.approx([0.88, 0.00044], rel=1e-13)


@exact_settings
@given(costs, st.lists(costs, min_size=2, max_size=30))
def test_cost_reward_equals_quantiles_by_hand(cost, window):
    roots = [math.sqrt(value) for value in window]
    low, high = quantile(roots, 0.05), quantile(roots, 0.95)
    ours = tiers.cost_reward(cost, window)
    if high - low > 1e-6 * high:
        assert ours.normalized_cost == pytest.approx((math.sqrt(cost) - low) / (high - low), rel=1e-8, abs=1e-8)
    assert 0.0 <= ours.reward <= 1.0
    assert ours.reward == 1 - min(1, max(0, ours.normalized_cost))
    assert tiers.cost_reward(cost + 1.0, window).reward <= ours.reward


@exact_settings
@given(st.floats(0.01, 10), st.floats(0.01, 100), st.lists(st.floats(0.01, 10), min_size=3, max_size=9, unique=True))
def test_cost_reward_does_not_depend_on_the_currency(cost, rate, window):
    base = tiers.cost_reward(cost, window).reward
    assert tiers.cost_reward(cost * rate, [rate * value for value in window]).reward == pytest.approx(base, abs=1e-6)


def test_constant_windows():
    assert tiers.cost_reward(4.0, [4.0, 4.0, 4.0]) == pytest.approx((1.0, 0.0))
    assert tiers.cost_reward(4.0 * 0.95**2, [4.0]).reward == pytest.approx(0.5)
    assert tiers.cost_reward(0.0, [0.0, 0.0]) == (0.0, 1.0)
    assert tiers.cost_reward(2.0, [0.0, 0.0]).reward == 0.0
    batch = tiers.cost_reward(np.array([4.0, 1.0]), np.array([[4.0, 4.0], [0.0, 1.0]]))
    assert batch.reward == pytest.approx([0.0, 0.0])


@exact_settings
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=12), st.floats(0, 1))
def test_the_two_forms_of_the_reward(rewards, weight):
    task, cost = (list(part) for part in zip(*rewards, strict=True))
    spreads = statistics.pstdev(task), statistics.pstdev(cost)
    if min(spreads) < 1e-3:
        return
    ours = tiers.aligned_rewards(task, cost, weight)
    assert float(ours.alignment[0]) == pytest.approx(spreads[0] / spreads[1], rel=1e-9)
    paper = [t + weight * spreads[0] / spreads[1] * c for t, c in rewards]
    assert ours.paper == pytest.approx(paper, rel=1e-9, abs=1e-9)
    assert ours.code == pytest.approx(float(ours.scale[0]) * ours.paper, rel=1e-12, abs=1e-12)
    if np.std(ours.paper) > 1e-6:
        advantages = [(part - np.mean(part)) / np.std(part) for part in (ours.paper, ours.code)]
        assert advantages[0] == pytest.approx(advantages[1], abs=1e-9)


def test_all_plans_are_there_once_and_add_up():
    plans = planning.tier_plans(*FIVE)
    assert {tuple(plan) for plan in plans.tiers.tolist()} == set(itertools.product(range(3), repeat=5))
    assert np.all(np.diff(plans.cost) >= 0)
    tokens, prices, weights, gains, base = FIVE
    for plan, quality, cost in zip(plans.tiers, plans.quality, plans.cost, strict=True):
        assert quality == pytest.approx(base + sum(w * gains[t] for w, t in zip(weights, plan, strict=True)))
        assert cost == pytest.approx(sum(n * prices[t] for n, t in zip(tokens, plan, strict=True)))


def plainly_best(price):
    """The best plan by a loop over all of them."""
    tokens, prices, weights, gains, base = FIVE
    plans = list(itertools.product(range(3), repeat=5))
    cost = [sum(n * prices[t] for n, t in zip(tokens, plan, strict=True)) for plan in plans]
    roots = [math.sqrt(value) for value in cost]
    low, high = quantile(roots, 0.05), quantile(roots, 0.95)

    def worth(place):
        charge = min(1, max(0, (roots[place] - low) / (high - low)))
        return base + sum(w * gains[t] for w, t in zip(weights, plans[place], strict=True)) - price * charge

    return plans[max(range(len(plans)), key=worth)]


@pytest.mark.parametrize(
    ("weight", "alignment"), [(0.0, 1.0), (0.1, 1.0), (0.3, 1.0), (0.5, 1.0), (0.7, 1.0), (0.5, 1.75)]
)
def test_best_plan_equals_a_plain_search(weight, alignment):
    ours = planning.best_tier_plan(planning.tier_plans(*FIVE), weight, alignment)
    assert ours.tiers == plainly_best(weight * alignment)


def test_frontier_is_the_best_plan_at_every_weight():
    plans = planning.tier_plans(*FIVE)
    for alignment in (1.0, 1.75):
        frontier = planning.plan_frontier(plans, alignment)
        starts = [part.from_weight for part in frontier]
        assert starts[0] == 0.0
        assert starts == sorted(starts)
        assert np.all(np.diff([part.plan.cost for part in frontier]) < 0)
        assert np.all(np.diff([part.plan.quality for part in frontier]) < 0)
        for weight in np.linspace(0.003, 2.5, 401):
            current = [part.plan for part in frontier if part.from_weight <= weight][-1]
            assert planning.best_tier_plan(plans, float(weight), alignment) == current
        # Tiers switch together: fewer steps than the ten switches of five modules.
        assert 3 <= len(frontier) <= 10
        assert frontier[0].plan.tiers == (2, 2, 2, 2, 2)
        assert planning.best_tier_plan(plans, 0.3, 1.0).tiers == (1, 1, 1, 1, 1)


def test_a_plan_on_an_edge_of_the_frontier_is_no_corner():
    # Square roots .1, .3, .5 put the middle tier half-way between the others, in cost as in quality.
    plans = planning.tier_plans([1.0], [0.01, 0.09, 0.25], [1.0], [0.0, 0.5, 1.0], 0.0)
    frontier = planning.plan_frontier(plans)
    assert [part.plan.tiers for part in frontier] == [(2,), (0,)]
    assert frontier[1].from_weight == pytest.approx(1.0)


def test_of_equal_plans_the_cheapest():
    plans = planning.tier_plans([1.0, 1.0], [1.0, 2.0], [0.1, 0.1], [0.5, 0.5], 0.0)
    assert planning.best_tier_plan(plans, 0.0).tiers == (0, 0)
    assert len(planning.plan_frontier(plans)) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: tiers.token_cost(-1.0, 0.88), "tokens must be finite, 0 or more, got -1"),
        (lambda: tiers.cost_reward(-0.1, [1.0]), "cost must be"),
        (lambda: tiers.cost_reward(0.1, []), "window must have shape"),
        (lambda: tiers.aligned_rewards([1.0, 1.0], [0.1, 0.2], 0.5), "must each vary"),
        (lambda: tiers.aligned_rewards([1.0, 0.0], [0.1, 0.2], -0.5), "cost_weight must be"),
        (lambda: planning.tier_plans([1.0], [1.0, 2.0], [0.1, 0.2], [0.0, 1.0], 0.0), "share a shape"),
        (lambda: planning.tier_plans([1.0], [1.0, 2.0], [0.1], [0.0], 0.0), "prices and tier_gains"),
        (lambda: planning.tier_plans([-1.0], [1.0, 2.0], [0.1], [0.0, 1.0], 0.0), "module_tokens must be 0 or more"),
        (lambda: planning.tier_plans([1.0], [1.0, 2.0], [0.1], [0.0, np.inf], 0.0), "finite"),
        (lambda: planning.best_tier_plan(planning.tier_plans(*FIVE), -0.1), "cost_weight must be"),
        (lambda: planning.plan_frontier(planning.tier_plans(*FIVE), 0.0), "alignment must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        window = jnp.asarray([0.3, 0.5, 0.8, 1.2, 1.6])
        ours = jax.jit(tiers.cost_reward)(0.9, window)
        np.testing.assert_allclose(ours, tiers.cost_reward(0.9, np.asarray(window)), rtol=1e-12)
        low, high = (quantile(np.sqrt(np.asarray(window)), level) for level in (0.05, 0.95))
        slope = jax.grad(lambda cost: tiers.cost_reward(cost, window).reward)(0.9)
        assert slope == pytest.approx(-0.5 / math.sqrt(0.9) / (high - low), rel=1e-12)
        assert np.all(np.isnan(jax.jit(tiers.aligned_rewards)(jnp.ones(3), jnp.asarray([0.1, 0.2, 0.3]), 0.5).paper))
        rewards = jax.jit(tiers.aligned_rewards)(jnp.asarray([1.0, 0.0, 0.5]), jnp.asarray([0.2, 0.9, 0.4]), 0.5)
        np.testing.assert_allclose(rewards.code, rewards.scale * rewards.paper, rtol=1e-12)
