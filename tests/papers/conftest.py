"""Counter-examples computed a second time, without the library, beside those on the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from budgetsim.reproduce.errata import erratum


@pytest.fixture
def refutes() -> Callable[..., None]:
    """Check that what is said and what is right differ, and that the page's numbers are these.

    Called with the key of an erratum and a pair (said, right) for each of its counter-examples, computed by the test.
    """

    def check(key: str, *pairs: tuple[float, float], rel: float = 1e-7, abs_: float = 1e-12) -> None:
        gaps = erratum(key).gaps()
        assert len(gaps) == len(pairs)
        for gap, (said, right) in zip(gaps, pairs, strict=True):
            assert abs(said - right) > gap.within + 1e-9 * max(abs(said), abs(right)), f"no error: {gap.quantity}"
            assert gap.said == pytest.approx(said, rel=rel, abs=abs_), gap.quantity
            assert gap.right == pytest.approx(right, rel=rel, abs=abs_), gap.quantity

    return check
