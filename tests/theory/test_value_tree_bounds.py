"""Bounds on steps against exact binomial sums, adversarial processes and small Markov chains, state by state."""

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import value_tree_bounds as bounds
from budgetsim.theory import value_tree_risks as risks

exact_settings = settings(derandomize=True, deadline=None)
gains_needed = st.integers(1, 8)
advances = st.floats(0.03, 1.0)
failures = st.floats(1e-6, 0.6)


def below(gains, steps, advance):
    """P(Bin(steps, advance) < gains), term by term in rational arithmetic."""
    p = Fraction(advance)
    return sum(math.comb(steps, j) * p**j * (1 - p) ** (steps - j) for j in range(min(gains, steps + 1)))


def test_bounds_are_the_published_table():
    gains, advance, failure, *columns = np.array(
        [
            (1, 0.2, 0.05, 48, 40, 14, 14),
            (1, 0.05, 0.01, 265, 223, 90, 90),
            (3, 0.2, 0.05, 67, 56, 36, 30),
            (5, 0.1, 0.05, 165, 143, 108, 89),
            (8, 0.3, 0.1, 63, 56, 44, 37),
            (8, 0.3, 0.001, 108, 92, 66, 59),
            (20, 0.05, 0.01, 856, 779, 701, 631),
        ]
    ).T
    ours = bounds.step_bounds(gains, advance, failure)
    assert [part.tolist() for part in ours] == [column.tolist() for column in columns]
    assert all(part.dtype == np.int64 for part in ours)
    assert isinstance(bounds.step_bounds(3, 0.2, 0.05).exact, int)


@exact_settings
@given(gains_needed, advances, failures)
def test_exact_number_is_the_least_and_no_bound_is_below_it(gains, advance, failure):
    steps = bounds.step_bounds(gains, advance, failure)
    assert below(gains, steps.exact, advance) <= failure * (1 + 1e-11)
    assert below(gains, steps.exact - 1, advance) > failure * (1 - 1e-11)
    assert steps.published >= steps.chernoff >= steps.relative_entropy >= steps.exact >= gains
    if gains == 1:
        assert steps.relative_entropy == steps.exact == bounds.single_gain_steps(advance, failure)


@exact_settings
@given(gains_needed, st.floats(0.03, 0.99), failures)
def test_relative_entropy_bound_is_the_least_that_meets_its_condition(gains, advance, failure):
    def certifies(steps):
        share = (gains - 1) / steps
        if share >= advance:
            return False
        divergence = (1 - share) * math.log((1 - share) / (1 - advance))
        if share:
            divergence += share * math.log(share / advance)
        return steps * divergence >= math.log(1 / failure) * (1 - 1e-11)

    steps = bounds.step_bounds(gains, advance, failure).relative_entropy
    assert certifies(steps)
    assert not any(certifies(fewer) for fewer in range(max(1, steps - 40), steps) if fewer * advance < gains * 20)


@exact_settings
@given(gains_needed, advances, failures, st.floats(1.0, 2.0))
def test_bounds_fall_with_the_chance_and_rise_with_gains_and_certainty(gains, advance, failure, factor):
    base = np.array(bounds.step_bounds(gains, advance, failure))
    assert np.all(np.array(bounds.step_bounds(gains, min(1.0, advance * factor), failure)) <= base)
    assert np.all(np.array(bounds.step_bounds(gains + 1, advance, failure)) >= base)
    assert np.all(np.array(bounds.step_bounds(gains, advance, failure / factor)) >= base)


def test_ties_are_not_missed_by_rounding():
    assert bounds.step_bounds(1, 0.5, 0.25).exact == bounds.single_gain_steps(0.5, 0.25) == 2
    assert bounds.step_bounds(1, 0.7, 0.09).exact == bounds.single_gain_steps(0.7, 0.09) == 2
    assert bounds.step_bounds(2, 0.5, 0.5).exact == 3
    assert bounds.step_bounds(4, 1.0, 1e-9)[2:] == (4, 4)
    assert bounds.single_gain_steps(1.0, 0.01) == bounds.single_gain_steps(0.9, 0.5) == 1
    assert bounds.required_gains(0.8, 0.1, 0.1) == 7
    assert bounds.required_gains(0.9, 0.1, 0.05) == 16
    assert bounds.required_gains(0.8, 0.1, 0.69) == 2
    assert bounds.required_gains(0.3, 0.8, 0.1) == 0


