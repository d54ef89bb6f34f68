"""What agents that are not alike change."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from budgetsim.reproduce.agent_trees.curves import Curves, Point
from budgetsim.reproduce.agent_trees.draws import Draws, bias_of
from budgetsim.reproduce.agent_trees.sweep import FAN_IN, FIDELITY, LEAF
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.simulate import Level, simulate_organization
from budgetsim.theory.phase import iterate_bias
from budgetsim.theory.unequal_agents import unequal_one_level_map

CORRELATION = 0.1
DEPTH = 3
SIBLINGS = (0.1, 0.1, 0.05, 0.0, 0.0)  # biases of the leaves of one aggregator, mean .05
EXPERT = (0.6, 0.05, 0.05, 0.05, 0.05)


def unequal(draws: Draws, levels: Sequence[Level], siblings: Sequence[float], replicas: int, *place: int) -> Point:
    """Bias at the root where the leaves of every lowest aggregator have these biases."""
    groups = math.prod(level.fan_in for level in levels[1:])
    leaf = np.tile(0.5 * (1.0 + np.array(siblings)), groups)
    found = simulate_organization(levels, leaf_probability=leaf, replicas=replicas, seed=draws.seed(*place))
    return Point(len(levels), *bias_of(found))


def measure(draws: Draws) -> Curves:
    """Trees of equal and of unequal leaves, and an expert among laymen."""
    level = Level(fan_in=FAN_IN, fidelity=FIDELITY, correlation=CORRELATION)
    replicas = draws.few(4_000_000, 200_000)
    trees = {
        "equal leaves": [draws.bias([level] * DEPTH, LEAF, replicas, 0)],
        "unequal leaves": [unequal(draws, [level] * DEPTH, SIBLINGS, replicas, 1)],
    }
    draws.done(1, 2)
    return {**trees, "expert": [unequal(draws, [Level(fan_in=FAN_IN)], EXPERT, replicas, 2)]}


def claims(curves: Curves) -> Iterator[Claim]:
    """Only the mean counts while signals are weak; an expert is outvoted."""
    where = f"fan-in {FAN_IN}, fidelity {FIDELITY}, correlation {CORRELATION}, {DEPTH} levels"
    [equal], [mixed], [voted] = curves["equal leaves"], curves["unequal leaves"], curves["expert"]
    first = float(unequal_one_level_map(SIBLINGS, [FIDELITY], CORRELATION))
    listed = ", ".join(map(str, SIBLINGS))
    yield number(
        "simulated bias of a tree of unequal leaves",
        f"{where}; siblings with biases {listed}",
        theirs=f"{float(iterate_bias(first, FAN_IN, DEPTH - 1, FIDELITY, CORRELATION)):.4f}",
        ours=mixed.value,
        se=mixed.se,
        evidence="derived",
    )
    yield number(
        "while signals are weak only the mean bias of the leaves counts: bias over that of equal leaves",
        f"{where}; siblings with biases {listed}, against {LEAF} for all",
        theirs="1.00",
        ours=mixed.value / equal.value,
        se=math.hypot(mixed.se, equal.se * mixed.value / equal.value) / equal.value,
        evidence="derived",
    )
    yield ordering(
        "a majority is better than its best member",
        f"one leaf of bias {EXPERT[0]}, four of {EXPERT[1]}, perfect messages; bias of all less that of the best",
        theirs="majority > best member",
        difference=voted.value - EXPERT[0],
        se=voted.se,
        evidence="derived",
    )
