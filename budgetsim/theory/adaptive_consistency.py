"""What sampling until the leading answer is clear costs and gains, exactly.

Source: "Let's Sample Step by Step: Adaptive-Consistency for Efficient Reasoning and Coding with LLMs", Aggarwal,
Madaan, Yang, Mausam, arXiv 2305.11860 (the rules, as in its released code); the enumeration is derived.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from budgetsim.theory.adaptive import adaptive_stop_probability

# Count vectors are told apart by one whole number each, and tables of them stay small enough to hold.
LARGEST_TABLE = 2**24

# From counts [..., answers] with one vote or more to whether sampling stops, shape [...].
StoppingRule = Callable[[NDArray[np.int64]], NDArray[np.bool_]]


def beta_rule(threshold: float = 0.95) -> StoppingRule:
    """Stop when the leader is the likelier of the top two with this posterior chance (the default of the paper).

    Examples
    --------
    >>> beta_rule()(np.array([[4, 0], [5, 2]])).tolist()
    [True, False]
    """
    _share("threshold", threshold)

    def stops(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        ranked = -np.sort(-counts, axis=-1)
        runner_up = ranked[..., 1] if ranked.shape[-1] > 1 else np.zeros_like(ranked[..., 0])
        return np.asarray(adaptive_stop_probability(ranked[..., 0], runner_up) >= threshold)

    return stops


def entropy_rule(threshold: float = 0.75) -> StoppingRule:
    """Stop when the entropy of the counts, over that of as many equal ones, is this or less; never after one vote.

    As released, a unanimous vote counts as having one more answer with one vote.

    Examples
    --------
    >>> entropy_rule()(np.array([[4, 0], [3, 2]])).tolist()
    [True, False]
    """
    _share("threshold", threshold)

    def stops(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        answers, votes = np.sum(counts > 0, axis=-1), np.sum(counts, axis=-1)
        single = answers == 1
        total = votes + single
        share = counts / total[..., None]
        surprise = -np.sum(share * np.log(np.where(counts > 0, share, 1.0)), axis=-1) + single * np.log(total) / total
        return np.asarray((votes > 1) & (surprise / np.log(np.maximum(answers, 2)) <= threshold))

    return stops


def majority_rule(threshold: float = 0.8) -> StoppingRule:
    """Stop when the leader has this share of the votes or more; never after one vote.

    Examples
    --------
    >>> majority_rule()(np.array([[4, 1], [3, 1]])).tolist()
    [True, False]
    """
    _share("threshold", threshold)

    def stops(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        votes = np.sum(counts, axis=-1)
        return np.asarray((votes > 1) & (np.max(counts, axis=-1) >= threshold * votes - 1e-9))

    return stops


class AdaptiveOutcome(NamedTuple):
    """Mean number of samples, accuracy of the leader when sampling stops, and the chance that the cap stopped it."""

    mean_samples: float
    accuracy: float
    capped: float


def adaptive_consistency(
    probabilities: ArrayLike, *, rule: StoppingRule | None = None, largest: int = 40
) -> AdaptiveOutcome:
    """Sample one answer after the other until a rule or the cap stops; the leader is the answer.

    Parameters
    ----------
    probabilities
        Probability of each answer, shape [answers], adding up to 1; entry 0 is the right answer.
    rule
        Stopping rule, :func:`beta_rule` with .95 if None.
    largest
        Most samples, a whole number, 1 or more.

    Returns
    -------
    AdaptiveOutcome
        Exact, by the law of the counts after every sample; ties of leaders are broken at random. A threshold of .95
        is no guarantee of 5 percent errors: sampling looks again after every vote.

    Raises
    ------
    ValueError
        If an argument is outside its domain or the table of counts would be too large (five answers or so at 40).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> outcome = adaptive_consistency([0.7, 0.2, 0.1])
    >>> round(outcome.mean_samples, 2), round(outcome.accuracy, 4)
    (11.77, 0.9977)
    """
    law = np.asarray(probabilities, dtype=float)
    if law.ndim != 1 or law.size == 0:
        raise ValueError(f"probabilities must have shape [answers], one or more, got {law.shape}")
    if not np.all((law >= 0.0) & (law <= 1.0)) or abs(law.sum() - 1.0) > 1e-9:
        raise ValueError(f"probabilities must be in [0, 1] and add up to 1, got {law.tolist()}")
    if largest < 1 or largest != int(largest):
        raise ValueError(f"largest must be a whole number, 1 or more, got {largest}")
    if (largest + 1.0) ** law.size > LARGEST_TABLE:
        raise ValueError(f"probabilities must be fewer for {largest} samples, got {law.size}")
    stops = beta_rule() if rule is None else rule
    # States: counts after a number of samples, and the chance to be there and still sampling.
    counts = np.zeros((1, law.size), dtype=np.int64)
    chance = np.ones(1)
    samples = right = capped = 0.0
    for number in range(1, int(largest) + 1):
        samples += float(chance.sum())
        counts = (counts[:, None, :] + np.eye(law.size, dtype=np.int64)).reshape(-1, law.size)
        reached = (chance[:, None] * law).ravel()
        keys = counts @ (largest + 1) ** np.arange(law.size, dtype=np.int64)
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        counts, chance = counts[first], np.asarray(np.bincount(place, weights=reached), dtype=float)
        ends = stops(counts) | (number == largest)
        leaders = counts == counts.max(axis=-1, keepdims=True)
        right += float(np.sum(np.where(ends & leaders[:, 0], chance / leaders.sum(axis=-1), 0.0)))
        if number == largest:
            capped = float(np.sum(np.where(stops(counts), 0.0, chance)))
        counts, chance = counts[~ends], chance[~ends]
    return AdaptiveOutcome(samples, right, capped)


def _share(name: str, value: float) -> None:
    if not 0.0 < value <= 1.0:
        raise ValueError(f"{name} must be in (0, 1], got {value}")
