"""Averages of continuous estimates without levels: stars and chains."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.continuous_tree import (
    SOURCE,
    agents,
    arguments_of,
    depth,
    floor,
    leaf_variance,
    meanings,
    message_variance,
    risk,
)
from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step, induction
from budgetsim.symbolic.tree import correlation, from_zero

link = sp.Symbol("j", integer=True, positive=True)
settled = sp.Symbol("P", positive=True)
DOMAIN = {correlation: from_zero(correlation)}


def _average_step() -> Step:
    return Step(
        name="average of siblings",
        says="N variances and N (N - 1) covariances, each weighted by one over the square of N.",
        claim=sp.Eq(
            (agents * leaf_variance + agents * (agents - 1) * correlation * leaf_variance) / agents**2,
            leaf_variance * (correlation + (1 - correlation) / agents),
            evaluate=False,
        ),
        where=DOMAIN,
    )


@derives("budgetsim.theory.continuous.star_risk", page="phase-transition")
def star_risk(noise: sp.Expr = message_variance) -> Derivation:
    """The variance of the average of a star, which keeps what its leaves have in common.

    Examples
    --------
    >>> star_risk().numeric()(16, 0.3, 2.0, 0.5)
    0.71875
    """
    value = leaf_variance * (correlation + (1 - correlation) / agents) + noise / agents
    arguments = arguments_of(value)
    return Derivation(
        title="A star averages away what its leaves do not share",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise},
        steps=(
            _average_step(),
            Step(
                name="message noise",
                says="Noise adds to the variance.",
                claim=sp.Gt(noise, 0, evaluate=False),
            ),
            Step(
                name="floor",
                says="However many leaves, the shared part of their variance stays.",
                claim=sp.Eq(sp.Limit(value, agents, sp.oo), correlation * leaf_variance, evaluate=False),
                where=DOMAIN,
            ),
        ),
        result=sp.Eq(risk, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.continuous.chain_relay_risk", page="phase-transition")
def chain_relay_risk(noise: sp.Expr = message_variance) -> Derivation:
    """The variance of one estimate after a number of relays.

    Examples
    --------
    >>> chain_relay_risk().numeric()(3, 2.0, 0.5)
    3.5
    """
    value = leaf_variance + depth * noise
    arguments = arguments_of(value)
    return Derivation(
        title="Every relay adds its noise",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise},
        steps=(
            Step(
                name="relays",
                says="By induction: right for no relay, and carried from each relay to the next.",
                claim=sp.And(
                    sp.Eq(value.subs(depth, 0), leaf_variance, evaluate=False),
                    sp.Eq(value.subs(depth, depth + 1), value + noise, evaluate=False),
                    evaluate=False,
                ),
            ),
        ),
        result=sp.Eq(risk, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.continuous.chain_running_mean_risk", page="phase-transition")
def chain_running_mean_risk(noise: sp.Expr = message_variance) -> Derivation:
    """The variance of an equal-weight mean handed down a chain: its noise grows like a third of the length.

    Examples
    --------
    >>> round(chain_running_mean_risk().numeric()(4, 0.3, 2.0, 0.5), 12)
    1.3875
    """
    passed = noise * (agents - 1) * (2 * agents - 1) / (6 * agents)
    value = leaf_variance * (correlation + (1 - correlation) / agents) + passed
    arguments = arguments_of(value)
    return Derivation(
        title="A running mean gathers the noise of every message",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise},
        steps=(
            _average_step(),
            Step(
                name="noise of the messages",
                says="The noise of message j, on the mean of j agents, counts with weight j / N in the end.",
                claim=induction(
                    sp.Eq(
                        noise * sp.Sum(link**2, (link, 1, agents)),
                        noise * agents * (agents + 1) * (2 * agents + 1) / 6,
                        evaluate=False,
                    ),
                    agents,
                    start=1,
                ),
            ),
            Step(
                name="N - 1 messages",
                says="Summed over the messages of N agents and divided by the square of N.",
                claim=sp.Eq((agents - 1) * agents * (2 * agents - 1) / 6 * noise / agents**2, passed, evaluate=False),
            ),
            Step(
                name="a third of the length",
                says="In long chains the noise outgrows what averaging gains.",
                claim=sp.Eq(sp.Limit(passed / (noise * agents), agents, sp.oo), sp.Rational(1, 3), evaluate=False),
            ),
        ),
        result=sp.Eq(risk, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.continuous.chain_optimal_floor", page="phase-transition")
def chain_optimal_floor(noise: sp.Expr = message_variance) -> Derivation:
    """The variance that a chain of optimally weighted, uncorrelated estimates settles at.

    Examples
    --------
    >>> round(chain_optimal_floor().numeric()(2.0, 0.5), 4)
    0.7808
    """
    value = (sp.sqrt(noise**2 + 4 * noise * leaf_variance) - noise) / 2
    handed = settled + noise
    part = sp.Symbol("w", positive=True)
    mixed = part**2 * leaf_variance + (1 - part) ** 2 * handed
    best = handed / (handed + leaf_variance)
    left = handed * leaf_variance / (handed + leaf_variance)
    arguments = arguments_of(value)
    return Derivation(
        title="The best chain settles where an agent adds as much as a message takes",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise},
        steps=(
            Step(
                name="best weight",
                says="Of two independent estimates each counts by the variance of the other.",
                claim=sp.Eq(sp.Subs(sp.Derivative(mixed, part), part, best), 0, evaluate=False),
            ),
            Step(
                name="least variance",
                says="The variance is convex in the weight, so that this is its minimum.",
                claim=sp.Gt(sp.Derivative(mixed, (part, 2)), 0, evaluate=False),
            ),
            Step(
                name="one agent",
                says="The variance that the best weight leaves.",
                claim=sp.Eq(sp.Subs(mixed, part, best), left, evaluate=False),
            ),
            Step(
                name="settled",
                says="At the floor one more agent changes nothing.",
                claim=sp.Eq(sp.Subs(left, settled, value), value, evaluate=False),
            ),
        ),
        result=sp.Eq(floor, value, evaluate=False),
        arguments=arguments,
    )
