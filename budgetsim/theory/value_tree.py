"""Search on a value tree under a budget: which node to expand, what it is then worth, what to do next.

A critic scores the progress of every step; a node's value is the sum of the progress on its path. The node to
expand is drawn with probability proportional to a power of its value, and the power is the inverse of the part of
the budget that is left: broad while rich, greedy when poor.

Source: "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents", Yushu Li, Wenlong Deng, Jiajin Li,
Xiaoxiao Li, arXiv 2603.12634 (BAVT). The selection rule is in the paper; what is marked "as reported" was read in
accounts of it. Bounds are in :mod:`budgetsim.theory.value_tree_bounds`, rules that go by the same name but are
others in :mod:`budgetsim.theory.value_tree_variants`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from budgetsim.theory._arrays import (
    FINITE,
    NON_NEGATIVE,
    POSITIVE,
    PROBABILITY,
    Array,
    Domain,
    common_namespace,
    elementwise,
    known,
    require,
)

REMAINING_RATIO = Domain("in (0, 1]", 0.0, 1.0, open_low=True)
VALUES = replace(NON_NEGATIVE, keeps_row=True)
LARGEST_STEP = 4.0
ANSWER_THRESHOLD = 0.8
# exp(-NOTHING) is 0.
NOTHING = 800.0


@elementwise(values=VALUES, remaining_ratio=REMAINING_RATIO)
def selection_probabilities(values: Array, remaining_ratio: Array) -> Array:
    r"""Chances that each node is expanded next, :math:`P_i = V_i^{1/r} / \sum_j V_j^{1/r}`.

    A softmax of the logarithms of the values at temperature r, and computed as one: nothing overflows, however
    little budget is left.

    Parameters
    ----------
    values
        Values of the nodes of the pool, shape [..., nodes], 0 or more, not all 0 (0 is never selected; the
        values of the search are in [.1, 1]).
    remaining_ratio
        Part of the budget that is left, in (0, 1]; broadcasts against ``values`` (a batch needs shape [..., 1]).

    Returns
    -------
    array
        Probabilities, shape [..., nodes]. At r = 1 they are proportional to the values, not uniform.

    Raises
    ------
    ValueError
        If an argument is outside its domain or a row holds no positive value (NaN in JAX).

    Notes
    -----
    arXiv 2603.12634, main figure.

    Examples
    --------
    >>> [round(float(chance), 4) for chance in selection_probabilities([0.2, 0.4, 0.7], 0.5)]
    [0.058, 0.2319, 0.7101]
    """
    xp = common_namespace(values)
    largest = xp.max(values, axis=-1, keepdims=True)
    alive = values != 0.0
    base = xp.where(largest > 0.0, largest, 1.0)
    near = values > 0.5 * base
    # Values close to the largest keep all their digits in the difference, the others in the logarithms.
    close = xp.log1p(xp.where(near, values - base, 0.0) / base)
    gap = xp.where(near, close, xp.log(xp.where(near | ~alive, base, values)) - xp.log(base))
    power = gap / xp.maximum(remaining_ratio, -gap / NOTHING)
    weights = xp.where(alive, xp.exp(power), 0.0)
    total = xp.sum(weights, axis=-1, keepdims=True)
    message = "values must hold a positive value in every row"
    return require(xp, largest > 0.0, message, weights / xp.where(largest > 0.0, total, 1.0))


@elementwise(parent=PROBABILITY, gain=FINITE)
def residual_value(parent: Array, gain: Array) -> Array:
    r"""Value of a child, :math:`V' = \mathrm{clip}(10 V + \mathrm{clip}(\Delta, -4, 4), 1, 10) / 10`.

    Parameters
    ----------
    parent
        Value of the parent, in [0, 1].
    gain
        The critic's score of the step, in points of its scale from 1 to 10: progress made, not the quality of
        the state.

    Returns
    -------
    array
        In [.1, 1]: the floor keeps every node selectable.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2603.12634, as reported (scale, clipping); their order is derived. The value of the root is not public.

    Examples
    --------
    >>> residual_value(0.5, 3.0), residual_value(0.3, 6.0)
    (0.8, 0.7)
    """
    xp = common_namespace(parent)
    step = xp.clip(gain, -LARGEST_STEP, LARGEST_STEP)
    return xp.clip(10.0 * parent + step, 1.0, 10.0) / 10.0


@known()
def step_directive(
    parent: float, child: float, threshold: float = ANSWER_THRESHOLD
) -> Literal["ANSWER", "WIDEN", "DEEPEN"]:
    """What to do after a step: answer, try another idea at the parent, or follow the child.

    ``ANSWER`` if the child's value reaches the threshold, else ``WIDEN`` if it gained nothing (the child is not
    followed), else ``DEEPEN``. Values and threshold in [0, 1]; plain numbers only.

    Notes
    -----
    arXiv 2603.12634, as reported.

    Examples
    --------
    >>> step_directive(0.5, 0.8), step_directive(0.5, 0.5), step_directive(0.5, 0.6)
    ('ANSWER', 'WIDEN', 'DEEPEN')
    """
    for name, value in (("parent", parent), ("child", child), ("threshold", threshold)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} must be in [0, 1], got {value}")
    if child >= threshold:
        return "ANSWER"
    return "WIDEN" if child <= parent else "DEEPEN"


@elementwise(calls_left=NON_NEGATIVE, calls=POSITIVE, tokens_left=NON_NEGATIVE, tokens=POSITIVE)
def remaining_ratio(calls_left: Array, calls: Array, tokens_left: Array, tokens: Array) -> Array:
    r"""Part of the budget that is left, that of the scarcer resource: :math:`\min(b_i / B_i)`.

    Parameters
    ----------
    calls_left, calls
        Tool calls left, and granted at the start.
    tokens_left, tokens
        Tokens left, and granted at the start; the critic's count as well.

    Returns
    -------
    array
        In [0, 1]; at 0 the search is over.

    Raises
    ------
    ValueError
        If an argument is outside its domain or more is left than was granted (NaN in JAX).

    Notes
    -----
    arXiv 2603.12634, as reported.

    Examples
    --------
    >>> remaining_ratio(3, 5, 1500, 2000)
    0.6
    """
    xp = common_namespace(calls_left)
    ratio = xp.minimum(calls_left / calls, tokens_left / tokens)
    within = (calls_left <= calls) & (tokens_left <= tokens)
    return require(
        xp,
        within,
        "calls_left and tokens_left must be at most calls and tokens",
        ratio,
        calls_left=calls_left,
        calls=calls,
        tokens_left=tokens_left,
        tokens=tokens,
    )


@elementwise(values=replace(FINITE, keeps_row=True))
def back_propagated_values(values: Array, parents: Sequence[int] | NDArray[np.int64]) -> Array:
    r"""Values after an answer was found, from the leaves up: :math:`(V + \sum_c V_c) / (1 + \#c)` over children c.

    Parameters
    ----------
    values
        Values as the steps made them, shape [..., nodes].
    parents
        Place of the parent of every node, shape [nodes]; -1 for the root, which comes first, and every parent
        before its children. Known numbers, also in JAX.

    Returns
    -------
    array
        Smoothed values, shape [..., nodes]. Smoothing them again at the next answer would shrink them again: give
        the values of the steps, not smoothed ones.

    Raises
    ------
    ValueError
        If parents is no such list.

    Notes
    -----
    arXiv 2603.12634, as reported; whether the paper smooths once or at every answer is not public.

    Examples
    --------
    >>> [round(float(value), 4) for value in back_propagated_values([0.1, 0.4, 0.2, 0.9], [-1, 0, 0, 1])]
    [0.3167, 0.65, 0.2, 0.9]
    """
    xp = common_namespace(values)
    above = np.asarray(parents)
    places = np.arange(above.size)
    ordered = above.ndim == 1 and above.size > 0 and above[0] == -1
    if not ordered or not np.all((above[1:] >= 0) & (above[1:] < places[1:])):
        raise ValueError(f"parents must be -1 first and then places of earlier nodes, got {above.tolist()}")
    if values.ndim == 0 or values.shape[-1] != above.size:
        raise ValueError(f"values must have shape [..., {above.size}], got {values.shape}")
    children = np.bincount(above[1:].astype(np.int64), minlength=above.size)
    smoothed = [values[..., place] for place in places]
    for place in reversed(places):
        smoothed[place] = smoothed[place] / (1.0 + children[place])
        if place:
            smoothed[above[place]] = smoothed[above[place]] + smoothed[place]
    return xp.stack(smoothed, axis=-1)
