"""How many steps a value-tree search needs: the published bound, tighter ones, and the exact number.

Assumption of all: until K gains are made, every step makes one with probability p or more whatever came before. Then
the number of gains in M steps is at least binomial, and a terminal node (a critic's value above the threshold, which
need not be a right answer) is reached with probability 1 - eps or more once ``P(Bin(M, p) < K) <= eps``.

Source: "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents", Yushu Li, Wenlong Deng, Jiajin Li,
Xiaoxiao Li, arXiv 2603.12634 (the published bound, as reported); the rest is derived. Where the exponent 1/r sharpens
the selection, p is not a constant: see :mod:`budgetsim.theory.value_tree_pool`.
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from budgetsim.theory._arrays import (
    POSITIVE,
    PROBABILITY,
    PROPER_PROBABILITY,
    WHOLE_POSITIVE,
    Array,
    Domain,
    common_namespace,
    elementwise,
    repeat,
    require,
    special,
    whole,
)
from budgetsim.theory._counts import binomial_below, least_whole, rounded_up, whole_steps

ADVANCE = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
# A tail that equals the failure allowed in exact arithmetic must not miss it by rounding.
SLACK = 1e-12


class StepBounds(NamedTuple):
    """Steps that suffice, from the loosest bound to the exact number."""

    published: Array
    chernoff: Array
    relative_entropy: Array
    exact: Array


@elementwise(threshold=PROBABILITY, start=PROBABILITY, gain=POSITIVE)
def required_gains(threshold: Array, start: Array, gain: Array) -> Array:
    r"""Gains from the root's value to the threshold, :math:`K = \lceil(\tau - V_0)/\delta\rceil`; 0 if it is there.

    Parameters
    ----------
    threshold, start
        Value at which the search answers, and value of the root, in [0, 1].
    gain
        Least gain of a step that counts, above 0. In floats (.8 - .2) / .1 is above 6; it gives 6 all the same.

    Notes
    -----
    arXiv 2603.12634, as reported.

    Examples
    --------
    >>> required_gains(0.8, 0.1, 0.1), required_gains(0.8, 0.2, 0.1)
    (7, 6)
    """
    xp = common_namespace(threshold)
    return whole_steps(xp, xp.maximum(threshold - start, 0.0) / gain)


@elementwise(gains=WHOLE_POSITIVE, advance=ADVANCE, failure=PROPER_PROBABILITY)
def step_bounds(gains: Array, advance: Array, failure: Array) -> StepBounds:
    r"""Steps that suffice to make K gains with probability 1 - eps; with :math:`L = \ln(1/\epsilon)`:

    * ``published``: :math:`(K + \sqrt{2KL} + 2L)/p`, rounded up;
    * ``chernoff``: :math:`(K + L + \sqrt{2KL + L^2})/p`, rounded up, from the same inequality solved exactly;
    * ``relative_entropy``: least M with :math:`q = (K-1)/M < p` and :math:`M\,\mathrm{KL}(q\|p) \ge L`;
    * ``exact``: least M with :math:`P(\mathrm{Bin}(M,p) < K) \le \epsilon`. If every step advances with probability
      exactly p it is needed: no bound from these assumptions can be smaller.

    Parameters
    ----------
    gains
        Gains K needed, 1 or more.
    advance
        Least probability p of a gain in one step, in (0, 1].
    failure
        Probability eps of failing that is allowed, in (0, 1).

    Returns
    -------
    StepBounds
        Four whole numbers, none smaller than the next.

    Raises
    ------
    ValueError
        If an argument is outside its domain or 2**53 steps do not suffice (NaN in JAX).

    Notes
    -----
    arXiv 2603.12634, as reported (published); derived (the others). The published one is 1.4 to 3.4 times the exact.

    Derivation: `budgetsim.symbolic.value_tree_bound.chernoff_steps`; page: ``papers/bavt.md``.
    Derivation: `budgetsim.symbolic.value_tree_bound.published_steps`; page: ``papers/bavt.md``.
    Derivation: `budgetsim.symbolic.value_tree_bound.relative_entropy_steps`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> step_bounds(3, 0.2, 0.05)
    StepBounds(published=67, chernoff=56, relative_entropy=36, exact=30)
    """
    xp = common_namespace(gains)
    demand = -xp.log(failure)
    chernoff = rounded_up(xp, chernoff_demand(xp, gains, demand) / advance)

    def diverges(steps: Array) -> Array:
        trials = xp.maximum(steps, 1.0)
        entropy = special(xp).rel_entr
        made, missed = (gains - 1.0) / trials, (trials - gains + 1.0) / trials
        enough = entropy(made, advance) + entropy(missed, 1.0 - advance) >= demand * (1.0 - SLACK) / trials
        return enough & (made < advance) & (steps >= gains)

    entropy_steps = least_whole(xp, xp.zeros_like(chernoff), chernoff, diverges)
    published = whole_steps(xp, published_demand(xp, gains, demand) / advance)
    exact = whole(xp, exact_steps(xp, gains, advance, failure))
    return StepBounds(published, whole(xp, chernoff), whole(xp, entropy_steps), exact)


@elementwise(advance=ADVANCE, failure=PROPER_PROBABILITY)
def single_gain_steps(advance: Array, failure: Array) -> Array:
    r"""Exact number of steps if one gain is enough, :math:`\lceil\ln\epsilon / \ln(1-p)\rceil`.

    Arguments as in :func:`step_bounds`. Derived.

    Notes
    -----
    Derivation: `budgetsim.symbolic.value_tree_bound.single_gain_steps`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> single_gain_steps(0.2, 0.05)
    14
    """
    xp = common_namespace(advance)
    certain = advance == 1.0
    steps = xp.log(failure) / xp.log1p(-xp.where(certain, 0.5, advance))
    return whole_steps(xp, xp.where(certain | (steps < 1.0), 1.0, steps))


class LeastAdvance(NamedTuple):
    """Least probability of a gain per step that a number of steps certifies."""

    published: Array
    exact: Array


@elementwise(gains=WHOLE_POSITIVE, steps=WHOLE_POSITIVE, failure=PROPER_PROBABILITY)
def least_advance(gains: Array, steps: Array, failure: Array) -> LeastAdvance:
    r"""What p must be for M steps to certify K gains with probability 1 - eps.

    ``published`` turns the published bound around, :math:`(K + \sqrt{2KL} + 2L)/M`, and may exceed 1: then it
    certifies nothing at this budget, as for two gains in the five calls of the paper's low budget. ``exact`` solves
    :math:`P(\mathrm{Bin}(M,p) < K) = \epsilon`.

    Parameters
    ----------
    gains, failure
        See :func:`step_bounds`.
    steps
        Affordable steps M, K or more.

    Raises
    ------
    ValueError
        If an argument is outside its domain or steps is below gains (NaN in JAX).

    Notes
    -----
    Derived.

    Derivation: `budgetsim.symbolic.value_tree_bound.least_advance`; page: ``papers/bavt.md``.

    Examples
    --------
    >>> least = least_advance(2, 5, 0.1)
    >>> round(least.published, 3), round(least.exact, 3)
    (1.928, 0.584)
    """
    xp = common_namespace(gains)
    gains, steps, failure = xp.broadcast_arrays(gains, steps, failure)
    message = "steps must be at least gains"
    published = require(
        xp, steps >= gains, message, published_demand(xp, gains, -xp.log(failure)) / steps, steps=steps, gains=gains
    )

    def halve(_: Array, bracket: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bracket
        middle = 0.5 * (low + high)
        fails = binomial_below(xp, gains, steps, middle) > failure
        return xp.where(fails, middle, low), xp.where(fails, high, middle)

    low, high = repeat(xp, 60, halve, (xp.zeros_like(published), xp.minimum(published, 1.0)))
    exact = require(xp, steps >= gains, message, 0.5 * (low + high), steps=steps, gains=gains)
    return LeastAdvance(published, exact)


def published_demand(xp: ModuleType, gains: Array, demand: Array) -> Array:
    """Expected gains that the published bound asks for."""
    return gains + xp.sqrt(2.0 * gains * demand) + 2.0 * demand


def chernoff_demand(xp: ModuleType, gains: Array, demand: Array) -> Array:
    """Least expected gains mu with ``(mu - K)^2 >= 2 mu L``."""
    return gains + demand + xp.sqrt(demand * (2.0 * gains + demand))


def exact_steps(xp: ModuleType, gains: Array, advance: Array, failure: Array) -> Array:
    """Least M with ``P(Bin(M, p) < K) <= eps``, a float."""
    enough = rounded_up(xp, chernoff_demand(xp, gains, -xp.log(failure)) / advance)

    def succeeds(steps: Array) -> Array:
        return binomial_below(xp, gains, steps, advance) <= failure * (1.0 + SLACK)

    return least_whole(xp, gains - 1.0, enough, succeeds)
