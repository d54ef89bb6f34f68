"""What the table of stopping rules says about the index and about rules that stop early."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.shares import (
    By,
    share_of_worlds,
    signs,
)
from budgetsim.reproduce.verdicts import statement
from budgetsim.reproduce.world_tables import Table, decided_by

PARAMETERS = ("final_quality", "scale", "dip", "noise", "price")
RULES = ("relative", "price", "tuned", "priced", "last")
COMPARED = (
    *(("relative", "last"), ("price", "last"), ("price", "relative")),
    *(("relative", "priced"), ("price", "priced"), ("price", "tuned")),
)


_NAMES = {
    "relative": "stopping at a small relative gain",
    "price": "stopping where a gain is below its price",
    "tuned": "the fixed stop that is best for the world",
    "priced": "a fixed stop that knows its price alone",
    "last": "never stopping early",
}


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    yield from _of_the_index(table)
    yield from _against_one_another(table)
    yield from _at_equal_tokens(table)
    yield from _against_the_oracle(table)


def _where(table: Table) -> str:
    return f"prior anytime, {table['price'].size} worlds"


def _by(table: Table, name: str, *, threshold: bool) -> By:
    found = {parameter: table[parameter] for parameter in (*PARAMETERS, *(("threshold",) if threshold else ()))}
    return By(found, table[name], always=("noise", "dip"))


def _of_the_index(table: Table) -> Iterator[Claim]:
    parameters = {name: table[name] for name in PARAMETERS}
    own, absolute = (decided_by(parameters, table[name]) for name in ("own index last", "index last"))
    yield statement(
        "the index against a run's own best tells speed and not quality",
        f"{_where(table)}; rank correlations over worlds",
        theirs="scale decides, final quality does not",
        ours=", ".join(f"{one.name.replace('_', ' ')} {one.correlation:+.2f}" for one in own[:2]),
        holds=own[0].name == "scale"
        and all(abs(one.correlation) <= 3.0 * one.se for one in own if one.name == "final_quality"),
        evidence="derived",
    )
    yield statement(
        "the index against the largest score tells speed and quality",
        f"{_where(table)}; rank correlations over worlds",
        theirs="both decide",
        ours=", ".join(f"{one.name.replace('_', ' ')} {one.correlation:+.2f}" for one in absolute[:2]),
        holds={one.name for one in absolute[:2]} == {"scale", "final_quality"},
        evidence="derived",
    )
    for first, claim in (
        ("running best", "share of worlds in which the running best has a larger index than the answers held last"),
        ("best seen", "share of worlds in which keeping what looked best has a larger index than keeping the last"),
    ):
        name = f"index {first} less last"
        yield share_of_worlds(
            claim,
            f"{_where(table)}; largest score 1; mean difference {table[name].mean():.4f}",
            signs(table, name),
            evidence="derived",
            by=_by(table, name, threshold=False),
        )
    worth = signs(table, "worth price less last")
    larger = signs(table, "index last less price")
    yield share_of_worlds(
        "share of worlds in which, of stopping by price and never, the one with the larger index is worth more",
        f"{_where(table)}; worth: accuracy less the price of the tokens",
        -worth * np.where(larger == 0, 1, larger),
        evidence="derived",
    )


def _against_one_another(table: Table) -> Iterator[Claim]:
    for first, second in COMPARED:
        name = f"worth {first} less {second}"
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[first]} is worth more than {_NAMES[second]}",
            f"{_where(table)}; accuracy less the price of the tokens; mean difference {table[name].mean():.3f}",
            signs(table, name),
            evidence="second-hand" if first == "relative" else "derived",
            by=_by(table, name, threshold="relative" in (first, second)),
        )


def _at_equal_tokens(table: Table) -> Iterator[Claim]:
    for rule in ("relative", "price"):
        name = f"{rule} beyond fixed"
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[rule]} is more accurate than fixed stops with as many tokens on average",
            f"{_where(table)}; against the best mix of fixed stops; mean difference {table[name].mean():.4f}",
            signs(table, name),
            evidence="second-hand",
            by=_by(table, name, threshold=rule == "relative"),
        )


def _against_the_oracle(table: Table) -> Iterator[Claim]:
    for rule in ("price", "tuned"):
        name = f"regret {rule}"
        yield share_of_worlds(
            f"share of worlds in which {_NAMES[rule]} loses nothing to a rule that knows each problem",
            f"{_where(table)}; mean regret {table[name].mean():.3f}, largest {table[name].max():.2f}",
            np.where(signs(table, name) > 0, -1, 1),
            evidence="derived",
            by=_by({**table, name: -table[name]}, name, threshold=False),
        )
