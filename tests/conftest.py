"""Options of the test suite, and which of its files are long."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--vectors",
        metavar="FILE",
        type=Path,
        default=Path(__file__).parent / "theory" / "vectors.json",
        help="JSON file of formula test vectors for tests/theory/test_vectors.py",
    )


# Comparisons of strategies and of swapped assumptions take many compilations each: `make verify` runs them all, and
# `make test` of the strategies only the files named here.
QUICK_STRATEGIES = {
    "test_answers.py",
    "test_reasoning_accountant.py",
    "test_reasoning_engine.py",
    "test_reasoning_hops.py",
    "test_retry.py",
    "test_vote_prior.py",
}
LONG_SWAPS = {"test_swaps.py", "test_swaps_allocation.py"}


@pytest.hookimpl(tryfirst=True)  # before pytest itself picks by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder, name = item.path.parent.name, item.path.name
        if name in LONG_SWAPS or (
            folder == "reasoning" and "tests" in item.path.parts and name not in QUICK_STRATEGIES
        ):
            item.add_marker("verify")
