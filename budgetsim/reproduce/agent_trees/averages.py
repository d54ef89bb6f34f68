"""The continuous warm-up: risks of averaging stars, trees and chains, and their floors."""

from __future__ import annotations

from collections.abc import Iterator

from budgetsim.reproduce.agent_trees.curves import Curves, Point, at
from budgetsim.reproduce.agent_trees.draws import Draws
from budgetsim.reproduce.claim import Claim, Evidence
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.simulate.continuous import (
    Averaging,
    AveragingChain,
    AveragingStar,
    AveragingTree,
    Rule,
    Sharing,
    simulate_risk,
)

CORRELATION, LEAF_VARIANCE, MESSAGE_VARIANCE = 0.3, 2.0, 0.5
FAN_IN = 3
STARS = ((1, 2, 4, 8, 16, 64, 256), (4, 16, 256))  # all, and the few where few draws are enough
DEPTHS = ((0, 1, 2, 3, 4, 5, 6), (1, 3))
CHAINS = ((1, 2, 4, 8, 12, 24), (12,))
RULES: tuple[Rule, ...] = ("running_mean", "relay", "optimal")
SHARINGS: dict[Sharing, str] = {"component": "own sources", "global": "one source"}
NORMALS = 80_000_000  # of one risk


def measure(draws: Draws) -> Curves:
    """Risks over the number of agents or levels."""
    stars, depths, chains = (sizes[draws.quick] for sizes in (STARS, DEPTHS, CHAINS))
    parts = 3 + len(RULES)
    curves = {"star": [_risk(draws, _star(agents), agents, agents, 0) for agents in stars]}
    draws.done(1, parts)
    curves["tree"] = [
        _risk(draws, _tree(depth, MESSAGE_VARIANCE, "component"), depth, (FAN_IN + 1) ** depth, 1) for depth in depths
    ]
    draws.done(2, parts)
    for place, rule in enumerate(RULES):
        curves[f"chain, {rule}"] = [_risk(draws, _chain(agents, rule), agents, agents, 2 + place) for agents in chains]
        draws.done(3 + place, parts)
    for place, (sharing, sources) in enumerate(SHARINGS.items()):
        curves[f"silent tree, {sources}"] = [
            _risk(draws, _tree(depth, 0.0, sharing), depth, (FAN_IN + 1) ** depth, 5 + place) for depth in depths
        ]
    return curves


def _star(agents: int) -> AveragingStar:
    return AveragingStar(
        agents=agents, correlation=CORRELATION, leaf_variance=LEAF_VARIANCE, message_variance=MESSAGE_VARIANCE
    )


def _tree(depth: int, message_variance: float, sharing: Sharing) -> AveragingTree:
    return AveragingTree(
        fan_in=FAN_IN,
        depth=depth,
        correlation=CORRELATION,
        leaf_variance=LEAF_VARIANCE,
        message_variance=message_variance,
        sharing=sharing,
    )


def _chain(agents: int, rule: Rule) -> AveragingChain:
    return AveragingChain(
        agents=agents,
        correlation=0.0 if rule == "optimal" else CORRELATION,
        leaf_variance=LEAF_VARIANCE,
        message_variance=MESSAGE_VARIANCE,
        rule=rule,
    )


def _risk(draws: Draws, organization: Averaging, place: int, agents: int, curve: int) -> Point:
    """A risk from about `NORMALS` normals, two for each agent."""
    replicas = min(2_000_000, draws.few(NORMALS, NORMALS // 16) // (2 * agents))
    found = simulate_risk(organization, replicas=replicas, seed=draws.seed(curve, place))
    return Point(place, found.value, found.standard_error)


def claims(curves: Curves) -> Iterator[Claim]:
    """Reported risks and floors beside simulated ones."""
    where = f"leaf variance {LEAF_VARIANCE:g}, message variance {MESSAGE_VARIANCE}, correlation {CORRELATION}"
    reported: tuple[tuple[str, str, float, str, Evidence], ...] = (
        ("star", "a star of 4 agents", 4, "1.0750", "derived"),
        ("star", "a star of 16 agents", 16, ".71875", "derived"),
        ("tree", "a tree of fan-in 3 and 1 level", 1, "1.2333", "derived"),
        ("tree", "a tree of fan-in 3 and 3 levels", 3, ".6064", "derived"),
        ("tree", "a tree of fan-in 3 and 6 levels", 6, ".3950", "derived"),
        ("chain, running_mean", "a chain of 12 agents that pass on their running mean", 12, "2.4736", "derived"),
        ("chain, relay", "a chain of 11 relays", 12, "7.5", "derived"),
    )
    for curve, what, place, theirs, evidence in reported:
        if any(point.at == place for point in curves[curve]):
            found = at(curves[curve], place)
            yield number(
                f"simulated variance of {what}", where, theirs=theirs, ours=found.value, se=found.se, evidence=evidence
            )
    last = curves["chain, optimal"][-1]
    yield number(
        "floor of the best chain of averages, by simulation",
        f"leaf variance {LEAF_VARIANCE:g}, message variance {MESSAGE_VARIANCE}, no correlation; {last.at:g} agents",
        theirs=".7808",
        ours=last.value,
        se=last.se,
        evidence="derived",
    )
    widest = curves["star"][-1]
    yield number(
        "no star averages below correlation times leaf variance",
        f"{where}; {widest.at:g} agents, message variance over agents taken off",
        theirs=f"{CORRELATION * LEAF_VARIANCE:.1f}",
        ours=widest.value - MESSAGE_VARIANCE / widest.at,
        se=widest.se,
        evidence="second-hand",
    )
    floor = CORRELATION * LEAF_VARIANCE
    for curve, sources, saves in (
        ("own sources", "every aggregator has a common source of its own", False),
        ("one source", "one source for all leaves", True),
    ):
        found = at(curves[f"silent tree, {curve}"], 3)
        yield ordering(
            "without message noise a tree averages below the floor of a star, correlation times leaf variance",
            f"fan-in {FAN_IN}, {found.at:g} levels, correlation {CORRELATION}; {sources}",
            theirs="tree < star's floor",
            difference=floor - found.value,
            se=found.se,
            evidence="derived",
            only_if=("correlation is drawn anew at every level, not shared by all leaves", saves),
        )
