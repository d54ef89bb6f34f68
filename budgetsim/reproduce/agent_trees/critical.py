"""Around the boundary: where deep trees settle, how that vanishes, and one curve for all depths."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.agent_trees.curves import Curves, Floats, Point, at, column, fitted
from budgetsim.reproduce.agent_trees.draws import Draws, ladder, mean_of
from budgetsim.reproduce.agent_trees.sweep import CRITICAL, FAN_IN, FIDELITY, reference_tree
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.theory.phase import near_threshold_coefficient

RUNG = 2
SETTLES = {0.05: ".6344", 0.1: ".5556", 0.15: ".4540", 0.18: None, 0.2: ".3058", 0.21: None}
PATIENCE = 12.0  # levels until a tree has settled, times its distance from the boundary
DEPTHS = (10, 20, 40, 80)
SCALED = (-4.0, -2.0, 0.0, 1.0, 2.0)  # (critical correlation - correlation) times depth; 5/21 - 2/10 is above 0
LOST_AT, LOST_DEPTH = 0.3, 240
GROWTH_PER_CORRELATION = 0.525  # of the amplification factor, fidelity (slope - 1)


def measure(draws: Draws) -> Curves:
    """Settled biases below the boundary, and biases over depth at a fixed distance times depth."""
    replicas, ladders = draws.few(500_000, 50_000), draws.few(16, 10)
    correlations = (0.1, 0.15, 0.2) if draws.quick else tuple(SETTLES)
    scaled = (-2.0, 0.0, 2.0) if draws.quick else SCALED
    depths = DEPTHS[:-1] if draws.quick else DEPTHS
    parts = len(correlations) + len(scaled) + 1
    settled = []
    for place, rho in enumerate(correlations):
        rungs = math.ceil(PATIENCE / (CRITICAL - rho) / RUNG)
        biases = _from(draws, rho, 1.0, rungs, replicas, ladders, 0, place)
        settled.append(mean_of(rho, biases[-(-2 * rungs // 3) :].mean(axis=0)))
        draws.done(place + 1, parts)
    risen = _from(draws, 0.1, 0.05, 75, replicas, ladders, 1)[60:].mean(axis=0)
    lost = _from(draws, LOST_AT, 1.0, LOST_DEPTH // RUNG, replicas // 4, ladders, 2)[-1]
    draws.done(len(correlations) + 1, parts)
    curves = {
        "settled bias": settled,
        "settled bias, from below": [mean_of(0.1, risen)],
        "lost bias": [mean_of(LOST_AT, lost)],
    }
    for place, depth in enumerate(depths):
        curves[f"bias times root of depth {depth}"] = [
            mean_of(
                z,
                math.sqrt(depth)
                * _from(draws, CRITICAL - z / depth, 1.0, depth // RUNG, replicas, ladders, 3, place, k)[-1],
            )
            for k, z in enumerate(scaled)
        ]
        draws.done(len(correlations) + 1 + (place + 1) * len(scaled) // len(depths), parts)
    return curves


def _from(draws: Draws, rho: float, leaf: float, rungs: int, replicas: int, ladders: int, *place: int) -> Floats:
    return ladder(draws, reference_tree(rho, RUNG), leaf, rungs=rungs, replicas=replicas, ladders=ladders, place=place)


def exponent(curves: Curves) -> tuple[float, float, float]:
    """Exponent of the settled bias in the distance to the boundary, its error, the factor; first correction fitted."""
    rho, bias, se = column(curves["settled bias"])
    distance = CRITICAL - rho
    design = np.stack([np.log(distance), np.ones_like(distance), distance], axis=1)
    coefficients, covariance = fitted(design, np.log(bias), se / bias)
    return float(coefficients[0]), float(np.sqrt(covariance[0, 0])), float(np.exp(coefficients[1]))


def scaling_curve(z: float) -> float:
    """Bias times the root of depth in the limit of deep trees, from perfect leaves (derived).

    ``du/dt = x/L u - k u**3`` from ``u = infinity``, with ``x = (amplification - 1) L``.
    """
    x, cubic = GROWTH_PER_CORRELATION * z, float(near_threshold_coefficient(FAN_IN, FIDELITY, CRITICAL))
    return math.sqrt((x / -math.expm1(-2.0 * x) if x else 0.5) / cubic)


def claims(curves: Curves) -> Iterator[Claim]:
    """Fixed points, their exponent, and the collapse."""
    where = f"fan-in {FAN_IN}, fidelity {FIDELITY}"
    for rho, _, _ in curves["settled bias"]:
        theirs, found = SETTLES[rho], at(curves["settled bias"], rho)
        if theirs is not None:
            yield number(
                "simulated bias at which deep trees settle, from perfect leaves",
                f"{where}, correlation {rho}; ladders of {math.ceil(PATIENCE / (CRITICAL - rho) / RUNG) * RUNG} levels",
                theirs=theirs,
                ours=found.value,
                se=found.se,
                evidence="derived",
            )
    [risen], [lost] = curves["settled bias, from below"], curves["lost bias"]
    yield number(
        "the same from weak leaves: one fixed point, whatever the leaf bias (Theorem 4)",
        f"{where}, correlation .1, leaf bias .05; ladders of 150 levels",
        theirs=".5556",
        ours=risen.value,
        se=risen.se,
        evidence="derived",
    )
    yield number(
        "above the critical correlation deep trees lose even perfect leaves (Theorem 4), by simulation",
        f"{where}, correlation {LOST_AT}, leaf bias 1; bias after {LOST_DEPTH} levels",
        theirs="0.000",
        ours=lost.value,
        se=lost.se,
        evidence="second-hand",
    )
    slope, error, _ = exponent(curves)
    yield number(
        "exponent with which the settled bias vanishes at the boundary: mean field, one half",
        f"{where}; {len(curves['settled bias'])} correlations from {curves['settled bias'][0].at} to "
        f"{curves['settled bias'][-1].at}, distance from 5/21, first correction fitted",
        theirs="0.50",
        ours=slope,
        se=error,
        evidence="derived",
    )
    yield from _collapse(curves, where)


def limits(curves: Curves) -> list[Point]:
    """Bias times the root of depth, for endless depth: from the two greatest, less what shrinks like 1 / depth."""
    shallow, deep = [points for name, points in curves.items() if name.startswith("bias times")][-2:]
    return [
        Point(z, 2.0 * value - before, math.hypot(2.0 * se, before_se))
        for (z, value, se), (_, before, before_se) in zip(deep, shallow, strict=True)
    ]


def _collapse(curves: Curves, where: str) -> Iterator[Claim]:
    by_depth = [points for name, points in curves.items() if name.startswith("bias times")]
    first, last = column(by_depth[0]), column(by_depth[-1])
    before = column(by_depth[-2])
    early, late = np.abs(first[1] - before[1]), np.abs(before[1] - last[1])
    gap = float(np.mean(early - late))
    se = float(np.sqrt(np.sum(first[2] ** 2 + 4.0 * before[2] ** 2 + last[2] ** 2)) / len(early))
    yield ordering(
        "bias times the root of depth, over distance from the boundary times depth, becomes one curve for all depths",
        f"{where}, leaf bias 1; how much nearer to each other the deepest two curves are than shallower ones",
        theirs="curves approach each other",
        difference=gap,
        se=se,
        evidence="derived",
    )
    for z, value, error in limits(curves):
        yield number(
            "the same for endless depth: on the curve of mean field",
            f"{where}; (5/21 - correlation) x depth = {z:g}",
            theirs=f"{scaling_curve(z):.2f}",
            ours=value,
            se=error,
            evidence="derived",
        )
