"""Sums over sub-questions that come apart: a function of the price times a sum of weights, so that a budget sets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from budgetsim.symbolic.proof import Step, induction

count = sp.Symbol("n", integer=True, positive=True)
first, other = sp.Idx("i"), sp.Idx("j")


@dataclass(frozen=True, slots=True, kw_only=True)
class Separated:
    """An expression of one sub-question as ``factor * weight + offset``.

    ``factor`` depends on the unknown and on what sub-questions have in common, ``weight`` and ``offset`` do not depend
    on the unknown.
    """

    factor: sp.Expr
    weight: sp.Expr
    offset: sp.Expr


def separated(expr: sp.Expr, unknown: sp.Symbol, common: Sequence[sp.Symbol]) -> Separated | None:
    """The parts of an expression, or None where sub-questions do not share one function of the unknown.

    Examples
    --------
    >>> c, g, x = sp.symbols("c g x", positive=True)
    >>> separated(c * x**g + c, x, [g]).factor, separated(c * x**g, x, [])
    (x**g, None)
    """
    spread = sp.expand(sp.expand_log(flat(expr), force=True))
    parts: dict[sp.Expr, sp.Expr] = {}
    for term in sp.Add.make_args(spread):
        free, bound = flat(term).as_independent(unknown, as_Add=False)
        parts[bound] = parts.get(bound, sp.S.Zero) + free
    offset = parts.pop(sp.S.One, sp.S.Zero)
    if len(parts) != 1:
        return None
    ((factor, weight),) = parts.items()
    if factor.free_symbols - {unknown, *common}:
        return None
    shared, weight = weight.as_independent(*(weight.free_symbols - set(common)), as_Add=False)
    return Separated(factor=shared * factor, weight=weight, offset=offset)


def flat(expr: sp.Expr) -> sp.Expr:
    """Powers of positive symbols one by one, each with its exponent in one fraction."""

    def reduced(one: sp.Expr) -> sp.Expr:
        return one.replace(lambda part: part.is_Pow, lambda part: part.base ** sp.factor(part.exp))

    return reduced(sp.expand_power_base(sp.powdenest(reduced(expr), force=True), force=True))


def indexed(expr: sp.Expr, own: Sequence[sp.Symbol], index: sp.Idx) -> sp.Expr:
    """The expression with the parameters of one sub-question written with its index."""
    return sp.sympify(expr).subs({symbol: sp.IndexedBase(symbol.name, positive=True)[index] for symbol in own})


def total(expr: sp.Expr, own: Sequence[sp.Symbol]) -> sp.Expr:
    """Its sum over all sub-questions."""
    if not expr.free_symbols & set(own):
        return count * expr
    return sp.Sum(indexed(expr, own, other), (other, 1, count))


def sum_step() -> Step:
    """That a common factor leaves a sum, whatever the weights and however many sub-questions there are."""
    factor, place = sp.Symbol("x", positive=True), sp.Symbol("j", integer=True, positive=True)
    weight, offset = sp.Function("w", positive=True)(place), sp.Function("d", positive=True)(place)
    ends = (place, 1, count)
    whole = sp.Sum(factor * weight + offset, ends)
    parts = factor * sp.Sum(weight, ends) + sp.Sum(offset, ends)
    return Step(
        name="sum",
        says="What depends on the price leaves the sum over the sub-questions.",
        claim=induction(sp.Eq(whole, parts, evaluate=False), count, start=1),
    )
