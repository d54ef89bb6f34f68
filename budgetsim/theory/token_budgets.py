r"""Token budgets written into the prompt (TALE): elasticity of real tokens, the search for a budget, reductions.

A smaller budget does not always mean fewer tokens: below a reasonable range the model stops complying and writes more
again (token elasticity). The searches need the gold answer of every question: oracles, for use offline. They take
the model as two functions of a budget, whether it answers correctly and how many tokens it writes.

Source: "Token-Budget-Aware LLM Reasoning", Tingxu Han, Zhenting Wang, Chunrong Fang, Shiyu Zhao, Shiqing Ma, Zhenyu
Chen, arXiv 2412.18547, and its released code (GitHub GeniusHTX/TALE). The elasticity curve is derived: a shape fitted
to three published points, not evidence. A formula "B = f(x, complexity)" that goes around under the name TALE is not
of the paper, whose estimator asks the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from budgetsim.theory._arrays import NON_NEGATIVE, POSITIVE, Array, common_namespace, elementwise
from budgetsim.theory._shares import as_row


@elementwise(
    token_budget=NON_NEGATIVE,
    vanilla_tokens=NON_NEGATIVE,
    base_tokens=NON_NEGATIVE,
    tokens_per_budget=NON_NEGATIVE,
    collapse_budget=POSITIVE,
    steepness=POSITIVE,
    collapsed_tokens=NON_NEGATIVE,
)
def elastic_tokens(
    token_budget: Array,
    *,
    vanilla_tokens: Array,
    base_tokens: Array,
    tokens_per_budget: Array,
    collapse_budget: Array,
    steepness: Array,
    collapsed_tokens: Array,
) -> Array:
    r"""Tokens a model writes under a budget, :math:`(1-g)\min(T_{van}, a + \kappa\beta) + g\,T_{give}`.

    :math:`g = 1/(1 + (\beta/\beta_c)^s)` is the chance that it gives up complying.

    Parameters
    ----------
    token_budget
        beta as written in the prompt, tokens, 0 or more.
    vanilla_tokens
        Tokens without a budget.
    base_tokens, tokens_per_budget
        Tokens written when it complies: a and kappa of a straight line in the budget.
    collapse_budget, steepness
        beta_c, at which it gives up half the time, and s of the transition; above 0.
    collapsed_tokens
        Tokens written when it gives up.

    Returns
    -------
    array
        Tokens; not monotone in the budget.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived: five free numbers, fitted to the triple of arXiv 2412.18547 (258 tokens without a budget, 86 at 50, 157
    at 10).

    Examples
    --------
    >>> published = dict(vanilla_tokens=258, base_tokens=42.81, tokens_per_budget=0.75, collapse_budget=20.17)
    >>> published |= dict(steepness=3, collapsed_tokens=170)
    >>> [round(elastic_tokens(budget, **published), 1) for budget in (400, 50, 10)]
    [258.0, 85.8, 157.0]
    """
    xp = common_namespace(token_budget)
    gives_up = 1.0 / (1.0 + (token_budget / collapse_budget) ** steepness)
    line = base_tokens + tokens_per_budget * token_budget
    complying = xp.where(line > vanilla_tokens, vanilla_tokens, line)
    return (1.0 - gives_up) * complying + gives_up * collapsed_tokens


class BudgetSearch(NamedTuple):
    """Budget returned and the budgets asked for, in order."""

    budget: int
    queries: tuple[int, ...]


class PrintedSearch(NamedTuple):
    """Budget returned and the pairs (previous budget, candidate) tested, in order."""

    budget: int
    tests: tuple[tuple[int, int], ...]


def search_budget(vanilla_tokens: int, correct: Callable[[int], bool], tokens: Callable[[int], float]) -> BudgetSearch:
    """Search as released: halve while the answer stays correct and the tokens drop; the last accepted budget.

    One-sided halving, at most log2 of the tokens queries: the result is known up to a factor of 2, and nothing below
    the first failure is seen.

    Parameters
    ----------
    vanilla_tokens
        Tokens without a budget, where the search starts; a whole number, 1 or more.
    correct
        Whether the answer under a budget is correct.
    tokens
        Tokens of the answer under a budget.

    Returns
    -------
    BudgetSearch
        ``vanilla_tokens`` itself if the first candidate fails. Zero is never asked for: no budget of zero tokens.

    Raises
    ------
    ValueError
        If ``vanilla_tokens`` is not a whole number, 1 or more.

    Notes
    -----
    Released code of arXiv 2412.18547 (``search_budget.py``). The algorithm printed in the paper differs:
    :func:`printed_search_budget`.

    Examples
    --------
    >>> search_budget(256, lambda budget: budget >= 50, lambda budget: 40.0 + budget)
    BudgetSearch(budget=64, queries=(128, 64, 32))
    """
    budget, before, queries = _start(vanilla_tokens), float(vanilla_tokens), list[int]()
    while candidate := budget // 2:
        queries.append(candidate)
        if not (correct(candidate) and tokens(candidate) < before):
            break
        budget, before = candidate, tokens(candidate)
    return BudgetSearch(budget, tuple(queries))


def printed_search_budget(
    vanilla_tokens: int, correct: Callable[[int], bool], tokens: Callable[[int], float]
) -> PrintedSearch:
    """Search as printed in Algorithm 1: **it returns the first budget that fails**, and tests the first one twice.

    Kept to reproduce the paper's text; use :func:`search_budget`. Arguments and errors as there.

    Notes
    -----
    arXiv 2412.18547, Algorithm 1. A candidate passes if its answer is correct and shorter than at the previous budget.

    Examples
    --------
    >>> printed_search_budget(256, lambda budget: budget >= 50, lambda budget: 40.0 + budget)
    PrintedSearch(budget=32, tests=((256, 128), (256, 128), (128, 64), (64, 32)))
    """
    right = before = _start(vanilla_tokens)
    candidate, tests = right // 2, list[tuple[int, int]]()
    while candidate:
        tests.append((before, candidate))
        if not (correct(candidate) and tokens(candidate) < tokens(before)):
            break
        candidate, before = right // 2, right
        right = candidate
    return PrintedSearch(candidate, tuple(tests))


def halve_while_correct(vanilla_tokens: int, correct: Callable[[int], bool]) -> BudgetSearch:
    """Halve the budget while the answer stays correct, whatever its tokens, down to 1; the last accepted budget.

    Notes
    -----
    Released code of arXiv 2412.18547 (``token_elasticity.py``), which measures elasticity. Arguments and errors as in
    :func:`search_budget`.

    Examples
    --------
    >>> halve_while_correct(200, lambda budget: budget >= 7)
    BudgetSearch(budget=12, queries=(100, 50, 25, 12, 6))
    """
    budget, queries = _start(vanilla_tokens), list[int]()
    while candidate := budget // 2:
        queries.append(candidate)
        if not correct(candidate):
            break
        budget = candidate
    return BudgetSearch(budget, tuple(queries))


def ideal_range(budgets: Sequence[float], tokens: Sequence[float]) -> tuple[float, ...]:
    r"""Window of :math:`\lfloor N/3\rfloor` neighbouring budgets with the fewest tokens in total; the first of equals.

    Parameters
    ----------
    budgets
        Budgets that keep the answer correct, in the order searched; 3 or more.
    tokens
        Tokens of the answer under each.

    Raises
    ------
    ValueError
        If the lengths differ or there are fewer than 3 budgets.

    Notes
    -----
    arXiv 2412.18547. The paper's text says that more than two thirds of the estimates fall in range; its own figure is
    60.61 percent.

    Examples
    --------
    >>> ideal_range([256, 128, 64, 32, 16, 8, 4, 2, 1], [256, 155, 99, 80, 101, 142, 160, 164, 165])
    (64, 32, 16)
    """
    if len(budgets) != len(tokens):
        raise ValueError(f"tokens must be as many as budgets, {len(budgets)}, got {len(tokens)}")
    if len(budgets) < 3:
        raise ValueError(f"budgets must be 3 or more, got {len(budgets)}")
    width = len(budgets) // 3
    starts = range(len(budgets) - width + 1)
    best = min(starts, key=lambda start: math.fsum(tokens[start : start + width]))
    return tuple(budgets[best : best + width])


class Reduction(NamedTuple):
    """Shares of tokens (or money) saved: of the means, and the mean over the rows' own shares."""

    of_means: Array
    mean: Array


