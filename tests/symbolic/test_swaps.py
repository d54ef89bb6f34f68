"""Swapped assumptions: new rules against optima and enumerations without SymPy; wrong ones are refuted by name."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import comb
from typing import Any

import jax
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq, minimize_scalar

from budgetsim.symbolic import DerivationError
from budgetsim.symbolic.budget_threshold import (
    communication,
    compute_exponent,
    leaf_constant,
    optimal_leaf_count,
    optimal_leaf_tokens,
    threshold_budget,
)
from budgetsim.symbolic.continuous_leaves import continuous_optimal_leaf_tokens, variance_constant
from budgetsim.symbolic.continuous_tree import message_variance, tree_floor, tree_risk, tree_variance_exponent
from budgetsim.symbolic.critical_values import (
    amplification_requirement,
    critical_correlation,
    critical_fidelity,
    near_threshold_coefficient,
)
from budgetsim.symbolic.exact_fixed_points import fixed_point_of_five, fixed_point_of_three
from budgetsim.symbolic.phase_transition import amplification_factor, fixed_point, one_level_map
from budgetsim.symbolic.stars_and_chains import chain_optimal_floor, chain_running_mean_risk, star_risk
from budgetsim.symbolic.tree import correlation, fan_in, fidelity, majority_map, message_tokens, received, voted
from budgetsim.symbolic.tree_costs import communication_cost_per_leaf, exact_tree_tokens, height, leaf_tokens
from budgetsim.symbolic.vote_curves import failures, successes, vote_increment

BACKENDS = ("numpy", "jax")
x, c, beta, kappa = leaf_tokens, communication, compute_exponent, leaf_constant
q, width = sp.symbols("q width", positive=True)
VALUES = {
    beta: 0.2,
    sp.Symbol("s", positive=True): 0.344,
    c: 50.0,
    kappa: 0.02,
    q: 30.0,
    message_tokens: 20.0,
    fan_in: 5.0,
    fidelity: 0.85,
    correlation: 0.15,
}
EXPONENT = 0.344

Leaf = Callable[[float], float]


def at(derivation: Any, backend: Any, **more: float) -> float:
    values = {**VALUES, **{symbol: more[symbol.name] for symbol in derivation.arguments if symbol.name in more}}
    return float(derivation.numeric(backend)(*(values[symbol] for symbol in derivation.arguments)))


# ---- budgets: leaf, cost and price of a message -------------------------------------------------------------------

BUDGETS: dict[str, tuple[dict[str, Any], Leaf, Leaf, Leaf]] = {
    # what is swapped, then leaf, cost of a leaf with its messages and cost of one agent as plain functions of tokens
    "fixed part per call": ({"cost": x + c + q}, lambda t: 0.02 * t**0.2, lambda t: t + 80.0, lambda t: t + 30.0),
    "output dearer than input": ({"cost": q * x + c}, lambda t: 0.02 * t**0.2, lambda t: 30 * t + 50, lambda t: 30 * t),
    "price grows with fan-in": (
        {"message_price": 2 * message_tokens * fan_in},
        lambda t: 0.02 * t**0.2,
        lambda t: t + sum(200.0 * 5.0 ** (1 - h) for h in range(1, 60)),
        lambda t: t,
    ),
    "price grows with its square": (
        {"message_price": message_tokens * fan_in**2},
        lambda t: 0.02 * t**0.2,
        lambda t: t + sum(500.0 * 5.0 ** (1 - h) for h in range(1, 60)),
        lambda t: t,
    ),
    "price grows with its logarithm": (
        {"message_price": message_tokens * sp.log(fan_in)},
        lambda t: 0.02 * t**0.2,
        lambda t: t + sum(20.0 * np.log(5.0) * 5.0 ** (1 - h) for h in range(1, 60)),
        lambda t: t,
    ),
    "price grows to the root": (
        {"message_price": message_tokens * height},
        lambda t: 0.02 * t**0.2,
        lambda t: t + sum(20.0 * h * 5.0 ** (1 - h) for h in range(1, 60)),
        lambda t: t,
    ),
    "saturating leaf": (
        {"leaf": 1 - sp.exp(-kappa * x**beta)},
        lambda t: -np.expm1(-0.02 * t**0.2),
        lambda t: t + 50.0,
        lambda t: t,
    ),
    "logarithmic leaf": (
        {"leaf": kappa * sp.log(1 + x)},
        lambda t: 0.02 * np.log1p(t),
        lambda t: t + 50.0,
        lambda t: t,
    ),
    "rational leaf": ({"leaf": x / (x + q)}, lambda t: t / (t + 30.0), lambda t: t + 50.0, lambda t: t),
    "saturating leaf, price by fan-in": (
        {"leaf": 1 - sp.exp(-kappa * x**beta), "message_price": 2 * message_tokens * fan_in},
        lambda t: -np.expm1(-0.02 * t**0.2),
        lambda t: t + sum(200.0 * 5.0 ** (1 - h) for h in range(1, 60)),
        lambda t: t,
    ),
}


def best_leaf(leaf: Leaf, cost: Leaf) -> float:
    """Tokens that maximize log leaf(x) - s log cost(x): a search over log x."""
    found = minimize_scalar(
        lambda log_tokens: EXPONENT * np.log(cost(np.exp(log_tokens))) - np.log(leaf(np.exp(log_tokens))),
        bounds=(-7.0, 16.0),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(found.x))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", BUDGETS)
def test_budget_rules_under_swapped_assumptions(name: str, backend: Any):
    swapped, leaf, cost, alone = BUDGETS[name]
    best = best_leaf(leaf, cost)
    assert at(optimal_leaf_tokens().swap(**swapped), backend) == pytest.approx(best, rel=1e-4)
    counts = optimal_leaf_count().swap(**swapped)
    assert at(counts, backend, B=1e5) == pytest.approx(1e5 / cost(best), rel=1e-4)

    def advantage(log_leaves: float) -> float:
        budget = np.exp(log_leaves) * cost(best)
        lone = brentq(lambda t: alone(t) - budget, 0.0, 1e15)
        return float(np.log(leaf(best)) + EXPONENT * log_leaves - np.log(leaf(lone)))

    budget = np.exp(brentq(advantage, 1e-6, 15.0)) * cost(best)
    assert at(threshold_budget().swap(**swapped), backend) == pytest.approx(budget, rel=1e-4)


def test_a_rule_without_closed_form_has_latex_and_slopes():
    rule = optimal_leaf_tokens(leaf=1 - sp.exp(-kappa * x**beta))
    assert rule.bracket is not None
    assert r"x^{\star}\text{ solves }\boxed{" in rule.latex()
    function = rule.numeric("jax")
    point = [VALUES[symbol] for symbol in rule.arguments]
    slope = jax.grad(function, argnums=2)(*point)
    ends = [function(*point[:2], 50.0 + sign * 1e-3, *point[3:]) for sign in (1, -1)]
    assert float(slope) == pytest.approx(float(ends[0] - ends[1]) / 2e-3, rel=1e-5)


@pytest.mark.parametrize(
    ("swapped", "step"),
    [
        ({"leaf": kappa * x**2}, "leaf has diminishing returns"),
        ({"leaf": kappa * sp.exp(x)}, "leaf has diminishing returns"),
        ({"leaf": kappa / x}, "leaf improves"),
        ({"cost": c / x}, "cost grows"),
        ({"cost": c - x}, "cost grows"),
        ({"cost": x}, "one peak"),
        ({"leaf": kappa * x ** (2 * beta)}, "synergy"),
        ({"message_price": message_tokens - fan_in}, "price of a message"),
        ({"message_price": message_tokens * fan_in**height}, "large tree"),
    ],
)
@pytest.mark.parametrize("maker", [optimal_leaf_tokens, threshold_budget])
def test_wrong_budgets_are_refuted_by_name(maker: Callable[..., Any], swapped: dict[str, Any], step: str):
    with pytest.raises(DerivationError, match=step):
        maker(**swapped)


@pytest.mark.parametrize(
    ("price", "plain"),
    [
        (message_tokens * fan_in**2, lambda _: 20.0 * 25.0),
        (message_tokens + q, lambda _: 50.0),
        (message_tokens * height, lambda h: 20.0 * h),
        (message_tokens * 2 ** (-height), lambda h: 20.0 * 2.0**-h),
    ],
)
def test_messages_are_added_up_level_by_level(price: sp.Expr, plain: Callable[[int], float]):
    endless = sum(plain(h) * 5.0 ** (1 - h) for h in range(1, 80))
    assert at(communication_cost_per_leaf(message_price=price), "numpy") == pytest.approx(endless, rel=1e-12)
    whole = 125 * 30.0 + sum(plain(h) * 5.0 ** (4 - h) for h in range(1, 4))
    assert at(exact_tree_tokens(message_price=price), "numpy", L=3.0, x=30.0) == pytest.approx(whole, rel=1e-12)


# ---- votes: how a received bias becomes that of the aggregate -----------------------------------------------------


def majority_by_counting(votes: int, bias: float) -> float:
    right = (1.0 + bias) / 2.0
    return (
        2.0 * sum(comb(votes, n) * right**n * (1 - right) ** (votes - n) for n in range(votes // 2 + 1, votes + 1)) - 1
    )


VOTES: dict[str, tuple[sp.Expr, Callable[[float, float], float]]] = {
    # the assumption, and the map of a bias at fidelity .85, correlation .15 and fan-in 5
    "independent": (voted, lambda u, f: majority_by_counting(5, f * u)),
    "square of the correlation": (
        correlation**2 * received + (1 - correlation**2) * voted,
        lambda u, f: 0.0225 * f * u + 0.9775 * majority_by_counting(5, f * u),
    ),
    "shared before the channel": (
        correlation * received * majority_map(fan_in, fidelity) / fidelity + (1 - correlation) * voted,
        lambda u, f: 0.15 * u * majority_by_counting(5, f) + 0.85 * majority_by_counting(5, f * u),
    ),
    "shared and then blurred": (
        (1 - correlation) * (correlation * received + (1 - correlation) * voted),
        lambda u, f: 0.85 * (0.15 * f * u + 0.85 * majority_by_counting(5, f * u)),
    ),
    "geometric mixture": (
        received**correlation * voted ** (1 - correlation),
        lambda u, f: (f * u) ** 0.15 * majority_by_counting(5, f * u) ** 0.85,
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", VOTES)
def test_votes_under_swapped_assumptions(name: str, backend: Any):
    vote, plain = VOTES[name]
    for bias in (0.01, 0.3, 1.0):
        assert at(one_level_map().swap(vote=vote), backend, u=bias) == pytest.approx(plain(bias, 0.85), rel=1e-10)
    tiny = 1e-7
    assert at(amplification_factor().swap(vote=vote), backend) == pytest.approx(plain(tiny, 0.85) / tiny, rel=1e-6)
    root = brentq(lambda bias: plain(bias, 0.85) - bias, 1e-3, 1.0)
    assert at(fixed_point().swap(vote=vote), backend) == pytest.approx(root, rel=1e-10)


@pytest.mark.parametrize("name", ["independent", "square of the correlation", "shared and then blurred"])
def test_critical_values_under_swapped_assumptions(name: str):
    vote, plain = VOTES[name]
    tiny = 1e-7
    start = brentq(lambda f: plain(tiny, f) / tiny - 1.0, 0.05, 1.0)
    assert at(critical_fidelity().swap(vote=vote), "numpy") == pytest.approx(start, rel=1e-6)
    bend = (plain(1e-2, 0.85) - plain(tiny, 0.85) / tiny * 1e-2) / 1e-6
    assert at(near_threshold_coefficient().swap(vote=vote), "numpy") == pytest.approx(-bend, rel=1e-3)
    needed = amplification_requirement().swap(vote=vote)
    factor = amplification_factor().swap(vote=vote)
    assert (at(factor, "numpy") > 1.0) == (at(needed, "numpy") < 15.0 / 8.0)


def test_critical_correlation_of_another_mixture():
    rule = critical_correlation().swap(vote=correlation**2 * received + (1 - correlation**2) * voted)
    shared = at(rule, "numpy", gamma=0.6)
    assert 0.6 * (shared**2 + (1.0 - shared**2) * 15.0 / 8.0) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("maker", "votes"), [(fixed_point_of_three, 3), (fixed_point_of_five, 5)])
def test_exact_fixed_points_of_independent_votes(maker: Callable[..., Any], votes: int):
    root = brentq(lambda bias: majority_by_counting(votes, 0.85 * bias) - bias, 1e-3, 1.0)
    assert at(maker(vote=voted), "numpy") == pytest.approx(root, rel=1e-10)


@pytest.mark.parametrize(
    "channel",
    [1 - sp.exp(-message_tokens / q), message_tokens / (message_tokens + q), 1 - 1 / (1 + message_tokens) ** 2],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_channels_of_message_tokens(channel: sp.Expr, backend: Any):
    clear = float(channel.subs({message_tokens: 90.0, q: 30.0}))
    factor = amplification_factor(channel=channel)
    assert at(factor, backend, m=90.0) == pytest.approx(clear * (0.15 + 0.85 * 15.0 / 8.0), rel=1e-12)
    root = brentq(lambda u: 0.15 * clear * u + 0.85 * majority_by_counting(5, clear * u) - u, 1e-3, 1.0)
    assert at(fixed_point(channel=channel), backend, m=90.0) == pytest.approx(root, rel=1e-10)


@pytest.mark.parametrize(
    ("swapped", "step"),
    [
        ({"vote": received}, "concave"),
        ({"vote": voted**2}, "concave"),
        ({"vote": voted + correlation}, "no bias out of none"),
        ({"vote": 2 * voted}, "bounded"),
        ({"channel": 1 + message_tokens}, "channel"),
    ],
)
def test_wrong_votes_are_refuted_by_name(swapped: dict[str, Any], step: str):
    with pytest.raises(DerivationError, match=step):
        fixed_point(**swapped)


# ---- averages: weights and noise ----------------------------------------------------------------------------------

ratio = sp.Symbol("r", positive=True)
tilt = ratio / (1 + ratio)  # each child counts this much less than the one before
GEOMETRIC = (1 - tilt) * (1 + tilt**fan_in) / ((1 + tilt) * (1 - tilt**fan_in))
LOUDEST = width / (1 + width) + (1 - width / (1 + width)) / fan_in  # one voice now and then counts for all


def variance_of_average(weights: np.ndarray, variance: float, noise: float) -> float:
    covariance = variance * (0.15 + 0.85 * np.eye(len(weights)))
    return float(weights @ (covariance + noise * np.eye(len(weights))) @ weights)


@pytest.mark.parametrize("noise", [message_variance, message_variance / message_tokens, q * sp.exp(-message_tokens)])
def test_unequal_weights_and_noise_curves(noise: sp.Expr):
    at_values = {message_variance: 0.5, message_tokens: 2.0, q: 3.0}
    level = float(noise.subs(at_values))
    weights = 0.6 ** np.arange(5.0)
    weights /= weights.sum()
    more = {"r": 1.5, "m": 2.0, "v_c": 0.5, "q": 3.0, "rho": 0.15, "v_0": 2.0}
    variance = 2.0
    for levels in range(4):
        rule = tree_risk(noise=noise, squared_weights=GEOMETRIC)
        assert at(rule, "numpy", L=float(levels), **more) == pytest.approx(variance, rel=1e-12)
        variance = variance_of_average(weights, variance, level)
    for _ in range(200):
        variance = variance_of_average(weights, variance, level)
    floor = tree_floor(noise=noise, squared_weights=GEOMETRIC)
    assert at(floor, "numpy", **more) == pytest.approx(variance, rel=1e-10)
    exponent = tree_variance_exponent(squared_weights=GEOMETRIC)
    assert at(exponent, "numpy", **more) == pytest.approx(
        -np.log(variance_of_average(weights, 1.0, 0.0)) / np.log(5.0), rel=1e-12
    )
    plain = np.full(8, 1.0 / 8.0)
    assert at(star_risk(noise=noise), "numpy", N=8.0, **more) == pytest.approx(variance_of_average(plain, 2.0, level))
    chain = 2.0 * (0.15 + 0.85 / 8.0) + level * sum((j / 8.0) ** 2 for j in range(1, 8))
    assert at(chain_running_mean_risk(noise=noise), "numpy", N=8.0, **more) == pytest.approx(chain, rel=1e-12)
    settled = 2.0
    for _ in range(400):
        settled = 1.0 / (1.0 / (settled + level) + 1.0 / 2.0)
    assert at(chain_optimal_floor(noise=noise), "numpy", **more) == pytest.approx(settled, rel=1e-9)


def test_a_mixture_of_averages():
    rule = tree_floor(squared_weights=LOUDEST)
    share = 0.25 + 0.75 / 5.0
    assert at(rule, "numpy", width=1.0 / 3.0, v_c=0.5) == pytest.approx(0.5 * share / (0.85 * (1.0 - share)), rel=1e-12)


@pytest.mark.parametrize(
    ("swapped", "step"),
    [
        ({"squared_weights": 1 / fan_in**2}, "possible weights"),
        ({"squared_weights": sp.S(2)}, "possible weights"),
        ({"noise": -message_variance}, "message noise"),
    ],
)
def test_wrong_averages_are_refuted_by_name(swapped: dict[str, Any], step: str):
    with pytest.raises(DerivationError, match=step):
        tree_risk(**swapped)


@pytest.mark.parametrize("backend", BACKENDS)
def test_leaves_of_averages_under_swapped_assumptions(backend: Any):
    bounded_below = variance_constant * (1 + q / x)  # no leaf is better than its own floor
    rule = continuous_optimal_leaf_tokens(variance=bounded_below)
    best = minimize_scalar(
        lambda t: np.log1p(30.0 / np.exp(t)) + 0.57 * np.log(np.exp(t) + 50.0), bounds=(-5.0, 12.0), method="bounded"
    )
    assert at(rule, backend, t=0.57) == pytest.approx(np.exp(best.x), rel=1e-4)
    with pytest.raises(DerivationError, match="leaf improves"):
        continuous_optimal_leaf_tokens(variance=variance_constant * x)


# ---- vote curves: populations by their moments --------------------------------------------------------------------

p_1, p_2, p_3 = sp.symbols("p_1 p_2 p_3", positive=True)
easy, hard = p_1 / (1 + p_1), p_2 / (1 + p_2)
uniform_moment = sp.beta(successes + 1, failures + 1)
POPULATIONS: dict[str, tuple[sp.Expr, dict[str, float], list[tuple[float, float]]]] = {
    # moments, values of their parameters, and the same population as atoms (probability, share)
    "one kind": (easy**successes * (1 - easy) ** failures, {"p_1": 1.5}, [(0.6, 1.0)]),
    "two kinds": (
        (easy**successes * (1 - easy) ** failures + 3 * hard**successes * (1 - hard) ** failures) / 4,
        {"p_1": 4.0, "p_2": 0.6},
        [(0.8, 0.25), (0.375, 0.75)],
    ),
    "half uniform": (
        (uniform_moment + easy**successes * (1 - easy) ** failures) / 2,
        {"p_1": 1.5},
        [(0.6, 0.5), *(((n + 0.5) / 4000, 0.5 / 4000) for n in range(4000))],
    ),
}


def accuracy_by_counting(votes: int, population: list[tuple[float, float]]) -> float:
    probability, share = np.array(population).T
    return float(share @ np.array([(1 + majority_by_counting(votes, 2 * one - 1)) / 2 for one in probability]))


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_vote_increments_of_populations(name: str, backend: Any):
    moment, parameters, population = POPULATIONS[name]
    rule = vote_increment(moment=moment)
    for votes in (1, 3, 9):
        gain = accuracy_by_counting(votes + 2, population) - accuracy_by_counting(votes, population)
        assert at(rule, backend, K=float(votes), **parameters) == pytest.approx(gain, rel=1e-5, abs=1e-12)


def test_votes_enumerated_one_by_one():
    def accuracy(votes: int, right: float) -> float:
        return sum(
            right ** sum(outcome) * (1 - right) ** (votes - sum(outcome))
            for outcome in product((0, 1), repeat=votes)
            if sum(outcome) > votes / 2
        )

    rule = vote_increment(moment=easy**successes * (1 - easy) ** failures)
    assert at(rule, "numpy", K=5.0, p_1=1.5) == pytest.approx(accuracy(7, 0.6) - accuracy(5, 0.6), rel=1e-12)


@pytest.mark.parametrize(
    ("moment", "step"),
    [
        (easy**successes * hard**failures, "right or wrong"),
        (2 * easy**successes * (1 - easy) ** failures, "chances sum to one"),
        (1 / (successes + failures + 1), "right or wrong"),
    ],
)
def test_wrong_moments_are_refuted_by_name(moment: sp.Expr, step: str):
    with pytest.raises(DerivationError, match=step):
        vote_increment(moment=moment)
