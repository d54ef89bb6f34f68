"""What a tree gains per leaf, and what its messages cost per leaf: summed up from the price of one message."""

from __future__ import annotations

import sympy as sp

from budgetsim.symbolic.derivation import Derivation, derives
from budgetsim.symbolic.majority import SLOPE, pairs
from budgetsim.symbolic.phase_transition import SHARED_VOTE, arguments_of, channel_steps, meaning_of, slope_at_zero
from budgetsim.symbolic.proof import DerivationError, Step, induction
from budgetsim.symbolic.tree import (
    DOMAIN,
    MEANING,
    amplification,
    correlation,
    fan_in,
    fidelity,
    majority_slope,
    message_tokens,
)

SOURCE = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311, Theorem 5 and Eqs. 32-37; derived"
MESSAGE_PRICE = 2 * message_tokens

depth = sp.Symbol("L", integer=True, nonnegative=True)
height = sp.Symbol("h", integer=True, positive=True)
leaf_tokens = sp.Symbol("x", positive=True)
organization_exponent_ = sp.Symbol("s", positive=True)
communication = sp.Symbol("c_0", positive=True)
tokens = sp.Symbol("B", positive=True)
excess = sp.Symbol("t_b", positive=True)

BRANCHING = {fan_in: 1 + excess}


def per_leaf(message_price: sp.Expr) -> sp.Expr:
    """Tokens of messages per leaf of a tree of `depth` levels, in closed form."""
    if message_price.has(height):
        ratio = sp.Symbol("q")
        try:
            summed = sp.summation(message_price * ratio ** (height - 1), (height, 1, depth))
        except (NotImplementedError, ValueError, TypeError):
            summed = sp.Sum(message_price, height)
        if summed.has(sp.Sum, sp.oo):
            raise DerivationError(f"step 'sum over levels' does not hold: no closed form of the sum of {message_price}")
        summed = summed.replace(sp.Piecewise, lambda *cases: cases[-1].expr)  # the others are ratios of exactly 1
        return sp.simplify(summed.subs(ratio, 1 / fan_in))
    return message_price * fan_in * (1 - fan_in ** (-depth)) / (fan_in - 1)


def per_leaf_of_a_large_tree(message_price: sp.Expr) -> sp.Expr:
    """The same for endless depth."""
    limit = sp.limit(per_leaf(message_price).subs(BRANCHING), depth, sp.oo)
    if limit.has(sp.oo, sp.nan, sp.Limit):
        raise DerivationError(f"step 'large tree' does not hold: messages at {message_price} cost ever more per leaf")
    return sp.factor(limit.subs(excess, fan_in - 1))


def message_steps(message_price: sp.Expr) -> tuple[Step, ...]:
    """From the price of a message to the communication cost per leaf."""
    finite = per_leaf(message_price)
    return (
        Step(
            name="price of a message",
            says="Messages cost tokens.",
            claim=sp.Gt(message_price, 0, evaluate=False),
            where=BRANCHING,
        ),
        Step(
            name="sum over levels",
            says="A leaf shares each message h levels up with b^(h-1) others.",
            claim=induction(
                sp.Eq(sp.Sum(message_price * fan_in ** (1 - height), (height, 1, depth)), finite, evaluate=False),
                depth,
            ),
            where=BRANCHING,
        ),
        Step(
            name="large tree",
            says="The levels near the root cost nothing per leaf.",
            claim=sp.Eq(
                sp.Limit(finite.subs(BRANCHING), depth, sp.oo),
                per_leaf_of_a_large_tree(message_price).subs(BRANCHING),
                evaluate=False,
            ),
        ),
    )


@derives("budgetsim.theory.organization.communication_cost_per_leaf", page="phase-transition")
def communication_cost_per_leaf(message_price: sp.Expr = MESSAGE_PRICE) -> Derivation:
    """The tokens of communication per leaf of a large tree.

    Parameters
    ----------
    message_price
        Tokens that one message costs, in the symbols `message_tokens`, `fan_in` and `height` (levels above the leaves
        to which it goes, from 1) and parameters of its own.

    Raises
    ------
    DerivationError
        If messages may cost nothing or less, or their sum over the levels does not converge.

    Examples
    --------
    >>> communication_cost_per_leaf().numeric()(20, 5)
    50.0
    >>> communication_cost_per_leaf(message_price=message_tokens * height).result.rhs
    b**2*m/(b - 1)**2
    """
    value = per_leaf_of_a_large_tree(message_price)
    arguments = (message_tokens, *(symbol for symbol in arguments_of(value) if symbol != message_tokens))
    arguments = arguments if value.has(message_tokens) else arguments[1:]
    return Derivation(
        title="The communication cost per leaf",
        source=SOURCE,
        meaning=meaning_of(*arguments),
        assumptions={"message_price": message_price},
        steps=message_steps(message_price),
        result=sp.Eq(communication, value, evaluate=False),
        arguments=arguments,
    )


