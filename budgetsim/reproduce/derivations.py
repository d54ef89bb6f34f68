"""Which derivations of ``budgetsim.symbolic`` belong to which page, read from their ``@derives`` and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import budgetsim

_ROOT = Path(budgetsim.__file__).parent


class Derived(NamedTuple):
    """A derivation: its name and file, the functions of the theory that state its result, its page."""

    name: str
    file: str
    theory: tuple[str, ...]
    page: str


@cache
def derivations() -> tuple[Derived, ...]:
    """Every registered derivation, by module and place.

    Examples
    --------
    >>> [found.theory for found in derivations() if found.name == "stopping.price_stop"]
    [('budgetsim.theory.stopping.exponential_stop', 'budgetsim.theory.stopping.concave_stop')]
    """
    files = sorted((_ROOT / "symbolic").rglob("*.py"))
    return tuple(found for file in files for found in _registered(file))


def listing(page: str) -> str:
    """The derivations of a page as a Markdown list with links that start in the folder of the pages."""
    lines = [
        f"- [`{found.name}`](../budgetsim/{found.file}) derives "
        + ", ".join(f"[`{name.rpartition('.')[2]}`](../{_file_of(name)})" for name in found.theory)
        for found in derivations()
        if found.page == page
    ]
    return "\n".join(lines) or "- none of them in SymPy so far"


def _registered(file: Path) -> Iterator[Derived]:
    place = file.relative_to(_ROOT)
    module = ".".join(place.with_suffix("").parts[1:])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "derives":
                theory = tuple(ast.literal_eval(argument) for argument in call.args)
                [page] = [ast.literal_eval(word.value) for word in call.keywords if word.arg == "page"]
                yield Derived(f"{module}.{node.name}", place.as_posix(), theory, page)


def _file_of(name: str) -> str:
    return f"{name.rpartition('.')[0].replace('.', '/')}.py"
