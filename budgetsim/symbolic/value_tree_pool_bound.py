"""The value-tree bound where selection sharpens as the budget runs out: no constant probability of a gain is left.

One useful node among N, no competitor worth more than rho times it; selection in proportion to the value raised to an
exponent that depends on the part r of the budget that is left. The published rule takes 1/r.
"""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.limits import within
from budgetsim.symbolic.proof import Step
from budgetsim.symbolic.quadrature import IntegralRule, integral
from budgetsim.symbolic.returns import adopted, parameters_of
from budgetsim.symbolic.value_tree_bound import CHERNOFF, SOURCE, demand, expected, failure, gains, steps_needed

left = sp.Symbol("r", positive=True)
progress = sp.Symbol("p_g", positive=True)
pool_size = sp.Symbol("N", positive=True)
competition = sp.Symbol("rho", positive=True)
stop_ratio = sp.Symbol("eta", nonnegative=True)
mean_chance = sp.Symbol("p_mean", positive=True)
lowest, highest, mean_cost = sp.symbols("c_min c_max c_mean", positive=True)
needed = sp.Symbol("B", positive=True)

SHARPENING = 1 / left
MEANING = {
    left: "part of the budget that is left, in (0, 1]",
    progress: "chance that a step on the useful node gains, in (0, 1]",
    pool_size: "nodes to choose from, 2 or more",
    competition: "largest value of a competitor over that of the useful node, 1 or more",
    stop_ratio: "part of the budget kept back for a forced answer, in [0, 1)",
    gains: "gains needed, 1 or more",
    failure: "probability of failing that is allowed, in (0, 1)",
    demand: "ln(1/epsilon)",
    expected: "expected gains",
    mean_chance: "gains per affordable step",
    steps_needed: "steps that the whole budget must pay for, to be rounded up",
}
_v, _m, _t = sp.symbols("v m t", positive=True)
DOMAIN = {competition: 1 + _v, pool_size: 1 + _m, left: _t / (1 + _t)}


def chance(exponent: sp.Expr) -> sp.Expr:
    """Chance that a step gains; written with a power that vanishes rather than overflows."""
    worth = competition ** (-exponent)
    return progress * worth / (worth + pool_size - 1)


@derives("budgetsim.theory.value_tree_pool.mean_advance_probability", page="bavt")
def mean_advance(exponent: sp.Expr = SHARPENING) -> Derivation:
    """Gains per affordable step over a whole run.

    Parameters
    ----------
    exponent
        Selection exponent as a function of the symbol `left` (r), above 0 and not rising in r: 1/r as published, 1 for
        selection in proportion to the value, ``Min(1/r, 5)`` for a cap. Other symbols are parameters, first among the
        arguments; those without assumptions are taken as positive.

    Raises
    ------
    DerivationError
        If the chance of a gain falls when more of the budget is left (step ``most at first``): what is left is known
        from below only, and a sum of chances over it would not be.

    Examples
    --------
    >>> round(mean_advance().numeric()(0.5, 3.0, 1.2, 0.0), 5)
    0.11097
    >>> mean_advance(exponent=1).result.rhs.subs(stop_ratio, 0)
    p_g/(N*rho - rho + 1)
    """
    exponent, steps, area = _area(exponent)
    return IntegralRule(
        title="Gains per affordable step",
        source="derived, for the selection rule of arXiv 2603.12634",
        meaning=MEANING,
        assumptions={"exponent": exponent},
        steps=steps,
        result=sp.Eq(mean_chance, area, evaluate=False),
        arguments=(*parameters_of(exponent, without=(left,)), progress, pool_size, competition, stop_ratio),
    )


