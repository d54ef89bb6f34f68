"""The same correlation in the problem instead of the vote: the boundary goes, and curves may turn."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from budgetsim.parameters import Organization
from budgetsim.reproduce.agent_trees.curves import Curves, Point, at
from budgetsim.reproduce.agent_trees.draws import Draws, bias_of
from budgetsim.reproduce.agent_trees.sweep import FAN_IN, FIDELITY, LEAF, reference_tree
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.verdicts import number, ordering
from budgetsim.simulate import simulate_organization
from budgetsim.theory.heterogeneity import beta_accuracy, beta_problems, mixture_accuracy
from budgetsim.theory.latent_difficulty import problem_balance

CORRELATIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
DEPTH = 5
ABOVE = 0.4
EASY, HARD, SHARE_HARD = 0.9, 0.45, 0.6
VOTES = (1, 3, 5, 11, 21, 41)
BETA = (1.2, 0.8)


def shape(rho: float) -> tuple[float, float]:
    """Beta law of the difficulty at which two leaf votes on one problem have correlation ``rho``, mean bias `LEAF`."""
    mass = 1.0 / rho - 1.0
    return 0.5 * (1.0 + LEAF) * mass, 0.5 * (1.0 - LEAF) * mass


def accuracy(draws: Draws, tree: Organization, law: tuple[float, float], replicas: int, *place: int) -> Point:
    """Accuracy where every problem has a success probability drawn from a beta law."""

    def difficulty(generator: np.random.Generator, problems: int) -> NDArray[np.float64]:
        return generator.beta(*law, problems)

    found = simulate_organization(tree, difficulty, replicas=replicas, seed=draws.seed(*place))
    return Point(tree.depth, found.value, found.standard_error)


def measure(draws: Draws) -> Curves:
    """Deep bias over the correlation in vote and problem, accuracy over depth, accuracy over votes."""
    correlations = (0.2, ABOVE) if draws.quick else CORRELATIONS
    parts = len(correlations) + 2
    replicas = draws.few(400_000, 40_000)
    shared, latent = [], []
    for place, rho in enumerate(correlations):
        _, bias, se = draws.bias(reference_tree(rho, DEPTH), LEAF, replicas, 0, place)
        shared.append(Point(rho, bias, se))
        _, right, error = accuracy(draws, reference_tree(0.0, DEPTH), shape(rho), replicas, 1, place)
        latent.append(Point(rho, 2.0 * right - 1.0, 2.0 * error))
        draws.done(place + 1, parts)
    deep = [
        accuracy(draws, Organization.tree(FAN_IN, depth), BETA, draws.few(1_000_000, 100_000), 2, depth)
        for depth in ((0, 2, DEPTH) if draws.quick else range(DEPTH + 1))
    ]
    draws.done(parts - 1, parts)
    votes = [
        _star(draws, number_, draws.few(2_000_000, 200_000), 3, number_)
        for number_ in ((1, 3, 11) if draws.quick else VOTES)
    ]
    return {"bias, correlated votes": shared, "bias, correlated problems": latent, "accuracy": deep, "votes": votes}


def _star(draws: Draws, votes: int, replicas: int, *place: int) -> Point:
    found = simulate_organization(
        Organization.star(votes),
        [HARD, EASY],
        weights=[SHARE_HARD, 1.0 - SHARE_HARD],
        replicas=replicas,
        seed=draws.seed(*place),
    )
    return Point(votes, 0.5 * (1.0 + bias_of(found)[0]), found.standard_error)


def claims(curves: Curves) -> Iterator[Claim]:
    """What happens to the boundary, and to voting, when problems differ."""
    where = f"fan-in {FAN_IN}, fidelity {FIDELITY}, mean leaf bias {LEAF}, {DEPTH} levels"
    votes, problems = (at(curves[f"bias, correlated {kind}"], ABOVE) for kind in ("votes", "problems"))
    for found, place, saves in ((votes, "drawn anew at every aggregator", False), (problems, "of the problem", True)):
        ratio = found.value / LEAF
        factor = math.copysign(abs(ratio) ** (1.0 / DEPTH), ratio)
        yield number(
            "above the critical correlation a tree loses bias by the amplification factor, level after level",
            f"{where}; correlation {ABOVE} {place}; factor per level",
            theirs=".915",
            ours=factor,
            se=found.se / abs(found.value) * abs(factor) / DEPTH,
            evidence="second-hand",
            only_if=("every aggregator draws a shared vote of its own", saves),
        )
    for rho, bias, se in curves["bias, correlated problems"]:
        yield number(
            "simulated bias of a tree whose problems differ",
            f"{where}; beta difficulty, leaf votes on one problem correlated by {rho}; the mixture over problems",
            theirs=f"{2.0 * float(beta_accuracy(*shape(rho), FAN_IN, DEPTH, FIDELITY, 0.0)) - 1.0:.4f}",
            ours=bias,
            se=se,
            evidence="derived",
        )
    deepest = curves["accuracy"][-1]
    right = 0.5 * (1.0 + float(problem_balance(*beta_problems(*BETA)).balance))
    yield number(
        "accuracy tends to the share of problems on which most votes are right",
        f"fan-in {FAN_IN}, perfect messages, difficulty Beta{BETA}, {deepest.at:g} levels",
        theirs=f"{right:.3f}",
        ours=deepest.value,
        se=deepest.se,
        evidence="derived",
    )
    single, three, most = curves["votes"][0], curves["votes"][1], curves["votes"][-1]
    mixed = f"{SHARE_HARD:.0%} of problems right with {HARD}, the others with {EASY}"
    yield ordering(
        "a few votes help where most problems are hard",
        f"{mixed}; accuracy of 3 votes less that of 1",
        theirs="3 votes > 1 vote",
        difference=three.value - single.value,
        se=math.hypot(three.se, single.se),
        evidence="derived",
    )
    yield ordering(
        "more votes never hurt",
        f"{mixed}; accuracy of {most.at:g} votes less that of 3",
        theirs="more votes > fewer",
        difference=most.value - three.value,
        se=math.hypot(most.se, three.se),
        evidence="derived",
    )
    yield number(
        "simulated accuracy of many votes where most problems are hard",
        f"{mixed}; {most.at:g} votes",
        theirs=f"{float(mixture_accuracy([HARD, EASY], [SHARE_HARD, 1.0 - SHARE_HARD], most.at, 1, 1.0, 0.0)):.4f}",
        ours=most.value,
        se=most.se,
        evidence="derived",
    )
