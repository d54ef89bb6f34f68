"""One strategy on one world under one budget: accuracy, what was spent and what was left, quality over the budget."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

import budgetsim
from budgetsim.simulate import _domain
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning.accountant import BROWSES, CALLS, INPUT, KINDS, OUTPUT, Budget, check_budget
from budgetsim.simulate.reasoning.columns import GENERATOR
from budgetsim.simulate.reasoning.engine import play
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.world import NO_ANSWER, World

BLOCK = 1024  # problems drawn together on the host; a chunk is a whole number of blocks
LARGEST_TREE = 1024

Progress = Callable[[int, int], None]
"""Called with (problems done, problems asked for)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyResult:
    """What a strategy achieved on many problems.

    Parameters
    ----------
    accuracy
        Share of problems answered right; a problem without an answer counts as wrong.
    answered
        Share of problems with an answer.
    input_tokens, output_tokens, calls, browses
        Mean spent on a problem.
    unspent
        Mean share of the scarcest limit that was left; 1 where nothing is limited.
    crowded
        Share of problems in which the size of the tree, not the budget, refused a step: 0 unless ``nodes`` is too small
        for what the strategy would do.
    largest
        Largest spent on any problem [input tokens, output tokens, calls, browse calls].
    expansions
        Steps of the generator that were made, over all problems.
    curve
        Accuracy of the answer held when (1, 2, ... 16) / 16 of the budget was spent.
    answers
        Answer of every problem [problems]; -1 is none, 0 is right.
    """

    accuracy: Estimate
    answered: Estimate
    input_tokens: Estimate
    output_tokens: Estimate
    calls: Estimate
    browses: Estimate
    unspent: Estimate
    crowded: Estimate
    largest: tuple[int, ...]
    expansions: int
    curve: tuple[Estimate, ...]
    answers: NDArray[np.int8]


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
        parts.append(_summarized(*played))
        if progress is not None:
            progress(min(problems, first + chunk * BLOCK), problems)
    provenance = provenance_of(world, policy, budget, problems, nodes, seed)
    answers = np.concatenate([part.answers for part in parts])
    blocks = np.concatenate([part.blocks for part in parts], axis=-1)
    right = np.sum([part.right for part in parts], axis=0)
    largest = np.max([part.largest for part in parts], axis=0)

    def share(count: Any) -> Estimate:
        return Estimate.from_count(int(count), problems, provenance=provenance)

    means = [_mean(rows, provenance) for rows in blocks]
    return StrategyResult(
        accuracy=share(np.sum(answers == 0)),
        answered=share(np.sum(answers != NO_ANSWER)),
        input_tokens=means[INPUT],
        output_tokens=means[OUTPUT],
        calls=means[CALLS],
        browses=means[BROWSES],
        unspent=means[KINDS],
        crowded=share(sum(part.crowded for part in parts)),
        largest=tuple(largest.tolist()),
        expansions=sum(part.expansions for part in parts),
        curve=tuple(share(count) for count in right),
        answers=answers,
    )


class _Part(NamedTuple):
    """What is kept of a chunk: all but the answers is a handful of numbers, so a million problems take no more room."""

    answers: NDArray[np.int8]
    blocks: NDArray[np.float64]  # [kinds of cost, then the share left; size, mean, squares; blocks]
    right: NDArray[np.int64]
    largest: NDArray[np.int32]
    expansions: int
    crowded: int


def _summarized(
    answers: NDArray[Any],
    spent: NDArray[Any],
    left: NDArray[Any],
    nodes: NDArray[Any],
    curve: NDArray[Any],
    crowded: NDArray[np.bool_],
) -> _Part:
    values = np.stack([*spent, left]).astype(np.float64)
    cuts = [values[:, first : first + BLOCK] for first in range(0, values.shape[1], BLOCK)]
    # block by block, so that no sum depends on how blocks are put together into chunks
    rows = [[(cut.shape[1], row.mean(), np.sum((row - row.mean()) ** 2)) for row in cut] for cut in cuts]
    return _Part(
        answers=answers.astype(np.int8),
        blocks=np.moveaxis(np.array(rows, np.float64), 0, -1),
        right=np.sum(curve == 0, axis=-1),
        largest=spent.max(axis=1),
        expansions=int(nodes.sum(dtype=np.int64)) - answers.size,
        crowded=int(np.sum(crowded)),
    )


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


def _mean(blocks: NDArray[np.float64], provenance: dict[str, object]) -> Estimate:
    """The mean of blocks [size, mean, sum of squares around it; blocks]."""
    size, mean, squares = blocks
    draws = float(size.sum())
    whole = math.fsum(size * mean) / draws
    around = math.fsum(squares) + math.fsum(size * (mean - whole) ** 2)
    error = math.sqrt(around / (draws - 1.0) / draws) if draws > 1.0 else math.inf
    return Estimate(value=whole, standard_error=error, draws=int(draws), provenance=provenance)


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
