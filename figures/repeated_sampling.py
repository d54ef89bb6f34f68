"""The figures of `papers/repeated-sampling.md`, from the kept tables of worlds: no simulation is run.

`python figures/repeated_sampling.py [--tables FOLDER] [--out FOLDER]`. The same tables give the same files.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from budgetsim.reproduce.repeated_sampling_simulated import STUDIES
from budgetsim.reproduce.studies import draw, read_kept

HERE = Path(__file__).parent


def main() -> None:
    """Read and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kept = HERE.parent / "papers" / "results" / "repeated-sampling"
    parser.add_argument("--tables", type=Path, default=kept, help="folder of the kept tables")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the files")
    given = parser.parse_args()
    for path in draw("repeated-sampling", STUDIES, read_kept(STUDIES, given.tables), given.out):
        print(path)


if __name__ == "__main__":
    main()
