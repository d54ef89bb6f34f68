"""What importing the room may load, measured in a fresh interpreter."""

import pkgutil
import subprocess
import sys

import budgetsim.theory

HEAVY = ("jax", "jaxlib", "pandas", "matplotlib", "scipy.stats", "scipy.optimize", "sympy")


def test_no_module_of_the_room_loads_heavy_libraries():
    modules = [name for _, name, _ in pkgutil.iter_modules(budgetsim.theory.__path__, "budgetsim.theory.")]
    assert "budgetsim.theory.phase" in modules
    lines = ["import sys, importlib", f"for name in {modules!r}: importlib.import_module(name)"]
    lines.append("import budgetsim.theory.phase as phase; phase.fixed_point(5, 0.6, 0.1)")
    lines.append(f"print([name for name in {HEAVY!r} if name in sys.modules])")
    out = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
