"""Distributions of a success probability on one common grid: beta or anything else, with exact cell masses.

The grid is even in ``arcsin(sqrt(p))``, the scale on which a frequency of ``n`` samples has a standard error of
``1 / (2 sqrt(n))`` whatever ``p`` is, and has points at exactly 0 and 1.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, xlog1py, xlogy

from budgetsim.calibrate.tally import Floats

#: Number of grid points: resolves frequencies of up to some hundred samples.
POINTS = 81

#: The grid itself, shape ``(POINTS,)``, from 0 to 1.
PROBABILITY: Floats = np.sin(np.linspace(0.0, np.pi / 2.0, POINTS)) ** 2
_EDGES: Floats = np.sin((np.arange(POINTS - 1) + 0.5) * (np.pi / 2.0) / (POINTS - 1)) ** 2


def beta_weights(alpha: Floats, beta: Floats) -> Floats:
    """Mass of beta distributions in the cell around each grid point.

    Parameters
    ----------
    alpha, beta
        Parameters, positive, shape ``(...)``.

    Returns
    -------
    array
        Shape ``(..., POINTS)``; sums to one.

    Examples
    --------
    >>> weights = beta_weights(np.array(2.0), np.array(3.0))
    >>> float(round(weights @ PROBABILITY, 3))  # the mean, 2 / 5
    0.4
    """
    cumulative = betainc(np.asarray(alpha)[..., None], np.asarray(beta)[..., None], _EDGES)
    ones = np.ones((*cumulative.shape[:-1], 1))
    return np.diff(np.concatenate([0.0 * ones, cumulative, ones], axis=-1), axis=-1)


def log_kernel(correct: Floats, total: Floats) -> Floats:
    """Log-likelihood of ``correct`` of ``total`` samples at each grid point, without the binomial coefficient.

    Parameters
    ----------
    correct, total
        Counts, shape ``(cells,)``.

    Returns
    -------
    array
        Shape ``(cells, POINTS)``; minus infinity where the outcome is impossible.
    """
    return np.asarray(xlogy(correct[:, None], PROBABILITY) + xlog1py((total - correct)[:, None], -PROBABILITY))


def fit_mixture(kernel: Floats, *, iterations: int = 400, tolerance: float = 1e-7) -> Floats:
    """Non-parametric maximum likelihood of the mixing weights on the grid, by expectation maximization.

    Parameters
    ----------
    kernel
        Likelihood of every cell at every grid point, shape ``(cells, POINTS)`` or, for several fits at once,
        ``(fits, cells, POINTS)``; an all-one row is a cell that does not count.
    iterations, tolerance
        Limit of the iterations, and the gain in mean log-likelihood below which they end.

    Returns
    -------
    array
        Weights, shape ``(POINTS,)`` or ``(fits, POINTS)``.

    Notes
    -----
    Kiefer and Wolfowitz's estimator. On counts of ``n`` samples the likelihood fixes the first ``n`` moments only;
    started from even weights, the iterations end at the smoothest of the equivalent solutions they meet first.

    Examples
    --------
    >>> counts = np.array([0.0, 0.0, 40.0, 40.0])
    >>> weights = fit_mixture(np.exp(log_kernel(counts, np.full(4, 40.0))))
    >>> float(weights[PROBABILITY < 0.2].sum().round(3)), float(weights[PROBABILITY > 0.8].sum().round(3))
    (0.5, 0.5)
    """
    single = kernel.ndim == 2
    stack = kernel[None] if single else kernel
    weights = np.full((len(stack), stack.shape[-1]), 1.0 / stack.shape[-1])
    before = np.full(len(stack), -np.inf)
    for _ in range(iterations):
        mass = np.einsum("fcp,fp->fc", stack, weights)
        after = np.log(mass).mean(axis=1)
        if np.all(after - before < tolerance):
            break
        before = after
        weights = weights * np.einsum("fcp,fc->fp", stack, 1.0 / mass) / stack.shape[1]
    return weights[0] if single else weights
