"""How many steps a value-tree search needs: the published bound and the tighter ones, from a bound on a tail.

Until K gains are made every step makes one with probability p or more, so that after M steps the gains dominate a
binomial count of mean :math:`\\mu = Mp`; they fall short with probability at most :math:`e^{-h(\\mu, K)}`, and the
exponent h must reach :math:`\\ln(1/\\epsilon)`.
"""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.returns import adopted, parameters_of, short
from budgetsim.symbolic.solving import solve_for

gains = sp.Symbol("K", positive=True)
advance = sp.Symbol("p", positive=True)
failure = sp.Symbol("epsilon", positive=True)
steps_needed = sp.Symbol("M", positive=True)
expected = sp.Symbol("mu", positive=True)
demand = sp.Symbol("ell", positive=True)
extra = sp.Symbol("v", positive=True)
share = sp.Symbol("q", positive=True)
whole_gains = sp.Symbol("K", integer=True, positive=True)
whole_steps = sp.Symbol("M", integer=True, positive=True)

CHERNOFF = (expected - gains) ** 2 / (2 * expected)
PUBLISHED = gains + sp.sqrt(2 * gains * demand) + 2 * demand
SOURCE = "arXiv 2603.12634 (Spend Less, Reason Better: Budget-Aware Value Tree Search), "
MEANING = {
    gains: "gains needed, 1 or more",
    advance: "least probability of a gain in one step, in (0, 1)",
    failure: "probability of failing that is allowed, in (0, 1)",
    steps_needed: "steps that suffice, to be rounded up",
    expected: "expected gains, M p, above K",
    demand: "ln(1/epsilon)",
}
FAILURE = {failure: sp.exp(-demand)}
UNIT = {advance: extra / (1 + extra)}


@derives("budgetsim.theory.value_tree_bounds.step_bounds", page="bavt")
def chernoff_steps(tail: sp.Expr = CHERNOFF) -> Derivation:
    """The steps that suffice by a bound on the lower tail.

    Parameters
    ----------
    tail
        Exponent of the bound, a function of the symbols `expected` (mu) and `gains` (K): 0 at mu = K and rising in mu
        above it. Default: the multiplicative Chernoff bound. Other symbols are parameters, first among the arguments.

    Raises
    ------
    DerivationError
        If the exponent is not 0 at mu = K (step ``trivial``) or does not rise above it (step ``rising``).

    Examples
    --------
    >>> round(chernoff_steps().numeric()(3.0, 0.2, 0.05), 3)
    55.935
    >>> poisson = expected - gains + gains * sp.log(gains / expected)
    >>> round(chernoff_steps(tail=poisson).numeric()(3.0, 0.2, 0.05), 3)
    47.162
    """
    tail = adopted(adopted(tail, expected), gains)
    above = {expected: gains + extra}
    found = [
        Step(
            name="trivial", says="At K expected gains the bound says nothing.", claim=_equal(tail, 0, expected, gains)
        ),
        Step(
            name="rising",
            says="More expected gains, less risk.",
            claim=sp.Gt(sp.diff(tail, expected).subs(expected, gains + extra), 0, evaluate=False),
        ),
    ]
    for step in found:
        step.verify()
    closed = _above(tail)
    parameters = parameters_of(tail, without=(expected, gains))
    if closed is not None:
        found += [
            Step(name="enough", says="So many expected gains suffice,", claim=_equal(tail, demand, expected, closed)),
            Step(name="above", says="more than are needed.", claim=sp.Gt(closed, gains, evaluate=False), where=above),
        ]
        result = sp.Eq(steps_needed, closed.subs(demand, sp.log(1 / failure)) / advance, evaluate=False)
        bracket = None
    else:
        residual = tail.subs(expected, steps_needed * advance) + sp.log(failure)
        result = sp.Eq(steps_needed, residual, evaluate=False)
        bracket = (gains / advance, sp.Float(1e12))
    return Derivation(
        title="Steps that suffice, by a bound on the tail",
        source=SOURCE + "its inequality solved exactly; derived",
        meaning=MEANING,
        assumptions={"tail": tail},
        steps=tuple(found),
        result=result,
        arguments=(*parameters, gains, advance, failure),
        bracket=bracket,
    )


