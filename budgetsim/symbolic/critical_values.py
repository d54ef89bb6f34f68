"""Where a tree of votes starts to amplify, which way each lever pushes, and how its fixed point sets in."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.phase_transition import SHARED_VOTE, arguments_of, meaning_of, one_level, slope_at_zero
from budgetsim.symbolic.proof import DerivationError, Step
from budgetsim.symbolic.solving import solve_for
from budgetsim.symbolic.tree import (
    DOMAIN,
    amplification,
    bias,
    correlation,
    fan_in,
    fidelity,
    majority_slope,
)

SOURCE = "derived from the one-level map of Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311"

steepness = sp.Symbol("c_b", positive=True)
critical_fidelity_ = sp.Symbol("gamma_c", positive=True)
critical_correlation_ = sp.Symbol("rho_c", real=True)
requirement = sp.Symbol("R", positive=True)
cubic = sp.Symbol("kappa_3", positive=True)
onset = sp.Symbol("mu_star", positive=True)

SLOPES = {
    steepness: 1 + sp.Symbol("t_c", positive=True),  # the slope exceeds 1 for three votes and more: a sum from 1
    fidelity: DOMAIN[fidelity],
    correlation: DOMAIN[correlation],
}


def _at_steepness(vote: sp.Expr) -> sp.Expr:
    return slope_at_zero(vote).subs(majority_slope(fan_in), steepness)


def _levers(vote: sp.Expr) -> tuple[Step, ...]:
    """Which way each quantity pushes the amplification."""
    factor = _at_steepness(vote)
    steps = [
        Step(
            name="amplification",
            says="The slope of the map at 0.",
            claim=sp.Eq(sp.Subs(sp.Derivative(one_level(vote), bias), bias, 0), slope_at_zero(vote), evaluate=False),
            where=DOMAIN,
        ),
        Step(
            name="fidelity helps",
            says="Clearer messages amplify more.",
            claim=sp.Gt(sp.Derivative(factor, fidelity), 0, evaluate=False),
            where=SLOPES,
        ),
        Step(
            name="fan-in helps",
            says="Steeper majorities, those of more votes, amplify more.",
            claim=sp.Gt(sp.Derivative(factor, steepness), 0, evaluate=False),
            where=SLOPES,
        ),
    ]
    if vote.has(correlation):
        steps += [
            Step(
                name="correlation hurts",
                says="The more errors are shared, the less is amplified.",
                claim=sp.Lt(sp.Derivative(factor, correlation), 0, evaluate=False),
                where=SLOPES,
            ),
            Step(
                name="shared errors never amplify",
                says="What is left when every error is shared is at most 1.",
                claim=sp.Le(sp.Limit(factor, correlation, 1), 1, evaluate=False),
                where=SLOPES,
            ),
        ]
    return tuple(steps)


def _threshold(vote: sp.Expr, unknown: sp.Symbol, name: str) -> tuple[sp.Expr, Step]:
    """The value of one quantity at which the amplification is 1, and the step that verifies it."""
    factor = _at_steepness(vote)
    value = solve_for(unknown, factor, sp.S.One)
    if value is None:
        raise DerivationError(f"step '{name}' does not hold: no closed form of {unknown} makes {factor} equal to 1")
    claim = sp.Eq(sp.Subs(factor, unknown, value), 1, evaluate=False)
    step = Step(name=name, says="There the amplification is 1.", claim=claim, where=SLOPES)
    return sp.simplify(value).subs(steepness, majority_slope(fan_in)), step


@derives("budgetsim.theory.phase.critical_fidelity", page="phase-transition")
def critical_fidelity(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The fidelity at which amplification starts.

    Parameters
    ----------
    vote
        Bias of the aggregate in the symbols `received` and `voted`: see `phase_transition.one_level_map`.

    Raises
    ------
    DerivationError
        If a lever does not push its way under these assumptions, or there is no closed form.

    Examples
    --------
    >>> round(critical_fidelity().numeric()(3, 0.0), 6)
    0.666667
    """
    value, step = _threshold(vote, fidelity, "critical fidelity")
    arguments = arguments_of(value)
    return Derivation(
        title="The fidelity at which a tree starts to amplify",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=(*_levers(vote), step),
        result=sp.Eq(critical_fidelity_, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.phase.critical_correlation", page="phase-transition")
def critical_correlation(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The correlation at which amplification stops; negative where none is small enough.

    Parameters and errors as in `critical_fidelity`.

    Examples
    --------
    >>> round(critical_correlation().numeric()(5, 0.6) * 21, 12)
    5.0
    """
    value, step = _threshold(vote, correlation, "critical correlation")
    arguments = arguments_of(value)
    return Derivation(
        title="The correlation at which a tree stops amplifying",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=(*_levers(vote), step),
        result=sp.Eq(critical_correlation_, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.phase.amplification_requirement", page="phase-transition")
def amplification_requirement(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The slope that a majority must exceed to amplify, at a fidelity and a correlation.

    Parameters and errors as in `critical_fidelity`.

    Examples
    --------
    >>> round(amplification_requirement().numeric()(0.6, 0.1), 6)
    1.740741
    """
    value, step = _threshold(vote, steepness, "slope needed")
    arguments = arguments_of(value)
    return Derivation(
        title="A tree amplifies iff the slope of its majority exceeds what its channel and its correlation ask for",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=(*_levers(vote), step),
        result=sp.Eq(requirement, value, evaluate=False),
        arguments=arguments,
    )


def _curvature(vote: sp.Expr) -> sp.Expr:
    return -sp.diff(one_level(vote), bias, 3).subs(bias, 0).doit() / 6


def _cubic_steps(vote: sp.Expr) -> tuple[Step, ...]:
    after = one_level(vote)
    return (
        *_levers(vote),
        Step(
            name="no square term",
            says="Turning every vote turns the aggregate: the map has no even terms.",
            claim=sp.Eq(sp.Subs(sp.Derivative(after, (bias, 2)), bias, 0), 0, evaluate=False),
            where=DOMAIN,
        ),
        Step(
            name="cubic term",
            says="The first term that bends the map.",
            claim=sp.Eq(-sp.Subs(sp.Derivative(after, (bias, 3)), bias, 0) / 6, _curvature(vote), evaluate=False),
            where=DOMAIN,
        ),
        Step(
            name="bends down",
            says="The map falls below its tangent.",
            claim=sp.Gt(_curvature(vote), 0, evaluate=False),
            where=DOMAIN,
        ),
    )


@derives("budgetsim.theory.phase.near_threshold_coefficient", page="phase-transition")
def near_threshold_coefficient(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The cubic coefficient of the map, which says how fast the fixed point grows beyond the threshold.

    Parameters and errors as in `critical_fidelity`.

    Examples
    --------
    >>> round(near_threshold_coefficient().numeric()(3, 0.9, 0.2), 12)
    0.2916
    """
    value = _curvature(vote)
    arguments = arguments_of(value)
    return Derivation(
        title="Near the threshold the map is its tangent less a cubic term",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=_cubic_steps(vote),
        result=sp.Eq(cubic, value, evaluate=False),
        arguments=arguments,
    )


@derives(page="phase-transition")
def near_threshold_fixed_point(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The fixed point just above the threshold: the root of the distance to it (mean-field exponent 1/2).

    Parameters and errors as in `critical_fidelity`.

    Examples
    --------
    >>> rule = near_threshold_fixed_point().numeric()
    >>> round(rule(3, 0.7, 0.1), 6), round(rule(5, 0.6, 0.1), 6)  # exact: 0.311740 and 5/9
    (0.31174, 0.546218)
    """
    factor, bend = slope_at_zero(vote), _curvature(vote)
    value = sp.sqrt((amplification - 1) / cubic)
    above = {amplification: 1 + sp.Symbol("t_alpha", positive=True)}
    arguments = arguments_of(factor - bend)
    return Derivation(
        title="The fixed point sets in like the root of the distance to the threshold",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=(
            *_cubic_steps(vote),
            Step(
                name="balance",
                says="There the cubic map meets its argument.",
                claim=sp.Eq(amplification * value - cubic * value**3, value, evaluate=False),
                where=above,
            ),
            Step(
                name="exponent one half",
                says="Its logarithm grows half as fast as that of the distance to the threshold.",
                claim=sp.Eq(
                    (amplification - 1) * sp.Derivative(value, amplification) / value, sp.Rational(1, 2), evaluate=False
                ),
                where=above,
            ),
        ),
        result=sp.Eq(onset, sp.sqrt((factor - 1) / bend), evaluate=False),
        arguments=arguments,
    )
