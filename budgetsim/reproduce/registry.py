"""The systems of the literature by name, each with what it claims and what comes out here.

A system called ``some-name`` has a module ``budgetsim.reproduce.some_name`` with::

    def claims() -> Iterable[Claim]: ...              # analytical: exact, seconds at most
    def figures(folder: Path) -> list[Path]: ...      # optional

and, where something is simulated, a second module ``budgetsim.reproduce.some_name_simulated`` with::

    def claims(*, quick: bool, seed: int, progress: Callable[[int, int], None]) -> Iterable[Claim]: ...
    def figures(folder: Path) -> list[Path]: ...      # optional
    def keep(folder: Path) -> list[Path]: ...         # optional: what its figures can be drawn from without a run

so that neither is touched for the other. Claims are made by `budgetsim.reproduce.verdicts`; the command of a claim
is filled in here.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from budgetsim.errors import InputError
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.tables import to_json
from budgetsim.traces.write import replacing

Progress = Callable[[int, int], None]

_ALL = (
    "phase-transition",
    "plan-and-budget",
    "rex",
    "uba",
    "bavt",
    "tale",
    "anytime",
    "bats",
    "token-economies",
    "repeated-sampling",
    "budgetmem",
    "personas",
    "agent-scaling",
)


def systems() -> tuple[str, ...]:
    """The names of all systems, in the order of the pages."""
    return tuple(slug for slug in _ALL if find_spec(_module(slug)) is not None)


def command(slug: str, *, analytical: bool, quick: bool = False, seed: int = 0) -> str:
    """The command line that gives the claims of a system.

    Examples
    --------
    >>> command("bavt", analytical=True), command("bavt", analytical=False, seed=3)
    ('budgetsim reproduce bavt --analytical', 'budgetsim reproduce bavt --seed 3')
    """
    options = ["--analytical"] if analytical else [*(["--quick"] if quick else []), "--seed", str(seed)]
    return shlex.join(["budgetsim", "reproduce", slug, *options])


def reproduce(
    slug: str, *, analytical: bool = False, quick: bool = False, seed: int = 0, progress: Progress | None = None
) -> list[Claim]:
    """All claims of one system, recomputed.

    Parameters
    ----------
    slug
        One of `systems`.
    analytical
        Only the exact ones.
    quick
        Fewer draws for the simulated ones.
    seed
        Seeds every draw of the simulated ones.
    progress
        Called with (done, total).

    Raises
    ------
    InputError
        No system has this name.
    """
    report: Progress = progress or (lambda done, total: None)  # noqa: ARG005 - the shape of every progress function
    exact = command(slug, analytical=True)
    found = [replace(claim, command=exact) for claim in _load(slug).claims()]
    sampler = None if analytical else _simulated(slug)
    if sampler is not None:
        drawn = command(slug, analytical=False, quick=quick, seed=seed)
        found += [replace(claim, command=drawn) for claim in sampler.claims(quick=quick, seed=seed, progress=report)]
    return found


def write(slug: str, claims: Sequence[Claim], folder: Path) -> list[Path]:
    """Write ``claims.json`` and the figures of one system into a folder, each file whole or not at all.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    target = folder / "claims.json"
    with replacing(target) as file:
        file.write(to_json(claims).encode())
    written = [target]
    with TemporaryDirectory(dir=folder, prefix=".figures-") as made:
        for module in (_load(slug), _simulated(slug)):
            drawn = module.figures(Path(made)) if module is not None and hasattr(module, "figures") else []
            written += [path.replace(folder / path.name) for path in drawn]
    return written


def keep(slug: str, folder: Path) -> list[Path]:
    """Write what the figures of the simulated claims can be drawn from later; the files written.

    Only what was simulated last in this process is kept.
    """
    module = _simulated(slug)
    return module.keep(folder) if module is not None and hasattr(module, "keep") else []


def check_name(slug: str) -> str:
    """The name itself if a system has it, else an error that lists the names."""
    if slug not in systems():
        raise InputError(f"no system is called {slug!r}; there are {', '.join(systems())}")
    return slug


def _module(slug: str) -> str:
    return f"budgetsim.reproduce.{slug.replace('-', '_')}"


def _load(slug: str) -> ModuleType:
    return import_module(_module(check_name(slug)))


def _simulated(slug: str) -> ModuleType | None:
    name = f"{_module(check_name(slug))}_simulated"
    return None if find_spec(name) is None else import_module(name)
