"""Pooled beta distributions against scipy's beta-binomial, finite differences and known populations."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize
from scipy.special import comb, expit, logit

from budgetsim.calibrate.baselines import plain_beta
from budgetsim.calibrate.margins import (
    LEARNING_GROUPS,
    Outcomes,
    fit_margins,
    log_likelihood,
    posterior_mode,
    prior_of,
    shape_parameters,
    shared_attributes,
)
from budgetsim.calibrate.tally import Group


def beta_counts(generator, mean, concentration, problems, samples):
    p = generator.beta(mean * concentration, (1 - mean) * concentration, (problems, len(mean))).T
    return generator.binomial(samples, p)


def test_log_likelihood_is_scipy_s_beta_binomial(counts):
    generator = np.random.default_rng(0)
    total = np.broadcast_to([3, 8, 8, 20], (3, 4))
    tally = counts(generator.binomial(total, 0.4), total)
    parameters = generator.normal(size=(2, 3))
    value = log_likelihood(parameters, Outcomes.of(tally))[0]
    alpha, beta = shape_parameters(parameters)
    cell = stats.betabinom.logpmf(tally.correct, tally.total, alpha[tally.group], beta[tally.group])
    cell -= np.log(comb(tally.total, tally.correct))
    assert value == pytest.approx(np.bincount(tally.group, cell), abs=1e-9)


def test_gradient_and_hessian_are_finite_differences(counts):
    generator = np.random.default_rng(1)
    outcomes = Outcomes.of(counts(generator.binomial(9, 0.6, (4, 12)), 9))
    for scale in (0.3, 2.0):
        parameters = scale * generator.normal(size=(2, 4))
        _, gradient, negative = log_likelihood(parameters, outcomes)
        step = 1e-5
        for row in (0, 1):
            shift = np.zeros((2, 4))
            shift[row] = step
            above, below = log_likelihood(parameters + shift, outcomes), log_likelihood(parameters - shift, outcomes)
            assert gradient[row] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-6, abs=1e-6)
            slope = (above[1] - below[1]) / (2 * step)
            assert -negative[row] == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_with_a_wide_prior_one_group_gets_maximum_likelihood(counts):
    generator = np.random.default_rng(2)
    tally = counts(beta_counts(generator, np.array([0.7]), np.array([2.0]), 150, 10), 10)

    def minus(x):
        mean, mass = expit(x[0]), np.exp(x[1])
        return -stats.betabinom.logpmf(tally.correct, tally.total, mean * mass, (1 - mean) * mass).sum()

    best = minimize(minus, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
    wide = 1e6 * np.eye(1)
    _, mode, covariance = posterior_mode([wide, wide], Outcomes.of(tally))
    assert mode.ravel() == pytest.approx(best.x, abs=2e-4)
    step = 1e-3
    curvature = np.array(
        [
            [
                minus(best.x + a + b) - minus(best.x + a - b) - minus(best.x - a + b) + minus(best.x - a - b)
                for b in step * np.eye(2)
            ]
            for a in step * np.eye(2)
        ]
    ) / (4 * step**2)
    assert covariance == pytest.approx(np.linalg.inv(curvature), rel=1e-3, abs=1e-5)
    alpha, beta = plain_beta(tally)  # its prior is weak enough not to matter here
    assert alpha[0] / (alpha[0] + beta[0]) == pytest.approx(expit(best.x[0]), abs=1e-3)
    assert alpha[0] + beta[0] == pytest.approx(np.exp(best.x[1]), rel=1e-2)


@pytest.mark.parametrize(("correct", "total"), [([5.0] * 8, 5), ([0.0] * 8, 5), ([0.0, 5.0] * 4, 5), ([2.0] * 8, 4)])
def test_likelihoods_without_a_maximum_stay_finite(counts, correct, total):
    tally = counts([correct], total)
    margins = fit_margins(tally)
    assert np.isfinite(margins.mode).all()
    assert np.linalg.eigvalsh(margins.covariance).min() > 0
    assert np.isfinite(plain_beta(tally)).all()


def test_intervals_cover_the_truth_nine_times_in_ten(counts):
    # 8 datasets x 30 groups x 2 parameters = 480 intervals of 90%: with independent ones the share has a standard
    # deviation of 0.014, and leaves [0.83, 0.96] with a chance below 1e-5.
    generator = np.random.default_rng(3)
    inside = []
    for _ in range(8):
        truth = np.stack([generator.normal(0.5, 0.8, 30), generator.normal(1.0, 0.5, 30)])
        tally = counts(beta_counts(generator, expit(truth[0]), np.exp(truth[1]), 50, 8), 8)
        margins = fit_margins(tally)
        error = np.sqrt(np.diag(margins.covariance)).reshape(2, -1)
        inside.append(np.abs(margins.mode - truth) <= stats.norm.ppf(0.95) * error)
    assert 0.83 <= np.mean(inside) <= 0.96


def test_draws_have_the_mode_and_covariance(counts):
    generator = np.random.default_rng(4)
    margins = fit_margins(counts(generator.binomial(6, 0.5, (3, 20)), 6))
    drawn = margins.draw(40_000, np.random.default_rng(5))
    assert drawn.shape == (40_000, 2, 3)
    flat = drawn.reshape(len(drawn), -1)
    error = np.sqrt(np.diag(margins.covariance) / len(drawn))
    assert (np.abs(flat.mean(axis=0) - margins.mode.ravel()) < 5 * error).all()
    scale = np.sqrt(np.outer(np.diag(margins.covariance), np.diag(margins.covariance)))
    assert np.abs(np.cov(flat.T) - margins.covariance).max() < 6 * scale.max() * np.sqrt(2 / len(drawn))


def test_alike_groups_are_drawn_together_and_unlike_ones_are_not(counts):
    generator = np.random.default_rng(6)
    alike = counts(beta_counts(generator, np.full(20, 0.7), np.full(20, 3.0), 12, 4), 4)
    own_alpha, own_beta = plain_beta(alike)
    pooled = fit_margins(alike).mode[0]
    apart = logit(own_alpha / (own_alpha + own_beta))
    assert pooled.std() < 0.5 * apart.std()
    assert abs(pooled.mean() - logit(0.7)) < 0.25
    unlike = counts(beta_counts(generator, np.array([0.1, 0.9] * 4), np.full(8, 3.0), 100, 8), 8)
    own_alpha, own_beta = plain_beta(unlike)
    pooled, apart = fit_margins(unlike).mode[0], logit(own_alpha / (own_alpha + own_beta))
    assert (pooled[1::2] - pooled[::2]).mean() > 0.93 * (apart[1::2] - apart[::2]).mean()
    assert pooled[1::2].min() - pooled[::2].max() > 3.0


def test_groups_without_samples_get_what_alike_groups_say(counts):
    generator = np.random.default_rng(7)
    total = np.full((12, 40), 8)
    total[5] = 0
    correct = beta_counts(generator, np.full(12, 0.8), np.full(12, 4.0), 40, 8) * (total > 0)
    margins = fit_margins(counts(correct, total))
    assert margins.mode[0, 5] == pytest.approx(logit(0.8), abs=0.35)
    error = np.sqrt(np.diag(margins.covariance)).reshape(2, -1)
    assert (error[:, 5] > np.delete(error, 5, axis=1).max(axis=1)).all()


def test_shared_attributes():
    groups = [Group(model, "s", task, None) for model in "ab" for task in "xy"]
    shared = shared_attributes(groups)
    assert list(shared) == ["all", "model", "task", "group"]
    assert shared["model"].tolist() == np.kron(np.eye(2), np.ones((2, 2))).tolist()
    assert shared["task"].tolist() == np.kron(np.ones((2, 2)), np.eye(2)).tolist()
    assert list(shared_attributes(groups[:1])) == ["all"]


def test_very_many_groups_learn_from_some_and_all_get_parameters(counts):
    generator = np.random.default_rng(8)
    count = LEARNING_GROUPS + 5
    margins = fit_margins(counts(generator.binomial(4, 0.3, (count, 5)), 4))
    assert margins.mode.shape == (2, count)
    assert np.abs(expit(margins.mode[0]) - 0.3).max() < 0.15
    assert [matrix.shape for matrix in prior_of(margins)] == [(count, count)] * 2
