r"""Plan-and-Budget's rule that divides tokens over planned steps, its decay schedules, and the E3 score.

The planner gives every step credits; a schedule front-loads them; the shares are rounded to whole numbers. The budget
comes from a difficulty level (:data:`LEVEL_BUDGETS`).

Traps of the released code, kept out of these functions:

* Budgets of steps are written into the prompt as *words*, the budget of a whole question as *tokens*
  (:func:`word_budget_tokens`); both are requests that nothing enforces.
* One call answers all steps: there is no call per step.
* The level may be the data set's own gold difficulty, which then leaks into the budget.
* Tokens count the completions of the solver only; planner and prompts are free.
* The script prints accuracy over tokens, not the E3 score.

Source: "Plan and Budget: Effective and Efficient Test-Time Scaling on (Reasoning) Large Language Models", Junhong
Lin, Xinyue Zeng, Jie Zhu, Song Wang, Julian Shun, Jun Wu, Dawei Zhou, arXiv 2505.16122, and its released code
(GitHub junhongmit/P-and-B).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from budgetsim.theory._arrays import NON_NEGATIVE, POSITIVE, Array, Domain, elementwise, known
from budgetsim.theory.bbam import epistemic_uncertainty
from budgetsim.theory.bbam_common import min_epistemic_uncertainty

Schedule: TypeAlias = Literal["constant", "linear", "polynomial", "exponential", "cosine"]

LEVEL_BUDGETS = (200, 250, 350, 450, 600)  # tokens for the difficulty levels 1 to 5
GUARD = 1e-9  # floors of floats
PERCENT = Domain("a percentage, in [0, 100]", 0.0, 100.0)
LOSS = Domain("at most 1", -math.inf, 1.0, open_low=True)


def _cosine(place: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    if steps == 1:
        return np.ones(1)
    return np.asarray(0.5 * (1.0 + np.cos(math.pi * place / (steps - 1))) + 0.1, dtype=float)


_DECAYS: dict[str, Callable[[NDArray[np.float64], int], NDArray[np.float64]]] = {
    "constant": lambda place, _: np.ones_like(place),
    "linear": lambda place, steps: steps - place,
    "polynomial": lambda place, steps: (steps - place) ** 2,
    "exponential": lambda place, _: 0.9**place,
    "cosine": _cosine,
}


@known()
def schedule_weights(schedule: Schedule, steps: int) -> NDArray[np.float64]:
    r"""Decay weights of the steps i = 0 .. N-1, not normalised.

    constant 1; linear N-i; polynomial (N-i)^2; exponential 0.9^i; cosine
    :math:`0.5(1 + \cos(\pi i/(N-1))) + 0.1` (1 for a single step).

    Parameters
    ----------
    schedule
        One of the five names.
    steps
        Number of steps N, 1 or more.

    Returns
    -------
    array
        Shape [steps].

    Raises
    ------
    ValueError
        If the schedule is unknown or the number of steps is not a whole number, 1 or more.

    Notes
    -----
    Released code of arXiv 2505.16122.

    Examples
    --------
    >>> schedule_weights("cosine", 4).round(12).tolist()
    [1.1, 0.85, 0.35, 0.1]
    """
    if schedule not in _DECAYS:
        raise ValueError(f"schedule must be one of {', '.join(_DECAYS)}, got {schedule!r}")
    if not 1 <= steps < math.inf or steps != int(steps):
        raise ValueError(f"steps must be a whole number, 1 or more, got {steps}")
    return _DECAYS[schedule](np.arange(int(steps), dtype=float), int(steps))


@known()
def plan_and_budget_allocation(
    credits: Sequence[float], schedule: Schedule, budget: int, *, guard: float = GUARD
) -> tuple[int, ...]:
    r"""Whole budgets of the steps, :math:`\lfloor B w_i d_i / \sum_k w_k d_k \rfloor`, rest to the largest shares.

    Parameters
    ----------
    credits
        The planner's weight w of every step, 0 or more and not all 0; any scale (the planner is asked for 100).
    schedule
        The decay d: see :func:`schedule_weights`.
    budget
        Whole number to divide, 0 or more.
    guard
        Added before the floor. Without it (0, as released) a share that is a whole number may lose a unit to
        rounding, which then goes to the largest share.

    Returns
    -------
    tuple of int
        They add up to the budget. Of equal shares the first gets its unit of the rest first.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Released code of arXiv 2505.16122; its Eq. 7 has the same form (as reported).

    Examples
    --------
    >>> plan_and_budget_allocation([20, 30, 30, 20], "cosine", 600)
    (220, 255, 105, 20)
    >>> plan_and_budget_allocation([20, 30, 30, 20], "cosine", 600, guard=0.0)
    (219, 256, 105, 20)
    """
    weights = np.asarray(credits, dtype=float)
    if weights.ndim != 1 or weights.size == 0 or not np.all((weights >= 0.0) & np.isfinite(weights)):
        raise ValueError(f"credits must have shape [steps] with one step or more, all 0 or more, got {credits}")
    if not 0 <= budget < math.inf or budget != int(budget):
        raise ValueError(f"budget must be a whole number, 0 or more, got {budget}")
    if not 0.0 <= guard < 1.0:
        raise ValueError(f"guard must be in [0, 1), got {guard}")
    weights = weights * schedule_weights(schedule, weights.size)
    if weights.sum() == 0.0:
        raise ValueError("credits must not all be 0")
    shares = weights / weights.sum()
    counts = np.floor(budget * shares + guard).astype(int)
    rest = int(budget) - int(counts.sum())
    counts[np.argsort(-shares, kind="stable")[:rest]] += 1
    return tuple(int(count) for count in counts)


@known()
def schedule_excess(schedule: Schedule, uncertainty_ratio: float, decay_rate: float, steps: int, budget: int) -> float:
    r"""Share by which a schedule leaves more epistemic uncertainty than the best division of the same tokens.

    Equal credits, a common decay rate, initial uncertainties :math:`c_0\rho^j`. Any schedule wins for some rho: a
    comparison of schedules says little without it.

    Parameters
    ----------
    schedule
        See :func:`schedule_weights`.
    uncertainty_ratio
        rho, above 0.
    decay_rate
        beta, above 0.
    steps, budget
        Whole numbers, 1 or more.

    Returns
    -------
    float
        Excess over the best real-valued allocation, 0 or more; infinite if a step gets no token.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Notes
    -----
    Derived. Plain numbers only; :math:`c_0` cancels.

    Examples
    --------
    >>> round(schedule_excess("polynomial", 0.8, 1.0, 4, 600), 6), round(schedule_excess("linear", 0.4, 1.0, 4, 600), 6)
    (1.124347, 0.009593)
    """
    if not 0.0 < uncertainty_ratio < math.inf:
        raise ValueError(f"uncertainty_ratio must be finite, above 0, got {uncertainty_ratio}")
    if not 1 <= budget < math.inf or budget != int(budget):
        raise ValueError(f"budget must be a whole number, 1 or more, got {budget}")
    tokens = plan_and_budget_allocation([1.0] * schedule_weights(schedule, steps).size, schedule, budget)
    initial_uncertainty = float(uncertainty_ratio) ** np.arange(steps)
    left = epistemic_uncertainty(initial_uncertainty, decay_rate, tokens)
    least = min_epistemic_uncertainty(initial_uncertainty, decay_rate, float(budget))
    return max(0.0, float(left / least - 1.0))


@elementwise(words=NON_NEGATIVE, tokens_per_word=POSITIVE)
def word_budget_tokens(words: Array, tokens_per_word: Array) -> Array:
    r"""Tokens that a budget written as words really grants.

    The released prompts state budgets of steps in words but take the numbers from a budget in tokens: with 4 tokens
    for 3 words, a third more is granted than budgeted.

    Parameters
    ----------
    words
        Budget as written, 0 or more.
    tokens_per_word
        Of the tokenizer and the language at hand, above 0; measure it.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived from the released prompts of arXiv 2505.16122.

    Examples
    --------
    >>> word_budget_tokens(600, 4 / 3)
    800.0
    """
    return words * tokens_per_word


@elementwise(accuracy_percent=PERCENT, tokens=POSITIVE)
def e3_score(accuracy_percent: Array, tokens: Array) -> Array:
    r"""E3 score, accuracy squared per token, :math:`A^2/T`.

    Parameters
    ----------
    accuracy_percent
        Accuracy A in percent, in [0, 100] (not a share: that would give a ten-thousandth of the score).
    tokens
        Mean decoded tokens T of a question, above 0; say which calls they include.

    Returns
    -------
    array
        Percent squared per token. Reported scores are rounded to 0.01, which is coarse: 0.47 over 0.16 is a gain of
        anything from 182 to 206 percent.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    arXiv 2505.16122 (as reported by public notes and reviews). One of these prints 81 and 128 for the examples below:
    wrong by a factor of 10.

    Examples
    --------
    >>> e3_score(90, 1000), e3_score(80, 500)
    (8.1, 12.8)
    """
    return accuracy_percent * accuracy_percent / tokens


@elementwise(tokens=POSITIVE, relative_loss=LOSS)
def e3_breakeven_tokens(tokens: Array, relative_loss: Array) -> Array:
    r"""Tokens at which the E3 score forgives a relative loss of accuracy, :math:`(1-x)^2 T`.

    Parameters
    ----------
    tokens
        Tokens before the loss, above 0.
    relative_loss
        Accuracy lost over accuracy before, at most 1 (below 0: a gain, which pays for more tokens).

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived from :func:`e3_score`.

    Derivation: `budgetsim.symbolic.efficiency.break_even_tokens`; page: ``papers/plan-and-budget.md``.

    Examples
    --------
    >>> round(e3_breakeven_tokens(1000, 0.05), 9)
    902.5
    """
    return tokens * (1.0 - relative_loss) ** 2
