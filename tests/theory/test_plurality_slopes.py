"""Slopes and thresholds of plurality trees: derivatives of enumerated polynomials, brute iteration, closed forms."""

from fractions import Fraction
from itertools import product
from math import comb, factorial, sqrt

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from budgetsim.theory import phase
from budgetsim.theory.plurality_slopes import (
    lead_slope,
    plurality_critical_fidelity,
    plurality_slope,
    plurality_survival_fidelity,
)
from budgetsim.theory.plurality_trees import iterate_plurality, plurality_level


def right_wins(law, votes):
    """Chance of answer 0 in rational arithmetic, over every vector of counts."""
    won = Fraction(0)
    for counts in product(range(votes + 1), repeat=len(law)):
        if sum(counts) == votes and counts[0] == max(counts):
            ways, chance = factorial(votes), Fraction(1, counts.count(max(counts)))
            for count, part in zip(counts, law, strict=True):
                ways //= factorial(count)
                chance *= part**count
            won += ways * chance
    return won


@pytest.mark.parametrize(("answers", "votes"), [(2, 4), (2, 5), (3, 3), (3, 4), (3, 7), (4, 5), (5, 4)])
def test_slope_is_the_derivative_at_the_uniform_point(answers, votes):
    step = Fraction(1, 10**8)

    def tilted(lead):
        return right_wins(
            [Fraction(1, answers) + lead] + (answers - 1) * [(1 - Fraction(1, answers) - lead) / (answers - 1)], votes
        )

    exact = (tilted(step) - tilted(-step)) / (2 * step)
    assert plurality_slope(answers, votes) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("votes", [1, 3, 5, 21, 101, 501])
