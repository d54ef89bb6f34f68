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
from collections.abc import Callable
from types import ModuleType

import numpy as np
from array_api_compat import is_jax_array

from budgetsim.theory._arrays import Array, is_jax, special

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

# The gain of more votes than twice this is not summed term by term.
MOST_TERMS = 64
NEWTON_STEPS = 4
# So many numbers that the arrays of one Newton step stay in the cache of a core.
BLOCK = 2**14
# Square of a root so close to the threshold that rounding decides whether there is one.
LEAST_SQUARE = 1e-24


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
    # A power of a rounded base loses digits with k: small squares keep theirs in the exponent.
    square = bias * bias
    small = square < 0.25
    power = xp.exp(k * xp.log1p(-xp.where(small, square, 0.0)))
    base = xp.where(small, 1.0, (1.0 - bias) * (1.0 + bias))
    return slope(xp, fan_in) * xp.where(small, power, base**k)


def one_level(xp: ModuleType, bias: Array, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """``T(u) = rho gamma u + (1 - rho) f_b(gamma u)``."""
    received = fidelity * bias
    return correlation * received + (1.0 - correlation) * majority(xp, fan_in, received)


def amplification(xp: ModuleType, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """``alpha = T'(0) = gamma (rho + (1 - rho) c_b)``."""
    return fidelity * (correlation + (1.0 - correlation) * slope(xp, fan_in))


def fixed_point(xp: ModuleType, fan_in: Array, fidelity: Array, correlation: Array) -> Array:
    """Positive root of ``T(u) = u``, or 0.

    With ``w = (gamma u)^2`` the root solves ``G(w) = R``, where ``G(w) = f_b(sqrt w) / sqrt w`` is the gain of one
    majority and ``R = (1/gamma - rho) / (1 - rho)`` what it must make good. ``G^-2`` is convex and close to a line
    (its slope rises from at least .29 to 1), so Newton's method from above needs four steps to the last digit,
    whatever the fan-in. Every step is smooth: JAX differentiates the root as the implicit function theorem would.
    """
    traced = is_jax_array(fan_in)
    fan_in = fan_in if traced else np.asarray(fan_in, dtype=float)
    if not is_jax(xp) and math.prod(np.broadcast_shapes(fan_in.shape, fidelity.shape, correlation.shape)) > BLOCK:
        return _in_blocks(xp, fan_in, fidelity, correlation)
    steepest = slope(xp if traced else np, fan_in)
    alpha = fidelity * (correlation + (1.0 - correlation) * steepest)
    # At the threshold the root moves like the square root of the distance: rounding must not open a root there.
    amplifies = alpha > 1.0 + 8.0 * np.finfo(float).eps
    channel = xp.where(amplifies, fidelity, 1.0)
    needed = (1.0 / channel - correlation) / xp.where(amplifies, 1.0 - correlation, 1.0)
    needed = xp.where(amplifies, needed, 0.5 * (1.0 + steepest))
    gain = _gain_of_votes(xp, fan_in, steepest)
    inverse_square = 1.0 / (needed * needed)
    least_slope = xp.where(fan_in > 1.0, (fan_in - 1.0) / 3.0, 1.0) / (steepest * steepest)
    above_threshold = inverse_square - 1.0 / (steepest * steepest)
    square = _within(xp, xp.minimum(inverse_square, above_threshold / least_slope))
    for _ in range(NEWTON_STEPS):
        height, fall = gain(square)
        shortfall = (needed - height) * (needed + height) * height
        square = _within(xp, square - 0.5 * inverse_square * shortfall / fall)
    root = xp.sqrt(square) / channel
    return xp.where(amplifies, xp.where(root > 1.0, 1.0, root), 0.0)


def _in_blocks(xp: ModuleType, *arguments: Array) -> Array:
    """Fixed points of many parameters, a block at a time; a fan-in they all share stays a single number."""
    shape = np.broadcast_shapes(*(part.shape for part in arguments))
    flat = [part.reshape(()) if part.size == 1 else np.broadcast_to(part, shape).reshape(-1) for part in arguments]
    roots = np.empty(math.prod(shape))
    for start in range(0, roots.size, BLOCK):
        block = slice(start, start + BLOCK)
        roots[block] = fixed_point(xp, *(part[block] if part.ndim else part for part in flat))
    return roots.reshape(shape)


def _within(xp: ModuleType, square: Array) -> Array:
    """Cut off what is outside [LEAST_SQUARE, 1]; unlike a minimum this keeps the derivative at the ends."""
    return xp.where(square < LEAST_SQUARE, LEAST_SQUARE, xp.where(square > 1.0, 1.0, square))


def _gain_of_votes(xp: ModuleType, fan_in: Array, steepest: Array) -> Callable[[Array], tuple[Array, Array]]:
    """``G(w)`` and ``-G'(w)`` as a function of ``w``, for ``0 < w <= 1``.

    ``G(w) = sum_j binom(2j, j) / 4^j (1 - w)^j`` for ``j`` up to ``(b - 1) / 2``: a short sum of positive terms if the
    fan-in is small and known, else it comes from the majority map and its derivative.
    """
    traced = is_jax_array(fan_in)
    terms = (xp if traced else np).maximum((fan_in - 1.0) / 2.0, 1.0)  # a single vote has no root
    if not traced and np.max(terms, initial=1.0) <= MOST_TERMS:
        weights, weight = [], 1.0
        for j in range(1, int(np.max(terms, initial=1.0)) + 1):
            weight *= (2.0 * j - 1.0) / (2.0 * j)
            weights.append(np.where(j <= terms, weight, 0.0)[()])

        def series(w: Array) -> tuple[Array, Array]:
            far = 1.0 - w
            height, fall = weights[-1] + 0.0 * w, 0.0 * w
            for coefficient in (*weights[-2::-1], 1.0):
                fall = fall * far + height
                height = height * far + coefficient
            return height, fall

        return series

    def integral(w: Array) -> tuple[Array, Array]:
        height = majority(xp, 2.0 * terms + 1.0, xp.sqrt(w)) / xp.sqrt(w)
        fall = 0.5 * (height - steepest * (1.0 - w) ** terms) / w
        # Near 0 the difference cancels; the slope of G^-2 lies between its value at 0 and 1.
        most = 0.5 * height**3
        return height, xp.clip(fall, most * (2.0 / 3.0) * terms / (steepest * steepest), most)

    return integral
