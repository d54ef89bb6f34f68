"""Reasoning in Token Economies, arXiv 2406.06461: budgets, votes, debates and evaluators in closed form."""

from __future__ import annotations

from collections.abc import Iterator

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.rounded import from_printed
from budgetsim.reproduce.verdicts import numbers, statement, unverified
from budgetsim.theory.equal_budget import (
    debate_tokens,
    retry_accuracy,
    self_consistency_accuracy,
    self_consistency_samples,
)
from budgetsim.theory.votes import majority_vote_accuracy, two_level_vote

_DEBATES = ((3, 1), (3, 2), (3, 3), (6, 3), (6, 6))
_PROMPT, _ANSWER = 150, 200
_SAMPLE = _PROMPT + _ANSWER
_RIGHT, _WRONG = 0.45, 3  # one sample is right with .45; three wrong answers share the rest


def claims() -> Iterator[Claim]:
    """Every exact claim."""
    yield from _costs()
    yield from _votes()
    yield from _evaluators()
    yield from _reported()


def _costs() -> Iterator[Claim]:
    where = "questions of 150 tokens, answers of 200, full history; agents and rounds 3,1 3,2 3,3 6,3 6,6"
    tokens = [float(debate_tokens(agents, rounds, _PROMPT, _ANSWER)) for agents, rounds in _DEBATES]
    samples = [float(self_consistency_samples(spent, _SAMPLE)) for spent in tokens]
    yield numbers(
        "tokens of a debate",
        where,
        theirs=("1050", "3900", "8550", "27900", "120600"),
        ours=tokens,
        evidence="derived",
    )
    yield numbers(
        "samples that the same tokens buy",
        where,
        theirs=("3", "11", "24", "79", "344"),
        ours=samples,
        evidence="derived",
    )
    calls = 36.0
    yield statement(
        "equal numbers of queries are equal budgets",
        "6 debaters in 6 rounds make 36 queries; samples that their tokens buy",
        theirs="36",
        ours=samples[-1],
        holds=samples[-1] == calls,
        only_if=(
            "every query costs the same, as in one round",
            float(self_consistency_samples(debate_tokens(6, 1, _PROMPT, _ANSWER), _SAMPLE)) == 6.0,
        ),
        evidence="second-hand",
    )
    doubled = [
        debate_tokens(6, 2 * rounds, _PROMPT, _ANSWER) / debate_tokens(6, rounds, _PROMPT, _ANSWER)
        for rounds in (8, 64)
    ]
    yield statement(
        "the tokens of a debate grow with the square of its rounds",
        "6 debaters; factor from 8 to 16 and from 64 to 128 rounds",
        theirs="4",
        ours=f"{doubled[0]:.2f}, {doubled[1]:.2f}",
        holds=abs(doubled[1] - 4.0) < 0.05,
        evidence="derived",
    )


def _votes() -> Iterator[Claim]:
    where = "one sample right with .45, three wrong answers equally likely, ties at random"
    accuracy = {votes: self_consistency_accuracy(_RIGHT, _WRONG, votes) for votes in (1, 5, 6, 9, 32, 79)}
    yield numbers(
        "accuracy of self-consistency with 5, 6, 9, 32 samples",
        where,
        theirs=(".594045", ".6239925", ".7036410", ".9402639"),
        ours=[accuracy[votes] for votes in (5, 6, 9, 32)],
        evidence="derived",
    )
    yield statement(
        "votes with the tokens of 6 debaters in 3 rounds err in less than 1 %",
        f"{where}; 79 votes, exact; printed from a simulation",
        theirs="about .998",
        ours=accuracy[79],
        holds=accuracy[79] > 0.99,
        evidence="derived",
    )
    two_answers = float(majority_vote_accuracy(_RIGHT, 9))
    yield statement(
        "self-consistency hurts where one sample is right with probability below one half",
        f"{where}; accuracy of 9 samples",
        theirs="< 0.45",
        ours=accuracy[9],
        holds=accuracy[9] < _RIGHT,
        only_if=("one wrong answer takes all the rest", two_answers < _RIGHT),
        evidence="second-hand",
    )
    above = float(majority_vote_accuracy(0.55, 9))
    yield statement(
        "self-consistency helps where one sample is right with probability above one half",
        "right with .55, one wrong answer: the hardest case; accuracy of 9 samples",
        theirs="> 0.55",
        ours=above,
        holds=above > 0.55,
        evidence="second-hand",
    )
    mean = [float(two_level_vote(votes, 0.6, 0.85, 0.4)) for votes in (1, 5, 101)]
    yield statement(
        "a voting curve over many problems rises with the budget",
        "60 % of the problems at .85, the rest at .40, two answers; 1, 5, 101 votes",
        theirs="rises",
        ours=", ".join(f"{value:.3f}" for value in mean),
        holds=mean[0] < mean[1] < mean[2],
        only_if=(
            "votes help on every problem",
            float(two_level_vote(101, 0.6, 0.85, 0.55)) > float(two_level_vote(5, 0.6, 0.85, 0.55)),
        ),
        evidence="derived",
    )


