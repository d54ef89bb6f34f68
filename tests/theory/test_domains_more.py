"""Every function of numbers on repeated sampling, anytime answers, tools, memory, personas and agents, swept.

Each argument is pushed outside its domain and to NaN, as a number, in a NumPy array and inside a compiled function;
inside the domain kinds of numbers, shapes, derivatives and batches are checked. In the table an argument is a pair of a
value inside and one outside; a list is a row (the last axis), a whole number has no derivative.
"""

import inspect
import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import (
    adaptive,
    agent_scaling,
    allocation,
    anytime,
    coverage,
    coverage_laws,
    equal_budget,
    memory_tiers,
    personas,
    stopping,
    token_budgets,
    tools,
    verifiers,
    votes,
)

BUDGETS, QUALITY = ([256.0, 512.0, 1024.0], -1.0), ([0.2, 0.5, 0.45], -0.1)
SUCCESS, TURNS = (0.4, 1.5), (11.0, 0.0)


def scaled_beta(alpha, beta, largest, k):
    return coverage_laws.ScaledBeta(alpha, beta, largest).coverage(k)


def kumaraswamy(alpha, beta, largest, k):
    return coverage_laws.Kumaraswamy(alpha, beta, largest).failure(k)


def continuous_bernoulli(parameter, k):
    return coverage_laws.ContinuousBernoulli(parameter).coverage(k)


def reciprocal(smallest, largest, k):
    return coverage_laws.Reciprocal(smallest, largest).failure(k)


def atom(probability, k):
    return coverage_laws.Atom(probability).coverage(k)


