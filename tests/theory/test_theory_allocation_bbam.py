"""Budget allocation: optimality conditions, brute force, a general solver, and how it behaves under JAX."""

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import bbam, stopping

exact_settings = settings(derandomize=True, deadline=None)
few_settings = settings(derandomize=True, deadline=None, max_examples=40)

uncertainty = st.floats(1e-3, 1e6)
rates = st.floats(0.05, 8.0)
problems = st.lists(st.tuples(uncertainty, rates), min_size=1, max_size=7)
bounds = st.lists(st.tuples(st.floats(0, 100), st.floats(0.5, 300)), min_size=7, max_size=7)


def columns(pairs):
    return (np.array(column, dtype=float) for column in zip(*pairs, strict=True))


def gradient(c, beta, b):
    return c * beta * b ** (-beta - 1)


@exact_settings
@given(problems, st.floats(1.0, 1e6))
def test_without_bounds_every_gradient_equals_the_shadow_price(pairs, budget):
    c, beta = columns(pairs)
    best = bbam.bam_exact(c, beta, budget)
    assert np.sum(best.budgets) == pytest.approx(budget, rel=1e-12)
    np.testing.assert_allclose(gradient(c, beta, best.budgets), best.shadow_price, rtol=1e-11)
    assert best.epistemic_uncertainty == pytest.approx(sum(c * best.budgets**-beta), rel=1e-12)


@exact_settings
@given(problems, bounds, st.floats(1e-4, 1 - 1e-4), st.floats(0.5, 4))
def test_bounded_allocations_satisfy_the_optimality_conditions(pairs, ranges, share, scale):
    c, beta = columns(pairs)
    low, width = (column[: c.size] for column in columns(ranges))
    low, high = low, low + width
    budget = low.sum() + share * (high.sum() - low.sum())
    best = bbam.bam_exact(c, beta, budget, lower=low, upper=high, reward_scale=scale)
    assert np.all((best.budgets >= low) & (best.budgets <= high))
    assert np.sum(best.budgets) == pytest.approx(budget, rel=1e-9)
    positive = best.budgets > 0
    slope = scale * gradient(c[positive], beta[positive], best.budgets[positive])
    tokens, low, high = best.budgets[positive], low[positive], high[positive]
    slack = 1e-8 * best.shadow_price
    inside = (tokens > low * (1 + 1e-9)) & (tokens < high * (1 - 1e-9))
    # A gradient is as steep as the price says: below at a lower bound, above at an upper one, equal between.
    np.testing.assert_allclose(slope[inside], best.shadow_price, rtol=1e-7)
    assert np.all(slope[tokens <= low * (1 + 1e-9)] <= best.shadow_price + slack)
    assert np.all(slope[tokens >= high * (1 - 1e-9)] >= best.shadow_price - slack)


