"""The prior over worlds of votes is the one that was written down."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import vote_prior

SETTINGS = vote_prior(4000, seed=0)


def uniform(low, high):
    return stats.uniform(low, high - low).cdf


def log_uniform(low, high):
    return stats.loguniform(low, high).cdf


@pytest.mark.parametrize(
    ("field", "law"),
    [
        ("right_mean", uniform(0.2, 0.8)),
        ("right_concentration", log_uniform(0.5, 20)),
        ("chain_tokens", log_uniform(80, 600)),
        ("accepts_right", uniform(0.6, 1)),
        ("accepts_wrong", uniform(0, 0.6)),
        ("conformity", uniform(0.2, 0.9)),
        ("cheap_odds", log_uniform(0.1, 1)),
        ("cheap_price", log_uniform(0.02, 0.5)),
        ("persona_correlation", uniform(0, 0.6)),
    ],
)
def test_parameters_follow_the_written_law(field, law):
    assert stats.kstest([getattr(setting.world, field) for setting in SETTINGS], law).pvalue > 1e-8


@pytest.mark.parametrize(("field", "low", "high"), [("prompt_tokens", 50, 500), ("evaluator_output", 20, 200)])
def test_whole_tokens_follow_the_written_law(field, low, high):
    drawn = np.array([getattr(setting.world, field) for setting in SETTINGS])
    jitter = np.random.default_rng(0).uniform(-0.5, 0.5, drawn.size)
    assert stats.kstest(np.clip(drawn + jitter, low, high), log_uniform(low, high)).pvalue > 1e-8


def test_answers_shares_and_agents():
    answers = np.array([setting.world.answers for setting in SETTINGS])
    assert stats.chisquare(np.bincount(answers, minlength=7)[2:]).pvalue > 1e-8
    assert stats.chisquare(np.unique([setting.agents for setting in SETTINGS], return_counts=True)[1]).pvalue > 1e-8
    assert {setting.agents for setting in SETTINGS} == {3, 6}
    least = 1 / (answers - 1)
    share = np.array([setting.world.dominant for setting in SETTINGS])
    several = answers > 2
    assert stats.kstest(((share - least)[several]) / (1 - least[several]), uniform(0, 1)).pvalue > 1e-8
    assert np.all(share[~several] == 1.0)
    assert {setting.world.chain_spread for setting in SETTINGS} == {0.4}


def test_budgets_are_multiples_of_one_chain_of_thought():
    for setting in SETTINGS[:50]:
        one = setting.world.prompt_tokens + setting.world.chain_tokens
        assert setting.budgets == tuple(round(one) * multiple for multiple in (1, 2, 4, 8, 16, 32, 64))


def test_draws_are_the_same_again_and_independent():
    assert vote_prior(5, seed=0) == SETTINGS[:5]
    assert vote_prior(5, seed=1) != SETTINGS[:5]
    columns = np.array([[s.world.right_mean, s.world.accepts_wrong, math.log(s.world.cheap_price)] for s in SETTINGS])
    assert np.abs(np.corrcoef(columns.T)[np.triu_indices(3, 1)]).max() < 5.5 / math.sqrt(len(SETTINGS))


def test_every_line_of_the_written_prior_is_known():
    page = Path(__file__).parents[3] / "papers" / "priors.md"
    section = page.read_text().split("## `votes`")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ")][1:]
    assert {name.strip(): law.strip() for name, law in rows} == {
        "right-answer probability of a question": "Beta(m c, (1 - m) c), m = U(.2, .8), c = LU(.5, 20)",
        "answers": "whole number in 2 ... 6",
        "share of the wrong mass on one wrong answer": "U(1 / (answers - 1), 1)",
        "tokens: prompt, one chain of thought": "LU(50, 500), LU(80, 600) mean, lognormal with sigma .4",
        "evaluator accepts a right, a wrong answer; its tokens": "U(.6, 1), U(0, .6), LU(20, 200)",
        "debaters, probability to adopt the plurality of the others": "{3, 6}, U(.2, .9)",
        "cheap model of a cascade: right-answer odds over the strong model's, price over the strong model's": (
            "LU(.1, 1), LU(.02, .5)"
        ),
        "correlation of personas given the question; spread of their shifts of the log odds": "U(0, .6); 1",
        "spread of the evaluator's grades, whose tokens are output": "1",
        "budgets": "1, 2, 4, 8, 16, 32 and 64 times the tokens of one chain of thought",
    }


@pytest.mark.parametrize(("name", "arguments"), [("count", (0,)), ("seed", (1, -1))])
def test_arguments_outside_their_domain_are_named(name, arguments):
    with pytest.raises(ValueError, match=name):
        vote_prior(*arguments)
