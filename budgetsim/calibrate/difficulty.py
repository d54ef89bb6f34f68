"""How hard each problem is for one group, told by how the other groups did on it.

Model. In the order of difficulty that group ``g`` sees, problem ``i`` stands at ``z_gi``, standard normal over
problems; its success probability is the quantile ``Q_g(Phi(z_gi))`` of the group's own distribution. Between groups
the places of one problem are jointly Gaussian: a part is shared by all, parts by groups of the same model, of the same
strategy, of the same model and strategy (fading with the distance in temperature), and a part is the group's own.
Derived for this project: a Gaussian copula with free margins, solved by expectation propagation (Minka, UAI 2001); the
shares maximize the likelihood of every group's counts given those of all others (Besag's pseudo-likelihood).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import ndtr, ndtri, softmax

from budgetsim.calibrate.attributes import alike, is_new
from budgetsim.calibrate.tally import Floats, Group, Integers, Tally

#: The shares are learned from at most about this many cells.
LEARNING_CELLS = 4000
#: Sweeps of expectation propagation while learning, and at the end.
LEARNING_SWEEPS, SWEEPS = 4, 10
_DAMPING = 0.7
#: The part that fades with the distance in temperature.
_FADING = "problem and model and strategy"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """What the other groups say of every cell.

    Attributes
    ----------
    mean, variance
        Of ``z`` given the counts of all other groups, shape ``(cells,)``; 0 and 1 where no other group saw the problem.
    shares
        Share of the variance of ``z`` by what is shared, and ``"fading"``, the temperature distance over which the
        part of one model and strategy falls by e (absent if there is nothing to share).
    """

    mean: Floats
    variance: Floats
    shares: dict[str, float]


def cell_weights(edges: Floats, group: Integers, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Prior mass of every grid point, and the first two moments of ``z`` there times that mass.

    Parameters
    ----------
    edges
        Normal quantiles of the groups' cumulative weights, shape ``(groups, POINTS + 1)``, from -inf to inf.
    group, mean, variance
        Of the cells, shape ``(cells,)``.

    Returns
    -------
    tuple of arrays
        Mass, first and second partial moment, each ``(cells, POINTS)``.
    """
    scale, standard = _standardized(edges, group, mean, variance)
    density = np.exp(-0.5 * standard**2) / np.sqrt(2.0 * np.pi)
    tilted = np.where(np.isfinite(standard), standard, 0.0) * density
    mass = _mass_between(standard)
    first = -np.diff(density, axis=1)
    second = mass - np.diff(tilted, axis=1)
    center = mean[:, None]
    return (
        mass,
        center * mass + scale * first,
        center**2 * mass + 2.0 * center * scale * first + scale**2 * second,
    )


def cell_mass(edges: Floats, group: Integers, mean: Floats, variance: Floats) -> Floats:
    """The first of :func:`cell_weights` alone, shape ``(cells, POINTS)``."""
    return _mass_between(_standardized(edges, group, mean, variance)[1])


