r"""From which fidelity on a lead grows in a tree of plurality votes over K answers.

Near the uniform point every deviation is multiplied by :math:`\gamma[\rho + (1-\rho)c]` with
:math:`c = (K\,E[\max_a N_a] - b)/(K-1)` for ``b`` uniform votes ``N`` (:func:`plurality_slope`). That is at most
:math:`\sqrt b`: the ceiling of one half on the organization exponent holds for any number of answers. It falls with
the number of answers.

**Two thresholds.** With three answers and more the map is not odd, and the transition is abrupt: below
:func:`plurality_survival_fidelity` even a unanimous answer dies out, above :func:`plurality_critical_fidelity` the
leading one grows from any lead, and in between only from a large one. With two answers both are the threshold of
arXiv 2601.17311.

**A dominant mistake** moves the share that the right answer needs from 1/K up to one half
(:func:`budgetsim.theory.plurality_trees.winning_threshold`), and it makes a contest of two, whose difference grows with
:func:`lead_slope`: faster than near the uniform point. So a rival asks for more right leaves, but for less fidelity.

NumPy only. Derived, from the model of "Phase Transition for Budgeted Multi-Agent Synergy", Bang Liu, Linglong Kong,
Jian Pei, arXiv 2601.17311.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from budgetsim.theory._arrays import known
from budgetsim.theory.plurality import plurality_accuracy
from budgetsim.theory.plurality_trees import winner_probabilities

Floats = NDArray[np.float64]

# The survival fidelity is a smooth minimum: each look at so many points shortens its bracket sixteenfold.
POINTS = 33
ZOOMS = 5


@known()
def plurality_slope(answers: int, fan_in: int) -> float:
    r"""Slope of the plurality map at the uniform point, :math:`c = (K\,E[\max_a N_a] - b) / (K - 1)`.

    Parameters
    ----------
    answers
        Number K of answers, a whole number, 2 or more.
    fan_in
        Number b of votes, a whole number, 1 or more.

    Returns
    -------
    float
        Factor on every small deviation, in [1, sqrt(fan_in)]; with two answers the majority's slope. The work grows
        with the square of the number of votes.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived. By symmetry the derivative is ``b`` times the difference that one vote makes; the chance that the winner
    agrees with a given vote is the winner's share of the votes. The bound is the Cauchy-Schwarz inequality.

    Examples
    --------
    >>> plurality_slope(2, 5), round(plurality_slope(10, 5), 6)
    (1.875, 1.431)
    """
    _whole("answers", answers, 2)
    _whole("fan_in", fan_in, 1)
    # Uniform votes are Poisson votes that happen to add up to b: no count exceeds m with a chance read off the m-th
    # partial sums to the power K. Four times b and 64 Fourier nodes keep other totals away.
    nodes = 4 * fan_in + 64
    angles = 2.0 * np.pi * np.arange(nodes // 2 + 1) / nodes
    mean = fan_in / answers
    readout = np.exp(-1j * fan_in * angles) * np.where(np.isin(angles, (0.0, np.pi)), 1.0, 2.0) / nodes
    readout /= np.exp(xlogy(fan_in, fan_in) - fan_in - gammaln(fan_in + 1.0))
    partial, largest = np.zeros(len(angles), dtype=complex), 0.0
    for count in range(fan_in):
        partial += np.exp(xlogy(count, mean) - mean - gammaln(count + 1.0) + 1j * count * angles)
        missing = 1.0 - float((partial**answers @ readout).real)
        largest += missing
        if count > mean and missing < 1e-16:
            break
    return (answers * largest - fan_in) / (answers - 1.0)


@known()
def lead_slope(share: float, answers: int, fan_in: int) -> float:
    """Factor on a small difference between two answers that lead together, the others equally rare.

    Parameters
    ----------
    share
        Probability of either of the two leading answers among the received votes, in (0, 1/2].
    answers
        Number of answers, a whole number, 2 or more; with two answers the share is 1/2.
    fan_in
        Number of votes, a whole number, 1 or more.

    Returns
    -------
    float
        :func:`plurality_slope` of all answers at a share of 1/answers and of two answers at one half; in between it
        may exceed both.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the difference of the two winning chances is an odd polynomial of the difference of the shares, of degree
    b at most, so that interpolation in Chebyshev points gives its slope at 0.

    Examples
    --------
    >>> round(lead_slope(0.5, 2, 5), 9), round(lead_slope(0.3, 4, 5), 4)
    (1.875, 1.791)
    """
    _whole("answers", answers, 2)
    _whole("fan_in", fan_in, 1)
    if not 0.0 < share <= 0.5 or (answers == 2 and share != 0.5):
        raise ValueError(f"share must be in (0, 1/2], and 1/2 of two answers, got {share}")
    points = 2 * (fan_in // 2 + 1)  # an even number: none of them is 0
    turn = np.pi * (2.0 * np.arange(points) + 1.0) / (2.0 * points)
    lead = share * np.cos(turn)
    rows = np.empty((points, answers))
    rows[:, 0], rows[:, 1] = share + lead, share - lead
    rows[:, 2:] = (1.0 - 2.0 * share) / max(answers - 2, 1)
    won = winner_probabilities(rows, fan_in)
    weight = np.where(np.arange(points) % 2, -1.0, 1.0) * np.sin(turn) / np.cos(turn)
    return float(weight @ ((won[:, 0] - won[:, 1]) / (2.0 * lead)) / weight.sum())


@known()
def plurality_critical_fidelity(answers: int, fan_in: int, correlation: float) -> float:
    r"""Fidelity above which every lead grows, however small, :math:`1/[\rho + (1-\rho) c]`.

    With two answers it is :func:`budgetsim.theory.phase.critical_fidelity`, with more it is higher. ``correlation`` in
    [0, 1], the rest as in :func:`plurality_slope`. Derived.

    Examples
    --------
    >>> round(plurality_critical_fidelity(2, 5, 0.0), 6), round(plurality_critical_fidelity(10, 5, 0.0), 6)
    (0.533333, 0.698812)
    """
    _correlation(correlation)
    return 1.0 / (correlation + (1.0 - correlation) * plurality_slope(answers, fan_in))


@known()
def plurality_survival_fidelity(answers: int, fan_in: int, correlation: float) -> float:
    r"""Fidelity below which even a unanimous answer dies out in a deep tree.

    Parameters
    ----------
    answers
        Number K of answers, a whole number, 2 or more.
    fan_in
        Number of votes, a whole number, 3 or more.
    correlation
        Shared-vote probability, in [0, 1].

    Returns
    -------
    float
        At most the critical fidelity; equal to it with two answers. In between an answer survives if its lead is large.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived: the least fidelity at which one answer over equally likely others has a fixed point,
    :math:`\min_r (r - 1/K) / (\rho r + (1-\rho) W(r) - 1/K)` over its received share r, with W its chance to win.

    Examples
    --------
    >>> round(plurality_survival_fidelity(3, 3, 0.0) * 11, 9), round(plurality_critical_fidelity(3, 3, 0.0) * 4, 9)
    (8.0, 3.0)
    """
    _whole("answers", answers, 2)
    _whole("fan_in", fan_in, 3)
    _correlation(correlation)
    chance = 1.0 / answers

    def fidelity(share: Floats) -> Floats:
        rows = np.stack([share, (1.0 - share) / (answers - 1)], axis=-1)
        won = np.asarray(plurality_accuracy(rows, fan_in, copies=[1, answers - 1]))
        return np.asarray((share - chance) / (correlation * share + (1.0 - correlation) * won - chance))

    low, high = chance, 1.0
    least = plurality_critical_fidelity(answers, fan_in, correlation)
    for _ in range(ZOOMS):
        share = np.linspace(low, high, POINTS)
        share = share[1:] if low == chance else share  # at the uniform point the quotient is the critical fidelity
        values = fidelity(share)
        best = int(np.argmin(values))
        least = min(least, float(values[best]))
        low = low if best == 0 else float(share[best - 1])
        high = float(share[min(best + 1, len(share) - 1)])
        if high - chance < 1e-3:  # so close to it, the quotient loses its digits
            break
    return least


def _correlation(correlation: float) -> None:
    if not 0.0 <= correlation <= 1.0:
        raise ValueError(f"correlation must be in [0, 1], got {correlation}")


def _whole(name: str, value: int, least: int) -> None:
    if not least <= value < np.inf or value != int(value):
        raise ValueError(f"{name} must be a whole number, {least} or more, got {value}")