TABLE = [
    (adaptive.adaptive_stop_probability, {"leader": (4, -1), "runner_up": (1, 1.5)}),
    (
        adaptive.normal_inverse_chi2_posterior,
        {
            "scores": ([0.2, 0.8], math.inf),
            "mean": (0.1, -math.inf),
            "mean_count": (1.5, 0.0),
            "degrees": (2.0, -1.0),
            "variance": (0.2, -0.1),
        },
    ),
    (adaptive.beta_score_posterior, {"scores": ([0.2, 0.8], 1.25), "alpha": (0.5, 0.0), "beta": (0.6, -1.0)}),
    (allocation.rebase_weights, {"scores": ([0.9, 0.5, 0.2], math.inf), "temperature": (0.2, 0.0)}),
    (
        allocation.exchange_multiplier,
        {"model_ratio": (14.0, 0.5), "inference_ratio": (0.4, 0.0), "factor": (1.5, -3.0)},
    ),
    (anytime.anytime_index, {"budgets": BUDGETS, "quality": QUALITY, "largest_quality": (0.9, 0.0)}),
    (anytime.anytime_index_seed, {"budgets": BUDGETS, "quality": ([0.2, 0.5, 0.45], math.inf)}),
    (
        anytime.exponential_anytime_index,
        {"scale": (800.0, 0.0), "budget": (4096.0, -1.0), "largest_quality": (0.9, 0.0)},
    ),
    (stopping.relative_gain_stop, {"budgets": BUDGETS, "quality": QUALITY, "threshold": (0.05, math.inf)}),
    (stopping.price_stop, {"budgets": BUDGETS, "quality": QUALITY, "price": (1e-4, -1e-4)}),
    (stopping.best_stop, {"budgets": BUDGETS, "quality": QUALITY, "price": (1e-4, math.inf)}),
    (stopping.exponential_stop, {"largest_quality": (0.9, 0.0), "scale": (800.0, -1.0), "price": (1e-4, 0.0)}),
    (stopping.power_law_stop, {"initial_uncertainty": (5.0, 0.0), "decay_rate": (1.2, -1.0), "price": (1e-4, 0.0)}),
    (
        token_budgets.elastic_tokens,
        {
            "token_budget": (50.0, -1.0),
            "vanilla_tokens": (258.0, -1.0),
            "base_tokens": (42.8, -0.5),
            "tokens_per_budget": (0.75, -1.0),
            "collapse_budget": (20.0, 0.0),
            "steepness": (3.0, 0.0),
            "collapsed_tokens": (170.0, -2.0),
        },
    ),
    (token_budgets.token_reduction, {"old": ([100.0, 200.0], 0.0), "new": ([50.0, 60.0], -1.0)}),
    (
        tools.unified_cost,
        {
            "input_tokens": (5e4, -1.0),
            "output_tokens": (4e3, -1.0),
            "cached_tokens": (1e5, math.inf),
            "calls": ([14.0, 1.5], -1.0),
            "input_price": (1.25, -1.0),
            "output_price": (10.0, -1.0),
            "cached_price": (0.3, -1.0),
            "call_prices": ([0.001, 0.002], -0.001),
        },
    ),
    (tools.capped_geometric_calls, {"hazard": (0.07, 1.5), "cap": (30, 2.5)}),
    (tools.hazard_calls, {"hazards": ([0.1, 0.2, 0.5], -0.25)}),
    (tools.solved_before_stopping, {"success": (0.02, 0.0), "hazard": (0.07, 1.5), "cap": (30, -1)}),
    (coverage.pass_at_k, {"samples": (10, 0), "correct": (3, 0.5), "k": (5, -1)}),
    (coverage.beta_pass_at_k, {"alpha": (0.3, 0.0), "beta": (2.0, -1.0), "k": (7.0, -0.5)}),
    (coverage.beta_failure_asymptote, {"alpha": (0.3, 0.0), "beta": (2.0, math.inf), "k": (7.0, 0.0)}),
    (coverage.coverage_power_fit, {"first": (0.16, 0.0), "k": (250.0, 1.0), "coverage": (0.56, 1.0)}),
    (coverage.beta_two_point_fit, {"first": (0.16, 1.0), "k": (250.0, 0.5), "coverage": (0.56, 1.5)}),
    (coverage.dynamic_sampling_shares, {"probabilities": ([0.5, 0.2, 0.05], 1.5), "k": (10, 0)}),
    (coverage_laws.power_tail, {"density_constant": (2.0, 0.0), "density_exponent": (0.3, -1.0)}),
    (
        coverage_laws.scaled_beta_binomial,
        {"correct": (2, -1), "samples": (5, 0), "alpha": (0.4, 0.0), "beta": (1.5, -1.0), "largest": (0.8, 1.5)},
    ),
    (scaled_beta, {"alpha": (0.3, 0.0), "beta": (2.0, -1.0), "largest": (0.5, 0.0), "k": (9.0, -1.0)}),
    (kumaraswamy, {"alpha": (0.3, 0.0), "beta": (2.0, -1.0), "largest": (0.5, 1.25), "k": (9.0, math.inf)}),
    (continuous_bernoulli, {"parameter": (0.3, 1.0), "k": (9.0, -1.0)}),
    (reciprocal, {"smallest": (0.1, 0.0), "largest": (0.5, 1.5), "k": (9.0, -1.0)}),
    (atom, {"probability": (0.3, -0.5), "k": (9.0, -1.0)}),
    (
        verifiers.resample_until_accept,
        {
            "probability": (0.3, 1.5),
            "true_positive_rate": (0.9, -0.5),
            "false_positive_rate": (0.1, 2.0),
            "cap": (8, 0),
        },
    ),
    (
        verifiers.best_of_n_accuracy,
        {
            "samples": (8, 0),
            "probability": (0.3, 1.5),
            "advantage": (1.0, math.inf),
            "spread_right": (0.8, 0.0),
            "spread_wrong": (1.2, -1.0),
        },
    ),
    (votes.majority_vote_accuracy, {"probability": (0.63, 1.5), "votes": (5, 0)}),
    (votes.majority_increment, {"probability": (0.63, -0.5), "votes": (5, 4)}),
    (votes.two_level_vote, {"votes": (5, 2.5), "share": (0.6, 1.5), "easy": (0.8, 2.0), "hard": (0.4, -0.5)}),
    (
        votes.easy_vote_curve,
        {
            "votes": (4.0, -1.0),
            "linear": (0.05, math.inf),
            "root": (0.2, math.inf),
            "constant": (0.4, math.inf),
            "ties": (2, 0),
        },
    ),
    (
        votes.hard_vote_curve,
        {"votes": (4.0, -1.0), "linear": (0.05, math.inf), "root": (0.2, math.inf), "constant": (0.4, -math.inf)},
    ),
    (votes.vote_difficulty, {"probabilities": ([0.5, 0.3, 0.2], 1.5)}),
    (memory_tiers.token_cost, {"tokens": (8686.0, -1.0), "price_per_million": (0.88, -1.0)}),
    (memory_tiers.cost_reward, {"cost": (1.2, -1.0), "window": ([0.3, 0.5, 0.9, 3.0], -0.5)}),
    (
        memory_tiers.aligned_rewards,
        {
            "task_rewards": ([1.0, 0.0, 0.5], math.inf),
            "cost_rewards": ([0.2, 0.9, 0.4], math.inf),
            "cost_weight": ([0.5, 0.5, 0.5], -1.0),
        },
    ),
    (
        personas.synergy_rate,
        {
            "score": (80.0, math.inf),
            "base_score": (74.6, -math.inf),
            "tokens": (2230.0, -1.0),
            "base_tokens": (549.0, -1.0),
        },
    ),
    (agent_scaling.coordination_efficiency, {"success": SUCCESS, "turns": TURNS, "single_turns": (7.0, -1.0)}),
    (agent_scaling.overhead_percent, {"turns": TURNS, "single_turns": (7.0, 0.0)}),
    (agent_scaling.turns_law, {"agents": (3.0, 0.0)}),
    (agent_scaling.density_law, {"messages_per_turn": (0.4, 0.0)}),
    (agent_scaling.failure_ratio, {"success": SUCCESS, "single_success": (0.5, 1.0)}),
    (agent_scaling.relative_change_percent, {"success": SUCCESS, "single_success": (0.5, 0.0)}),
    (agent_scaling.implied_tokens_per_trial, {"success": SUCCESS, "success_per_million": (67.7, 0.0)}),
    (
        agent_scaling.single_agent_threshold,
        {
            "agents_effect": (0.05, math.inf),
            "interaction": (-0.4, 0.0),
            "mean": (0.5, math.inf),
            "deviation": (0.1, -1.0),
        },
    ),
    (
        equal_budget.money_cost,
        {
            "input_tokens": (1e3, -1.0),
            "output_tokens": (200.0, -1.0),
            "input_price": (1e-6, -1.0),
            "output_price": (2e-6, math.inf),
        },
    ),
    (equal_budget.self_consistency_samples, {"budget": (8550.0, -1.0), "sample_tokens": (350.0, 0.0)}),
    (
        equal_budget.debate_tokens,
        {"agents": (3, 0), "rounds": (4, 1.5), "prompt_tokens": (150.0, -1.0), "answer_tokens": (200.0, -1.0)},
    ),
    (
        equal_budget.retry_accuracy,
        {
            "probability": (0.45, 1.5),
            "true_positive_rate": (0.8, -0.5),
            "false_positive_rate": (0.5, 2.0),
            "attempts": (5, 0),
        },
    ),
]
# The same with rows, conditions or loops of their own: swept by hand below.
BY_HAND = {"budgeted_synergy", "resample_utility"}
MODULES = (
    adaptive, agent_scaling, allocation, anytime, coverage, coverage_laws, equal_budget, memory_tiers, personas,
    stopping, token_budgets, tools, verifiers, votes,
)  # fmt: skip
# Functions of plain numbers, callables or columns of a table, tested with their subject.
PLAIN = {
    "adaptive_min_majority", "rebase_allocation", "greedy_coverage_allocation", "concave_stop", "search_budget",
    "printed_search_budget", "halve_while_correct", "ideal_range", "budget_regime", "best_resample_cap",
    "search_vs_sampling_crossing", "optimal_vote_count", "vote_regime", "pooled_recall", "llm_calls",
    "self_consistency_accuracy", "running_best", "widths_between",
}  # fmt: skip