def _standardized(edges: Floats, group: Integers, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    scale = np.sqrt(variance)[:, None]
    return scale, np.asarray((edges[group] - mean[:, None]) / scale)


def _mass_between(standard: Floats) -> Floats:
    """Normal mass between neighbouring edges; tails are measured from outside, so that small masses keep digits."""
    tail = ndtr(-np.abs(standard))
    left, right = tail[:, :-1], tail[:, 1:]
    above, below = standard[:, :-1] > 0, standard[:, 1:] <= 0
    return np.asarray(np.where(above, left - right, np.where(below, right - left, 1.0 - left - right)))


class _Blocks:
    """Problems that were seen by the same groups, worked on together."""

    def __init__(self, tally: Tally) -> None:
        order = np.lexsort((tally.group, tally.problem))
        starts = np.flatnonzero(np.diff(tally.problem[order], prepend=-1))
        members: dict[bytes, list[Integers]] = {}
        for cells in np.split(order, starts[1:]):
            members.setdefault(tally.group[cells].tobytes(), []).append(cells)
        self.items = [(tally.group[cells[0]], np.array(cells)) for cells in members.values()]


def _kernels(groups: list[Group]) -> tuple[dict[str, Floats], Floats]:
    """Indicator matrices of what groups share, without repetitions, and their distances in temperature."""

    found = {"problem": np.ones((len(groups), len(groups)))}
    for names in (("model",), ("strategy",), ("model", "strategy")):
        matrix = alike(groups, names)
        if is_new(matrix, found):
            found["problem and " + " and ".join(names)] = matrix
    degrees = np.array([0.0 if group.temperature is None else group.temperature for group in groups])
    distance = np.abs(degrees[:, None] - degrees[None, :])
    if distance.any() and _FADING not in found:
        found[_FADING] = alike(groups, ("model", "strategy"))
    return found, distance


def _covariance(parameters: Floats, kernels: dict[str, Floats], distance: Floats) -> Floats:
    shares = softmax(np.append(parameters[:-1], 0.0))
    total = np.zeros_like(distance)
    for share, (name, matrix) in zip(shares, kernels.items(), strict=False):
        fading = np.exp(-np.exp(parameters[-1]) * distance) if name == _FADING else 1.0
        total += share * matrix * fading
    return np.asarray(total + shares[-1] * np.eye(len(distance)))


class _Propagation:
    """Expectation propagation over the cells of a tally."""

    def __init__(self, tally: Tally, edges: Floats, likelihood: Floats) -> None:
        self.group, self.edges, self.likelihood = tally.group, edges, likelihood
        self.blocks = _Blocks(tally).items
        self.precision = np.zeros(tally.cells)
        self.shift = np.zeros(tally.cells)

    def cavity(self, covariance: Floats) -> tuple[Floats, Floats]:
        """Mean and variance of every cell's ``z`` given the sites of the other cells of its problem."""
        mean, variance = np.zeros(len(self.shift)), np.ones(len(self.shift))
        for groups, cells in self.blocks:
            prior = covariance[np.ix_(groups, groups)]
            root = np.sqrt(self.precision[cells])
            inner = np.eye(len(groups)) + root[:, :, None] * prior * root[:, None, :]
            gain = prior * root[:, None, :]
            posterior = prior - gain @ np.linalg.solve(inner, gain.transpose(0, 2, 1))
            own = np.diagonal(posterior, axis1=1, axis2=2)
            middle = (posterior @ self.shift[cells][:, :, None])[:, :, 0]
            rest = np.maximum(1.0 / own - self.precision[cells], 1.0)  # others cannot take certainty away
            mean[cells] = (middle / own - self.shift[cells]) / rest
            variance[cells] = 1.0 / rest
        return mean, variance

    def sweep(self, covariance: Floats, damping: float) -> None:
        """One parallel update of all sites."""
        mean, variance = self.cavity(covariance)
        mass, first, second = cell_weights(self.edges, self.group, mean, variance)
        total = np.maximum((mass * self.likelihood).sum(1), 1e-300)
        middle = (first * self.likelihood).sum(1) / total
        spread = np.maximum((second * self.likelihood).sum(1) / total - middle**2, 1e-4)
        precision = np.maximum(1.0 / spread - 1.0 / variance, 0.0)
        shift = middle * (precision + 1.0 / variance) - mean / variance
        self.precision += damping * (precision - self.precision)
        self.shift += damping * (shift - self.shift)

    def loss(self, covariance: Floats) -> float:
        """Minus the log-likelihood of every cell given the others."""
        mass = cell_mass(self.edges, self.group, *self.cavity(covariance))
        return -float(np.log(np.maximum((mass * self.likelihood).sum(1), 1e-300)).sum())


def margin_edges(weights: Floats) -> Floats:
    """Normal quantiles of the cumulative grid weights, shape ``(groups, POINTS + 1)``."""
    cumulative = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)], axis=1)
    cumulative[:, -1] = 1.0
    return np.asarray(ndtri(np.clip(cumulative, 0.0, 1.0)))


def fit_difficulty(tally: Tally, weights: Floats, likelihood: Floats) -> Difficulty:
    """Learn how much groups share and place every problem for every group.

    Parameters
    ----------
    tally
        The counts.
    weights
        The groups' distributions on the grid, shape ``(groups, POINTS)``.
    likelihood
        Of the counts of every cell at every grid point, any positive factor per cell, shape ``(cells, POINTS)``.

    Returns
    -------
    Difficulty
    """
    edges = margin_edges(weights)
    _, seen = np.unique(tally.problem, return_counts=True)
    if seen.max() == 1:
        return Difficulty(np.zeros(tally.cells), np.ones(tally.cells), {})
    kernels, distance = _kernels(tally.groups)
    some = _some_problems(tally)
    learner = _Propagation(tally.subset(some), edges, likelihood[some])

    def loss(parameters: Floats) -> float:
        covariance = _covariance(parameters, kernels, distance)
        for sweep in range(LEARNING_SWEEPS):
            learner.sweep(covariance, 1.0 if sweep == 0 and not learner.precision.any() else _DAMPING)
        return learner.loss(covariance) + float(parameters @ parameters) / 18.0  # N(0, 3^2) on every parameter

    size = len(kernels) + 1
    start = np.zeros(size)
    fitted = minimize(
        loss,
        start,
        method="Nelder-Mead",
        options={
            "maxfev": 25 * size,
            "xatol": 0.05,
            "fatol": 0.5,
            "initial_simplex": np.concatenate([[start], 1.5 * np.eye(size)]),
        },
    )
    covariance = _covariance(fitted.x, kernels, distance)
    everyone = _Propagation(tally, edges, likelihood)
    for sweep in range(SWEEPS):
        everyone.sweep(covariance, 1.0 if sweep == 0 else _DAMPING)
    shares = dict(zip([*kernels, "group"], softmax(np.append(fitted.x[:-1], 0.0)).tolist(), strict=True))
    if distance.any():
        shares["fading"] = float(np.exp(-fitted.x[-1]))
    return Difficulty(*everyone.cavity(covariance), shares)


def _some_problems(tally: Tally) -> Integers:
    """Cells of an even selection of the problems, about ``LEARNING_CELLS`` of them."""
    if tally.cells <= LEARNING_CELLS:
        return np.arange(tally.cells)
    problems = len(tally.problems)
    stride = tally.cells / LEARNING_CELLS
    chosen = np.zeros(problems, bool)
    chosen[np.unique((np.arange(int(problems / stride)) * stride).astype(int))] = True
    return np.flatnonzero(chosen[tally.problem])
