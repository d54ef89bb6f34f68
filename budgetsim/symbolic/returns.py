"""What a token brings and what it costs: the assumptions that allocation and stopping share, checked and inverted."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sympy as sp

from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import DerivationError, Step
from budgetsim.symbolic.solving import solve_for

tokens = sp.Symbol("b", positive=True)
price = sp.Symbol("lambda", positive=True)
beyond = sp.Symbol("t", positive=True)

EXTREMES = (sp.Rational(1, 1000), sp.Integer(100))  # tokens beside which parameters are large, or small
# Symbols that formulas of this room name first, in this order; others follow in alphabetical order.
NAMED = ("Q_max", "c", "beta", "s", "h", "a", "k")


def adopted(expr: sp.Expr | float, own: sp.Symbol = tokens) -> sp.Expr:
    """A user's expression in our symbols: ``own`` is found by its name, symbols without assumptions become positive.

    Examples
    --------
    >>> adopted(sp.sympify("c/x")).free_symbols == {sp.Symbol("c", positive=True), sp.Symbol("x", positive=True)}
    True
    """
    expr = sp.sympify(expr)
    names = {symbol: sp.Symbol(symbol.name, positive=True) for symbol in expr.free_symbols if symbol.is_real is None}
    names |= {symbol: own for symbol in expr.free_symbols if symbol.name == own.name}
    return expr.xreplace(names)


def parameters_of(*expressions: sp.Expr, without: tuple[sp.Symbol, ...] = (tokens, price)) -> tuple[sp.Symbol, ...]:
    """The other symbols of expressions, the usual ones first."""
    free = set().union(*(sp.sympify(expr).free_symbols for expr in expressions)) - set(without)
    order = {name: place for place, name in enumerate(NAMED)}
    return tuple(sorted(free, key=lambda symbol: (order.get(symbol.name, len(order)), symbol.name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """A benefit that grows and a cost, with diminishing returns from ``least`` tokens on.

    Parameters
    ----------
    benefit, cost
        Functions of `tokens`.
    marginal
        Benefit of one more unit of cost, falling in the tokens.
    least
        Tokens from which it falls: 0, or the inflection of a curve that bends there.
    demand
        Tokens at which the marginal benefit equals `price`, or None where there is no closed form.
    where
        Domain of the parameters beyond positive: see `Step`.
    steps
        What was verified.
    """

    benefit: sp.Expr
    cost: sp.Expr
    marginal: sp.Expr
    least: sp.Expr
    demand: sp.Expr | None
    where: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    @property
    def direct(self) -> bool:
        """Whether numbers may come from the closed form: Lambert's W has arguments that overflow."""
        return self.demand is not None and not self.demand.has(sp.LambertW)

    @property
    def always(self) -> bool:
        """Whether some tokens are wanted at every price, by a closed form."""
        return self.direct and self.demand is not None and bool(self.demand.is_nonnegative)

    @property
    def logarithm(self) -> sp.Expr:
        """Logarithm of the marginal benefit, which neither overflows nor vanishes where the benefit does."""
        return sp.expand_log(sp.log(sp.factor(self.marginal)))


def diminishing_returns(
    benefit: sp.Expr, cost: sp.Expr = tokens, *, where: Mapping[sp.Symbol, sp.Expr] | None = None, falls: bool = False
) -> Returns:
    """Check the assumptions and find the tokens wanted at a price.

    Parameters
    ----------
    benefit, cost
        Functions of `tokens`.
    where
        Domain of the parameters beyond positive: see `Step`.
    falls
        Whether the steps speak of the negative of the benefit, an uncertainty that decreases and is convex.

    Raises
    ------
    DerivationError
        If the benefit or the cost does not rise (steps ``increasing`` or ``decreasing``; ``cost rises``), or if there
        are no tokens from which the returns diminish (steps ``concave`` or ``convex``).

    Examples
    --------
    >>> x = sp.Symbol("x", positive=True)
    >>> diminishing_returns(sp.log(tokens + x)).demand
    -x + 1/lambda
    """
    where = dict(where or {})
    slope, rate = (short(sp.diff(expr, tokens)) for expr in (benefit, cost))
    marginal = slope if rate == 1 else short(slope / rate)
    sign = -1 if falls else 1
    curve, word = (-benefit, "decreasing") if falls else (benefit, "increasing")
    steps = [
        Step(
            name="marginal",
            says="What one more token brings.",
            claim=sp.Eq(sp.Derivative(curve, tokens), sign * slope, evaluate=False),
            where=where,
        ),
        Step(
            name=word,
            says="More tokens never hurt.",
            claim=sp.Lt(-slope, 0, evaluate=False) if falls else sp.Gt(slope, 0, evaluate=False),
            where=where,
        ),
    ]
    if rate != 1:
        cost_rises = sp.Gt(sp.Derivative(cost, tokens), 0, evaluate=False)
        steps.append(Step(name="cost rises", says="More tokens cost more.", claim=cost_rises, where=where))
    for step in steps:
        step.verify()
    bend, least = _bend(curve, cost, sign * marginal, falls, where)
    steps.append(bend)
    demand = within(lambda: solve_for(tokens, marginal, price)) if least == 0 else _demand_beyond(marginal, least)
    if demand is not None:
        worth = benefit - price * cost
        steps.append(
            Step(
                name="stationary",
                says="There the marginal benefit equals the price of a unit of cost.",
                claim=sp.Eq(sp.Subs(sp.diff(worth, tokens), tokens, demand), 0, evaluate=False),
                where=where,
            )
        )
    return Returns(
        benefit=benefit,
        cost=cost,
        marginal=marginal,
        least=least,
        demand=demand,
        where=where,
        steps=tuple(steps),
    )


