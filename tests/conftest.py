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


# Long comparisons of strategies and of swapped assumptions, many compilations each: `make verify` runs them.
LONG = {
    "test_ab_mcts.py",
    "test_adaptive_consistency.py",
    "test_searches.py",
    "test_subquestions.py",
    "test_swaps.py",
    "test_swaps_allocation.py",
    "test_tier_routing.py",
    "test_token_worlds.py",
    "test_tool_agents.py",
}


@pytest.hookimpl(tryfirst=True)  # before pytest itself picks by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in LONG and item.path.parent.name in {"reasoning", "symbolic"}:
            item.add_marker("verify")
