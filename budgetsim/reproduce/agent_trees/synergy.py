"""Equal budgets: up to which compute exponent of its leaves a tree beats one agent, found by simulation alone."""

from __future__ import annotations

import math
from collections.abc import Iterator

from budgetsim.parameters import Organization
from budgetsim.reproduce.agent_trees.curves import Curves, Point
from budgetsim.reproduce.agent_trees.draws import Draws
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.theory.organization import organization_exponent

FAN_IN, MESSAGE_TOKENS = 5, 20.0
ORGANIZATIONS = ((0.95, 0.05), (0.9, 0.1), (0.9, 0.3), (0.8, 0.15), (0.7, 0.1), (0.65, 0.15))  # fidelity, correlation
HOPELESS = (0.6, 0.4)
BUDGETS = (1e3, 1e4, 1e5, 1e6)
WEAK = 0.05  # bias of one agent with all tokens: far from saturation
DEEPEST = 5
SEARCHES = 3
VOTES = 600_000_000  # leaf votes of one simulation


def leaf_tokens(budget: float, depth: int) -> float:
    """Tokens left for each leaf after every message was written and read.

    Examples
    --------
    Thirty messages of twenty tokens, written and read, and twenty-five leaves.

    >>> leaf_tokens(10_000.0, 2)
    352.0
    """
    leaves = float(FAN_IN**depth)
    return budget / leaves - 2.0 * MESSAGE_TOKENS * FAN_IN * (1.0 - 1.0 / leaves) / (FAN_IN - 1.0)


def advantage(
    draws: Draws, channel: tuple[float, float], budget: float, depth: int, exponent: float, votes: int, *place: int
) -> Point:
    """Bias of a tree over that of one agent at equal tokens, ``at`` the compute exponent of its leaves.

    A leaf's bias is a constant times tokens to the power ``exponent``; the constant makes one agent's bias `WEAK`.
    """
    tree = Organization.tree(FAN_IN, depth, fidelity=channel[0], correlation=channel[1])
    leaf = WEAK * (leaf_tokens(budget, depth) / budget) ** exponent
    _, bias, se = draws.bias(tree, leaf, votes // tree.leaves, *place, depth)
    return Point(exponent, bias / WEAK, se / WEAK)


def level_with_one_agent(
    draws: Draws, channel: tuple[float, float], budget: float, depth: int, *place: int
) -> tuple[Point, Point]:
    """Compute exponent at which a tree of some depth and one agent are level, twice from fresh draws; ``at`` is depth.

    Another exponent multiplies the bias of a leaf by a known power of its share of the tokens; so a measured advantage
    tells by how much the exponent was wrong, exactly so where signals are weak.
    """
    leverage = math.log(budget / leaf_tokens(budget, depth))
    votes = draws.few(VOTES, VOTES // 50)
    exponent = 0.25
    for search in range(SEARCHES):
        ratio = advantage(draws, channel, budget, depth, exponent, votes // 5, *place, search).value
        exponent += math.log(max(ratio, 0.1)) / leverage
    first, second = (
        advantage(draws, channel, budget, depth, exponent, votes, *place, SEARCHES + half) for half in range(2)
    )
    return (
        Point(depth, exponent + math.log(max(first.value, 0.1)) / leverage, first.se / leverage),
        Point(depth, exponent + math.log(max(second.value, 0.1)) / leverage, second.se / leverage),
    )


def break_even(draws: Draws, channel: tuple[float, float], budget: float, *place: int) -> Point:
    """Compute exponent up to which the best tree beats one agent; ``at`` is the budget.

    The depth is chosen by one simulation and judged by another, so that luck is not chosen with it.
    """
    depths = [depth for depth in range(1, DEEPEST + 1) if leaf_tokens(budget, depth) > 0.0]
    found = [level_with_one_agent(draws, channel, budget, depth, *place) for depth in depths]
    _, exponent, se = max(found, key=lambda halves: halves[0].value - halves[0].se)[1]
    return Point(budget, exponent, se)


def label(channel: tuple[float, float]) -> str:
    """Name of the curve of a channel."""
    return f"break-even exponent, fidelity {channel[0]}, correlation {channel[1]}"


def measure(draws: Draws) -> Curves:
    """Break-even exponents over the budget, for each fidelity and correlation."""
    channels = ORGANIZATIONS[:2] if draws.quick else ORGANIZATIONS
    budgets = BUDGETS[1:3] if draws.quick else BUDGETS
    curves: dict[str, list[Point]] = {}
    for place, channel in enumerate(channels):
        curves[label(channel)] = []
        for number_, budget in enumerate(budgets):
            curves[label(channel)].append(break_even(draws, channel, budget, 0, place, number_))
            draws.done(place * len(budgets) + number_ + 1, len(channels) * len(budgets) + 1)
    curves["advantage without amplification"] = [
        advantage(draws, HOPELESS, budgets[-1], 1, 0.01, draws.few(VOTES, VOTES // 10), 1)
    ]
    return curves


def claims(curves: Curves) -> Iterator[Claim]:
    """The break-even exponent beside the organization exponent."""
    where = f"fan-in {FAN_IN}, messages of {MESSAGE_TOKENS:g} tokens"
    for channel in ORGANIZATIONS:
        if label(channel) not in curves:
            continue
        points = curves[label(channel)]
        exponent = float(organization_exponent(FAN_IN, *channel))
        budget, found, se = points[-1]
        yield number(
            "s > beta: compute exponent up to which a tree beats one agent at equal tokens, by simulation",
            f"{where}, fidelity {channel[0]}, correlation {channel[1]}, {budget:.0e} tokens, weak signals; s beside it",
            theirs=f"{exponent:.2f}",
            ours=found,
            se=se,
            evidence="sourced",
        )
    channel = ORGANIZATIONS[0]
    first, last = curves[label(channel)][0], curves[label(channel)][-1]
    yield ordering(
        "the tree needs budget: with more tokens it beats one agent up to higher compute exponents",
        f"{where}, fidelity {channel[0]}, correlation {channel[1]}; {first.at:.0e} and {last.at:.0e} tokens",
        theirs="exponent grows with budget",
        difference=last.value - first.value,
        se=math.hypot(first.se, last.se),
        evidence="derived",
    )
    [(_, ratio, se)] = curves["advantage without amplification"]
    yield ordering(
        "without amplification no tree beats one agent, however little tokens help",
        f"{where}, fidelity {HOPELESS[0]}, correlation {HOPELESS[1]}, one level, exponent .01; 1 less the ratio",
        theirs="tree < one agent",
        difference=1.0 - ratio,
        se=se,
        evidence="sourced",
    )
