"""One strategy on one world under one budget: accuracy, what was spent and what was left, quality over the budget."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import budgetsim
from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.accountant import Budget, check_budget
from budgetsim.simulate.reasoning.columns import GENERATOR
from budgetsim.simulate.reasoning.engine import play
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.result import BLOCK, StrategyResult, result_of, summarized
from budgetsim.simulate.reasoning.world import World

LARGEST_TREE = 1024

Progress = Callable[[int, int], None]
"""Called with (problems done, problems asked for)."""


def simulate_strategy(
    world: World,
    policy: Policy,
    budget: Budget | float,
    *,
    problems: int,
    seed: int,
    nodes: int = 64,
    chunk: int = 4,
    progress: Progress | None = None,
) -> StrategyResult:
    """Play ``policy`` on ``problems`` problems of ``world``, each under ``budget``.

    Parameters
    ----------
    world, policy
        Frozen parameter objects.
    budget
        Limits of one problem; a whole number stands for tokens, infinity for no limit.
    problems
        Number of problems, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1. The same seed gives the same result, whatever ``chunk``.
    nodes
        Largest tree, root included, 1 ... 1024: an expansion beyond it is refused as one beyond the budget is, which
        ``crowded`` counts. It also bounds the requests of a problem: 4 nodes + 8.
    chunk
        Blocks of 1024 problems that are in memory together; changes no result.
    progress
        Called after every chunk.

    Raises
    ------
    ValueError
        If an argument is outside its domain, or ``nodes`` too small for what the strategy asks for; the message names
        it.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import HopWorld, ValueTree
    >>> budget = Budget(tokens=2000, calls=5)
    >>> result = simulate_strategy(HopWorld(), ValueTree(), budget, problems=2000, seed=1, nodes=8)
    >>> sum(result.largest[:2]) <= 2000 and result.largest[2] <= 5
    True
    """
    problems = _domain.count("problems", problems)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    nodes = _domain.count("nodes", nodes, most=LARGEST_TREE)
    chunk = _domain.count("chunk", chunk)
    budget = check_budget(budget)
    parts = []
    for first in range(0, problems, chunk * BLOCK):
        with jax.enable_x64(False):  # no result may depend on how JAX is configured
            *played, ended = _chunk(world, policy, budget, nodes, seed, first, min(problems, first + chunk * BLOCK))
        check_ended(ended, nodes)
        parts.append(summarized(*played))
        if progress is not None:
            progress(min(problems, first + chunk * BLOCK), problems)
    provenance = provenance_of(world, policy, budget, problems, nodes, seed)
    return result_of(parts, problems, provenance)


def _chunk(
    world: World, policy: Policy, budget: Budget, nodes: int, seed: int, first: int, end: int
) -> tuple[NDArray[Any], ...]:
    """What `play` gives, of the problems ``first`` ... ``end - 1``."""
    blocks = range(first // BLOCK, math.ceil(end / BLOCK))
    drawn = [world.problems(seed, block, BLOCK) for block in blocks]
    problem = jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=-1), *drawn)
    place = jnp.arange(first, first + len(blocks) * BLOCK, dtype=jnp.uint32)
    key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
    played = play(world, policy, nodes + 1, most_requests(nodes), budget.ledger(), key, place, problem)
    return tuple(np.asarray(array)[..., : end - first] for array in played)


def most_requests(nodes: int) -> int:
    """Requests that a problem may make: one for every node, answers, and refusals."""
    return 4 * nodes + 8


def check_ended(ended: NDArray[np.bool_], nodes: int) -> None:
    """Refuse a run that was cut off [problems]: its answers would be those of a smaller budget than was asked for."""
    if not np.all(ended):
        raise ValueError(
            f"nodes must be larger: after {most_requests(nodes)} requests, all that {nodes} nodes allow, "
            f"{np.sum(~ended)} of {ended.size} problems had more to ask for"
        )


def _fields(thing: Any) -> dict[str, object]:
    return asdict(thing) if hasattr(thing, "__dataclass_fields__") else {}


def provenance_of(
    world: World, policy: Policy, budget: Budget, problems: int, nodes: int, seed: int
) -> dict[str, object]:
    """What is needed to repeat a run."""
    return {
        "world": {"name": type(world).__name__, **_fields(world)},
        "policy": {"name": type(policy).__name__, **_fields(policy)},
        "budget": asdict(budget),
        "problems": problems,
        "nodes": nodes,
        "seed": seed,
        "generator": GENERATOR,
        "device": jax.default_backend(),
        "versions": {
            "budgetsim": budgetsim.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
