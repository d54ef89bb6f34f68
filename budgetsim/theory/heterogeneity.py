"""Organizations on problems of different difficulty.

Votes on one problem are independent only *given the problem*: its difficulty is common to all of them, stays the
same through the whole tree, and no number of votes outvotes it (de Finetti). So the accuracy of an organization
is its map integrated over the problems' success probabilities, outside the vote-sharing correlation inside.

On a problem with success probability below one half a majority makes things worse, so curves of accuracy against
the number of votes may fall, or rise and then fall, although each problem's own curve is monotone: see
:func:`budgetsim.theory.votes.vote_regime` for two kinds of problems.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from budgetsim.theory._arrays import (
    CORRELATION,
    DEPTH,
    FAN_IN,
    FIDELITY,
    NON_NEGATIVE,
    PROBABILITY,
    Array,
    common_namespace,
    elementwise,
    is_jax,
    require,
)
from budgetsim.theory.phase import iterate_bias


@elementwise(
    probability_atoms=replace(PROBABILITY, by_row=True),
    weights=replace(NON_NEGATIVE, by_row=True),
    fan_in=FAN_IN,
    depth=DEPTH,
    fidelity=FIDELITY,
    correlation=CORRELATION,
)
def mixture_accuracy(
    probability_atoms: Array,
    weights: Array,
    fan_in: Array,
    depth: Array,
    fidelity: Array,
    correlation: Array,
) -> Array:
    r"""Accuracy of a majority tree over a distribution of problems, :math:`\sum_i w_i (1 + T^L(2 p_i - 1)) / 2`.

    Parameters
    ----------
    probability_atoms
        Success probabilities of one leaf call, shape [..., atoms], in [0, 1]; below one half the bias is negative
        and the tree drives it down, for the map is odd.
    weights
        Share of the problems at each atom, shape [..., atoms] or [atoms]: 0 or more, divided by their sum.
    fan_in, depth, fidelity, correlation
        The tree, see :func:`budgetsim.theory.phase.iterate_bias`; they broadcast against the leading axes. The
        correlation is the one left *given the problem*.

    Returns
    -------
    array
        Accuracy, shape [...], in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside its domain or all weights are 0 (NaN in JAX).

    Notes
    -----
    Derived; the tree map is that of arXiv 2601.17311.

    Examples
    --------
    Six problems in ten are easy; five votes help on average, twenty-one no longer do.

    >>> [round(float(mixture_accuracy([0.85, 0.4], [0.6, 0.4], votes, 1, 1.0, 0.0)), 4) for votes in (1, 5, 21)]
    [0.67, 0.711, 0.6697]
    """
    xp = common_namespace(probability_atoms)
    levels = depth if is_jax(common_namespace(depth)) else np.asarray(depth)
    bias = iterate_bias(
        2.0 * probability_atoms - 1.0,
        fan_in[..., None],
        levels[..., None] if levels.ndim else depth,
        fidelity[..., None],
        correlation[..., None],
    )
    total = xp.sum(weights, axis=-1)
    share = weights / xp.where(total > 0.0, total, 1.0)[..., None]
    accuracy = xp.sum(share * 0.5 * (1.0 + bias), axis=-1)
    return require(xp, total > 0.0, "weights must not all be 0", accuracy)