@derives("budgetsim.theory.value_tree_pool.pool_steps", page="bavt")
def pool_steps(exponent: sp.Expr = SHARPENING) -> Derivation:
    """The steps that suffice without a constant probability of a gain. Argument as in `mean_advance`.

    Examples
    --------
    >>> bound = pool_steps().numeric()
    >>> [int(-(-bound(3.0, 0.05, 0.5, 3.0, 1.2, stop) // 1)) for stop in (0.0, 0.2)]
    [101, 109]
    """
    exponent, steps, area = _area(exponent)
    enough = gains + demand + sp.sqrt(2 * gains * demand + demand**2)
    chernoff = Step(
        name="enough",
        says="So many expected gains suffice: the Chernoff bound holds for unequal chances.",
        claim=sp.Eq(sp.Subs(CHERNOFF, expected, enough), demand, evaluate=False),
    )
    return IntegralRule(
        title="Steps that suffice where selection sharpens",
        source="derived, for the selection rule of arXiv 2603.12634",
        meaning=MEANING,
        assumptions={"exponent": exponent},
        steps=(*steps, chernoff),
        result=sp.Eq(steps_needed, enough.subs(demand, sp.log(1 / failure)) / area, evaluate=False),
        arguments=(
            *parameters_of(exponent, without=(left,)),
            gains,
            failure,
            progress,
            pool_size,
            competition,
            stop_ratio,
        ),
    )


@derives("budgetsim.theory.value_tree_risks.random_cost_budget", page="bavt")
def random_cost_budget() -> Derivation:
    """The budget that pays for M steps whose costs vary, but for half of the failure allowed.

    Examples
    --------
    >>> round(random_cost_budget().numeric()(23.0, 1.0, 3.0, 2.0, 0.1), 2)
    57.74
    """
    spread = highest - lowest
    excess = spread * sp.sqrt(steps_needed * sp.log(2 / failure) / 2)
    hoeffding = sp.exp(-2 * expected**2 / (steps_needed * spread**2))
    return Derivation(
        title="Budget where the costs of steps vary",
        source="derived (Hoeffding's inequality), for the search of " + SOURCE.removesuffix(", "),
        meaning=MEANING
        | {
            steps_needed: "steps, enough for the gains but for half of the failure",
            lowest: "cost of the cheapest step, 0 or more",
            highest: "cost of the dearest step",
            mean_cost: "mean cost of a step",
            expected: "excess of the costs over their mean",
            needed: "budget that suffices",
        },
        assumptions={"tail": hoeffding},
        steps=(
            Step(
                name="half the failure",
                says="The costs exceed their mean by so much with half of the failure allowed at most.",
                claim=sp.Eq(sp.Subs(hoeffding, expected, excess), failure / 2, evaluate=False),
                where={highest: lowest + _v, failure: sp.exp(-_t)},
            ),
        ),
        result=sp.Eq(needed, steps_needed * mean_cost + excess, evaluate=False),
        arguments=(steps_needed, lowest, highest, mean_cost, failure),
    )


def _area(exponent: sp.Expr) -> tuple[sp.Expr, tuple[Step, ...], sp.Expr]:
    exponent = adopted(exponent, left)
    each = chance(exponent)
    worth = competition ** sp.Symbol("alpha", positive=True)
    plain = progress / (1 + (pool_size - 1) * worth)
    steps = [
        Step(
            name="selection",
            says="The useful node is selected by its share of the values.",
            claim=sp.Eq(chance(sp.Symbol("alpha", positive=True)), plain, evaluate=False),
        ),
        Step(
            name="most at first",
            says="More left, likelier gains: a sum over what is left at every step is at least the integral.",
            claim=sp.Ge(sp.diff(each, left), 0, evaluate=False),
            where=DOMAIN,
        ),
    ]
    steps[1].verify()
    last = within(lambda: sp.limit(each.subs(competition, 1 + _v), left, 0, "+"))
    if last is not None and not last.has(sp.Limit, sp.nan):
        steps.append(
            Step(
                name="at the end",
                says="As the budget runs out, the chance of a gain tends to this.",
                claim=sp.Eq(sp.Limit(each.subs(competition, 1 + _v), left, 0, "+"), last, evaluate=False),
            )
        )
    # a logistic function of r has a closed integral; of other exponents none is known
    straight = exponent.is_polynomial(left) and sp.degree(exponent, left) <= 1
    ends = (left, stop_ratio, sp.S.One)
    return exponent, tuple(steps), integral(each, *ends) if straight else sp.Integral(each, ends)
