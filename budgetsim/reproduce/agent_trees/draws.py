"""The seeds and sizes of an experiment, and trees of any depth made of whole smaller ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from budgetsim.parameters import Organization
from budgetsim.reproduce.agent_trees.curves import Floats, Point
from budgetsim.simulate import Estimate, Level, simulate_organization


class Draws:
    """Where an experiment takes its seeds and sizes from, and where it says how far it is.

    Parameters
    ----------
    seed
        0 or more.
    place
        Number of the experiment: no two share a seed.
    quick
        Whether few draws are enough.
    report
        Called with the share of the experiment that is done.
    """

    def __init__(self, seed: int, place: int, *, quick: bool, report: Callable[[float], None]) -> None:
        self._root = (seed, place)
        self._report = report
        self.quick = quick

    def seed(self, *place: int) -> int:
        """A seed of its own for every place of an experiment."""
        return int(np.random.SeedSequence((*self._root, *place)).generate_state(1, np.uint64)[0])

    def few(self, many: int, few: int) -> int:
        """A number of draws: ``few`` of them where few are enough."""
        return few if self.quick else many

    def done(self, part: int, parts: int) -> None:
        """``part`` of ``parts`` of the experiment are done."""
        self._report(part / parts)

    def bias(self, tree: Organization | Sequence[Level], leaf_bias: float, replicas: int, *place: int) -> Point:
        """Bias at the root of whole trees, ``at`` the bias of their leaves; ``place`` names the seed."""
        accuracy = simulate_organization(tree, 0.5 * (1.0 + leaf_bias), replicas=replicas, seed=self.seed(*place))
        return Point(leaf_bias, *bias_of(accuracy))


def slope_at_no_bias(
    draws: Draws, tree: Organization | Sequence[Level], wide: float, replicas: int, *place: int
) -> Point:
    """Factor on the smallest biases, from two, ``wide`` and half of it, less what grows with their square."""
    far, near = (draws.bias(tree, bias, replicas, *place, part) for part, bias in enumerate((wide, 0.5 * wide)))
    factor = (4.0 * near.value / near.at - far.value / far.at) / 3.0
    return Point(wide, factor, math.hypot(4.0 * near.se / near.at, far.se / far.at) / 3.0)


def bias_of(accuracy: Estimate) -> tuple[float, float]:
    """Bias of a vote with its standard error."""
    return 2.0 * accuracy.value - 1.0, 2.0 * accuracy.standard_error


def ladder(
    draws: Draws, tree: Organization, leaf_bias: float, *, rungs: int, replicas: int, ladders: int, place: Sequence[int]
) -> Floats:
    """Biases at the roots of trees of ``tree.depth``, twice, three times ... ``rungs`` times that depth.

    The subtrees below one level of a tree are independent and alike: their roots vote like independent leaves of one
    bias. A rung plays ``replicas`` whole trees and hands the bias of their roots to the leaves of the rung above. What
    one rung errs the others carry on, so whole ladders are played independently, and their spread tells the error.

    Returns
    -------
    array [rungs, ladders]
    """
    found = np.empty((rungs, ladders))
    for number in range(ladders):
        bias = leaf_bias
        for rung in range(rungs):
            bias = draws.bias(tree, bias, replicas, *place, number, rung).value
            found[rung, number] = bias
    return found


def mean_of(place: float, values: Floats) -> Point:
    """The mean of independent values, with the error that their spread tells."""
    return Point(place, float(values.mean()), float(values.std(ddof=1) / math.sqrt(values.size)))