def _bend(
    curve: sp.Expr, cost: sp.Expr, marginal: sp.Expr, falls: bool, where: Mapping[sp.Symbol, sp.Expr]
) -> tuple[Step, sp.Expr]:
    """The step that says where returns diminish, and the tokens from which they do."""
    bent = sp.Derivative(curve, (tokens, 2)) if cost == tokens else sp.Derivative(marginal, tokens)
    in_what = "" if cost == tokens else " in what is spent"

    def step(least: sp.Expr, domain: Mapping[sp.Symbol, sp.Expr]) -> Step:
        return Step(
            name="convex" if falls else "concave",
            says=f"Returns diminish{in_what}" + (f" from b = {least} on." if least != 0 else "."),
            claim=(sp.Gt if falls else sp.Lt)(bent, 0, evaluate=False),
            where={**where, **domain},
        )

    everywhere = step(sp.S.Zero, {})
    try:
        if everywhere.verify() == "checked":
            _verify_far(step(sp.S.Zero, {tokens: size * beyond}) for size in EXTREMES)
    except DerivationError as refuted:
        for least, forms in _inflections(bent.doit(), where):
            candidates = [step(least, {tokens: form}) for form in forms]
            try:
                proved = next((one for one in candidates if one.verify() == "proved"), None)
                if proved is None:
                    _verify_far(step(least, {tokens: least + size * beyond}) for size in EXTREMES)
            except DerivationError:
                continue
            return proved or candidates[0], least
        raise refuted from None
    return everywhere, sp.S.Zero


def _verify_far(steps: Iterable[Step]) -> None:
    """Look for counterexamples where tokens are few or many beside the parameters."""

    def refutation(step: Step) -> DerivationError | None:
        try:
            step.verify()
        except DerivationError as error:
            return error
        return None

    for step in steps:
        error = within(functools.partial(refutation, step), seconds=1.0)
        if error is not None:
            raise error


def _inflections(bend: sp.Expr, where: Mapping[sp.Symbol, sp.Expr]) -> Iterator[tuple[sp.Expr, list[sp.Expr]]]:
    """Tokens at which a curve turns, each with forms of the tokens beyond it."""
    zero = sp.numer(sp.together(bend))
    places = within(lambda: sp.solve(zero, tokens)) or within(lambda: sp.solve(sp.simplify(zero), tokens))
    for place in places or []:
        least = short(place)
        if least.is_positive or (least.is_positive is None and not least.has(sp.I)):
            # exponentials of tokens over a scale turn into plain fractions
            scales = [scale for scale in parameters_of(bend) if bend.has(sp.exp) and scale not in where]
            yield least, [least + beyond, *(least + scale * sp.log(1 + beyond) for scale in scales)]


def short(expr: sp.Expr) -> sp.Expr:
    """The shortest of a few forms; exponents in one fraction."""

    def gathered(one: sp.Expr) -> sp.Expr:
        return sp.powsimp(sp.factor(one)).replace(
            lambda part: part.is_Pow, lambda part: part.base ** sp.factor(part.exp)
        )

    return min((form(expr) for form in (gathered, sp.factor, sp.sympify)), key=sp.count_ops)


def _demand_beyond(marginal: sp.Expr, least: sp.Expr) -> sp.Expr | None:
    shifted = marginal.subs(tokens, least + beyond)
    found = within(lambda: solve_for(beyond, shifted, price))
    return None if found is None else least + found
