"""Recall scores by hand, synergy against published rows of scores and tokens."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import personas

exact_settings = settings(derandomize=True, deadline=None)
# Logic puzzles of arXiv 2307.05300: scores in percent and tokens, with personas and without (one an ensemble).
PERSONA = ([66.3, 70.0], [2147, 2158])
OTHER = ([56.8, 69.5, 62.1, 71.0], [532, 748, 585, 2001])


def test_recall_of_five_rows_by_hand():
    rows = {
        "matched": [2, 1, 3, 0, 2],
        "targets": [3, 4, 3, 2, 2],
        "parsed": [True, True, True, False, True],
        "missing": [False, False, False, False, True],
    }
    dropped = personas.pooled_recall(**rows)
    assert dropped == pytest.approx((60.0, 100 * (2 / 3 + 1 / 4 + 1) / 3, 3))
    counted = personas.pooled_recall(**rows, drop_parse_failures=False)
    assert counted == pytest.approx((50.0, 100 * (2 / 3 + 1 / 4 + 1) / 4, 4))
    # Hits in an answer that could not be read do not count.
    assert personas.pooled_recall([3, 1], [4, 2], parsed=[False, True], drop_parse_failures=False)[0] == pytest.approx(
        100 / 6
    )
    assert personas.pooled_recall([1, 2], [2, 2]) == (75.0, 75.0, 2)


@exact_settings
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_recall_is_one_number_on_equal_rows_and_bounded_by_the_extremes(pairs):
    matched, targets = [hit for hit, _ in pairs], [hit + extra + 1 for hit, extra in pairs]
    ours = personas.pooled_recall(matched, targets)
    ratios = [100 * hit / goal for hit, goal in zip(matched, targets, strict=True)]
    assert min(ratios) - 1e-9 <= ours.pooled_percent <= max(ratios) + 1e-9
    assert ours.mean_ratio_percent == pytest.approx(sum(ratios) / len(ratios))
    equal = personas.pooled_recall(matched, [10] * len(matched)) if max(matched) <= 10 else ours
    assert equal.pooled_percent == pytest.approx(
        equal.mean_ratio_percent if max(matched) <= 10 else ours.pooled_percent
    )


def test_synergy_rates():
    gain = personas.synergy_rate(np.array([80.0, 66.3]), np.array([74.6, 56.8]), 2230.0, np.array([549.0, 532.0]))
    assert gain.points == pytest.approx([5.4, 9.5])
    assert gain.points_per_thousand == pytest.approx([5400 / 1681, 9500 / 1698])


@exact_settings
@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 5000), st.integers(1, 5000))
def test_synergy_rate_times_extra_tokens_is_the_gain(score, base, tokens, extra):
    gain = personas.synergy_rate(score, base, float(tokens + extra), float(tokens))
    assert gain.points_per_thousand * extra / 1000 == pytest.approx(score - base, abs=1e-9)
    turned = personas.synergy_rate(base, score, float(tokens), float(tokens + extra))
    assert turned.points_per_thousand == pytest.approx(gain.points_per_thousand, abs=1e-9)


def test_synergy_under_budgets():
    budgets = np.array([500, 1000, 2150, 2200, 5000])
    ours = personas.budgeted_synergy(*PERSONA, *OTHER, budgets)
    assert ours.tolist() == pytest.approx([math.nan, math.nan, 66.3 - 71.0, -1.0, -1.0], nan_ok=True)
    # Without the ensemble the verdict turns: opponents must be allowed to spend as much.
    alone = personas.budgeted_synergy(*PERSONA, OTHER[0][:3], OTHER[1][:3], 2200)
    assert alone == pytest.approx(0.5)
    assert math.isnan(personas.budgeted_synergy([], [], *OTHER, 5000))
    assert personas.budgeted_synergy([1.0], [2.0], [3.0], [2.0], 2.0) == -2.0


scored = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), min_size=1, max_size=5)


@exact_settings
@given(scored, scored, st.floats(0, 100))
def test_budgeted_synergy_equals_a_plain_search(with_personas, without, budget):
    best = [max((s for s, c in side if c <= budget), default=None) for side in (with_personas, without)]
    ours = personas.budgeted_synergy(*zip(*with_personas, strict=True), *zip(*without, strict=True), budget)
    if None in best:
        assert math.isnan(ours)
    else:
        assert ours == best[0] - best[1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: personas.pooled_recall([1], [0]), "targets must be whole numbers, 1 or more"),
        (lambda: personas.pooled_recall([3], [2]), "matched must be whole numbers from 0 to targets"),
        (lambda: personas.pooled_recall([1, 2], [2]), "share a shape"),
        (lambda: personas.pooled_recall([1], [2], missing=[True]), "one row or more"),
        (lambda: personas.pooled_recall([1], [2], parsed=[False]), "one row or more"),
        (lambda: personas.synergy_rate(1.0, 2.0, 5.0, 5.0), "tokens must differ from base_tokens"),
        (lambda: personas.synergy_rate(1.0, 2.0, -5.0, 5.0), "tokens must be finite, 0 or more, got -5"),
        (lambda: personas.budgeted_synergy([1.0], [2.0, 3.0], [1.0], [1.0], 5.0), "persona_scores and persona_costs"),
        (lambda: personas.budgeted_synergy([1.0], [2.0], [1.0], [1.0], -5.0), "budget must be"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        ours = jax.jit(personas.budgeted_synergy)(*map(jnp.asarray, (*PERSONA, *OTHER)), jnp.asarray([1000, 2200]))
        assert ours.tolist() == pytest.approx([math.nan, -1.0], nan_ok=True)
        slope = jax.grad(lambda scores: personas.budgeted_synergy(scores, PERSONA[1], *OTHER, 2200))(
            jnp.asarray(PERSONA[0])
        )
        assert slope.tolist() == [0.0, 1.0]
        assert jnp.isnan(jax.jit(personas.synergy_rate)(1.0, 2.0, 5.0, 5.0).points_per_thousand)
