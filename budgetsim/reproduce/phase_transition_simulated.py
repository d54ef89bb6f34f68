"""Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311: what simulated trees show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from budgetsim.reproduce.agent_trees import (
    averages,
    critical,
    difficulty,
    plurality,
    sharing,
    sweep,
    synergy,
    variants,
)
from budgetsim.reproduce.agent_trees.curves import Curves, from_json, to_json
from budgetsim.reproduce.agent_trees.draws import Draws
from budgetsim.reproduce.agent_trees.figures import draw
from budgetsim.reproduce.claim import Claim
from budgetsim.traces.write import replacing

EXPERIMENTS: dict[str, ModuleType] = {
    "sweep": sweep,
    "critical": critical,
    "synergy": synergy,
    "sharing": sharing,
    "difficulty": difficulty,
    "variants": variants,
    "averages": averages,
    "plurality": plurality,
}
"""In an order that stays: the place of an experiment is part of its seeds."""

CURVES = "curves.json"
_STEPS = 1000
_measured: dict[str, Curves] = {}


def measure(*, quick: bool, seed: int, progress: Callable[[int, int], None]) -> dict[str, Curves]:
    """The curves of every experiment, as they are stored."""
    found: dict[str, Curves] = {}
    for place, (name, experiment) in enumerate(EXPERIMENTS.items()):

        def report(share: float, place: int = place) -> None:
            progress(round(_STEPS * (place + share)), _STEPS * len(EXPERIMENTS))

        found[name] = experiment.measure(Draws(seed, place, quick=quick, report=report))
        report(1.0)
    # What is claimed of them is claimed of the digits that are kept.
    return from_json(to_json(found))


def judge(measured: Mapping[str, Curves]) -> Iterator[Claim]:
    """The claims of measured curves."""
    for name, curves in measured.items():
        yield from EXPERIMENTS[name].claims(curves)


def claims(*, quick: bool, seed: int, progress: Callable[[int, int], None]) -> Iterator[Claim]:
    """Every simulated claim."""
    _measured.clear()
    _measured.update(measure(quick=quick, seed=seed, progress=progress))
    yield from judge(_measured)


def keep(folder: Path) -> list[Path]:
    """Write the curves that `claims` measured last in this process; nothing where it did not run."""
    if not _measured:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / CURVES) as file:
        file.write(to_json(_measured).encode())
    return [folder / CURVES]


def figures(folder: Path) -> list[Path]:
    """Figures of what `claims` measured last in this process, and its curves; nothing where it did not run."""
    return [*keep(folder), *draw(_measured, folder)] if _measured else []
