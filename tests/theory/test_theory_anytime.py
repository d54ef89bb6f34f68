"""Anytime indices, stopping rules, token budgets and tool budgets against plain references."""

import math
from fractions import Fraction
from itertools import accumulate

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory import anytime, stopping, token_budgets, tools

exact_settings = settings(derandomize=True, deadline=None)

# Steps between checkpoints and qualities, from 2 to 8 checkpoints.
curves = st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1, allow_subnormal=False)), min_size=2, max_size=8)
CHECKPOINTS, QUALITY = [256, 512, 1024, 2048, 4096], [0.2, 0.5, 0.45, 0.7, 0.7]
PUBLISHED = {
    "vanilla_tokens": 258,
    "base_tokens": 42.81,
    "tokens_per_budget": 0.75,
    "collapse_budget": 20.17,
    "steepness": 3,
    "collapsed_tokens": 170,
}


def split(curve):
    steps, quality = zip(*curve, strict=True)
    return [float(total) for total in accumulate(steps)], list(quality)


@pytest.fixture
def double_precision():
    with jax.enable_x64(True):
        yield


def slow_index(budgets, quality, largest=None):
    best = list(accumulate(quality, max))
    area = sum(
        Fraction(best[t] + best[t + 1]) / 2 * Fraction(budgets[t + 1] - budgets[t]) for t in range(len(budgets) - 1)
    )
    return float(area / Fraction(budgets[-1] - budgets[0]) / Fraction(max(quality) if largest is None else largest))


@exact_settings
@given(curves)
def test_the_index_is_the_area_under_the_running_best(curve):
    budgets, quality = split(curve)
    assume(max(quality) > 1e-6)
    own = anytime.anytime_index(budgets, quality)
    assert own == pytest.approx(slow_index(budgets, quality), rel=1e-12)
    assert anytime.anytime_index(budgets, quality, 1.0) == pytest.approx(slow_index(budgets, quality, 1), rel=1e-12)
    assert 0.0 <= own <= 1.0 + 1e-12
    # No unit of tokens, no unit of quality, no memory of drops.
    assert anytime.anytime_index([3.0 * b for b in budgets], [7.0 * q for q in quality]) == pytest.approx(
        own, rel=1e-12
    )
    assert anytime.anytime_index(budgets, list(accumulate(quality, max))) == pytest.approx(own, rel=1e-12)


@exact_settings
@given(curves)
def test_the_seed_index_is_a_mean_slope(curve):
    budgets, quality = split(curve)
    slopes = [(quality[t + 1] - quality[t]) / (budgets[t + 1] - budgets[t]) for t in range(len(budgets) - 1)]
    assert anytime.anytime_index_seed(budgets, quality) == pytest.approx(math.fsum(slopes) / len(slopes), abs=1e-13)
    # On an equal grid only the ends count.
    grid = [10.0 * place for place in range(len(quality))]
    ends = (quality[-1] - quality[0]) / (grid[-1] - grid[0])
    assert anytime.anytime_index_seed(grid, quality) == pytest.approx(ends, abs=1e-13)


def test_the_two_indices_rank_runs_differently():
    grid, early, late = [0, 1, 2, 3], [0.0, 0.8, 0.8, 0.8], [0.0, 0.0, 0.0, 0.8]
    assert anytime.anytime_index_seed(grid, early) == pytest.approx(anytime.anytime_index_seed(grid, late))
    assert anytime.anytime_index(grid, early) > 2 * anytime.anytime_index(grid, late)


@exact_settings
@given(st.floats(1e-2, 1e7), st.floats(1e-2, 1e7), st.floats(0.05, 1))
def test_the_exponential_index_is_an_integral(scale, budget, limit):
    ratio = budget / scale
    area = scipy.integrate.quad(lambda x: -math.expm1(-ratio * x), 0, 1, points=[min(1.0, 10 / ratio)], epsabs=1e-13)[0]
    own, absolute = anytime.exponential_anytime_index(scale, budget, limit)
    assert absolute == pytest.approx(limit * area, rel=1e-8)
    assert own == pytest.approx(area / -math.expm1(-ratio), rel=1e-8)
    assert 0.5 - 1e-12 <= own <= 1.0


