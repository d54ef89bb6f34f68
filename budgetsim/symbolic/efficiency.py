"""How many tokens a loss of accuracy must save: the break-even of a score of efficiency."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import adopted, parameters_of, short
from budgetsim.symbolic.solving import solve_for

accuracy = sp.Symbol("A", positive=True)
tokens = sp.Symbol("T", positive=True)
loss = sp.Symbol("x", positive=True)
break_even = sp.Symbol("T_even", positive=True)
odds = sp.Symbol("t", positive=True)

E3 = accuracy**2 / tokens


@derives("budgetsim.theory.plan_and_budget.e3_breakeven_tokens", page="plan-and-budget")
def break_even_tokens(score: sp.Expr = E3) -> Derivation:
    """The tokens at which a relative loss of accuracy leaves the score as it was.

    Parameters
    ----------
    score
        Score as a function of `accuracy` A (percent) and `tokens` T (mean decoded tokens): rising in A, falling in T.
        Other symbols are parameters and come first among the arguments; those without assumptions are taken as
        positive. The accuracy is an argument only where the rule depends on it.

    Raises
    ------
    DerivationError
        If the score does not rise with the accuracy (step ``accuracy counts``) or does not fall with the tokens (step
        ``tokens cost``).

    Examples
    --------
    >>> round(break_even_tokens().numeric()(1000.0, 0.05), 9)
    902.5
    >>> break_even_tokens(score=accuracy**2 / (tokens + sp.Symbol("a"))).result.rhs
    -a + (1 - x)**2*(T + a)
    """
    score = adopted(adopted(score, accuracy), tokens)
    worse = {accuracy: accuracy * (1 - loss)}
    domain = {loss: odds / (1 + odds)}
    steps = [
        Step(
            name="accuracy counts",
            says="More accuracy scores higher.",
            claim=sp.Gt(sp.diff(score, accuracy), 0, evaluate=False),
        ),
        Step(
            name="tokens cost", says="More tokens score lower.", claim=sp.Lt(sp.diff(score, tokens), 0, evaluate=False)
        ),
    ]
    for step in steps:
        step.verify()
    lost = score.subs(worse, simultaneous=True)
    closed = _break_even(score)
    if closed is not None:
        even = sp.Eq(lost.subs(tokens, closed), score, evaluate=False)
        steps.append(Step(name="break-even", says="There the score is what it was.", claim=even, where=domain))
    residual = lost.subs(tokens, break_even) - score
    needed = (closed if closed is not None else residual).free_symbols
    return Derivation(
        title="Tokens at which a loss of accuracy is forgiven",
        source="derived; the score A^2/T is E3 of arXiv 2505.16122 (Plan and Budget, as reported)",
        meaning={
            accuracy: "accuracy in percent, above 0",
            tokens: "mean decoded tokens before the loss, above 0",
            loss: "relative loss of accuracy, in (0, 1)",
            break_even: "tokens after the loss; the score is better below them",
        },
        assumptions={"score": score},
        steps=tuple(steps),
        result=sp.Eq(break_even, residual if closed is None else closed, evaluate=False),
        arguments=(
            *parameters_of(score, without=(accuracy, tokens)),
            *((accuracy,) if accuracy in needed else ()),
            tokens,
            loss,
        ),
        bracket=None if closed is not None else (tokens * sp.Float(1e-9), tokens),
    )


def _break_even(score: sp.Expr) -> sp.Expr | None:
    kept = sp.Symbol("y", positive=True)  # what is left of the accuracy, a positive factor
    left = score.subs(accuracy, accuracy * kept)
    found = within(lambda: solve_for(tokens, left, sp.Dummy("score", positive=True)))
    if found is None or found.has(sp.LambertW):
        return None
    (value,) = found.atoms(sp.Dummy) or (sp.Dummy(),)
    closed = short(sp.simplify(found.subs(value, score))).subs(kept, 1 - loss)
    return closed if not closed.has(sp.nan, sp.zoo) else None
