"""The majority of an odd number of independent votes, from the binomial sum to its derivative and its closed form."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step, induction
from budgetsim.symbolic.tree import ODD, below_one, bias, fan_in, half, majority_map, majority_slope, meanings

SOURCE = (
    "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, binary core; the integral form is derived"
)

right = sp.Symbol("p", positive=True)
votes = sp.Symbol("n", integer=True, positive=True)
count = sp.Symbol("j", integer=True, nonnegative=True)
more = sp.Symbol("i", integer=True, nonnegative=True)
pairs = sp.Symbol("k", integer=True, nonnegative=True)
share = sp.Symbol("x", positive=True)
steepness = sp.Function("A")

TOSS = {right: below_one(right)}
SLOPE = majority_slope(fan_in).closed()


def chance(number: sp.Expr, of: sp.Expr) -> sp.Expr:
    """Chance that exactly a number of votes is right."""
    return sp.binomial(of, number) * right**number * (1 - right) ** (of - number)


MAJORITY = 2 * sp.Sum(chance(count, fan_in).subs(right, (1 + bias) / 2), (count, (fan_in + 1) / 2, fan_in)) - 1


def _derivative_steps() -> tuple[Step, ...]:
    """From the binomial sum to the derivative of the majority map."""

    def pivotal(number: sp.Expr) -> sp.Expr:
        return votes * chance(number, votes - 1)

    return (
        Step(
            name="one term",
            says="The chance of j + 1 right votes of n grows by the chance that one vote turns j into j + 1, "
            "and falls by the chance that one turns j + 1 into j + 2.",
            claim=sp.Eq(
                sp.Derivative(chance(count + 1, votes), right), pivotal(count) - pivotal(count + 1), evaluate=False
            ),
            where=TOSS,
        ),
        Step(
            name="telescoping sum",
            says="Summed over all majorities, only the two ends are left.",
            claim=induction(
                sp.Eq(
                    sp.Sum(steepness(count) - steepness(count + 1), (count, pairs, pairs + more)),
                    steepness(pairs) - steepness(pairs + more + 1),
                    evaluate=False,
                ),
                more,
            ),
        ),
        Step(
            name="upper end",
            says="No vote is left to turn once all are right.",
            claim=sp.Eq(pivotal(votes), 0, evaluate=False),
            where=TOSS,
        ),
        Step(
            name="lower end",
            says="What is left is the vote that decides between k and k others; d p = d u / 2 and the factor 2 of the "
            "bias cancel.",
            claim=sp.Eq(
                pivotal(pairs).subs({votes: 2 * pairs + 1, right: (1 + bias) / 2}),
                SLOPE.subs(fan_in, 2 * pairs + 1) * (1 - bias**2) ** pairs,
                evaluate=False,
            ),
            where={bias: below_one(bias)},
        ),
    )


@derives("budgetsim.theory.majority.majority_bias_derivative", page="phase-transition")
def voted_bias_derivative() -> Derivation:
    """The slope of the majority map at any bias.

    Examples
    --------
    >>> round(voted_bias_derivative().numeric()(5, 0.6), 12)
    0.768
    """
    return Derivation(
        title="The majority map flattens like a power of the variance of one vote",
        source=SOURCE,
        meaning=meanings(fan_in, bias),
        assumptions={"majority": MAJORITY},
        steps=_derivative_steps(),
        result=sp.Eq(
            sp.Derivative(majority_map(fan_in, bias), bias), SLOPE * (1 - bias**2) ** ((fan_in - 1) / 2), evaluate=False
        ),
        arguments=(fan_in, bias),
    )


@derives("budgetsim.theory.majority.majority_slope", page="phase-transition")
def slope() -> Derivation:
    """The slope of the majority map at bias 0, in closed form and as a sum that grows with every two votes.

    Examples
    --------
    >>> [round(slope().numeric()(fan_in), 12) for fan_in in (3, 5, 7)]
    [1.5, 1.875, 2.1875]
    """
    at = SLOPE.subs(fan_in, 2 * pairs + 1)
    growth = sp.combsimp(at.subs(pairs, pairs + 1) / at)
    return Derivation(
        title="The slope of the majority map grows like the root of the fan-in",
        source=SOURCE,
        meaning=meanings(fan_in),
        assumptions={"majority": MAJORITY},
        steps=(
            *_derivative_steps(),
            Step(
                name="sum over pairs",
                says="The slope is a sum of which two more votes bring the next term.",
                claim=induction(
                    sp.Eq(sp.Sum(sp.binomial(2 * count, count) / 4**count, (count, 0, pairs)), at, evaluate=False),
                    pairs,
                ),
            ),
            Step(
                name="two more votes",
                says="Factor by which two more votes raise the slope.",
                claim=sp.Eq(at.subs(pairs, pairs + 1) / at, growth, evaluate=False),
            ),
            Step(
                name="below the root of the fan-in",
                says="The slope squared over the fan-in falls, from 1 at one vote: the slope stays below its root.",
                claim=sp.Lt(growth**2 * (2 * pairs + 1) / (2 * pairs + 3), 1, evaluate=False),
            ),
        ),
        result=sp.Eq(majority_slope(fan_in), SLOPE, evaluate=False),
        arguments=(fan_in,),
    )


@derives("budgetsim.theory.majority.majority_bias", page="phase-transition")
def voted_bias() -> Derivation:
    """The majority map: increasing, concave, from 0 to 1, a regularized incomplete beta function.

    Examples
    --------
    >>> round(voted_bias().numeric()(5, 0.6), 12)
    0.88416
    """
    closed = majority_map(fan_in, bias).closed()
    rise = SLOPE * (1 - bias**2) ** ((fan_in - 1) / 2)
    domain = {**ODD, bias: below_one(bias)}
    return Derivation(
        title="The bias of a majority of independent votes",
        source=SOURCE,
        meaning=meanings(fan_in, bias),
        assumptions={"majority": MAJORITY},
        steps=(
            *_derivative_steps(),
            Step(
                name="turned votes",
                says="Turning every vote turns the majority: the map is odd, and 0 at bias 0.",
                claim=sp.Eq(chance(votes - count, votes), chance(count, votes).subs(right, 1 - right), evaluate=False),
                where=TOSS,
            ),
            Step(
                name="sure votes",
                says="Of votes that are always right, so is the majority.",
                claim=sp.Eq(sp.Limit(chance(votes, votes), right, 1, "-"), 1, evaluate=False),
            ),
            Step(
                name="same derivative",
                says="The closed form has the derivative of the map.",
                claim=sp.Eq(sp.Derivative(closed, bias), rise, evaluate=False),
                where=domain,
            ),
            Step(
                name="same end",
                says="It has the value of the map at bias 1, for there its integral is a whole beta function.",
                claim=sp.Eq(
                    2 * sp.Integral((share * (1 - share)) ** half, (share, 0, 1)) / sp.beta(half + 1, half + 1) - 1,
                    1,
                    evaluate=False,
                ),
            ),
            Step(
                name="increasing",
                says="Better votes make a better majority.",
                claim=sp.Gt(sp.Derivative(majority_map(fan_in, bias), bias), 0, evaluate=False),
                where=domain,
            ),
            Step(
                name="concave",
                says="Each bit of bias brings less than the one before.",
                claim=sp.Lt(sp.Derivative(majority_map(fan_in, bias), (bias, 2)), 0, evaluate=False),
                where=domain,
            ),
        ),
        result=sp.Eq(majority_map(fan_in, bias), closed, evaluate=False),
        arguments=(fan_in, bias),
    )
