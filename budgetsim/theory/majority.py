"""The majority of an odd number of independent votes, in bias coordinates (bias = 2 * probability - 1).

Source of all: "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei,
arXiv 2601.17311 (binary core); the integral form is derived.
"""

from __future__ import annotations

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import BIAS, FAN_IN, Array, common_namespace, elementwise


@elementwise(fan_in=FAN_IN)
def majority_slope(fan_in: Array) -> Array:
    r"""Slope of the majority map at bias 0, :math:`c_b = b \binom{b-1}{(b-1)/2} / 2^{b-1}`.

    Parameters
    ----------
    fan_in
        Number of votes: odd, 1 or more; any shape.

    Returns
    -------
    array
        Slope, in [1, sqrt(fan_in)], asymptotically sqrt(2 fan_in / pi); relative error below 1e-13 for any fan-in.

    Raises
    ------
    ValueError
        If fan_in is not odd (a JAX array gives NaN there instead).

    Notes
    -----
    arXiv 2601.17311, binary core; evaluated as a ratio of gamma functions.

    Derivation: `budgetsim.symbolic.majority.slope`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(majority_slope(5), 12)
    1.875
    """
    return _kernels.slope(common_namespace(fan_in), fan_in)


@elementwise(fan_in=FAN_IN, bias=BIAS)
def majority_bias(fan_in: Array, bias: Array) -> Array:
    r"""Bias of the majority of independent votes, :math:`f_b(u) = 2 P[Bin(b, (1+u)/2) > b/2] - 1`.

    Parameters
    ----------
    fan_in
        Number of votes: odd, 1 or more.
    bias
        Bias of one vote, in [-1, 1]. Both broadcast.

    Returns
    -------
    array
        Bias of the majority, in [-1, 1]; odd and increasing in ``bias``, concave on [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain (a JAX array gives NaN there instead).

    Notes
    -----
    arXiv 2601.17311, binary core. Evaluated as :math:`c_b \int_0^u (1-t^2)^{(b-1)/2} dt` (derived), with a
    relative error below 1e-13 for fan-ins from 1 to 100001.

    Derivation: `budgetsim.symbolic.majority.voted_bias`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(majority_bias(5, 0.6), 12)
    0.88416
    """
    return _kernels.majority(common_namespace(fan_in, bias), fan_in, bias)


@elementwise(fan_in=FAN_IN, bias=BIAS)
def majority_bias_derivative(fan_in: Array, bias: Array) -> Array:
    r"""Derivative of :func:`majority_bias` with respect to the bias, :math:`c_b (1-u^2)^{(b-1)/2}`.

    Parameters
    ----------
    fan_in
        Number of votes: odd, 1 or more.
    bias
        Bias of one vote, in [-1, 1]. Both broadcast.

    Raises
    ------
    ValueError
        If an argument is outside its domain (a JAX array gives NaN there instead).

    Notes
    -----
    Derived from the integral form of the map of arXiv 2601.17311.

    Derivation: `budgetsim.symbolic.majority.voted_bias_derivative`; page: ``papers/phase-transition.md``.

    Examples
    --------
    >>> round(majority_bias_derivative(5, 0.6), 12)
    0.768
    """
    return _kernels.majority_derivative(common_namespace(fan_in, bias), fan_in, bias)