@derives("budgetsim.theory.value_tree_bounds.step_bounds", page="bavt")
def published_steps() -> Derivation:
    """The published bound, and why it holds: it asks for more than the Chernoff bound.

    Examples
    --------
    >>> round(published_steps().numeric()(3.0, 0.2, 0.05), 3)
    66.155
    """
    exact = gains + demand + sp.sqrt(2 * gains * demand + demand**2)
    gap = (sp.sqrt(2 * gains * demand) + demand) ** 2 - (2 * gains * demand + demand**2)
    found = (
        Step(
            name="chernoff",
            says="The least expected gains at which the Chernoff exponent is ln(1/epsilon).",
            claim=_equal(CHERNOFF, demand, expected, exact),
        ),
        Step(
            name="root of a sum",
            says="The root of a sum is at most the sum of the roots: the gap of the squares is positive.",
            claim=sp.Eq(gap, 2 * demand * sp.sqrt(2 * gains * demand), evaluate=False),
        ),
        Step(name="gap", says="So the published form asks for more,", claim=sp.Gt(gap, 0, evaluate=False)),
        Step(
            name="suffices",
            says="and at it the exponent is above ln(1/epsilon).",
            claim=sp.Gt(sp.expand((PUBLISHED - gains) ** 2), sp.expand(2 * PUBLISHED * demand), evaluate=False),
        ),
    )
    return Derivation(
        title="Published bound on the steps",
        source=SOURCE + "as reported",
        meaning=MEANING,
        assumptions={"tail": CHERNOFF},
        steps=found,
        result=sp.Eq(steps_needed, PUBLISHED.subs(demand, sp.log(1 / failure)) / advance, evaluate=False),
        arguments=(gains, advance, failure),
    )


@derives("budgetsim.theory.value_tree_bounds.single_gain_steps", page="bavt")
def single_gain_steps() -> Derivation:
    """The exact number of steps where one gain is enough.

    Examples
    --------
    >>> round(single_gain_steps().numeric()(0.2, 0.05), 3)
    13.425
    """
    closed = sp.log(failure) / sp.log(1 - advance)
    none = (1 - advance) ** steps_needed
    found = Step(
        name="no gain",
        says="With so many steps, none gains with probability epsilon.",
        claim=sp.Eq(sp.log(none.subs(steps_needed, closed)), sp.log(failure), evaluate=False),
        where=UNIT | FAILURE,
    )
    return Derivation(
        title="Steps until one gain",
        source="derived",
        meaning=MEANING,
        assumptions={"failure": none},
        steps=(found,),
        result=sp.Eq(steps_needed, closed, evaluate=False),
        arguments=(advance, failure),
    )


@derives("budgetsim.theory.value_tree_bounds.step_bounds", page="bavt")
def relative_entropy_steps() -> Derivation:
    """The bound by relative entropy: the best exponential bound on a binomial tail, tighter than Chernoff's.

    Examples
    --------
    >>> round(relative_entropy_steps().numeric()(3.0, 0.2, 0.05), 2)
    35.48
    """
    tilt = sp.log(advance * (1 - share) / (share * (1 - advance)))
    log_moment = sp.log(1 - advance + advance * sp.exp(-extra)) + extra * share
    entropy = share * sp.log(share / advance) + (1 - share) * sp.log((1 - share) / (1 - advance))
    other = sp.Symbol("w", positive=True)
    inside = {share: other / (1 + other), advance: extra / (1 + extra)}
    made = (gains - 1) / steps_needed
    found = (
        Step(
            name="best tilt",
            says="The exponential bound on the tail is least at this tilt,",
            claim=_equal(sp.diff(log_moment, extra), 0, extra, tilt),
        ),
        Step(
            name="its value",
            says="where its logarithm per step is minus the relative entropy.",
            claim=sp.And(
                _equal(1 - advance + advance * sp.exp(-extra), (1 - advance) / (1 - share), extra, tilt),
                sp.Eq(sp.log((1 - advance) / (1 - share)) + tilt * share, -entropy, evaluate=False),
                evaluate=False,
            ),
            where=inside,
        ),
        Step(
            name="flat at p",
            says="The relative entropy and its slope are 0 at q = p,",
            claim=sp.And(
                _equal(entropy, 0, share, advance), _equal(sp.diff(entropy, share), 0, share, advance), evaluate=False
            ),
            where=UNIT,
        ),
        Step(
            name="tighter",
            says="and it curves more than 1/q, hence more than Chernoff's (p - q)^2 / 2p, below p.",
            claim=sp.Gt(sp.diff(entropy, share, 2) - 1 / share, 0, evaluate=False),
            where=inside,
        ),
    )
    return Derivation(
        title="Steps by relative entropy",
        source="derived",
        meaning=MEANING | {gains: "gains needed, 2 or more", share: "share of steps that gain, below p"},
        assumptions={"entropy": entropy},
        steps=found,
        result=sp.Eq(steps_needed, steps_needed * entropy.subs(share, made) + sp.log(failure), evaluate=False),
        arguments=(gains, advance, failure),
        bracket=((gains - 1) / advance + 1, PUBLISHED.subs(demand, sp.log(1 / failure)) / advance + 1),
    )


