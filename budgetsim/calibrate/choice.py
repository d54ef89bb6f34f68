"""Beta or free mixture: which distribution of success probabilities predicts problems it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from budgetsim.calibrate.grid import beta_weights, fit_mixture
from budgetsim.calibrate.margins import Margins, Outcomes, posterior_mode, prior_of, shape_parameters
from budgetsim.calibrate.tally import Booleans, Floats, Tally

#: Parts into which the problems of a group are split.
FOLDS = 5
#: Standard errors by which the mixture must be better.
MARGIN = 2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen distribution of every group.

    Attributes
    ----------
    weights
        On the grid, shape ``(groups, POINTS)``.
    is_mixture
        Whether the free mixture was chosen, shape ``(groups,)``.
    beta_score, mixture_score
        Mean held-out log-likelihood per problem, shape ``(groups,)``; NaN without problems.
    score_difference_error
        Standard error of the difference of the two scores, shape ``(groups,)``.
    """

    weights: Floats
    is_mixture: Booleans
    beta_score: Floats
    mixture_score: Floats
    score_difference_error: Floats


def choose_distributions(tally: Tally, margins: Margins, likelihood: Floats) -> Choice:
    """Choose by the likelihood of problems left out of the fit, five-fold.

    The beta distribution is kept unless the mixture is better by more than ``MARGIN`` standard errors of the paired
    difference: with few samples per problem the likelihood fixes only a few moments of a mixture, and among many
    groups some mixture is always ahead by chance.

    Parameters
    ----------
    tally
        The counts.
    margins
        The pooled beta distributions; their learned scales serve every fold.
    likelihood
        Of the counts of every cell on the grid, shape ``(cells, POINTS)``.

    Returns
    -------
    Choice
    """
    count = len(tally.groups)
    fold = tally.problem % FOLDS  # the same problems are left out in every group: neighbours must not tell
    prior = prior_of(margins)
    beta_cell, mixture_cell = np.zeros(tally.cells), np.zeros(tally.cells)
    mixture_weights = np.zeros((count, likelihood.shape[1]))
    for part in range(FOLDS):
        out = fold == part
        mode = posterior_mode(prior, Outcomes.of(tally.subset(~out)), margins.mode)[1]
        weights = beta_weights(*shape_parameters(mode))
        beta_cell[out] = np.log((weights[tally.group[out]] * likelihood[out]).sum(1))
    for group in range(count):
        cells = tally.of_group(group)
        cells = cells[tally.total[cells] > 0]
        if not len(cells):
            continue
        own, parts = likelihood[cells], fold[cells]
        # One fit per fold and one on everything, side by side; an all-one row is a problem left out.
        stack = np.repeat(own[None], FOLDS + 1, axis=0)
        for part in range(FOLDS):
            stack[part, parts == part] = 1.0
        fitted = fit_mixture(stack)
        mixture_weights[group] = fitted[-1]
        mixture_cell[cells] = np.log(np.maximum((fitted[parts] * own).sum(1), 1e-12))
    seen = tally.total > 0
    problems = np.bincount(tally.group, seen, count)
    gain = (mixture_cell - beta_cell) * seen
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(tally.group, gain, count) / problems
        spread = np.bincount(tally.group, gain**2, count) / problems - mean**2
        error = np.sqrt(np.maximum(spread, 0.0) / np.maximum(problems - 1, 1))
        beta_score = np.bincount(tally.group, beta_cell * seen, count) / problems
        mixture_score = np.bincount(tally.group, mixture_cell * seen, count) / problems
    # Single samples fix the mean alone: whichever distribution is ahead on them, they do not tell the two apart.
    repeated = np.bincount(tally.group, tally.total > 1, count)
    is_mixture = np.asarray((mean > MARGIN * error) & (repeated >= 2 * FOLDS))
    weights = beta_weights(*shape_parameters(margins.mode))
    weights[is_mixture] = mixture_weights[is_mixture]
    return Choice(weights, is_mixture, beta_score, mixture_score, error)
