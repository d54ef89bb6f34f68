"""Shared difficulty against numerical integration and against places that are known because they were drawn."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import ndtr

from budgetsim.calibrate.difficulty import cell_mass, cell_weights, fit_difficulty, margin_edges
from budgetsim.calibrate.grid import POINTS, PROBABILITY, beta_weights, log_kernel
from budgetsim.calibrate.tally import Group


def likelihood_of(tally):
    kernel = log_kernel(tally.correct, tally.total)
    return np.exp(kernel - kernel.max(axis=1, keepdims=True))


def copula_counts(generator, shapes, problems, samples, shared):
    """Places of problems (groups, problems) with pairwise correlation ``shared``, and right answers."""
    common = generator.normal(size=problems)
    place = np.sqrt(shared) * common + np.sqrt(1 - shared) * generator.normal(size=(len(shapes), problems))
    p = np.array([stats.beta.ppf(ndtr(row), *shape) for row, shape in zip(place, shapes, strict=True)])
    return place, generator.binomial(samples, p)


@pytest.mark.parametrize(("mean", "variance"), [(0.0, 1.0), (1.3, 0.2), (-2.5, 0.01), (4.0, 0.5)])
def test_moments_are_those_of_the_cut_normal(mean, variance):
    edges = np.array([[-np.inf, -3.0, -1.0, -1.0, 0.2, 1.4, 5.0, np.inf]])
    mass, first, second = cell_weights(edges, np.array([0]), np.array([mean]), np.array([variance]))
    scale = np.sqrt(variance)
    for power, ours in enumerate((mass, first, second)):
        for left, right, value in zip(edges[0], edges[0][1:], ours[0], strict=False):
            low, high = max(left, mean - 12 * scale), min(right, mean + 12 * scale)
            density = stats.norm(mean, scale).pdf
            # Split at the middle of the normal, which the integrator could miss.
            parts = sorted({low, min(max(mean, low), high), high}) if low < high else [0.0]
            exact = sum(
                quad(lambda z, power=power, f=density: z**power * f(z), a, b, epsabs=1e-13, limit=200)[0]
                for a, b in pairwise(parts)
            )
            assert value == pytest.approx(exact, abs=2e-10)
    assert mass.sum() == pytest.approx(1.0)
    assert first.sum() == pytest.approx(mean)
    assert second.sum() == pytest.approx(variance + mean**2)
    assert cell_mass(edges, np.array([0]), np.array([mean]), np.array([variance])) == pytest.approx(mass)


def test_far_tails_keep_their_digits():
    edges = np.array([[-np.inf, -8.0, -7.0, 7.0, 8.0, np.inf], [-np.inf, -1.0, 0.0, 1.0, 30.0, np.inf]])
    mass = cell_mass(edges, np.array([0, 1]), np.array([0.0, 25.0]), np.ones(2))
    above = stats.norm.sf([7.0, 8.0])
    assert mass[0] == pytest.approx([above[1], above[0] - above[1], 1.0, above[0] - above[1], above[1]], rel=1e-9)
    below = stats.norm.sf([26.0, 25.0, 24.0, 5.0])
    assert mass[1] == pytest.approx([below[0], *np.diff(below[:3]), 1.0, below[3]], rel=1e-6, abs=0)


def test_edges_cut_the_standard_normal_into_the_weights():
    generator = np.random.default_rng(0)
    weights = generator.dirichlet(np.full(POINTS, 0.1), 3)
    weights[0, :40] = 0.0
    weights /= weights.sum(axis=1, keepdims=True)
    edges = margin_edges(weights)
    assert (edges[:, 0] == -np.inf).all()
    assert (edges[:, -1] == np.inf).all()
    mass = cell_mass(edges, np.arange(3), np.zeros(3), np.ones(3))
    assert mass == pytest.approx(weights, abs=1e-12)


def test_one_group_is_told_nothing(counts):
    generator = np.random.default_rng(1)
    tally = counts(generator.binomial(5, 0.5, (1, 20)), 5)
    difficulty = fit_difficulty(tally, beta_weights(np.array([2.0]), np.array([2.0])), likelihood_of(tally))
    assert difficulty.mean.tolist() == [0.0] * 20
    assert difficulty.variance.tolist() == [1.0] * 20
    assert difficulty.shares == {}


def test_problems_of_one_group_alone_are_told_nothing(counts):
    generator = np.random.default_rng(2)
    _, correct = copula_counts(generator, [(2, 1), (2, 1)], 40, 6, 0.8)
    tally = counts(correct, 6, shared=True)
    weights = beta_weights(np.full(2, 2.0), np.ones(2))
    part = tally.subset(~((tally.group == 1) & (tally.problem >= 30)))
    difficulty = fit_difficulty(part, weights, likelihood_of(part))
    alone = (part.group == 0) & (part.problem >= 30)
    assert np.abs(difficulty.mean[alone]).max() < 1e-9
    assert np.abs(difficulty.variance[alone] - 1).max() < 1e-9
    assert (difficulty.variance[~alone] < 1).all()


def exact_posterior(correlation, edges, likelihood, points=1401):
    """Distribution of both success probabilities of one problem by integrating over both places."""
    place, step = np.linspace(-7.5, 7.5, points, retstep=True)
    inside = [np.searchsorted(cut[1:-1], place) for cut in edges]
    seen = [row[where] for row, where in zip(likelihood, inside, strict=True)]
    joint = stats.norm.pdf(place)[:, None] * stats.norm.pdf(
        (place[None, :] - correlation * place[:, None]) / np.sqrt(1 - correlation**2)
    )
    joint *= step**2 * seen[0][:, None] * seen[1][None, :]
    return [
        np.bincount(where, joint.sum(axis=axis), POINTS) / joint.sum()
        for where, axis in zip(inside, (1, 0), strict=True)
    ]


@pytest.mark.parametrize(("shapes", "samples"), [([(2, 1), (1, 2)], 6), ([(0.3, 0.3), (0.5, 1)], 4)])
def test_posterior_is_that_of_integrating_over_both_places(counts, shapes, samples):
    # Stated tolerance: 0.01 in the distribution function, 0.002 in the mean; moving a cavity mean by 0.1 shows.
    generator = np.random.default_rng(3)
    _, correct = copula_counts(generator, shapes, 12, samples, 0.8)
    tally = counts(correct, samples, shared=True)
    weights = beta_weights(*np.array(shapes, float).T)
    likelihood = likelihood_of(tally)
    difficulty = fit_difficulty(tally, weights, likelihood)
    assert set(difficulty.shares) == {"problem", "group"}
    assert sum(difficulty.shares.values()) == pytest.approx(1.0)
    edges = margin_edges(weights)
    ours = cell_mass(edges, tally.group, difficulty.mean, difficulty.variance) * likelihood
    ours /= ours.sum(axis=1, keepdims=True)
    for problem in range(12):
        both = [problem, 12 + problem]
        for cell, exact in zip(
            both, exact_posterior(difficulty.shares["problem"], edges, likelihood[both]), strict=True
        ):
            assert np.abs(np.cumsum(exact - ours[cell])).max() < 0.01
            assert abs((exact - ours[cell]) @ PROBABILITY) < 0.002


def test_strong_sharing_places_problems(counts):
    generator = np.random.default_rng(4)
    shapes = [(2, 1), (1, 1), (1, 2), (3, 1), (0.5, 0.5), (1, 3)]
    place, correct = copula_counts(generator, shapes, 100, 6, 0.9)
    tally = counts(correct, 6, shared=True)
    weights = beta_weights(*np.array(shapes, float).T)
    likelihood = likelihood_of(tally)
    difficulty = fit_difficulty(tally, weights, likelihood)
    told = difficulty.mean.reshape(6, 100)
    assert min(np.corrcoef(a, b)[0, 1] for a, b in zip(told, place, strict=True)) > 0.8
    assert difficulty.shares["problem"] == pytest.approx(0.9, abs=0.08)
    # The stated variance is that of the error: 600 squared standard scores, of which six share a problem.
    squared = (told - place) ** 2 / difficulty.variance.reshape(6, 100)
    assert squared.mean() == pytest.approx(1.0, abs=0.35)
    # And it helps: the own counts are likelier given the others than by the group's distribution alone.
    mass = cell_mass(margin_edges(weights), tally.group, difficulty.mean, difficulty.variance)
    with_others = np.log((mass * likelihood).sum(axis=1)).mean()
    assert with_others > np.log((weights[tally.group] * likelihood).sum(axis=1)).mean() + 0.3


def test_independent_groups_borrow_nothing(counts):
    generator = np.random.default_rng(5)
    shapes = [(2, 1), (1, 1), (1, 2), (3, 1)]
    _, correct = copula_counts(generator, shapes, 150, 6, 0.0)
    tally = counts(correct, 6, shared=True)
    weights = beta_weights(*np.array(shapes, float).T)
    likelihood = likelihood_of(tally)
    difficulty = fit_difficulty(tally, weights, likelihood)
    assert difficulty.shares["group"] > 0.85
    mass = cell_mass(margin_edges(weights), tally.group, difficulty.mean, difficulty.variance)
    gain = np.log((mass * likelihood).sum(axis=1)) - np.log((weights[tally.group] * likelihood).sum(axis=1))
    assert gain.mean() > -0.01


def test_what_is_shared_by_a_model_is_found(counts):
    generator = np.random.default_rng(6)
    problems = 120
    groups = [Group(model, strategy, "t", None) for model in "ab" for strategy in "xyz"]
    by_model = np.repeat(generator.normal(size=(2, problems)), 3, axis=0)
    place = np.sqrt(0.8) * by_model + np.sqrt(0.2) * generator.normal(size=(6, problems))
    tally = counts(generator.binomial(8, ndtr(place)), 8, groups=groups, shared=True)  # Beta(1, 1) margins
    shares = fit_difficulty(tally, beta_weights(np.ones(6), np.ones(6)), likelihood_of(tally)).shares
    assert set(shares) == {"problem", "problem and model", "problem and strategy", "group"}
    assert shares["problem and model"] == pytest.approx(0.8, abs=0.15)
    assert max(shares["problem"], shares["problem and strategy"]) < 0.15


def test_sharing_fades_with_the_distance_in_temperature(counts):
    generator = np.random.default_rng(7)
    degrees, problems, length = np.array([0.0, 0.5, 1.0, 2.0, 4.0]), 150, 1.0
    groups = [Group("m", "s", "t", float(degree)) for degree in degrees]
    covariance = 0.95 * np.exp(-np.abs(degrees[:, None] - degrees) / length) + 0.05 * np.eye(5)
    place = np.linalg.cholesky(covariance) @ generator.normal(size=(5, problems))
    tally = counts(generator.binomial(10, ndtr(place)), 10, groups=groups, shared=True)
    shares = fit_difficulty(tally, beta_weights(np.ones(5), np.ones(5)), likelihood_of(tally)).shares
    assert shares["problem and model and strategy"] > 0.75
    assert 0.5 < shares["fading"] < 2.0


def test_more_cells_than_are_learned_from(counts):
    generator = np.random.default_rng(8)
    _, correct = copula_counts(generator, [(1, 1)] * 3, 1500, 4, 0.7)
    tally = counts(correct, 4, shared=True)
    difficulty = fit_difficulty(tally, beta_weights(np.ones(3), np.ones(3)), likelihood_of(tally))
    assert difficulty.mean.shape == (4500,)
    assert (difficulty.variance < 1).all()
    assert difficulty.shares["problem"] == pytest.approx(0.7, abs=0.1)
