"""What the table of told budgets says about the claims of arXiv 2412.18547."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.shares import (
    By,
    lowest_fifth,
    nearly_all,
    over_worlds,
    share_of_worlds,
    signs,
)
from budgetsim.reproduce.stopping.told_budgets import MARGINS
from budgetsim.reproduce.verdicts import number, ordering, statement
from budgetsim.reproduce.world_tables import Table

TOLD = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PUBLISHED = (50, 10)  # instructions of the published example of token elasticity
PARAMETERS = (
    *("base_tokens", "tokens_per_budget", "collapse_budget", "steepness", "collapsed_tokens"),
    *("vanilla_tokens", "least_budget", "estimator_spread", "estimator_tokens"),
)
# What the paper reports: mean reduction of the tokens, largest loss, estimates in the ideal range.
SAVING, LOSS, _IN_RANGE = 0.67, 0.03, 0.6061


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
    return np.minimum(signs(table, f"saving x{margin:g}", SAVING), -signs(table, f"loss x{margin:g}", LOSS))


def _saving_and_loss(table: Table) -> Iterator[Claim]:
    where = f"{_where(table)}; the estimator's own tokens counted"
    needed = table["base_tokens"] + table["tokens_per_budget"] * table["least_budget"] + table["estimator_tokens"]
    short = lowest_fifth(needed / table["vanilla_tokens"])
    value, se = over_worlds(100.0 * table["saving x1"])
    yield number(
        "output tokens that an estimated budget saves, %, mean over worlds",
        where,
        theirs="67",
        ours=value,
        se=se,
        evidence="sourced",
        only_if=(
            "estimate and least sufficient answer are short beside the tokens without a budget (lowest fifth)",
            float(table["saving x1"][short].mean()) >= SAVING,
        ),
    )
    yield share_of_worlds(
        "share of worlds in which an estimated budget saves 67 % of the output tokens",
        where,
        signs(table, "saving x1", SAVING),
        evidence="sourced",
        by=By(_parameters(table), table["saving x1"]),
    )
    alone = {"saving": table["saving x1"] + table["estimator_tokens"] / table["vanilla_tokens"]}
    yield share_of_worlds(
        "share of worlds in which it does if the estimator's tokens are left out",
        _where(table),
        signs(alone | {"saving se": table["saving x1 se"]}, "saving", SAVING),
        evidence="sourced",
    )
    value, se = over_worlds(100.0 * table["loss x1"])
    sharp = lowest_fifth(table["estimator_spread"])
    yield ordering(
        "an estimated budget loses less than 3 points of accuracy: 3 less the mean loss over worlds, points",
        f"{_where(table)}; the estimator's median is the least sufficient budget, and less than that is not enough",
        theirs="< 3 points",
        difference=100.0 * LOSS - value,
        se=se,
        evidence="sourced",
        only_if=(
            "estimates are doubled and sharp (lowest fifth of the spread)",
            float(table["loss x2"][sharp].mean()) < LOSS,
        ),
    )


def _margins(table: Table) -> Iterator[Claim]:
    for margin in MARGINS:
        yield share_of_worlds(
            f"share of worlds with a saving of 67 % and a loss below 3 points, estimates times {margin:g}",
            f"{_where(table)}; mean saving {100.0 * table[f'saving x{margin:g}'].mean():.1f} %, "
            f"mean loss {100.0 * table[f'loss x{margin:g}'].mean():.1f} points",
            _both(table, margin),
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
    found = np.concatenate(both) if any(map(np.any, hit)) else np.zeros(1)
    yield share_of_worlds(
        "share of worlds that save 67 % and lose below 3 points where estimates are in range as often as reported",
        f"{_where(table)} times {len(MARGINS)} margins, those with at least 60.61 % of the estimates in range",
        found,
        evidence="derived",
    )


def _best_budgets(table: Table) -> Iterator[Claim]:
    needed = table["base_tokens"] + table["tokens_per_budget"] * table["least_budget"]
    reached = signs(table, "saving of best budgets", SAVING)
    yield share_of_worlds(
        "share of worlds in which the best sufficient budget of every question saves 67 %",
        f"{_where(table)}; mean saving {100.0 * table['saving of best budgets'].mean():.1f} %",
        reached,
        evidence="derived",
        by=By(_parameters(table), table["saving of best budgets"]),
        only_if=(
            "the least sufficient answer is short beside the tokens without a budget (lowest fifth)",
            nearly_all(reached[lowest_fifth(needed / table["vanilla_tokens"])]),
        ),
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
    more = signs(table, "tokens told 10 less told 50")
    kept = table["base_tokens"] + PUBLISHED[0] * table["tokens_per_budget"] < table["collapsed_tokens"]
    given_up = table["collapse_budget"] >= PUBLISHED[1]
    yield share_of_worlds(
        "share of worlds in which told 10 tokens a model writes more than told 50",
        f"{_where(table)}; published: 157 and 86 tokens",
        more,
        evidence="sourced",
        by=By(_parameters(table), table["tokens told 10 less told 50"]),
        only_if=(
            "the give-up point is 10 or more and giving up writes more than keeping to 50",
            bool(np.any(kept & given_up)) and nearly_all(more[kept & given_up]),
        ),
    )
    fewest = np.unique(table["budget of fewest tokens"], return_counts=True)
    yield share_of_worlds(
        "share of worlds in which told 1 token a model writes more than told some larger number",
        f"{_where(table)}; of {', '.join(map(str, TOLD))}, fewest at {fewest[0][fewest[1].argmax()]:g}",
        signs(table, "tokens told 1 less fewest"),
        evidence="sourced",
    )
    value, se = over_worlds(100.0 * table["best budget above least"])
    yield number(
        "questions whose least sufficient budget spends more tokens than a larger one, %, mean over worlds",
        f"{_where(table)}; theirs: elasticity sets in only below what is enough",
        theirs="0",
        ours=value,
        se=se,
        evidence="derived",
    )
