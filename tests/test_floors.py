"""The floors of the package: checked by import-linter (contracts in pyproject.toml) and by reading the code here."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
BASEMENT = {"data", "errors", "parameters", "terminal"}
FLOOR = {
    **dict.fromkeys(BASEMENT, -1),
    **dict.fromkeys(("theory", "symbolic"), 0),
    **dict.fromkeys(("simulate", "traces", "plot"), 1),
    "calibrate": 2,
    **dict.fromkeys(("planning", "reproduce", "sweep"), 3),
    **dict.fromkeys(("cli", "app", "report", "__main__"), 4),
}
# Rooms that keep to themselves more than their floor asks.
ALONE = {"theory": set(), "symbolic": set(), "simulate": BASEMENT, "traces": BASEMENT}
FACES = {"cli", "report"}
MATHEMATICS = {"jax", "jaxlib", "numpy", "scipy"}

Imports = dict[str, set[str]]


def imports_of(package: Path) -> Imports:
    """Every module of a package with the names its import statements may load, wherever in the file they stand."""
    found: Imports = {}
    for file in sorted(package.rglob("*.py")):
        parts = list(file.relative_to(package.parent).with_suffix("").parts)
        home = parts[:-1]
        module = ".".join(home if parts[-1] == "__init__" else parts)
        names = found.setdefault(module, set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                anchor = home[: len(home) - node.level + 1] if node.level else []
                base = ".".join([*anchor, *([node.module] if node.module else [])])
                # `from package import name` may load a module of that name: both are kept.
                names.update({base, *(f"{base}.{alias.name}" for alias in node.names)})
    return found


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def allowed(importer: str, imported: str) -> bool:
    """Whether a room may import a room; the empty name is the package itself."""
    if importer == imported:
        return True
    if importer in ALONE:
        return imported in ALONE[importer] or (imported == "" and importer not in {"theory", "symbolic"})
    if imported == "":
        return importer not in BASEMENT
    if importer == "":
        return False
    sideways = FLOOR[importer] == FLOOR[imported] and FLOOR[importer] not in {0, 1}
    return FLOOR[imported] < FLOOR[importer] or sideways


def loaded_by(module: str, imports: Imports) -> set[str]:
    """All modules of the package that importing one module runs, the packages above each of them included."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        name = todo.pop()
        above = [name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)]
        for candidate in (name, *above):
            if candidate in imports and candidate not in seen:
                seen.add(candidate)
                todo.extend(imports[candidate])
    return seen


def wrong_doors(package: Path) -> list[str]:
    """Every import that breaks a rule of the house, in words."""
    imports = imports_of(package)
    wrong = []
    for module, names in imports.items():
        importer = room(module)
        # `from budgetsim import __version__` names no module: only names that exist count.
        inside = {name for name in names if name in imports}
        wrong += [f"{module} imports {name}" for name in inside if not allowed(importer, room(name))]
        outside = {name.partition(".")[0] for name in names}
        wrong += [f"{module} imports {name}" for name in outside & MATHEMATICS if importer in FACES]
        if importer == "simulate":
            wrong += [f"{module} reaches {name}" for name in loaded_by(module, imports) if room(name) == "theory"]
    doors = {(room(a), room(b)) for a, names in imports.items() for b in names if b in imports and room(b)}
    wrong += [f"{a} and {b} import each other" for a, b in doors if a < b and (b, a) in doors]
    return wrong


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(CHECKOUT / "pyproject.toml", folder)
    shutil.copytree(CHECKOUT / "budgetsim", folder / "budgetsim", ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    return folder


def test_every_room_has_a_floor():
    rooms = {
        path.stem
        for path in (CHECKOUT / "budgetsim").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert {"theory", "simulate", "traces", "calibrate"} <= rooms
    assert rooms - {"__init__"} <= FLOOR.keys()


def test_import_linter_finds_the_contracts_kept():
    run = lint(CHECKOUT)
    assert run.returncode == 0, run.stdout
    assert " 0 broken." in run.stdout


def test_no_import_goes_up_or_through_a_wrong_door():
    assert wrong_doors(CHECKOUT / "budgetsim") == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("simulate", "from budgetsim.theory import phase"),
        pytest.param("simulate", "from ..theory.phase import fixed_point", marks=pytest.mark.verify),
        pytest.param("simulate", "from budgetsim.traces import read", marks=pytest.mark.verify),
        ("traces", "def later():\n    import budgetsim.theory.votes"),
        ("theory", "from budgetsim.errors import InputError"),
        pytest.param("errors", "from budgetsim import theory", marks=pytest.mark.verify),
        pytest.param("calibrate", "import budgetsim.planning", marks=pytest.mark.verify),
        ("planning", "from budgetsim import report"),
        pytest.param("report", "import numpy as np", marks=pytest.mark.verify),
        ("cli", "import scipy.stats"),
    ],
)
def test_both_checks_catch_a_wrong_door(copied: Path, module: str, line: str):
    path = copied / "budgetsim" / module
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    before = file.read_text(encoding="utf-8")
    assert wrong_doors(copied / "budgetsim") == []
    file.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        assert wrong_doors(copied / "budgetsim")
        run = lint(copied)
    finally:
        file.write_text(before, encoding="utf-8")
    assert run.returncode == 1
    assert " 0 broken." not in run.stdout
    assert f"budgetsim.{module}" in run.stdout, run.stdout