def test_small_chances_keep_their_digits():
    # As p falls, M p tends to a quantile of the Gamma law: P(Poisson(m) < 2) = (1 + m) e^-m = .05 at m = 4.743865.
    assert bounds.step_bounds(2, 1e-12, 0.05).exact == pytest.approx(4.743864518e12, rel=1e-9)


@pytest.mark.parametrize("boost", [0.0, 0.1, 0.4])
@pytest.mark.parametrize(("gains", "advance", "failure"), [(1, 0.2, 0.05), (3, 0.2, 0.05), (5, 0.1, 0.1)])
def test_history_can_only_help(gains, advance, failure, boost):
    """Chances that depend on the past, never below p: state (gains, did the last step gain), step by step."""
    state = {(0, True): 1.0}
    for _ in range(bounds.step_bounds(gains, advance, failure).exact):
        after = {}
        for (made, lucky), weight in state.items():
            chance = advance if lucky else advance + boost / (1 + made)
            for gained, part in ((True, chance), (False, 1 - chance)):
                key = (min(gains, made + gained), gained)
                after[key] = after.get(key, 0.0) + weight * part
        state = after
    failed = sum(weight for (made, _), weight in state.items() if made < gains)
    assert failed <= failure + 1e-12
    assert (
        failed == pytest.approx(float(below(gains, bounds.step_bounds(gains, advance, failure).exact, advance)))
    ) == (boost == 0.0)


@exact_settings
@given(gains_needed, st.integers(0, 30), st.floats(1e-4, 0.6))
def test_least_advance_turns_the_bounds_around(gains, more, failure):
    steps = gains + more
    least = bounds.least_advance(gains, steps, failure)
    assert float(below(gains, steps, least.exact)) == pytest.approx(failure, rel=1e-9)
    demand = math.log(1 / failure)
    assert least.published == pytest.approx((gains + math.sqrt(2 * gains * demand) + 2 * demand) / steps, rel=1e-13)
    assert least.published > least.exact


def test_published_bound_certifies_nothing_at_the_published_budgets():
    gains, steps = np.array([2, 2, 2, 3, 3, 3, 7]), np.array([5, 10, 20, 5, 10, 20, 10])
    ours = bounds.least_advance(gains, steps, 0.1)
    assert ours.published == pytest.approx([1.93, 0.96, 0.48, 2.26, 1.13, 0.57, 1.73], abs=5.1e-3)
    assert ours.exact == pytest.approx([0.584, 0.337, 0.181, 0.753, 0.450, 0.245, 0.812], abs=5.1e-4)


def chain(progress, false_terminal, gains, steps):
    """The search as a Markov chain: gains made, answered right, answered wrong."""
    open_, right = [1.0] + [0.0] * (gains - 1), 0.0
    for _ in range(steps):
        right += open_[-1] * progress
        stay = 1.0 - progress - false_terminal
        open_ = [stay * open_[k] + (progress * open_[k - 1] if k else 0.0) for k in range(gains)]
    return right


@exact_settings
@given(st.floats(0, 0.6), st.floats(0, 0.4), st.integers(1, 5), st.integers(0, 25))
def test_correct_answers_follow_the_chain(progress, false_terminal, gains, steps):
    ours = risks.correct_answer_probability(progress, false_terminal, gains, steps)
    assert ours.probability == pytest.approx(chain(progress, false_terminal, gains, steps), rel=1e-9, abs=1e-15)
    assert ours.probability <= ours.limit * (1 + 1e-12)
    if progress > 0.05:
        many = risks.correct_answer_probability(progress, false_terminal, gains, 10**5)
        assert many.probability == pytest.approx(ours.limit, rel=1e-9)


