"""The headline as a map: a low budget in a value tree against four times that budget in parallel chains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.value_trees import headline_claims, headline_figures, headline_worlds
from budgetsim.reproduce.world_tables import Table

PRIOR = "hops"


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Every strategy in every world of the prior."""
    return headline_worlds.measure(traps=False, quick=quick, seed=seed, progress=progress)


def claims(table: Table) -> Iterator[Claim]:
    """In which share of worlds the headline holds, and what decides it."""
    return headline_claims.claims(table, PRIOR, headline_claims.EVERY)


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The map."""
    return headline_figures.draw(table, "headline", PRIOR)