def test_a_general_solver_finds_nothing_better():
    rng = np.random.default_rng(7)
    for _ in range(30):
        c, beta = np.exp(rng.uniform(0, 6, 5)), rng.uniform(1, 3, 5)
        budget, low, high = rng.uniform(200, 600), np.full(5, 5.0), np.full(5, 250.0)
        best = bbam.bam_exact(c, beta, budget, lower=low, upper=high)
        peer = scipy.optimize.minimize(
            lambda b, c=c, beta=beta: np.sum(c * b**-beta),
            np.full(5, budget / 5),
            jac=lambda b, c=c, beta=beta: -gradient(c, beta, b),
            method="SLSQP",
            bounds=list(zip(low, high, strict=True)),
            constraints={"type": "eq", "fun": lambda b, budget=budget: np.sum(b) - budget},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert best.epistemic_uncertainty <= peer.fun * (1 + 1e-9)
        assert best.epistemic_uncertainty == pytest.approx(peer.fun, rel=1e-4)


def test_bounds_at_their_ends():
    c, beta = [5.0, 20.0, 80.0], [1.0, 1.5, 2.5]
    low, high = [10.0, 20.0, 30.0], [40.0, 50.0, 60.0]
    least = bbam.bam_exact(c, beta, 60.0, lower=low, upper=high)
    most = bbam.bam_exact(c, beta, 150.0, lower=low, upper=high)
    np.testing.assert_allclose(least.budgets, low, rtol=1e-12)
    np.testing.assert_allclose(most.budgets, high, rtol=1e-12)
    # The price is that of the next token, and of the last token.
    assert least.shadow_price == pytest.approx(max(gradient(np.array(c), np.array(beta), np.array(low))), rel=1e-10)
    assert most.shadow_price == pytest.approx(min(gradient(np.array(c), np.array(beta), np.array(high))), rel=1e-10)
    nothing = bbam.bam_exact(c, beta, 30.0, lower=[0, 10, 20])
    assert nothing.budgets.tolist() == [0.0, 10.0, 20.0]
    assert nothing.shadow_price == nothing.epistemic_uncertainty == np.inf
    pinned = bbam.bam_exact(c, beta, 100.0, lower=[0, 50, 0], upper=[np.inf, 50, np.inf])
    alone = bbam.bam_exact([5.0, 80.0], [1.0, 2.5], 50.0)
    assert pinned.budgets[1] == 50.0
    np.testing.assert_allclose(pinned.budgets[[0, 2]], alone.budgets, rtol=1e-12)
    assert pinned.shadow_price == pytest.approx(alone.shadow_price, rel=1e-12)
    np.testing.assert_allclose(bbam.bam_exact(3.0, 2.0, 17.0).budgets, [17.0])


def test_bounds_that_do_not_bind_change_nothing():
    c, beta = np.array([5.0, 20.0, 80.0]), np.array([1.0, 1.5, 2.5])
    free = bbam.bam_exact(c, beta, 300.0)
    for options in ({"lower": 1.0}, {"upper": 299.0}, {"lower": 0.0, "upper": np.inf}, {"lower": [1, 2, 3]}):
        held = bbam.bam_exact(c, beta, 300.0, **options)
        np.testing.assert_allclose(held.budgets, free.budgets, rtol=1e-12)
        assert held.shadow_price == pytest.approx(free.shadow_price, rel=1e-12)


@exact_settings
@given(problems, st.floats(1.0, 1e5), st.floats(0.01, 100))
def test_units_order_and_scale(pairs, budget, factor):
    c, beta = columns(pairs)
    best = bbam.bam_exact(c, beta, budget)
    # Another unit of tokens: c is in tokens to the power beta.
    other = bbam.bam_exact(c * factor**beta, beta, budget * factor)
    np.testing.assert_allclose(other.budgets, factor * best.budgets, rtol=1e-9)
    assert other.shadow_price == pytest.approx(best.shadow_price / factor, rel=1e-9)
    assert other.epistemic_uncertainty == pytest.approx(best.epistemic_uncertainty, rel=1e-9)
    turned = bbam.bam_exact(c[::-1], beta[::-1], budget, reward_scale=factor)
    np.testing.assert_allclose(turned.budgets[::-1], best.budgets, rtol=1e-11)
    assert turned.shadow_price == pytest.approx(factor * best.shadow_price, rel=1e-10)


@exact_settings
@given(problems, st.floats(1.0, 1e5), st.floats(1.01, 10))
def test_more_budget_helps_everybody_at_a_falling_price(pairs, budget, factor):
    c, beta = columns(pairs)
    less, more = bbam.bam_exact(c, beta, budget), bbam.bam_exact(c, beta, budget * factor)
    assert np.all(more.budgets > less.budgets)
    assert more.shadow_price < less.shadow_price
    # Concave: the price bounds what the further tokens bring, from both ends.
    gain = less.epistemic_uncertainty - more.epistemic_uncertainty
    extra = budget * (factor - 1)
    slack = 1e-9 * less.epistemic_uncertainty
    assert more.shadow_price * extra - slack <= gain <= less.shadow_price * extra + slack


@exact_settings
@given(problems, st.floats(1.0, 1e5))
def test_a_price_and_a_budget_are_one_rule(pairs, budget):
    c, beta = columns(pairs)
    best = bbam.bam_exact(c, beta, budget)
    np.testing.assert_allclose(stopping.power_law_stop(c, beta, best.shadow_price), best.budgets, rtol=1e-10)


@exact_settings
@given(st.lists(uncertainty, min_size=1, max_size=6), rates, st.floats(1.0, 1e5))
def test_the_printed_form_is_the_optimum_for_a_common_rate(c, beta, budget):
    rate = [beta] * len(c)
    np.testing.assert_allclose(
        bbam.bam_eq6(c, rate, budget).budgets, bbam.bam_exact(c, rate, budget).budgets, rtol=1e-9
    )
    assert bbam.eq6_excess(c, rate, budget) == pytest.approx(0.0, abs=1e-10)


@exact_settings
@given(problems, st.floats(1.0, 1e5))
def test_the_printed_form_is_never_better_and_its_shares_never_move(pairs, budget):
    c, beta = columns(pairs)
    printed = bbam.bam_eq6(c, beta, budget)
    assert printed.budgets.sum() == pytest.approx(budget, rel=1e-12)
    assert bbam.eq6_excess(c, beta, budget) >= 0.0
    np.testing.assert_allclose(bbam.bam_eq6(c, beta, 10 * budget).budgets, 10 * printed.budgets, rtol=1e-12)


def test_published_shares_by_budget():
    c, beta = [5, 20, 80], [1, 1.5, 2.5]
    shares = bbam.bam_exact(c, beta, np.array([10.0, 100.0, 1000.0, 10000.0])).budgets
    shares = shares / shares.sum(axis=-1, keepdims=True)
    table = [[0.205, 0.363, 0.432], [0.387, 0.381, 0.232], [0.566, 0.326, 0.107], [0.708, 0.246, 0.045]]
    np.testing.assert_allclose(shares, table, atol=6e-4)


@pytest.mark.parametrize("seed", range(4))
def test_how_much_the_printed_form_loses_on_mixed_rates(seed):
    # 2000 draws: a median of 31 percent; the standard error of the median is about 1.3 points.
    rng = np.random.default_rng(seed)
    excess = []
    for size in (2, 3, 4, 5):
        shape = (500, size)
        c, beta = np.exp(rng.uniform(0, 6, shape)), rng.uniform(1, 3, shape)
        excess.extend(bbam.eq6_excess(c, beta, rng.uniform(200, 600, 500)))
    assert np.median(excess) == pytest.approx(0.31, abs=0.07)
    assert np.quantile(excess, 0.9) == pytest.approx(1.0, abs=0.25)


@few_settings
@given(st.lists(st.tuples(st.floats(0.1, 500), st.floats(0.1, 4)), min_size=1, max_size=3), st.integers(3, 24))
def test_whole_tokens_against_every_allocation(pairs, budget):
    c, beta = columns(pairs)
    best = bbam.bam_integer(c, beta, budget)
    every = [b for b in product(range(1, budget + 1), repeat=c.size) if sum(b) == budget]
    least = min(np.sum(c * np.array(b, dtype=float) ** -beta) for b in every)
    assert best.budgets.dtype == np.int64
    assert best.budgets.sum() == budget
    assert best.epistemic_uncertainty == pytest.approx(least, rel=1e-12)


@few_settings
@given(
    st.lists(
        st.tuples(st.floats(0.1, 500), st.floats(0.1, 4), st.integers(1, 5), st.integers(0, 7)), min_size=1, max_size=3
    ),
    st.floats(0, 1),
)
def test_bounded_whole_tokens_against_every_allocation(rows, share):
    c, beta, low, width = columns(rows)
    high = low + width
    budget = int(low.sum() + round(share * (high.sum() - low.sum())))
    best = bbam.bam_integer(c, beta, budget, lower=low, upper=high)
    ranges = [range(int(first), int(last) + 1) for first, last in zip(low, high, strict=True)]
    every = [b for b in product(*ranges) if sum(b) == budget]
    least = min(np.sum(c * np.array(b, dtype=float) ** -beta) for b in every)
    assert np.all((best.budgets >= low) & (best.budgets <= high))
    assert best.budgets.sum() == budget
    assert best.epistemic_uncertainty == pytest.approx(least, rel=1e-12)


def slow_greedy(c, beta, budget):
    """One token at a time from one each, the first of equals."""
    b = np.ones(len(c))
    for _ in range(budget - len(c)):
        b[np.argmax(c * (b**-beta - (b + 1) ** -beta))] += 1
    return b


def test_whole_tokens_of_large_budgets_equal_unit_steps():
    rng = np.random.default_rng(3)
    for size in (1, 2, 5, 9):
        c, beta = np.exp(rng.uniform(0, 8, (20, size))), rng.uniform(0.3, 3, (20, size))
        budget = rng.integers(size, 1500, 20)
        ours = bbam.bam_integer(c, beta, budget)
        for row in range(20):
            np.testing.assert_array_equal(ours.budgets[row], slow_greedy(c[row], beta[row], budget[row]))
    assert bbam.bam_integer([7.0] * 4, [1.0] * 4, 10).budgets.tolist() == [3, 3, 2, 2]


def test_a_whole_token_may_be_taken_back_from_a_whole_real_budget():
    # Real budgets 1000, 1.5, 1.5: rounding down and giving out the rest would keep 1000.
    price = 3 * 1.5**-4
    c, beta = np.array([price * 1000.0**2, 1.0, 1.0]), np.array([1.0, 3.0, 3.0])
    np.testing.assert_allclose(bbam.bam_exact(c, beta, 1003.0).budgets, [1000, 1.5, 1.5], rtol=1e-10)
    assert bbam.bam_integer(c, beta, 1003).budgets.tolist() == [999, 2, 2]
    assert slow_greedy(c, beta, 1003).tolist() == [999, 2, 2]


def test_a_batch_is_its_problems_one_by_one():
    rng = np.random.default_rng(5)
    c, beta = np.exp(rng.uniform(-2, 8, (3, 40, 4))), rng.uniform(0.2, 5, (3, 40, 4))
    budget, low, high = rng.uniform(40, 4000, (3, 40)), rng.uniform(0, 10, 4), np.array([50.0, np.inf, 900, np.inf])
    together = bbam.bam_exact(c, beta, budget, lower=low, upper=high)
    assert together.budgets.shape == (3, 40, 4)
    assert together.shadow_price.shape == together.epistemic_uncertainty.shape == (3, 40)
    for place in np.ndindex(3, 40):
        alone = bbam.bam_exact(c[place], beta[place], float(budget[place]), lower=low, upper=high)
        np.testing.assert_allclose(together.budgets[place], alone.budgets, rtol=1e-11)
        assert together.shadow_price[place] == pytest.approx(alone.shadow_price, rel=1e-10)


def test_rates_far_apart():
    c, beta = np.array([1e-6, 1.0, 1e9]), np.array([0.01, 1.0, 60.0])
    for budget in (1.5, 100.0, 1e9):
        best = bbam.bam_exact(c, beta, budget)
        assert best.budgets.sum() == pytest.approx(budget, rel=1e-12)
        np.testing.assert_allclose(gradient(c, beta, best.budgets), best.shadow_price, rtol=1e-9)
        held = bbam.bam_exact(c, beta, budget, lower=0.1, upper=budget)
        assert held.budgets.sum() == pytest.approx(budget, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bbam.bam_exact([5, 0], [1, 1], 10), r"initial_uncertainty must be finite, above 0, got 0"),
        (lambda: bbam.bam_exact([5, 2], [1, -1], 10), r"decay_rate must be finite, above 0, got -1"),
        (lambda: bbam.bam_exact([5, 2], 1, 0), r"budget must be finite, above 0, got 0"),
        (lambda: bbam.bam_exact([5, float("nan")], 1, 3), r"initial_uncertainty must be .* got nan"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, lower=-1), r"lower must be"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, upper=0), r"upper must be"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, reward_scale=0), r"reward_scale must be"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, lower=6), r"budget must be between the sums of the bounds"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, upper=4), r"budget must be between the sums of the bounds"),
        (lambda: bbam.bam_exact([5, 2], 1, 10, lower=[6, 1], upper=[5, 9]), r"no lower bound above"),
        (lambda: bbam.bam_integer([5, 2], 1, 10.5), r"budget must be a whole number"),
        (lambda: bbam.bam_integer([5, 2], 1, 10, lower=0), r"lower must be a whole number, 1 or more"),
        (lambda: bbam.bam_integer([5, 2], 1, 10, upper=5.5), r"upper must be a whole number"),
        (lambda: bbam.bam_integer([5, 2, 1], 1, 2), r"budget must be between the sums of the bounds"),
        (lambda: bbam.bam_eq6([5, 2], 1, -1), r"budget must be"),
        (lambda: bbam.epistemic_uncertainty([5, 2], 1, [1, -1]), r"budgets must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_no_token_leaves_everything_open():
    assert bbam.epistemic_uncertainty([5, 2], [1, 1], [10, 0]) == np.inf


@pytest.fixture
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.usefixtures("double_precision")
def test_jax_gives_the_same_and_nan_outside_the_domain():
    rng = np.random.default_rng(11)
    c, beta, budget = np.exp(rng.uniform(0, 6, (50, 5))), rng.uniform(1, 3, (50, 5)), rng.uniform(200, 600, 50)
    for options in ({}, {"lower": np.full(5, 20.0), "upper": np.full(5, 130.0)}):
        solve = jax.jit(lambda c, beta, budget, options=options: bbam.bam_exact(c, beta, budget, **options))
        ours, theirs = (
            solve(jnp.asarray(c), jnp.asarray(beta), jnp.asarray(budget)),
            bbam.bam_exact(c, beta, budget, **options),
        )
        for part, expected in zip(ours, theirs, strict=True):
            assert isinstance(part, jax.Array)
            np.testing.assert_allclose(part, expected, rtol=1e-11)
    whole = jax.jit(bbam.bam_integer)(jnp.asarray(c), jnp.asarray(beta), jnp.floor(jnp.asarray(budget)))
    np.testing.assert_array_equal(whole.budgets, bbam.bam_integer(c, beta, np.floor(budget)).budgets)
    spoiled = jax.jit(bbam.bam_exact)(jnp.asarray([[5.0, 2.0], [5.0, -2.0], [5.0, 2.0]]), 1.5, jnp.array([9.0, 9, -1]))
    assert np.isnan(spoiled.shadow_price).tolist() == [False, True, True]
    assert np.isnan(spoiled.budgets).all(axis=-1).tolist() == [False, True, True]
    impossible = jax.jit(lambda low: bbam.bam_exact([5.0, 2.0], 1.5, 9.0, lower=low))(jnp.asarray([5.0, 6.0]))
    assert np.isnan(impossible.budgets).all()
    assert np.isnan(jax.jit(bbam.bam_integer)(jnp.asarray([5.0, 2.0]), 1.0, 9.5).budgets).all()


@pytest.mark.usefixtures("double_precision")
@pytest.mark.parametrize("options", [{}, {"lower": [20.0, 20.0, 60.0], "upper": [120.0, 200.0, 200.0]}])
def test_derivatives_equal_finite_differences(options):
    point = (np.array([5.0, 20.0, 80.0]), np.array([1.0, 1.5, 2.5]), np.array(320.0))

    def worth(c, beta, budget):
        best = bbam.bam_exact(c, beta, budget, **options)
        tokens = best.budgets
        return (tokens * np.array([1.0, -2.0, 3.0])).sum() + 1e4 * best.shadow_price + 30 * best.epistemic_uncertainty

    slopes = jax.jit(jax.grad(worth, argnums=(0, 1, 2)))(*(jnp.asarray(part) for part in point))
    for number, slope in enumerate(slopes):
        for place in np.ndindex(point[number].shape):
            step = 1e-5 * point[number][place]
            ends = []
            for sign in (1, -1):
                moved = [part.copy() for part in point]
                moved[number][place] += sign * step
                ends.append(worth(moved[0], moved[1], moved[2]))
            assert slope[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6, abs=1e-6)


@pytest.mark.usefixtures("double_precision")
def test_the_shadow_price_is_the_derivative_of_the_reward():
    best = bbam.bam_exact([5.0, 20.0, 80.0], [1.0, 1.5, 2.5], 300.0)
    slope = jax.grad(lambda budget: bbam.bam_exact([5.0, 20.0, 80.0], [1.0, 1.5, 2.5], budget).epistemic_uncertainty)
    assert -slope(300.0) == pytest.approx(best.shadow_price, rel=1e-10)
    # Second derivatives too: how fast the price falls with the budget.
    ends = [bbam.bam_exact([5.0, 20.0, 80.0], [1.0, 1.5, 2.5], 300.0 + move).shadow_price for move in (1e-2, -1e-2)]
    assert -jax.grad(slope)(300.0) == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=1e-6)
