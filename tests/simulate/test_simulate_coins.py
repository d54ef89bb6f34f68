"""Coins at the ends of the range, where one word in two billion would be wrong and no sample would show it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate import _coins

FIRST_AND_LAST_WORD = jnp.array([0, 2**31 - 1], jnp.uint32)


def test_words_fill_31_bits():
    words = np.asarray(_coins.words(jax.random.key(1), (4, 50_000)))
    assert words.shape == (4, 50_000)
    # each end is missed by one part in a thousand with probability exp(-200)
    assert words.max() < 2**31 <= words.max() * 1.001
    assert words.min() < 2**31 / 1000


@pytest.mark.parametrize(("probability", "tossed"), [(0.0, [False, False]), (1.0, [True, True]), (0.5, [True, False])])
def test_certain_coins_are_certain_for_every_word(monkeypatch, probability, tossed):
    monkeypatch.setattr(_coins, "words", lambda _key, _shape: FIRST_AND_LAST_WORD)
    coins = _coins.toss(jax.random.key(0), jnp.asarray(_coins.thresholds(probability)), (2,))
    assert coins.tolist() == tossed


@pytest.mark.parametrize(
    ("weights", "drawn"), [([0.0, 0.3, 0.7, 0.0], [1, 2]), ([0.1] * 10, [0, 9]), ([1.0, 0.0], [0, 0])]
)
def test_problems_without_weight_are_out_of_reach_for_every_word(monkeypatch, weights, drawn):
    monkeypatch.setattr(_coins, "words", lambda _key, _shape: FIRST_AND_LAST_WORD)
    cumulative = jnp.asarray(_coins.problem_thresholds(np.array(weights)))
    assert _coins.draw_problems(jax.random.key(0), cumulative, 2).tolist() == drawn


def test_thresholds_are_within_the_stated_precision():
    probability = np.random.default_rng(1).uniform(size=10_000)
    met = _coins.thresholds(probability) / 2.0**31
    assert np.abs(met - probability).max() <= 2.0**-32


def test_answers_that_sum_to_one_leave_no_abstention():
    rows = np.array([[0.1] * 10, [1 / 3] * 3 + [0.0] * 7])
    assert _coins.cumulative_thresholds(rows)[:, -1].tolist() == [2**31, 2**31]
