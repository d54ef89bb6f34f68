"""What two more votes bring, on one problem and over any population of problems, and where a vote curve turns.

The population enters by its moments E[Q^i (1-Q)^j] alone, Q being the success probability of a random problem.
"""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.majority import TOSS, chance, right
from budgetsim.symbolic.phase_transition import meaning_of
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.tree import below_one

SOURCE = "When Can Voting Help, Hurt, or Change Course?, arXiv 2605.05592 (increments are signed moments); derived"

votes = sp.Symbol("K", positive=True)
pairs = sp.Symbol("n", integer=True, positive=True)
count = sp.Symbol("j", integer=True, nonnegative=True)
total = sp.Symbol("m", integer=True, positive=True)
successes = sp.Symbol("i", integer=True, nonnegative=True)
failures = sp.Symbol("f", integer=True, nonnegative=True)
alpha = sp.Symbol("alpha", positive=True)
beta = sp.Symbol("beta", positive=True)
share = sp.Symbol("w", positive=True)
easy = sp.Symbol("p_1", positive=True)
hard = sp.Symbol("p_2", positive=True)
gain = sp.Symbol("Delta_K", real=True)

BETA_MOMENT = sp.beta(alpha + successes, beta + failures) / sp.beta(alpha, beta)
TWO_KINDS = share * easy**successes * (1 - easy) ** failures + (1 - share) * hard**successes * (1 - hard) ** failures

LEVELS = {
    share: below_one(share),
    easy: (1 + below_one(easy)) / 2,  # above one half
    hard: below_one(hard) / 2,  # below it
}
_WORDS = {
    votes: "number of votes before, odd",
    right: "probability that one vote is right, in (0, 1)",
    alpha: "shape of the Beta distribution of Q, above 0",
    beta: "other shape of the Beta distribution of Q, above 0",
    share: "share of the easy problems, in (0, 1)",
    easy: "success probability on the easy problems, in (1/2, 1)",
    hard: "success probability on the hard problems, in (0, 1/2)",
}


def meanings(*symbols: sp.Symbol) -> dict[sp.Symbol, str]:
    """What symbols mean; those that an assumption brought are parameters of it."""
    return {**meaning_of(*symbols), **{symbol: _WORDS[symbol] for symbol in symbols if symbol in _WORDS}}


def _increment_steps() -> tuple[Step, ...]:
    """From Pascal's rule to the increment of the vote curve on one problem."""
    wrong = 1 - right
    return (
        Step(
            name="one more vote",
            says="Pascal's rule: so many right votes come from as many and a wrong one, or one less and a right one.",
            claim=sp.Eq(
                chance(count + 1, total + 1),
                right * chance(count, total) + wrong * chance(count + 1, total),
                evaluate=False,
            ),
            where=TOSS,
        ),
        Step(
            name="two more votes",
            says="Summed over all majorities, a vote adds p times the chance that it is the one missing. The first of "
            "the two finds n right votes needed of 2n - 1 become n + 1, so that it loses where it is wrong and those "
            "were just enough; the second wins where n of 2n are right.",
            claim=sp.Eq(
                right * chance(pairs, 2 * pairs) - wrong * chance(pairs, 2 * pairs - 1),
                sp.binomial(2 * pairs - 1, pairs) * (right * wrong) ** pairs * (2 * right - 1),
                evaluate=False,
            ),
            where=TOSS,
        ),
    )


@derives("budgetsim.theory.votes.majority_increment", page="repeated-sampling")
def majority_increment() -> Derivation:
    """The accuracy gained by two more votes on one problem.

    Examples
    --------
    >>> round(majority_increment().numeric()(0.63, 1), 6)
    0.060606
    """
    half = (votes + 1) / 2
    value = (2 * right - 1) * sp.binomial(votes, half) * (right * (1 - right)) ** half
    return Derivation(
        title="Two more votes help where one is right more often than not",
        source=SOURCE,
        meaning=meanings(right, votes),
        assumptions={"votes right": chance(count, votes)},
        steps=_increment_steps(),
        result=sp.Eq(gain, value, evaluate=False),
        arguments=(right, votes),
    )


def increment(moment: sp.Expr) -> sp.Expr:
    """Gain from 2 n - 1 votes to 2 n + 1 over a population with these moments."""

    def at(more_successes: sp.Expr, more_failures: sp.Expr) -> sp.Expr:
        return moment.subs({successes: more_successes, failures: more_failures}, simultaneous=True)

    difference = at(pairs + 1, pairs) - at(pairs, pairs + 1)
    both = at(pairs, pairs)
    part = sp.simplify(sp.gammasimp((difference / both).rewrite(sp.gamma)))
    common = part.is_rational_function() and not part.has(sp.gamma)  # the difference is a simple part of their moment
    return sp.binomial(2 * pairs - 1, pairs) * (both * part if common else sp.simplify(difference))


def _moment_steps(moment: sp.Expr) -> tuple[Step, ...]:
    one_more = moment.subs(successes, successes + 1) + moment.subs(failures, failures + 1)
    return (
        *_increment_steps(),
        Step(
            name="signed moment",
            says="Over the population the increment is a difference of two moments.",
            claim=sp.Eq(
                (right * (1 - right)) ** pairs * (2 * right - 1),
                right ** (pairs + 1) * (1 - right) ** pairs - right**pairs * (1 - right) ** (pairs + 1),
                evaluate=False,
            ),
            where=TOSS,
        ),
        Step(
            name="chances sum to one",
            says="The moment of nothing is 1.",
            claim=sp.Eq(moment.subs({successes: 0, failures: 0}), 1, evaluate=False),
            where=LEVELS,
        ),
        Step(
            name="right or wrong",
            says="Moments of one more vote, right or wrong, add up to those without it.",
            claim=sp.Eq(one_more, moment, evaluate=False),
            where=LEVELS,
        ),
        Step(
            name="positive moments",
            says="Moments of chances are positive.",
            claim=sp.Gt(moment, 0, evaluate=False),
            where=LEVELS,
        ),
    )


@derives("budgetsim.theory.vote_populations.beta_vote_increment", page="repeated-sampling")
def vote_increment(moment: sp.Expr = BETA_MOMENT) -> Derivation:
    """The accuracy gained by two more votes over a population of problems, by default a Beta distribution.

    Parameters
    ----------
    moment
        E[Q^i (1-Q)^j] in the symbols `successes` (i) and `failures` (j); its other symbols are parameters.

    Raises
    ------
    DerivationError
        If these are no moments of a chance.

    Examples
    --------
    >>> round(vote_increment().numeric()(2.0, 1.0, 1), 12)
    0.033333333333
    >>> [round(vote_increment(moment=TWO_KINDS).numeric()(0.85, 0.4, 0.6, votes), 4) for votes in (1, 5, 21)]
    [0.0343, -0.0024, -0.0043]
    """
    value = increment(moment).subs(pairs, (votes + 1) / 2)
    parameters = sorted(moment.free_symbols - {successes, failures}, key=str)
    return Derivation(
        title="A vote curve moves by signed moments of its population",
        source=SOURCE,
        meaning=meanings(*parameters, votes),
        assumptions={"moment": moment},
        steps=_moment_steps(moment),
        result=sp.Eq(gain, value, evaluate=False),
        arguments=(*parameters, votes),
    )
