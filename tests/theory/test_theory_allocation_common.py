"""Allocation with one decay rate, with uncertainty as a chance of error, and by the released schedules."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import bbam, bbam_capped, bbam_common, plan_and_budget

exact_settings = settings(derandomize=True, deadline=None)
few_settings = settings(derandomize=True, deadline=None, max_examples=40)

uncertainties = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=6)
rates = st.floats(0.05, 8.0)
SCHEDULES = ("constant", "linear", "polynomial", "exponential", "cosine")


@pytest.fixture
def double_precision():
    with jax.enable_x64(True):
        yield


@exact_settings
@given(uncertainties, rates, st.floats(1.0, 1e6), st.floats(0.1, 10))
def test_closed_forms_equal_the_solver(c, rate, budget, scale):
    best = bbam.bam_exact(c, rate, budget, reward_scale=scale)
    assert bbam_common.min_epistemic_uncertainty(c, rate, budget) == pytest.approx(
        best.epistemic_uncertainty, rel=1e-10
    )
    assert bbam_common.shadow_price(c, rate, budget, scale) == pytest.approx(best.shadow_price, rel=1e-10)
    equal = bbam.epistemic_uncertainty(c, rate, [budget / len(c)] * len(c))
    ratio = bbam_common.uniform_over_optimal(c, rate)
    assert ratio == pytest.approx(equal / best.epistemic_uncertainty, rel=1e-10)
    assert ratio >= 1.0 - 1e-12


@exact_settings
@given(uncertainties, rates, st.floats(1.0, 1e6))
def test_uncertainty_halves_by_a_known_power(c, rate, budget):
    once = bbam_common.min_epistemic_uncertainty(c, rate, budget)
    assert bbam_common.min_epistemic_uncertainty(c, rate, 2 * budget) == pytest.approx(once / 2**rate, rel=1e-11)


@pytest.mark.usefixtures("double_precision")
def test_the_shadow_price_is_the_derivative_of_the_least_uncertainty():
    c = jnp.asarray([5.0, 20.0, 80.0])
    slope = jax.grad(lambda budget: bbam_common.min_epistemic_uncertainty(c, 1.5, budget))(300.0)
    assert -slope == pytest.approx(bbam_common.shadow_price(np.asarray(c), 1.5, 300.0), rel=1e-12)
    assert np.isnan(jax.jit(bbam_common.shadow_price)(jnp.asarray([5.0, -1.0]), 1.5, 300.0))


@exact_settings
@given(st.floats(1e-6, 1e12))
def test_the_peak_rate_is_a_maximum_and_lamberts_function(ratio):
    peak = bbam_common.peak_decay_rate(ratio)
    assert peak == pytest.approx(1 / scipy.special.lambertw(ratio / np.e).real, rel=1e-10)

    def log_tokens(rate):
        return np.log(ratio * rate) / (rate + 1)

    assert log_tokens(peak) >= max(log_tokens(0.99 * peak), log_tokens(1.01 * peak))


def test_published_peaks_and_one_side_of_the_hump():
    ratios = np.array([10.0, 100, 1e3, 1e4, 1e6])
    peaks = bbam_common.peak_decay_rate(ratios)
    np.testing.assert_allclose(peaks, [0.864, 0.379, 0.226, 0.157, 0.0955], rtol=2e-3)
    np.testing.assert_allclose((ratios * peaks) ** (1 / (peaks + 1)), [3.2, 14.0, 83.2, 578.4, 35145.7], rtol=2e-2)
    assert bbam_common.peak_decay_rate(np.exp(2.0)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.usefixtures("double_precision")
def test_the_peak_rate_is_differentiable():
    slope = jax.grad(bbam_common.peak_decay_rate)(100.0)
    numeric = (bbam_common.peak_decay_rate(100.01) - bbam_common.peak_decay_rate(99.99)) / 0.02
    assert slope == pytest.approx(numeric, rel=1e-6)


@exact_settings
@given(st.floats(0.1, 1.5), rates, st.integers(1, 6))
def test_the_best_budgets_of_geometric_uncertainties_are_geometric(ratio, rate, steps):
    budgets = bbam.bam_exact(ratio ** np.arange(steps), rate, 500.0).budgets
    np.testing.assert_allclose(budgets[1:] / budgets[:-1], bbam_common.matching_geometric_base(ratio, rate), rtol=1e-9)


# Uncertainty as a chance of error.


@few_settings
@given(
    st.lists(st.tuples(st.floats(0.1, 60), st.floats(0.3, 3), st.floats(0, 0.6)), min_size=1, max_size=3),
    st.integers(1, 40),
)
def test_giving_up_is_best_against_a_fine_grid(rows, budget):
    c, rate, residual = (np.array(column) for column in zip(*rows, strict=True))
    best = bbam_capped.capped_allocation(c, rate, float(budget), residual)
    assert np.sum(best.budgets) == pytest.approx(budget, rel=1e-9) or not best.budgets.any()

    def errors(tokens):
        with np.errstate(divide="ignore"):
            return np.minimum(1.0, residual + c * np.asarray(tokens, dtype=float) ** -rate).sum(axis=-1)

    assert best.errors == pytest.approx(errors(best.budgets), rel=1e-9)
    shares = np.array([row for row in product(np.linspace(0, 1, 41), repeat=c.size) if sum(row) <= 1 + 1e-12])
    assert best.errors <= errors(budget * shares).min() + 1e-9


def test_equal_sub_questions_are_started_in_a_known_number():
    # k of m started: m - k + c k^(beta+1) / B^beta.
    for c, rate, budget, count in (
        (25.0, 1.0, 100.0, 3),
        (8.0, 0.5, 300.0, 7),
        (3.0, 2.0, 5.0, 6),
        (500.0, 1.0, 9.0, 4),
    ):
        values = [count - k + c * k ** (rate + 1) / budget**rate for k in range(count + 1)]
        best = bbam_capped.capped_allocation([c] * count, rate, budget)
        assert best.errors == pytest.approx(min(values), rel=1e-12)
        assert np.count_nonzero(best.budgets) == max(k for k, v in enumerate(values) if v <= min(values) + 1e-12)


def test_with_a_large_budget_the_cap_changes_nothing():
    c, rate = [5.0, 20.0, 80.0], [1.0, 1.5, 2.5]
    free, capped = bbam.bam_exact(c, rate, 300.0), bbam_capped.capped_allocation(c, rate, 300.0)
    np.testing.assert_allclose(capped.budgets, free.budgets, rtol=1e-12)
    assert capped.errors == pytest.approx(free.epistemic_uncertainty, rel=1e-12)
    # A hopeless sub-question gets nothing, the others everything.
    left = bbam_capped.capped_allocation([*c, 1e9], [*rate, 1.0], 300.0)
    np.testing.assert_allclose(left.budgets, [*free.budgets, 0.0], rtol=1e-12)
    assert left.errors == pytest.approx(free.epistemic_uncertainty + 1.0, rel=1e-12)
    # What no token removes moves tokens here: a sub-question that fails anyway is not started.
    doomed = bbam_capped.capped_allocation([5.0, 5.0], 1.0, 100.0, [1.0, 0.0])
    np.testing.assert_allclose(doomed.budgets, [0.0, 100.0], rtol=1e-12)


@pytest.mark.usefixtures("double_precision")
def test_capped_batches_and_jax():
    rng = np.random.default_rng(2)
    c, rate, budget = np.exp(rng.uniform(0, 5, (30, 4))), rng.uniform(0.5, 2, (30, 4)), rng.uniform(1, 100, 30)
    together = bbam_capped.capped_allocation(c, rate, budget)
    for row in range(30):
        alone = bbam_capped.capped_allocation(c[row], rate[row], budget[row])
        np.testing.assert_allclose(together.budgets[row], alone.budgets, rtol=1e-12)
    compiled = jax.jit(bbam_capped.capped_allocation)(jnp.asarray(c), jnp.asarray(rate), jnp.asarray(budget))
    np.testing.assert_allclose(compiled.budgets, together.budgets, rtol=1e-11)
    np.testing.assert_allclose(compiled.errors, together.errors, rtol=1e-11)
    spoiled = jax.jit(bbam_capped.capped_allocation)(jnp.asarray(c), jnp.asarray(rate), jnp.asarray(budget - 50))
    assert np.isnan(spoiled.budgets).all(axis=-1).tolist() == (budget <= 50).tolist()
    slope = jax.grad(lambda tokens: bbam_capped.capped_allocation([9.0, 9.0, 9.0], 1.0, tokens).errors)(30.0)
    assert slope == pytest.approx(-2 * 2 * 9 / 900, rel=1e-10)  # two are started


# The released schedules.


def test_shares_are_whole_numbers_that_add_up():
    rng = np.random.default_rng(4)
    for _ in range(200):
        credits, budget = rng.integers(1, 60, rng.integers(1, 8)), int(rng.integers(0, 900))
        for schedule in SCHEDULES:
            counts = plan_and_budget.plan_and_budget_allocation(credits, schedule, budget)
            weights = credits * plan_and_budget.schedule_weights(schedule, credits.size)
            shares = budget * weights / weights.sum()
            assert sum(counts) == budget
            assert all(isinstance(count, int) for count in counts)
            assert np.all(np.abs(counts - shares) < 1 + 1e-6)
            # The units left over go to the largest shares.
            extra = np.array(counts) - np.floor(shares + 1e-9)
            assert set(extra) <= {0, 1}
            assert min(shares[extra == 1], default=np.inf) >= max(shares[extra == 0], default=0) - 1e-9


def test_the_unguarded_floor_drops_a_unit():
    # The shares 220, 255, 105, 20 are exact: (20*1.1, 30*.85, 30*.35, 20*.1) / 60 of 600.
    assert plan_and_budget.plan_and_budget_allocation([20, 30, 30, 20], "cosine", 600) == (220, 255, 105, 20)
    assert plan_and_budget.plan_and_budget_allocation([20, 30, 30, 20], "cosine", 600, guard=0) == (219, 256, 105, 20)


def test_the_released_front_loading_pulls_against_back_loaded_credits():
    credits = [18.2, 23.0, 26.6, 32.2]
    assert plan_and_budget.plan_and_budget_allocation(credits, "constant", 450) == tuple(
        sorted(plan_and_budget.plan_and_budget_allocation(credits, "constant", 450))
    )
    steep = plan_and_budget.plan_and_budget_allocation(credits, "polynomial", 450)
    assert list(steep) == sorted(steep, reverse=True)


@pytest.mark.parametrize(
    ("ratio", "rate", "percents"),
    [
        (1.0, 1, (0.0, 30.2, 166.9, 1.4, 124.4)),
        (0.6, 1, (8.0, 4.9, 61.9, 2.6, 43.1)),
        (0.2, 1, (65.5, 14.3, 2.2, 45.9, 6.4)),
        (0.4, 2, (35.0, 9.6, 287.5, 13.9, 172.3)),
        (0.2, 2, (107.6, 6.8, 57.9, 61.9, 33.5)),
    ],
)
def test_every_schedule_has_its_ratio(ratio, rate, percents):
    ours = [100 * plan_and_budget.schedule_excess(schedule, ratio, rate, 4, 600) for schedule in SCHEDULES]
    np.testing.assert_allclose(ours, percents, atol=0.06)


def test_a_step_without_tokens_leaves_everything_open():
    assert plan_and_budget.schedule_excess("polynomial", 0.8, 1.0, 8, 40) == np.inf


@exact_settings
@given(st.floats(0, 100), st.floats(1, 1e6), st.floats(-0.5, 0.99))
def test_the_break_even_keeps_the_score(accuracy, tokens, loss):
    before = plan_and_budget.e3_score(accuracy * 0.5, tokens)
    after = plan_and_budget.e3_score(accuracy * 0.5 * (1 - loss), plan_and_budget.e3_breakeven_tokens(tokens, loss))
    assert after == pytest.approx(before, rel=1e-12)


def test_words_are_converted_by_the_given_ratio():
    assert plan_and_budget.word_budget_tokens(np.array([300.0, 0.0]), 1.5).tolist() == [450.0, 0.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bbam_common.shadow_price([1, 2], 0, 5), "decay_rate must be"),
        (lambda: bbam_common.uniform_over_optimal([1, -2], 1), "initial_uncertainty must be"),
        (lambda: bbam_common.peak_decay_rate(0), "uncertainty_over_price must be"),
        (lambda: bbam_common.matching_geometric_base(-1, 1), "uncertainty_ratio must be"),
        (lambda: bbam_capped.capped_allocation([1, 2], 1, 5, 1.5), "residual_uncertainty must be in"),
        (lambda: bbam_capped.capped_allocation([1.0] * 17, 1, 5), "at most 16 sub-questions, got 17"),
        (lambda: plan_and_budget.schedule_weights("cubic", 3), "schedule must be one of constant, .* got 'cubic'"),
        (lambda: plan_and_budget.schedule_weights("linear", 0), "steps must be a whole number"),
        (lambda: plan_and_budget.plan_and_budget_allocation([], "linear", 3), "credits must have shape"),
        (lambda: plan_and_budget.plan_and_budget_allocation([0, 0], "linear", 3), "credits must not all be 0"),
        (lambda: plan_and_budget.plan_and_budget_allocation([1, -1], "linear", 3), "credits must have"),
        (lambda: plan_and_budget.plan_and_budget_allocation([1], "linear", 2.5), "budget must be a whole number"),
        (lambda: plan_and_budget.plan_and_budget_allocation([1], "linear", 2, guard=1), "guard must be"),
        (lambda: plan_and_budget.schedule_excess("linear", 0.0, 1, 3, 20), "uncertainty_ratio must be"),
        (lambda: plan_and_budget.schedule_excess("linear", 0.5, 1, 3, 0), "budget must be"),
        (lambda: plan_and_budget.e3_score(101, 5), "accuracy_percent must be a percentage"),
        (lambda: plan_and_budget.e3_score(90, 0), "tokens must be"),
        (lambda: plan_and_budget.e3_breakeven_tokens(90, 1.5), "relative_loss must be"),
        (lambda: plan_and_budget.word_budget_tokens(90, 0), "tokens_per_word must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
