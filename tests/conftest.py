"""Options of the test suite, and which of its files are long."""

import sys
from collections.abc import Hashable
from pathlib import Path

import pytest

MAPS = Path("/proc/self/maps")
MOST_MAPS = 36_000  # Linux allows a process 65,530; a program that XLA compiles for the CPU takes about 400
EVERY = 16  # tests between two looks


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--vectors",
        metavar="FILE",
        type=Path,
        default=Path(__file__).parent / "theory" / "vectors.json",
        help="JSON file of formula test vectors for tests/theory/test_vectors.py",
    )


# Comparisons of strategies and rules under swapped assumptions take many compilations or integrals each: `make verify`
# runs them all. Of the strategies, `make test` runs the files named here, what is marked `quick`, and one comparison
# with its plain twin for each: the first of a file, or of a policy where the policy is a parameter.
QUICK_STRATEGIES = {
    "test_answers.py",
    "test_reasoning_accountant.py",
    "test_reasoning_engine.py",
    "test_reasoning_hops.py",
    "test_retry.py",
    "test_vote_prior.py",
}
TWINS = {"test_same_as_twin", "test_same_as_twin_on_questions_with_few_answers", "test_same_requests_as_the_plain_twin"}
LONG_SWAPS = {"test_swaps.py", "test_swaps_allocation.py"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "quick: of the long tests of strategies, one that `make test` runs")


def is_long(item: pytest.Item) -> bool:
    """Whether a test is left to `make verify` by where it stands or what it is called."""
    folder, name = item.path.parent.name, item.path.name
    if folder == "symbolic":
        return name in LONG_SWAPS or item.name.startswith("test_swapped_")
    if item.get_closest_marker("quick") is not None:
        return False
    return folder == "reasoning" and "tests" in item.path.parts and name not in QUICK_STRATEGIES


def twin_of(item: pytest.Item) -> Hashable:
    """The file, and the policy if it is a parameter, of a comparison with a plain twin; else None."""
    if item.name.split("[")[0] not in TWINS:
        return None
    given = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return (item.path, *(type(thing) for thing in given if hasattr(thing, "uses_critic")))


@pytest.hookimpl(tryfirst=True)  # before pytest itself picks by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    compared: set[Hashable] = {None}
    for item in items:
        twin = twin_of(item)
        if is_long(item) and twin in compared:
            item.add_marker("verify")
        compared.add(twin)


run = 0


def pytest_runtest_teardown() -> None:
    """Drop compiled programs before there are so many that XLA crashes for want of another map of memory."""
    global run
    run += 1
    if run % EVERY or "jax" not in sys.modules or not MAPS.exists():
        return
    if MAPS.read_bytes().count(b"\n") > MOST_MAPS:
        sys.modules["jax"].clear_caches()
