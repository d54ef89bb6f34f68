"""What the table of methods holds: right answers of every method at every budget, in every world of the prior."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, norm

from budgetsim.reproduce.world_tables import Shares, Table, shares_ahead
from budgetsim.simulate.reasoning.vote_prior import MULTIPLES as MULTIPLES
from budgetsim.simulate.reasoning.vote_prior import VoteSetting

CHAIN, VOTES, EARLY, DEBATE, RETRY, BEST, PERSONAS, CASCADE = (
    "one chain",
    "self-consistency",
    "early stop",
    "debate",
    "Reflexion",
    "best of N",
    "personas",
    "cascade",
)
METHODS = (CHAIN, VOTES, EARLY, DEBATE, RETRY, BEST, PERSONAS, CASCADE)
"""The methods that compete, in the order of the figures."""

TWO_ROUNDS, ORACLE, MATCHED = "debate of two rounds", "Reflexion with an oracle", "votes at equal spending"
"""Variants that are looked at but do not compete: the debate as it was published, an evaluator that knows the truth,
and self-consistency with the budget at which it spends what early stopping spends."""

LOW, HIGH = (1, 2, 4), (16, 32, 64)
"""Budgets that are called low and high, in tokens of one chain of thought."""

PARAMETERS = {
    "trap share": "share of questions whose commonest answer is wrong",
    "mean right": "mean probability of a right sample",
    "concentration": "concentration of that probability",
    "answers": "number of answers",
    "dominant": "share of the wrong mass on one answer",
    "accepts right": "probability that the evaluator accepts a right answer",
    "accepts wrong": "probability that it accepts a wrong answer",
    "discrimination": "distance of the evaluator's grades, in their spread",
    "accepted wrong": "share of wrong answers where all are sampled until one is accepted",
    "evaluator tokens": "tokens of an evaluation over those of a chain",
    "written": "written share of a chain's tokens",
    "debaters": "number of debaters",
    "conformity": "probability to adopt the plurality",
    "cheap odds": "odds of the cheap model over the strong one's",
    "cheap price": "price of the cheap model over the strong one's",
    "persona correlation": "correlation of personas",
}
"""Columns of a world's parameters, and what they are; those of `DERIVED` follow from the others."""

DERIVED = ("discrimination", "accepted wrong")


class Score(NamedTuple):
    """Share of questions answered right and its standard error, in every world [worlds]."""

    accuracy: NDArray[np.float64]
    se: NDArray[np.float64]


def right(method: str, multiple: float) -> str:
    """Column of the number of right answers.

    Examples
    --------
    >>> right("debate", 8)
    'debate 8'
    """
    return f"{method} {multiple:g}"


def score(table: Table, method: str, multiple: float) -> Score:
    """Accuracy of a method at a budget; its error has two successes and two failures added.

    Examples
    --------
    >>> score({"debate 8": np.array([30]), "problems": np.array([60])}, "debate", 8).accuracy.tolist()
    [0.5]
    """
    count, problems = np.asarray(table[right(method, multiple)], np.float64), table["problems"]
    share = (count + 2.0) / (problems + 4.0)
    return Score(count / problems, np.sqrt(share * (1.0 - share) / (problems + 4.0)))


def compare(
    table: Table,
    first: str,
    second: str,
    multiple: float,
    other: float | None = None,
    kept: NDArray[np.bool_] | None = None,
) -> Shares:
    """Shares of worlds in which the first method at a budget is ahead of the second, at the same or another budget.

    Where no world is kept nobody is ahead.
    """
    if kept is not None and not kept.any():
        return Shares(0.0, 1.0, 0.0, 0)
    one, two = score(table, first, multiple), score(table, second, other or multiple)
    worlds = slice(None) if kept is None else kept
    return shares_ahead(one.accuracy[worlds], two.accuracy[worlds], one.se[worlds], two.se[worlds])


def difference(table: Table, first: str, second: str, multiple: float) -> NDArray[np.float64]:
    """Accuracy of the first method less that of the second, in every world."""
    return score(table, first, multiple).accuracy - score(table, second, multiple).accuracy


def trap_share(mean: float, concentration: float, dominant: float) -> float:
    """Share of questions whose commonest answer is wrong, where right samples have probability Beta(m c, (1 - m) c).

    The commonest wrong answer has the dominant share d of the wrong mass, so that a question is a trap where its right
    answer has a probability below d / (1 + d). Derived.

    Examples
    --------
    >>> trap_share(0.5, 2.0, 1.0), round(trap_share(0.5, 2.0, 0.25), 4)
    (0.5, 0.2)
    """
    return float(beta.cdf(dominant / (1.0 + dominant), mean * concentration, (1.0 - mean) * concentration))


def accepted_wrong(mean: float, concentration: float, accepts_right: float, accepts_wrong: float) -> float:
    """Share of questions that get a wrong answer where samples are drawn until the evaluator accepts one.

    A question whose samples are right with probability p gets a right answer with p T / (p T + (1 - p) F); over
    questions p is Beta(m c, (1 - m) c), here in 4000 parts of equal probability. Derived.

    Examples
    --------
    >>> round(accepted_wrong(0.4, 1e9, 0.9, 0.3), 4), round(accepted_wrong(0.5, 2.0, 0.5, 0.5), 4)
    (0.3333, 0.5)
    """
    places = (np.arange(4000) + 0.5) / 4000
    right = beta.ppf(places, mean * concentration, (1.0 - mean) * concentration)
    accepted = right * accepts_right + (1.0 - right) * accepts_wrong
    return float(np.mean((1.0 - right) * accepts_wrong / np.maximum(accepted, 1e-300)))


def parameters(setting: VoteSetting) -> dict[str, float]:
    """The numbers of a drawn world, by the names of `PARAMETERS`."""
    world = setting.world
    return {
        "trap share": trap_share(world.right_mean, world.right_concentration, world.dominant_share),
        "mean right": world.right_mean,
        "concentration": world.right_concentration,
        "answers": world.answers,
        "dominant": world.dominant_share,
        "accepts right": world.accepts_right,
        "accepts wrong": world.accepts_wrong,
        "discrimination": float(norm.ppf(world.accepts_right) - norm.ppf(world.accepts_wrong)),
        "accepted wrong": accepted_wrong(
            world.right_mean, world.right_concentration, world.accepts_right, world.accepts_wrong
        ),
        "evaluator tokens": (world.evaluator_input + world.evaluator_output) / world.sample_tokens,
        "written": world.chain_tokens / world.sample_tokens,
        "debaters": setting.agents,
        "conformity": world.conformity,
        "cheap odds": world.cheap_odds,
        "cheap price": world.cheap_price,
        "persona correlation": world.persona_correlation,
    }
