"""The majority map on arrays, unchecked: what the public functions and their loops share.

With ``k = (b - 1) / 2`` the bias of a majority of ``b`` independent votes of bias ``u`` is

    f_b(u) = c_b * integral_0^u (1 - t^2)^k dt,    c_b = (2 / sqrt(pi)) Gamma(k + 3/2) / Gamma(k + 1)

which is a regularized incomplete beta function, ``sign(u) I_{u^2}(1/2, k + 1)``. NumPy gets it from SciPy. JAX's
own incomplete beta loses digits with k (5e-11 at k = 50000) and its derivative is not defined at 0, so JAX gets
the integral by Gauss-Legendre quadrature: every term is positive, so nothing cancels, the map is odd to the last
bit and its derivatives are those of a smooth function everywhere.
"""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from budgetsim.theory._arrays import Array, is_jax, repeat, special

# Beyond t with (1 - t^2)^k = exp(-TAIL) the integral has no digits left to add. Up to there the integrand is a
# polynomial or close to a Gaussian, and the 24 positive nodes of the 48-point rule integrate it to 5e-15.
TAIL = 38.0
_nodes, _weights = np.polynomial.legendre.leggauss(48)
NODES = _nodes[24:]
WEIGHTS = _weights[24:] / _weights[24:].sum()

# Gamma(n + 1/2) / Gamma(n) = sqrt(w) * sum_j GAMMA_RATIO[j] / w^(2j) with w = n - 1/4 (Fields 1966; the
# coefficients are binom(1/2, 2j) times the generalized Bernoulli numbers of order 3/2).
GAMMA_RATIO = (1.0, 1 / 64, -19 / 8192, 631 / 524288, -174317 / 134217728, 20491783 / 8589934592)
GAMMA_SHIFT = 16

BISECTIONS = 56


def slope(xp: ModuleType, fan_in: Array) -> Array:
    """``c_b``, without differences of log-gamma functions: relative error below 1e-15 for any fan-in."""
    n = (fan_in + 1.0) / 2.0
    inverse_square = 1.0 / (n + (GAMMA_SHIFT - 0.25)) ** 2
    series = 0.0 * n
    for coefficient in reversed(GAMMA_RATIO):
        series = series * inverse_square + coefficient
    shifted = xp.sqrt(n + (GAMMA_SHIFT - 0.25)) * series
    for i in range(GAMMA_SHIFT):
        shifted = shifted * ((n + i) / (n + i + 0.5))
    return shifted * (2.0 / math.sqrt(math.pi))


def majority(xp: ModuleType, fan_in: Array, bias: Array) -> Array:
    """``f_b(u)`` in [-1, 1]."""
    k = (fan_in - 1.0) / 2.0
    if not is_jax(xp):
        value = xp.sign(bias) * special(xp).betainc(0.5, k + 1.0, bias * bias)
        tiny = xp.abs(bias) < 1e-100  # where the square underflows the map is linear
        return xp.where(tiny, slope(xp, fan_in) * bias, value) if xp.any(tiny) else value
    # With one vote k = 0 and nothing needs cutting off; 0.5 only keeps the division out of trouble.
    reach = xp.sqrt(-xp.expm1(-TAIL / xp.where(k == 0.0, 0.5, k)))
    upper = xp.where(bias > reach, reach, xp.where(bias < -reach, -reach, bias))
    upper = xp.where(k == 0.0, bias, upper)
    k, upper = xp.broadcast_arrays(k, upper)
    column = (NODES.shape[0],) + (1,) * upper.ndim
    nodes = xp.reshape(xp.asarray(NODES, dtype=float), column)
    weights = xp.reshape(xp.asarray(WEIGHTS, dtype=float), column)
    mean = xp.sum(weights * xp.exp(k[None, ...] * xp.log1p(-((upper[None, ...] * nodes) ** 2))), axis=0)
    value = slope(xp, fan_in) * upper * mean
    return xp.where(value > 1.0, 1.0, xp.where(value < -1.0, -1.0, value))


def majority_derivative(xp: ModuleType, fan_in: Array, bias: Array) -> Array:
    """``f_b'(u) = c_b (1 - u^2)^k``."""
    k = (fan_in - 1.0) / 2.0
    return slope(xp, fan_in) * ((1.0 - bias) * (1.0 + bias)) ** k


def one_level(xp: ModuleType, bias: Array, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """``T(u) = rho gamma u + (1 - rho) f_b(gamma u)``."""
    received = fidelity * bias
    return correlation * received + (1.0 - correlation) * majority(xp, fan_in, received)


def amplification(xp: ModuleType, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """``alpha = T'(0) = gamma (rho + (1 - rho) c_b)``."""
    return fidelity * (correlation + (1.0 - correlation) * slope(xp, fan_in))


def fixed_point(xp: ModuleType, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """Positive root of ``T(u) = u``, or 0.

    ``T(u) / u`` falls from ``alpha`` at 0 to at most 1 at 1, so bisection on it cannot fail. The closing Newton
    step doubles the digits and, because the bisection itself has no derivative, carries the exact derivative of
    the root with respect to the parameters (implicit function theorem).
    """
    fan_in, fidelity, correlation = xp.broadcast_arrays(fan_in, fidelity, correlation)
    alpha = amplification(xp, fan_in, fidelity, correlation)
    # At the threshold the root moves like the square root of the distance: rounding must not open a root there.
    amplifies = alpha > 1.0 + 8.0 * np.finfo(float).eps

    def gain(u: Array) -> Array:
        return one_level(xp, u, fan_in, fidelity, correlation) / u

    def halve(_: Array, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = 0.5 * (low + high)
        above = gain(middle) > 1.0
        return xp.where(above, middle, low), xp.where(above, high, middle)

    low, high = repeat(xp, BISECTIONS, halve, (xp.zeros_like(alpha), xp.ones_like(alpha)))
    root = xp.where(amplifies, 0.5 * (low + high), 0.5)
    slope_at_root = fidelity * (correlation + (1.0 - correlation) * majority_derivative(xp, fan_in, fidelity * root))
    slope_at_root = xp.where(amplifies, slope_at_root, 0.0)
    root = root + (one_level(xp, root, fan_in, fidelity, correlation) - root) / (1.0 - slope_at_root)
    root = xp.where(root > 1.0, 1.0, root)
    return xp.where(amplifies, root, 0.0)
