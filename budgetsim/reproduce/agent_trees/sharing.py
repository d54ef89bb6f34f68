"""One correlation, two laws of it: one vote for all, and beta-binomial votes. They part as the fan-in grows."""

from __future__ import annotations

import math
from collections.abc import Iterator

from budgetsim.reproduce.agent_trees.curves import Curves, Point
from budgetsim.reproduce.agent_trees.draws import Draws, slope_at_no_bias
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.simulate.levels import Level, Sharing

CORRELATION = 0.2
FAN_INS = (3, 5, 11, 21, 101)
BIAS = 0.1
SHARINGS: dict[Sharing, str] = {"vote": "one vote shared by all", "beta": "beta-binomial votes"}
SLOPES = {
    "vote": ("1.4000", "1.7000", "2.3656", "3.1601", "6.6308"),
    "beta": ("1.2667", "1.3952", "1.5579", "1.6475", "1.7437"),
}
BIASES = {"vote": {5: ".1690", 11: ".2330", 21: ".3064"}, "beta": {5: ".1391", 11: ".1550", 21: ".1638"}}
WIDE, NOISY = 21, 0.5  # fan-in and fidelity at which the two laws decide between growth and loss


def measure(draws: Draws) -> Curves:
    """Slopes of one level at no bias, its bias at a received bias of .1, and two levels of a wide tree."""
    fan_ins = FAN_INS[1:3] if draws.quick else FAN_INS
    curves: dict[str, list[Point]] = {}
    for row, sharing in enumerate(SHARINGS):
        slopes, biases = [], []
        for place, fan_in in enumerate(fan_ins):
            level = [Level(fan_in=fan_in, correlation=CORRELATION, sharing=sharing)]
            replicas = draws.few(4_000_000 if fan_in < 100 else 500_000, 400_000)
            _, slope, se = slope_at_no_bias(draws, level, 0.3 / math.sqrt(fan_in), replicas, 0, row, fan_in)
            slopes.append(Point(fan_in, slope, se))
            voted = draws.bias(level, BIAS, replicas, 0, row, fan_in, 2)
            biases.append(Point(fan_in, voted.value, voted.se))
            draws.done(row * len(fan_ins) + place + 1, 2 * len(fan_ins) + 1)
        curves[f"slope, {SHARINGS[sharing]}"] = slopes
        curves[f"bias, {SHARINGS[sharing]}"] = biases
    for row, sharing in enumerate(SHARINGS):
        noisy = Level(fan_in=WIDE, fidelity=NOISY, correlation=CORRELATION, sharing=sharing)
        grown = [draws.bias([noisy] * depth, BIAS, draws.few(250_000, 50_000), 1, row, depth) for depth in (1, 2)]
        curves[f"bias of a noisy tree, {SHARINGS[sharing]}"] = [
            Point(depth, bias, se) for depth, (_, bias, se) in enumerate(grown, start=1)
        ]
    return curves


def claims(curves: Curves) -> Iterator[Claim]:
    """Slopes and biases of both laws, and that the difference decides."""
    for sharing, law in SHARINGS.items():
        for fan_in, value, se in curves[f"slope, {law}"]:
            yield number(
                "simulated slope of a majority at no bias",
                f"{law}, correlation {CORRELATION}, fan-in {fan_in:g}",
                theirs=SLOPES[sharing][FAN_INS.index(round(fan_in))],
                ours=value,
                se=se,
                evidence="derived",
            )
        for fan_in, value, se in curves[f"bias, {law}"]:
            theirs = BIASES[sharing].get(round(fan_in))
            if theirs is None:
                continue
            yield number(
                "simulated majority bias at a received bias of .1",
                f"{law}, correlation {CORRELATION}, fan-in {fan_in:g}",
                theirs=theirs,
                ours=value,
                se=se,
                evidence="derived",
            )
    for law in SHARINGS.values():
        first, second = curves[f"bias of a noisy tree, {law}"]
        yield ordering(
            "a wide tree amplifies: bias grows from one level to the next",
            f"{law}, fan-in {WIDE}, fidelity {NOISY}, correlation {CORRELATION}, leaf bias {BIAS}; levels 1 and 2",
            theirs="grows",
            difference=second.value - first.value,
            se=math.hypot(first.se, second.se),
            evidence="derived",
            only_if=("votes are shared, not beta-binomial", law != SHARINGS["vote"]),
        )
