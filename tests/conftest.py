"""Options of the test suite."""

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
