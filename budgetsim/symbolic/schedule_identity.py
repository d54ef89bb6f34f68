"""Identities of budgeted learning-rate schedules: REX, UBA and Chebyshev steps, their means and half heights.

A profile is the share of the largest step size as a function of the used fraction x of the budget.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import DerivationError, Step
from budgetsim.symbolic.quadrature import IntegralRule, antiderivative, integral
from budgetsim.symbolic.returns import adopted, parameters_of, short
from budgetsim.symbolic.solving import solve_for

used = sp.Symbol("x", positive=True)
remaining = sp.Symbol("z", positive=True)
rex_shape = sp.Symbol("d", positive=True)
shape = sp.Symbol("phi", positive=True)
share = sp.Symbol("f", positive=True)
mean = sp.Symbol("f_mean", positive=True)
half = sp.Symbol("x_half", positive=True)
inner = sp.Symbol("t", positive=True)
root = sp.Symbol("g", positive=True)

REX = (1 - used) / (1 - rex_shape + rex_shape * (1 - used))
COSINE = (1 + sp.cos(sp.pi * used)) / 2
UBA_SOURCE = "arXiv 2505.24452 (Stepsize anything: A unified learning rate schedule), the profile as reported; derived"
REX_SOURCE = "arXiv 2107.04197 (REX: Revisiting Budgeted Training with an Improved Schedule); derived"
MEANING = {
    used: "used fraction of the budget, in (0, 1)",
    rex_shape: "shape of REX, in (0, 1); 1/2 in the paper",
    shape: "shape of UBA, above 0",
    share: "share of the largest step size",
    mean: "mean of the profile over the budget",
    half: "used fraction at which the profile is one half",
}
REX_DOMAIN = {rex_shape: inner / (1 + inner)}
fraction = sp.Symbol("y", positive=True)


def rex(left: sp.Expr, at: sp.Expr) -> sp.Expr:
    """REX as a function of what is left of the budget."""
    return left / (1 - at + at * left)


def uba(at: sp.Expr) -> sp.Expr:
    """UBA with the half wave u in place of time."""
    return 2 * at / (shape + (2 - shape) * at)


@derives("budgetsim.theory.profiles.rex_profile", page="rex")
def profile_mean(profile: sp.Expr = REX, where: Mapping[sp.Symbol, sp.Expr] = REX_DOMAIN) -> Derivation:
    """Mean of a profile over the budget: what untuned comparisons of schedules mostly compare.

    Parameters
    ----------
    profile
        Share of the largest step size as a function of the symbol `used` (x), falling, 1 at the start. Other symbols
        are parameters and arguments; those without assumptions are taken as positive. Default: REX of any shape d.
    where
        Domain of parameters beyond positive: each as an expression of positive symbols; d is in (0, 1).

    Raises
    ------
    DerivationError
        If the profile does not start at 1 (step ``start``) or does not fall (step ``falling``).

    Examples
    --------
    >>> round(profile_mean().numeric()(0.5), 4)
    0.6137
    >>> profile_mean(profile=1 - used**2).result.rhs
    2/3
    """
    profile = adopted(profile, used)
    steps = _profile_steps(profile, where)
    area = integral(profile, used, sp.S.Zero, sp.S.One)
    grown = antiderivative(profile, used)
    if grown is not None and not area.has(sp.Integral):
        growth = sp.Eq(sp.Derivative(grown, used), profile, evaluate=False)
        ends = sp.Subs(grown, used, 1) - sp.Subs(grown, used, 0)
        steps += [
            Step(name="antiderivative", says="The area grows by the profile,", claim=growth, where=where),
            Step(name="area", says="and adds up to the mean.", claim=sp.Eq(ends, area, evaluate=False), where=where),
        ]
    return IntegralRule(
        title="Mean of a profile",
        source=REX_SOURCE,
        meaning=MEANING,
        assumptions={"profile": profile},
        steps=tuple(steps),
        result=sp.Eq(mean, area, evaluate=False),
        arguments=parameters_of(profile, without=(used,)),
    )


@derives("budgetsim.theory.profiles.rex_profile", page="rex")
def profile_half_height(profile: sp.Expr = REX, where: Mapping[sp.Symbol, sp.Expr] = REX_DOMAIN) -> Derivation:
    """The used fraction of the budget at which a profile has fallen to one half. Arguments as in `profile_mean`.

    Examples
    --------
    >>> round(profile_half_height().numeric()(0.5), 4), round(profile_half_height(profile=COSINE).numeric()(), 4)
    (0.6667, 0.5)
    """
    profile = adopted(profile, used)
    steps = _profile_steps(profile, where)
    closed = within(lambda: solve_for(used, profile, sp.Rational(1, 2)))
    if closed is not None:
        at_half = sp.Eq(sp.Subs(profile, used, closed), sp.Rational(1, 2), evaluate=False)
        halved = Step(name="half height", says="There the profile is one half.", claim=at_half, where=where)
        try:
            halved.verify()
        except DerivationError:
            closed = None
        else:
            steps.append(halved)
    residual = profile.subs(used, half) - sp.Rational(1, 2)
    return Derivation(
        title="Half height of a profile",
        source=REX_SOURCE,
        meaning=MEANING,
        assumptions={"profile": profile},
        steps=tuple(steps),
        result=sp.Eq(half, residual if closed is None else short(sp.simplify(closed)), evaluate=False),
        arguments=parameters_of(profile, without=(used,)),
        bracket=(sp.Float(1e-12), sp.Float(1 - 1e-12)) if closed is None else None,
    )


@derives("budgetsim.theory.profiles.uba_profile", "budgetsim.theory.profiles.uba_as_rex", page="uba")
def uba_forms() -> Derivation:
    """UBA in its four forms: as published, by the half wave, by the tangent, and as REX in cosine time.

    Examples
    --------
    >>> round(uba_forms().numeric()(0.75, 0.5), 6)
    0.406983
    """
    wave = 1 + sp.cos(sp.pi * used)
    published = 2 * wave / (2 * shape + (2 - shape) * wave)
    tangent = 1 / (1 + shape / 2 * inner**2)
    height = 1 / (1 + inner**2)
    angle = 2 * sp.atan(inner) / sp.pi
    steps = (
        Step(
            name="half wave",
            says="By the cosine profile u.",
            claim=sp.Eq(published, uba(COSINE), evaluate=False),
        ),
        Step(
            name="cosine by tangent",
            says="With t = tan(pi x / 2) the cosine profile is 1 / (1 + t^2),",
            claim=sp.Eq(sp.Subs(COSINE, used, angle), height, evaluate=False),
        ),
        Step(name="tangent", says="so that UBA is this.", claim=sp.Eq(uba(height), tangent, evaluate=False)),
        Step(
            name="rex in cosine time",
            says="UBA is REX of shape 1 - phi/2 with u left of the budget.",
            claim=sp.Eq(uba(remaining), rex(remaining, 1 - shape / 2), evaluate=False),
        ),
        Step(
            name="cosine",
            says="Shape 2 is the cosine profile.",
            claim=sp.Eq(sp.Subs(published, shape, 2), COSINE, evaluate=False),
        ),
        Step(
            name="falling in the shape",
            says="A larger shape falls earlier.",
            claim=sp.Lt(sp.diff(tangent, shape), 0, evaluate=False),
        ),
    )
    return Derivation(
        title="UBA is REX in cosine time",
        source=UBA_SOURCE,
        meaning=MEANING | {inner: "tan(pi x / 2)", remaining: "half wave u, in (0, 1)"},
        assumptions={"published": published},
        steps=steps,
        result=sp.Eq(share, published, evaluate=False),
        arguments=(used, shape),
    )


@derives("budgetsim.theory.profiles.uba_mean", page="uba")
def uba_mean() -> Derivation:
    """Mean of the UBA profile, by the tangent of half the angle.

    Examples
    --------
    >>> uba_mean().numeric()(2.0)
    0.5
    """
    return _moment(1, 1 / (1 + sp.sqrt(shape / 2)))


@derives("budgetsim.theory.profiles.uba_mean_square", page="uba")
def uba_mean_square() -> Derivation:
    """Mean square of the UBA profile.

    Examples
    --------
    >>> uba_mean_square().numeric()(2.0)
    0.375
    """
    return _moment(2, (1 + sp.sqrt(shape / 2) / 2) / (1 + sp.sqrt(shape / 2)) ** 2)


@derives("budgetsim.theory.profiles.uba_half_height", page="uba")
def uba_half_height() -> Derivation:
    """The used fraction at which UBA is one half.

    Examples
    --------
    >>> round(uba_half_height().numeric()(2.0), 12)
    0.5
    """
    closed = 2 * sp.atan(sp.sqrt(2 / shape)) / sp.pi
    tangent = 1 / (1 + shape / 2 * sp.tan(sp.pi * used / 2) ** 2)
    return Derivation(
        title="Half height of UBA",
        source=UBA_SOURCE,
        meaning=MEANING,
        assumptions={"profile": tangent},
        steps=(
            Step(
                name="half height",
                says="There the profile is one half.",
                claim=sp.Eq(sp.Subs(tangent, used, closed), sp.Rational(1, 2), evaluate=False),
            ),
        ),
        result=sp.Eq(half, closed, evaluate=False),
        arguments=(shape,),
    )


def _moment(power: int, closed: sp.Expr) -> Derivation:
    """Mean of a power of UBA: ``(2/pi) int_0^oo dt / ((1+t^2) (1+g^2 t^2)^power)`` with g^2 = phi/2."""
    integrand = 1 / ((1 + inner**2) * (1 + root**2 * inner**2) ** power)
    gap = 1 - root**2
    area = (sp.atan(inner) - root * sp.atan(root * inner)) / gap
    if power == 2:
        bend = inner / (1 + root**2 * inner**2) + sp.atan(root * inner) / root
        area = sp.atan(inner) / gap**2 - root * sp.atan(root * inner) / gap**2 - root**2 / (2 * gap) * bend
    whole = sp.pi / 2 * closed.subs(shape, 2 * root**2)
    steps = (
        Step(
            name="substitution",
            says="With t = tan(pi x / 2) the used fraction moves by this.",
            claim=sp.Eq(sp.Derivative(2 * sp.atan(inner) / sp.pi, inner), 2 / (sp.pi * (1 + inner**2)), evaluate=False),
        ),
        Step(
            name="antiderivative",
            says="The area under the curve grows by the curve, with g = sqrt(phi/2).",
            claim=sp.Eq(sp.Derivative(area, inner), integrand, evaluate=False),
        ),
        Step(name="start", says="It starts at 0,", claim=sp.Eq(sp.Subs(area, inner, 0), 0, evaluate=False)),
        Step(
            name="whole area",
            says="and ends here.",
            claim=sp.Eq(sp.Limit(area, inner, sp.oo), sp.simplify(whole), evaluate=False),
        ),
    )
    return Derivation(
        title="Mean of UBA" if power == 1 else "Mean square of UBA",
        source=UBA_SOURCE,
        meaning=MEANING | {inner: "tan(pi x / 2)", root: "sqrt(phi / 2)"},
        assumptions={"integrand": integrand},
        steps=steps,
        result=sp.Eq(mean, closed, evaluate=False),
        arguments=(shape,),
    )


def _profile_steps(profile: sp.Expr, where: Mapping[sp.Symbol, sp.Expr]) -> list[Step]:
    steps = [
        Step(name="start", says="It starts at 1.", claim=sp.Eq(sp.Subs(profile, used, 0), 1, evaluate=False)),
        Step(
            name="falling",
            says="It falls.",
            claim=sp.Le(sp.diff(profile, used), 0, evaluate=False),
            where={**where, used: fraction / (1 + fraction)},
        ),
    ]
    for step in steps:
        step.verify()
    return steps
