"""What another strategy gets for the same spending, where it may be mixed over its settings and left out at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.stopping.replicates import Mean, mean

Values = NDArray[np.float64]


def frontier(cost: Values, accuracy: Values) -> NDArray[np.int64]:
    """Places of the points on the upper concave hull, by rising cost, up to the most accurate one.

    Parameters
    ----------
    cost, accuracy
        Arrays [points].

    Examples
    --------
    >>> frontier(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 0.5, 0.4, 0.6])).tolist()
    [0, 1, 3]
    """
    kept: list[int] = []
    for place in np.lexsort((-accuracy, cost)).tolist():
        if kept and accuracy[place] <= accuracy[kept[-1]]:
            continue
        while len(kept) > 1 and _rise(cost, accuracy, kept[-2], kept[-1]) <= _rise(cost, accuracy, kept[-1], place):
            kept.pop()
        kept.append(place)
    return np.array(kept)


def _rise(cost: Values, accuracy: Values, first: int, second: int) -> float:
    width = float(cost[second] - cost[first])
    return float(accuracy[second] - accuracy[first]) / width if width > 0.0 else np.inf


def beyond_mix(cost: Values, accuracy: Values, other_cost: Values, other_accuracy: Values) -> Mean:
    """Accuracy that a strategy has more than the best mix of another's settings that spends no more on average.

    A mix plays each problem with a setting drawn at random; leaving a problem unanswered, at no cost, is one of them.
    Which settings are mixed follows from their means over replicates; the errors include those of the costs, to first
    order.

    Parameters
    ----------
    cost, accuracy
        Of the strategy, [worlds, replicates].
    other_cost, other_accuracy
        Of the other's settings, [settings, worlds, replicates], on the same problems.

    Examples
    --------
    Twice the cost of a mix of nothing and everything:

    >>> found = beyond_mix(np.full((1, 2), 2.0), np.full((1, 2), 0.4), np.full((1, 1, 2), 4.0), np.full((1, 1, 2), 0.6))
    >>> found.value.round(6).tolist()
    [0.1]
    """
    left_out = np.zeros((1, *other_cost.shape[1:]))
    costs, accuracies = np.concatenate([left_out, other_cost]), np.concatenate([left_out, other_accuracy])
    gaps = np.empty(cost.shape)
    for world in range(cost.shape[0]):
        points = np.stack([costs[:, world].mean(axis=-1), accuracies[:, world].mean(axis=-1)])
        hull = frontier(points[0], points[1])
        place = int(np.searchsorted(points[0, hull], cost[world].mean()))
        if place == hull.size:  # the other would not use more
            gaps[world] = accuracy[world] - accuracies[hull[-1], world]
            continue
        low, high = hull[max(place - 1, 0)], hull[max(place, 1)]
        slope = _rise(points[0], points[1], int(low), int(high))
        base = accuracies[low, world] + slope * (cost[world] - costs[low, world])
        part = (cost[world].mean() - points[0, low]) / (points[0, high] - points[0, low])
        tilt = (accuracies[high, world] - accuracies[low, world]) - slope * (costs[high, world] - costs[low, world])
        gaps[world] = accuracy[world] - base - part * tilt
    return mean(gaps)
