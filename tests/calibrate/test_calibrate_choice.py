"""Beta or mixture, on populations that are one or the other."""

import numpy as np
import pytest

from budgetsim.calibrate.choice import FOLDS, MARGIN, choose_distributions
from budgetsim.calibrate.grid import PROBABILITY, beta_weights, log_kernel
from budgetsim.calibrate.margins import fit_margins, shape_parameters


def choose(tally):
    margins = fit_margins(tally)
    return margins, choose_distributions(tally, margins, np.exp(log_kernel(tally.correct, tally.total)))


def test_two_kinds_of_problems_choose_the_mixture(counts):
    generator = np.random.default_rng(0)
    hard = generator.random((4, 150)) < 0.5
    tally = counts(generator.binomial(20, np.where(hard, 0.3, 0.85)), 20)
    _, choice = choose(tally)
    assert choice.is_mixture.all()
    assert (choice.mixture_score > choice.beta_score).all()
    between = (PROBABILITY > 0.45) & (PROBABILITY < 0.7)
    assert (choice.weights[:, between].sum(axis=1) < 0.05).all()
    assert choice.weights.sum(axis=1) == pytest.approx(np.ones(4))


def test_beta_populations_keep_the_beta(counts):
    # A standard error of 2 is exceeded by chance in 2.3% of groups, less since the mixture is the larger model:
    # 4 of 40 or more have a chance of 1.4%, 9 or more of 1e-7.
    generator = np.random.default_rng(1)
    p = generator.beta(2.0, 1.0, (40, 80))
    margins, choice = choose(counts(generator.binomial(8, p), 8))
    assert choice.is_mixture.sum() <= 3
    assert choice.beta_score.mean() > choice.mixture_score.mean()
    beta = beta_weights(*shape_parameters(margins.mode))
    kept = ~choice.is_mixture
    assert choice.weights[kept] == pytest.approx(beta[kept])


def test_scores_are_mean_log_likelihoods_of_problems_left_out(counts):
    # All problems alike with p = 1/2 and ten samples: a problem's expected log-likelihood is ten times log(1/2), and
    # no distribution does better on average.
    generator = np.random.default_rng(2)
    _, choice = choose(counts(generator.binomial(10, 0.5, (1, 200)), 10))
    assert choice.beta_score[0] == pytest.approx(10 * np.log(0.5), abs=0.1)
    assert choice.mixture_score[0] == pytest.approx(10 * np.log(0.5), abs=0.1)


def test_few_problems_keep_the_beta_and_none_has_no_score(counts):
    total = np.full((2, 9), 20)
    total[1] = 0
    correct = np.array([[0, 20] * 4 + [0], [0] * 9])
    _, choice = choose(counts(correct, total))
    assert not choice.is_mixture.any()
    assert np.isfinite(choice.beta_score[0])
    assert np.isnan(choice.beta_score[1])
    assert np.isnan(choice.mixture_score[1])
    assert choice.weights.sum(axis=1) == pytest.approx(np.ones(2))


def test_a_mixture_that_is_ahead_by_chance_is_not_chosen(counts):
    generator = np.random.default_rng(3)
    p = generator.beta(1.0, 1.0, (60, 15))
    _, choice = choose(counts(generator.binomial(30, p), 30))
    ahead = choice.mixture_score - choice.beta_score
    error = choice.score_difference_error
    assert (choice.is_mixture == (ahead > MARGIN * error)).all()
    assert ((ahead > 0) & ~choice.is_mixture).any()


def test_scores_are_of_problems_that_the_fit_has_not_seen(counts):
    # One fold holds all the failures: unlikely when they are left out, less so after having seen them.
    correct = np.where(np.arange(60) % FOLDS == 0, 0, 10)[None]
    tally = counts(correct, 10)
    margins, choice = choose(tally)
    likelihood = np.exp(log_kernel(tally.correct, tally.total))
    seen = np.log(beta_weights(*shape_parameters(margins.mode))[0] @ likelihood.T).mean()
    assert choice.beta_score[0] < seen - 0.1
    assert choice.mixture_score[0] < seen - 0.1
