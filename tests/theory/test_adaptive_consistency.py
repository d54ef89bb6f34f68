"""Adaptive consistency against every sequence of answers, simulation, and the literature's worked examples."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.theory import adaptive_consistency as adaptive
from budgetsim.theory.plurality import plurality_accuracy

exact_settings = settings(derandomize=True, deadline=None, max_examples=60)
RULES = {
    "beta": (adaptive.beta_rule(0.9), lambda votes: binomial_tail(votes) >= 0.9),
    "entropy": (adaptive.entropy_rule(), lambda votes: len(votes) > 1 and relative_entropy(votes) <= 0.75),
    "majority": (
        adaptive.majority_rule(),
        lambda votes: len(votes) > 1 and max(Counter(votes).values()) / len(votes) >= 0.8,
    ),
}


def binomial_tail(votes):
    """1 - I_{1/2}(a + 1, b + 1) = P(Bin(a + b + 1, 1/2) <= a)."""
    first, second = [*sorted(Counter(votes).values(), reverse=True), 0][:2]
    trials = first + second + 1
    return sum(math.comb(trials, j) for j in range(first + 1)) / 2**trials


def relative_entropy(votes):
    counts = list(Counter(votes).values())
    counts += [1] if len(counts) == 1 else []
    shares = [count / sum(counts) for count in counts]
    return -sum(share * math.log(share) for share in shares) / math.log(len(counts))


def enumerate_sequences(law, stops, largest, votes=()):
    """Mean samples, accuracy and chance of reaching the cap, answer by answer."""
    if votes and (stops(votes) or len(votes) == largest):
        counts = Counter(votes)
        leaders = [answer for answer, count in counts.items() if count == max(counts.values())]
        return np.array([len(votes), (0 in leaders) / len(leaders), not stops(votes)])
    return sum(p * enumerate_sequences(law, stops, largest, (*votes, answer)) for answer, p in enumerate(law) if p > 0)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("law", [(1.0,), (0.6, 0.4), (0.2, 0.5, 0.3), (0.4, 0.0, 0.3, 0.3)])
@pytest.mark.parametrize("largest", [1, 7])
def test_outcome_equals_enumeration_of_sequences(name, law, largest):
    rule, plain = RULES[name]
    ours = adaptive.adaptive_consistency(law, rule=rule, largest=largest)
    assert tuple(ours) == pytest.approx(enumerate_sequences(law, plain, largest), rel=1e-12, abs=1e-14)


def test_worked_examples_with_the_default_rule():
    # Simulated, hence to a few in the last digit printed.
    table = {(0.9, 0.1): (5.7, 1.0), (0.7, 0.2, 0.1): (11.7, 0.998), (0.5, 0.3, 0.2): (27.7, 0.911)}
    for law, (samples, accuracy) in table.items():
        ours = adaptive.adaptive_consistency(law)
        assert ours.mean_samples == pytest.approx(samples, abs=0.15)
        assert ours.accuracy == pytest.approx(accuracy, abs=4e-3)
    hard = adaptive.adaptive_consistency((0.4, 0.35, 0.25))
    assert hard.mean_samples == pytest.approx(34.3, abs=0.5)
    # Looking after every sample loses a little against all forty; a threshold of .95 is no guarantee of 5 percent.
    assert hard.accuracy < plurality_accuracy([0.4, 0.35, 0.25], 40)
    assert hard.accuracy < 0.95


@exact_settings
@given(st.floats(0.02, 0.98), st.floats(0.6, 0.99))
def test_two_answers_mirror_each_other(share, threshold):
    ours, mirrored = (
        adaptive.adaptive_consistency(law, rule=adaptive.beta_rule(threshold), largest=25)
        for law in ((share, 1 - share), (1 - share, share))
    )
    assert ours.mean_samples == pytest.approx(mirrored.mean_samples)
    assert ours.accuracy + mirrored.accuracy == pytest.approx(1.0)
    strict = adaptive.adaptive_consistency((share, 1 - share), rule=adaptive.beta_rule(0.995), largest=25)
    assert strict.mean_samples >= ours.mean_samples - 1e-12


@exact_settings
@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=3), st.integers(1, 15))
def test_a_rule_that_never_stops_is_a_plurality(weights, largest):
    law = np.array(weights) / sum(weights)
    ours = adaptive.adaptive_consistency(law, rule=lambda counts: np.zeros(counts.shape[:-1], bool), largest=largest)
    assert ours.mean_samples == pytest.approx(largest)
    assert ours.capped == pytest.approx(1.0)
    assert ours.accuracy == pytest.approx(plurality_accuracy(law, largest), rel=1e-10)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: adaptive.adaptive_consistency([]), "probabilities must have shape"),
        (lambda: adaptive.adaptive_consistency([0.5, 0.6]), r"probabilities must be in \[0, 1\] and add up to 1"),
        (lambda: adaptive.adaptive_consistency([1.5, -0.5]), "probabilities must be in"),
        (lambda: adaptive.adaptive_consistency([0.5, 0.5], largest=0), "largest must be a whole number, 1 or more"),
        (lambda: adaptive.adaptive_consistency([0.1] * 10), "probabilities must be fewer for 40 samples, got 10"),
        (lambda: adaptive.beta_rule(0.0), "threshold must be in"),
        (lambda: adaptive.entropy_rule(math.nan), "threshold must be in"),
        (lambda: adaptive.majority_rule(1.5), "threshold must be in .*, got 1.5"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
