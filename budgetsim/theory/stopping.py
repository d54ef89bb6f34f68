r"""The best moment to stop when every token has a price and quality grows with ever smaller gains.

With a concave quality Q(b) and a price lambda per token, :math:`Q(b) - \lambda b` is largest where the marginal
quality falls to the price. All derived.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from budgetsim.theory._arrays import POSITIVE, Array, common_namespace, elementwise


@elementwise(largest_quality=POSITIVE, scale=POSITIVE, price=POSITIVE)
def exponential_stop(largest_quality: Array, scale: Array, price: Array) -> Array:
    r"""Best tokens for :math:`Q_\infty(1 - e^{-b/s})`, :math:`b^\star = \max(0, s\ln\frac{Q_\infty}{\lambda s})`.

    Parameters
    ----------
    largest_quality
        Limit of the quality, above 0.
    scale
        s, tokens, above 0.
    price
        Price of one token in units of quality, above 0.

    Returns
    -------
    array
        Tokens; 0 where even the first token costs more than it brings.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(exponential_stop(0.9, 800, 1e-4), 2)
    1936.29
    """
    xp = common_namespace(scale)
    gain = largest_quality / (price * scale)
    return scale * xp.log(xp.where(gain > 1.0, gain, 1.0))


@elementwise(initial_uncertainty=POSITIVE, decay_rate=POSITIVE, price=POSITIVE)
def power_law_stop(initial_uncertainty: Array, decay_rate: Array, price: Array) -> Array:
    r"""Best tokens for :math:`Q_\infty - c b^{-\beta}`, :math:`b^\star = (c\beta/\lambda)^{1/(\beta+1)}`.

    The allocation of :func:`budgetsim.theory.bbam.bam_exact` gives these tokens to every sub-question at its shadow
    price: a price per token and a budget are two sides of one rule.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta, above 0.
    price
        Price of one token in units of quality, above 0.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(power_law_stop(5.0, 1.0, 2.4533e-4), 2)
    142.76
    """
    return (initial_uncertainty * decay_rate / price) ** (1.0 / (decay_rate + 1.0))


def concave_stop(marginal_quality: Callable[[float], float], price: float, longest: float) -> float:
    r"""Best tokens for any concave quality: where its derivative falls to the price.

    Parameters
    ----------
    marginal_quality
        Derivative of the quality at b tokens, not increasing in b.
    price
        Price of one token in units of quality, above 0.
    longest
        Most tokens allowed, above 0.

    Returns
    -------
    float
        In [0, longest], to rounding.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived; by bisection, plain numbers only.

    Examples
    --------
    >>> import math
    >>> round(concave_stop(lambda tokens: 0.9 / 800 * math.exp(-tokens / 800), 1e-4, 1e5), 2)
    1936.29
    """
    for name, value in (("price", price), ("longest", longest)):
        if not 0.0 < value < math.inf:
            raise ValueError(f"{name} must be finite, above 0, got {value}")
    if marginal_quality(longest) >= price:
        return float(longest)
    low, high = 0.0, float(longest)
    while True:
        middle = 0.5 * (low + high)
        if middle in (low, high):
            return low
        low, high = (middle, high) if marginal_quality(middle) >= price else (low, middle)
