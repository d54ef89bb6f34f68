"""What a token budget in the prompt saves and loses, world by world, with an estimator, a search, and the best budget.

Beside the estimator of the prior, which says the least sufficient budget give or take, the same estimator is played
with a margin: its number is multiplied by each of ``MARGINS``, a list that was fixed before anything was played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.replicates import Mean, Runs, mean, play, questions
from budgetsim.reproduce.stopping.shares import (
    columns,
    deciders,
    lowest_fifth,
    over_worlds,
    share_of_worlds,
    signs,
    tally,
)
from budgetsim.reproduce.stopping.told_budgets import MARGINS, generous, look_at
from budgetsim.reproduce.verdicts import number, ordering, statement
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Shares, Table
from budgetsim.simulate.reasoning import (
    Budget,
    ElasticWorld,
    EstimatedBudget,
    Instructed,
    Policy,
    SearchedBudget,
    elasticity_prior,
)

WORLDS, QUICK_WORLDS = 300, 16
TOLD = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PUBLISHED = (50, 10)  # instructions of the published example of token elasticity
PARAMETERS = (
    *("base_tokens", "tokens_per_budget", "collapse_budget", "steepness", "collapsed_tokens"),
    *("vanilla_tokens", "least_budget", "estimator_spread", "estimator_tokens"),
)
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


# What the paper reports: mean reduction of the tokens, largest loss, estimates in the ideal range.
_SAVING, _LOSS, _IN_RANGE = 0.67, 0.03, 0.6061


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    yield from _saving_and_loss(table)
    yield from _margins(table)
    yield from _in_range(table)
    yield from _best_budgets(table)
    yield from _elastic(table)


def _where(table: Table) -> str:
    return f"prior elasticity, {table['vanilla_tokens'].size} worlds"


def _parameters(table: Table) -> Mapping[str, NDArray[np.float64]]:
    return {name: table[name] for name in PARAMETERS}


def _both(table: Table, margin: float) -> NDArray[np.int64]:
    """1 where the saving is reached without the loss, -1 where one of the two clearly fails."""
    return np.minimum(signs(table, f"saving x{margin:g}", _SAVING), -signs(table, f"loss x{margin:g}", _LOSS))


def _saving_and_loss(table: Table) -> Iterator[Claim]:
    where = f"{_where(table)}; the estimator's own tokens counted"
    short = lowest_fifth(table["least_budget"] / table["vanilla_tokens"])
    value, se = over_worlds(100.0 * table["saving x1"])
    yield number(
        "output tokens that an estimated budget saves, %, mean over worlds",
        where,
        theirs="67",
        ours=value,
        se=se,
        evidence="sourced",
        only_if=(
            "the least sufficient budget is a small part of the tokens without one (lowest fifth of the worlds)",
            float(table["saving x1"][short].mean()) >= _SAVING,
        ),
    )
    yield share_of_worlds(
        "share of worlds in which an estimated budget saves 67 % of the output tokens",
        where,
        tally(signs(table, "saving x1", _SAVING)),
        evidence="sourced",
        decided=deciders(_parameters(table), table["saving x1"]),
    )
    alone = {"saving": table["saving x1"] + table["estimator_tokens"] / table["vanilla_tokens"]}
    yield share_of_worlds(
        "share of worlds in which it does if the estimator's tokens are left out",
        _where(table),
        tally(signs(alone | {"saving se": table["saving x1 se"]}, "saving", _SAVING)),
        evidence="sourced",
    )
    value, se = over_worlds(100.0 * table["loss x1"])
    generous = float(table[f"loss x{MARGINS[-1]:g}"].mean()) < _LOSS
    yield ordering(
        "an estimated budget loses less than 3 points of accuracy: 3 less the mean loss over worlds, points",
        f"{_where(table)}; the estimator's median is the least sufficient budget, and less than that is not enough",
        theirs="< 3 points",
        difference=100.0 * _LOSS - value,
        se=se,
        evidence="sourced",
        only_if=(f"estimates are multiplied by {MARGINS[-1]:g}", generous),
    )


def _margins(table: Table) -> Iterator[Claim]:
    for margin in MARGINS:
        yield share_of_worlds(
            f"share of worlds with a saving of 67 % and a loss below 3 points, estimates times {margin:g}",
            f"{_where(table)}; mean saving {100.0 * table[f'saving x{margin:g}'].mean():.1f} %, "
            f"mean loss {100.0 * table[f'loss x{margin:g}'].mean():.1f} points",
            tally(_both(table, margin)),
            evidence="sourced",
        )


def _in_range(table: Table) -> Iterator[Claim]:
    value, se = over_worlds(100.0 * table["in range x1"])
    shares = ", ".join(
        f"{100.0 * table[f'in range x{margin:g}'].mean():.1f} times {margin:g}" for margin in MARGINS[1:]
    )
    yield number(
        "estimates in the ideal range of budgets, %, mean over worlds",
        f"{_where(table)}; the third of all sufficient budgets with the fewest tokens; with margins: {shares}",
        theirs="60.61",
        ours=value,
        se=se,
        evidence="sourced",
    )
    hit = [table[f"in range x{margin:g}"] >= _IN_RANGE for margin in MARGINS]
    both = [_both(table, margin)[inside] for margin, inside in zip(MARGINS, hit, strict=True)]
    found = tally(np.concatenate(both)) if any(map(np.any, hit)) else Shares(0.0, 1.0, 0.0, 0)
    yield share_of_worlds(
        "share of settings, with estimates in range as often as reported, that save 67 % and lose below 3 points",
        f"{_where(table)} times {len(MARGINS)} margins, those with 60.61 % of the estimates in range",
        found,
        evidence="derived",
    )


def _best_budgets(table: Table) -> Iterator[Claim]:
    yield share_of_worlds(
        "share of worlds in which the best sufficient budget of every question saves 67 %",
        f"{_where(table)}; mean saving {100.0 * table['saving of best budgets'].mean():.1f} %",
        tally(signs(table, "saving of best budgets", _SAVING)),
        evidence="derived",
        decided=deciders(_parameters(table), table["saving of best budgets"]),
    )
    worst = float(np.abs(table["search loss"]).max())
    yield statement(
        "the search that knows the right answer loses no accuracy",
        f"{_where(table)}; largest change of any world",
        theirs="0",
        ours=worst,
        holds=worst == 0.0,
        evidence="derived",
    )
    value, se = over_worlds(table["search tokens over vanilla"])
    yield ordering(
        "a search for the budget pays on the question it is made for: 1 less its tokens over those of one free answer",
        f"{_where(table)}; {table['search calls'].mean():.1f} calls on average",
        theirs="fewer tokens",
        difference=1.0 - value,
        se=se,
        evidence="unverified",
    )


def _elastic(table: Table) -> Iterator[Claim]:
    yield share_of_worlds(
        "share of worlds in which told 10 tokens a model writes more than told 50",
        f"{_where(table)}; published: 157 and 86 tokens",
        tally(signs(table, "tokens told 10 less told 50")),
        evidence="sourced",
        decided=deciders(_parameters(table), table["tokens told 10 less told 50"]),
    )
    fewest = np.unique(table["budget of fewest tokens"], return_counts=True)
    yield share_of_worlds(
        "share of worlds in which told 1 token a model writes more than told some larger number",
        f"{_where(table)}; of {', '.join(map(str, TOLD))}, fewest at {fewest[0][fewest[1].argmax()]:g}",
        tally(signs(table, "tokens told 1 less fewest")),
        evidence="sourced",
    )
    value, se = over_worlds(100.0 * table["best budget above least"])
    yield number(
        "questions whose least sufficient budget spends more tokens than a larger one, %, mean over worlds",
        f"{_where(table)}; theirs: elasticity never matters for a budget that is enough",
        theirs="0",
        ours=value,
        se=se,
        evidence="derived",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The shares of worlds in which the claims are met, and what the saving depends on."""
    rows = {}
    for margin in MARGINS:
        told = "as estimated" if margin == 1.0 else f"times {margin:g}"
        rows[f"saves 67 %, {told}"] = tally(signs(table, f"saving x{margin:g}", _SAVING))
        rows[f"loses below 3 points, {told}"] = tally(-signs(table, f"loss x{margin:g}", _LOSS))
    rows["saves 67 %, best budgets"] = tally(signs(table, "saving of best budgets", _SAVING))
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