def test_the_exponential_index_is_smooth_where_its_series_ends():
    below, above = anytime.exponential_anytime_index(1.0, np.array([1e-2 * (1 - 1e-13), 1e-2 * (1 + 1e-13)])).own
    assert below == pytest.approx(above, rel=1e-11)
    fine = np.linspace(0, 4096, 20001)
    index = anytime.anytime_index(fine, 0.9 * -np.expm1(-fine / 800))
    assert index == pytest.approx(anytime.exponential_anytime_index(800, 4096, 0.9).own, rel=1e-7)


def slow_relative(budgets, quality, threshold):
    for place in range(len(quality) - 1):
        if quality[place] > 0 and (quality[place + 1] - quality[place]) / quality[place] < threshold:
            return place, budgets[place]
    return len(quality) - 1, budgets[-1]


def slow_price(budgets, quality, price):
    best = list(accumulate(quality, max))
    for place in range(len(quality) - 1):
        if (best[place + 1] - best[place]) / (budgets[place + 1] - budgets[place]) < price:
            return place, budgets[place]
    return len(quality) - 1, budgets[-1]


@exact_settings
@given(curves, st.floats(-0.5, 2), st.floats(0, 0.01))
def test_stopping_rules_against_plain_loops(curve, threshold, price):
    budgets, quality = split(curve)
    assert tuple(stopping.relative_gain_stop(budgets, quality, threshold)) == slow_relative(budgets, quality, threshold)
    assert tuple(stopping.price_stop(budgets, quality, price)) == slow_price(budgets, quality, price)
    best = stopping.best_stop(budgets, quality, price)
    worth = [q - price * b for q, b in zip(accumulate(quality, max), budgets, strict=True)]
    assert worth[best.index] == max(worth)


@exact_settings
@given(st.lists(st.integers(1, 500), min_size=2, max_size=8), st.floats(0.01, 0.3), st.floats(1e-5, 1e-2))
def test_the_price_rule_is_best_for_concave_quality(steps, scale, price):
    budgets = np.cumsum(steps).astype(float)
    quality = -np.expm1(-budgets * scale / 100)
    slopes = np.diff(quality) / np.diff(budgets)
    assume(np.all(np.diff(slopes) < 0) and np.abs(slopes - price).min() > 1e-9)
    assert stopping.price_stop(budgets, quality, price) == stopping.best_stop(budgets, quality, price)


def test_the_relative_rule_stops_at_a_dip_that_the_best_stop_passes():
    assert tuple(stopping.relative_gain_stop(CHECKPOINTS, QUALITY, 0.05)) == (1, 512)
    assert tuple(stopping.best_stop(CHECKPOINTS, QUALITY, 1e-4)) == (3, 2048)
    assert tuple(stopping.relative_gain_stop([1, 2, 3, 4], [0.0, 0.0, 0.04, 0.9], 0.05)) == (3, 4)  # zeros are passed
    # The same rule as a price that rises with the quality reached.
    for place in range(4):
        own = 0.05 * QUALITY[place] / (CHECKPOINTS[place + 1] - CHECKPOINTS[place])
        window = CHECKPOINTS[place : place + 2], QUALITY[place : place + 2]
        relative = stopping.relative_gain_stop(*window, 0.05)
        assert relative.index == stopping.price_stop(*window, own).index