sweep = pytest.mark.parametrize(("function", "table"), TABLE, ids=[function.__name__ for function, _ in TABLE])
# Compiling takes about a second a function: every third one with `make test`, all with `make verify`.
compiled_sweep = pytest.mark.parametrize(
    ("function", "table"),
    [
        pytest.param(function, table, id=function.__name__, marks=[pytest.mark.verify] if place % 3 else [])
        for place, (function, table) in enumerate(TABLE)
    ],
)


def parts(result):
    """The fields of a result that are numbers."""
    return [part for part in (result if isinstance(result, tuple) else (result,)) if not isinstance(part, str)]


def weighted(xp, result):
    """One number that depends on every part of a result (shares add up to 1, rewards and costs are opposites)."""
    total = 0.0
    for place, part in enumerate(parts(result), start=1):
        row = xp.reshape(xp.asarray(part, dtype=float), (-1,))
        total = total + place * xp.sum(row * xp.asarray([1.0, 3.0, 7.0, 15.0])[: row.shape[0]])
    return total


def inside(table):
    return {name: values[0] for name, values in table.items()}


def spoiled(value, bad):
    return [*value[:-1], bad] if isinstance(value, list) else bad


def stacked(table, xp=np):
    """Every argument three times over."""
    return {name: xp.asarray([value] * 3, dtype=float) for name, value in inside(table).items()}


