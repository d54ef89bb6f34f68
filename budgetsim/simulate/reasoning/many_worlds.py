"""One strategy in many worlds at once: numbers of a world are arrays, so that a prior is one compiled run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from budgetsim.simulate import _domain
from budgetsim.simulate.reasoning.accountant import (
    BROWSES,
    CALLS,
    INPUT,
    KINDS,
    OUTPUT,
    UNLIMITED,
    Budget,
    Ledger,
    check_budget,
)
from budgetsim.simulate.reasoning.engine import Played, kinds, play
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.run import LARGEST_TREE, Progress, check_ended, most_requests, provenance_of
from budgetsim.simulate.reasoning.world import NO_ANSWER, World

TOGETHER = 2**14  # problems that are in memory together, or one world if that is more


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldsResult:
    """What a strategy achieved in each world; every array is [worlds], unless said otherwise.

    Parameters
    ----------
    accuracy, standard_error
        Share of problems answered right, and its standard error (with two successes and two failures added).
    answered
        Share of problems with an answer.
    input_tokens, output_tokens, calls, browses
        Mean spent on a problem.
    unspent, crowded
        As of `StrategyResult`.
    curve
        Accuracy of the answer held when (1, 2, ... 16) / 16 of the budget was spent [16, worlds].
    problems
        Problems of each world.
    provenance
        What is needed to repeat it.
    """

    accuracy: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    answered: NDArray[np.float64]
    input_tokens: NDArray[np.float64]
    output_tokens: NDArray[np.float64]
    calls: NDArray[np.float64]
    browses: NDArray[np.float64]
    unspent: NDArray[np.float64]
    crowded: NDArray[np.float64]
    curve: NDArray[np.float64]
    problems: int
    provenance: Mapping[str, object] = field(default_factory=dict, compare=False, repr=False)


def simulate_worlds(
    worlds: Sequence[World],
    policy: Policy | Sequence[Policy],
    budget: Budget | int | Sequence[Budget | int],
    *,
    problems_per_world: int,
    seed: int,
    nodes: int = 64,
    progress: Progress | None = None,
) -> WorldsResult:
    """Play ``policy`` on problems of its own in every world, each problem under ``budget``.

    Parameters
    ----------
    worlds
        Worlds of one kind, one or more, that differ only in numbers.
    policy, budget
        As of `simulate_strategy`; or one a world, policies of one kind that differ only in numbers.
    nodes
        As of `simulate_strategy`.
    problems_per_world
        Number of problems, 1 or more.
    seed
        Integer in 0 ... 2**64 - 1. Two strategies with the same seed meet the same problems.
    progress
        Called with (problems done, problems asked for).

    Raises
    ------
    ValueError
        If an argument is outside its domain, ``nodes`` is too small for what the strategy asks for, the worlds or the
        policies are not of one kind, or there is not one policy or budget a world.

    Examples
    --------
    >>> from budgetsim.simulate.reasoning import HopWorld, ValueTree
    >>> worlds = [HopWorld(misleading=0.0), HopWorld(misleading=0.5)]
    >>> easy, hard = simulate_worlds(worlds, ValueTree(), 2000, problems_per_world=500, seed=1, nodes=8).accuracy
    >>> bool(easy > hard)
    True

    A budget of its own for each world:

    >>> budgets = [Budget(tokens=600), Budget(tokens=6000)]
    >>> result = simulate_worlds(worlds, ValueTree(), budgets, problems_per_world=500, seed=1, nodes=8)
    >>> (result.input_tokens + result.output_tokens <= [600, 6000]).tolist()
    [True, True]
    """
    each = _domain.count("problems_per_world", problems_per_world, most=UNLIMITED)
    seed = _domain.count("seed", seed, least=0, most=2**64 - 1)
    nodes = _domain.count("nodes", nodes, most=LARGEST_TREE)
    policies = _one_or_one_a_world("policy", policy, len(worlds))
    budgets = [check_budget(one) for one in _one_or_one_a_world("budget", budget, len(worlds))]
    for name, things in (("worlds", worlds), ("policy", policies)):
        if not things or len({(kinds(thing), jax.tree.structure(thing)) for thing in things}) > 1:
            raise ValueError(f"{name} must be one or more of one kind that differ only in numbers, got {len(things)}")
    if len(worlds) * each > 2**32:
        raise ValueError(f"worlds times problems_per_world must be at most 2**32, got {len(worlds) * each}")
    size = min(len(worlds), max(1, TOGETHER // each))
    key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
    sums = []
    for first in range(0, len(worlds), size):
        # a last group that is too small plays its last world again: one compiled shape for all
        places = [min(first + place, len(worlds) - 1) for place in range(size)]
        with jax.enable_x64(False):
            drawn = [worlds[place].problems(seed, place, each) for place in places]
            problem = jax.tree.map(lambda *leaves: jnp.concatenate(leaves, axis=-1), *drawn)
            world = _stacked([worlds[place] for place in places], each)
            player = _stacked([policies[place] for place in places], each) if len(policies) > 1 else policies[0]
            ledger = _ledger([budgets[place] for place in places], each) if len(budgets) > 1 else budgets[0].ledger()
            number = np.repeat(np.asarray(places, np.uint32), each) * each + np.tile(np.arange(each), size)
            place = jnp.asarray(number.astype(np.uint32))
            numbers = (True, len(policies) > 1, len(budgets) > 1)
            played = play(world, player, nodes + 1, most_requests(nodes), ledger, key, place, problem, each=numbers)
        check_ended(np.asarray(played.ended), nodes)
        kept = min(size, len(worlds) - first)
        sums.append(_by_world(played, size)[:, :kept])
        if progress is not None:
            progress((first + kept) * each, len(worlds) * each)
    right, answered, unspent, crowded, *rows = np.concatenate(sums, axis=1)
    spent, curve = np.split(np.array(rows), [KINDS])
    provenance = provenance_of(worlds[0], policies[0], budgets[0], each, nodes, seed)
    if len(budgets) > 1:
        provenance["budget"] = [asdict(one) for one in budgets]
    share = (right * each + 2.0) / (each + 4.0)
    return WorldsResult(
        accuracy=right,
        standard_error=np.sqrt(share * (1.0 - share) / (each + 4.0)),
        answered=answered,
        input_tokens=spent[INPUT],
        output_tokens=spent[OUTPUT],
        calls=spent[CALLS],
        browses=spent[BROWSES],
        unspent=unspent,
        crowded=crowded,
        curve=curve,
        problems=each,
        provenance={"worlds": len(worlds), **provenance},
    )


def _one_or_one_a_world(name: str, given: Any, worlds: int) -> list[Any]:
    """What was given, in a list: one thing for all worlds, or one for each."""
    if not isinstance(given, Sequence):
        return [given]
    if len(given) != worlds:
        raise ValueError(f"{name} must be one, or one for each of {worlds} worlds, got {len(given)}")
    return list(given)


def _stacked(things: Sequence[Any], each: int) -> Any:
    """Things that differ only in numbers as one, whose numbers are arrays [..., things times each]."""
    return jax.tree.map(lambda *numbers: jnp.asarray(np.repeat(np.stack(numbers, axis=-1), each, -1)), *things)


def _ledger(budgets: Sequence[Budget], each: int) -> Ledger:
    """The ledgers of budgets as one [..., budgets times each]."""
    parts = zip(*(budget.ledger() for budget in budgets), strict=True)
    return Ledger(*(jnp.repeat(jnp.concatenate(part, axis=-1), each, axis=-1) for part in parts))


def _by_world(played: Played, worlds: int) -> NDArray[Any]:
    """Means [right, answered, share left, crowded, kinds of cost, right at each checkpoint; worlds]."""
    answer, curve = np.asarray(played.answer), np.asarray(played.curve)
    parts = (answer == 0, answer != NO_ANSWER, played.left, played.crowded, *played.spent, *(curve == 0))
    rows = np.stack([np.asarray(part, np.float64) for part in parts])
    means: NDArray[Any] = rows.reshape(len(rows), worlds, -1).mean(axis=-1)
    return means
