"""The anytime index of measured curves, and what rules that stop on noisy observations lose to one that knows.

A curve is the accuracy of the answers held when a run is cut at each checkpoint. Worth is accuracy less the price of
the tokens; regret is the worth that the oracle, who knows each problem's course, has more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from budgetsim.plot.style import Theme
from budgetsim.reproduce.stopping.anytime_claims import COMPARED, PARAMETERS, RULES, claims
from budgetsim.reproduce.stopping.mixes import beyond_mix
from budgetsim.reproduce.stopping.replicates import Runs, mean, play, questions
from budgetsim.reproduce.stopping.shares import (
    columns,
    signs,
    tally,
)
from budgetsim.reproduce.world_figures import over_parameters, share_bars
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    AnytimeWorld,
    Budget,
    FixedStop,
    OracleStop,
    Policy,
    PriceStop,
    RelativeGainStop,
    anytime_prior,
)

__all__ = ["claims", "draw", "measure"]

WORLDS, QUICK_WORLDS = 300, 16
_NODES = 8

Values = NDArray[np.float64]


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Play every rule in every world, whole and cut at every checkpoint; a row a world."""
    settings = anytime_prior(QUICK_WORLDS if quick else WORLDS, seed)
    worlds = [setting.world for setting in settings]
    checkpoints = worlds[0].checkpoints
    prices = np.array([world.price for world in worlds])
    steps = 3 + 4 * len(checkpoints)
    done = iter(range(1, steps + 1))

    def played(policy: Policy | Sequence[Policy], tokens: int = checkpoints[-1]) -> Runs:
        run = play(worlds, policy, Budget(tokens=tokens), seed=seed, nodes=_NODES)
        progress(next(done) / steps)
        return run

    def cut(policy: Policy | Sequence[Policy]) -> list[Runs]:
        return [played(policy, tokens) for tokens in checkpoints]

    fixed = [played(FixedStop(checkpoint=number + 1)) for number in range(len(checkpoints))]
    relative = cut([RelativeGainStop(threshold=setting.threshold) for setting in settings])
    price = cut([PriceStop(price=world.price) for world in worlds])
    best_seen = cut(PriceStop(price=0.0))
    expected = np.stack([expected_quality(world) for world in worlds])
    cost = prices[:, None] * np.array(checkpoints)
    tuned, priced = (
        played([FixedStop(checkpoint=int(place) + 1) for place in np.argmax(quality - cost, axis=1)])
        for quality in (expected, expected.mean(axis=0))
    )
    oracle = played(OracleStop())

    given: Table = {name: np.array([getattr(world, name) for world in worlds]) for name in PARAMETERS}
    given["threshold"] = np.array([setting.threshold for setting in settings])
    table: Table = {}
    ends = {"relative": relative[-1], "price": price[-1], "tuned": tuned, "priced": priced, "last": fixed[-1]}
    worth = {
        name: run.accuracy - prices[:, None] * run.output_tokens for name, run in (ends | {"oracle": oracle}).items()
    }
    for name, run in (ends | {"oracle": oracle}).items():
        table |= {f"accuracy {name}": run.accuracy.mean(axis=1), f"tokens {name}": run.output_tokens.mean(axis=1)}
    for name in RULES:
        table |= columns(f"regret {name}", mean(worth["oracle"] - worth[name]))
    for first, second in COMPARED:
        table |= columns(f"worth {first} less {second}", mean(worth[first] - worth[second]))
    spent, right = (np.stack([getattr(run, part) for run in fixed]) for part in ("output_tokens", "accuracy"))
    for name in ("relative", "price"):
        table |= columns(
            f"{name} beyond fixed", beyond_mix(ends[name].output_tokens, ends[name].accuracy, spent, right)
        )
    curves = {"last": fixed, "best seen": best_seen, "relative": relative, "price": price}
    held = {name: np.stack([run.accuracy for run in runs], axis=-1) for name, runs in curves.items()}
    table |= _indices(held, running_best(worlds, seed), checkpoints)
    return given | {name: np.round(column, 5) for name, column in table.items()}


def expected_quality(world: AnytimeWorld) -> Values:
    """Mean quality at each checkpoint, over problems that differ by their dips: what a fixed stop can count on.

    Examples
    --------
    >>> expected_quality(AnytimeWorld(final_quality=1.0, scale=1.0, dip=0.1)).round(3).tolist()
    [0.9, 0.9, 1.0, 1.0, 1.0]
    """
    smooth = world.final_quality * -np.expm1(-np.array(world.checkpoints, np.float64) / world.scale)
    before = np.concatenate([[0.0, 0.0], smooth[:-2]])
    quality: Values = (1.0 - world.dip) * smooth + world.dip * before
    return quality


def running_best(worlds: Sequence[AnytimeWorld], seed: int) -> Values:
    """Share of problems that some forced answer so far gets right, [worlds, replicates, checkpoints]."""
    found = []
    for drawn in questions(worlds, seed):
        best = [np.maximum.accumulate(np.asarray(course.quality), axis=0) for course in drawn]
        found.append([(np.asarray(one.threshold) < top).mean(axis=-1) for one, top in zip(drawn, best, strict=True)])
    return np.array(found)


def index(curve: Values, checkpoints: Sequence[int]) -> Values:
    """Area under a curve [..., checkpoints] over the largest possible one.

    Examples
    --------
    >>> float(index(np.array([0.0, 1.0, 1.0]), (1, 2, 3)))
    0.75
    """
    area = np.trapezoid(curve, np.asarray(checkpoints, np.float64), axis=-1)
    return np.asarray(area / (checkpoints[-1] - checkpoints[0]))


def _indices(held: Mapping[str, Values], best: Values, checkpoints: Sequence[int]) -> Table:
    found = {name: index(curve, checkpoints) for name, curve in held.items()} | {
        "running best": index(best, checkpoints)
    }
    table: Table = {f"index {name}": one.mean(axis=1) for name, one in found.items()}
    table["own index last"] = table["index last"] / held["last"].mean(axis=1).max(axis=-1)
    for first, second in (("running best", "last"), ("best seen", "last"), ("last", "price")):
        table |= columns(f"index {first} less {second}", mean(found[first] - found[second]))
    return table


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The shares of worlds in which one rule beats another, and what regret depends on."""
    rows = {
        "relative gain over never stopping": "worth relative less last",
        "price over never stopping": "worth price less last",
        "price over relative gain": "worth price less relative",
        "relative gain over fixed stop that knows the price": "worth relative less priced",
        "price over fixed stop that knows the price": "worth price less priced",
        "price over best fixed stop of the world": "worth price less tuned",
        "relative gain over fixed stops, equal tokens": "relative beyond fixed",
        "price over fixed stops, equal tokens": "price beyond fixed",
        "index: best seen over last answer": "index best seen less last",
    }
    bars = {label: tally(signs(table, name)) for label, name in rows.items()}
    panels = {
        "noise of the observed quality": table["noise"],
        "probability of a dip": table["dip"],
        "price per token, log10": np.log10(table["price"]),
        "scale of the quality, log10 tokens": np.log10(table["scale"]),
        "final quality": table["final_quality"],
        "threshold of the relative rule": table["threshold"],
    }
    lines = {
        "relative gain": table["regret relative"],
        "price": table["regret price"],
        "best fixed stop of the world": table["regret tuned"],
        "fixed stop that knows the price": table["regret priced"],
    }
    return {
        "shares": lambda look: share_bars(look, bars, "Worth, accuracy and index"),
        "regret": lambda look: over_parameters(look, panels, lines, label="regret"),
    }
