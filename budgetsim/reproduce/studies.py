"""Simulated studies of a system: measured once, kept as tables of worlds, judged and drawn from what is kept.

A module ``budgetsim.reproduce.some_name_simulated`` made of studies is::

    STUDIES = {"map": some_room.map, "bounds": some_room.bounds}
    claims, keep, figures = gathered("some-name", STUDIES)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from matplotlib.figure import Figure

from budgetsim.plot.files import save
from budgetsim.plot.style import THEMES, Theme, settle, themed
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.world_tables import Table, read_table, rounded, write_table

_STEPS = 1000


class Study(Protocol):
    """One question put to a prior over worlds; a module is one."""

    def measure(self, *, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
        """Draw the worlds and play them; ``progress`` takes the share that is done."""

    def claims(self, table: Table) -> Iterator[Claim]:
        """What the table says about the claims of the literature."""

    def draw(self, table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
        """Figures of the table, by name."""


class Gathered(NamedTuple):
    """The three functions that a module of simulated claims offers to the registry."""

    claims: Callable[..., Iterator[Claim]]
    keep: Callable[[Path], list[Path]]
    figures: Callable[[Path], list[Path]]


def gathered(slug: str, studies: Mapping[str, Study]) -> Gathered:
    """The studies of a system as what `budgetsim.reproduce.registry` asks of a module of simulated claims.

    Parameters
    ----------
    slug
        Name of the system; figures are called after it.
    studies
        By name, in the order in which their claims are listed.
    """
    measured: dict[str, Table] = {}

    def claims(*, quick: bool, seed: int, progress: Callable[[int, int], None]) -> Iterator[Claim]:
        measured.clear()
        for place, (name, study) in enumerate(studies.items()):

            def report(share: float, place: int = place) -> None:
                progress(round(_STEPS * (place + share)), _STEPS * len(studies))

            # What is claimed of a table is claimed of the digits that are kept.
            measured[name] = rounded(study.measure(quick=quick, seed=seed, progress=report))
            report(1.0)
        for name, study in studies.items():
            yield from study.claims(measured[name])

    def keep(folder: Path) -> list[Path]:
        if measured:
            folder.mkdir(parents=True, exist_ok=True)
        return [write_table(folder / f"{name}.csv", table) for name, table in measured.items()]

    def figures(folder: Path) -> list[Path]:
        return [*keep(folder), *draw(slug, studies, measured, folder)]

    return Gathered(claims, keep, figures)


def read_kept(studies: Mapping[str, Study], folder: Path) -> dict[str, Table]:
    """The tables that were kept of studies; raises InputError where one is missing."""
    return {name: read_table(folder / f"{name}.csv") for name in studies}


def draw(slug: str, studies: Mapping[str, Study], tables: Mapping[str, Table], folder: Path) -> list[Path]:
    """Write the figures of kept tables, light and dark, as SVG and PNG."""
    written = []
    for name, table in tables.items():
        for figure_name, figure in studies[name].draw(table).items():
            for theme in THEMES:
                with themed(theme) as look:
                    made = settle(figure(look))
                ending = "" if theme == "light" else f"-{theme}"
                written += save(made, folder, f"{slug}-{figure_name}{ending}")
    return written
