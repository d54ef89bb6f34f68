"""How fast budgetsim is imported, beside the libraries one would import to write its formulas oneself.

Every import happens in an interpreter of its own; ours and the peer's take turns, so that a busy machine slows both.
A first turn of each, which fills the disk cache, is not counted. Speeds are imports per second: larger is better.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass

CLOCK = "from time import perf_counter\nstart = perf_counter()\n{}\nprint(perf_counter() - start)"
FORMULAS = "from budgetsim.theory import coverage, majority, phase, plurality, votes"


@dataclass(frozen=True)
class Case:
    name: str
    statement: str
    peer: str
    goal: float


@dataclass(frozen=True)
class Result:
    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: float


CASES = (
    Case("import budgetsim", "import budgetsim", "import numpy", goal=10.0),
    Case("import the closed forms", FORMULAS, "import numpy, scipy.special", goal=0.8),
)


def seconds(statement: str) -> float:
    """Time of one import statement in a fresh interpreter, without the start of the interpreter itself."""
    run = subprocess.run([sys.executable, "-c", CLOCK.format(statement)], capture_output=True, text=True, check=True)
    return float(run.stdout)


def measure(case: Case, repeats: int) -> Result:
    turns = [(seconds(case.statement), seconds(case.peer)) for _ in range(repeats + 1)][1:]
    ours, peer = (1 / statistics.median(times) for times in zip(*turns, strict=True))
    return Result(case.name, "imports/s", ours, peer, case.peer, ours / peer, case.goal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--repeats", type=int, default=15, help="counted turns of each import (default %(default)s)")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("--repeats must be at least 1")
    results = [measure(case, options.repeats) for case in CASES]
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    for result in results:
        print(
            f"{result.name}: {result.ours:.3g} {result.unit}; {result.peer_name}: {result.peer:.3g} {result.unit};",
            end=" ",
        )
        print(f"ratio {result.ratio:.3g} (goal {result.goal:g} or more)")


if __name__ == "__main__":
    main()
