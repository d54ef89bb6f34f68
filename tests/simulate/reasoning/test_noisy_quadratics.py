"""Noisy gradient descent against its twin and the exact recursion of second moments."""

import math
import random
from functools import partial

import numpy as np
import pytest

from budgetsim.simulate.reasoning.noisy_quadratics import (
    NOISES,
    PEAKS,
    PROFILES,
    STEPS,
    TUNE,
    _losses,
    rex,
    simulate_quadratic,
    tune_profiles,
)
from budgetsim.simulate.reasoning.reference.noisy_quadratics import plain_loss
from budgetsim.theory import profiles as theory
from budgetsim.theory.quadratics import noisy_quadratic_loss

THEORY = {
    "constant": theory.constant_profile,
    "step_50_75": theory.step_profile,
    "step_30_60_90": partial(theory.step_profile, milestones=(0.3, 0.6, 0.9)),
    "exponential": theory.exponential_profile,
    "one_cycle": theory.one_cycle_profile,
    "cosine": theory.cosine_profile,
    "linear": theory.linear_profile,
    "rex": theory.rex_profile,
    "uba_0.25": partial(theory.uba_profile, shape=0.25),
    "uba_0.5": partial(theory.uba_profile, shape=0.5),
    "uba_5": partial(theory.uba_profile, shape=5.0),
}


def test_profiles_are_those_of_the_theory():
    used = np.arange(400) / 400
    assert set(THEORY) == set(PROFILES)
    for name, profile in PROFILES.items():
        assert np.allclose(profile(used), THEORY[name](used), atol=1e-12), name


def test_same_as_twin():
    for steps, noise in ((1, 0.1), (7, 0.01), (30, 0.5)):
        alone = [plain_loss(rex, 1.3, steps=steps, noise=noise, run=run, seed=5, dimensions=6) for run in range(3)]
        ours = simulate_quadratic(rex, 1.3, steps=steps, noise=noise, runs=3, seed=5, dimensions=6)
        assert ours.value == pytest.approx(np.mean(alone), rel=1e-4)
        assert ours.standard_error == pytest.approx(np.std(alone, ddof=1) / math.sqrt(3), rel=1e-3)


def test_loss_is_that_of_the_exact_recursion(agrees):
    choose = random.Random(1)
    means = []
    for seed, (name, profile) in enumerate(PROFILES.items()):
        peak, noise, steps = choose.uniform(0.05, 1.9), 10 ** choose.uniform(-3, 0), choose.randint(1, 200)
        estimate = simulate_quadratic(profile, peak, steps=steps, noise=noise, runs=400, seed=seed, dimensions=50)
        means.append((estimate, float(noisy_quadratic_loss(THEORY[name], steps, peak, noise, 50))))
    agrees([], means)


def test_without_noise_every_run_is_the_recursion():
    estimate = simulate_quadratic(rex, 1.0, steps=40, noise=0.0, runs=2, seed=0)
    assert estimate.standard_error == 0.0
    assert estimate.value == pytest.approx(float(noisy_quadratic_loss(theory.rex_profile, 40, 1.0, 0.0)), rel=1e-4)


def test_tuned_rates_are_nearly_the_best_and_losses_honest():
    """The tuned rate's exact loss is close to the best exact one; the estimate is of that rate's loss."""
    noise, steps = 0.01, 40
    for found in tune_profiles(steps=steps, noise=noise, runs=24, seed=2):
        exact = noisy_quadratic_loss(THEORY[found.profile], steps, np.array(PEAKS), noise)
        own = float(exact[PEAKS.index(found.peak)])
        assert own < 1.05 * float(exact.min()), found.profile
        assert abs(found.loss.value - own) < 5.5 * found.loss.standard_error, found.profile


def test_losses_are_measured_on_other_runs_than_those_that_chose_the_rate():
    for found in tune_profiles(steps=8, noise=0.5, runs=2, seed=6):
        fresh = simulate_quadratic(PROFILES[found.profile], found.peak, steps=8, noise=0.5, runs=2, seed=6)
        chosen = _losses([PROFILES[found.profile]], PEAKS, 8, 0.5, 2, 6, 200, TUNE).mean(axis=0)[0]
        assert found.loss == fresh
        assert found.peak == PEAKS[int(chosen.argmin())]
        assert found.loss.value != pytest.approx(chosen.min(), rel=1e-6)


def test_published_order_at_a_small_budget():
    losses = {found.profile: found.loss.value for found in tune_profiles(steps=40, noise=0.001, runs=16, seed=3)}
    assert losses["rex"] < losses["linear"]
    assert min(losses, key=lambda name: losses[name]) == "constant"
    assert max(losses, key=lambda name: losses[name]) == "exponential"


def test_runs_are_the_same_whatever_their_number_and_divergence_is_infinite():
    few = simulate_quadratic(rex, 1.0, steps=9, noise=0.1, runs=2, seed=4, dimensions=5)
    more = simulate_quadratic(rex, 1.0, steps=9, noise=0.1, runs=3, seed=4, dimensions=5)
    third = plain_loss(rex, 1.0, steps=9, noise=0.1, run=2, seed=4, dimensions=5)
    assert 3 * more.value - 2 * few.value == pytest.approx(third, rel=1e-3)
    wild = simulate_quadratic(PROFILES["constant"], 100.0, steps=200, noise=0.1, runs=2, seed=4, dimensions=5)
    assert wild.value == math.inf


def test_prior_is_the_one_written_down():
    assert NOISES == (0.001, 0.01, 0.1)
    assert [steps / 4000 for steps in STEPS] == [0.01, 0.05, 0.1, 0.25, 0.5, 1.0]
    ratios = np.diff(np.log(PEAKS))
    assert (len(PEAKS), round(PEAKS[0], 9), round(PEAKS[-1], 9)) == (28, 0.01, 1.99)
    assert np.allclose(ratios, ratios[0])


@pytest.mark.parametrize(
    ("changed", "name"),
    [({"steps": 0}, "steps"), ({"noise": -1.0}, "noise"), ({"runs": 1}, "runs"), ({"seed": -1}, "seed"),
     ({"dimensions": 0}, "dimensions"), ({"peak": 0.0}, "peak")],
)  # fmt: skip
def test_arguments_outside_their_domain_are_named(changed, name):
    given = {"peak": 1.0, "steps": 4, "noise": 0.1, "runs": 2, "seed": 0, "dimensions": 3} | changed
    peak = given.pop("peak")
    with pytest.raises(ValueError, match=name):
        simulate_quadratic(rex, peak, **given)


def test_no_profile_is_refused():
    with pytest.raises(ValueError, match="profiles"):
        tune_profiles({}, steps=4, noise=0.1, runs=2, seed=0)
