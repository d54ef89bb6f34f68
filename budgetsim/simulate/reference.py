"""The slow, readable twin of the simulators: one replica at a time, in plain Python, by recursion.

Each function plays one replica and says whether it succeeded. All chance comes through one function
``draw(weights) -> index``: `repeat` draws with NumPy, which is Monte Carlo, and `enumerate_outcomes` walks through
everything that can be drawn, which gives the exact probability wherever the outcomes are few enough to count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from budgetsim.parameters import Organization
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.levels import Level

Draw = Callable[[Sequence[float]], int]
"""Draws an index; the weights sum to 1."""


def organization_vote(
    organization: Organization, probability: Sequence[float], draw: Draw, *, weights: Sequence[float]
) -> bool:
    """Whether the root of one organization votes right; see `budgetsim.simulate.simulate_organization`."""
    leaf = probability[draw(weights)]
    flip = (1.0 - organization.fidelity) / 2.0

    def coin(chance: float) -> bool:
        return draw([1.0 - chance, chance]) == 1

    def vote(level: int) -> bool:
        if level == 0:
            return coin(leaf)
        if coin(organization.correlation):
            return message(level - 1)
        received = [message(level - 1) for _ in range(organization.fan_in)]
        return sum(received) > organization.fan_in / 2

    def message(level: int) -> bool:
        sent = vote(level)
        return sent != coin(flip)

    return vote(organization.depth)


def tree_answer(
    levels: Sequence[Level],
    leaves: Sequence[Sequence[float]],
    draw: Draw,
    *,
    silence: Sequence[float] | None = None,
) -> int:
    """Answer of the root of one tree of plurality votes; see `budgetsim.simulate.simulate_answer_tree`.

    ``leaves`` holds the probabilities of the answers for every leaf, siblings next to one another, or one row for all;
    what a row lacks to 1 is the probability of casting no vote. ``silence`` is that probability given each answer,
    instead. With two answers it is a majority.
    """
    answers = range(len(leaves[0]))

    def lot(leaders: Sequence[int]) -> int:
        return leaders[draw([1.0 / len(leaders)] * len(leaders))]

    def coin(chance: float) -> bool:
        return draw([1.0 - chance, chance]) == 1

    def leaf(place: int) -> tuple[int, bool]:
        row = leaves[place % len(leaves)]
        casts = min(sum(row), 1.0)
        said = draw([chance / casts for chance in row])
        return said, not coin(1.0 - casts if silence is None else silence[said])

    def vote(below: int, place: int) -> tuple[int, bool]:
        if below == 0:
            return leaf(place)
        level = levels[below - 1]
        received, heard = [], []
        for child in range(level.fan_in):
            said, cast = vote(below - 1, place * level.fan_in + child)
            received.append(lot(answers) if coin(1.0 - level.fidelity) else said)
            if cast and not coin(level.loss):
                heard.append(received[-1])
        if heard and level.fan_in > 1 and coin(level.correlation):
            return lot(received), True
        counts = [heard.count(answer) for answer in answers]
        return lot([answer for answer in answers if counts[answer] == max(counts)]), True

    said, cast = vote(len(levels), 0)
    return said if cast else lot(answers)


def plurality_right(
    probabilities: Sequence[Sequence[float]], votes: int, draw: Draw, *, weights: Sequence[float]
) -> bool:
    """Whether answer 0 wins one election; see `budgetsim.simulate.simulate_plurality`."""
    row = probabilities[draw(weights)]
    abstain = len(row)
    drawn = [draw([*row, max(0.0, 1.0 - sum(row))]) for _ in range(votes)]
    counts = [drawn.count(answer) for answer in range(abstain)]
    leaders = [answer for answer, count in enumerate(counts) if count == max(counts) and count > 0]
    return bool(leaders) and leaders[draw([1.0 / len(leaders)] * len(leaders))] == 0


def covered(probability: Sequence[float], samples: int, draw: Draw, *, weights: Sequence[float]) -> bool:
    """Whether one of ``samples`` answers is right; see `budgetsim.simulate.simulate_coverage`."""
    chance = probability[draw(weights)]
    return any(draw([1.0 - chance, chance]) == 1 for _ in range(samples))


def repeat(play: Callable[[Draw], bool], *, replicas: int, seed: int) -> Estimate:
    """Play ``replicas`` replicas and estimate the probability of success.

    Examples
    --------
    >>> star = Organization.star(3)
    >>> accuracy = repeat(lambda draw: organization_vote(star, [0.8], draw, weights=[1.0]), replicas=400, seed=1)
    >>> abs(accuracy.z_score(0.896)) < 5
    True
    """
    generator = np.random.default_rng(seed)

    def draw(weights: Sequence[float]) -> int:
        return int(generator.choice(len(weights), p=weights))

    return Estimate.from_count(sum(play(draw) for _ in range(replicas)), replicas, provenance={"seed": seed})


def enumerate_outcomes(play: Callable[[Draw], bool]) -> float:
    """Probability of success, exact up to rounding: plays once for every sequence of draws that can happen.

    The number of sequences grows exponentially with the number of draws; draws without choice cost nothing.

    Examples
    --------
    >>> star = Organization.star(3)
    >>> round(enumerate_outcomes(lambda draw: organization_vote(star, [0.8], draw, weights=[1.0])), 12)
    0.896
    """
    total = Fraction(0)
    unexplored: list[tuple[int, ...]] = [()]
    while unexplored:
        path = list(unexplored.pop())
        told = len(path)  # these draws repeat an earlier play; what follows is new
        position = 0
        chance = Fraction(1)

        def draw(weights: Sequence[float], path: list[int] = path, told: int = told) -> int:
            nonlocal position, chance
            if position >= told:
                possible = [index for index, weight in enumerate(weights) if weight > 0.0]
                unexplored.extend((*path, index) for index in possible[1:])
                path.append(possible[0])
            outcome = path[position]
            position += 1
            chance *= Fraction(weights[outcome])
            return outcome

        if play(draw):
            total += chance
    return float(total)
