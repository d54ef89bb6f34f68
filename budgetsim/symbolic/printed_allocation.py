"""The printed allocation of Plan and Budget (Eq. 6): best for one decay rate, and for one only."""

from __future__ import annotations

from typing import Any

import sympy as sp

from budgetsim.symbolic.allocation_rules import budget, tokens_of
from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.numeric import Backend, Numeric, function
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import tokens
from budgetsim.symbolic.separation import first, indexed, total
from budgetsim.symbolic.uncertainty_curves import MEANING, POWER_LAW, decay_rate, initial_uncertainty

WEIGHT = (initial_uncertainty * decay_rate) ** (1 / (decay_rate + 1))
scaled = sp.Symbol("tau", positive=True)
weight = sp.Symbol("w", positive=True)
more = sp.Symbol("u", positive=True)
other_rate = sp.Symbol("beta_j", positive=True)
faster = sp.Symbol("d", positive=True)


class PrintedRule(Derivation):
    """A derivation whose `numeric` takes parameters of shape [..., n] and gives tokens of that shape."""

    __slots__ = ()

    def numeric(self, backend: Backend = "numpy") -> Numeric:
        """Tokens [..., n] from parameters [..., n] (a number serves all) and a budget [...], in NumPy or JAX."""
        weigh = function(WEIGHT, self.arguments[:-1], backend)
        if backend == "jax":
            import jax.numpy as xp
        else:
            import numpy as xp  # type: ignore[no-redef]

        def evaluate(*values: Any) -> Any:
            weights = xp.asarray(weigh(*(xp.asarray(value, dtype=float) for value in values[:-1])))
            return xp.asarray(values[-1], dtype=float)[..., None] * weights / weights.sum(axis=-1, keepdims=True)

        return evaluate


@derives("budgetsim.theory.bbam.bam_eq6", page="plan-and-budget")
def printed_allocation() -> Derivation:
    """Eq. 6 as printed, and the proof that it is stationary if and only if all decay rates are equal.

    Under Eq. 6 the marginal uncertainty of a sub-question is :math:`\\tau^{-(\\beta+1)}`; tau, the same for all, is the
    budget over the sum of the weights. Two margins are equal where the decay rates are, or where the budget happens to
    be that sum.

    Examples
    --------
    >>> printed_allocation().numeric()([5, 20, 80], [1, 1.5, 2.5], 300).round(2).tolist()
    [62.82, 109.52, 127.66]
    """
    marginal = -sp.diff(POWER_LAW, tokens)
    weighted = weight ** (decay_rate + 1) / decay_rate
    here = scaled ** (-decay_rate - 1)
    there = scaled ** (-other_rate - 1)
    residual = (other_rate - decay_rate) * sp.log(scaled)
    ratio = sp.log(here) - sp.log(there)
    one, two = (sp.Integer(1), sp.Integer(1)), (sp.Rational(16, 3), sp.Integer(3))

    def left(first_tokens: int, second_tokens: int) -> sp.Expr:
        parts = (
            sp.Subs(POWER_LAW, (initial_uncertainty, decay_rate, tokens), (*parameters, sp.Integer(given)))
            for parameters, given in ((one, first_tokens), (two, second_tokens))
        )
        return sp.Add(*parts)

    steps = (
        Step(
            name="marginal",
            says="What one more token takes from the uncertainty.",
            claim=sp.Eq(-sp.Derivative(POWER_LAW, tokens), sp.powsimp(marginal), evaluate=False),
        ),
        Step(
            name="printed margin",
            says="Under Eq. 6, tokens are the weight times tau; the margin is then a power of tau alone.",
            claim=sp.And(
                sp.Eq(sp.Subs(WEIGHT, initial_uncertainty, weighted), weight, evaluate=False),
                sp.Eq(
                    sp.Subs(marginal, (initial_uncertainty, tokens), (weighted, scaled * weight)), here, evaluate=False
                ),
                evaluate=False,
            ),
        ),
        Step(
            name="residual",
            says="Two sub-questions violate stationarity by the difference of their decay rates times log tau.",
            claim=sp.Eq(ratio, residual, evaluate=False),
        ),
        Step(
            name="equal rates suffice",
            says="With one decay rate the margins are equal at every budget.",
            claim=sp.Eq(sp.Subs(ratio, other_rate, decay_rate), 0, evaluate=False),
        ),
        Step(
            name="unequal rates fail above",
            says="With unequal rates they differ at every budget above the sum of the weights,",
            claim=sp.Gt(residual, 0, evaluate=False),
            where={other_rate: decay_rate + faster, scaled: sp.exp(more)},
        ),
        Step(
            name="unequal rates fail below",
            says="and at every budget below.",
            claim=sp.Lt(residual, 0, evaluate=False),
            where={other_rate: decay_rate + faster, scaled: sp.exp(-more)},
        ),
        Step(
            name="printed example",
            says="For c = (1, 16/3) and decay rates (1, 3), weights are 1 and 2: Eq. 6 turns 30 tokens into 10 and 20,",
            claim=sp.And(
                sp.Eq(sp.Subs(WEIGHT, (initial_uncertainty, decay_rate), one), 1, evaluate=False),
                sp.Eq(sp.Subs(WEIGHT, (initial_uncertainty, decay_rate), two), 2, evaluate=False),
                evaluate=False,
            ),
        ),
        Step(
            name="counterexample",
            says="which leaves more uncertainty than 20 and 10.",
            claim=sp.Gt(left(10, 20), left(20, 10), evaluate=False),
        ),
    )
    own = (initial_uncertainty, decay_rate)
    return PrintedRule(
        title="The printed allocation, Eq. 6, best for a common decay rate only",
        source="arXiv 2505.16122 (Plan and Budget: Effective and Efficient Test-Time Scaling), Eq. 6 (as reported)",
        meaning={
            **{symbol: MEANING[symbol] for symbol in (tokens, *own)},
            budget: "total tokens, above 0",
            weight: "weight of a sub-question in Eq. 6",
            scaled: "budget over the sum of the weights",
            other_rate: "decay rate of another sub-question, above 0",
        },
        assumptions={"uncertainty": POWER_LAW},
        steps=steps,
        result=sp.Eq(tokens_of[first], budget * indexed(WEIGHT, own, first) / total(WEIGHT, own), evaluate=False),
        arguments=(*own, budget),
    )
