"""Derived value-tree bounds: proved, equal to the theory and to exact tails, and right for swapped assumptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import binom

from budgetsim.symbolic import Derivation, DerivationError
from budgetsim.symbolic.value_tree_bound import (
    chernoff_steps,
    expected,
    gains,
    least_advance,
    published_steps,
    relative_entropy_steps,
    single_gain_steps,
)
from budgetsim.symbolic.value_tree_pool_bound import left, mean_advance, pool_steps, random_cost_budget
from budgetsim.theory import value_tree_bounds, value_tree_pool, value_tree_risks

a, g = sp.symbols("a g", positive=True)
MAKERS = (
    chernoff_steps,
    published_steps,
    single_gain_steps,
    relative_entropy_steps,
    least_advance,
    mean_advance,
    pool_steps,
    random_cost_budget,
)


@pytest.mark.parametrize("make", MAKERS)
def test_every_step_is_proved(make: Callable[..., Derivation]) -> None:
    assert set(make().outcomes.values()) == {"proved"}


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_bounds_equal_the_theory(backend: Any) -> None:
    rng = np.random.default_rng(8)
    number, chance, risk = rng.integers(2, 20, 60) * 1.0, rng.uniform(0.02, 0.9, 60), np.exp(rng.uniform(-9, -1, 60))
    theory = value_tree_bounds.step_bounds(number, chance, risk)
    for make, wanted in (
        (published_steps, theory.published),
        (chernoff_steps, theory.chernoff),
        (relative_entropy_steps, theory.relative_entropy),
    ):
        ours = np.asarray(make().numeric(backend)(number, chance, risk))
        np.testing.assert_array_equal(np.ceil(ours - 1e-9), wanted)
    single = np.asarray(single_gain_steps().numeric(backend)(chance, risk))
    np.testing.assert_array_equal(np.ceil(single - 1e-9), value_tree_bounds.single_gain_steps(chance, risk))
    steps = number + rng.integers(0, 50, 60)
    certified = np.asarray(least_advance().numeric(backend)(number, steps, risk))
    np.testing.assert_allclose(certified, value_tree_bounds.least_advance(number, steps, risk).exact, rtol=1e-8)
    np.testing.assert_allclose(binom.cdf(number - 1.0, steps, certified), risk, rtol=1e-7)


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_bounds_of_sharpening_selection_equal_the_theory(backend: Any) -> None:
    rng = np.random.default_rng(9)
    chance, pool, rival = rng.uniform(0.1, 1.0, 30), rng.integers(2, 9, 30) * 1.0, 1.0 + np.exp(rng.uniform(-6, 1, 30))
    kept = rng.choice([0.0, 0.1, 0.3], 30)
    mean = np.asarray(mean_advance().numeric(backend)(chance, pool, rival, kept))
    np.testing.assert_allclose(
        mean, value_tree_pool.mean_advance_probability(chance, pool, rival, kept), rtol=1e-8, atol=1e-14
    )
    ours = np.asarray(pool_steps().numeric(backend)(3.0, 0.05, chance, pool, rival, kept))
    np.testing.assert_array_equal(
        np.ceil(ours * (1 - 1e-11)), value_tree_pool.pool_steps(3, 0.05, chance, pool, rival, kept)
    )
    plan = value_tree_risks.random_cost_budget(5, 0.2, 0.05, 50.0, 512.0, 281.0)
    budget = random_cost_budget().numeric(backend)(plan.steps, 50.0, 512.0, 281.0, 0.05)
    np.testing.assert_allclose(budget, plan.budget, rtol=1e-12)


# exponents of a tail bound that hold for binomial counts, and one with a parameter
TAILS: list[tuple[sp.Expr, Callable[..., float], tuple[float, ...]]] = [
    (expected - gains + gains * sp.log(gains / expected), lambda m, k: m - k + k * np.log(k / m), ()),
    ((expected - gains) ** 2 / (3 * expected), lambda m, k: (m - k) ** 2 / (3.0 * m), ()),
    ((sp.sqrt(expected) - sp.sqrt(gains)) ** 2, lambda m, k: (m**0.5 - k**0.5) ** 2, ()),
    (g * (expected - gains) ** 2 / (expected + gains), lambda m, k, g: g * (m - k) ** 2 / (m + k), (0.4,)),
]


@pytest.mark.parametrize("tail", range(len(TAILS)))
def test_swapped_tails_give_the_steps_at_which_they_reach_the_risk(tail: int) -> None:
    symbolic, plain, values = TAILS[tail]
    rule = chernoff_steps().swap(tail=symbolic)
    for number, chance, risk in ((3.0, 0.2, 0.05), (1.0, 0.6, 0.01), (20.0, 0.05, 0.1)):
        ends = (number * (1 + 1e-9), 1e4)
        mean = brentq(lambda m, k=number, e=risk: plain(m, k, *values) + np.log(e), *ends, xtol=1e-13)
        for backend in ("numpy", "jax"):
            ours = float(rule.numeric(backend)(*values, number, chance, risk))
            assert ours == pytest.approx(mean / chance, rel=1e-9)
    if not values:  # a true bound: the exact tail at these steps is below the risk
        steps = np.ceil(float(rule.numeric()(3.0, 0.2, 0.05)))
        assert binom.cdf(2, steps, 0.2) <= 0.05


EXPONENTS: list[tuple[sp.Expr, Callable[..., float], tuple[float, ...]]] = [
    (sp.Integer(1), lambda r: 0.0 * r + 1.0, ()),
    (left**-a, lambda r, a: r**-a, (0.5,)),
    (2 - left, lambda r: 2.0 - r, ()),
    (1 - sp.log(left), lambda r: 1.0 - np.log(r), ()),
    (1 / (left + a), lambda r, a: 1.0 / (r + a), (0.2,)),
    (1 + a * (1 - left) ** 2, lambda r, a: 1.0 + a * (1.0 - r) ** 2, (4.0,)),
]


@pytest.mark.parametrize("exponent", range(len(EXPONENTS)))
def test_swapped_exponents_give_the_mean_of_quadrature(exponent: int) -> None:
    symbolic, plain, values = EXPONENTS[exponent]
    rule = mean_advance().swap(exponent=symbolic)
    steps = pool_steps().swap(exponent=symbolic)
    for rival, kept in ((1.2, 0.0), (2.0, 0.2)):

        def chance(r: float, rival: float = rival) -> float:
            return 0.5 / (1.0 + 3.0 * rival ** plain(r, *values))

        area = quad(chance, kept, 1.0, epsabs=1e-13, epsrel=1e-11)[0]
        demand = 3.0 + np.log(20.0) + np.sqrt(6.0 * np.log(20.0) + np.log(20.0) ** 2)
        for backend in ("numpy", "jax"):
            assert float(rule.numeric(backend)(*values, 0.5, 4.0, rival, kept)) == pytest.approx(area, rel=1e-8)
            found = float(steps.numeric(backend)(*values, 3.0, 0.05, 0.5, 4.0, rival, kept))
            assert found == pytest.approx(demand / area, rel=1e-8)


@pytest.mark.parametrize(
    ("step", "make", "assumptions"),
    [
        ("trivial", chernoff_steps, {"tail": expected}),
        ("rising", chernoff_steps, {"tail": (gains - expected) / 2}),
        ("most at first", mean_advance, {"exponent": left}),
        ("most at first", pool_steps, {"exponent": 1 + left**2}),
    ],
)
def test_wrong_assumptions_name_the_step(
    step: str, make: Callable[..., Derivation], assumptions: dict[str, sp.Expr]
) -> None:
    with pytest.raises(DerivationError, match=f"'{step}'"):
        make(**assumptions)