def test_the_table_has_every_public_function():
    public = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    swept = {function.__name__ for function, _ in TABLE}
    assert public - swept == BY_HAND | PLAIN


@sweep
def test_a_number_or_array_outside_is_named(function, table):
    for name, (value, bad) in table.items():
        for outside in (bad, math.nan):
            words = f"{name} must be .*got {re.escape(format(outside, 'g'))}$"
            wrong = spoiled(value, outside)
            for given in (wrong, np.asarray(wrong, dtype=float), np.asarray([value, wrong], dtype=float)):
                with pytest.raises(ValueError, match=words):
                    function(**{**inside(table), name: given})


@sweep
def test_kinds_of_numbers_and_shapes(function, table):
    plain = parts(function(**inside(table)))
    if not any(isinstance(value, list) for value in inside(table).values()):
        assert all(type(part) in (float, int) for part in plain)
    together = parts(function(**stacked(table)))
    for part, alone in zip(together, plain, strict=True):
        assert isinstance(part, np.ndarray)
        assert part.dtype in (np.float64, np.int64)
        assert part.shape == (3, *np.shape(alone))
        assert part == pytest.approx(np.asarray([alone] * 3), rel=1e-12)
    for name in table:  # one argument batched, the others not
        if not isinstance(table[name][0], list):
            one = parts(function(**{**inside(table), name: np.full(3, float(table[name][0]))}))
            broadcast = [np.broadcast_to(part, (3, *np.shape(alone))) for part, alone in zip(one, plain, strict=True)]
            for part, alone in zip(broadcast, together, strict=True):
                assert part == pytest.approx(alone, rel=1e-12)


@compiled_sweep
def test_compiled_it_gives_the_same_numbers_and_nan_outside(function, table):
    with jax.enable_x64(True):
        compiled = jax.jit(lambda values: parts(function(**values)))
        values, plain = stacked(table, jnp), parts(function(**stacked(table)))
        for part, known in zip(compiled(values), plain, strict=True):
            assert isinstance(part, jax.Array)
            assert part.dtype == jnp.float64
            np.testing.assert_allclose(part, known, rtol=1e-11, atol=1e-300)
        for name, (value, bad) in table.items():
            rows = [value, spoiled(value, bad), spoiled(value, math.nan)]
            touched = False
            for part, known in zip(compiled({**values, name: jnp.asarray(rows, dtype=float)}), plain, strict=True):
                assert np.all(np.isfinite(part[0]) | ~np.isfinite(known[0])), name
                # Where rows come out as rows only what depends on the value is lost, at least its own place.
                lost = np.isnan(part[1:]).reshape(2, -1)
                assert np.all(lost[:, -1]), name
                touched |= bool(lost.all())
            assert touched or name == "cost_weight", name  # which may differ within a row


