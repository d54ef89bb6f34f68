"""Every formula that takes arrays gives the expected value when compiled by JAX, one case per formula."""

import json
import runpy
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.theory import adaptive, predictors

HERE = Path(__file__).parent
MAPPING = runpy.run_path(str(HERE / "vector_mapping.py"))
FUNCTIONS = MAPPING["FUNCTIONS"]
VECTORS = json.loads((HERE / "vectors.json").read_text(encoding="utf-8"))

# Searches and rules over plain numbers, and two whose mapping makes plain numbers (tested below).
PLAIN = MAPPING["PLAIN"] | {
    "adaptive_min_majority",
    "best_integer_tree",
    "best_message_length",
    "best_resample_cap",
    "greedy_coverage_allocation",
    "min_odd_fanin",
    "optimal_vote_count",
    "rebase_allocation",
    "search_vs_sampling_crossing",
    "vote_regime",
    "certified_lower_bound",
    "normal_inverse_chi2_posterior",
    "growth_depth",
    "beta_score_posterior",
}
STATIC = MAPPING["STATIC"] | {"kind"}
STATIC_FAN_IN = {"beta_binomial_majority_bias", "beta_binomial_majority_slope"}


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", sorted(VECTORS.keys() - PLAIN))
def test_compiled_formula_gives_the_expected_value(name):
    case = VECTORS[name]["cases"][-1]
    held = {key for key in case["inputs"] if {key, f"{name}.{key}"} & STATIC or (key == "b" and name in STATIC_FAN_IN)}
    static = {key: case["inputs"][key] for key in held}
    traced = {key: jnp.asarray(value) for key, value in case["inputs"].items() if key not in held}
    ours = jax.jit(lambda inputs: FUNCTIONS[name]({**inputs, **static}))(traced)
    expected = case["expected"]
    pairs = [(ours[key], expected[key]) for key in expected] if isinstance(expected, dict) else [(ours, expected)]
    for part, value in pairs:
        assert isinstance(part, jax.Array)
        np.testing.assert_allclose(part, value, rtol=max(case["rtol"], 1e-10), atol=case.get("atol", 0.0))


def test_formulas_over_a_row_of_values():
    scores = jnp.asarray([0.2, 0.8])
    posterior = jax.jit(adaptive.normal_inverse_chi2_posterior)(scores)
    np.testing.assert_allclose(posterior, [1 / 3, 3, 3, 0.14888888888888889], rtol=1e-13)
    np.testing.assert_allclose(jax.jit(adaptive.beta_score_posterior)(scores), [1.5, 1.5])
    assert np.isnan(jax.jit(adaptive.beta_score_posterior)(jnp.asarray([0.2, 1.8])).alpha)
    lower = jax.jit(lambda levels: predictors.certified_lower_bound(0.05, 5, 30, 0.6, 0.0, levels=levels))
    assert lower(jnp.asarray([0.1, 0.3, 0.65])) == 0.3
