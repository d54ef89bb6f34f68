"""What a user would predict instead: the plain ways to carry a few samples per problem to many."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln

from budgetsim.calibrate.margins import Outcomes, posterior_mode, shape_parameters
from budgetsim.calibrate.observed import Outcome, plurality_curve
from budgetsim.calibrate.tally import Floats, Tally
from budgetsim.theory.votes import majority_vote_accuracy


def plain_beta(tally: Tally) -> tuple[Floats, Floats]:
    """Maximum-likelihood beta parameters of every group on its own, shapes ``(groups,)``.

    A prior with a standard deviation of 10 on ``logit m`` and ``log M`` keeps them finite where the likelihood rises
    without bound (all problems solved, or repeated samples that never differ).
    """
    wide = 100.0 * np.eye(len(tally.groups))
    mode = posterior_mode([wide, wide], Outcomes.of(tally))[1]
    return shape_parameters(mode)


def coverage_baselines(
    outcome: Outcome, shape: tuple[float, float], largest: Floats, samples: int
) -> dict[str, Floats]:
    """Three predictions of pass@k of one group, k = 1 .. samples.

    Parameters
    ----------
    outcome
        The samples that are known, per problem.
    shape
        The group's own ``(alpha, beta)``.
    largest
        Samples per problem in all, shape ``(problems,)``.
    samples
        Up to which k.

    Returns
    -------
    dict
        ``plugin``: each problem at its own frequency. ``independent``: all problems at the mean accuracy.
        ``beta_binomial``: the expected unbiased estimate after the other samples are drawn from each problem's
        beta-binomial posterior, which is better than the same distribution without the problems' own counts.
    """
    k = np.arange(1, samples + 1, dtype=float)
    known = outcome.total > 0
    correct, total = outcome.correct[known], outcome.total[known]
    mean = correct.sum() / total.sum()
    alpha, beta = shape
    # Of k samples out of all, j are among the known ones; the rest are new draws from the posterior.
    chance = np.zeros((len(outcome.correct), samples))
    wrong = outcome.total - outcome.correct
    for drawn in range(int(outcome.total.max()) + 1):
        new = k[None, :] - drawn
        possible = (new >= 0) & (new <= (largest - outcome.total)[:, None]) & (drawn <= wrong)[:, None]
        log_share = (
            _log_choose(wrong, drawn)[:, None]
            + _log_choose((largest - outcome.total)[:, None], np.maximum(new, 0))
            - _log_choose(largest[:, None], k[None, :])
        )
        a, b = (alpha + outcome.correct)[:, None], (beta + wrong)[:, None]
        log_miss = betaln(a, b + np.maximum(new, 0)) - betaln(a, b)
        chance += np.where(possible, np.exp(log_share + log_miss), 0.0)
    return {
        "plugin": (1.0 - (1.0 - correct / total)[:, None] ** k).mean(axis=0),
        "independent": 1.0 - (1.0 - mean) ** k,
        "beta_binomial": 1.0 - chance.mean(axis=0),
    }


def plurality_baselines(outcome: Outcome, samples: int) -> dict[str, Floats]:
    """Two predictions of maj@k of one group, k = 1 .. samples.

    Returns
    -------
    dict
        ``carried``: the observed curve of the known samples, its last value carried forward. ``independent``: a
        jury of independent votes at the mean accuracy (Condorcet).
    """
    known = outcome.total > 0
    part = Outcome(outcome.correct[known], outcome.wrong[known], outcome.abstained[known])
    length = int(min(part.total.min(), samples))
    observed = plurality_curve(part, length).mean(axis=0)
    mean = float(part.correct.sum() / part.total.sum())
    return {
        "carried": np.concatenate([observed, np.full(samples - length, observed[-1])]),
        "independent": np.array([float(majority_vote_accuracy(mean, k)) for k in range(1, samples + 1)]),
    }


def _log_choose(total: Floats, part: Floats | float) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = -betaln(total - part + 1.0, np.asarray(part) + 1.0) - np.log(total + 1.0)
    return np.asarray(np.where(np.asarray(part) <= total, value, -np.inf))