def test_batches_of_curves():
    rng = np.random.default_rng(6)
    budgets, quality = np.cumsum(rng.integers(1, 99, (20, 6)), axis=-1), rng.uniform(0.01, 1, (20, 6))
    prices = rng.uniform(0, 0.01, 20)
    together = stopping.price_stop(budgets, quality, prices)
    index = anytime.anytime_index(budgets, quality)
    assert index.shape == together.index.shape == together.budget.shape == (20,)
    for row in range(20):
        alone = stopping.price_stop(budgets[row], quality[row], float(prices[row]))
        assert (together.index[row], together.budget[row]) == tuple(alone)
        assert index[row] == pytest.approx(slow_index(budgets[row].tolist(), quality[row].tolist()), rel=1e-12)
    many = stopping.price_stop(CHECKPOINTS, QUALITY, np.array([0.01, 1e-3, 0.0]))
    assert many.index.tolist() == [0, 1, 4]


@exact_settings
@given(st.floats(0.05, 1), st.floats(1, 1e5), st.floats(1e-7, 1e-2))
def test_the_exponential_stop_is_the_best(limit, scale, price):
    best = stopping.exponential_stop(limit, scale, price)

    def worth(tokens):
        return limit * -math.expm1(-tokens / scale) - price * tokens

    assert worth(best) >= max(worth(1.001 * best + 1e-3), worth(max(0.0, 0.999 * best - 1e-3))) - 1e-12
    slope = stopping.concave_stop(lambda tokens: limit / scale * math.exp(-tokens / scale), price, 1e9)
    assert slope == pytest.approx(best, rel=1e-6, abs=1e-6 * scale)


@exact_settings
@given(st.floats(0.01, 1e4), st.floats(0.1, 4), st.floats(1e-6, 1))
def test_the_power_law_stop_is_the_best(uncertainty, rate, price):
    best = stopping.power_law_stop(uncertainty, rate, price)

    def cost(log_tokens):
        return uncertainty * math.exp(-rate * log_tokens) + price * math.exp(log_tokens)

    assert cost(math.log(best)) <= min(cost(math.log(best) + 1e-3), cost(math.log(best) - 1e-3))
    slope = stopping.concave_stop(
        lambda tokens: math.inf if tokens == 0 else uncertainty * rate * tokens ** (-rate - 1), price, 1e12
    )
    assert slope == pytest.approx(best, rel=1e-9)


def test_concave_stops_at_their_ends():
    assert stopping.concave_stop(lambda _: 1.0, 0.5, 70.0) == 70.0
    assert stopping.concave_stop(lambda _: 0.1, 0.5, 70.0) == 0.0


@pytest.mark.usefixtures("double_precision")
def test_anytime_and_stopping_under_jax():
    budgets, quality = jnp.asarray(CHECKPOINTS), jnp.asarray(QUALITY)
    assert jax.jit(anytime.anytime_index)(budgets, quality) == pytest.approx(
        anytime.anytime_index(CHECKPOINTS, QUALITY)
    )
    for rule in (stopping.relative_gain_stop, stopping.price_stop, stopping.best_stop):
        assert tuple(jax.jit(rule)(budgets, quality, 1e-4)) == tuple(rule(CHECKPOINTS, QUALITY, 1e-4))
        assert np.isnan(jax.jit(rule)(budgets[::-1], quality, 1e-4).budget)
    assert np.isnan(jax.jit(anytime.anytime_index)(budgets, 0.0 * quality))
    assert np.isnan(jax.jit(anytime.anytime_index)(budgets, -quality))
    slope = jax.grad(lambda curve: anytime.anytime_index(budgets, curve, 1.0))(quality)
    # Weights of the running best: its first place each (0.45 is hidden by 0.5, the last 0.7 by the one before).
    assert slope[2] == 0.0
    assert jnp.sum(slope) == pytest.approx(1.0)
    assert jax.grad(stopping.exponential_stop, argnums=2)(0.9, 800.0, 1e-4) == pytest.approx(-800 / 1e-4, rel=1e-12)
    assert np.isnan(jax.jit(stopping.power_law_stop)(1.0, -1.0, 0.1))


# Token budgets.


