"""What a world of reasoning problems must offer: a protocol small enough to write a new world in twenty lines.

A world is a frozen dataclass of parameters. Its functions are pure functions of uniform numbers that the engine draws,
so they run compiled over a million problems and, with the same numbers, step by step in plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from budgetsim.simulate.reasoning.columns import Uniforms

NO_ANSWER = -1
"""Stands where an answer would, when there is none. Answer 0 is the right one."""

KEEP, WIDEN = 0, 1
"""Hints to a generator: go on from here, or look for another idea."""

State = Any
"""A pytree of arrays [..., problems]: what a node of the search holds."""


class Step(NamedTuple):
    """What came of one step of the generator, for every problem."""

    memory: Any  # what the world remembers of the problem from now on
    child: State  # the state the step led to
    ends: jax.Array  # bool: the generator believes that it is done
    costs: jax.Array  # int32 [4, problems]: input tokens, output tokens, tool calls, browse calls
    state: State = None  # what the node stepped from holds from now on, if a step changes that


class World(Protocol):
    """Synthetic problems, what a step does to them, and what it costs.

    A world is registered as a pytree (`jax.tree_util.register_dataclass`), its numbers as data: a map over ten thousand
    worlds is then one compiled run, with numbers [problems].

    Every function works on all problems at once, with the problem on the last axis of every array (see `columns`), and
    takes the uniform numbers it needs from ``uniform[0]``, ``uniform[1]`` ...: arrays [problems] in [0, 1). A world
    that has no critic returns constants.
    """

    @property
    def answers(self) -> int:
        """Number of different answers; 0 is the right one."""

    def problems(self, seed: int, block: int, count: int) -> Any:
        """Problems of one block, as a pytree of NumPy arrays [..., count], drawn on the host."""

    def memory(self, problem: Any) -> Any:
        """What is remembered of a problem before the first call, a pytree of arrays [..., problems]."""

    def root(self, problem: Any) -> State:
        """The state before the first step."""

    def step(self, uniform: Uniforms, problem: Any, memory: Any, state: State, hint: jax.Array) -> Step:
        """One step of the generator from a state."""

    def critic(
        self, uniform: Uniforms, problem: Any, state: State, child: State
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Raw points for relative progress, an absolute score in [0.1, 1], and the costs of asking."""

    def answer(self, uniform: Uniforms, problem: Any, state: State) -> tuple[jax.Array, jax.Array]:
        """The answer that the generator gives from a state, or NO_ANSWER, and its costs."""


def is_number(value: Any) -> bool:
    """Whether a field holds one number, of Python or of NumPy; in a compiled run it holds an array, or what traces one.

    Examples
    --------
    >>> [is_number(value) for value in (1, 0.5, np.float32(0.5), np.array(2), np.array([2]), jnp.ones(()), None)]
    [True, True, True, True, False, False, False]
    """
    return isinstance(value, Real) or (isinstance(value, np.ndarray) and value.ndim == 0)


def check_numbers(thing: Any, names: tuple[str, ...], domain: str, inside: Callable[[float], bool]) -> None:
    """Refuse numbers outside their domain; arrays of a compiled run were checked before, number by number.

    ``inside`` decides alone: it has to refuse infinity, and a fraction where whole numbers are meant.
    """
    for name in names:
        value = getattr(thing, name)
        if is_number(value) and not inside(value.item() if isinstance(value, np.generic | np.ndarray) else value):
            raise ValueError(f"{name} must be {domain}, got {value}")


def check_choice(thing: Any, name: str, allowed: tuple[str, ...]) -> None:
    """Refuse an option that is none of those allowed: a misspelled one would be played as another."""
    value = getattr(thing, name)
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def check_range(world: Any, name: str) -> None:
    """Refuse a range of whole numbers that is empty or negative."""
    low, high = getattr(world, name)
    if is_number(low) and is_number(high) and not (0 <= low < high and low % 1 == 0 and high % 1 == 0):
        raise ValueError(f"{name} must be whole numbers 0 <= first < second, got {(low, high)}")


def costs(input_tokens: Any = 0, output_tokens: Any = 0, calls: Any = 0, browses: Any = 0) -> jax.Array:
    """A cost vector [input tokens, output tokens, tool calls, browse calls], of whole numbers or arrays [problems]."""
    parts = [jnp.asarray(part, jnp.int32) for part in (input_tokens, output_tokens, calls, browses)]
    return jnp.stack(jnp.broadcast_arrays(*parts))


def host_generator(seed: int, block: int, purpose: int) -> np.random.Generator:
    """The generator that draws the problems of a block on the host, whatever else is drawn."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, block, purpose))))
