"""The anytime index of a quality curve: the area under it over the largest possible area, for any curve."""

from __future__ import annotations

from typing import Literal

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.quadrature import IntegralRule, integral
from budgetsim.symbolic.returns import adopted, parameters_of, tokens
from budgetsim.symbolic.stopping import EXPONENTIAL_QUALITY, MEANING

horizon = sp.Symbol("B", positive=True)
index = sp.Symbol("AI", positive=True)


@derives("budgetsim.theory.anytime.exponential_anytime_index", page="anytime")
def anytime_index_own(quality: sp.Expr = EXPONENTIAL_QUALITY) -> Derivation:
    """The index against the run's own best quality: speed alone.

    Parameters
    ----------
    quality
        Quality as a function of the symbol `tokens`, rising, so that the best so far is the latest, and above 0. Its
        other symbols are parameters; those without assumptions are taken as positive.

    Raises
    ------
    DerivationError
        If the quality does not rise (step ``increasing``) or starts below 0 (step ``start``).

    Examples
    --------
    >>> round(anytime_index_own().numeric()(1.0, 800.0, 4096.0), 5)
    0.8107
    """
    return _index(quality, "own")


@derives("budgetsim.theory.anytime.exponential_anytime_index", page="anytime")
def anytime_index_absolute(quality: sp.Expr = EXPONENTIAL_QUALITY) -> Derivation:
    """The index against quality 1. Arguments as in `anytime_index_own`.

    Examples
    --------
    >>> round(anytime_index_absolute().numeric()(1.0, 800.0, 4096.0), 5)
    0.80585
    """
    return _index(quality, "absolute")


def _index(quality: sp.Expr, against: Literal["own", "absolute"]) -> Derivation:
    quality = adopted(quality)
    start = within(lambda: sp.limit(quality, tokens, 0, "+")) or quality.subs(tokens, 0)
    steps = [
        Step(
            name="increasing",
            says="The best quality so far is the latest.",
            claim=sp.Gt(sp.diff(quality, tokens), 0, evaluate=False),
        ),
        Step(name="start", says="It starts at 0 or above.", claim=sp.Ge(start, 0, evaluate=False)),
    ]
    for step in steps:
        step.verify()
    area = integral(quality, tokens, sp.S.Zero, horizon)
    if not area.has(sp.Integral):
        steps += [
            Step(
                name="growth of the area",
                says="The area grows by the quality at its end,",
                claim=sp.Eq(sp.Derivative(area, horizon), quality.subs(tokens, horizon), evaluate=False),
            ),
            Step(
                name="start of the area",
                says="and starts at 0.",
                claim=sp.Eq(sp.Limit(area, horizon, 0, "+"), 0, evaluate=False),
            ),
        ]
    largest = quality.subs(tokens, horizon) if against == "own" else sp.S.One
    return IntegralRule(
        title="Anytime index against " + ("the run's own best quality" if against == "own" else "quality 1"),
        source="arXiv 2601.11038 (Budget-Aware Anytime Reasoning), the index as reported; the closed form is derived",
        meaning={**MEANING, horizon: "budget, tokens, above 0", index: "anytime index"},
        assumptions={"quality": quality},
        steps=tuple(steps),
        result=sp.Eq(index, sp.factor_terms(area) / (horizon * sp.factor_terms(largest)), evaluate=False),
        arguments=(*parameters_of(quality), horizon),
    )