@derives("budgetsim.theory.value_tree_bounds.least_advance", page="bavt")
def least_advance() -> Derivation:
    """The least probability of a gain that a number of steps certifies, exactly.

    Examples
    --------
    >>> round(least_advance().numeric()(2.0, 5.0, 0.1), 3)
    0.584
    """
    made = sp.Symbol("k", integer=True, nonnegative=True)
    term = sp.binomial(whole_steps, made) * advance**made * (1 - advance) ** (whole_steps - made)
    slope = (
        -whole_steps
        * sp.binomial(whole_steps - 1, whole_gains - 1)
        * advance ** (whole_gains - 1)
        * (1 - advance) ** (whole_steps - whole_gains)
    )
    next_one = sp.diff(term, advance).subs(made, whole_gains)
    rise = slope.subs(whole_gains, whole_gains + 1) - slope
    beyond = sp.betainc_regularized(gains, steps_needed - gains + 1, 0, advance)
    found = (
        Step(
            name="first term",
            says="The chance of no gain has this slope,",
            claim=sp.Eq(sp.diff(term, advance).subs(made, 0), slope.subs(whole_gains, 1), evaluate=False),
            where=UNIT,
        ),
        Step(
            name="next term",
            says="and every further term carries the slope of the sum on by one: the slope of the tail is one term.",
            claim=sp.Eq(next_one, rise, evaluate=False),
            where=UNIT | {whole_steps: whole_gains + sp.Symbol("r", integer=True, positive=True)},
        ),
        Step(
            name="falling",
            says="It is below 0: the failure falls in p, and one p meets the failure allowed.",
            claim=sp.Lt(slope, 0, evaluate=False),
            where=UNIT | {whole_steps: whole_gains + sp.Symbol("r", integer=True, nonnegative=True)},
        ),
        Step(
            name="beta",
            says="Its factor is that of the incomplete beta function, which starts at 0 as the failure starts at 1.",
            claim=sp.Eq(
                whole_steps * sp.binomial(whole_steps - 1, whole_gains - 1),
                sp.gamma(whole_steps + 1) / (sp.gamma(whole_gains) * sp.gamma(whole_steps - whole_gains + 1)),
                evaluate=False,
            ),
            where={whole_steps: whole_gains + sp.Symbol("r", integer=True, nonnegative=True)},
        ),
    )
    return Derivation(
        title="Least probability of a gain that certifies the search",
        source="derived",
        meaning=MEANING | {steps_needed: "affordable steps, K or more"},
        assumptions={"term": term},
        steps=found,
        result=sp.Eq(advance, 1 - beyond - failure, evaluate=False),
        arguments=(gains, steps_needed, failure),
        bracket=(sp.Float(1e-12), sp.Float(1 - 1e-12)),
    )


def _equal(expr: sp.Expr, value: sp.Expr | int, symbol: sp.Symbol, at: sp.Expr) -> sp.Equality:
    return sp.Eq(sp.Subs(expr, symbol, at), value, evaluate=False)


def _above(tail: sp.Expr) -> sp.Expr | None:
    """Expected gains above K at which the exponent is the demand."""
    beyond = within(lambda: solve_for(extra, tail.subs(expected, gains + extra), demand))
    return None if beyond is None or beyond.has(sp.LambertW) else short(gains + beyond)
