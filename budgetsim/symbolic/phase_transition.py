"""When a tree of votes amplifies: a concave map has one positive fixed point if its slope at 0 is above 1, else none.

Two assumptions can be swapped: `vote`, how the bias of a received vote becomes that of the aggregate, and `channel`,
the fidelity of a message.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.tree import (
    DOMAIN,
    MEANING,
    amplification,
    bias,
    correlation,
    fan_in,
    fidelity,
    majority_map,
    majority_slope,
    received,
    up_to_one,
    voted,
)

SOURCE = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, Theorem 4; the argument is derived"
SHARED_VOTE = correlation * received + (1 - correlation) * voted

above = sp.Symbol("u_next", positive=True)
fixed = sp.Symbol("mu_star", positive=True)
level = sp.Function("T")

Domain = Mapping[sp.Symbol, sp.Expr]


def one_level(vote: sp.Expr, channel: sp.Expr = fidelity) -> sp.Expr:
    """Bias after one level, in the bias before."""
    arrives = fidelity * bias
    after = vote.subs({received: arrives, voted: majority_map(fan_in, arrives)}, simultaneous=True)
    return after.subs(fidelity, channel)


def slope_at_zero(vote: sp.Expr, channel: sp.Expr = fidelity) -> sp.Expr:
    """Slope of the one-level map at bias 0."""
    nothing = {received: 0, voted: 0}
    factor = vote.diff(received).subs(nothing) + vote.diff(voted).subs(nothing) * majority_slope(fan_in)
    if factor.has(sp.nan, sp.zoo, sp.oo):
        factor = sp.limit(vote.subs(voted, majority_slope(fan_in) * received) / received, received, 0, "+")
    return (fidelity * factor).subs(fidelity, channel)


def arguments_of(expr: sp.Expr, *first: sp.Symbol) -> tuple[sp.Symbol, ...]:
    """The symbols of a formula: those named first, then fan-in, fidelity and correlation, then the others by name."""
    order = [*first, fan_in, fidelity, correlation]
    known = [symbol for symbol in order if symbol in expr.free_symbols or symbol in first]
    return (*known, *sorted(expr.free_symbols - {*order, fixed}, key=str))


def meaning_of(*symbols: sp.Symbol) -> dict[sp.Symbol, str]:
    """What symbols mean; those that an assumption brought are parameters of it."""
    return {symbol: MEANING.get(symbol, "parameter of an assumption, above 0") for symbol in symbols}


def channel_steps(channel: sp.Expr) -> tuple[Step, ...]:
    """A message may blur a vote, it cannot sharpen it."""
    return (
        Step(
            name="channel",
            says="A message multiplies the bias by a number between 0 and 1.",
            claim=sp.And(sp.Gt(channel, 0, evaluate=False), sp.Le(channel, 1, evaluate=False), evaluate=False),
            where={fidelity: up_to_one(fidelity)},
        ),
    )


def _steps(vote: sp.Expr, channel: sp.Expr, domain: Domain) -> tuple[Step, ...]:
    after = one_level(vote)
    sure = after.subs(bias, 1).subs(majority_map(fan_in, fidelity), voted)
    curve = level(bias)
    return (
        *channel_steps(channel),
        Step(
            name="no bias out of none",
            says="Votes at chance stay at chance.",
            claim=sp.Eq(sp.Subs(after, bias, 0), 0, evaluate=False),
            where=domain,
        ),
        Step(
            name="amplification",
            says="The slope of the map at 0.",
            claim=sp.Eq(sp.Subs(sp.Derivative(after, bias), bias, 0), slope_at_zero(vote), evaluate=False),
            where=domain,
        ),
        Step(
            name="bounded",
            says="No majority is better than sure, so that the map ends at 1 or below.",
            claim=sp.Le(sure, 1, evaluate=False),
            where={**domain, voted: up_to_one(voted)},
        ),
        Step(
            name="concave",
            says="The more bias there is, the less a level adds.",
            claim=sp.Lt(sp.Derivative(after, (bias, 2)), 0, evaluate=False),
            where=domain,
        ),
        Step(
            name="slope of the chord",
            says="How the chord from 0 to the map turns.",
            claim=sp.Eq(
                sp.Derivative(curve / bias, bias),
                (bias * sp.Derivative(curve, bias) - curve) / bias**2,
                evaluate=False,
            ),
        ),
        Step(
            name="chord falls",
            says="Its sign starts at 0 and falls, for the map is concave: the chord falls from the amplification to a "
            "slope of 1 or less, and passes 1, where the map meets its argument, once if it starts above 1, or never.",
            claim=sp.Eq(
                sp.Derivative(bias * sp.Derivative(curve, bias) - curve, bias),
                bias * sp.Derivative(curve, (bias, 2)),
                evaluate=False,
            ),
        ),
    )


@derives("budgetsim.theory.phase.one_level_map", page="phase-transition")
def one_level_map(vote: sp.Expr = SHARED_VOTE, channel: sp.Expr = fidelity, domain: Domain | None = None) -> Derivation:
    """The map from the bias of the children to the bias of their aggregator, and its shape.

    Parameters
    ----------
    vote
        Bias of the aggregate in the symbols `received` (bias of one vote as received) and `voted` (bias of a majority
        of independent ones); both lie in (0, 1]. Its other symbols are parameters.
    channel
        Fidelity of a message: a symbol or a curve of the tokens of a message.
    domain
        Domain of symbols that the assumptions bring, where they are not just positive: see `Step.where`.

    Raises
    ------
    DerivationError
        If the map is not concave, does not start at 0 or ends above 1.

    Examples
    --------
    >>> round(one_level_map().numeric()(0.1, 3, 0.9, 0.2), 7)
    0.1257084
    """
    after = one_level(vote, channel)
    arguments = arguments_of(after, bias)
    return Derivation(
        title="One level of a tree of votes",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote, "channel": channel},
        steps=_steps(vote, channel, {**DOMAIN, **(domain or {})}),
        result=sp.Eq(level(bias), after, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.phase.amplification", page="phase-transition")
def amplification_factor(
    vote: sp.Expr = SHARED_VOTE, channel: sp.Expr = fidelity, domain: Domain | None = None
) -> Derivation:
    """The factor by which one level multiplies a small bias; above 1 there is a positive fixed point, and only one.

    Parameters and errors as in `one_level_map`.

    Examples
    --------
    >>> round(amplification_factor().numeric()(5, 0.6, 0.1), 4)
    1.0725
    >>> round(amplification_factor(vote=voted).numeric()(5, 0.6), 4)  # independent votes
    1.125
    """
    factor = slope_at_zero(vote, channel)
    arguments = arguments_of(factor)
    return Derivation(
        title="A tree amplifies a small bias iff its amplification is above 1",
        source=SOURCE,
        meaning=meaning_of(*arguments, amplification),
        assumptions={"vote": vote, "channel": channel},
        steps=_steps(vote, channel, {**DOMAIN, **(domain or {})}),
        result=sp.Eq(amplification, factor, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.phase.fixed_point", page="phase-transition")
def fixed_point(vote: sp.Expr = SHARED_VOTE, channel: sp.Expr = fidelity, domain: Domain | None = None) -> Derivation:
    """The bias at which a deep tree saturates; NaN where the tree does not amplify and there is none.

    Parameters and errors as in `one_level_map`.

    Examples
    --------
    >>> round(9 * fixed_point().numeric()(5, 0.6, 0.1), 9)
    5.0
    """
    after = one_level(vote, channel)
    arguments = arguments_of(sp.sympify(after).subs(bias, fixed))
    return Derivation(
        title="Above the threshold a deep tree settles at the positive fixed point, whatever the bias of its leaves",
        source=SOURCE,
        meaning={**meaning_of(*arguments), fixed: "bias at the root of a deep tree, in (0, 1]"},
        assumptions={"vote": vote, "channel": channel},
        steps=_steps(vote, channel, {**DOMAIN, **(domain or {})}),
        result=sp.Eq(fixed, (after / bias - 1).subs(bias, fixed), evaluate=False),
        arguments=arguments,
        bracket=(sp.Float(1e-9), sp.S.One),
    )


@derives("budgetsim.theory.phase.mixing_slope", page="phase-transition")
def mixing_slope(vote: sp.Expr = SHARED_VOTE, channel: sp.Expr = fidelity, domain: Domain | None = None) -> Derivation:
    """The rate at which a deep tree approaches its fixed point, below 1; NaN where there is none.

    Parameters and errors as in `one_level_map`.

    Examples
    --------
    >>> round(mixing_slope().numeric()(5, 0.6, 0.1), 9)
    0.86
    """
    point = fixed_point(vote=vote, channel=channel, domain=domain)
    rate = sp.diff(one_level(vote, channel), bias).subs(bias, fixed)
    return Derivation(
        title="A deep tree forgets its leaves at the slope of the map at its fixed point",
        source=SOURCE,
        meaning=point.meaning,
        assumptions=point.assumptions,
        steps=point.steps,
        result=sp.Eq(sp.Subs(sp.Derivative(level(bias), bias), bias, fixed), rate, evaluate=False),
        arguments=point.arguments,
        given=(point,),
    )
