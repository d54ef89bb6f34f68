"""The figures of `papers/phase-transition.md`, from the curves stored beside its results: no simulation is run.

`python figures/phase_transition.py [--curves FILE] [--out FOLDER]`. The same curves give the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from budgetsim.reproduce.agent_trees.curves import from_json
from budgetsim.reproduce.agent_trees.figures import draw

HERE = Path(__file__).parent


def main() -> None:
    """Read and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    stored = HERE.parent / "papers" / "results" / "phase-transition" / "curves.json"
    parser.add_argument("--curves", type=Path, default=stored, help="file of measured curves")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the files")
    given = parser.parse_args()
    for path in draw(from_json(given.curves.read_text(encoding="utf-8")), given.out):
        print(path)


if __name__ == "__main__":
    main()
