"""What an import loads, seen in a fresh interpreter (how long it takes is measured by benchmarks/import_time.py)."""

import subprocess
import sys

import pytest

HEAVY = ("jax", "jaxlib", "matplotlib", "pandas", "polars", "xarray", "sympy", "pydantic")


def loaded(statement: str, candidates: tuple[str, ...]) -> set[str]:
    program = f"import sys\n{statement}\nprint(*(name for name in {candidates!r} if name in sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("statement", "never"),
    [
        ("import budgetsim", ("numpy", "scipy", *HEAVY)),
        ("import budgetsim.parameters, budgetsim.errors", ("numpy", "scipy", *HEAVY)),
        ("import budgetsim.theory", HEAVY),
        ("from budgetsim.theory import coverage, majority, phase, plurality, votes", HEAVY),
    ],
)
def test_import_loads_nothing_heavy(statement: str, never: tuple[str, ...]):
    assert loaded(statement, never) == set()


def test_a_loaded_library_is_seen():
    assert loaded("import numpy, polars", ("numpy", "jax", "polars")) == {"numpy", "polars"}
