"""What personas gain for the tokens they cost, and how answers in several parts are scored.

Source: "Unleashing the Emergent Cognitive Synergy in Large Language Models: A Task-Solving Agent through Multi-Persona
Self-Collaboration", Zhenhailong Wang et al., arXiv 2307.05300 (SPP), and its released logs. The measures of synergy are
derived. Tokens in those logs are per call, not cumulative, and include about 1300 tokens of demonstrations.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from budgetsim.theory._arrays import FINITE, NON_NEGATIVE, Array, common_namespace, elementwise, require


class Recall(NamedTuple):
    """Recall pooled over the rows and mean recall of a row, both in percent, and the rows they rest on."""

    pooled_percent: float
    mean_ratio_percent: float
    rows_used: int


def pooled_recall(
    matched: ArrayLike,
    targets: ArrayLike,
    *,
    parsed: ArrayLike = True,
    missing: ArrayLike = False,
    drop_parse_failures: bool = True,
) -> Recall:
    r"""Recall over the targets of all rows, :math:`100 \sum m_i / \sum t_i`, and the mean of :math:`100\, m_i/t_i`.

    Parameters
    ----------
    matched, targets
        Targets hit and targets of every row, whole numbers, shape [rows]; 1 target or more, no more hits than
        targets.
    parsed
        Whether an answer could be read, shape [rows].
    missing
        Whether the call failed, shape [rows]: such rows are always left out.
    drop_parse_failures
        Leave out rows whose answer could not be read; else they count as 0 hits. The released scores drop them for
        most methods and count them for the fixed personas, which changes some scores by more than 70 points.

    Raises
    ------
    ValueError
        If an argument is outside its domain or no row is left.

    Notes
    -----
    Rules found by recomputing the scores of arXiv 2307.05300 from its logs; its Codenames scores are the pooled ones,
    not means of ratios.

    Examples
    --------
    >>> pooled_recall([2, 1, 3, 0], [3, 4, 3, 2], parsed=[True, True, True, False], drop_parse_failures=False)
    Recall(pooled_percent=50.0, mean_ratio_percent=47.916..., rows_used=4)
    """
    hits, goals = np.asarray(matched, dtype=float), np.asarray(targets, dtype=float)
    if hits.ndim != 1 or goals.shape != hits.shape:
        raise ValueError(f"matched and targets must share a shape [rows], got {hits.shape} and {goals.shape}")
    if not np.all((goals >= 1.0) & (np.floor(goals) == goals)):
        worst = goals[~((goals >= 1.0) & (np.floor(goals) == goals))][0]
        raise ValueError(f"targets must be whole numbers, 1 or more, got {worst:.17g}")
    possible = (hits >= 0.0) & (hits <= goals) & (np.floor(hits) == hits)
    if not np.all(possible):
        pair = f"{hits[~possible][0]:.17g} of {goals[~possible][0]:.17g}"
        raise ValueError(f"matched must be whole numbers from 0 to targets, got {pair}")
    readable = np.broadcast_to(np.asarray(parsed, dtype=bool), hits.shape)
    kept = ~np.broadcast_to(np.asarray(missing, dtype=bool), hits.shape)
    if drop_parse_failures:
        kept = kept & readable
    if not np.any(kept):
        raise ValueError("matched must keep one row or more after rows are left out")
    hits, goals = np.where(readable, hits, 0.0)[kept], goals[kept]
    return Recall(float(100.0 * hits.sum() / goals.sum()), float(100.0 * np.mean(hits / goals)), int(kept.sum()))


class Synergy(NamedTuple):
    """Gain in points, and in points per thousand extra tokens."""

    points: Array
    points_per_thousand: Array


@elementwise(score=FINITE, base_score=FINITE, tokens=NON_NEGATIVE, base_tokens=NON_NEGATIVE)
def synergy_rate(score: Array, base_score: Array, tokens: Array, base_tokens: Array) -> Synergy:
    r"""Gain over a base strategy and its price, :math:`S` and :math:`1000\,S/(T - T_0)`.

    Parameters
    ----------
    score, base_score
        Scores of the two strategies, in points.
    tokens, base_tokens
        Their tokens per instance, 0 or more and not equal. State whether prompts are counted; they mostly are the
        larger part. If the strategy costs *less* than the base the rate turns its sign.

    Raises
    ------
    ValueError
        If an argument is outside its domain or both cost the same (NaN in JAX).

    Notes
    -----
    Derived.

    Examples
    --------
    >>> gain = synergy_rate(80.0, 74.6, 2230.0, 549.0)
    >>> round(gain.points, 1), round(gain.points_per_thousand, 2)
    (5.4, 3.21)
    """
    xp = common_namespace(score)
    points, extra = score - base_score, tokens - base_tokens
    differs = extra != 0.0
    rate = 1000.0 * points / xp.where(differs, extra, 1.0)
    return Synergy(points, require(xp, differs, "tokens must differ from base_tokens", rate, tokens=tokens))


# One value outside its domain spoils a whole list of configurations.
SCORES = replace(FINITE, by_row=True)
COSTS = replace(NON_NEGATIVE, by_row=True)


@elementwise(persona_scores=SCORES, persona_costs=COSTS, other_scores=SCORES, other_costs=COSTS, budget=NON_NEGATIVE)
def budgeted_synergy(
    persona_scores: Array, persona_costs: Array, other_scores: Array, other_costs: Array, budget: Array
) -> Array:
    """Best score with personas minus best score without, each among the configurations a budget pays for.

    Parameters
    ----------
    persona_scores, persona_costs
        Scores in points and costs of the configurations with personas, shape [configurations].
    other_scores, other_costs
        The same without personas, ensembles of several calls included: the fair opponent of a dearer strategy. Choose
        them before seeing scores; the best of many picked afterwards flatters the base.
    budget
        Budget in the unit of the costs, 0 or more, of any shape.

    Returns
    -------
    array
        Points, in the shape of the budget; NaN where one of the two sides can afford nothing.

    Raises
    ------
    ValueError
        If an argument is outside its domain (NaN in JAX) or scores and costs do not pair up.

    Notes
    -----
    Derived.

    Examples
    --------
    >>> round(float(budgeted_synergy([66.3, 70.0], [2147, 2158], [69.5, 71.0], [748, 2001], 2200)), 6)
    -1.0
    """
    xp = common_namespace(budget)
    sides = (("persona", persona_scores, persona_costs), ("other", other_scores, other_costs))
    for name, scores, costs in sides:
        if scores.ndim != 1 or scores.shape != costs.shape:
            shapes = f"{scores.shape} and {costs.shape}"
            raise ValueError(f"{name}_scores and {name}_costs must share a shape [configurations], got {shapes}")
    best = [_best_affordable(scores, costs, budget) for _, scores, costs in sides]
    possible = (best[0] > -xp.inf) & (best[1] > -xp.inf)
    return xp.where(possible, xp.where(possible, best[0], 0.0) - xp.where(possible, best[1], 0.0), xp.nan)


def _best_affordable(scores: Array, costs: Array, budget: Array) -> Array:
    xp = common_namespace(budget)
    affordable = xp.where(costs <= budget[..., None], scores, -xp.inf)
    nothing = xp.full((*budget.shape, 1), -xp.inf)
    return xp.max(xp.concat([nothing, affordable], axis=-1), axis=-1)
