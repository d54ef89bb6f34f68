"""Distributions on the grid against scipy's beta and against populations whose mixture is known."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from budgetsim.calibrate.grid import POINTS, PROBABILITY, beta_weights, fit_mixture, log_kernel


def test_grid_is_even_on_the_variance_stabilizing_scale():
    assert PROBABILITY[0] == 0.0
    assert PROBABILITY[-1] == 1.0
    assert np.diff(np.arcsin(np.sqrt(PROBABILITY))) == pytest.approx(np.full(POINTS - 1, np.pi / 2 / (POINTS - 1)))


@pytest.mark.parametrize("shape", [(2.0, 3.0), (0.05, 0.1), (0.3, 0.02), (400.0, 100.0), (1.0, 1.0), (1e-3, 1e-3)])
def test_beta_weights_are_the_beta_s_masses(shape):
    alpha, beta = shape
    weights = beta_weights(np.array(alpha), np.array(beta))
    angle = np.arcsin(np.sqrt(PROBABILITY))
    middle = np.sin((angle[1:] + angle[:-1]) / 2) ** 2
    expected = np.diff(np.r_[0.0, stats.beta.cdf(middle, alpha, beta), 1.0])
    assert weights == pytest.approx(expected, abs=1e-12)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    # Cells are at most 0.0197 wide, so that no mean can be further off than half of that.
    assert weights @ PROBABILITY == pytest.approx(alpha / (alpha + beta), abs=0.0099)


def test_beta_weights_broadcast():
    weights = beta_weights(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array(2.0))
    assert weights.shape == (2, 2, POINTS)
    assert weights[1, 0] == pytest.approx(beta_weights(np.array(3.0), np.array(2.0)))


def test_log_kernel_is_the_binomial_without_its_coefficient():
    correct, total = np.array([0.0, 2.0, 5.0, 0.0]), np.array([5.0, 5.0, 5.0, 0.0])
    kernel = log_kernel(correct, total)
    inside = PROBABILITY[1:-1]
    for row, k, n in zip(kernel, correct, total, strict=True):
        expected = stats.binom.logpmf(k, n, inside) - stats.binom.logpmf(k, n, 0.5) + n * np.log(0.5)
        assert row[1:-1] == pytest.approx(expected, abs=1e-10)
    # Nobody who always fails succeeds, and the other way round; no samples exclude nothing.
    assert kernel[:, 0].tolist() == [0.0, -np.inf, -np.inf, 0.0]
    assert kernel[:, -1].tolist() == [-np.inf, -np.inf, 0.0, 0.0]


def kernel_of(correct, samples):
    return np.exp(log_kernel(np.asarray(correct, float), np.full(len(correct), float(samples))))


def test_two_kinds_of_problems_are_found():
    generator = np.random.default_rng(0)
    kind = generator.random(400) < 0.3
    correct = generator.binomial(40, np.where(kind, 0.2, 0.9))
    weights = fit_mixture(kernel_of(correct, 40))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[(PROBABILITY > 0.12) & (PROBABILITY < 0.28)].sum() == pytest.approx(kind.mean(), abs=0.01)
    assert weights[(PROBABILITY > 0.84) & (PROBABILITY < 0.96)].sum() == pytest.approx(1 - kind.mean(), abs=0.01)


@pytest.mark.parametrize("seed", range(5))
def test_likelihood_is_never_below_the_best_beta_s(seed):
    generator = np.random.default_rng(seed)
    kernel = kernel_of(generator.binomial(7, generator.beta(*generator.uniform(0.3, 3.0, 2), 80)), 7)

    def minus(logs):
        return -np.log(kernel @ beta_weights(*np.exp(logs))).sum()

    best = minimize(minus, [0.0, 0.0], method="Nelder-Mead")
    # The iterations end where the mean gains less than 1e-7.
    assert np.log(kernel @ fit_mixture(kernel, iterations=4000)).sum() >= -best.fun - 80 * 1e-4


def test_likelihood_rises_with_the_iterations():
    generator = np.random.default_rng(9)
    kernel = kernel_of(generator.binomial(9, generator.beta(0.5, 1.5, 60)), 9)
    steps = [np.log(kernel @ fit_mixture(kernel, iterations=n, tolerance=0.0)).mean() for n in (0, 1, 2, 3, 5, 9, 30)]
    assert (np.diff(steps) > 0).all()


def test_kiefer_wolfowitz_condition_at_the_end():
    # At the maximum no direction gains: the mean of kernel / mixture is at most 1 everywhere, and 1 where mass is.
    generator = np.random.default_rng(10)
    kernel = kernel_of(generator.binomial(6, generator.beta(0.5, 1.5, 60)), 6)
    weights = fit_mixture(kernel, iterations=20_000, tolerance=1e-13)
    gain = (kernel / (kernel @ weights)[:, None]).mean(axis=0)
    assert gain.max() <= 1 + 1e-3
    assert weights @ gain == pytest.approx(1.0, abs=1e-9)


def test_fits_side_by_side_and_cells_that_do_not_count():
    generator = np.random.default_rng(11)
    kernel = kernel_of(generator.binomial(5, 0.4, 30), 5)
    without = kernel.copy()
    without[20:] = 1.0
    stack = fit_mixture(np.stack([kernel, without]), tolerance=0.0, iterations=2000)
    assert stack[0] == pytest.approx(fit_mixture(kernel, tolerance=0.0, iterations=2000), abs=1e-9)
    alone = fit_mixture(kernel[:20], tolerance=0.0, iterations=2000)
    assert np.log(kernel[:20] @ stack[1]).mean() == pytest.approx(np.log(kernel[:20] @ alone).mean(), abs=1e-3)
