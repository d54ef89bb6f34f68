"""Solve a first-order condition in closed form where there is one."""

from __future__ import annotations

import functools

import sympy as sp

from budgetsim.symbolic.proof import DerivationError, Step


@functools.cache  # rules that build on one another solve the same conditions
def solve_for(unknown: sp.Symbol, left: sp.Expr, right: sp.Expr) -> sp.Expr | None:
    """The closed form of ``unknown`` that solves ``left = right`` for positive symbols, or None where there is none.

    A candidate of SymPy is believed only if it gives back the unknown from every value that ``left`` takes: of several
    branches, this is the one on which the unknown is positive.

    Examples
    --------
    >>> b, c, k = sp.symbols("b c k", positive=True)
    >>> solve_for(b, c / b**2, k)
    sqrt(c)/sqrt(k)
    """
    value = sp.Dummy("value", positive=True)
    free = sp.Symbol(unknown.name, real=True)
    try:
        found = {*sp.solve(left - value, unknown), *sp.solve((left - value).subs(unknown, free), free)}
    except (NotImplementedError, ValueError, TypeError):
        return None
    # simplify would write s log(x) as log(x**s), which overflows
    for candidate in sorted((sp.factor(sp.expand_log(one)) for one in found), key=sp.count_ops):
        if not candidate.has(unknown, free, sp.I) and _inverts(candidate, value, unknown, left):
            return sp.expand(candidate.subs(value, right), deep=False)
    return None


def _inverts(candidate: sp.Expr, value: sp.Symbol, unknown: sp.Symbol, left: sp.Expr) -> bool:
    claim = sp.Eq(candidate.subs(value, left), unknown, evaluate=False)
    try:
        Step(name="inverse", says="The candidate gives back the unknown.", claim=claim).verify()
    except DerivationError:
        return False
    return True