@elementwise(old=replace(POSITIVE, by_row=True), new=replace(NON_NEGATIVE, by_row=True))
def _reduction(old: Array, new: Array) -> Reduction:
    xp = common_namespace(old)
    shares = xp.mean(1.0 - new / old, axis=-1)
    new, old = xp.broadcast_arrays(new, old)
    return Reduction(1.0 - xp.sum(new, axis=-1) / xp.sum(old, axis=-1), shares)


def token_reduction(old: Array, new: Array) -> Reduction:
    r"""Reduction of the means, :math:`1 - \bar n/\bar o`, and mean of the reductions, :math:`\overline{1 - n/o}`.

    They differ (by 4.5 points on the paper's main table): say which one a headline is.

    Parameters
    ----------
    old, new
        Tokens (or money) before, above 0, and after, 0 or more; shape [..., rows].

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX).

    Notes
    -----
    Derived, to audit the tables of arXiv 2412.18547.

    Examples
    --------
    >>> [round(float(share), 6) for share in token_reduction([100, 200], [50, 50])]
    [0.666667, 0.625]
    """
    return _reduction(as_row(old), as_row(new))


def _start(vanilla_tokens: int) -> int:
    if vanilla_tokens < 1 or vanilla_tokens != int(vanilla_tokens):
        raise ValueError(f"vanilla_tokens must be a whole number, 1 or more, got {vanilla_tokens}")
    return int(vanilla_tokens)