def _evaluators() -> Iterator[Claim]:
    oracle, weak = (float(retry_accuracy(_RIGHT, *rates, 5)) for rates in ((1.0, 0.0), (0.8, 0.5)))
    where = "one sample right with .45, at most 5 attempts"
    yield numbers(
        "accuracy of retrying with an oracle, and with an evaluator of rates .8 and .5",
        where,
        theirs=(".950", ".56485"),
        ours=[oracle, weak],
        evidence="derived",
    )
    votes = self_consistency_accuracy(_RIGHT, _WRONG, 5)
    yield statement(
        "retrying with an oracle is far above self-consistency",
        f"{where} against 5 votes among four answers; accuracies",
        theirs="oracle > votes",
        ours=f"{oracle:.3f} and {votes:.3f}",
        holds=oracle > votes,
        evidence="second-hand",
    )
    strong = float(retry_accuracy(_RIGHT, 0.9, 0.1, 5))
    yield statement(
        "retrying with a model as evaluator is below self-consistency",
        f"{where} against 5 votes among four answers; rates .8 and .5, and .9 and .1",
        theirs="retry < votes",
        ours=f"{weak:.3f} and {strong:.3f} against {votes:.3f}",
        holds=max(weak, strong) < votes,
        only_if=("the evaluator is weak: it accepts half of the wrong answers", weak < votes),
        evidence="second-hand",
    )
    bad = [float(retry_accuracy(_RIGHT, 0.4, 0.6, attempts)) for attempts in (1, 5)]
    good = [float(retry_accuracy(_RIGHT, 0.8, 0.5, attempts)) for attempts in (1, 5)]
    yield statement(
        "Reflexion can fall with more budget",
        "1 and 5 attempts; an evaluator with rates .8 and .5, and one with .4 and .6",
        theirs="falls",
        ours=f"{good[0]:.3f} to {good[1]:.3f}, {bad[0]:.3f} to {bad[1]:.3f}",
        holds=good[1] < good[0],
        only_if=("wrong answers are accepted more often than right ones", bad[1] < bad[0]),
        evidence="second-hand",
    )


def _reported() -> Iterator[Claim]:
    yield from_printed(
        "money of the stronger evaluator over that of the weaker, tree of thoughts",
        "Game of 24: 76 % at 159.87 USD against 72 % at 33.53 USD",
        theirs="4.77",
        inputs=("159.87", "33.53"),
        formula=lambda strong, weak: strong / weak,
        evidence="second-hand",
    )
    yield from_printed(
        "points that one more dollar buys with the stronger evaluator",
        "Game of 24: 76 % at 159.87 USD against 72 % at 33.53 USD; the weaker one pays 2.15 points a dollar",
        theirs=".03",
        inputs=("76", "72", "159.87", "33.53"),
        formula=lambda strong, weak, dear, cheap: (strong - weak) / (dear - cheap),
        evidence="second-hand",
    )
    best = {"low": ("CoT-SC", "anytime with early stopping"), "high": ("anytime with early stopping",)}
    yield statement(
        "one method is best at a low budget",
        "a table of five methods in circulation, which is no result of the paper; those it calls best",
        theirs="one",
        ours=", ".join(best["low"]),
        holds=len(best["low"]) == 1,
        evidence="sourced",
    )
    yield unverified(
        "at equal budgets self-consistency matches or beats debate, Reflexion, Plan-and-Solve, Least-to-Most and ToT",
        "five data sets, five models, up to 10,000 tokens a question; the tables were not read",
        theirs="CoT-SC first",
        evidence="second-hand",
    )
