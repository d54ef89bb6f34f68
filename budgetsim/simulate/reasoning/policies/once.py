"""What strategies share that ask once, or follow one chain of calls, and read one answer at its end."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from budgetsim.simulate.reasoning.policies.asking import NOBODY
from budgetsim.simulate.reasoning.world import NO_ANSWER


class OnceState(NamedTuple):
    """The call that waits to be read, and the answer."""

    pending: jax.Array  # node, or NOBODY
    answer: jax.Array


def none_asked(problems: int) -> OnceState:
    """Nothing asked."""
    zero = jnp.zeros((problems,), jnp.int32)
    return OnceState(zero + NOBODY, zero + NO_ANSWER)
