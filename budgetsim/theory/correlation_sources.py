r"""Where the correlation of votes comes from: the problem they share, or an error they share at one aggregator.

Notation of :mod:`budgetsim.theory.latent_difficulty`: ``U`` is the leaf bias of a random problem and ``rho`` the
shared-vote probability *given the problem*, drawn anew at every aggregator.

**Fixed by the problem, difficulty moves the threshold only on the axis of the total correlation.** Received votes
``v = gamma U`` on one problem share its difficulty,

.. math:: \rho_{total} = \rho_{problem} + (1 - \rho_{problem})\,\rho, \qquad
          \rho_{problem} = \frac{\mathrm{Var}(v)}{1 - E(v)^2} .

Taking all of it for shared votes puts the amplification too low by ``gamma (c_b - 1)(1 - rho) rho_problem``; in truth
trees live up to a total correlation that is ``rho_problem (1 - rho_c)`` above the ``rho_c`` of the formula, and once
``rho_problem >= rho_c`` every tree is taken for dead. Above the leaves ``rho_problem`` is that of ``T^l(U)``: it
changes from level to level, so that no single total correlation serves a whole tree.

**Redrawn at every aggregator it moves the threshold itself.** If each aggregator draws a success probability of its own
for all its children (Beta distributed around the right mean, with intraclass correlation ``rho``), a level has the
slope of :func:`budgetsim.theory.correlation.beta_binomial_majority_slope`. That is bounded in the fan-in: at and
below :func:`redrawn_least_fidelity` no fan-in amplifies, where shared votes of the same correlation leave one.

All derived, from the model of "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong, Jian Pei,
arXiv 2601.17311.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from budgetsim.theory import _kernels
from budgetsim.theory._arrays import (
    CORRELATION,
    CORRELATION_BELOW_ONE,
    FAN_IN_OF_A_VOTE,
    FIDELITY,
    PROPER_PROBABILITY,
    Array,
    common_namespace,
    elementwise,
    special,
)
from budgetsim.theory._mixtures import ATOMS, WEIGHTS, weighted_mean
from budgetsim.theory.phase import critical_correlation


@elementwise(probability_atoms=ATOMS, weights=WEIGHTS, fidelity=FIDELITY)
def problem_correlation(probability_atoms: Array, weights: Array, fidelity: Array) -> Array:
    r"""Correlation that votes owe to the problem they share, :math:`\mathrm{Var}(\gamma U)/(1 - \gamma^2 E[U]^2)`.

    Parameters
    ----------
    probability_atoms, weights
        See :func:`budgetsim.theory.latent_difficulty.problem_balance`; for votes of a higher level pass the success
        probabilities there.
    fidelity
        Fidelity of the channel through which the votes are seen, in (0, 1]; 1 at the leaves themselves.

    Returns
    -------
    array
        Correlation, shape [...], in [0, 1]; 0 where all votes are alike.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(float(problem_correlation([0.95, 0.4], [0.4, 0.6], 1.0)), 4)
    0.3081
    """
    xp = common_namespace(probability_atoms)
    bias = 2.0 * probability_atoms - 1.0
    mean = weighted_mean(xp, bias, weights)
    variance = weighted_mean(xp, (bias - mean[..., None]) ** 2, weights)
    certain = fidelity * fidelity * mean * mean == 1.0  # all votes alike: nothing varies
    return xp.where(certain, 0.0, fidelity**2 * variance / xp.where(certain, 1.0, 1.0 - (fidelity * mean) ** 2))


@elementwise(problem_correlation=CORRELATION, correlation=CORRELATION)
def total_correlation(problem_correlation: Array, correlation: Array) -> Array:
    r"""Correlation of votes pooled over problems, :math:`\rho_{problem} + (1-\rho_{problem})\rho`.

    ``correlation`` is the one given the problem, both in [0, 1]. Exact for shared votes, whatever the distribution of
    problems. Derived.

    Examples
    --------
    >>> round(total_correlation(0.3, 0.1), 12)
    0.37
    """
    return problem_correlation + (1.0 - problem_correlation) * correlation


@elementwise(total_correlation=CORRELATION, problem_correlation=CORRELATION_BELOW_ONE)
def correlation_given_problem(total_correlation: Array, problem_correlation: Array) -> Array:
    r"""What is left for the tree to fight, :math:`(\rho_{total} - \rho_{problem})/(1 - \rho_{problem})`.

    The inverse of :func:`total_correlation`; negative where the total is too small. Derived.

    Examples
    --------
    >>> round(correlation_given_problem(0.37, 0.3), 12)
    0.1
    """
    return (total_correlation - problem_correlation) / (1.0 - problem_correlation)


class Misattribution(NamedTuple):
    """What follows if all correlation is taken for shared votes."""

    total_correlation: Array
    amplification: Array
    inferred_amplification: Array
    critical_correlation: Array
    critical_total_correlation: Array


@elementwise(fan_in=FAN_IN_OF_A_VOTE, fidelity=FIDELITY, correlation=CORRELATION, problem_correlation=CORRELATION)
def misattribution(fan_in: Array, fidelity: Array, correlation: Array, problem_correlation: Array) -> Misattribution:
    r"""True and inferred amplification, and where the threshold lies on the axis of the total correlation.

    Parameters
    ----------
    fan_in, fidelity
        See :func:`budgetsim.theory.phase.critical_correlation`.
    correlation
        Shared-vote probability given the problem, in [0, 1].
    problem_correlation
        Correlation due to the problems, in [0, 1], see :func:`problem_correlation`.

    Returns
    -------
    Misattribution
        ``total_correlation`` as measured over problems; ``amplification`` at the correlation given the problem and
        ``inferred_amplification`` at the total, too low by :math:`\gamma(c_b-1)(1-\rho)\rho_{problem}`;
        ``critical_correlation``, the textbook :math:`\rho_c`, and ``critical_total_correlation``, the total at which
        trees stop amplifying in truth, :math:`\rho_{problem}(1-\rho_c)` above it.

    Notes
    -----
    Derived.

    Examples
    --------
    The tree amplifies, but looks dead.

    >>> [round(float(part), 4) for part in misattribution(5, 0.6, 0.1, 0.3)]
    [0.37, 1.0725, 0.9307, 0.2381, 0.4667]
    """
    xp = common_namespace(fan_in)
    total = total_correlation(problem_correlation, correlation)
    critical = critical_correlation(fan_in, fidelity)
    return Misattribution(
        total,
        _kernels.amplification(xp, fan_in, fidelity, correlation),
        _kernels.amplification(xp, fan_in, fidelity, total),
        critical,
        problem_correlation + (1.0 - problem_correlation) * critical,
    )


@elementwise(correlation=PROPER_PROBABILITY)
def redrawn_least_fidelity(correlation: Array) -> Array:
    r"""Fidelity at and below which no fan-in amplifies if every aggregator redraws the difficulty of its children.

    The inverse of the slope of infinitely many votes, :math:`\frac M2 E|\ln\frac{q}{1-q}|` for ``q`` of the law
    Beta(M/2, M/2) with :math:`M = 1/\rho - 1`.

    Parameters
    ----------
    correlation
        Pairwise correlation of the redrawn votes, in (0, 1).

    Returns
    -------
    array
        Fidelity, in (0, 1), rising with the correlation: about :math:`\sqrt{\pi\rho/2}` where that is small, as if
        the fan-in were 1/correlation. Shared votes of the same correlation amplify at any fidelity, given enough of
        them.

    Notes
    -----
    Derived: the limit of :func:`budgetsim.theory.correlation.beta_binomial_majority_slope`, the derivative of
    ``P(q > 1/2)`` in the mean of ``q``.

    Examples
    --------
    >>> round(redrawn_least_fidelity(0.2), 4)
    0.5641
    """
    xp = common_namespace(correlation)
    half = 0.5 * (1.0 / correlation - 1.0)
    # ln(q/(1-q)) has density (2 cosh(t/2))^(-2a) / B(a, a): a Gaussian of width sqrt(2/a) or two exponentials of 1/a.
    reach = 60.0 / half + 13.0 / xp.sqrt(half)
    nodes, weights = np.polynomial.legendre.leggauss(24)
    outer = 0.5 ** np.arange(40)[:, None]
    place = xp.asarray((outer * (0.75 + 0.25 * nodes)).ravel(), dtype=float)
    width = xp.asarray((outer * 0.25 * weights).ravel(), dtype=float)
    far = reach[..., None] * place
    log_density = -half[..., None] * (far + 2.0 * xp.log1p(xp.exp(-far))) - special(xp).betaln(half, half)[..., None]
    mean = 2.0 * reach * xp.sum(width * far * xp.exp(log_density), axis=-1)
    return 1.0 / (half * mean)
