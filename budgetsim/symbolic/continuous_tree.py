"""Averages of continuous estimates in trees, stars and chains, from the covariances of what an aggregator receives.

The noise of a message and the weights of the children can be swapped; of the weights only the sum of their squares
counts, one over the fan-in for a plain average.
"""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.phase_transition import meaning_of
from budgetsim.symbolic.proof import Step, induction
from budgetsim.symbolic.tree import correlation, fan_in, from_zero

SOURCE = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, continuous warm-up, Eq. 13; derived"

variance = sp.Symbol("v", positive=True)
leaf_variance = sp.Symbol("v_0", positive=True)
message_variance = sp.Symbol("v_c", positive=True)
agents = sp.Symbol("N", positive=True, integer=True)
depth = sp.Symbol("L", nonnegative=True)
floor = sp.Symbol("v_star", positive=True)
risk = sp.Symbol("v_L", positive=True)
exponent = sp.Symbol("t", positive=True)
shrinks = sp.Symbol("lambda", positive=True)
child = sp.Symbol("i", integer=True, positive=True)
other = sp.Symbol("j", integer=True, positive=True)
weight = sp.Function("w")

PLAIN_AVERAGE = 1 / fan_in
DOMAIN = {fan_in: 2 + sp.Symbol("t_b", nonnegative=True), correlation: from_zero(correlation)}
_FIRST = (fan_in, agents, depth, correlation, leaf_variance, message_variance)
_WORDS = {
    agents: "number of agents, 1 or more",
    depth: "depth: levels above the leaves",
    correlation: "correlation of the errors of two siblings, in [0, 1)",
    leaf_variance: "variance of the estimate of a leaf, in squared units of the estimated quantity",
    message_variance: "variance that the noise of one message adds, in the same units",
}


def arguments_of(expr: sp.Expr) -> tuple[sp.Symbol, ...]:
    """The symbols of a formula in the order of the theory's arguments, then the others by name."""
    known = [symbol for symbol in _FIRST if symbol in expr.free_symbols]
    return (*known, *sorted(expr.free_symbols - {*known}, key=str))


def meanings(*symbols: sp.Symbol) -> dict[sp.Symbol, str]:
    """What symbols mean; those that an assumption brought are parameters of it."""
    return {**meaning_of(*symbols), **{symbol: _WORDS[symbol] for symbol in symbols if symbol in _WORDS}}


def _shrinkage(squared_weights: sp.Expr) -> sp.Expr:
    return correlation + (1 - correlation) * squared_weights


def _level_steps(noise: sp.Expr, squared_weights: sp.Expr) -> tuple[Step, ...]:
    """From the covariances of the children to the variance of their average."""
    pairs = sp.Sum(weight(child) * sp.Sum(weight(other), (other, 1, child - 1)), (child, 1, agents))
    total = sp.Sum(weight(other), (other, 1, agents))
    squares = sp.Sum(weight(child) ** 2, (child, 1, agents))
    same, after = squared_weights, _shrinkage(squared_weights) * variance + squared_weights * noise
    return (
        Step(
            name="weights and pairs",
            says="The square of a sum of weights is the sum of their squares and twice that over pairs.",
            claim=induction(sp.Eq(total**2, squares + 2 * pairs, evaluate=False), agents, start=1),
        ),
        Step(
            name="possible weights",
            says="The squares of weights that sum to 1 sum to between one over the fan-in and 1.",
            claim=sp.And(
                sp.Ge(squared_weights, 1 / fan_in, evaluate=False),
                sp.Lt(squared_weights, 1, evaluate=False),
                evaluate=False,
            ),
            where=DOMAIN,
        ),
        Step(
            name="message noise",
            says="Noise adds to the variance.",
            claim=sp.Gt(noise, 0, evaluate=False),
            where=DOMAIN,
        ),
        Step(
            name="one level",
            says="Errors of pairs are correlated, the noise of their messages is not.",
            claim=sp.Eq(
                same * (variance + noise) + (1 - same) * correlation * variance,
                after,
                evaluate=False,
            ),
            where=DOMAIN,
        ),
        Step(
            name="contraction",
            says="A level forgets part of the variance below it.",
            claim=sp.Lt(_shrinkage(squared_weights), 1, evaluate=False),
            where=DOMAIN,
        ),
    )


def _floor(noise: sp.Expr, squared_weights: sp.Expr) -> sp.Expr:
    return noise / (1 - correlation) * sp.factor(sp.together(squared_weights / (1 - squared_weights)))


