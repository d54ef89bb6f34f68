"""Estimates: how they print, and a standard error that stays honest at 0 and 1."""

import math

import pytest
from scipy import stats

from budgetsim.simulate import Estimate


@pytest.mark.parametrize(
    ("value", "standard_error", "text"),
    [
        (0.12345, 0.0042, "0.123 +- 0.004"),
        (0.5, 0.0096, "0.50 +- 0.01"),
        (0.5, 0.0094, "0.500 +- 0.009"),
        (12.3, 4.2, "12 +- 4"),
        (0.25, 0.0, "0.25 +- 0.0"),
        (1.0, 3e-7, "1.0000000 +- 0.0000003"),
    ],
)
def test_prints_to_one_digit_of_the_error(value, standard_error, text):
    assert str(Estimate(value=value, standard_error=standard_error, draws=10)) == text


def test_z_score():
    estimate = Estimate(value=0.5, standard_error=0.1, draws=10)
    assert estimate.z_score(0.2) == pytest.approx(3.0)
    certain = Estimate(value=0.5, standard_error=0.0, draws=10)
    assert certain.z_score(0.5) == 0.0
    assert certain.z_score(0.6) == -math.inf


def test_standard_error_of_a_share_is_the_binomial_one():
    estimate = Estimate.from_count(30_000, 100_000)
    assert estimate.value == 0.3
    assert estimate.draws == 100_000
    assert estimate.standard_error == pytest.approx(math.sqrt(0.3 * 0.7 / 100_000), rel=1e-4)


@pytest.mark.parametrize("draws", [1, 10, 1000])
def test_unanimous_trials_claim_no_certainty(draws):
    never, always = Estimate.from_count(0, draws), Estimate.from_count(draws, draws)
    assert (never.value, always.value) == (0.0, 1.0)
    assert never.standard_error == pytest.approx(always.standard_error)
    assert 1.0 / (2 * draws + 4) < never.standard_error < 2.0 / draws


@pytest.mark.parametrize("probability", [0.002, 0.02, 0.2, 0.5, 0.9, 0.995])
def test_two_standard_errors_cover_about_95_percent(probability):
    """Coverage computed exactly over all counts: no draw is made."""
    draws = 1000
    covered = sum(
        stats.binom.pmf(count, draws, probability)
        for count in range(draws + 1)
        if abs(Estimate.from_count(count, draws).z_score(probability)) < 1.96
    )
    assert covered > 0.93
    # with a handful of expected successes the rule errs on the careful side only
    assert covered < (0.99 if min(probability, 1.0 - probability) * draws > 4 else 1.0)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"value": math.nan, "standard_error": 0.1, "draws": 1}, "value"),
        ({"value": 0.1, "standard_error": -0.1, "draws": 1}, "standard_error"),
        ({"value": 0.1, "standard_error": math.nan, "draws": 1}, "standard_error"),
        ({"value": 0.1, "standard_error": 0.1, "draws": 0}, "draws"),
    ],
)
def test_rejects_what_is_no_estimate(fields, name):
    with pytest.raises(ValueError, match=name):
        Estimate(**fields)


@pytest.mark.parametrize(("successes", "draws", "name"), [(-1, 5, "successes"), (6, 5, "successes"), (0, 0, "draws")])
def test_rejects_impossible_counts(successes, draws, name):
    with pytest.raises(ValueError, match=name):
        Estimate.from_count(successes, draws)


def test_provenance_does_not_decide_equality():
    fields = {"value": 0.5, "standard_error": 0.1, "draws": 10}
    assert Estimate(**fields, provenance={"seed": 1}) == Estimate(**fields, provenance={"seed": 2})
