"""Assumptions that no module names, swapped in: every rule against a numerical optimum that knows no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from budgetsim.symbolic import DerivationError
from budgetsim.symbolic.allocation_rules import allocation, common_rate_allocation, least_uncertainty, shadow_price
from budgetsim.symbolic.printed_allocation import printed_allocation
from budgetsim.symbolic.returns import tokens as b
from budgetsim.symbolic.uncertainty_curves import COST_PER_CALL, EXPONENTIAL, LOGISTIC, demand

Curve = Callable[..., Any]
c, g, h, s, w = sp.symbols("c g h s w", positive=True)

# name: curve for SymPy, the same for NumPy, parameters of three sub-questions in the order of the arguments
CURVES: dict[str, tuple[sp.Expr, Curve, tuple[list[float], ...]]] = {
    "shifted power": (
        c * (b + h) ** sp.Rational(-7, 10),
        lambda b, c, h: c * (b + h) ** -0.7,
        ([3.0, 9.0, 1.0], [4.0, 30.0, 9.0]),
    ),
    "stretched exponential": (
        c * sp.exp(-sp.sqrt(b / s)),
        lambda b, c, s: c * np.exp(-np.sqrt(b / s)),
        ([1.0, 2.0, 0.5], [8.0, 20.0, 3.0]),
    ),
    "two scales": (
        c * sp.exp(-b / s) + g / b,
        lambda b, c, s, g: c * np.exp(-b / s) + g / b,
        ([1.0, 2.0, 0.5], [8.0, 20.0, 3.0], [0.3, 0.1, 0.9]),
    ),
    "inverse logarithm": (c / sp.log(2 + b), lambda b, c: c / np.log(2 + b), ([1.0, 2.0, 5.0],)),
    "logarithm": (g - c * sp.log(1 + b), lambda b, c, g: g - c * np.log(1 + b), ([1.0, 2.0, 0.01], [9.0, 9.0, 9.0])),
    "hyperbolic tangent": (
        c * (1 - sp.tanh(b / s)),
        lambda b, c, s: c * (1 - np.tanh(b / s)),
        ([1.0, 2.0, 0.5], [30.0, 40.0, 20.0]),
    ),
}
COSTS: dict[str, tuple[sp.Expr, Curve, tuple[list[float], ...]]] = {
    "tokens": (b, lambda b: b, ()),
    "a call costs": (h + g * b, lambda b, g, h: h + g * b, ([1.0, 2.5, 0.4], [5.0, 1.0, 9.0])),
    "attention": (b + w * b**2, lambda b, w: b + w * b**2, ([0.01, 0.002, 0.05],)),
}


def brute_force(uncertainty: Curve, cost: Curve, budget: float, low: np.ndarray | float = 0.0) -> np.ndarray:
    """Tokens of three sub-questions by a general solver in the shares of the budget that is left, from many starts."""
    low = np.maximum(np.broadcast_to(low, (3,)), 1e-9)
    best, value = np.full(3, np.nan), np.inf
    for start in np.random.default_rng(7).dirichlet(np.ones(3), 12):
        found = minimize(
            lambda tokens: float(np.sum(uncertainty(tokens))),
            low + start * (budget - np.sum(cost(low))) / 3.0,
            method="SLSQP",
            bounds=[(least, None) for least in low],
            constraints={"type": "eq", "fun": lambda tokens: (budget - np.sum(cost(tokens))) / budget},
            options={"maxiter": 500, "ftol": 1e-14},
        )
        if abs(np.sum(cost(found.x)) - budget) < 1e-6 * budget and found.fun < value:
            best, value = found.x, found.fun
    return best


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("curve", ["shifted power", "stretched exponential", "two scales", "inverse logarithm"])
def test_swapped_curves_and_costs_divide_as_the_numerical_optimum(curve: str, cost: str) -> None:
    symbolic, plain, rows = CURVES[curve]
    # the symbols of the two must not meet
    names = {g: sp.Symbol("token_price", positive=True), h: sp.Symbol("z_call", positive=True)}
    symbolic_cost, plain_cost, cost_rows = COSTS[cost]
    rule = allocation().swap(uncertainty=symbolic, cost=symbolic_cost.subs(names))
    by_name = dict(zip(sorted(symbolic.free_symbols - {b}, key=_order), rows, strict=True))
    by_name |= dict(zip(sorted(symbolic_cost.subs(names).free_symbols - {b}, key=str), cost_rows, strict=True))
    arguments = [by_name[symbol] for symbol in rule.arguments[:-1]]
    budget = 80.0
    wanted = brute_force(
        lambda tokens: plain(tokens, *map(np.asarray, rows)),
        lambda tokens: plain_cost(tokens, *map(np.asarray, cost_rows)),
        budget,
    )
    for backend in ("numpy", "jax"):
        ours = rule.numeric(backend)(*map(np.asarray, arguments), budget)
        np.testing.assert_allclose(ours, wanted, rtol=2e-3, atol=2e-3)
        spent = np.sum(plain_cost(np.asarray(ours), *map(np.asarray, cost_rows)))
        np.testing.assert_allclose(spent, budget, rtol=1e-9)
        at_ours, at_wanted = (float(np.sum(plain(np.asarray(at), *map(np.asarray, rows)))) for at in (ours, wanted))
        assert at_ours <= at_wanted * (1.0 + 1e-9)


def _order(symbol: sp.Symbol) -> tuple[int, str]:
    return ("c", "s", "h").index(symbol.name) if symbol.name in "csh" else 9, symbol.name


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("curve", ["logarithm", "hyperbolic tangent", "shifted power"])
def test_value_and_price_of_a_swapped_curve_are_those_of_the_numerical_optimum(curve: str) -> None:
    symbolic, plain, rows = CURVES[curve]
    arguments = list(map(np.asarray, rows))

    def least(budget: float) -> float:
        return float(np.sum(plain(brute_force(lambda t: plain(t, *arguments), lambda t: t, budget), *arguments)))

    value = least_uncertainty().swap(uncertainty=symbolic, common=()).numeric()
    price = shadow_price().swap(uncertainty=symbolic, common=()).numeric()
    np.testing.assert_allclose(value(*arguments, 60.0), least(60.0), rtol=1e-7)
    slope = (value(*arguments, 60.01) - value(*arguments, 59.99)) / 0.02
    np.testing.assert_allclose(price(*arguments, 60.0), -slope, rtol=1e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_exponential_curves_leave_some_with_nothing() -> None:
    amounts, scales = np.array([1.0, 0.8, 0.01]), np.array([40.0, 60.0, 30.0])
    ours = allocation().swap(uncertainty=EXPONENTIAL).numeric()(amounts, scales, 100.0)
    wanted = brute_force(lambda t: amounts * np.exp(-t / scales), lambda t: t, 100.0)
    assert ours[2] == 0.0
    np.testing.assert_allclose(ours, wanted, atol=2e-3)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_logistic_curves_are_divided_beyond_their_inflections() -> None:
    rule = allocation().swap(uncertainty=LOGISTIC)
    assert rule.assumptions["domain"] == sp.Ge(b, h, evaluate=False)
    amounts, scales, middles = np.array([1.0, 2.0, 0.7]), np.array([9.0, 15.0, 6.0]), np.array([30.0, 50.0, 40.0])

    def left(tokens: np.ndarray) -> np.ndarray:
        return amounts / (1.0 + np.exp((tokens - middles) / scales))

    for backend in ("numpy", "jax"):
        numeric = rule.numeric(backend)
        wanted = brute_force(left, lambda t: t, 200.0, middles)
        np.testing.assert_allclose(numeric(amounts, scales, middles, 200.0), wanted, rtol=2e-3)
        assert np.all(np.isnan(numeric(amounts, scales, middles, 119.0)))


def test_a_common_price_of_tokens_and_calls_has_a_closed_form() -> None:
    rule = common_rate_allocation().swap(cost=COST_PER_CALL)
    ours = rule.numeric()([5.0, 20.0], 1.5, [10.0, 20.0], [1.0, 3.0], 330.0)
    weights = (np.array([5.0, 20.0]) / np.array([1.0, 3.0])) ** 0.4
    np.testing.assert_allclose(ours, 300.0 * weights / np.sum(np.array([1.0, 3.0]) * weights), rtol=1e-12)
    assert len(rule.result.rhs.atoms(sp.Sum)) == 2  # of the weights and of the fixed parts


def test_a_domain_of_parameters_makes_a_curve_convex() -> None:
    curve = c * sp.exp(-((b / s) ** g))
    with pytest.raises(DerivationError, match="'convex'"):
        allocation().swap(uncertainty=curve)
    rule = allocation().swap(uncertainty=curve, where={g: h / (1 + h)})
    ours = rule.numeric()([1.0, 2.0], [8.0, 20.0], [0.5, 0.5], 50.0)
    same = allocation().swap(uncertainty=c * sp.exp(-sp.sqrt(b / s))).numeric()([1.0, 2.0], [8.0, 20.0], 50.0)
    np.testing.assert_allclose(ours, same, rtol=1e-9)


@pytest.mark.parametrize("make", [demand, allocation, shadow_price, least_uncertainty])
@pytest.mark.parametrize(
    ("step", "assumptions"),
    [
        ("decreasing", {"uncertainty": c * b}),
        ("decreasing", {"uncertainty": c * (1 - sp.exp(-b / s))}),
        ("convex", {"uncertainty": c - s * b**2}),
        ("convex", {"uncertainty": c - s * b}),
        ("cost rises", {"cost": 5 - b}),
    ],
)
def test_wrong_assumptions_name_the_step(make: Callable[..., Any], step: str, assumptions: dict[str, sp.Expr]) -> None:
    with pytest.raises(DerivationError, match=f"'{step}'"):
        make(**assumptions)


def test_printed_rule_has_nothing_to_swap() -> None:
    with pytest.raises(ValueError, match="can swap"):
        printed_allocation().swap(uncertainty=EXPONENTIAL)


def test_symbols_without_assumptions_are_taken_as_positive() -> None:
    plain = sp.sympify("q * exp(-b / r)")
    ours = allocation(uncertainty=plain).numeric()([1.0, 2.0], [5.0, 5.0], 20.0)
    np.testing.assert_allclose(np.exp(-ours / 5.0) * [1.0, 2.0], np.full(2, np.sqrt(2.0) * np.exp(-2.0)), rtol=1e-9)
