"""Derived identities of schedules: proved, equal to the theory, and right for profiles swapped in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.optimize import brentq

from budgetsim.symbolic import Derivation, DerivationError
from budgetsim.symbolic.chebyshev_identity import chebyshev_contraction, chebyshev_is_uba
from budgetsim.symbolic.schedule_identity import (
    profile_half_height,
    profile_mean,
    uba_forms,
    uba_half_height,
    uba_mean,
    uba_mean_square,
)
from budgetsim.symbolic.schedule_identity import used as x
from budgetsim.theory import profiles, quadratics

a = sp.Symbol("a", positive=True)
MAKERS = (
    profile_mean,
    profile_half_height,
    uba_forms,
    uba_mean,
    uba_mean_square,
    uba_half_height,
    chebyshev_is_uba,
    chebyshev_contraction,
)


@pytest.mark.parametrize("make", MAKERS)
def test_every_step_is_proved(make: Callable[..., Derivation]) -> None:
    assert set(make().outcomes.values()) == {"proved"}


@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_identities_equal_the_theory(backend: Any) -> None:
    rng = np.random.default_rng(4)
    used, shape = rng.uniform(0.01, 0.99, 50), rng.uniform(0.1, 20.0, 50)
    form = uba_forms().numeric(backend)(used, shape)
    np.testing.assert_allclose(form, profiles.uba_profile(used, shape), rtol=1e-10)
    np.testing.assert_allclose(form, profiles.uba_as_rex(used, shape), rtol=1e-10)
    for make, theory in (
        (uba_mean, profiles.uba_mean),
        (uba_mean_square, profiles.uba_mean_square),
        (uba_half_height, profiles.uba_half_height),
    ):
        np.testing.assert_allclose(make().numeric(backend)(shape), theory(shape), rtol=1e-12)
    for steps in (1, 4, 9):
        nodes = (2.0 * np.arange(1, steps + 1) - 1.0) / (2.0 * steps)
        sizes = chebyshev_is_uba().numeric(backend)(0.3, 5.0, nodes)
        np.testing.assert_allclose(sizes, quadratics.chebyshev_steps(0.3, 5.0, steps), rtol=1e-12)
        contraction = chebyshev_contraction().numeric(backend)(5.0 / 0.3, float(steps))
        np.testing.assert_allclose(contraction, quadratics.chebyshev_contraction(5.0 / 0.3, steps), rtol=1e-12)
        grid = np.linspace(0.3, 5.0, 20001)
        worst = np.max(np.abs(np.prod(1.0 - np.asarray(sizes)[:, None] * grid, axis=0)))
        np.testing.assert_allclose(contraction, worst, rtol=1e-6)


@pytest.mark.parametrize("shape", [0.1, 0.5, 0.9])
def test_mean_and_half_height_of_rex(shape: float) -> None:
    mean = quad(lambda used: float(profiles.rex_profile(used, shape)), 0.0, 1.0)[0]
    assert profile_mean().numeric()(shape) == pytest.approx(mean, rel=1e-9)
    assert float(profiles.rex_profile(profile_half_height().numeric()(shape), shape)) == pytest.approx(0.5)


PROFILES: list[tuple[sp.Expr, Callable[..., float], tuple[float, ...]]] = [
    (1 - x**a, lambda x, a: 1.0 - x**a, (1.7,)),
    ((1 - x) ** a, lambda x, a: (1.0 - x) ** a, (2.3,)),
    (sp.exp(-a * x), lambda x, a: np.exp(-a * x), (3.0,)),
    ((1 - x**3) * sp.exp(-a * x), lambda x, a: (1.0 - x**3) * np.exp(-a * x), (0.6,)),
    (sp.cos(sp.pi * x / 2), lambda x: np.cos(np.pi * x / 2.0), ()),
    (1 / (1 + a * sp.tan(sp.pi * x / 2) ** 2), lambda x, a: 1.0 / (1.0 + a * np.tan(np.pi * x / 2.0) ** 2), (0.4,)),
]


@pytest.mark.parametrize("profile", range(len(PROFILES)))
def test_swapped_profiles_have_the_mean_and_half_height_of_quadrature(profile: int) -> None:
    symbolic, plain, values = PROFILES[profile]
    mean = quad(lambda used: plain(used, *values), 0.0, 1.0)[0]
    half = brentq(lambda used: plain(used, *values) - 0.5, 1e-9, 1.0 - 1e-9, xtol=1e-14)
    for backend in ("numpy", "jax"):
        assert float(profile_mean().swap(profile=symbolic).numeric(backend)(*values)) == pytest.approx(mean, rel=1e-9)
        found = float(profile_half_height().swap(profile=symbolic).numeric(backend)(*values))
        assert found == pytest.approx(half, rel=1e-9)


@pytest.mark.parametrize("make", [profile_mean, profile_half_height])
@pytest.mark.parametrize(("step", "profile"), [("start", 2 - 2 * x), ("falling", 1 + x), ("falling", 1 + x * (1 - x))])
def test_wrong_profiles_name_the_step(make: Callable[..., Derivation], step: str, profile: sp.Expr) -> None:
    with pytest.raises(DerivationError, match=f"'{step}'"):
        make(profile=profile)
