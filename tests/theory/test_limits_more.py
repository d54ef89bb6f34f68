"""Limits, symmetries, orderings and units of what serves a budget at test time, as properties."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory import (
    adaptive,
    agent_scaling,
    allocation,
    anytime,
    coverage,
    equal_budget,
    memory_tiers,
    personas,
    stopping,
    token_budgets,
    tools,
    verifiers,
    votes,
)

properties = settings(derandomize=True, deadline=None, max_examples=60)
chances = st.floats(0.01, 0.99)
sizes = st.floats(0.1, 1e4)
factors = st.floats(0.01, 100)
ELASTICITY = {
    "vanilla_tokens": 258.0,
    "base_tokens": 42.81,
    "tokens_per_budget": 0.75,
    "collapse_budget": 20.17,
    "steepness": 3.0,
    "collapsed_tokens": 170.0,
}


@properties
@given(sizes, sizes, st.floats(0.05, 1))
def test_speed_of_exponential_quality(scale, budget, limit):
    own, absolute = anytime.exponential_anytime_index(scale, budget, limit)
    assert absolute <= own * limit * (1 + 1e-12)
    assert anytime.exponential_anytime_index(1.1 * scale, budget, limit).own <= own * (1 + 1e-12)
    assert anytime.exponential_anytime_index(7 * scale, 7 * budget, limit) == pytest.approx((own, absolute))
    assert anytime.exponential_anytime_index(1e-9 * budget, budget, limit) == pytest.approx((1.0, limit))
    slow = anytime.exponential_anytime_index(1e9 * budget, budget, limit)
    assert slow.own == pytest.approx(0.5)
    assert slow.absolute == pytest.approx(0.5e-9 * limit)


@properties
@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=6), st.integers(0, 5), st.floats(0, 0.5))
def test_better_answers_raise_the_index(quality, place, more):
    budgets = np.arange(1.0, len(quality) + 1)
    better = list(quality)
    better[place % len(quality)] += more
    assert anytime.anytime_index(budgets, better, 2.0) >= anytime.anytime_index(budgets, quality, 2.0) - 1e-12


@properties
@given(st.floats(0.05, 1), sizes, st.floats(1e-7, 1e-2), factors)
def test_stops_in_their_units(limit, scale, price, factor):
    stop = stopping.exponential_stop(limit, scale, price)
    assert stopping.exponential_stop(limit, factor * scale, price / factor) == pytest.approx(factor * stop)
    assert stopping.exponential_stop(limit, scale, 1.1 * price) <= stop
    assert stopping.exponential_stop(limit, scale, limit / scale) == pytest.approx(0.0, abs=1e-9 * scale)
    # A price and a quality in another currency.
    assert stopping.exponential_stop(factor * limit, scale, factor * price) == pytest.approx(stop, abs=1e-9 * scale)
    power = stopping.power_law_stop(limit, 1.5, price)
    assert stopping.power_law_stop(limit * factor**1.5, 1.5, price / factor) == pytest.approx(factor * power)


@properties
@given(st.floats(1e-3, 1e3))
def test_elasticity_between_its_ends(budget):
    tokens = token_budgets.elastic_tokens(budget, **ELASTICITY)
    assert 42.81 <= tokens <= 258.0
    assert token_budgets.elastic_tokens(0.0, **ELASTICITY) == 170.0
    # Twice the unit of tokens, twice the tokens.
    lengths = ("vanilla_tokens", "base_tokens", "collapse_budget", "collapsed_tokens")
    scaled = {name: value * (2.0 if name in lengths else 1.0) for name, value in ELASTICITY.items()}
    assert token_budgets.elastic_tokens(2 * budget, **scaled) == pytest.approx(2 * tokens)


@properties
@given(chances, st.integers(0, 100))
def test_calls_rise_concavely_to_a_plateau(hazard, cap):
    made = tools.capped_geometric_calls(hazard, np.arange(cap, cap + 3))
    first, second = np.diff(made.expected_calls)
    assert first >= second - 1e-12 >= -1e-12
    assert first == pytest.approx(made.over_cap[0], abs=1e-11)
    assert tools.capped_geometric_calls(hazard, 10**6).expected_calls == pytest.approx(1 / hazard)
    assert tools.capped_geometric_calls(min(1.0, 1.1 * hazard), cap).expected_calls <= made.expected_calls[0] + 1e-12


@properties
@given(st.integers(2, 60), st.floats(0, 1), st.floats(0, 1))
def test_coverage_rises_with_luck_and_samples(samples, correct_share, k_share):
    correct, k = int(correct_share * (samples - 1)), 1 + int(k_share * (samples - 2))
    here = coverage.pass_at_k(samples, correct, k)
    assert coverage.pass_at_k(samples, correct + 1, k) > here - 1e-15
    assert coverage.pass_at_k(samples, correct, min(samples, k + 1)) >= here - 1e-15
    gain, before = (
        coverage.pass_at_k(samples, correct, k + 1) - here,
        here - coverage.pass_at_k(samples, correct, k - 1),
    )
    assert gain <= before + 1e-12
    assert coverage.pass_at_k(samples, correct, 1) == pytest.approx(correct / samples)
    assert coverage.pass_at_k(samples, 0, k) == 0.0


@properties
@given(chances, chances, chances, st.integers(1, 50))
def test_verifiers_at_their_ends(probability, accepts_right, accepts_wrong, cap):
    ours = verifiers.resample_until_accept(probability, accepts_right, accepts_wrong, cap)
    assert 0.0 <= ours.accuracy <= ours.ceiling <= 1.0
    assert verifiers.resample_until_accept(probability, accepts_right, accepts_wrong, cap + 1).accuracy >= ours.accuracy
    assert verifiers.resample_until_accept(probability, accepts_right, accepts_right, cap).ceiling == pytest.approx(
        probability
    )
    blind = verifiers.resample_until_accept(probability, 1.0, 0.0, cap)
    assert blind == pytest.approx((1 - (1 - probability) ** cap, 1.0))
    # A verifier that refuses more wrong answers has the higher ceiling.
    stricter = verifiers.resample_until_accept(probability, accepts_right, 0.5 * accepts_wrong, cap)
    assert stricter.ceiling >= ours.ceiling


@properties
@given(st.integers(1, 3000), chances, st.floats(-2, 2), st.floats(0.2, 3), st.floats(0.2, 3), factors)
def test_the_best_of_many(samples, probability, advantage, right, wrong, factor):
    ours = verifiers.best_of_n_accuracy(samples, probability, advantage, right, wrong)
    assert -1e-10 <= ours <= 1 + 1e-10
    assert verifiers.best_of_n_accuracy(1, probability, advantage, right, wrong) == pytest.approx(probability)
    # Scores that say nothing, another unit of scores, better scores of right answers.
    assert verifiers.best_of_n_accuracy(samples, probability, 0.0, right, right) == pytest.approx(probability, abs=1e-9)
    other = verifiers.best_of_n_accuracy(samples, probability, factor * advantage, factor * right, factor * wrong)
    assert other == pytest.approx(ours, abs=1e-9)
    assert verifiers.best_of_n_accuracy(samples, probability, advantage + 0.1, right, wrong) >= ours - 1e-9
    # Right and wrong exchanged: one of the two is the best.
    mirrored = verifiers.best_of_n_accuracy(samples, 1 - probability, -advantage, wrong, right)
    assert ours + mirrored == pytest.approx(1.0, abs=1e-8)


@properties
@given(chances, st.integers(0, 60))
def test_votes_mirror(probability, half):
    count = 2 * half + 1
    ours = votes.majority_vote_accuracy(probability, count)
    assert ours + votes.majority_vote_accuracy(1 - probability, count) == pytest.approx(1.0)
    assert votes.majority_vote_accuracy(probability, count + 1) == pytest.approx(ours, rel=1e-12)
    gain = votes.majority_increment(probability, count)
    assert votes.majority_vote_accuracy(probability, count + 2) - ours == pytest.approx(gain, abs=1e-13)
    assert gain * (probability - 0.5) >= 0.0
    assert votes.majority_vote_accuracy(0.5, count) == pytest.approx(0.5)


@properties
@given(st.floats(0.01, 0.99), st.floats(0.51, 0.99), st.floats(0.01, 0.49))
def test_the_best_number_of_votes_is_where_the_curve_turns(share, easy, hard):
    assume(easy + hard > 1.001)
    count = votes.optimal_vote_count(share, easy, hard)
    assume(count.votes < 400 and abs(count.real - round(count.real)) > 1e-6)
    rise = [
        share * votes.majority_increment(easy, k) + (1 - share) * votes.majority_increment(hard, k)
        for k in (count.votes, max(1, count.votes - 2))
    ]
    assert rise[0] < 0.0
    assert rise[1] > 0.0 or count.votes == 1


def test_an_exact_tie_of_counts_of_votes_goes_to_the_smaller():
    # The easy problems gain from one to three votes exactly what the hard ones lose: L = 1, up to rounding.
    gains = votes.majority_increment(0.8, 1), -votes.majority_increment(0.3, 1)
    share = gains[1] / (gains[0] + gains[1])
    for nudge in (-1e-12, 0.0, 1e-12):
        assert votes.optimal_vote_count(share + nudge, 0.8, 0.3).votes == 1


@pytest.mark.parametrize(("law", "lead"), [((0.5, 0.3, 0.2), -0.2), ((0.2, 0.3, 0.5), 0.3), ((0.7,), -0.7)])
def test_difficulty_is_the_lead_of_the_likeliest_wrong_answer(law, lead):
    assert votes.vote_difficulty(law) == pytest.approx(lead)
    assert votes.vote_difficulty([law, law]).shape == (2,)


@properties
@given(st.floats(0, 100), st.floats(0, 0.1), st.floats(0, 0.5), st.floats(0, 1), st.integers(1, 5))
def test_fitted_curves_share_ties(count, linear, root, constant, ties):
    hard = votes.hard_vote_curve(count, linear, root, constant)
    assert votes.easy_vote_curve(count, linear, root, constant) == pytest.approx(1 - hard, abs=1e-12)
    assert ties * votes.easy_vote_curve(count, linear, root, constant, ties) == pytest.approx(1 - hard, abs=1e-12)


@properties
@given(st.integers(0, 60), st.integers(0, 60))
def test_a_larger_lead_is_surer(leader, runner_up):
    ours = adaptive.adaptive_stop_probability(leader, runner_up)
    assert ours + adaptive.adaptive_stop_probability(runner_up, leader) == pytest.approx(1.0)
    assert adaptive.adaptive_stop_probability(leader + 1, runner_up) > ours or ours > 1 - 1e-12


@properties
@given(st.floats(1, 50), st.floats(0.01, 20), st.lists(st.floats(-2, 2), min_size=1, max_size=5), st.floats(0.05, 3))
def test_shares_and_exchanges(ratio, inference, scores, temperature):
    ours = allocation.exchange_multiplier(ratio, inference)
    assert ours >= ratio
    assert allocation.exchange_multiplier(ratio, 2 * inference) <= ours
    assert allocation.exchange_multiplier(1.0, inference) == 1.0
    assert allocation.exchange_multiplier(ratio, inference, 3.0) - ratio == pytest.approx(2 * (ours - ratio))
    weights = allocation.rebase_weights(scores, temperature)
    assert allocation.rebase_weights([score + 5 for score in scores], temperature) == pytest.approx(weights)
    assert allocation.rebase_weights([3 * score for score in scores], 3 * temperature) == pytest.approx(weights)
    assert allocation.rebase_weights(scores, 1e9) == pytest.approx(np.full(len(scores), 1 / len(scores)))


@properties
@given(st.integers(1, 9), st.integers(1, 9), sizes, sizes, factors)
def test_debates_and_money_in_their_units(agents, rounds, prompt, answer, factor):
    tokens = equal_budget.debate_tokens(agents, rounds, prompt, answer)
    assert equal_budget.debate_tokens(1, 1, prompt, answer) == pytest.approx(prompt + answer)
    assert equal_budget.debate_tokens(agents, rounds, factor * prompt, factor * answer) == pytest.approx(
        factor * tokens
    )
    assert tokens >= agents * rounds * (prompt + answer) * (1 - 1e-12)
    # Second differences in the rounds are constant: quadratic.
    last = [equal_budget.debate_tokens(agents, rounds + j, prompt, answer) for j in range(3)]
    assert last[2] - 2 * last[1] + last[0] == pytest.approx(agents**2 * answer, rel=1e-6)
    money = equal_budget.money_cost(prompt, answer, 2e-6, 3e-6)
    assert equal_budget.money_cost(factor * prompt, factor * answer, 2e-6, 3e-6) == pytest.approx(factor * money)


@properties
@given(chances, chances, sizes, sizes, factors)
def test_ratios_of_agent_systems(success, single, turns, single_turns, factor):
    efficiency = agent_scaling.coordination_efficiency(success, turns, single_turns)
    assert agent_scaling.coordination_efficiency(success, factor * turns, factor * single_turns) == pytest.approx(
        efficiency
    )
    assert agent_scaling.overhead_percent(turns, turns) == 0.0
    assert agent_scaling.overhead_percent(factor * single_turns, single_turns) == pytest.approx(100 * (factor - 1))
    assert agent_scaling.failure_ratio(single, single) == pytest.approx(1.0)
    assert agent_scaling.relative_change_percent(single, single) == 0.0
    assert (agent_scaling.failure_ratio(success, single) < 1) == (success > single) or success == single


def test_relative_changes_of_the_table_by_domain():
    single = np.array([0.349, 0.349, 0.349, 0.318, 0.568, 0.568, 0.568, 0.568])
    system = np.array([0.631, 0.609, 0.604, 0.347, 0.282, 0.332, 0.346, 0.170])
    printed = [80.8, 74.5, 73.1, 9.2, -50.3, -41.5, -39.1, -70.1]
    assert agent_scaling.relative_change_percent(system, single) == pytest.approx(printed, abs=0.15)


@properties
@given(st.floats(0, 100), st.floats(0, 100), sizes, sizes, factors)
def test_synergy_changes_its_sign(score, base, tokens, base_tokens, factor):
    assume(abs(tokens - base_tokens) > 1e-3)
    gain = personas.synergy_rate(score, base, tokens, base_tokens)
    back = personas.synergy_rate(base, score, base_tokens, tokens)
    assert back.points == -gain.points
    assert back.points_per_thousand == pytest.approx(gain.points_per_thousand)
    scaled = personas.synergy_rate(score, base, factor * tokens, factor * base_tokens)
    assert scaled.points_per_thousand == pytest.approx(gain.points_per_thousand / factor, rel=1e-6)


@properties
@given(st.lists(st.floats(0, 1), min_size=3, max_size=6), st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_rewards_without_a_weight_are_those_of_the_task(task, cost):
    cost = cost[: len(task)]
    assume(np.std(task) > 1e-3 and np.std(cost) > 1e-3)
    rewards = memory_tiers.aligned_rewards(task, cost, 0.0)
    assert rewards.paper == pytest.approx(task, abs=1e-12)
    # Other units of either reward change nothing in the form of the code but its scale.
    scaled = memory_tiers.aligned_rewards([3 * part for part in task], cost, 0.7)
    assert scaled.code == pytest.approx(memory_tiers.aligned_rewards(task, cost, 0.7).code, abs=1e-9)


def test_a_fit_of_two_points_has_derivatives():
    import jax

    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(lambda c: coverage.beta_two_point_fit(0.159, 250.0, c).alpha))(0.56)
    step = 1e-6
    ends = [coverage.beta_two_point_fit(0.159, 250.0, 0.56 + sign * step).alpha for sign in (1, -1)]
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-6)
