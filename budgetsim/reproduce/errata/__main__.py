"""``python -m budgetsim.reproduce.errata papers/errata.md`` writes the page."""

import argparse
from pathlib import Path

from budgetsim.reproduce.errata.page import write

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m budgetsim.reproduce.errata", description="Write the page of errata."
    )
    parser.add_argument("page", type=Path, help="where to write it, e.g. papers/errata.md")
    write(parser.parse_args().page)
