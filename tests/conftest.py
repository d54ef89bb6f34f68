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


# Comparisons of strategies and rules under swapped assumptions take many compilations or integrals each: `make verify`
# runs them all, and `make test` of the strategies only the files named here.
QUICK_STRATEGIES = {
    "test_answers.py",
    "test_reasoning_accountant.py",
    "test_reasoning_engine.py",
    "test_reasoning_hops.py",
    "test_retry.py",
    "test_vote_prior.py",
}
LONG_SWAPS = {"test_swaps.py", "test_swaps_allocation.py"}


def is_long(item: pytest.Item) -> bool:
    """Whether a test is left to `make verify` by where it stands or what it is called."""
    folder, name = item.path.parent.name, item.path.name
    if folder == "symbolic":
        return name in LONG_SWAPS or item.name.startswith("test_swapped_")
    return folder == "reasoning" and "tests" in item.path.parts and name not in QUICK_STRATEGIES


@pytest.hookimpl(tryfirst=True)  # before pytest itself picks by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_long(item):
            item.add_marker("verify")
