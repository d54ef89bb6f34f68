"""Beta distributions of the per-problem success probability, one per group, that borrow strength from each other.

Model. Group ``g`` answers problem ``i`` rightly with probability ``p ~ Beta(M m, M (1 - m))``; the counts are then
beta-binomial. ``logit m`` and ``log M`` of all groups are Gaussian a priori, with a variance for every attribute that
groups share (model, strategy, task, temperature, the whole configuration) and one for the group itself. The variances
maximize the Laplace approximation of the marginal likelihood, so that the data say how alike alike groups are; the
parameters are the posterior mode, with the Laplace covariance as their uncertainty. Derived for this project
(empirical Bayes; the beta-binomial is the standard model of repeated sampling, see Kazdan et al., arXiv 2510.05197).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, polygamma

from budgetsim.calibrate.attributes import alike, is_new
from budgetsim.calibrate.tally import Floats, Group, Integers, Tally

#: Standard deviation of what all groups share, which one set of runs cannot teach: a weak prior around an accuracy and
#: a correlation of one half. Also the scale of the half-normal prior on every learned standard deviation.
SCALE = 1.5
#: Bounds of ``logit m`` and ``log M``: beyond them nothing changes that counts could show.
BOUND = 9.0
#: The variances are learned from at most this many groups.
LEARNING_GROUPS = 160


@dataclass(frozen=True, slots=True)
class Margins:
    """Posterior of the beta parameters of all groups.

    Attributes
    ----------
    groups
        The groups.
    mode
        ``logit m`` and ``log M``, shape ``(2, groups)``.
    covariance
        Laplace covariance of ``mode.ravel()``, shape ``(2 groups, 2 groups)``.
    scales
        Learned standard deviations by parameter and attribute.
    """

    groups: list[Group]
    mode: Floats
    covariance: Floats
    scales: dict[str, dict[str, float]]

    def draw(self, draws: int, generator: np.random.Generator) -> Floats:
        """Draws of the parameters from their posterior, shape ``(draws, 2, groups)``."""
        size = self.mode.size
        root = np.linalg.cholesky(self.covariance + 1e-10 * np.eye(size))
        noise = generator.standard_normal((draws, size))
        drawn = self.mode.ravel() + noise @ root.T
        return np.clip(drawn, -BOUND, BOUND).reshape(draws, 2, -1)


def shape_parameters(parameters: Floats) -> tuple[Floats, Floats]:
    """The usual ``(alpha, beta)`` of beta distributions.

    Parameters
    ----------
    parameters
        ``logit m`` and ``log M`` along the last axis but one, shape ``(..., 2, groups)``.

    Returns
    -------
    tuple of arrays
        ``alpha`` and ``beta``, each of shape ``(..., groups)``.

    Examples
    --------
    >>> alpha, beta = shape_parameters(np.array([[0.0], [np.log(4.0)]]))
    >>> float(alpha[0].round(12)), float(beta[0].round(12))
    (2.0, 2.0)
    """
    mean, concentration = expit(parameters[..., 0, :]), np.exp(parameters[..., 1, :])
    return mean * concentration, (1.0 - mean) * concentration


def shared_attributes(groups: Sequence[Group]) -> dict[str, Floats]:
    """Which groups share what: a matrix of ones and zeros per set of attributes.

    Sets that single out the same pairs appear once; the last entry, ``group``, is the identity.
    """
    found: dict[str, Floats] = {"all": np.ones((len(groups), len(groups)))}
    together = (("model", "strategy"), ("model", "strategy", "temperature"))
    for names in [*((name,) for name in Group._fields), *together]:
        matrix = alike(groups, names)
        if is_new(matrix, found):
            found["+".join(names)] = matrix
    if len(groups) > 1:
        found["group"] = np.eye(len(groups))
    return found


class Outcomes(NamedTuple):
    """Distinct outcomes ``correct`` of ``total`` in a group, and how many cells had each. Shapes ``(outcomes,)``."""

    group: Integers
    correct: Floats
    total: Floats
    cells: Floats

    @classmethod
    def of(cls, tally: Tally) -> Outcomes:
        """Collect the cells with the same outcome: a few per group however many problems there are."""
        rows = np.stack([tally.group.astype(float), tally.correct, tally.total], axis=1)
        distinct, cells = np.unique(rows, axis=0, return_counts=True)
        return cls(distinct[:, 0].astype(np.int64), distinct[:, 1], distinct[:, 2], cells.astype(float))


def log_likelihood(parameters: Floats, outcomes: Outcomes) -> tuple[Floats, Floats, Floats]:
    """Beta-binomial log-likelihood per group (without the binomial coefficient) and its derivatives.

    Returns
    -------
    tuple of arrays
        Value ``(groups,)``, gradient ``(2, groups)`` and negative Hessian ``(2, 2, groups)`` in ``logit m`` and
        ``log M``.
    """
    count = parameters.shape[1]
    group, correct, total, cells = outcomes
    alpha, beta = shape_parameters(parameters)
    mean, mass = expit(parameters[0]), alpha + beta
    a, b, m = alpha[group], beta[group], mass[group]
    wrong = total - correct

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(group, cells * values, count), np.float64)

    def trigamma(values: Floats) -> Floats:
        return np.asarray(polygamma(1, values))

    value = summed(betaln(a + correct, b + wrong) - betaln(a, b))
    common = digamma(m) - digamma(m + total)
    common2 = trigamma(m + total) - trigamma(m)
    d_a = summed(digamma(a + correct) - digamma(a) + common)
    d_b = summed(digamma(b + wrong) - digamma(b) + common)
    d_aa = summed(trigamma(a + correct) - trigamma(a) - common2)
    d_bb = summed(trigamma(b + wrong) - trigamma(b) - common2)
    d_ab = summed(-common2)
    slope = mass * mean * (1.0 - mean)  # of alpha in logit m; beta falls by as much
    gradient = np.stack([(d_a - d_b) * slope, d_a * alpha + d_b * beta])
    h_mm = (d_aa - 2 * d_ab + d_bb) * slope**2 + (d_a - d_b) * slope * (1.0 - 2.0 * mean)
    h_mc = slope * ((d_aa - d_ab) * alpha + (d_ab - d_bb) * beta) + (d_a - d_b) * slope
    h_cc = d_aa * alpha**2 + 2 * d_ab * alpha * beta + d_bb * beta**2 + d_a * alpha + d_b * beta
    return value, gradient, -np.array([[h_mm, h_mc], [h_mc, h_cc]])


def _definite(hessian: Floats) -> Floats:
    """The nearest negative Hessian with positive diagonal and determinant, per group."""
    safe = hessian.copy()
    safe[0, 0] = np.maximum(safe[0, 0], 1e-4)
    safe[1, 1] = np.maximum(safe[1, 1], 1e-4)
    limit = 0.95 * np.sqrt(safe[0, 0] * safe[1, 1])
    safe[0, 1] = safe[1, 0] = np.clip(safe[0, 1], -limit, limit)
    return safe


def posterior_mode(
    prior: Sequence[Floats], outcomes: Outcomes, start: Floats | None = None
) -> tuple[float, Floats, Floats]:
    """Posterior mode of all parameters by damped Newton steps.

    Parameters
    ----------
    prior
        Prior covariances of ``logit m`` and of ``log M``, each ``(groups, groups)``; prior means are zero.
    outcomes
        The counts.
    start
        Where to start, shape ``(2, groups)``.

    Returns
    -------
    tuple
        Laplace approximation of the log marginal likelihood, mode ``(2, groups)``, covariance.
    """
    count = len(prior[0])
    precision = [np.linalg.inv(matrix + 1e-8 * np.eye(count)) for matrix in prior]
    prior_logdet = sum(float(np.linalg.slogdet(matrix)[1]) for matrix in precision)

    def objective(x: Floats) -> float:
        value = log_likelihood(x, outcomes)[0].sum()
        return float(value - 0.5 * sum(x[k] @ precision[k] @ x[k] for k in (0, 1)))

    x = np.zeros((2, count)) if start is None else start.copy()
    best = objective(x)
    hessian = np.eye(2 * count)
    for _ in range(100):
        _, gradient, curvature = log_likelihood(x, outcomes)
        curvature = _definite(curvature)
        hessian = np.block(
            [
                [precision[0] + np.diag(curvature[0, 0]), np.diag(curvature[0, 1])],
                [np.diag(curvature[1, 0]), precision[1] + np.diag(curvature[1, 1])],
            ]
        )
        ascent = np.concatenate([gradient[k] - precision[k] @ x[k] for k in (0, 1)])
        step = np.linalg.solve(hessian, ascent).reshape(2, count)
        size, moved, value = 1.0, x, best
        while size > 1e-4:
            moved = np.clip(x + size * step, -BOUND, BOUND)
            value = objective(moved)
            if value >= best - 1e-9:
                break
            size /= 2.0
        gain, x, best = value - best, moved, max(value, best)
        if abs(gain) < 1e-6:
            break
    evidence = best - 0.5 * float(np.linalg.slogdet(hessian)[1]) + 0.5 * prior_logdet
    return evidence, x, np.asarray(np.linalg.inv(hessian), np.float64)


def fit_margins(tally: Tally) -> Margins:
    """Fit the beta distributions of all groups together.

    Parameters
    ----------
    tally
        Counts with at least one sample in some cell. Groups without samples get the prior.

    Returns
    -------
    Margins
        Mode and covariance of ``logit m`` and ``log M`` of every group.
    """
    learning = _some_groups(tally)
    outcomes = Outcomes.of(learning)
    shared = shared_attributes(learning.groups)
    common = SCALE**2 * shared.pop("all")
    number = len(shared)
    state: dict[str, Floats] = {}

    def mix(matrices: Sequence[Floats], log_scales: Floats) -> Floats:
        learned = [np.exp(2.0 * s) * matrix for s, matrix in zip(log_scales, matrices, strict=True)]
        return np.asarray(common + np.sum(learned, axis=0))

    def loss(log_scales: Floats) -> float:
        matrices = list(shared.values())
        prior = [mix(matrices, log_scales[:number]), mix(matrices, log_scales[number:])]
        evidence, mode, _ = posterior_mode(prior, outcomes, state.get("mode"))
        state["mode"] = mode
        return -evidence + float((np.exp(2.0 * log_scales)).sum() / (2.0 * SCALE**2))

    scales = np.zeros(0)
    if number:
        fitted = minimize(
            loss,
            np.full(2 * number, np.log(0.4)),
            method="L-BFGS-B",
            bounds=[(-4.0, 1.0)] * (2 * number),
            options={"maxiter": 25, "ftol": 1e-5, "eps": 1e-3},
        )
        scales = np.asarray(fitted.x)
    named = {
        parameter: {"all": SCALE, **dict(zip(shared, np.exp(part).tolist(), strict=True))}
        for parameter, part in (("mean", scales[:number]), ("concentration", scales[number:]))
    }
    _, mode, covariance = posterior_mode(_prior(tally.groups, named), Outcomes.of(tally))
    return Margins(tally.groups, mode, covariance, named)


def prior_of(margins: Margins) -> list[Floats]:
    """Prior covariances of ``logit m`` and ``log M`` with the learned scales, each ``(groups, groups)``."""
    return _prior(margins.groups, margins.scales)


def _prior(groups: Sequence[Group], scales: dict[str, dict[str, float]]) -> list[Floats]:
    shared = shared_attributes(groups)
    return [
        np.asarray(sum(scale**2 * shared[name] for name, scale in scales[parameter].items() if name in shared))
        for parameter in ("mean", "concentration")
    ]


def _some_groups(tally: Tally) -> Tally:
    """The tally, or the cells of an even selection of its groups where there are very many."""
    count = len(tally.groups)
    if count <= LEARNING_GROUPS:
        return tally
    chosen = np.unique(np.linspace(0, count - 1, LEARNING_GROUPS).round().astype(int))
    number = np.full(count, -1)
    number[chosen] = np.arange(len(chosen))
    part = tally.subset(number[tally.group] >= 0)
    return Tally(
        [tally.groups[k] for k in chosen],
        tally.problems,
        number[part.group],
        part.problem,
        part.correct,
        part.total,
        part.abstained,
        part.wrong,
        part.vocabulary,
        part.tokens,
        part.answers_known[chosen],
        part.prompts_known[chosen],
    )