@compiled_sweep
def test_derivatives_are_finite_and_batches_equal_loops(function, table):
    smooth = [
        name
        for name, value in inside(table).items()
        if isinstance(value[-1] if isinstance(value, list) else value, float)
    ]
    if not smooth or function is equal_budget.self_consistency_samples:
        return
    with jax.enable_x64(True):
        plain = inside(table)

        def total(values):
            return weighted(jnp, function(**{**plain, **values}))

        values = {name: jnp.asarray([plain[name]] * 2, dtype=float) for name in smooth}
        slopes = jax.jit(jax.vmap(jax.grad(total)))(values)
        changes = []
        for name in smooth:
            assert np.all(np.isfinite(slopes[name])), name
            np.testing.assert_allclose(slopes[name][0], slopes[name][1], rtol=1e-12)
            # Central differences along the whole argument.
            here = np.asarray(plain[name], dtype=float)
            step = 1e-6 * here
            ends = [weighted(np, function(**{**plain, name: (here + sign * step).tolist()})) for sign in (1, -1)]
            along = float(np.sum(np.asarray(slopes[name][0]) * step))
            assert along == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-4, abs=1e-9 * max(1.0, abs(ends[0]))), name
            changes.append(abs(along))
        assert max(changes) > 0.0 or function in (stopping.relative_gain_stop, stopping.price_stop, stopping.best_stop)


def test_rows_with_one_temperature_each():
    scores = np.array([[0.9, 0.5, 0.2], [0.1, 0.1, 0.7]])
    temperatures = np.array([0.2, 1.5])
    ours = allocation.rebase_weights(scores, temperatures)
    for row, weights in enumerate(ours):
        plain = np.exp(scores[row] / temperatures[row])
        assert weights == pytest.approx(plain / plain.sum(), rel=1e-12)
    with jax.enable_x64(True):
        compiled = jax.jit(allocation.rebase_weights)
        np.testing.assert_allclose(compiled(jnp.asarray(scores), jnp.asarray(temperatures)), ours, rtol=1e-12)
        lost = np.isnan(compiled(jnp.asarray(scores), jnp.asarray([0.2, -1.0])))
        assert lost.all(axis=-1).tolist() == [False, True]
        assert not lost[0].any()
        shares = jax.jit(coverage.dynamic_sampling_shares)(jnp.asarray([[0.5, 0.2], [0.1, 1.2]]), jnp.asarray([3, 4]))
        assert np.isnan(shares).tolist() == [[False, False], [True, True]]
        many = allocation.rebase_weights(scores[0], jnp.asarray([0.2, 1.5, 3.0]))
        assert many.shape == (3, 3)


def test_utility_of_resampling_by_hand():
    values = {"penalty": 1.0, "alpha": 0.4, "beta": 1.2, "false_positive_rate": 0.05}
    for name, bad in {"penalty": -1.0, "alpha": 0.0, "beta": math.nan, "false_positive_rate": 1.5}.items():
        with pytest.raises(ValueError, match=f"{name} must be .*got {bad:g}"):
            verifiers.resample_utility(7, **{**values, name: bad})
        with jax.enable_x64(True):
            assert np.isnan(jax.jit(verifiers.resample_utility, static_argnums=0)(7, **{**values, name: bad}))
    for bad in (-1, 2.5, math.nan):
        with pytest.raises(ValueError, match="cap must be a whole number"):
            verifiers.resample_utility(bad, **values)
    assert type(verifiers.resample_utility(7, **values)) is float
    with jax.enable_x64(True):
        traced = jax.jit(verifiers.resample_utility)(jnp.asarray([3.0, 7.0]), **values)
        np.testing.assert_allclose(traced, verifiers.resample_utility(np.array([3, 7]), **values), rtol=1e-13)
        slopes = jax.grad(lambda v: verifiers.resample_utility(7, **v))(values)
        assert all(math.isfinite(slope) and slope != 0 for slope in slopes.values())
