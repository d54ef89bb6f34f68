"""Dividing a number of samples over items, and test-time compute over model sizes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from budgetsim.theory._arrays import FINITE, POSITIVE, Array, Domain, common_namespace, elementwise, known
from budgetsim.theory._shares import as_column, as_row

AT_LEAST_ONE = Domain("finite, 1 or more", 1.0, math.inf, open_high=True)


@elementwise(scores=replace(FINITE, keeps_row=True), temperature=POSITIVE)
def _softmax(scores: Array, temperature: Array) -> Array:
    xp = common_namespace(scores)
    weights = xp.exp((scores - xp.max(scores, axis=-1, keepdims=True)) / temperature)
    return weights / xp.sum(weights, axis=-1, keepdims=True)


def rebase_weights(scores: Array, temperature: Array) -> Array:
    r"""Weights of tree nodes by reward, :math:`\mathrm{softmax}(R/T)` over the last axis.

    Parameters
    ----------
    scores
        Rewards, shape [..., nodes].
    temperature
        Temperature, above 0 (0.2 in the released settings); broadcasts against the leading axes.

    Notes
    -----
    "Inference Scaling Laws: An Empirical Analysis of Compute-Optimal Inference for Problem-Solving with Language
    Models", Wu et al., arXiv 2408.00724 (REBASE).

    Examples
    --------
    >>> [round(float(weight), 4) for weight in rebase_weights([0.9, 0.8, 0.5, 0.2], 0.2)]
    [0.5643, 0.3423, 0.0764, 0.017]
    """
    return _softmax(as_row(scores), as_column(temperature))


@known()
def rebase_allocation(scores: ArrayLike, width: int, temperature: float = 0.2) -> tuple[int, ...]:
    r"""Children for each node of a level: the best-scored first, each :math:`\lceil N w_j/S \rceil` of what is left.

    Parameters
    ----------
    scores
        Rewards of the nodes, shape [nodes].
    width
        Children to give out, 0 or more.
    temperature
        Temperature of the weights, above 0.

    Returns
    -------
    tuple of int
        Counts in the order of the scores given; they add up to ``width``.

    Raises
    ------
    ValueError
        If there is no node or an argument is outside its domain.

    Notes
    -----
    arXiv 2408.00724 and the released code of REBASE. The ceiling spares differences below 1e-12.

    Examples
    --------
    >>> rebase_allocation([0.2, 0.9, 0.5, 0.8], 16)
    (0, 10, 1, 5)
    """
    rewards = np.asarray(scores, dtype=float)
    if rewards.ndim != 1 or rewards.size == 0:
        raise ValueError(f"scores must have shape [nodes] with one node or more, got {rewards.shape}")
    if width < 0 or width != int(width):
        raise ValueError(f"width must be a whole number, 0 or more, got {width}")
    order = np.argsort(-rewards, kind="stable")
    weights = np.asarray(rebase_weights(rewards, temperature))[order]
    open_weight = np.cumsum(weights[::-1])[::-1]
    counts = [0] * rewards.size
    left = int(width)
    for place, weight, total in zip(order, weights, open_weight, strict=True):
        if left == 0:
            break
        counts[place] = min(left, math.ceil(left * (weight / total) - 1e-12))
        left -= counts[place]
    return tuple(counts)


class CoverageAllocation(NamedTuple):
    """Samples for each item and the expected number of items solved."""

    counts: tuple[int, ...]
    coverage: float


@known()
def greedy_coverage_allocation(probabilities: Sequence[float] | np.ndarray, samples: int) -> CoverageAllocation:
    r"""Samples for each item that solve the most items: each goes where :math:`p_i(1-p_i)^{k_i}` is largest.

    Parameters
    ----------
    probabilities
        Success probabilities of the items, shape [items], in [0, 1].
    samples
        Samples to give out, a whole number, 0 or more.

    Returns
    -------
    CoverageAllocation
        Of equal items the first is served first.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the number solved, :math:`\sum_i 1 - (1-p_i)^{k_i}`, is concave in every count, so greedy is optimal.

    Examples
    --------
    >>> greedy_coverage_allocation([0.5, 0.2, 0.05], 9).counts
    (3, 6, 0)
    """
    chances = np.asarray(probabilities, dtype=float)
    if chances.ndim != 1 or chances.size == 0:
        raise ValueError(f"probabilities must have shape [items] with one item or more, got {chances.shape}")
    if not np.all((chances >= 0.0) & (chances <= 1.0)):
        outside = chances[~((chances >= 0.0) & (chances <= 1.0))][0]
        raise ValueError(f"probabilities must be in [0, 1], got {outside:.17g}")
    if samples < 0 or samples != int(samples):
        raise ValueError(f"samples must be a whole number, 0 or more, got {samples}")
    counts = [0] * chances.size
    queue = [(-float(chance), item) for item, chance in enumerate(chances)]
    heapq.heapify(queue)
    for _ in range(int(samples)):
        gain, item = queue[0]
        counts[item] += 1
        heapq.heapreplace(queue, (gain * (1.0 - float(chances[item])), item))
    return CoverageAllocation(tuple(counts), float(np.sum(1.0 - (1.0 - chances) ** np.array(counts))))


@elementwise(model_ratio=AT_LEAST_ONE, inference_ratio=POSITIVE, factor=POSITIVE)
def exchange_multiplier(model_ratio: Array, inference_ratio: Array, factor: Array = 1.5) -> Array:
    r"""Test-time compute of a small model that matches a larger one in total compute, :math:`k = M + f(M-1)/R`.

    Parameters
    ----------
    model_ratio
        How many times larger the other model is, M, 1 or more.
    inference_ratio
        Tokens of inference over tokens of pre-training, R, above 0.
    factor
        Pre-training over inference cost per token: 1.5 (inference at 4 flops a parameter, verifier included), 3
        in the first version of the paper.

    Notes
    -----
    Derived from the accounting of "Scaling LLM Test-Time Compute Optimally can be More Effective than Scaling Model
    Parameters", Snell, Lee, Xu, Kumar, arXiv 2408.03314.

    Examples
    --------
    >>> round(exchange_multiplier(14.0, 0.4), 6)
    62.75
    """
    return model_ratio + factor * (model_ratio - 1.0) / inference_ratio
