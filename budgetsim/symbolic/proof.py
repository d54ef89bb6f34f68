"""Steps of a derivation, and what SymPy makes of them: proved, checked at points, or refuted by a counterexample."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

Outcome = Literal["proved", "checked"]
"""``proved``: SymPy reduced the claim to a truth. ``checked``: it could not, and no counterexample was found."""

POINTS = 12  # random points at which a claim is tried before a proof is looked for
DIGITS = 40
PATIENCE = 250  # operations beyond which no proof is looked for by simplification, which takes minutes there
SIGN_PATIENCE = 150  # the same for signs
QUICK = 4  # reductions that are quick
ZERO = sp.Float("1e-25")


class DerivationError(ValueError):
    """A step does not hold; the message names the step, what it says and where it fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One verified step.

    Parameters
    ----------
    name
        Short name, unique in its derivation.
    says
        One sentence for a reader.
    claim
        An equation, an inequality or a conjunction of them, not yet evaluated: it may hold derivatives, integrals,
        sums and limits, which the check carries out.
    where
        Domain of symbols beyond their own assumptions: each symbol as an expression of positive symbols, such as
        ``{u: t / (1 + t)}`` for ``0 < u < 1``.

    Examples
    --------
    >>> x = sp.Symbol("x", positive=True)
    >>> step = Step(name="slope", says="The slope of x^2.", claim=sp.Eq(sp.Derivative(x**2, x), 2 * x, evaluate=False))
    >>> step.verify()
    'proved'
    """

    name: str
    says: str
    claim: sp.Basic
    where: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)

    def verify(self) -> Outcome:
        """Prove or check the claim.

        Raises
        ------
        DerivationError
            If a counterexample is found; the message holds it.
        """
        outcomes = [self._verify(claim) for claim in _claims(self.claim)]
        return "proved" if all(outcome == "proved" for outcome in outcomes) else "checked"

    def _verify(self, claim: sp.Basic) -> Outcome:
        if claim is sp.true:
            return "proved"
        if not isinstance(claim, Relational):
            raise DerivationError(f"step '{self.name}' does not hold ({self.says}): it reads {claim}")
        proved, counterexample = _verdict(claim, tuple(self.where.items()))
        if counterexample is not None:
            where = ", ".join(f"{symbol} = {value}" for symbol, value in counterexample) or "itself"
            raise DerivationError(f"step '{self.name}' does not hold ({self.says}): it fails at {where}")
        return "proved" if proved else "checked"


@functools.cache  # derivations share steps
def _verdict(
    claim: Relational, domain: tuple[tuple[sp.Symbol, sp.Expr], ...]
) -> tuple[bool, tuple[tuple[sp.Symbol, sp.Expr], ...] | None]:
    """Whether a claim is proved, and a point at which it fails."""
    where = dict(domain)
    concrete = _concrete(claim)
    for point in _points(concrete, where):
        if not _holds_at(concrete, point):
            return False, tuple(sorted(point.items(), key=str))
    return _proved(claim, where), None


def induction(statement: sp.Equality, index: sp.Symbol, start: int = 0) -> sp.Basic:
    """The two claims that prove ``statement`` for every whole ``index >= start``: the base and the step up.

    Sums of the statement that run to ``index`` grow by their next term.

    Examples
    --------
    >>> k, j = sp.symbols("k j", integer=True, nonnegative=True)
    >>> total = sp.Eq(sp.Sum(j, (j, 1, k)), k * (k + 1) / 2, evaluate=False)
    >>> Step(name="sum", says="The sum of the first k numbers.", claim=induction(total, k)).verify()
    'proved'
    """

    def growth(side: sp.Expr) -> sp.Expr:
        sums = [total for total in side.atoms(sp.Sum) if total.limits[0][2] == index]
        names = {total: sp.Dummy() for total in sums}
        later = side.xreplace(names).subs(index, index + 1)
        terms = {name: total + total.function.subs(total.limits[0][0], index + 1) for total, name in names.items()}
        return sp.expand(later.xreplace(terms) - side)

    base = sp.Eq(statement.lhs.subs(index, start), statement.rhs.subs(index, start), evaluate=False)
    return sp.And(base, sp.Eq(growth(statement.lhs), growth(statement.rhs), evaluate=False), evaluate=False)


_BEYOND = (NotImplementedError, ValueError, TypeError, AttributeError, sp.PolynomialError, sp.PoleError)  # SymPy


def _claims(claim: sp.Basic) -> tuple[sp.Basic, ...]:
    return claim.args if isinstance(claim, sp.And) else (claim,)


def _draw(symbol: sp.Symbol, random_: random.Random) -> sp.Expr:
    if symbol.is_integer:
        least = 1 if symbol.is_positive else 0
        return sp.Integer(random_.randint(least, 6))
    if symbol.is_positive or symbol.is_nonnegative:
        return sp.Rational(random_.randint(1, 60), random_.randint(7, 23))
    return sp.Rational(random_.randint(-40, 40), random_.randint(7, 23))


def _concrete(claim: Relational) -> Relational:
    """The claim with cubics of random coefficients for the functions that it leaves open: numbers to try it on."""
    random_ = random.Random("functions")
    for function in sorted({applied.func for applied in claim.atoms(AppliedUndef)}, key=str):
        weights = [sp.Rational(random_.randint(1, 40), random_.randint(7, 23)) for _ in range(4)]

        def cubic(*arguments: sp.Expr, weights: list[sp.Rational] = weights) -> sp.Expr:
            return sum((weight * sum(arguments) ** power for power, weight in enumerate(weights)), sp.S.Zero)

        left, right = (sp.sympify(side).replace(function, cubic) for side in (claim.lhs, claim.rhs))
        claim = claim.func(left, right, evaluate=False)
    return claim


def _points(claim: Relational, where: Mapping[sp.Symbol, sp.Expr]) -> Iterator[dict[sp.Symbol, sp.Expr]]:
    """Random rational points of the domain."""
    random_ = random.Random(f"{len(where)} {claim.rel_op}")
    free = sorted(claim.free_symbols, key=str)
    hidden = sorted(set().union(*(expr.free_symbols for expr in where.values()), set()) - set(where), key=str)
    for _ in range(POINTS if free else 1):
        drawn = {symbol: _draw(symbol, random_) for symbol in (*free, *hidden) if symbol not in where}
        inner = {symbol: sp.nsimplify(_resolve(expr, where).subs(drawn)) for symbol, expr in where.items()}
        yield {symbol: {**drawn, **inner}[symbol] for symbol in free}


def _resolve(expr: sp.Expr, where: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    for _ in range(len(where) + 1):
        expr = expr.subs(where)
    return expr


def _value(expr: sp.Expr, point: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    try:
        return sp.N(sp.sympify(expr).subs(point).replace(sp.Sum, _added_up).doit(), DIGITS)
    except _BEYOND:
        return sp.nan


def _added_up(summand: sp.Expr, *limits: sp.Tuple) -> sp.Expr:
    """A sum, term by term where its limits are whole numbers: much faster than a search for a closed form."""
    index, low, high = limits[0]
    if len(limits) > 1 or not (low.is_Integer and high.is_Integer) or not 0 <= high - low < 1000:
        return sp.Sum(summand, *limits)
    return sp.Add(*(summand.subs(index, term) for term in range(int(low), int(high) + 1)))


def _holds_at(claim: Relational, point: Mapping[sp.Symbol, sp.Expr]) -> bool:
    left, right = _value(claim.lhs, point), _value(claim.rhs, point)
    if not (left.is_number and right.is_number) or sp.nan in (left, right):
        return True  # beyond numbers (an open limit, say): only a proof can tell
    gap = sp.re(left - right)
    if isinstance(claim, sp.Equality):
        return bool(left == right or abs(left - right) <= ZERO * max(1, abs(left), abs(right)))
    if claim.rel_op in (">", ">="):
        return bool(gap > -ZERO) if claim.rel_op == ">=" else bool(gap > 0)
    return bool(gap < ZERO) if claim.rel_op == "<=" else bool(gap < 0)


_REDUCTIONS: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    sp.expand,
    sp.factor,
    sp.powsimp,
    lambda expr: sp.powsimp(
        sp.expand_power_base(sp.powdenest(sp.expand(expr, power_exp=True), force=True), force=True)
    ),
    sp.gammasimp,
    sp.combsimp,
    lambda expr: sp.simplify(sp.expand_log(expr, force=True)),
    sp.simplify,
    lambda expr: sp.simplify(expr.rewrite(sp.gamma)),
    lambda expr: sp.simplify(sp.expand_func(expr)),
    lambda expr: sp.simplify(expr.rewrite(sp.exp)),
)


def _proved(claim: Relational, where: Mapping[sp.Symbol, sp.Expr]) -> bool:
    try:
        difference = _resolve(sp.sympify(claim.lhs - claim.rhs).doit(), where)
    except _BEYOND:
        return False
    if isinstance(claim, sp.Equality):
        reductions = _REDUCTIONS if difference.count_ops() < PATIENCE else _REDUCTIONS[:QUICK]
        return difference == 0 or any(_is_zero(reduce, difference) for reduce in reductions)
    strict = claim.rel_op in (">", "<")
    sign = 1 if claim.rel_op in (">", ">=") else -1
    return _positive(sp.sympify(sign * difference), strict)


def _is_zero(reduce: Callable[[sp.Expr], sp.Expr], expr: sp.Expr) -> bool:
    try:
        return bool(reduce(expr) == 0)
    except _BEYOND:
        return False


def _positive(expr: sp.Expr, strict: bool) -> bool:
    """Whether an expression of positive symbols is positive: by its own assumptions, or coefficient by coefficient."""
    forms: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        lambda form: form,
        sp.factor,
        lambda form: sp.factor(sp.together(sp.simplify(form))),
        sp.expand,
        lambda form: form.rewrite(sp.gamma),
    )
    forms = forms if expr.count_ops() < SIGN_PATIENCE else forms[:1]
    return any(all(_positive_factor(factor, strict) for factor in sp.Mul.make_args(form(expr))) for form in forms)


def _positive_factor(factor: sp.Expr, strict: bool) -> bool:
    if factor == sp.oo or factor.is_positive or (not strict and factor.is_nonnegative):
        return True
    if isinstance(factor, sp.Pow) and factor.exp.is_real:
        return _positive_factor(factor.base, strict=True)
    top, bottom = sp.fraction(sp.together(factor))
    return _positive_terms(top, strict) and _positive_terms(bottom, strict=True)


def _positive_terms(expr: sp.Expr, strict: bool) -> bool:
    terms = sp.Add.make_args(sp.expand(expr) if expr.count_ops() < SIGN_PATIENCE else expr)
    return all(term.is_nonnegative for term in terms) and (not strict or any(term.is_positive for term in terms))
