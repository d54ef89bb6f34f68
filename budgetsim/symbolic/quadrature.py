"""Fast functions of formulas that hold integrals without a closed form."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from budgetsim.symbolic.derivation import Derivation
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.numeric import Backend, Numeric, function

# Tanh-sinh rule on (0, 1): digits of a double where the integrand is smooth inside, whatever it does at the ends; about
# six digits across a kink.
_steps = np.linspace(-3.4, 3.4, 1089)
NODES = 1.0 / (1.0 + np.exp(-np.pi * np.sinh(_steps)))
WEIGHTS = (_steps[1] - _steps[0]) * np.pi * np.cosh(_steps) * NODES / (1.0 + np.exp(np.pi * np.sinh(_steps)))


@functools.lru_cache(maxsize=256)
def integral(integrand: sp.Expr, variable: sp.Symbol, low: sp.Expr, high: sp.Expr) -> sp.Expr:
    """The integral in closed form, or unevaluated where none is found in time.

    A closed form is believed only if it agrees with quadrature.

    Examples
    --------
    >>> x, a = sp.symbols("x a", positive=True)
    >>> integral(sp.exp(-a * x), x, sp.S.Zero, sp.S.One)
    1/a - exp(-a)/a
    """
    plain = sp.Integral(integrand, (variable, low, high))
    grown = antiderivative(integrand, variable)
    candidates = [] if grown is None else [lambda: sp.expand(grown.subs(variable, high) - grown.subs(variable, low))]
    candidates.append(lambda: sp.expand(sp.integrate(integrand, (variable, low, high))))
    for candidate in candidates:
        found = within(candidate, seconds=3.0)
        if found is not None and _plain(found) and _agree(found, plain):
            return found
    return plain


@functools.lru_cache(maxsize=256)
def antiderivative(integrand: sp.Expr, variable: sp.Symbol) -> sp.Expr | None:
    """A function whose derivative is the integrand, real on (0, 1), or None where none is found in time.

    Examples
    --------
    >>> x = sp.Symbol("x", positive=True)
    >>> antiderivative(1 / (2 - x), x)
    -log(2 - x)
    """
    mirrored = integrand.subs(variable, 1 - variable)
    for search in (
        lambda: sp.integrate(integrand, variable),
        lambda: -sp.integrate(mirrored, variable).subs(variable, 1 - variable),
    ):
        found = within(search, seconds=2.0)
        if found is not None and _plain(found) and _agree(sp.diff(found, variable), integrand) and _real(found):
            return found
    return None


def _plain(expr: sp.Expr) -> bool:
    return not expr.has(sp.Integral, sp.Piecewise, sp.I, sp.nan, sp.zoo, sp.oo)


def _at_points(expr: sp.Expr, free: Sequence[sp.Symbol]) -> list[float]:
    points = ([start + 0.07 * place for place, _ in enumerate(free)] for start in (0.3, 0.45, 0.6))
    return [float(integrated(expr, free)(*point)) for point in points]


def _agree(one: sp.Expr, other: sp.Expr) -> bool:
    free = sorted(one.free_symbols | other.free_symbols, key=str)
    return bool(np.allclose(_at_points(one, free), _at_points(other, free), rtol=1e-8, atol=1e-12))


def _real(expr: sp.Expr) -> bool:
    return bool(np.all(np.isfinite(_at_points(expr, sorted(expr.free_symbols, key=str)))))


def integrated(expr: sp.Expr, arguments: Sequence[sp.Symbol], backend: Backend = "numpy") -> Numeric:
    """A function of ``arguments`` for a formula with integrals over finite ranges; see `numeric.function`.

    Examples
    --------
    >>> x, a = sp.symbols("x a", positive=True)
    >>> round(integrated(2 * sp.Integral(x**a, (x, 0, 1)), [a])(3.0), 12)
    0.5
    """
    if backend == "jax":
        import jax.numpy as xp
    else:
        import numpy as xp  # type: ignore[no-redef]
    integrals = sorted(sp.sympify(expr).atoms(sp.Integral), key=str)
    names = [sp.Dummy(f"integral_{place}") for place, _ in enumerate(integrals)]
    whole = function(expr.xreplace(dict(zip(integrals, names, strict=True))), [*arguments, *names], backend)
    parts = []
    for one in integrals:
        (variable, low, high), *_ = one.limits
        part = sp.Symbol("part", positive=True)
        inside = (one.function.subs(variable, low + (high - low) * part) * (high - low)).doit()
        parts.append(function(inside, [part, *arguments], backend))
    if not parts:
        return whole

    def evaluate(*values: Any) -> Any:
        rows = [xp.asarray(value, dtype=float)[..., None] for value in values]
        sums = [xp.sum(part(xp.asarray(NODES), *rows) * xp.asarray(WEIGHTS), axis=-1) for part in parts]
        return whole(*values, *sums)

    return evaluate


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegralRule(Derivation):
    """A derivation whose result may hold integrals, which `numeric` evaluates by quadrature."""

    def numeric(self, backend: Backend = "numpy") -> Numeric:
        """The result as a function of `arguments`: floats or arrays, broadcast, in NumPy or JAX."""
        if self.bracket is not None or not self.result.rhs.has(sp.Integral):
            return Derivation.numeric(self, backend)
        return integrated(self.result.rhs, self.arguments, backend)
