"""Organizations on problems of different difficulty.

Votes on one problem are independent only *given the problem*: its difficulty is common to all of them, stays the
same through the whole tree, and no number of votes outvotes it (de Finetti). So the accuracy of an organization
is its map integrated over the problems' success probabilities, outside the vote-sharing correlation inside.

On a problem with success probability below one half a majority makes things worse, so curves of accuracy against
the number of votes may fall, or rise and then fall, although each problem's own curve is monotone: see
:mod:`budgetsim.theory.vote_populations`, and :mod:`budgetsim.theory.latent_difficulty` for deep trees.

A distribution of problems is a pair of arrays, success probabilities and weights: atoms of a mixture, the problems of
a benchmark (:func:`empirical_problems`) or the nodes of a quadrature rule (:func:`beta_problems`). Derived.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from budgetsim.theory._arrays import (
    CORRELATION,
    DEPTH,
    FAN_IN,
    FIDELITY,
    POSITIVE,
    WHOLE,
    WHOLE_POSITIVE,
    Array,
    common_namespace,
    elementwise,
    is_jax,
    require,
    special,
)
from budgetsim.theory._mixtures import ATOMS, WEIGHTS, weighted_mean
from budgetsim.theory.phase import iterate_bias

# Every quarter of [0, 1] is halved so many times towards its end at 0, 1/2 or 1; the rest is one node.
HALVINGS = 40


class Problems(NamedTuple):
    """A distribution of problems: success probabilities of one leaf call and their weights, shape [..., atoms]."""

    probability_atoms: Array
    weights: Array


@elementwise(
    probability_atoms=ATOMS,
    weights=WEIGHTS,
    fan_in=FAN_IN,
    depth=DEPTH,
    fidelity=FIDELITY,
    correlation=CORRELATION,
)
def mixture_accuracy(
    probability_atoms: Array,
    weights: Array,
    fan_in: Array,
    depth: Array,
    fidelity: Array,
    correlation: Array,
) -> Array:
    r"""Accuracy of a majority tree over a distribution of problems, :math:`\sum_i w_i (1 + T^L(2 p_i - 1)) / 2`.

    Parameters
    ----------
    probability_atoms
        Success probabilities of one leaf call, shape [..., atoms], in [0, 1]; below one half the bias is negative
        and the tree drives it down, for the map is odd.
    weights
        Share of the problems at each atom, shape [..., atoms] or [atoms]: 0 or more, divided by their sum.
    fan_in, depth, fidelity, correlation
        The tree, see :func:`budgetsim.theory.phase.iterate_bias`; they broadcast against the leading axes. The
        correlation is the one left *given the problem*.

    Returns
    -------
    array
        Accuracy, shape [...], in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain or all weights are 0 (NaN in JAX).

    Notes
    -----
    Derived; the tree map is that of arXiv 2601.17311.

    Examples
    --------
    Six problems in ten are easy; five votes help on average, twenty-one no longer do.

    >>> [round(float(mixture_accuracy([0.85, 0.4], [0.6, 0.4], votes, 1, 1.0, 0.0)), 4) for votes in (1, 5, 21)]
    [0.67, 0.711, 0.6697]
    """
    xp = common_namespace(probability_atoms)
    levels = depth if is_jax(common_namespace(depth)) else np.asarray(depth)
    bias = iterate_bias(
        2.0 * probability_atoms - 1.0,
        fan_in[..., None],
        levels[..., None] if levels.ndim else depth,
        fidelity[..., None],
        correlation[..., None],
    )
    return 0.5 * (1.0 + weighted_mean(xp, bias, weights))


def mapped_accuracy(bias_map: Callable[[Array], Array], probability_atoms: Array, weights: Array) -> Array:
    r"""Accuracy of any map of bias over a distribution of problems, :math:`\sum_i w_i (1 + f(2 p_i - 1)) / 2`.

    Parameters
    ----------
    bias_map
        Takes the leaf biases of the problems, shape [..., atoms], to the biases of the answers: a function of this
        room with the rest of its arguments fixed, such as a tree of unequal levels or a beta-binomial vote.
    probability_atoms, weights
        See :func:`mixture_accuracy`.

    Raises
    ------
    ValueError
        If an argument is outside its domain or all weights are 0 (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> from budgetsim.theory.mixed_levels import iterate_levels
    >>> problems = beta_problems(1.2, 0.4)
    >>> round(float(mapped_accuracy(lambda bias: iterate_levels(bias, [3, 9], 0.9, 0.1), *problems)), 4)
    0.7887
    """
    return _mapped(probability_atoms, weights, bias_map)


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS)
def _mapped(probability_atoms: Array, weights: Array, bias_map: Callable[[Array], Array]) -> Array:
    xp = common_namespace(probability_atoms)
    return 0.5 * (1.0 + weighted_mean(xp, bias_map(2.0 * probability_atoms - 1.0), weights))


def beta_problems(alpha: Array, beta: Array, *, nodes: int = 16) -> Problems:
    """Quadrature atoms of problems whose success probability is Beta distributed.

    Parameters
    ----------
    alpha, beta
        Shapes, above 0; they broadcast to shape [...].
    nodes
        Gauss-Legendre nodes in every panel. 16 carry shapes that add up to 300, 32 shapes to 2000.

    Returns
    -------
    Problems
        Atoms and weights, shape [..., atoms], summing to 1. The panels shrink by halves towards 0 and 1, where the
        density may be infinite, and towards 1/2, where the map of a deep tree jumps: means of any map of this room
        are exact to 1e-10, whatever the depth and the fan-in. The atoms do not depend on the shapes, so that JAX
        differentiates means in them.

    Raises
    ------
    ValueError
        If a shape is not above 0 (NaN in JAX) or nodes is not a whole number, 1 or more.

    Examples
    --------
    >>> problems = beta_problems(0.5, 1.5)
    >>> round(float(problems.weights.sum()), 10), round(float(problems.weights @ problems.probability_atoms), 10)
    (1.0, 0.25)
    """
    if not 1 <= nodes < math.inf or nodes != int(nodes):
        raise ValueError(f"nodes must be a whole number, 1 or more, got {nodes}")
    xp = common_namespace(alpha, beta)
    return _beta_rule(xp.asarray(alpha, dtype=float)[..., None], xp.asarray(beta, dtype=float)[..., None], int(nodes))


@elementwise(alpha=POSITIVE, beta=POSITIVE, fan_in=FAN_IN, depth=DEPTH, fidelity=FIDELITY, correlation=CORRELATION)
def beta_accuracy(
    alpha: Array, beta: Array, fan_in: Array, depth: Array, fidelity: Array, correlation: Array, *, nodes: int = 16
) -> Array:
    """Accuracy of a majority tree over problems whose success probability is Beta distributed; depth 1 is a star.

    Parameters
    ----------
    alpha, beta, nodes
        See :func:`beta_problems`.
    fan_in, depth, fidelity, correlation
        See :func:`mixture_accuracy`.

    Examples
    --------
    Three votes in four are right, and a deep tree tends to the four problems in five on which most votes are right.

    >>> [round(beta_accuracy(1.2, 0.4, 5, depth, 1.0, 0.0), 4) for depth in (0, 1, 20)]
    [0.75, 0.7848, 0.8039]
    """
    return mixture_accuracy(*beta_problems(alpha, beta, nodes=nodes), fan_in, depth, fidelity, correlation)


@elementwise(correct=WHOLE, samples=WHOLE_POSITIVE)
def empirical_problems(correct: Array, samples: Array) -> Problems:
    """Problems of a benchmark as atoms at their observed success rates.

    Parameters
    ----------
    correct
        Right answers to every problem, shape [..., problems]: whole, 0 to samples.
    samples
        Samples of every problem, shape [..., problems] or [1], 1 or more.

    Returns
    -------
    Problems
        One atom of weight 1 for every problem. Sampling error widens the distribution: with n samples the mean of
        ``p (1 - p)`` comes out smaller by a factor 1 - 1/n. For votes of at most n samples
        :func:`budgetsim.theory.plurality.plurality_from_counts` is unbiased.

    Raises
    ------
    ValueError
        If a count is not a whole number or correct exceeds samples (NaN in JAX).

    Examples
    --------
    >>> problems = empirical_problems([9, 2, 10], 10)
    >>> round(float(mixture_accuracy(*problems, 3, 1, 1.0, 0.0)), 4)
    0.692
    """
    xp = common_namespace(correct)
    correct, samples = xp.broadcast_arrays(correct, samples)
    rates = require(
        xp, correct <= samples, "correct must be at most samples", correct / samples, correct=correct, samples=samples
    )
    return Problems(rates, xp.ones_like(rates))


@elementwise(alpha=POSITIVE, beta=POSITIVE)
def _beta_rule(alpha: Array, beta: Array, nodes: int) -> Problems:
    """The rule for shapes [..., 1]; the new axis tells the atoms."""
    xp = common_namespace(alpha)
    distance, width = _graded_quarter(nodes)
    log_width = xp.asarray(np.log(width), dtype=float)
    rest = 0.25 * 2.0**-HALVINGS
    alpha, beta = xp.broadcast_arrays(alpha, beta)
    log_beta = special(xp).betaln(alpha, beta)

    def weigh(log_width: Array, log_right: Array, log_wrong: Array) -> Array:
        log_density = (alpha - 1.0) * xp.asarray(log_right) + (beta - 1.0) * xp.asarray(log_wrong)
        return xp.exp(log_width + log_density - log_beta)

    near, far = np.log(distance), np.log1p(-distance)
    below, above = np.log(0.5 - distance), np.log(0.5 + distance)
    middle = weigh(math.log(rest), np.log([0.5]), np.log([0.5]))
    weights = [
        xp.exp(alpha * math.log(rest) - xp.log(alpha) - log_beta),
        weigh(log_width, near, far),
        weigh(log_width, below, above),
        middle,
        middle,
        weigh(log_width, above, below),
        weigh(log_width, far, near),
        xp.exp(beta * math.log(rest) - xp.log(beta) - log_beta),
    ]
    ends = [
        [0.0],
        distance,
        0.5 - distance,
        [0.5 - 0.5 * rest],
        [0.5 + 0.5 * rest],
        0.5 + distance,
        1.0 - distance,
        [1.0],
    ]
    weights = xp.concat(weights, axis=-1)
    return Problems(xp.broadcast_to(xp.asarray(np.concatenate(ends), dtype=float), weights.shape), weights)


def _graded_quarter(nodes: int) -> tuple[Array, Array]:
    """Nodes and weights on (0, 1/4] but for its last 2^-40th, panel by panel halved towards 0."""
    base, weight = np.polynomial.legendre.leggauss(nodes)
    outer = 0.25 * 0.5 ** np.arange(HALVINGS)[:, None]
    return (outer * (0.75 + 0.25 * base)).ravel(), (outer * 0.25 * weight).ravel()
