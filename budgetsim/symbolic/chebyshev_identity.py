"""Chebyshev steps are UBA steps of shape twice the condition number, and how much they contract a quadratic."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.schedule_identity import UBA_SOURCE, shape, uba, used

lowest = sp.Symbol("l", positive=True)
highest = sp.Symbol("L", positive=True)
condition = sp.Symbol("kappa", positive=True)
horizon = sp.Symbol("T", integer=True, positive=True)
place = sp.Symbol("k", integer=True, positive=True)
step_size = sp.Symbol("eta", positive=True)
contraction = sp.Symbol("w", positive=True)
curvature = sp.Symbol("lambda", positive=True)
rate = sp.Symbol("q", positive=True)
extra = sp.Symbol("v", positive=True)
MEANING = {
    lowest: "lowest curvature, above 0",
    highest: "highest curvature, not below the lowest",
    condition: "condition number L/l, above 1",
    horizon: "number of steps",
    place: "index of a step, 1 to T",
    used: "used fraction of the budget; at the nodes (2k - 1) / (2T)",
    step_size: "step size",
    contraction: "worst contraction of an error",
    curvature: "a curvature",
    rate: "contraction of one step in the long run",
}


@derives("budgetsim.theory.quadratics.chebyshev_steps", "budgetsim.theory.quadratics.uba_chebyshev_steps", page="uba")
def chebyshev_is_uba() -> Derivation:
    """The step sizes that contract a quadratic most in the worst case are those of UBA at the same nodes.

    Examples
    --------
    >>> round(chebyshev_is_uba().numeric()(0.5, 2.0, 1 / 6), 6)
    1.665332
    """
    cosine = sp.cos(sp.pi * used)
    chebyshev = 2 / (highest + lowest - (highest - lowest) * cosine)
    scheduled = (1 / lowest - 1 / highest) * uba((1 + cosine) / 2).subs(shape, 2 * highest / lowest) + 1 / highest
    node = (2 * place - 1) * sp.pi / (2 * horizon)
    centred = (highest + lowest - 2 * curvature) / (highest - lowest)
    steps = (
        Step(
            name="roots",
            says="A step undoes the error where its curvature is one over it: there the centred curvature is a cosine,",
            claim=sp.Eq(sp.Subs(centred, curvature, 1 / chebyshev), cosine, evaluate=False),
            where={highest: lowest + extra},
        ),
        Step(
            name="nodes",
            says="at the nodes a root of the Chebyshev polynomial, T_T(cos t) = cos(T t).",
            claim=sp.Eq(sp.cos(sp.expand(horizon * node)), 0, evaluate=False),
        ),
        Step(
            name="identity",
            says="The step is that of UBA between 1/l and 1/L with phi = 2 L/l.",
            claim=sp.Eq(chebyshev, scheduled, evaluate=False),
        ),
    )
    return Derivation(
        title="Chebyshev steps are UBA steps with twice the condition number as shape",
        source=UBA_SOURCE,
        meaning=MEANING,
        assumptions={"nodes": node},
        steps=steps,
        result=sp.Eq(step_size, chebyshev, evaluate=False),
        arguments=(lowest, highest, used),
    )


@derives("budgetsim.theory.quadratics.chebyshev_contraction", page="uba")
def chebyshev_contraction() -> Derivation:
    """The worst contraction of an error by Chebyshev steps.

    Examples
    --------
    >>> round(chebyshev_contraction().numeric()(100.0, 32), 6)
    0.003253
    """
    slow = (sp.sqrt(condition) - 1) / (sp.sqrt(condition) + 1)
    beyond = sp.cosh(horizon * sp.log(1 / rate))
    steps = (
        Step(
            name="end of the range",
            says="At curvature 0 the centred curvature is (kappa + 1)/(kappa - 1), the mean of q and 1/q,",
            claim=sp.Eq((slow + 1 / slow) / 2, (condition + 1) / (condition - 1), evaluate=False),
            where={condition: (1 + extra) ** 2},
        ),
        Step(
            name="hyperbolic angle",
            says="a hyperbolic cosine of log(1/q),",
            claim=sp.Eq(sp.cosh(sp.log(1 / rate)), (rate + 1 / rate) / 2, evaluate=False),
        ),
        Step(
            name="contraction",
            says="and the worst contraction is one over the Chebyshev polynomial there, cosh of T such angles.",
            claim=sp.Eq(1 / beyond, 2 * rate**horizon / (1 + rate ** (2 * horizon)), evaluate=False),
        ),
        Step(
            name="below the constant step",
            says="One step in the long run beats the best constant step.",
            claim=sp.Lt(slow, (condition - 1) / (condition + 1), evaluate=False),
            where={condition: (1 + extra) ** 2},
        ),
    )
    return Derivation(
        title="Worst contraction by Chebyshev steps",
        source="derived (Chebyshev polynomials)",
        meaning=MEANING,
        assumptions={"rate": sp.Eq(rate, slow, evaluate=False)},
        steps=steps,
        result=sp.Eq(contraction, 2 * slow**horizon / (1 + slow ** (2 * horizon)), evaluate=False),
        arguments=(condition, horizon),
    )
