"""Back ends that read run files, found through the entry-point group ``budgetsim.backends``.

A back end turns a file into numbered raw rows; checking, duplicates, rejects and counts are the reader's. To teach
``budgetsim`` another format, publish an object like this one::

    class Csv:
        def sniff(self, path, head):
            return path.suffix == ".csv"

        def read(self, path):
            with path.open(newline="") as file:
                for number, row in enumerate(csv.DictReader(file), start=2):
                    yield number, {"problem_id": row["item"], "correct": row["right"] == "yes"}

    BACKEND = Csv()

and name it in the project's ``pyproject.toml``::

    [project.entry-points."budgetsim.backends"]
    csv = "my_package.my_module:BACKEND"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from budgetsim.errors import InputError
from budgetsim.traces.rejects import Fault

GROUP = "budgetsim.backends"

#: A row as a back end gives it: JSON text, a mapping of fields, or what is wrong with it.
RawRow = bytes | Mapping[str, object] | Fault

# Ours are asked last, JSON Lines, which takes anything, last of all.
_OURS = ("parquet", "jsonl")


@runtime_checkable
class Backend(Protocol):
    """What an entry point of the group must name."""

    def sniff(self, path: Path, head: bytes, /) -> bool:
        """Whether this back end reads the file; ``head`` holds its first bytes, up to 4096."""

    def read(self, path: Path, /) -> Iterator[tuple[int, RawRow]]:
        """Line (or row) numbers, rising from 1, and raw rows.

        Raises :class:`~budgetsim.errors.InputError` when the file cannot be read at all, and
        :class:`~budgetsim.traces.rejects.Fault` when the rest of it cannot.
        """


def find(path: Path, head: bytes, name: str | None = None) -> tuple[str, Backend]:
    """The back end for a file, and its name.

    Parameters
    ----------
    path, head
        The file and its first bytes.
    name
        The back end to take; by default the first that knows the file: other projects' by name, then our own. One
        that cannot be loaded is passed over unless it is asked for by name.

    Raises
    ------
    InputError
        When ``name`` is not installed or does not load, or no back end knows the file.
    """
    installed = sorted(entry_points(group=GROUP), key=_order)
    if name is not None:
        for point in installed:
            if point.name == name:
                return name, _load(point)
        known = ", ".join(sorted({point.name for point in installed})) or "none"
        raise InputError(f"expected an installed back end ({known}), found {name!r}", field="backend")
    for point in installed:
        try:
            backend = _load(point)
            if backend.sniff(path, head):
                return point.name, backend
        except Exception:
            # Another project's code: whatever is wrong with it, the others still read.
            continue
    raise InputError("no installed back end reads this file", file=path)


def _order(point: EntryPoint) -> tuple[int, str]:
    ours = point.value.startswith("budgetsim.") and point.name in _OURS
    return (_OURS.index(point.name) + 1 if ours else 0), point.name


def _load(point: EntryPoint) -> Backend:
    try:
        backend = point.load()
    except Exception as error:
        raise InputError(
            f"the back end {point.name!r} ({point.value}) does not load: {error}", field="backend"
        ) from error
    if not isinstance(backend, Backend):
        raise InputError(f"the back end {point.name!r} ({point.value}) does not read files", field="backend")
    return backend