def _floor_step(noise: sp.Expr, squared_weights: sp.Expr) -> Step:
    value = _floor(noise, squared_weights)
    return Step(
        name="floor",
        says="At the floor a level adds as much noise as it averages away.",
        claim=sp.Eq(_shrinkage(squared_weights) * value + squared_weights * noise, value, evaluate=False),
        where=DOMAIN,
    )


@derives("budgetsim.theory.continuous.tree_floor", page="phase-transition")
def tree_floor(noise: sp.Expr = message_variance, squared_weights: sp.Expr = PLAIN_AVERAGE) -> Derivation:
    """The variance below which no depth takes a tree.

    Parameters
    ----------
    noise
        Variance that one message adds: a symbol or a curve of the tokens of a message.
    squared_weights
        Sum of the squared weights of the children, in the symbol `fan_in` and parameters of its own.

    Raises
    ------
    DerivationError
        If no weights have such squares, or the noise is not positive.

    Examples
    --------
    >>> round(tree_floor().numeric()(5, 0.2, 0.1), 6)
    0.03125
    """
    value = _floor(noise, squared_weights)
    arguments = arguments_of(value)
    return Derivation(
        title="Noise on every message leaves a floor that no depth takes away",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise, "squared_weights": squared_weights},
        steps=(*_level_steps(noise, squared_weights), _floor_step(noise, squared_weights)),
        result=sp.Eq(floor, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.continuous.tree_risk", page="phase-transition")
def tree_risk(noise: sp.Expr = message_variance, squared_weights: sp.Expr = PLAIN_AVERAGE) -> Derivation:
    """The variance at the root of a tree: it falls geometrically to the floor.

    Parameters and errors as in `tree_floor`.

    Examples
    --------
    >>> round(tree_risk().numeric()(3, 1, 0.3, 2.0, 0.5), 6)
    1.233333
    """

    def after(levels: sp.Expr, rate: sp.Expr, end: sp.Expr) -> sp.Expr:
        return rate**levels * leaf_variance + (1 - rate**levels) * end

    value = after(depth, _shrinkage(squared_weights), _floor(noise, squared_weights))
    arguments = arguments_of(value)
    return Derivation(
        title="A tree forgets its leaves geometrically, down to its floor",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"noise": noise, "squared_weights": squared_weights},
        steps=(
            *_level_steps(noise, squared_weights),
            _floor_step(noise, squared_weights),
            Step(
                name="levels",
                says="By induction: right for a leaf, and carried from each level to the next, which shrinks what is "
                "below it by lambda and adds what keeps the floor where it is.",
                claim=sp.And(
                    sp.Eq(after(sp.S.Zero, shrinks, floor), leaf_variance, evaluate=False),
                    sp.Eq(
                        after(depth + 1, shrinks, floor),
                        shrinks * after(depth, shrinks, floor) + (1 - shrinks) * floor,
                        evaluate=False,
                    ),
                    evaluate=False,
                ),
            ),
        ),
        result=sp.Eq(risk, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.continuous.tree_variance_exponent", page="phase-transition")
def tree_variance_exponent(squared_weights: sp.Expr = PLAIN_AVERAGE) -> Derivation:
    """The exponent at which the variance above the floor falls in the number of leaves.

    Parameters and errors as in `tree_floor`.

    Examples
    --------
    >>> round(tree_variance_exponent().numeric()(3, 0.3), 6)
    0.572184
    """
    rate = _shrinkage(squared_weights)
    value = -sp.log(rate) / sp.log(fan_in)
    arguments = arguments_of(value)
    return Derivation(
        title="The variance above the floor falls like a power of the leaves",
        source=SOURCE,
        meaning=meanings(*arguments),
        assumptions={"squared_weights": squared_weights},
        steps=(
            *_level_steps(message_variance, squared_weights),
            Step(
                name="levels to leaves",
                says="L levels shrink by a power of the b^L leaves.",
                claim=sp.Eq((fan_in**depth) ** (sp.log(shrinks) / sp.log(fan_in)), shrinks**depth, evaluate=False),
                where=DOMAIN,
            ),
            Step(
                name="at most 1",
                says="No tree averages better than independent estimates.",
                claim=sp.Ge(rate * fan_in, 1, evaluate=False),
                where=DOMAIN,
            ),
        ),
        result=sp.Eq(exponent, value, evaluate=False),
        arguments=arguments,
    )
