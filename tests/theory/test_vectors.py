"""Formula vectors: every case of a JSON file against the function it names.

``pytest tests/theory/test_vectors.py --vectors FILE`` takes any file of the form ::

    {"<function name>": {"cases": [{"inputs": {...}, "expected": ..., "rtol": ..., "atol": ...}], ...}, ...}

Expected values were computed elsewhere with 40 digits. They compare element by element, ``|x - e| <= max(atol,
rtol |e|)``; strings, nulls, and integers inside an object are exact.
"""

import json
import math
import runpy
from pathlib import Path

import pytest

FUNCTIONS = runpy.run_path(str(Path(__file__).with_name("vector_mapping.py")))["FUNCTIONS"]


def pytest_generate_tests(metafunc):
    if "case" in metafunc.fixturenames:
        path = metafunc.config.getoption("vectors")
        vectors = json.loads(Path(path).read_text(encoding="utf-8"))
        cases = [
            pytest.param(name, case, id=f"{name}[{number}]")
            for name, entry in vectors.items()
            for number, case in enumerate(entry["cases"])
        ]
        metafunc.parametrize(("name", "case"), cases)


def difference(ours, expected, rtol, atol, inside=False):
    """Where two results differ, in words, or None."""
    if isinstance(expected, dict):
        if not isinstance(ours, dict) or ours.keys() != expected.keys():
            return f"expected the fields {sorted(expected)}, got {ours!r}"
        parts = [(key, ours[key], expected[key]) for key in expected]
    elif isinstance(expected, list):
        if len(ours) != len(expected):
            return f"expected {len(expected)} elements, got {len(ours)}"
        parts = [(place, ours[place], expected[place]) for place in range(len(expected))]
        return first_of(parts, rtol, atol, inside)
    elif expected is None or isinstance(expected, str | bool) or (isinstance(expected, int) and inside):
        return None if ours == expected else f"expected {expected!r}, got {ours!r}"
    else:
        close = ours is not None and not isinstance(ours, str) and math.isfinite(ours)
        close = close and abs(ours - expected) <= max(atol, rtol * abs(expected))
        return None if close else f"expected {expected!r}, got {ours!r}"
    return first_of(parts, rtol, atol, inside=True)


def first_of(parts, rtol, atol, inside):
    for place, ours, expected in parts:
        found = difference(ours, expected, rtol, atol, inside)
        if found:
            return f"{place}: {found}"
    return None


def test_vector(name, case):
    assert name in FUNCTIONS, f"no function is mapped to {name}"
    ours = FUNCTIONS[name](case["inputs"])
    found = difference(ours, case["expected"], case["rtol"], case.get("atol", 0.0))
    assert found is None, f"{name}({case['inputs']}): {found}"


@pytest.mark.parametrize(
    ("ours", "expected", "rtol", "same"),
    [
        (1.0, 1.0 + 1e-9, 1e-8, True),
        (1.0, 1.0 + 1e-7, 1e-8, False),
        (3, 4, 0, False),
        ([1.0, 2.0], [1.0, 2.1], 1e-3, False),
        ([1.0], [1.0, 2.0], 1e-3, False),
        ({"a": 5, "b": None}, {"a": 5, "b": None}, 1.0, True),
        ({"a": 5}, {"a": 6}, 1.0, False),
        ({"a": 1.0, "b": 2.0}, {"a": 1.0}, 1.0, False),
        ("up", "down", 1.0, False),
        (math.nan, 1.0, 1.0, False),
        (None, 1.0, 1.0, False),
    ],
)
def test_the_comparison_itself(ours, expected, rtol, same):
    assert (difference(ours, expected, rtol, 0.0) is None) == same
