"""Costs counted message by message, accuracies by enumeration of every outcome."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import equal_budget as equal

exact_settings = settings(derandomize=True, deadline=None)
chances = st.floats(0, 1)


@pytest.mark.parametrize(("agents", "rounds", "prompt", "answer"), [(1, 1, 150, 200), (3, 4, 150, 200), (6, 6, 10, 7)])
def test_debate_counted_message_by_message(agents, rounds, prompt, answer):
    total, history = 0, 0
    for _ in range(rounds):
        spoken = 0
        for _ in range(agents):
            total += prompt + history + answer
            spoken += answer
        history += spoken
    assert equal.debate_tokens(agents, rounds, prompt, answer) == total


def test_debates_of_the_table_and_samples_for_their_tokens():
    agents, rounds = np.array([3, 3, 3, 6, 6]), np.array([1, 2, 3, 3, 6])
    tokens = equal.debate_tokens(agents, rounds, 150, 200)
    assert tokens.tolist() == [1050, 3900, 8550, 27900, 120600]
    assert equal.self_consistency_samples(tokens, 350).tolist() == [3, 11, 24, 79, 344]
    assert equal.self_consistency_samples(0.3, 0.1) == 3
    assert equal.self_consistency_samples(0.29, 0.1) == 2


def test_money():
    assert equal.money_cost(1431, 799, 6e-5, 12e-5) == pytest.approx(0.18174, rel=1e-13)
    assert equal.money_cost(np.array([1e6, 0]), np.array([0, 1e6]), 2e-6, 3e-6) == pytest.approx([2, 3])


def plurality(probability, wrong, samples):
    """Every sequence of answers, ties shared."""
    law = [probability] + [(1 - probability) / wrong] * wrong
    total = 0.0
    for answers in itertools.product(range(wrong + 1), repeat=samples):
        counts = [answers.count(answer) for answer in range(wrong + 1)]
        if counts[0] == max(counts):
            total += math.prod(law[answer] for answer in answers) / counts.count(max(counts))
    return total


@pytest.mark.parametrize(("wrong", "samples"), [(1, 1), (1, 4), (1, 7), (2, 5), (3, 5), (3, 6), (5, 4)])
@pytest.mark.parametrize("probability", [0.0, 0.2, 0.45, 1.0])
def test_self_consistency_equals_enumeration(probability, wrong, samples):
    expected = plurality(probability, wrong, samples)
    assert equal.self_consistency_accuracy(probability, wrong, samples) == pytest.approx(expected, rel=1e-11, abs=1e-13)


def test_voting_helps_from_the_largest_wrong_answer_up_not_from_one_half():
    # Below one half, with three wrong answers, votes still converge to the right one; with one they do not.
    spread = [equal.self_consistency_accuracy(0.45, 3, votes) for votes in (1, 5, 9, 32)]
    assert spread == pytest.approx([0.45, 0.594045, 0.7036410, 0.9402639], abs=5e-8)
    single = [equal.self_consistency_accuracy(0.45, 1, votes) for votes in (1, 5, 9)]
    assert single == sorted(single, reverse=True)
    assert equal.self_consistency_accuracy(0.25, 3, 12) == pytest.approx(0.25, rel=1e-10)


def retry(probability, accepts_right, accepts_wrong, attempts):
    """Attempt by attempt: the chance that the answer kept is right."""
    right = probability * (accepts_right if attempts > 1 else 1.0)
    if attempts == 1:
        return right
    rejected = probability * (1 - accepts_right) + (1 - probability) * (1 - accepts_wrong)
    return right + rejected * retry(probability, accepts_right, accepts_wrong, attempts - 1)


@exact_settings
@given(chances, chances, chances, st.integers(1, 12))
def test_retry_equals_recursion_over_attempts(probability, accepts_right, accepts_wrong, attempts):
    ours = equal.retry_accuracy(probability, accepts_right, accepts_wrong, attempts)
    assert ours == pytest.approx(retry(probability, accepts_right, accepts_wrong, attempts), rel=1e-10, abs=1e-13)


@exact_settings
@given(chances, chances, st.integers(1, 12))
def test_limits_of_retries(probability, accepts, attempts):
    # An oracle is right unless every attempt is wrong; a blind evaluator changes nothing.
    oracle = equal.retry_accuracy(probability, 1.0, 0.0, attempts)
    assert oracle == pytest.approx(1 - (1 - probability) ** attempts, abs=1e-12)
    assert equal.retry_accuracy(probability, accepts, accepts, attempts) == pytest.approx(probability, abs=1e-12)


def test_oracle_retries_beat_votes_and_votes_beat_a_weak_evaluator():
    oracle = equal.retry_accuracy(0.45, 1.0, 0.0, 5)
    weak = equal.retry_accuracy(0.45, 0.8, 0.5, 5)
    assert oracle > 0.94 > equal.self_consistency_accuracy(0.45, 3, 5) > weak
    assert weak == pytest.approx(0.56485, abs=5e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: equal.money_cost(-1, 0, 1e-6, 1e-6), "input_tokens must be finite, 0 or more, got -1"),
        (lambda: equal.debate_tokens(2.5, 1, 1, 1), "agents must be a whole number, 1 or more, got 2.5"),
        (lambda: equal.self_consistency_samples(10, 0), "sample_tokens must be finite, above 0, got 0"),
        (lambda: equal.self_consistency_accuracy(1.1, 3, 5), "probability must be in"),
        (lambda: equal.self_consistency_accuracy(0.4, 0, 5), "wrong_answers must be a whole number, 1 or more"),
        (lambda: equal.self_consistency_accuracy(0.4, 3, 5.5), "samples must be a whole number, 0 or more, got 5.5"),
        (lambda: equal.retry_accuracy(0.4, 0.8, 1.5, 5), "false_positive_rate must be in"),
        (lambda: equal.retry_accuracy(0.4, 0.8, 0.5, 0), "attempts must be a whole number, 1 or more, got 0"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_under_jax():
    with jax.enable_x64(True):
        ours = jax.jit(equal.retry_accuracy)(jnp.asarray([0.45, 1.5]), 0.8, 0.5, 5)
        assert ours[0] == pytest.approx(retry(0.45, 0.8, 0.5, 5), rel=1e-12)
        assert jnp.isnan(ours[1])
        slope = jax.grad(lambda p: equal.retry_accuracy(p, 0.8, 0.5, 5))(0.45)
        step = 1e-6
        numeric = (retry(0.45 + step, 0.8, 0.5, 5) - retry(0.45 - step, 0.8, 0.5, 5)) / (2 * step)
        assert slope == pytest.approx(numeric, rel=1e-8)
        # A single attempt, and an evaluator that accepts all: accuracy is p, with derivative 1.
        assert jax.grad(lambda p: equal.retry_accuracy(p, 0.3, 0.6, 1))(0.45) == pytest.approx(1.0)
        assert jax.grad(lambda p: equal.retry_accuracy(p, 1.0, 1.0, 3))(0.45) == pytest.approx(1.0)
        assert jnp.isnan(jax.jit(equal.debate_tokens)(2.5, 1, 1.0, 1.0))
