"""Where trees of three and of five votes saturate, in closed form."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.critical_values import SOURCE, onset
from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.phase_transition import SHARED_VOTE, arguments_of, meaning_of
from budgetsim.symbolic.proof import DerivationError, Step
from budgetsim.symbolic.tree import DOMAIN, bias, correlation, fidelity, majority_slope, received, voted

square = sp.Symbol("w")  # of the received bias


def _inside(candidates: list[sp.Expr], chord: sp.Expr) -> sp.Expr:
    """The root in (0, 1), tried far above the threshold: the map has no more than one there."""
    symbols = sorted(chord.free_symbols, key=str)
    point = {symbol: sp.Rational(9, 10) if symbol == fidelity else sp.Rational(1, 5) for symbol in symbols}
    for candidate in candidates:
        value = sp.N(candidate.subs(point))
        if value.is_real and 0 < value < 1:
            return candidate
    raise DerivationError(f"step 'fixed point' does not hold: no closed form solves {chord} = 1")


def _exact(votes: int, vote: sp.Expr) -> Derivation:
    rise = majority_slope(votes).closed() * (1 - bias**2) ** ((votes - 1) // 2)
    polynomial = sp.integrate(rise, bias)
    after = fidelity * vote.subs({received: bias, voted: polynomial}, simultaneous=True)
    chord = sp.expand(after / bias).subs(bias, sp.sqrt(square))
    root = sp.sqrt(sp.simplify(_inside(sp.solve(chord - 1, square), chord))) / fidelity
    arguments = arguments_of(root)
    return Derivation(
        title=f"The fixed point of a tree of {votes} votes",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"vote": vote},
        steps=(
            Step(
                name="majority",
                says="The majority map is a polynomial: its derivative and its start are those of the map.",
                claim=sp.And(
                    sp.Eq(sp.Derivative(polynomial, bias), rise, evaluate=False),
                    sp.Eq(sp.Subs(polynomial, bias, 0), 0, evaluate=False),
                    evaluate=False,
                ),
                where={bias: DOMAIN[bias]},
            ),
            Step(
                name="fixed point",
                says="There the map meets its argument: the chord, in the square of the received bias, has slope 1.",
                claim=sp.Eq(sp.Subs(chord, square, (fidelity * root) ** 2), 1, evaluate=False),
                where={fidelity: DOMAIN[fidelity], correlation: DOMAIN[correlation]},
            ),
        ),
        result=sp.Eq(onset, root, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.phase.fixed_point", page="phase-transition")
def fixed_point_of_three(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The fixed point of a tree of fan-in 3; NaN where the tree does not amplify.

    Examples
    --------
    >>> round(fixed_point_of_three().numeric()(0.9, 0.2), 10)
    0.9442628729
    """
    return _exact(3, vote)


@derives("budgetsim.theory.phase.fixed_point", page="phase-transition")
def fixed_point_of_five(vote: sp.Expr = SHARED_VOTE) -> Derivation:
    """The fixed point of a tree of fan-in 5; NaN where the tree does not amplify.

    Examples
    --------
    >>> round(9 * fixed_point_of_five().numeric()(0.6, 0.1), 12)
    5.0
    """
    return _exact(5, vote)
