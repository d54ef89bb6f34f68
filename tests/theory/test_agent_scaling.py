"""The printed table of the scaling study (arXiv 2512.08296, second version), column by column."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import agent_scaling as scaling

exact_settings = settings(derandomize=True, deadline=None)
# Single, independent, decentralized, centralized, hybrid.
SUCCESS = np.array([0.466, 0.370, 0.477, 0.463, 0.452])
TURNS = np.array([7.2, 11.4, 26.1, 27.7, 44.3])
PER_MILLION = np.array([67.7, 42.4, 23.9, 21.5, 13.6])


def test_efficiency_and_overhead_are_the_printed_columns():
    printed = [0.466, 0.234, 0.132, 0.120, 0.074]
    assert scaling.coordination_efficiency(SUCCESS, TURNS, 7.2) == pytest.approx(printed, abs=6e-4)
    assert scaling.overhead_percent(TURNS, 7.2) == pytest.approx([0, 58, 263, 285, 515], abs=0.51)


def test_error_amplification_is_not_the_ratio_of_failures():
    ratios = scaling.failure_ratio(SUCCESS[1:], SUCCESS[0])
    assert ratios == pytest.approx([1.18, 0.98, 1.01, 1.03], abs=5.1e-3)
    assert np.all(np.array([17.2, 7.8, 4.4, 5.1]) > 4 * ratios)


def test_budgets_of_the_table_are_not_equal():
    tokens = scaling.implied_tokens_per_trial(SUCCESS, PER_MILLION)
    assert tokens / 1000 == pytest.approx([6.9, 8.7, 20.0, 21.5, 33.2], abs=0.051)
    assert tokens / tokens[0] == pytest.approx([1, 1.27, 2.90, 3.13, 4.83], abs=5.1e-3)


def test_laws_at_printed_points():
    agents = np.array([1, 2, 3, 4, 6, 7, 9, 10])
    turns = [5.5, 13.2, 23.6, 36.4, 68.6, 87.7, 131.9, 156.7]
    assert scaling.turns_law(agents) == pytest.approx(turns, abs=0.051)
    assert scaling.turns_law(0.5) == 2.72
    assert scaling.density_law(np.array([0.41, 0.39, 0.24])) == pytest.approx([0.480, 0.466, 0.330], abs=6e-4)
    assert scaling.density_law(1.0) == 0.73
    # It misses the hybrid architecture of its own table by more than a tenth.
    assert SUCCESS[4] - scaling.density_law(0.24) > 0.1


@exact_settings
@given(st.floats(0.1, 50), st.floats(1.0, 3.0))
def test_laws_are_a_power_and_a_logarithm(size, factor):
    shifted = (size + 0.5) * factor - 0.5
    assert scaling.turns_law(shifted) == pytest.approx(scaling.turns_law(size) * factor**1.724, rel=1e-12)
    gain = scaling.density_law(size * factor) - scaling.density_law(size)
    assert gain == pytest.approx(0.28 * np.log(factor), abs=1e-12)


def count_calls(architecture, agents, iterations, rounds, peer_rounds):
    """Calls tallied round by round."""
    if architecture == "single":
        return sum(1 for _ in range(iterations))
    work = sum(1 for _ in range(rounds) for _ in range(agents) for _ in range(iterations))
    once = sum(1 for _ in range(agents) for _ in range(iterations))
    return {
        "independent": once + 1,
        "centralized": work + rounds,
        "decentralized": work + 1,
        "hybrid": work + rounds + peer_rounds,
    }[architecture]


@pytest.mark.parametrize("architecture", list(scaling.NEEDS))
@pytest.mark.parametrize("numbers", [(3, 10, 5, 6), (1, 1, 1, 0), (4, 3, 2, 7)])
def test_calls_of_a_model(architecture, numbers):
    agents, iterations, rounds, peer_rounds = numbers
    given_ = {"agents": agents, "iterations": iterations, "rounds": rounds, "peer_rounds": peer_rounds}
    needed = {name: given_[name] for name in scaling.NEEDS[architecture]}
    expected = count_calls(architecture, agents, iterations, rounds, peer_rounds)
    assert scaling.llm_calls(architecture, **needed) == expected
    assert scaling.llm_calls(architecture, **given_) == expected


def test_threshold_of_the_regression():
    # Domain means .349, .318, .568 and .629: mean .466, population deviation .133 (printed as .135).
    domains = np.array([0.349, 0.318, 0.568, 0.629])
    at = scaling.single_agent_threshold(0.052, -0.404, domains.mean(), domains.std())
    assert at == pytest.approx(0.483, abs=1e-3)
    # There the effect of one more agent, main effect plus interaction, is nothing.
    assert 0.052 - 0.404 * (at - domains.mean()) / domains.std() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: scaling.llm_calls("ring", iterations=3), "architecture must be one of single"),
        (lambda: scaling.llm_calls("hybrid", iterations=3, agents=3, rounds=5), "peer_rounds must be a whole number"),
        (lambda: scaling.llm_calls("single", iterations=1.5), "iterations must be a whole number"),
        (lambda: scaling.coordination_efficiency(1.2, 5.0, 5.0), "success must be in"),
        (lambda: scaling.overhead_percent(5.0, 0.0), "single_turns must be finite, above 0, got 0"),
        (lambda: scaling.turns_law(0.0), "agents must be"),
        (lambda: scaling.density_law(0.0), "messages_per_turn must be finite, above 0, got 0"),
        (lambda: scaling.failure_ratio(0.5, 1.0), r"single_success must be in \[0, 1\), got 1"),
        (lambda: scaling.implied_tokens_per_trial(0.5, 0.0), "success_per_million must be"),
        (lambda: scaling.single_agent_threshold(0.05, 0.4, 0.5, 0.1), "interaction must be finite, below 0"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        assert jax.grad(scaling.density_law)(0.4) == pytest.approx(0.28 / 0.4)
        assert jax.grad(scaling.turns_law)(3.0) == pytest.approx(2.72 * 1.724 * 3.5**0.724)
        assert np.isnan(jax.jit(scaling.density_law)(jnp.asarray([0.4, -0.1]))).tolist() == [False, True]
        assert jnp.isnan(jax.jit(scaling.failure_ratio)(0.5, 1.0))
