"""From counts to a calibration: every group's distribution of success, every problem's place in it, its answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from budgetsim.calibrate.answers import wrong_answer_parameters
from budgetsim.calibrate.choice import Choice, choose_distributions
from budgetsim.calibrate.difficulty import Difficulty, cell_mass, fit_difficulty, margin_edges
from budgetsim.calibrate.grid import PROBABILITY, beta_weights, log_kernel
from budgetsim.calibrate.margins import Margins, fit_margins, shape_parameters
from budgetsim.calibrate.tally import Floats, Integers, Tally


@dataclass(frozen=True, slots=True)
class Fit:
    """Everything that was learned from some counts.

    Attributes
    ----------
    tally
        The counts.
    margins
        The pooled beta distributions.
    choice
        Which distribution predicts held-out problems better, per group, and the weights of the chosen one.
    difficulty
        What the other groups say of every cell.
    likelihood
        Of the counts of every cell on the grid, shape ``(cells, POINTS)``, largest value 1.
    wrong
        Posterior Dirichlet parameters of the wrong answers, shape ``(cells, answers + 1)``, unparsed ones last.
    """

    tally: Tally
    margins: Margins
    choice: Choice
    difficulty: Difficulty
    likelihood: Floats
    wrong: Floats

    def posterior(self, weights: Floats | None = None, cells: Integers | None = None) -> Floats:
        """Distribution of the success probability of cells given all counts.

        Parameters
        ----------
        weights
            Distributions of the groups on the grid, shape ``(groups, POINTS)``; the chosen ones by default.
        cells
            Which cells; all by default.

        Returns
        -------
        array
            Shape ``(cells, POINTS)``, rows sum to one.
        """
        likelihood = self.likelihood if cells is None else self.likelihood[cells]
        joint = self.before_own_counts(weights, cells) * likelihood
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))

    def before_own_counts(self, weights: Floats | None = None, cells: Integers | None = None) -> Floats:
        """The same given the counts of the other groups only, shape ``(cells, POINTS)``."""
        some = slice(None) if cells is None else cells
        edges = margin_edges(self.choice.weights if weights is None else weights)
        place = self.difficulty
        mass = cell_mass(edges, self.tally.group[some], place.mean[some], place.variance[some])
        mass = np.maximum(mass, 1e-300)
        return np.asarray(mass / mass.sum(axis=1, keepdims=True))

    def drawn_weights(self, draws: int, generator: np.random.Generator) -> Floats:
        """Draws of the groups' distributions on the grid, shape ``(draws, groups, POINTS)``.

        Beta distributions are drawn from their posterior; a chosen mixture stays as it is.
        """
        drawn = beta_weights(*shape_parameters(self.margins.draw(draws, generator)))
        mixture = self.choice.is_mixture
        drawn[:, mixture] = self.choice.weights[mixture]
        return drawn


def fit_counts(tally: Tally) -> Fit:
    """Learn all that a calibration holds from counts.

    Parameters
    ----------
    tally
        The counts.

    Returns
    -------
    Fit
    """
    margins = fit_margins(tally)
    kernel = log_kernel(tally.correct, tally.total)
    likelihood = np.exp(kernel - kernel.max(axis=1, keepdims=True))
    choice = choose_distributions(tally, margins, likelihood)
    difficulty = fit_difficulty(tally, choice.weights, likelihood)
    return Fit(tally, margins, choice, difficulty, likelihood, wrong_answer_parameters(tally))


def success_atoms(posterior: Floats, atoms: int) -> Floats:
    """Evenly likely success probabilities of every cell: the means of ``atoms`` equal shares of its posterior.

    Their mean is the posterior mean.

    Parameters
    ----------
    posterior
        Shape ``(cells, POINTS)``.
    atoms
        How many.

    Returns
    -------
    array
        Shape ``(cells, atoms)``, rising along the last axis.
    """
    upper = np.cumsum(posterior, axis=1)[:, None, :]
    lower = upper - posterior[:, None, :]
    ends = np.linspace(0.0, 1.0, atoms + 1)[:, None]
    # How much of each grid point's mass falls into each share.
    overlap = np.clip(np.minimum(upper, ends[1:]) - np.maximum(lower, ends[:-1]), 0.0, None)
    return np.asarray((overlap @ PROBABILITY) / overlap.sum(axis=2))
