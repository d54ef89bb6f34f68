"""Regimes of trees against the rules written out with nothing but the standard library."""

from math import ceil, comb, log

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgetsim.theory.regime import REGIMES, regime, regime_codes

exact_settings = settings(derandomize=True, deadline=None, max_examples=300)
SETTING = (5, 0.95, 0.05, 0.2, 0.002, 20.0)


def plain_map(bias, fan_in, fidelity, correlation):
    right = (1 + fidelity * bias) / 2
    won = sum(comb(fan_in, j) * right**j * (1 - right) ** (fan_in - j) for j in range(fan_in // 2 + 1, fan_in + 1))
    return correlation * fidelity * bias + (1 - correlation) * (2 * won - 1)


def plain_regime(fan_in, fidelity, correlation, compute_exponent, leaf_constant, message_tokens, budget):
    """The rules in words, and how far the nearest of their comparisons is from a tie."""
    slope = fan_in * comb(fan_in - 1, fan_in // 2) / 2 ** (fan_in - 1)
    alpha = fidelity * (correlation + (1 - correlation) * slope)
    if alpha <= 1:
        return "collapse", 1 - alpha
    s = log(alpha) / log(fan_in)
    if s <= compute_exponent:
        return "amplify without synergy", min(alpha - 1, compute_exponent - s)
    low, high = 0.0, 1.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if plain_map(middle, fan_in, fidelity, correlation) > middle else (low, middle)
    cost = 2 * message_tokens * fan_in / (fan_in - 1)
    tokens = compute_exponent * cost / (s - compute_exponent)
    depth = log(budget / (tokens + cost)) / log(fan_in)
    leaf = min(1.0, leaf_constant * tokens**compute_exponent)
    growth = max(0.0, log(high / leaf) / log(alpha))
    single = min(1.0, leaf_constant * budget**compute_exponent)
    threshold = (
        cost * s / (s - compute_exponent) * (s / compute_exponent) ** (compute_exponent / (s - compute_exponent))
    )
    nearest = min(
        alpha - 1,
        s - compute_exponent,
        abs(depth - ceil(growth)),
        abs(growth - round(growth)) if growth else 1.0,
        abs(single - high),
        abs(log(budget / threshold)),
    )
    if depth >= ceil(growth) or single >= high:
        return "saturated", nearest
    return ("synergy" if budget > threshold else "amplify without synergy"), nearest


settings_of_trees = st.tuples(
    st.integers(1, 15).map(lambda k: 2 * k + 1),
    st.floats(0.3, 1.0),
    st.floats(0.0, 0.9),
    st.floats(0.02, 0.6),
    st.floats(-4.0, 0.0).map(lambda x: 10.0**x),
    st.floats(1.0, 300.0),
    st.floats(1.0, 14.0).map(lambda x: 10.0**x),
)


@exact_settings
@given(settings_of_trees)
def test_regimes_are_the_rules(setting):
    label, margin = plain_regime(*setting)
    assume(margin > 1e-7)
    assert regime(*setting) == label


def test_regimes_of_the_reference_setting():
    # B* = 253.6, and growth ends at about 7e8 tokens: figures of the reference table, not of this code.
    budgets = np.array([1e2, 250.0, 257.0, 1e7, 1e11, 1e15])
    names = [REGIMES[code] for code in regime_codes(*SETTING, budgets)]
    assert names == ["amplify without synergy"] * 2 + ["synergy"] * 2 + ["saturated"] * 2
    # 7.044e8 / 119.427 leaves are 9.69 levels: the tenth is reached with 119.427 * 5**10 = 1.1663e9 tokens.
    assert regime(*SETTING, 1.160e9) == "synergy"
    assert regime(*SETTING, 1.172e9) == "saturated"
    assert regime(5, 0.95, 0.05, 0.45, 1e-4, 20.0, 1e8) == "amplify without synergy"
    assert regime(5, 0.5, 0.05, 0.2, 0.002, 20.0, 1e8) == "collapse"


def test_the_threshold_itself_collapses():
    assert regime(5, 0.6, 5 / 21, 0.01, 0.1, 10.0, 1e6) == "collapse"
    assert regime(3, 2 / 3, 0.0, 0.01, 0.1, 10.0, 1e6) == "collapse"
    assert regime(101, 1.0, 1.0, 0.01, 0.1, 10.0, 1e6) == "collapse"


def test_a_strong_single_agent_saturates():
    # g(B) = 1 is at least any fixed point.
    assert regime(5, 0.95, 0.05, 0.2, 1.0, 20.0, 1e6) == "saturated"


def test_every_regime_has_a_name_and_codes_are_whole():
    codes = regime_codes(5, np.array([0.4, 0.95]), 0.05, 0.2, 0.002, 20.0, np.array([[1e2], [1e6]]))
    assert codes.dtype == np.int64
    assert codes.shape == (2, 2)
    assert list(REGIMES) == [0, 1, 2, 3]
    assert type(regime(*SETTING, 1e6)) is str
    assert type(regime_codes(*SETTING, 1e6)) is int


def test_under_jax():
    with jax.enable_x64(True):
        budgets = jnp.asarray([1e2, 1e7, 1e12, -1.0])
        codes = jax.jit(lambda budget: regime_codes(*SETTING, budget))(budgets)
        assert list(codes[:3]) == [1, 2, 3]
        assert jnp.isnan(codes[3])


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (0, 4, "fan_in must be an odd number, 3 or more, got 4"),
        (1, 0.0, "fidelity must be in"),
        (2, 1.5, "correlation must be in"),
        (3, 0.0, "compute_exponent must be finite, above 0, got 0"),
        (4, -1.0, "leaf_constant must be"),
        (5, 0.0, "message_tokens must be"),
        (6, 0.0, "budget must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(place, value, words):
    setting = [*SETTING, 1e6]
    setting[place] = value
    with pytest.raises(ValueError, match=words):
        regime(*setting)