def test_elasticity_passes_through_the_published_points():
    tokens = token_budgets.elastic_tokens(np.array([400, 200, 100, 50, 25, 10, 5, 2.0]), **PUBLISHED)
    np.testing.assert_allclose(tokens, [258.0, 193.5, 118.6, 86.0, 99.0, 157.0, 168.1, 169.9], atol=0.8)
    np.testing.assert_allclose(tokens[[0, 3, 5]], [258, 86, 157], atol=0.2)
    assert token_budgets.elastic_tokens(0, **PUBLISHED) == 170.0
    assert token_budgets.elastic_tokens(1e9, **PUBLISHED) == pytest.approx(258.0)


def test_the_released_search_stops_where_the_printed_one_fails():
    def tokens(budget):
        return token_budgets.elastic_tokens(budget, **PUBLISHED)

    released = token_budgets.search_budget(258, lambda _: True, tokens)
    printed = token_budgets.printed_search_budget(258, lambda _: True, tokens)
    assert released == (32, (129, 64, 32, 16))
    assert printed == (16, ((258, 129), (258, 129), (129, 64), (64, 32), (32, 16)))
    assert tokens(released.budget) < min(tokens(released.budget // 2), tokens(2 * released.budget))


@exact_settings
@given(st.integers(1, 5000), st.integers(0, 5000))
def test_searches_without_elasticity(vanilla, needed):
    def correct(budget):
        return budget >= needed

    released = token_budgets.search_budget(vanilla, correct, lambda budget: 0.5 * budget)
    halved = token_budgets.halve_while_correct(vanilla, correct)
    printed = token_budgets.printed_search_budget(vanilla, correct, lambda budget: 0.5 * budget)
    assert released == halved
    assert len(released.queries) <= vanilla.bit_length() - 1
    assert released.budget == vanilla or correct(released.budget)
    assert released.budget == 1 or not correct(released.budget // 2)
    assert printed.budget == released.budget // 2  # the first that fails
    assert all(query >= 1 for query in released.queries)


def test_the_search_asks_for_the_vanilla_tokens_only_as_a_start():
    asked = []
    token_budgets.search_budget(64, lambda budget: asked.append(budget) or budget > 10, lambda budget: float(budget))
    assert asked == [32, 16, 8]


@exact_settings
@given(st.lists(st.integers(0, 20), min_size=3, max_size=15))
def test_the_ideal_range_is_the_cheapest_window(tokens):
    budgets = list(range(100, 100 - len(tokens), -1))
    width = len(tokens) // 3
    window = token_budgets.ideal_range(budgets, tokens)
    start = budgets.index(window[0])
    totals = [sum(tokens[place : place + width]) for place in range(len(tokens) - width + 1)]
    assert list(window) == budgets[start : start + width]
    assert start == totals.index(min(totals))


def test_two_reductions_of_the_main_table():
    old = [318.10, 252.96, 313.51, 553.93, 653.24, 675.78]
    new = [77.26, 22.67, 39.60, 238.14, 254.82, 259.85]
    of_means, mean = token_budgets.token_reduction(old, new)
    assert of_means == pytest.approx(0.6776, abs=5e-5)
    assert mean == pytest.approx(0.7228, abs=5e-5)
    same = token_budgets.token_reduction([10.0, 20.0, 50.0], [1.0, 2.0, 5.0])
    assert same.of_means == pytest.approx(0.9)
    assert same.mean == pytest.approx(0.9)


# Tools.


@exact_settings
@given(st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_the_regime_is_that_of_the_scarcest_tool(shares):
    order = ("CRITICAL", "LOW", "MEDIUM", "HIGH")
    assert tools.budget_regime(shares) == min((tools.budget_regime(share) for share in shares), key=order.index)


def test_regimes_at_their_bounds():
    assert tools.budget_regime(1 - 0.3) == tools.budget_regime(1 - 0.9 + 0.6) == "HIGH"
    assert tools.budget_regime(0.7 - 1e-6) == tools.budget_regime(1 - 0.7) == "MEDIUM"
    assert tools.budget_regime(0.3 - 1e-6) == tools.budget_regime(1 - 0.9) == "LOW"
    assert tools.budget_regime(0.1 - 1e-6) == tools.budget_regime(0) == tools.budget_regime([1, 1, 0]) == "CRITICAL"


def test_costs_in_their_units():
    prices = {"input_price": 1.25, "output_price": 10.0, "cached_price": 0.31, "call_prices": [0.001, 0.001]}
    assert tools.unified_cost(1_000_000, 0, 0, [0, 0], **prices) == pytest.approx(1.25)
    assert tools.unified_cost(0, 1_000_000, 0, [0, 0], **prices) == pytest.approx(10.0)
    assert tools.unified_cost(0, 0, 1_000_000, [0, 0], **prices) == pytest.approx(0.31)
    # 14.24 searches and 1.36 browses: 1.56 cents.
    assert tools.unified_cost(0, 0, 0, [14.24, 1.36], **prices) == pytest.approx(0.0156)
    batch = tools.unified_cost(np.array([0, 1e6]), 0, 0, [[1, 2], [0, 0]], **prices)
    np.testing.assert_allclose(batch, [0.003, 1.25])
    assert tools.unified_cost(4e6, 0, 0, [], **{**prices, "call_prices": []}) == pytest.approx(5.0)


@exact_settings
@given(st.floats(1e-12, 1), st.integers(0, 60))
def test_calls_with_a_constant_hazard(hazard, cap):
    going, made = Fraction(1), Fraction(0)
    for _ in range(cap):
        made += going
        going *= 1 - Fraction(hazard)
    ours = tools.capped_geometric_calls(hazard, cap)
    assert ours.expected_calls == pytest.approx(float(made), rel=1e-12)
    assert ours.over_cap == pytest.approx(float(going), rel=1e-11)
    assert tools.hazard_calls([hazard] * cap) == pytest.approx(tuple(ours), rel=1e-11)
    assert tools.capped_geometric_calls(0.0, cap) == (cap, 1.0)


def test_reported_caps_saturate_at_a_constant_hazard():
    made = tools.capped_geometric_calls(1 / 14.24, np.array([10, 30, 100, 50]))
    np.testing.assert_allclose(made.expected_calls[:3], [7.4, 12.6, 14.2], atol=0.05)
    np.testing.assert_allclose(made.over_cap[[1, 3]], [0.113, 0.026], atol=5e-4)
    # A tracker that stops less as the budget shrinks uses more of it.
    scaled = tools.hazard_calls(1 / 14.24 * (1 - np.arange(30) / 30))
    assert scaled.expected_calls > made.expected_calls[1]


@exact_settings
@given(st.floats(1e-6, 1), st.floats(0, 1), st.integers(0, 50))
def test_the_chance_of_an_answer_before_stopping(success, hazard, cap):
    searching, solved = 1.0, 0.0
    for _ in range(cap):
        solved += searching * success
        searching *= (1 - success) * (1 - hazard)
    ours = tools.solved_before_stopping(success, hazard, cap)
    assert ours.probability == pytest.approx(solved, rel=1e-10)
    assert ours.probability <= ours.plateau * (1 + 1e-12)
    assert tools.solved_before_stopping(success, hazard, 10**9).probability == pytest.approx(ours.plateau, rel=1e-9)
    if hazard == 0:
        assert ours.plateau == 1.0


@pytest.mark.usefixtures("double_precision")
def test_tools_and_tokens_under_jax():
    caps = jnp.asarray([0, 4, 30])
    ours = jax.jit(tools.capped_geometric_calls)(0.07, caps)
    np.testing.assert_allclose(ours, tools.capped_geometric_calls(0.07, np.asarray(caps)), rtol=1e-13)
    slope = jax.vmap(jax.grad(lambda h: tools.capped_geometric_calls(h, 4.0).expected_calls))(jnp.asarray([0.3, 0.9]))
    # 1 + q + q^2 + q^3, q = 1 - h.
    np.testing.assert_allclose(slope, [-(1 + 2 * q + 3 * q * q) for q in (0.7, 0.1)], rtol=1e-12)
    assert np.isnan(jax.jit(tools.capped_geometric_calls)(1.2, 3).over_cap)
    assert np.isnan(jax.jit(tools.hazard_calls)(jnp.asarray([0.1, 1.2])).expected_calls)
    assert jax.jit(tools.hazard_calls)(jnp.asarray([0.1, 0.2, 0.5])).expected_calls == pytest.approx(2.62)
    tokens = jax.jit(lambda budget: token_budgets.elastic_tokens(budget, **PUBLISHED))
    np.testing.assert_allclose(tokens(jnp.asarray([10.0, 400.0])), [156.998, 257.989], rtol=1e-5)
    slope = jax.grad(tokens)(30.0)
    assert slope == pytest.approx(float(tokens(30.001) - tokens(29.999)) / 0.002, rel=1e-6)
    assert np.isnan(tokens(-1.0))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: anytime.anytime_index([1, 2], [0.1, -0.2]), "quality must be"),
        (lambda: anytime.anytime_index([1, 1], [0.1, 0.2]), "budgets must increase"),
        (lambda: anytime.anytime_index([1], [0.1]), "budgets must increase"),
        (lambda: anytime.anytime_index([1, 2], [0.0, 0.0]), "quality must be above 0 at some checkpoint"),
        (lambda: anytime.anytime_index([1, 2], [0.1, 0.2], 0.0), "largest_quality must be"),
        (lambda: anytime.anytime_index_seed([2, 1], [0.1, 0.2]), "budgets must increase"),
        (lambda: anytime.exponential_anytime_index(0, 1), "scale must be"),
        (lambda: stopping.relative_gain_stop([1, 2], [0.1, 0.2], math.nan), "threshold must be"),
        (lambda: stopping.price_stop([1, 2], [0.1, 0.2], -1), "price must be"),
        (lambda: stopping.best_stop([3, 2], [0.1, 0.2], 1), "budgets must increase"),
        (lambda: stopping.exponential_stop(1, 2, 0), "price must be"),
        (lambda: stopping.power_law_stop(0, 2, 1), "initial_uncertainty must be"),
        (lambda: stopping.concave_stop(lambda _: 1.0, 0, 1), "price must be"),
        (lambda: stopping.concave_stop(lambda _: 1.0, 1, math.inf), "longest must be"),
        (lambda: token_budgets.elastic_tokens(-1, **PUBLISHED), "token_budget must be"),
        (lambda: token_budgets.elastic_tokens(1, **{**PUBLISHED, "steepness": 0}), "steepness must be"),
        (lambda: token_budgets.search_budget(0, bool, float), "vanilla_tokens must be"),
        (lambda: token_budgets.printed_search_budget(2.5, bool, float), "vanilla_tokens must be"),
        (lambda: token_budgets.halve_while_correct(-4, bool), "vanilla_tokens must be"),
        (lambda: token_budgets.ideal_range([1, 2], [1, 2]), "budgets must be 3 or more"),
        (lambda: token_budgets.ideal_range([1, 2, 3], [1, 2]), "tokens must be as many"),
        (lambda: token_budgets.token_reduction([0.0], [1.0]), "old must be"),
        (lambda: tools.budget_regime([]), "remaining_ratio must be"),
        (lambda: tools.budget_regime([0.5, 1.5]), "remaining_ratio must be"),
        (lambda: tools.capped_geometric_calls(0.5, 1.5), "cap must be a whole number"),
        (lambda: tools.hazard_calls([0.5, 1.5]), "hazards must be"),
        (lambda: tools.solved_before_stopping(0.0, 0.5, 3), "success must be in"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
