"""Wrong answers: how much one foretells the next, and what other groups tell."""

import numpy as np
import pytest

from budgetsim.calibrate.answers import wrong_answer_parameters


def agreement(parameters):
    """Chance that the next two wrong answers are the same one (answers that cannot be parsed left out)."""
    answers = parameters[:, :-1]
    total = answers.sum(axis=1)
    return (answers * (answers + 1)).sum(axis=1) / (total * (total + 1))


@pytest.mark.parametrize("concentration", [0.5, 4.0, 60.0])
def test_concentration_is_recovered(counts, concentration):
    # One group alone: the base is even, so that the concentration decides everything.
    generator = np.random.default_rng(0)
    problems, answers, samples = 600, 5, 6
    shares = generator.dirichlet(np.full(answers, concentration / answers), problems)
    wrong = generator.multinomial(samples, shares)[None]
    parameters = wrong_answer_parameters(counts(np.zeros((1, problems)), samples, wrong))
    found = (parameters - np.c_[wrong[0], np.zeros(problems)]).sum(axis=1)
    # What the data can tell is the correlation of two wrong answers, here to a standard error of about 0.01.
    assert 1 / (1 + found) == pytest.approx(np.full(problems, 1 / (1 + concentration)), abs=0.04)
    assert np.ptp(found) < 1e-9


def test_even_shares_without_anything_seen(counts):
    wrong = np.zeros((1, 3, 2))
    tally = counts(np.full((1, 3), 4.0), 4, wrong, vocabulary=[1, 2, 4])
    parameters = wrong_answer_parameters(tally)
    share = parameters / parameters.sum(axis=1, keepdims=True)
    assert share.tolist() == [
        pytest.approx([1, 0, 0, 0, 0]),
        pytest.approx([0.5, 0.5, 0, 0, 0]),
        pytest.approx([0.25, 0.25, 0.25, 0.25, 0]),
    ]


def test_own_wrong_answers_raise_their_chance(counts):
    generator = np.random.default_rng(1)
    wrong = generator.multinomial(5, generator.dirichlet(np.ones(4), 80))[None].astype(float)
    wrong[0, 0] = [5, 0, 0, 0]
    parameters = wrong_answer_parameters(counts(np.zeros((1, 80)), 5, wrong))
    share = parameters[0] / parameters[0].sum()
    assert share[0] > 0.5
    assert share[1:4] == pytest.approx(np.full(3, share[1]))
    assert share[1] > 0


def test_wrong_answers_of_others_on_the_same_problem_are_borrowed(counts):
    generator = np.random.default_rng(2)
    problems, answers = 60, 4
    favourite = generator.integers(answers, size=problems)
    shares = np.full((problems, answers), 0.25)
    lure = np.arange(problems) % 2 == 0  # every other problem has a wrong answer that nearly everybody gives
    shares[lure] = 0.04
    shares[lure, favourite[lure]] = 0.88
    wrong = generator.multinomial(8, np.broadcast_to(shares, (3, problems, answers))).astype(float)
    wrong[0, 30:] = 0  # the first group saw nothing of half of the problems
    total = wrong.sum(axis=2)
    unseen = np.arange(problems) >= 30
    together = wrong_answer_parameters(counts(0 * total, total, wrong, shared=True))[:problems]
    share = together / together.sum(axis=1, keepdims=True)
    luring = unseen & lure
    assert share[luring, favourite[luring]].mean() > 0.7
    assert agreement(together[luring]).mean() > agreement(together[unseen & ~lure]).mean() + 0.2
    # Answers mean nothing across problems: groups on other problems leave the group as it is on its own.
    apart = wrong_answer_parameters(counts(0 * total, total, wrong))[:problems]
    assert apart[unseen][:, :4] == pytest.approx(np.full((30, 4), apart[30, 0]))


def test_unparsed_answers_are_as_frequent_as_in_the_group(counts):
    generator = np.random.default_rng(3)
    silent = generator.binomial(4, 0.25, (1, 200))
    wrong = (4 - silent)[..., None]
    parameters = wrong_answer_parameters(counts(np.zeros((1, 200)), 4, wrong, silent))
    share = (parameters / parameters.sum(axis=1, keepdims=True))[:, -1]
    assert share.mean() == pytest.approx(0.25, abs=0.05)
    never = wrong_answer_parameters(counts(np.zeros((1, 20)), 4))
    assert (never[:, -1] == 0).all()


@pytest.mark.parametrize("samples", [1, 0])
def test_one_wrong_answer_a_problem_or_none_is_enough(counts, samples):
    parameters = wrong_answer_parameters(counts(np.zeros((2, 6)), samples, vocabulary=[3] * 12))
    assert np.isfinite(parameters).all()
    assert (parameters[:, :3] > 0).all()
