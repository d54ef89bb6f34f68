"""Bounds on deep trees against the recursion itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import phase, predictors

exact_settings = settings(derandomize=True, deadline=None)
trees = st.tuples(st.sampled_from([3, 5, 11, 21]), st.floats(0.5, 1.0), st.floats(0.0, 0.6))


@exact_settings
@given(trees, st.floats(0.001, 0.9), st.integers(0, 40))
def test_truth_lies_between_the_bounds(tree, bias, depth):
    fan_in, fidelity, correlation = tree
    root = phase.fixed_point(fan_in, fidelity, correlation)
    truth = phase.iterate_bias(bias, fan_in, depth, fidelity, correlation)
    lower = predictors.certified_lower_bound(
        bias, fan_in, depth, fidelity, correlation, levels=np.linspace(0.01, 1.0, 100)
    )
    assert lower <= truth * (1 + 1e-9)
    if bias <= root or root == 0.0:
        assert predictors.clipped_predictor(bias, fan_in, depth, fidelity, correlation) >= truth * (1 - 1e-9)


def test_lower_bound_is_useful():
    levels = np.linspace(0.005, 0.695, 200)
    lower = predictors.certified_lower_bound(0.05, 5, 30, 0.6, 0.0, levels=levels)
    assert lower > 0.6 * phase.iterate_bias(0.05, 5, 30, 0.6, 0.0)
    assert predictors.certified_lower_bound(0.05, 5, 30, 0.6, 0.5, levels=levels) == 0.0


def test_smooth_prediction_is_within_twelve_percent():
    depth = np.arange(81)
    for fan_in in (3, 5, 11, 21):
        for fidelity in (0.75, 0.9, 0.99):
            for correlation in (0.0, 0.2, 0.4):
                if phase.amplification(fan_in, fidelity, correlation) > 1.02:
                    for bias in (0.001, 0.05):
                        truth = phase.iterate_bias(bias, fan_in, depth, fidelity, correlation)
                        smooth = predictors.smooth_predictor(bias, fan_in, depth, fidelity, correlation)
                        assert np.all(np.abs(smooth / truth - 1) < 0.116)


def test_deep_predictions_do_not_overflow():
    root = phase.fixed_point(21, 0.95, 0.05)
    assert predictors.smooth_predictor(0.1, 21, 10**6, 0.95, 0.05) == pytest.approx(root, rel=1e-14)
    assert predictors.clipped_predictor(0.1, 21, 10**6, 0.95, 0.05) == pytest.approx(root, rel=1e-14)


def test_arguments_outside_the_domain_are_named():
    with pytest.raises(ValueError, match="the amplification must be above 1"):
        predictors.smooth_predictor(0.1, 5, 3, 0.5, 0.0)
    with pytest.raises(ValueError, match="levels must be in"):
        predictors.certified_lower_bound(0.1, 5, 3, 0.9, 0.0, levels=[0.0, 0.5])
    with pytest.raises(ValueError, match="bias must be in"):
        predictors.clipped_predictor(-0.1, 5, 3, 0.9, 0.0)