@derives("budgetsim.theory.organization.exact_tree_tokens", page="phase-transition")
def exact_tree_tokens(message_price: sp.Expr = MESSAGE_PRICE) -> Derivation:
    """The tokens of a whole tree of some depth.

    Parameters and errors as in `communication_cost_per_leaf`.

    Examples
    --------
    >>> exact_tree_tokens().numeric()(5, 3, 30.4, 20)
    10000.0
    """
    value = fan_in**depth * (leaf_tokens + per_leaf(message_price))
    own = [symbol for symbol in arguments_of(message_price) if symbol not in (fan_in, height)]
    return Derivation(
        title="The tokens of a whole tree",
        source=SOURCE,
        meaning={**meaning_of(fan_in, *own), depth: "depth: levels above the leaves", leaf_tokens: "tokens per leaf"},
        assumptions={"message_price": message_price},
        steps=message_steps(message_price),
        result=sp.Eq(tokens, value, evaluate=False),
        arguments=(fan_in, depth, leaf_tokens, *own),
    )


@derives("budgetsim.theory.organization.organization_exponent", page="phase-transition")
def organization_exponent(vote: sp.Expr = SHARED_VOTE, channel: sp.Expr = fidelity) -> Derivation:
    """The exponent of a small bias in the number of leaves, always below one half.

    Parameters
    ----------
    vote, channel
        See `phase_transition.one_level_map`.

    Raises
    ------
    DerivationError
        If the assumptions amplify more than independent votes over perfect channels.

    Examples
    --------
    >>> round(organization_exponent().numeric()(5, 0.95, 0.05), 4)
    0.344
    """
    factor = slope_at_zero(vote, channel)
    steepness = sp.Symbol("c_b", positive=True)
    at = SLOPE.subs(fan_in, 2 * pairs + 1)
    growth = (2 * pairs + 3) / (2 * pairs + 2)
    exponent = sp.log(amplification) / sp.log(fan_in)
    return Derivation(
        title="A tree multiplies a small bias by a power of its leaves",
        source=SOURCE,
        meaning={**meaning_of(*arguments_of(factor)), organization_exponent_: MEANING[amplification]},
        assumptions={"vote": vote, "channel": channel},
        steps=(
            *channel_steps(channel),
            Step(
                name="levels to leaves",
                says="L levels multiply by the amplification to the L, which is a power of the b^L leaves.",
                claim=sp.Eq((fan_in**depth) ** exponent, amplification**depth, evaluate=False),
                where=BRANCHING,
            ),
            Step(
                name="no better than independent votes",
                says="Noise and shared errors never amplify more than independent votes over perfect channels.",
                claim=sp.Le(slope_at_zero(vote).subs(majority_slope(fan_in), steepness), steepness, evaluate=False),
                where={
                    steepness: 1 + sp.Symbol("t_c", positive=True),
                    fidelity: DOMAIN[fidelity],
                    correlation: DOMAIN[correlation],
                },
            ),
            Step(
                name="two more votes",
                says="Factor by which two more votes raise the slope of the majority.",
                claim=sp.Eq(at.subs(pairs, pairs + 1) / at, growth, evaluate=False),
            ),
            Step(
                name="below one half",
                says="The slope squared over the fan-in falls, from 1 at one vote: an amplification stays below the "
                "root of the fan-in.",
                claim=sp.Lt(growth**2 * (2 * pairs + 1) / (2 * pairs + 3), 1, evaluate=False),
            ),
        ),
        result=sp.Eq(organization_exponent_, sp.log(factor) / sp.log(fan_in), evaluate=False),
        arguments=arguments_of(factor + fan_in),
    )