def test_two_answers_have_the_slope_of_a_majority(votes):
    exact = float(Fraction(votes * comb(votes - 1, votes // 2), 2 ** (votes - 1)))
    assert plurality_slope(2, votes) == pytest.approx(exact, rel=1e-11)
    assert lead_slope(0.5, 2, votes) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("answers", [2, 3, 5, 20])
def test_slope_between_one_and_the_root(answers):
    slopes = np.array([plurality_slope(answers, votes) for votes in range(1, 60)])
    assert slopes[:2] == pytest.approx([1.0, 1.0], abs=1e-12)
    assert np.all(slopes >= 1 - 1e-12)
    assert np.all(slopes <= np.sqrt(np.arange(1, 60)) + 1e-12)


def test_more_answers_are_less_steep():
    for votes in (3, 9, 40):
        slopes = [plurality_slope(answers, votes) for answers in (2, 3, 5, 10, 100, 10_000)]
        assert np.all(np.diff(slopes) < 0)
    # Of very many answers only a coincidence of two counts: E[max] = 1 + binom(b, 2) / K.
    assert plurality_slope(10**6, 5) == pytest.approx(1 + (10 - 4) / 10**6, abs=1e-10)


def test_slope_of_many_votes_follows_the_largest_of_normals():
    # E[max of three standard normals] = 3 / (2 sqrt(pi)).
    law = sqrt(1001 * 3) / 2 * 3 / (2 * sqrt(np.pi))
    assert plurality_slope(3, 1001) == pytest.approx(law, rel=5e-3)


@pytest.mark.parametrize(
    ("share", "answers", "votes"), [(Fraction(3, 10), 4, 5), (Fraction(2, 5), 3, 4), (Fraction(1, 4), 3, 3)]
)
def test_lead_slope_is_the_derivative_between_two_leaders(share, answers, votes):
    step = Fraction(1, 10**8)
    rest = (answers - 2) * [(1 - 2 * share) / (answers - 2)]

    def difference(lead):
        return right_wins([share + lead / 2, share - lead / 2, *rest], votes) - right_wins(
            [share - lead / 2, share + lead / 2, *rest], votes
        )

    exact = (difference(step) - difference(-step)) / (2 * step)
    assert lead_slope(float(share), answers, votes) == pytest.approx(float(exact), rel=1e-11)


@pytest.mark.parametrize(("answers", "votes"), [(3, 5), (4, 9), (10, 5)])
def test_a_contest_of_two_runs_from_all_answers_to_two(answers, votes):
    assert lead_slope(1 / answers, answers, votes) == pytest.approx(plurality_slope(answers, votes), rel=1e-10)
    assert lead_slope(0.5, answers, votes) == pytest.approx(plurality_slope(2, votes), rel=1e-10)
    between = [lead_slope(share, answers, votes) for share in np.linspace(1 / answers + 0.01, 0.5, 12)]
    assert min(between) > plurality_slope(answers, votes)


@pytest.mark.parametrize(("answers", "votes"), [(3, 3), (3, 4), (6, 5)])
@pytest.mark.parametrize("correlation", [0.0, 0.2])
def test_small_leads_grow_above_the_critical_fidelity_only(answers, votes, correlation):
    critical = plurality_critical_fidelity(answers, votes, correlation)
    law = np.full(answers, 1 / answers)
    law[0] += 1e-5
    law[1:] -= 1e-5 / (answers - 1)
    for fidelity, grows in ((1.02 * critical, True), (0.98 * critical, False)):
        above = plurality_level(law, votes, fidelity, correlation)
        assert (above[0] - 1 / answers > 1e-5) == grows
        deep = iterate_plurality(law, votes, 1500, fidelity, correlation)
        assert (deep[0] > 1.5 / answers) == grows


def test_critical_fidelity_of_two_answers_is_that_of_the_binary_tree():
    assert plurality_critical_fidelity(2, 5, 0.1) == pytest.approx(phase.critical_fidelity(5, 0.1), rel=1e-12)
    assert plurality_survival_fidelity(2, 5, 0.1) == pytest.approx(phase.critical_fidelity(5, 0.1), rel=1e-9)
    assert plurality_critical_fidelity(4, 9, 1.0) == 1.0


def test_three_votes_on_three_answers_in_closed_form():
    # W(r) - 1/3 = (r - 1/3)(1 + 3/2 r (1 - r)): critical at r = 1/3, least at r = 1/2.
    assert plurality_critical_fidelity(3, 3, 0.0) == pytest.approx(3 / 4, rel=1e-12)
    assert plurality_survival_fidelity(3, 3, 0.0) == pytest.approx(8 / 11, rel=1e-12)
    assert plurality_survival_fidelity(3, 3, 0.4) == pytest.approx(1 / (0.4 + 0.6 * 11 / 8), rel=1e-12)


@pytest.mark.parametrize(("answers", "votes"), [(3, 5), (4, 5), (5, 4)])
def test_survival_fidelity_is_the_least_over_enumerated_shares(answers, votes):
    def fidelity(share):
        exact = Fraction(share)
        won = right_wins([exact] + (answers - 1) * [(1 - exact) / (answers - 1)], votes)
        return float((exact - Fraction(1, answers)) / (won - Fraction(1, answers)))

    least = minimize_scalar(fidelity, bounds=(1 / answers + 0.01, 1.0), method="bounded").fun
    assert plurality_survival_fidelity(answers, votes, 0.0) == pytest.approx(least, rel=1e-9)


@pytest.mark.parametrize(("answers", "votes", "correlation"), [(3, 5, 0.1), (10, 5, 0.0), (6, 9, 0.3)])
def test_unanimous_answers_survive_above_the_survival_fidelity_only(answers, votes, correlation):
    survival = plurality_survival_fidelity(answers, votes, correlation)
    assert survival < plurality_critical_fidelity(answers, votes, correlation)
    certain = np.eye(answers)[0]
    for fidelity, survives in ((1.002 * survival, True), (0.998 * survival, False)):
        deep = iterate_plurality(certain, votes, 1500, fidelity, correlation)
        assert (deep[0] > 1.5 / answers) == survives


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plurality_slope(1, 3), "answers must be a whole number, 2 or more, got 1"),
        (lambda: plurality_slope(3, 0), "fan_in must be a whole number, 1 or more, got 0"),
        (lambda: lead_slope(0.6, 3, 3), "share must be in"),
        (lambda: lead_slope(0.4, 2, 3), "and 1/2 of two answers, got 0.4"),
        (lambda: plurality_critical_fidelity(3, 3, -0.1), r"correlation must be in \[0, 1\], got -0.1"),
        (lambda: plurality_survival_fidelity(3, 2, 0.0), "fan_in must be a whole number, 3 or more, got 2"),
    ],
)
def test_arguments_outside_the_domain_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
