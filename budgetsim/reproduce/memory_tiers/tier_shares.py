"""The study of tiers over the weight of the cost: trained routers, the best plans, and what alignment changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.memory_tiers import figures
from budgetsim.reproduce.memory_tiers.readings import (
    ALIGNED,
    ALONE,
    PRICED,
    REWARDS,
    WEIGHTS,
    cell,
    change,
    features,
    later,
    over_weights,
)
from budgetsim.reproduce.share_claims import error_of_mean, leads, mostly
from budgetsim.reproduce.verdicts import number, ordering, statement
from budgetsim.reproduce.world_tables import Shares, Table, decided_by, shares_ahead

HEADLINE = 0.3
"""The weight at which the published curves with and without alignment are farthest apart."""

_FIG_4 = "HIGH, MID, LOW, LOW, LOW, LOW"
# Figs. 2 and 3: cost on LoCoMo at weights .1, .3, .5, .7, .9, of that at 0; read off a plot.
_FIG_3 = {
    ALIGNED: np.array([2.48, 2.00, 0.58, 0.28, 0.27]) / 2.40,
    ALONE: np.array([0.30, 0.27, 0.27, 0.27, 0.27]) / 2.38,
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Routers and plans of every world, as `routers.measure` makes them."""
    from budgetsim.reproduce.memory_tiers import routers  # tables are judged and drawn without the simulator

    return routers.measure(quick=quick, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """What the tables say about tiers, losses and the direction of alignment."""
    for reward in REWARDS:
        yield from _tiers(table, reward)
    for reward in REWARDS:
        yield from _losses(table, reward)
    yield from _direction(table)
    yield from _readings(table)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Figures by name."""
    return {
        "tiers": lambda look: figures.tiers(table, look),
        "alignment": lambda look: figures.directions(table, look),
        "costs": lambda look: figures.costs(table, look),
        "decided": lambda look: figures.decided(table, look),
    }


def _tiers(table: Table, reward: str) -> Iterator[Claim]:
    trained, best = (
        [_most(figures.shares_of_tiers(table, reward, weight, owner)) for weight in WEIGHTS] for owner in ("", "best ")
    )
    yield statement(
        "the tier of most modules at weights 0, .1, .3, .5, .7 and .9",
        f"{reward} reward, aligned; trained routers, share of modules over {_worlds(table)} worlds and its standard "
        f"error; best plans: {', '.join(f'{tier} {share}' for tier, share in best)}; theirs is one data set",
        theirs=_FIG_4,
        ours=", ".join(f"{tier} {share}" for tier, share in trained),
        holds=", ".join(tier for tier, _ in trained) == _FIG_4,
        evidence="figure",
    )


def _most(shares: Mapping[str, NDArray[np.float64]]) -> tuple[str, str]:
    """The tier of most modules, and its share with the standard error over worlds."""
    most = max(shares, key=lambda tier: float(shares[tier].mean()))
    return figures.TIERS[most], f"{shares[most].mean():.2f} ± {error_of_mean(shares[most]):.2f}"


def _losses(table: Table, reward: str) -> Iterator[Claim]:
    cost, cost_se = over_weights(table, "cost", reward, ALONE)
    best, _ = over_weights(table, "best cost", reward, ALONE)
    yield mostly(
        "a trained router spends less than the best plan under a scale of costs that stays",
        f"{reward} reward, not aligned; mean cost over weights .1 to .9; the router's own costs are its scale",
        theirs="less",
        shares=shares_ahead(best, cost, 0.0, cost_se),
        evidence="derived",
    )
    regret, regret_se = over_weights(table, "regret", reward, ALIGNED)
    plain, _ = over_weights(table, "plain regret", reward, ALIGNED)
    yield mostly(
        "a trained router gains more than the best plan with one tier for all modules",
        f"{reward} reward, aligned, scale of costs that stays; mean gain over weights .1 to .9",
        theirs="more",
        shares=shares_ahead(plain, regret, 0.0, regret_se),
        evidence="sourced",
    )
    # What differs between trainings is part of what differs between worlds.
    yield number(
        "share of what the best plan gains over plans at random that a trained router loses",
        f"{reward} reward, aligned, scale of costs that stays; mean over weights .1 to .9 and worlds; the best plan "
        f"with one tier for all modules loses {plain.mean():.2f}",
        theirs="0.0",
        ours=float(regret.mean()),
        se=error_of_mean(regret),
        evidence="derived",
    )
    short, _ = over_weights(table, "short", reward, ALIGNED)
    yield number(
        "share of the memory's gain that a trained router lacks beside the best mixture of plans at its own cost",
        f"{reward} reward, aligned; mean over weights .1 to .9 and worlds",
        theirs="0.0",
        ours=float(short.mean()),
        se=error_of_mean(short),
        evidence="derived",
    )


def _direction(table: Table) -> Iterator[Claim]:
    headline = {reward: later(table, reward, HEADLINE) for reward in REWARDS}
    first = headline["graded"]
    for reward, shares in headline.items():
        yield mostly(
            "aligning the scales of the two rewards delays the collapse to LOW",
            f"{reward} reward, weight {HEADLINE:g}: the trained router costs more with alignment than without",
            theirs="delays",
            shares=shares,
            evidence="figure",
            only_if=("the reward is graded", leads(first)),
        )
    right = []
    for reward in REWARDS:
        for weight in PRICED:
            difference, se = change(table, reward, weight)
            agree = np.sign(difference) == np.sign(1.0 - table[f"alignment {reward}"])
            right.append(np.where(np.abs(difference) > 2.0 * se, np.where(agree, 1.0, -1.0), 0.0))
    net = np.mean(right, axis=0)
    yield ordering(
        "alignment delays the collapse where task rewards spread less than cost rewards, and hastens it where they "
        "spread more",
        "spreads at the first update; both rewards, weights .1 to .9; share of cases so, less share of the opposite, "
        f"ties {np.mean(np.array(right) == 0.0):.2f}, the opposite {np.mean(np.array(right) < 0.0):.2f}",
        theirs="so",
        difference=float(net.mean()),
        se=error_of_mean(net),
        evidence="derived",
    )
    graded, judged = (table[f"alignment {reward}"] for reward in REWARDS)
    yield statement(
        "graded task rewards spread less than cost rewards, judged ones more",
        "ratio of their standard deviations with every plan as likely as another, least and largest over "
        f"{_worlds(table)} worlds; the quality without memory is the same for all queries",
        theirs="below 1, above 1",
        ours=f"{graded.min():.2f} to {graded.max():.2f}, {judged.min():.2f} to {judged.max():.2f}",
        holds=bool(np.all(graded < 1.0) and np.all(judged > 1.0)),
        evidence="derived",
    )


def _readings(table: Table) -> Iterator[Claim]:
    distance = {}
    for reward in REWARDS:
        start = table[cell("cost", reward, ALIGNED, 0.0)]
        gaps = [
            np.abs(table[cell("cost", reward, alignment, weight)] / start - curve[place])
            for alignment, curve in _FIG_3.items()
            for place, weight in enumerate(PRICED)
        ]
        distance[reward] = np.mean(gaps, axis=0)
    gap = distance["graded"] - distance["judged"]
    # No error of a distance is at hand: a world counts for the nearer one.
    nearer = Shares(float(np.mean(gap > 0.0)), float(np.mean(gap == 0.0)), float(np.mean(gap < 0.0)), gap.size)
    yield mostly(
        "costs with a judge of 0, .5 and 1 are nearer to the published curves than costs with graded rewards",
        "mean distance over weights .1 to .9, with and without alignment, cost of that at weight 0; graded "
        f"{distance['graded'].mean():.2f}, judged {distance['judged'].mean():.2f}",
        theirs="nearer",
        shares=nearer,
        evidence="figure",
    )
    for reward in REWARDS:
        changes = np.mean([change(table, reward, weight)[0] for weight in PRICED], axis=0)
        found = decided_by(features(table, reward), changes)
        spread = next(part for part in found if part.name == "ratio of spreads")
        yield ordering(
            "the less task rewards spread, the more alignment delays the collapse",
            f"{reward} reward; minus the rank correlation over worlds of the ratio of spreads and the mean difference "
            f"in cost; the strongest of all parameters is {found[0].name}, {found[0].correlation:+.2f}",
            theirs="the more",
            difference=-spread.correlation,
            se=spread.se,
            evidence="derived",
        )


def _worlds(table: Table) -> int:
    return int(table["middle share"].size)
