"""Derivations of allocation: proved step by step, and equal to the theory on random inputs in NumPy and JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
import sympy as sp

from budgetsim.symbolic import Derivation
from budgetsim.symbolic.allocation_rules import allocation, common_rate_allocation, least_uncertainty, shadow_price
from budgetsim.symbolic.printed_allocation import printed_allocation
from budgetsim.symbolic.uncertainty_curves import EXPONENTIAL, demand
from budgetsim.theory import bbam, bbam_common
from budgetsim.theory.stopping import power_law_stop

MAKERS = (demand, allocation, common_rate_allocation, shadow_price, least_uncertainty, printed_allocation)


def draws(problems: int, questions: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20)
    return (
        np.exp(rng.uniform(0.0, 6.0, (problems, questions))),
        rng.uniform(0.4, 3.0, (problems, questions)),
        rng.uniform(20.0, 600.0, problems),
    )


@pytest.mark.parametrize("make", MAKERS)
def test_every_step_is_proved(make: Callable[..., Derivation]) -> None:
    assert set(make().outcomes.values()) == {"proved"}


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_rules_equal_the_theory(backend: Any) -> None:
    uncertainty, rates, budgets = draws(40, 5)
    best = bbam.bam_exact(uncertainty, rates, budgets)
    np.testing.assert_allclose(allocation().numeric(backend)(uncertainty, rates, budgets), best.budgets, rtol=1e-9)
    mixed = shadow_price(common=()).numeric(backend)(uncertainty, rates, budgets)
    np.testing.assert_allclose(mixed, best.shadow_price, rtol=1e-9)
    left = least_uncertainty(common=()).numeric(backend)(uncertainty, rates, budgets)
    np.testing.assert_allclose(left, best.epistemic_uncertainty, rtol=1e-9)
    printed = printed_allocation().numeric(backend)(uncertainty, rates, budgets)
    np.testing.assert_allclose(printed, bbam.bam_eq6(uncertainty, rates, budgets).budgets, rtol=1e-12)
    wanted = demand().numeric(backend)(uncertainty, rates, 1e-3)
    np.testing.assert_allclose(wanted, power_law_stop(uncertainty, rates, 1e-3), rtol=1e-12)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_rules_for_a_common_rate_equal_the_theory(backend: Any) -> None:
    uncertainty, rates, budgets = draws(40, 5)
    rate = rates[:, 0]
    value = least_uncertainty().numeric(backend)(uncertainty, rate, budgets)
    np.testing.assert_allclose(value, bbam_common.min_epistemic_uncertainty(uncertainty, rate, budgets), rtol=1e-9)
    price = shadow_price().numeric(backend)(uncertainty, rate, budgets)
    np.testing.assert_allclose(price, bbam_common.shadow_price(uncertainty, rate, budgets), rtol=1e-9)
    tokens = common_rate_allocation().numeric(backend)(uncertainty, rate, budgets)
    exact = bbam.bam_exact(uncertainty, rate[:, None], budgets).budgets
    np.testing.assert_allclose(tokens, exact, rtol=1e-9)


@pytest.mark.parametrize("make", [common_rate_allocation, shadow_price, least_uncertainty])
def test_closed_forms_are_what_the_solver_finds(make: Callable[..., Derivation]) -> None:
    rule = make()
    amounts, rate, budget = [5.0, 20.0, 80.0], 1.5, 300.0
    weights = sum(amount ** (1.0 / (rate + 1.0)) for amount in amounts)
    named = {"beta": rate, "B": budget}
    formula = rule.result.rhs.replace(lambda part: isinstance(part, sp.Sum), lambda _: sp.Float(weights))
    formula = formula.replace(lambda part: isinstance(part, sp.Indexed), lambda _: sp.Float(amounts[0]))
    stated = float(formula.subs({symbol: named[symbol.name] for symbol in formula.free_symbols}))
    found = np.ravel(rule.numeric()(amounts, rate, budget))[0]
    assert stated == pytest.approx(found, rel=1e-10)


def test_lower_bounds_hold_by_clipping() -> None:
    ours = allocation().numeric()([5, 20, 80], [1, 1.5, 2.5], 300, lower=[20.0, 20.0, 90.0])
    theory = bbam.bam_exact([5, 20, 80], [1, 1.5, 2.5], 300, lower=[20, 20, 90]).budgets
    np.testing.assert_allclose(ours, theory, rtol=1e-10)
    assert np.all(np.isnan(allocation().numeric()([5, 20, 80], 1.5, 300, lower=110.0)))


@pytest.mark.parametrize("curve", [None, EXPONENTIAL])
def test_gradients_are_those_of_finite_differences(curve: sp.Expr | None) -> None:
    rule = (allocation() if curve is None else allocation(uncertainty=curve)).numeric("jax")
    amounts, shapes = np.array([5.0, 20.0, 0.01]), np.array([1.0, 1.5, 2.5]) * (1.0 if curve is None else 30.0)

    def change(place: int) -> np.ndarray:
        step = np.zeros(3)
        step[place] = 1e-4 * amounts[place]
        up, down = rule(amounts + step, shapes, 300.0), rule(amounts - step, shapes, 300.0)
        return (np.asarray(up) - np.asarray(down)) / (2.0 * step[place])

    exact = jax.jacobian(lambda amounts: rule(amounts, shapes, 300.0))(amounts)
    np.testing.assert_allclose(exact.T, [change(0), change(1), change(2)], rtol=1e-6, atol=1e-9)
    whole = jax.jit(rule)(amounts, shapes, 300.0)
    np.testing.assert_allclose(whole.sum(), 300.0, rtol=1e-12)


def test_latex_names_the_shadow_price_and_what_defines_it() -> None:
    assert r"\sum_{j=1}^{n} {b}_{j} = B" in allocation().latex()
    assert r"{\sum_{j=1}^{n} {c}_{j}^{\frac{1}{\beta + 1}}}" in common_rate_allocation().latex()
    assert r"{b}_{i} > 0" in allocation(uncertainty=EXPONENTIAL).latex()
