"""Fast functions out of formulas, for NumPy or JAX: special functions, and roots of rules without a closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import sympy as sp
from scipy import special

Backend = Literal["numpy", "jax"]
Numeric = Callable[..., Any]
BISECTIONS = 70  # halvings of a bracket in the logarithm: more than the digits of a double


class Named(sp.Function):  # type: ignore[misc]  # SymPy has no types
    """A function that a derivation names and proves things about: it is printed by its name, evaluated by `closed`."""

    def closed(self) -> sp.Expr:
        """The function in terms of those that SymPy knows."""
        raise ValueError(f"{type(self).__name__} has no closed form")

    def _eval_evalf(self, prec: int) -> sp.Expr:
        return self.closed()._eval_evalf(prec)


def _scipy_table() -> dict[str, Callable[..., Any]]:
    return {
        "gamma": special.gamma,
        "loggamma": special.gammaln,
        "factorial": lambda n: special.gamma(n + 1.0),
        "binomial": special.binom,
        "beta": special.beta,
        "betainc_regularized": lambda a, b, low, high: special.betainc(a, b, high) - special.betainc(a, b, low),
        "digamma": special.digamma,
        "polygamma": special.polygamma,
        "erf": special.erf,
        "erfc": special.erfc,
        "zeta": special.zeta,
        "LambertW": lambda x: np.real(special.lambertw(x)),
    }


def _jax_table() -> dict[str, Callable[..., Any]]:
    import jax.numpy as jnp
    from jax.scipy import special as jsp

    def binomial(n: Any, k: Any) -> Any:
        return jnp.exp(jsp.gammaln(n + 1.0) - jsp.gammaln(k + 1.0) - jsp.gammaln(n - k + 1.0))

    def lambert_w(x: Any) -> Any:
        w = jnp.log1p(jnp.asarray(x, float))  # above the root for x >= 0, where Newton's steps come down monotonically
        for _ in range(24):
            w = w - (w - x * jnp.exp(-w)) / (1.0 + w)
        return w

    return {
        "gamma": lambda x: jnp.exp(jsp.gammaln(x)),
        "loggamma": jsp.gammaln,
        "factorial": lambda n: jnp.exp(jsp.gammaln(n + 1.0)),
        "binomial": binomial,
        "beta": lambda a, b: jnp.exp(jsp.betaln(a, b)),
        "betainc_regularized": lambda a, b, low, high: jsp.betainc(a, b, high) - jsp.betainc(a, b, low),
        "digamma": jsp.digamma,
        "polygamma": jsp.polygamma,
        "erf": jsp.erf,
        "erfc": jsp.erfc,
        "zeta": jsp.zeta,
        "LambertW": lambert_w,
    }


def function(expr: sp.Expr, arguments: Sequence[sp.Symbol], backend: Backend = "numpy") -> Numeric:
    """A function of ``arguments`` that evaluates ``expr`` elementwise: floats in, float out; arrays in, arrays out.

    Raises
    ------
    ValueError
        If ``backend`` is unknown or ``expr`` holds symbols that are no arguments.

    Examples
    --------
    >>> b, g = sp.symbols("b g", positive=True)
    >>> function(sp.log(b) / g, [b, g])(1.0, 2.0)
    0.0
    """
    if backend not in ("numpy", "jax"):
        raise ValueError(f"backend must be 'numpy' or 'jax', got {backend!r}")
    missing = sp.sympify(expr).free_symbols - set(arguments)
    if missing:
        raise ValueError(f"arguments must name every symbol of the formula, missing {sorted(map(str, missing))}")
    table = _jax_table() if backend == "jax" else _scipy_table()
    expr = sp.sympify(expr).replace(lambda part: isinstance(part, Named), lambda part: part.closed())
    compiled: Numeric = sp.lambdify(
        list(arguments), _through_logarithms(expr), modules=[table, backend], cse=True, dummify=True
    )
    if backend == "jax":
        return compiled

    def evaluate(*values: Any) -> Any:
        # whole numbers would stay integers, which NumPy refuses to raise to negative powers
        with np.errstate(all="ignore"):  # outside the domain of a rule: NaN, as in JAX
            result = compiled(*(np.asarray(value, dtype=np.float64) for value in values))
        result = np.asarray(result, dtype=np.float64)
        shape = np.broadcast_shapes(result.shape, *(np.shape(value) for value in values))
        return float(result) if shape == () else np.broadcast_to(result, shape).copy()

    return evaluate


_LOGARITHMS: dict[type[sp.Expr], Callable[..., sp.Expr]] = {
    sp.gamma: sp.loggamma,
    sp.factorial: lambda n: sp.loggamma(n + 1),
    sp.binomial: lambda n, k: sp.loggamma(n + 1) - sp.loggamma(k + 1) - sp.loggamma(n - k + 1),
    sp.beta: lambda a, b: sp.loggamma(a) + sp.loggamma(b) - sp.loggamma(a + b),
}


def _through_logarithms(expr: sp.Expr) -> sp.Expr:
    """Products of gamma functions and powers of numbers, summed up in logarithms: the factors alone overflow."""

    def logarithm(factor: sp.Expr) -> sp.Expr | None:
        base, exponent = factor.as_base_exp()
        if type(base) in _LOGARITHMS:
            return exponent * _LOGARITHMS[type(base)](*base.args)
        if base.is_Number and base.is_positive and exponent.free_symbols:
            return exponent * sp.log(base)
        return None

    def product(whole: sp.Expr) -> sp.Expr:
        logarithms = {factor: logarithm(factor) for factor in whole.args}
        large = [factor for factor in whole.args if logarithms[factor] is not None]
        if len(large) < 2:
            return whole
        rest = [factor for factor in whole.args if logarithms[factor] is None]
        return sp.Mul(*rest, sp.exp(sp.Add(*(logarithms[factor] for factor in large)), evaluate=False))

    return expr.replace(lambda part: isinstance(part, sp.Mul), product)


def _repeat(start: int, stop: int, change: Callable[[int, Any], Any], state: Any) -> Any:
    for turn in range(start, stop):
        state = change(turn, state)
    return state


def root(
    residual: sp.Expr,
    unknown: sp.Symbol,
    arguments: Sequence[sp.Symbol],
    bracket: tuple[sp.Expr, sp.Expr],
    backend: Backend = "numpy",
) -> Numeric:
    """A function of ``arguments`` that solves ``residual = 0`` for a positive ``unknown`` between two expressions.

    For rules without a closed form. The residual must change its sign once in the bracket, whose ends are positive and
    finite; where it does not, the answer is NaN. Bisection in the logarithm finds the root, one Newton step after it
    polishes it and carries the derivative, so that ``jax.grad`` sees that of the implicit function.

    Examples
    --------
    >>> x, c = sp.symbols("x c", positive=True)
    >>> square_root = root(x**2 - c, x, [c], (c / (1 + c), 1 + c))
    >>> round(square_root(2.0), 12)
    1.414213562373
    """
    names = [unknown, *arguments]
    value = function(residual, names, backend)
    slope = function(sp.diff(residual, unknown), names, backend)
    ends = [function(sp.sympify(end), arguments, backend) for end in bracket]
    xp: Any = np
    stop: Callable[[Any], Any] = np.asarray
    repeat: Callable[..., Any] = _repeat
    if backend == "jax":
        import jax.numpy
        from jax import lax

        xp, stop, repeat = jax.numpy, lax.stop_gradient, lax.fori_loop

    def solve(*given: Any) -> Any:
        values = [xp.asarray(item, dtype=float) for item in given]
        shape = np.broadcast_shapes(*(item.shape for item in values))
        frozen = [stop(item) for item in values]
        low, high = (xp.broadcast_to(xp.log(end(*frozen)), shape) for end in ends)
        rising = value(xp.exp(high), *frozen) > 0

        def halve(_: int, ends: tuple[Any, Any]) -> tuple[Any, Any]:
            middle = (ends[0] + ends[1]) / 2
            above = (value(xp.exp(middle), *frozen) > 0) == rising
            return xp.where(above, ends[0], middle), xp.where(above, middle, ends[1])

        low, high = repeat(0, BISECTIONS, halve, (low, high))
        found = stop(xp.exp((low + high) / 2))
        with np.errstate(all="ignore"):
            solution = found - xp.asarray(value(found, *values)) / slope(found, *values)
        # where nothing changes sign, bisection runs into an end and Newton's step from there out of the bracket
        solution = xp.where(abs(solution - found) <= 1e-6 * found, solution, xp.nan)
        return float(solution) if backend == "numpy" and np.ndim(solution) == 0 else solution

    return solve