def test_correct_answers_at_the_ends():
    assert risks.correct_answer_probability(0.0, 0.0, 2, 50) == (0.0, 0.0)
    assert risks.correct_answer_probability(0.4, 0.6, 1, 1).probability == pytest.approx(0.4, rel=1e-15)
    assert risks.correct_answer_probability(1.0, 0.0, 3, 2) == (0.0, 1.0)
    assert risks.correct_answer_probability(1.0, 0.0, 3, 3) == (1.0, 1.0)
    table = risks.correct_answer_probability(
        np.array([0.3, 0.3, 0.2, 0.5]), np.array([0.05, 0.05, 0.02, 0.1]), np.array([3, 3, 4, 2]), [10, 40, 20, 5]
    )
    assert table.probability == pytest.approx([0.4650, 0.6297, 0.4584, 0.6340], abs=5e-5)
    assert table.limit == pytest.approx([0.6297, 0.6297, 0.6830, 0.6944], abs=5e-5)


@pytest.mark.parametrize("dear", [0.1, 0.3, 0.5])
@pytest.mark.parametrize(("gains", "advance", "failure"), [(3, 0.25, 0.1), (1, 0.2, 0.05), (4, 0.5, 0.02)])
def test_budget_for_random_costs_suffices(gains, advance, failure, dear):
    """Costs 1 or 5: chance of K gains before the budget is spent, over every (gains, cost) state."""
    mean = 1 + 4 * dear
    plan = risks.random_cost_budget(gains, advance, failure, 1.0, 5.0, mean)
    assert plan.steps == bounds.step_bounds(gains, advance, failure / 2).exact
    assert plan.worst_case == 5.0 * bounds.step_bounds(gains, advance, failure).exact
    budget = math.floor(plan.budget)
    open_ = np.zeros((gains, budget + 1))
    open_[0, 0] = 1.0
    reached = 0.0
    while open_.sum() > 1e-15:
        paid = np.zeros_like(open_)
        paid[:, 1:] += (1 - dear) * open_[:, :-1]
        paid[:, 5:] += dear * open_[:, :-5]
        reached += advance * paid[-1].sum()
        open_ = (1 - advance) * paid
        open_[1:] += advance * paid[:-1]
    assert 1 - reached <= failure
    assert math.sqrt(0.5 * plan.steps * math.log(2 / failure)) * 4 == pytest.approx(plan.budget - plan.steps * mean)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: bounds.required_gains(0.8, 0.1, 0.0), "gain must be"),
        (lambda: bounds.step_bounds(0, 0.2, 0.05), "gains must be a whole number, 1 or more, got 0"),
        (lambda: bounds.step_bounds(2, 0.0, 0.05), r"advance must be in \(0, 1\], got 0"),
        (lambda: bounds.step_bounds(2, 0.2, 1.0), r"failure must be in \(0, 1\), got 1"),
        (lambda: bounds.step_bounds(2, 1e-16, 0.05), r"more than 2\*\*53 steps"),
        (lambda: bounds.least_advance(5, 4, 0.1), "steps must be at least gains"),
        (lambda: risks.correct_answer_probability(0.7, 0.4, 2, 5), "at most 1 together"),
        (lambda: risks.random_cost_budget(2, 0.3, 0.1, 1.0, 2.0, 3.0), "mean_cost must lie between"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        gains, advance = jnp.asarray([1, 3, 20, 2]), jnp.asarray([0.2, 0.2, 0.05, 1.2])
        ours = jax.jit(bounds.step_bounds)(gains, advance, jnp.asarray([0.05, 0.05, 0.01, 0.1]))
        assert [list(part[:3]) for part in ours] == [[48, 67, 856], [40, 56, 779], [14, 36, 701], [14, 30, 631]]
        assert all(jnp.isnan(part[3]) for part in ours)
        assert jnp.isnan(jax.jit(bounds.least_advance)(5, 4, 0.1).exact)
        assert jnp.isnan(jax.jit(risks.correct_answer_probability)(0.7, 0.4, 2, 5).probability)
        # d/dp of P(Bin(M, p + f) >= 1) p / (p + f) with f = 0: M (1 - p)^(M - 1).
        slope = jax.grad(lambda p: risks.correct_answer_probability(p, 0.0, 1, 6).probability)(0.3)
        assert slope == pytest.approx(6 * 0.7**5, rel=1e-9)
