"""UBA of several shapes against common schedules, on noisy quadratics with tuned rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.learning_rates.profiles import (
    DIMENSIONS,
    clearly,
    measure_profiles,
    over_budgets,
    settings,
    where_all,
)
from budgetsim.reproduce.learning_rates.rex_quadratics import RIVALS, agreement_claim, counted
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_tables import Influence, Table, decided_by
from budgetsim.simulate.reasoning.noisy_quadratics import PROFILES, uba

CONDITION = 2.0 * DIMENSIONS  # twice the condition number of curvatures 1 ... 1/200: what sorted Chebyshev steps have
SHAPES = {f"uba_{shape:g}": shape for shape in (0.25, 0.5, 1.0, 5.0)}
COMMON = tuple(RIVALS)
PLAYED = (*SHAPES, f"uba_{CONDITION:g}", "rex", *COMMON)


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Losses of UBA's shapes, REX and common schedules in the 18 settings of the prior."""
    shapes = {name: partial(uba, shape=float(name.removeprefix("uba_"))) for name in PLAYED if name.startswith("uba_")}
    profiles = {name: shapes.get(name) or PROFILES[name] for name in PLAYED}
    tuning, runs = (2, 16) if quick else (16, 256)
    return measure_profiles(profiles, tuning=tuning, runs=runs, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """What the settings say about UBA."""
    where = settings(table)
    yield agreement_claim(table, PLAYED, where)
    for name, shape in SHAPES.items():
        against = np.stack([clearly(table, name, rival) for rival in COMMON])
        worst = against.max(axis=0)
        yield statement(
            f"UBA of shape {shape:g} ends below all common schedules at every budget",
            f"{where}; common: {', '.join(RIVALS.values())}",
            theirs="UBA < common schedules",
            ours=f"against the best of them {counted(worst)}",
            holds=bool(np.all(worst == -1)),
            only_if=where_all(table, worst == -1),
            evidence="sourced",
        )
    for rival in ("cosine", "linear"):
        signs = np.stack([clearly(table, name, rival) for name in SHAPES])
        yield statement(
            f"one shape of UBA is below {RIVALS[rival]} at every budget",
            f"{where}; shapes {', '.join(f'{shape:g}' for shape in SHAPES.values())}",
            theirs=f"UBA < {rival}",
            ours="; ".join(f"{shape:g}: {counted(row)}" for shape, row in zip(SHAPES.values(), signs, strict=True)),
            holds=bool(np.any(np.all(signs == -1, axis=1))),
            only_if=("the shape may be chosen for each budget and noise", bool(np.all(signs.min(axis=0) == -1))),
            evidence="sourced",
        )
    yield from _shapes(table, where)


def _shapes(table: Table, where: str) -> Iterator[Claim]:
    values = np.array(list(SHAPES.values()))
    losses = np.stack([table[f"loss {name}"] for name in SHAPES])
    best = values[losses.argmin(axis=0)]
    for name, words in (("percent", "the larger the budget"), ("noise", "the more noise")):
        found = decided_by({name: table[name]}, best)
        along = found[0] if found else Influence(name, 0.0, 1.0)  # one shape is the best everywhere
        yield ordering(
            f"{words}, the larger the best shape of UBA; rank correlation",
            f"{where}; best shapes from {best.min():g} to {best.max():g}",
            theirs="larger",
            difference=along.correlation,
            se=along.se,
            evidence="derived",
        )
    name = f"uba_{CONDITION:g}"
    signs = np.stack([clearly(table, name, other) for other in SHAPES])
    ratio = table[f"loss {name}"] / losses.min(axis=0)
    yield statement(
        f"the shape that the condition number gives, 2 L / l = {CONDITION:g}, is the best",
        f"{where}; largest rates up to 1.99, where Chebyshev steps without noise go to {DIMENSIONS}",
        theirs="best, as without noise",
        ours=f"loss {ratio.min():.1f} to {ratio.max():.1f} times that of the best of the other shapes",
        holds=bool(np.all(signs == -1)),
        only_if=where_all(table, np.all(signs == -1, axis=0)),
        evidence="derived",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """Losses over that of the cosine schedule, which is UBA of shape 2."""
    lines = {name: f"UBA, shape {shape:g}" for name, shape in SHAPES.items()} | {"linear": "linear", "rex": "REX"}
    return {"shapes": lambda look: over_budgets(look, table, lines, "cosine")}
