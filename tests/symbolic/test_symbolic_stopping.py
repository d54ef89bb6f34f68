"""Derived stops, anytime indices and break-evens: proved, equal to the theory, and right for swapped assumptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import erf

from budgetsim.symbolic import Derivation, DerivationError
from budgetsim.symbolic.anytime_indices import anytime_index_absolute, anytime_index_own
from budgetsim.symbolic.efficiency import accuracy, break_even_tokens
from budgetsim.symbolic.efficiency import tokens as spent
from budgetsim.symbolic.stopping import power_law_stop, price_stop, relative_gain_stop
from budgetsim.symbolic.stopping import tokens as b
from budgetsim.theory import anytime, plan_and_budget, stopping

MAKERS = (
    price_stop,
    power_law_stop,
    relative_gain_stop,
    anytime_index_own,
    anytime_index_absolute,
    break_even_tokens,
)
a, g, h, s, q, w = sp.symbols("a g h s q w", positive=True)


@pytest.mark.parametrize("make", MAKERS)
def test_every_step_is_proved(make: Callable[..., Derivation]) -> None:
    assert set(make().outcomes.values()) == {"proved"}


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_rules_equal_the_theory(backend: Any) -> None:
    rng = np.random.default_rng(5)
    top, scale, price = rng.uniform(0.2, 1.0, 50), rng.uniform(50.0, 3000.0, 50), np.exp(rng.uniform(-12.0, -4.0, 50))
    ours = price_stop().numeric(backend)(top, scale, price)
    np.testing.assert_allclose(ours, stopping.exponential_stop(top, scale, price), rtol=1e-10, atol=1e-9)
    rate = rng.uniform(0.3, 3.0, 50)
    ours = power_law_stop().numeric(backend)(top, rate, price)
    np.testing.assert_allclose(ours, stopping.power_law_stop(top, rate, price), rtol=1e-10)
    budget = rng.uniform(100.0, 9000.0, 50)
    index = anytime.exponential_anytime_index(scale, budget, top)
    np.testing.assert_allclose(anytime_index_own().numeric(backend)(top, scale, budget), index.own, rtol=1e-8)
    np.testing.assert_allclose(anytime_index_absolute().numeric(backend)(top, scale, budget), index.absolute, rtol=1e-8)
    loss = rng.uniform(0.0, 0.9, 50)
    ours = break_even_tokens().numeric(backend)(budget, loss)
    np.testing.assert_allclose(ours, plan_and_budget.e3_breakeven_tokens(budget, loss), rtol=1e-12)


def test_relative_gain_stop_is_the_first_checkpoint_of_the_rule_at_or_beyond_it() -> None:
    for scale, step, threshold in ((800.0, 100.0, 0.01), (300.0, 50.0, 0.05), (2000.0, 10.0, 0.001)):
        grid = step * np.arange(1.0, 2000.0)
        checkpoint = stopping.relative_gain_stop(grid, 0.9 * (1.0 - np.exp(-grid / scale)), threshold).budget
        ours = relative_gain_stop().numeric()(0.9, scale, step, threshold)
        assert ours <= checkpoint < ours + step * (1.0 + 1e-9)


# quality for SymPy, for NumPy, its parameters
QUALITIES: list[tuple[sp.Expr, Callable[..., Any], tuple[float, ...]]] = [
    (q * b / (b + s), lambda t, s, q: q * t / (t + s), (300.0, 0.9)),
    (q * sp.log(1 + b / s), lambda t, s, q: q * np.log1p(t / s), (50.0, 0.2)),
    (q * sp.erf(b / s), lambda t, s, q: q * erf(t / s), (400.0, 0.8)),
    (1 - sp.exp(-sp.sqrt(b / s)), lambda t, s: 1.0 - np.exp(-np.sqrt(t / s)), (200.0,)),
    (1 - (1 + b / s) ** -g, lambda t, s, g: 1.0 - (1.0 + t / s) ** -g, (200.0, 0.7)),
]
COSTS: list[tuple[sp.Expr, Callable[..., Any], tuple[float, ...]]] = [
    (b, lambda t: t, ()),
    (h + 3 * b, lambda t, h: h + 3.0 * t, (150.0,)),
    (b + b**2 / (2 * w), lambda t, w: t + t**2 / (2.0 * w), (4000.0,)),
]


def order(symbol: sp.Symbol) -> int:
    return ("s", "h", "g", "q", "w").index(symbol.name)


@pytest.mark.parametrize("cost", range(len(COSTS)))
@pytest.mark.parametrize("quality", range(len(QUALITIES)))
def test_swapped_qualities_and_costs_stop_at_the_best_of_a_grid(quality: int, cost: int) -> None:
    symbolic, plain, values = QUALITIES[quality]
    symbolic_cost, plain_cost, cost_values = COSTS[cost]
    rule = price_stop().swap(quality=symbolic, cost=symbolic_cost)
    named = dict(zip(sorted(symbolic.free_symbols - {b}, key=order), values, strict=True))
    named |= dict(zip(sorted(symbolic_cost.free_symbols - {b}, key=order), cost_values, strict=True))
    arguments = [named[symbol] for symbol in rule.arguments[:-1]]
    for price in (3e-5, 3e-4, 0.3):
        grid = np.unique(np.concatenate([np.arange(1.0, 4000.0), np.geomspace(1e-3, 1e6, 4000)]))
        net = plain(grid, *values) - price * plain_cost(grid, *cost_values)
        best = grid[np.argmax(net)] if np.max(net) > 0.0 else 0.0
        for backend in ("numpy", "jax"):
            ours = float(rule.numeric(backend)(*arguments, price))
            assert ours == pytest.approx(best, rel=6e-3, abs=1.0)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_nothing_is_spent_where_a_call_is_not_worth_its_cost(backend: Any) -> None:
    closed = price_stop().swap(cost=b + h).numeric(backend)
    implicit = price_stop().swap(quality=1 - sp.exp(-sp.sqrt(b / s)), cost=b + h).numeric(backend)
    grid, price = np.arange(0.0, 20000.0), 1e-4
    for fixed in (100.0, 3000.0, 6000.0, 9000.0):
        for rule, quality, given in (
            (closed, 0.9 * (1.0 - np.exp(-grid / 800.0)), (0.9, 800.0)),
            (implicit, 1.0 - np.exp(-np.sqrt(grid / 300.0)), (300.0,)),
        ):
            net = quality - price * (grid + fixed) * (grid > 0.0)
            assert float(rule(*given, fixed, price)) == pytest.approx(grid[np.argmax(net)], abs=1.0)


@pytest.mark.parametrize("quality", range(len(QUALITIES)))
def test_swapped_qualities_have_the_index_of_quadrature(quality: int) -> None:
    symbolic, plain, values = QUALITIES[quality]
    area = quad(lambda t: float(plain(np.asarray(t), *values)), 0.0, 900.0, epsabs=1e-10, limit=200)[0] / 900.0
    for make, largest in ((anytime_index_own, float(plain(np.asarray(900.0), *values))), (anytime_index_absolute, 1.0)):
        rule = make().swap(quality=symbolic)
        named = dict(zip(sorted(symbolic.free_symbols - {b}, key=order), values, strict=True))
        ours = rule.numeric()(*(named[symbol] for symbol in rule.arguments[:-1]), 900.0)
        assert ours == pytest.approx(area / largest, rel=1e-6)


@pytest.mark.parametrize("quality", [0, 1, 4])
def test_swapped_qualities_reach_the_relative_gain(quality: int) -> None:
    symbolic, plain, values = QUALITIES[quality]
    rule = relative_gain_stop().swap(quality=symbolic)
    named = dict(zip(sorted(symbolic.free_symbols - {b}, key=order), values, strict=True))
    ours = rule.numeric()(*(named[symbol] for symbol in rule.arguments[:-2]), 100.0, 0.02)
    assert plain(ours + 100.0, *values) / plain(ours, *values) - 1.0 == pytest.approx(0.02, rel=1e-9)


# score for SymPy, for Python, parameters
SCORES: list[tuple[sp.Expr, Callable[..., float], tuple[float, ...]]] = [
    (accuracy / spent, lambda right, cost: right / cost, ()),
    (accuracy**2 / (spent + a), lambda right, cost, a: right**2 / (cost + a), (150.0,)),
    (accuracy**g / sp.sqrt(spent), lambda right, cost, g: right**g / cost**0.5, (0.7,)),
    (accuracy - g * sp.log(spent), lambda right, cost, g: right - g * np.log(cost), (4.0,)),
    (
        accuracy**2 / (spent + g * sp.log(1 + spent)),
        lambda right, cost, g: right**2 / (cost + g * np.log1p(cost)),
        (30.0,),
    ),
    (accuracy / spent + sp.exp(-spent / a), lambda right, cost, a: right / cost + np.exp(-cost / a), (900.0,)),
]


@pytest.mark.parametrize("score", range(len(SCORES)))
def test_swapped_scores_break_even(score: int) -> None:
    symbolic, plain, values = SCORES[score]
    rule = break_even_tokens().swap(score=symbolic)
    for before, loss in ((1000.0, 0.05), (400.0, 0.2)):
        score_before, right = plain(70.0, before, *values), 70.0 * (1.0 - loss)
        wanted = brentq(lambda t, right=right, score=score_before: plain(right, t, *values) - score, 1e-6, before)
        given = (*values, *((70.0,) if accuracy in rule.arguments else ()), before, loss)
        for backend in ("numpy", "jax"):
            assert float(rule.numeric(backend)(*given)) == pytest.approx(wanted, rel=1e-8)


@pytest.mark.parametrize(
    ("step", "make", "assumptions"),
    [
        ("increasing", price_stop, {"quality": q * sp.exp(-b / s)}),
        ("concave", price_stop, {"quality": q * b**2}),
        ("concave", price_stop, {"quality": q * b}),
        ("concave", price_stop, {"cost": sp.sqrt(b), "quality": b}),
        ("cost rises", price_stop, {"cost": 1 / b}),
        ("increasing", power_law_stop, {"quality": b**-g}),
        ("concave", relative_gain_stop, {"quality": sp.exp(b / s)}),
        ("increasing", anytime_index_own, {"quality": sp.exp(-b / s)}),
        ("start", anytime_index_absolute, {"quality": 1 - g * b**-s}),
        ("accuracy counts", break_even_tokens, {"score": spent / accuracy}),
        ("tokens cost", break_even_tokens, {"score": accuracy * spent}),
    ],
)
def test_wrong_assumptions_name_the_step(
    step: str, make: Callable[..., Derivation], assumptions: dict[str, sp.Expr]
) -> None:
    with pytest.raises(DerivationError, match=f"'{step}'"):
        make(**assumptions)
