"""Rules that divide whole tokens over sub-questions: planner credits with a schedule, equal, printed, best."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate import _domain

Schedule: TypeAlias = Literal["constant", "linear", "polynomial", "exponential", "cosine"]
Goal: TypeAlias = Literal["uncertainty", "errors", "all_right"]

SCHEDULES: tuple[Schedule, ...] = ("constant", "linear", "polynomial", "exponential", "cosine")
LARGEST_BUDGET = 2**13
GUARD = 1e-9  # a share that is a whole number must not lose a token to rounding

_DECAYS: dict[str, Callable[[int, int], float]] = {
    "constant": lambda _place, _parts: 1.0,
    "linear": lambda place, parts: float(parts - place),
    "polynomial": lambda place, parts: float(parts - place) ** 2,
    "exponential": lambda place, _: 0.9**place,
    "cosine": lambda place, parts: 1.0 if parts == 1 else 0.6 + 0.5 * math.cos(math.pi * place / (parts - 1)),
}
_LOSSES: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "uncertainty": lambda uncertainty: uncertainty,
    "errors": lambda uncertainty: np.minimum(uncertainty, 1.0),
    "all_right": lambda uncertainty: -np.log1p(-np.minimum(uncertainty, 1.0 - 1e-15)),
}


def plan_and_budget_split(credits: Sequence[float], schedule: Schedule, budget: int) -> tuple[int, ...]:
    r"""Tokens by credits times a schedule: shares of the budget rounded down, the rest to the largest shares.

    Parameters
    ----------
    credits
        The planner's weight of every sub-question, 0 or more and not all 0.
    schedule
        Decay over the places i = 0 ... N-1: constant 1; linear N-i; polynomial (N-i)^2; exponential .9^i; cosine
        :math:`(1 + \cos(\pi i/(N-1)))/2 + .1`.
    budget
        Tokens, a whole number in 0 ... 8192.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Source: released code of *Plan and Budget*, Junhong Lin et al., arXiv 2505.16122, with exact floors.

    Examples
    --------
    >>> plan_and_budget_split([20, 30, 30, 20], "linear", 600)
    (192, 216, 144, 48)
    """
    if schedule not in _DECAYS:
        raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}")
    weights = np.asarray(credits, dtype=np.float64)
    if weights.ndim != 1 or not np.all((weights >= 0.0) & np.isfinite(weights)) or not np.any(weights > 0.0):
        raise ValueError(f"credits must be finite, 0 or more and not all 0, got {credits}")
    return whole_shares([w * _DECAYS[schedule](place, weights.size) for place, w in enumerate(weights)], budget)


def uniform_split(parts: int, budget: int) -> tuple[int, ...]:
    """Equal tokens, those that remain to the first sub-questions.

    Examples
    --------
    >>> uniform_split(3, 200)
    (67, 67, 66)
    """
    return whole_shares([1.0] * _domain.count("parts", parts), budget)


def printed_split(initial_uncertainty: Sequence[float], decay_rate: Sequence[float], budget: int) -> tuple[int, ...]:
    r"""Shares proportional to :math:`(c_j\beta_j)^{1/(\beta_j+1)}`, as printed; best only for a common decay rate.

    Source: Eq. 6 of arXiv 2505.16122 (as reported), rounded to whole tokens.

    Examples
    --------
    >>> printed_split([5, 20, 80], [1, 1.5, 2.5], 300)
    (62, 110, 128)
    """
    uncertainty, rate = _check(initial_uncertainty, decay_rate)
    return whole_shares((uncertainty * rate) ** (1.0 / (rate + 1.0)), budget)


def exact_split(
    initial_uncertainty: Sequence[float], decay_rate: Sequence[float], budget: int, *, goal: Goal = "errors"
) -> tuple[int, ...]:
    r"""The best whole split of all, of a solver that knows every sub-question: a yardstick.

    Parameters
    ----------
    initial_uncertainty, decay_rate
        c and beta of every sub-question, above 0.
    budget
        Tokens, a whole number in 0 ... 8192.
    goal
        What is least: ``uncertainty``, the sum of :math:`c_j b_j^{-\beta_j}`, as in BBAM, which then needs a token for
        each; ``errors``, the sum of these capped at 1, where hopeless sub-questions get nothing; ``all_right``, minus
        the logarithm of the chance that every sub-answer is right.

    Raises
    ------
    ValueError
        If an argument is outside its domain, or ``uncertainty`` is the goal and there are fewer tokens than
        sub-questions.

    Notes
    -----
    Derived: dynamic programming over the tokens of the first, second, ... sub-question; exact, concave or not. Tokens
    that help nobody go to the last sub-question.

    Examples
    --------
    >>> exact_split([5, 20, 80], [1, 1.5, 2.5], 300, goal="uncertainty")
    (143, 108, 49)
    >>> sorted(exact_split([25, 25, 25], [1, 1, 1], 100))
    [0, 50, 50]
    """
    if goal not in _LOSSES:
        raise ValueError(f"goal must be one of {', '.join(_LOSSES)}, got {goal!r}")
    uncertainty, rate = _check(initial_uncertainty, decay_rate)
    budget = _domain.count("budget", budget, least=0, most=LARGEST_BUDGET)
    if goal == "uncertainty" and budget < uncertainty.size:
        raise ValueError(f"budget must be at least one token for each sub-question, got {budget}")
    tokens = np.arange(budget + 1)
    spent, given = tokens[:, None], tokens[None, :]
    best = np.where(tokens == 0, 0.0, math.inf)  # least loss of the first sub-questions with exactly so many tokens
    choices = []
    for scale, power in zip(uncertainty, rate, strict=True):
        left = np.where(tokens > 0, scale * np.maximum(tokens, 1.0) ** -power, math.inf)
        loss = _LOSSES[goal](left)
        total = np.where(given <= spent, best[np.maximum(spent - given, 0)] + loss[given], math.inf)
        choices.append(total.argmin(axis=1))
        best = total.min(axis=1)
    split = []
    rest = budget
    for choice in reversed(choices):
        split.append(int(choice[rest]))
        rest -= split[-1]
    return tuple(reversed(split))


def whole_shares(weights: Sequence[float] | NDArray[np.float64], budget: int) -> tuple[int, ...]:
    """Whole parts of a budget in proportion to weights: rounded down, one more each for the largest, first of equals.

    Examples
    --------
    >>> whole_shares([1.0, 2.0, 4.0], 10)
    (1, 3, 6)
    """
    budget = _domain.count("budget", budget, least=0, most=LARGEST_BUDGET)
    shares = np.asarray(weights, dtype=np.float64)
    shares = shares / shares.sum()
    counts = np.floor(budget * shares + GUARD).astype(int)
    counts[np.argsort(-shares, kind="stable")[: budget - int(counts.sum())]] += 1
    return tuple(int(count) for count in counts)


def _check(
    initial_uncertainty: Sequence[float], decay_rate: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    uncertainty, rate = (np.asarray(part, dtype=np.float64) for part in (initial_uncertainty, decay_rate))
    if uncertainty.ndim != 1 or uncertainty.size == 0 or uncertainty.shape != rate.shape:
        raise ValueError(
            f"initial_uncertainty and decay_rate must share a length, got {uncertainty.shape}, {rate.shape}"
        )
    for name, values in (("initial_uncertainty", uncertainty), ("decay_rate", rate)):
        if not np.all((values > 0.0) & np.isfinite(values)):
            raise ValueError(f"{name} must be finite and above 0, got {values.tolist()}")
    return uncertainty, rate
