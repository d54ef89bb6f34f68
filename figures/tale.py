"""The figures of `papers/tale.md`, from the tables of worlds kept beside its results: no simulation is run.

`python figures/tale.py [--tables FOLDER] [--out FOLDER]`. The same tables give the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from budgetsim.reproduce.studies import draw, read_kept
from budgetsim.reproduce.tale_simulated import STUDIES

HERE = Path(__file__).parent


def main() -> None:
    """Read and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kept = HERE.parent / "papers" / "results" / "tale"
    parser.add_argument("--tables", type=Path, default=kept, help="folder of the kept tables")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the files")
    given = parser.parse_args()
    for path in draw("tale", STUDIES, read_kept(STUDIES, given.tables), given.out):
        print(path)


if __name__ == "__main__":
    main()
