"""What a token budget in the prompt saves and loses, world by world, with an estimator, a search, and the best budget.

Beside the estimator of the prior, which says the least sufficient budget give or take, the same estimator is played
with a margin: its number is multiplied by each of ``MARGINS``, a list that was fixed before anything was played.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.stopping.replicates import Mean, Runs, mean, play, questions
from budgetsim.reproduce.stopping.shares import (
    columns,
    signs,
    tally,
)
from budgetsim.reproduce.stopping.tale_claims import LOSS, PARAMETERS, PUBLISHED, SAVING, TOLD, claims
from budgetsim.reproduce.stopping.told_budgets import MARGINS, generous, look_at
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    Budget,
    ElasticWorld,
    EstimatedBudget,
    Instructed,
    Policy,
    SearchedBudget,
    elasticity_prior,
)

__all__ = ["claims", "draw", "measure"]

WORLDS, QUICK_WORLDS = 300, 16
_NODES = 16  # ten halvings of 700 tokens, the root and the first call
_LOOKED_AT = 2  # replicates whose questions are looked at, budget by budget


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every strategy in every world; a row a world."""
    worlds = elasticity_prior(QUICK_WORLDS if quick else WORLDS, seed)
    table: Table = {name: np.array([getattr(world, name) for world in worlds]) for name in PARAMETERS}
    steps = len(MARGINS) + len(TOLD) + len(PUBLISHED) + 3
    done = iter(range(1, steps + 1))

    def played(policy: Policy, among: Sequence[ElasticWorld] = worlds) -> Runs:
        run = play(among, policy, Budget(), seed=seed, nodes=_NODES)
        progress(next(done) / steps)
        return run

    vanilla = played(Instructed())
    free = vanilla.output_tokens
    table |= columns("accuracy vanilla", mean(vanilla.accuracy))
    for margin in MARGINS:
        told = played(EstimatedBudget(), generous(worlds, margin))
        table |= columns(f"saving x{margin:g}", saving(told.output_tokens, free))
        table |= columns(f"loss x{margin:g}", mean(vanilla.accuracy - told.accuracy))
    searched = played(SearchedBudget())
    table |= columns("search tokens over vanilla", mean(searched.output_tokens / free.mean(axis=1, keepdims=True)))
    table |= {"search calls": searched.calls.mean(axis=1)}
    table |= columns("search loss", mean(vanilla.accuracy - searched.accuracy))
    table |= _elasticity(lambda budget: played(Instructed(token_budget=budget)))
    table |= _looked_at(worlds, seed)
    progress(1.0)
    return {name: np.round(column, 5) for name, column in table.items()}


def saving(tokens: NDArray[np.float64], free: NDArray[np.float64]) -> Mean:
    """Share of the mean tokens that is saved, of arrays [worlds, replicates]; its error to first order."""
    kept = tokens.mean(axis=1, keepdims=True) / free.mean(axis=1, keepdims=True)
    errors = mean((tokens - kept * free) / free.mean(axis=1, keepdims=True))
    return Mean(1.0 - kept[:, 0], errors.se)


def _elasticity(told: Callable[[int], Runs]) -> Table:
    tokens = {budget: told(budget).output_tokens for budget in (*TOLD, *PUBLISHED)}
    table = {f"tokens told {budget}": tokens[budget].mean(axis=1) for budget in TOLD}
    table |= columns("tokens told 10 less told 50", mean(tokens[PUBLISHED[1]] - tokens[PUBLISHED[0]]))
    stacked = np.stack([tokens[budget] for budget in TOLD])
    fewest = stacked.mean(axis=2).argmin(axis=0)
    rise = mean(stacked[0] - stacked[fewest, np.arange(fewest.size)])
    return table | {"budget of fewest tokens": np.array(TOLD)[fewest]} | columns("tokens told 1 less fewest", rise)


def _looked_at(worlds: tuple[ElasticWorld, ...], seed: int) -> Table:
    found = []
    for world, drawn in zip(worlds, questions(worlds, seed, _LOOKED_AT), strict=True):
        parts = [np.concatenate(column) for column in zip(*drawn, strict=True)]
        found.append(look_at(world, *(np.asarray(part, np.float64) for part in parts)))
    vanilla = np.array([world.vanilla_tokens for world in worlds])
    table = {
        "saving of best budgets": 1.0 - np.array([one.tokens for one in found]) / vanilla,
        "best budget above least": np.array([one.above_least for one in found]),
    }
    for place, margin in enumerate(MARGINS):
        table[f"in range x{margin:g}"] = np.array([one.in_range[place] for one in found])
    return table


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The shares of worlds in which the claims are met, and what the saving depends on."""
    rows = {}
    for margin in MARGINS:
        told = "as estimated" if margin == 1.0 else f"times {margin:g}"
        rows[f"saves 67 %, {told}"] = tally(signs(table, f"saving x{margin:g}", SAVING))
        rows[f"loses below 3 points, {told}"] = tally(-signs(table, f"loss x{margin:g}", LOSS))
    rows["saves 67 %, best budgets"] = tally(signs(table, "saving of best budgets", SAVING))
    rows["told 10 writes more than told 50"] = tally(signs(table, "tokens told 10 less told 50"))
    panels = {
        "least sufficient budget, tokens": "least_budget",
        "tokens without instruction": "vanilla_tokens",
        "give-up point, tokens": "collapse_budget",
        "tokens written at least": "base_tokens",
        "tokens per token told": "tokens_per_budget",
        "spread of the estimator": "estimator_spread",
    }
    lines = {
        "best sufficient budgets": table["saving of best budgets"],
        "estimated": table["saving x1"],
        "estimated, times 2": table["saving x2"],
        "accuracy lost, as estimated": table["loss x1"],
        "accuracy lost, times 2": table["loss x2"],
    }
    return {
        "shares": lambda look: share_bars(look, rows, "Budgets in the prompt"),
        "parameters": lambda look: over_parameters(
            look, {label: table[name] for label, name in panels.items()}, lines, label="share saved or lost"
        ),
    }
