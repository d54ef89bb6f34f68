"""Functions made by derivations are compared at the digits of float64."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(autouse=True)
def wide() -> Iterator[None]:
    """JAX with 64 bits, in this folder and nowhere else."""
    with jax.enable_x64(True):
        yield
