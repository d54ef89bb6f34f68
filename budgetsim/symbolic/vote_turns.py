"""Where a vote curve over two kinds of problems turns: few votes may help and many hurt, or the other way round."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.vote_curves import (
    LEVELS,
    SOURCE,
    TWO_KINDS,
    easy,
    hard,
    increment,
    meanings,
    pairs,
    share,
)

turn = sp.Symbol("n_star", real=True)
turning = sp.Symbol("w_star", positive=True)

EASY_VARIANCE, HARD_VARIANCE = easy * (1 - easy), hard * (1 - hard)
GAINS = share * (2 * easy - 1) * EASY_VARIANCE**pairs
LOSSES = (1 - share) * (1 - 2 * hard) * HARD_VARIANCE**pairs


def _steps() -> tuple[Step, ...]:
    choices = sp.binomial(2 * pairs - 1, pairs)
    return (
        Step(
            name="gains and losses",
            says="Two more votes bring what the easy problems gain less what the hard ones lose.",
            claim=sp.Eq(increment(TWO_KINDS), choices * (GAINS - LOSSES), evaluate=False),
            where=LEVELS,
        ),
        Step(
            name="which lasts longer",
            says="Gains outlast losses where the easy problems are closer to a toss-up: where p_1 + p_2 < 1.",
            claim=sp.Eq(EASY_VARIANCE - HARD_VARIANCE, (easy - hard) * (1 - easy - hard), evaluate=False),
            where=LEVELS,
        ),
        Step(
            name="one turn",
            says="The ratio of gains to losses is geometric in n, so that it passes 1 once at most.",
            claim=sp.Eq(
                sp.Subs(GAINS / LOSSES, pairs, pairs + 1) / (GAINS / LOSSES),
                EASY_VARIANCE / HARD_VARIANCE,
                evaluate=False,
            ),
            where=LEVELS,
        ),
    )


@derives("budgetsim.theory.votes.optimal_vote_count", page="repeated-sampling")
def turning_point() -> Derivation:
    """The n at which 2 n + 1 votes stop being better, or start being better, than 2 n - 1 on two kinds of problems.

    Positive where the curve is not monotone: with p_1 + p_2 > 1 it rises up to 2 ceil(n) - 1 votes and falls after.

    Examples
    --------
    >>> round(turning_point().numeric()(0.6, 0.85, 0.4), 3)
    2.622
    """
    weights = share * (2 * easy - 1) / ((1 - share) * (1 - 2 * hard))
    at = sp.log(weights) / sp.log(HARD_VARIANCE / EASY_VARIANCE)
    return Derivation(
        title="A vote curve over two kinds of problems turns once at most",
        source=SOURCE,
        meaning=meanings(share, easy, hard),
        assumptions={"moment": TWO_KINDS},
        steps=(
            *_steps(),
            Step(
                name="turn",
                says="There gains and losses are equal.",
                claim=sp.Eq(sp.log(weights) - at * sp.log(HARD_VARIANCE / EASY_VARIANCE), 0, evaluate=False),
                where=LEVELS,
            ),
            Step(
                name="logarithm of the ratio",
                says="It is that of the weights less n times that of the variances.",
                claim=sp.Eq(GAINS / LOSSES, weights * (HARD_VARIANCE / EASY_VARIANCE) ** (-pairs), evaluate=False),
                where=LEVELS,
            ),
        ),
        result=sp.Eq(turn, at, evaluate=False),
        arguments=(share, easy, hard),
    )


@derives("budgetsim.theory.votes.vote_regime", page="repeated-sampling")
def turning_share() -> Derivation:
    """The share of easy problems at which the first two more votes bring nothing: where a vote curve changes its shape.

    With p_1 + p_2 > 1 the curve rises and falls above it and falls below it; with p_1 + p_2 < 1 it rises above it and
    falls and rises below it.

    Examples
    --------
    >>> round(turning_share().numeric()(0.85, 0.4), 3)
    0.35
    """
    odds = share / (1 - share)
    lost, won = HARD_VARIANCE * (1 - 2 * hard), EASY_VARIANCE * (2 * easy - 1)
    return Derivation(
        title="Few votes help above a share of easy problems",
        source=SOURCE,
        meaning=meanings(easy, hard),
        assumptions={"moment": TWO_KINDS},
        steps=(
            *_steps(),
            Step(
                name="more easy problems",
                says="The odds of an easy problem grow with their share.",
                claim=sp.Gt(sp.Derivative(odds, share), 0, evaluate=False),
                where=LEVELS,
            ),
            Step(
                name="first two more votes",
                says="They gain as much as they lose where the odds make up for the losses.",
                claim=sp.Eq((GAINS / LOSSES).subs(pairs, 1), odds * won / lost, evaluate=False),
                where=LEVELS,
            ),
            Step(
                name="odds to shares",
                says="The share that has these odds.",
                claim=sp.Eq(sp.Subs(odds, share, lost / (lost + won)), lost / won, evaluate=False),
                where=LEVELS,
            ),
        ),
        result=sp.Eq(turning, lost / (lost + won), evaluate=False),
        arguments=(easy, hard),
    )
