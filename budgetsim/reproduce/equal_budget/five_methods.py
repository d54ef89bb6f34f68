"""The five methods of the table in circulation in one world at equal budgets, drawn from the prior `thoughts`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.equal_budget.columns import right
from budgetsim.reproduce.equal_budget.five_claims import claims
from budgetsim.reproduce.equal_budget.five_columns import (
    BUDGETS,
    COMPETING,
    DEBATE,
    NARROW,
    PARAMETERS,
    STOPPING,
    THINKING,
    TOLD,
    TREE,
    VOTES,
    parameters,
)
from budgetsim.reproduce.equal_budget.five_figures import draw
from budgetsim.reproduce.equal_budget.sized_trees import sized_tree
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    AdaptiveConsistency,
    Beam,
    Debate,
    EstimatedBudget,
    ParallelChains,
    Policy,
    RelativeGainStop,
    ThoughtSetting,
    simulate_worlds,
    thought_prior,
)
from budgetsim.simulate.reasoning.debates import LARGEST_ROUNDS
from budgetsim.simulate.reasoning.policies.adaptive_consistency import MOST_SAMPLES
from budgetsim.simulate.reasoning.policies.chains import MOST

__all__ = ["claims", "draw", "measure"]

WORLDS, PROBLEMS = 256, 2048
QUICK_WORLDS, QUICK_PROBLEMS, QUICK_ANSWERS = 40, 512, 4  # of quick ones only those with so many answers are played
NODES = {VOTES: 32, TREE: 128, DEBATE: 80, TOLD: 4, THINKING: 64, STOPPING: 32, NARROW: 128}
"""Nodes that hold the largest tree of each method at 64 chains of thought."""


def player(name: str, setting: ThoughtSetting, budget: int) -> Policy:
    """A method in a world at a budget in tokens; what it leaves open is declared with the prior.

    Examples
    --------
    >>> setting = thought_prior(1, seed=0)[0]
    >>> player("debate", setting, 1000).rounds
    12
    """
    if name == TREE:
        return sized_tree(setting.world, budget)
    if name == NARROW:
        return sized_tree(setting.world, budget, widths=(1,))
    players: dict[str, Policy] = {
        VOTES: ParallelChains(chains=MOST),
        DEBATE: Debate(agents=setting.agents, rounds=LARGEST_ROUNDS),
        TOLD: EstimatedBudget(),
        THINKING: RelativeGainStop(threshold=setting.threshold),
        STOPPING: AdaptiveConsistency(largest=MOST_SAMPLES),
    }
    return players[name]


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Right answers and mean tokens of every method at every budget, a row a world."""
    settings, problems = thought_prior(QUICK_WORLDS if quick else WORLDS, seed), PROBLEMS
    if quick:
        settings = tuple(one for one in settings if one.world.answers == QUICK_ANSWERS)
        problems = QUICK_PROBLEMS
    rows = [parameters(setting) for setting in settings]
    table: Table = {name: np.array([row[name] for row in rows]) for name in PARAMETERS}
    table["problems"] = np.full(len(settings), problems)
    kinds = sorted({setting.world.answers for setting in settings})
    runs = [
        (answers, name, place) for answers in kinds for name in (*COMPETING, NARROW) for place in range(len(BUDGETS))
    ]
    for done, (answers, name, place) in enumerate(runs):
        worlds = np.flatnonzero([setting.world.answers == answers for setting in settings])
        # each number of answers has a seed of its own, one for all methods and budgets
        own = int(np.random.SeedSequence((seed, answers)).generate_state(1, np.uint64)[0])
        counts, tokens = _play(name, [settings[world] for world in worlds], place, problems, own)
        for column, found in ((right(name, BUDGETS[place]), counts), (spent(name, BUDGETS[place]), tokens)):
            table.setdefault(column, np.zeros(len(settings), found.dtype))[worlds] = found
        progress((done + 1) / len(runs))
    return table


def spent(name: str, budget: float) -> str:
    """Column of the mean tokens of a question.

    Examples
    --------
    >>> spent("TALE", 0.5)
    'tokens TALE 0.5'
    """
    return f"tokens {right(name, budget)}"


def _play(
    name: str, settings: Sequence[ThoughtSetting], place: int, problems: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Right answers and mean tokens of a method in worlds with one number of answers."""
    limits = [setting.budgets[place] for setting in settings]
    players = [player(name, setting, limit) for setting, limit in zip(settings, limits, strict=True)]
    counts, tokens = np.zeros(len(settings), np.int64), np.zeros(len(settings))
    # Trees of other widths and debates of other sizes are compiled apart. The place of a world decides what is drawn in
    # it, so the others keep theirs, and idle.
    kinds: list[Any] = [jax.tree.structure(one) for one in players]
    for kind in dict.fromkeys(kinds):
        mine = np.array([own == kind for own in kinds])
        rest = idle(players[kinds.index(kind)])
        playing = [one if own else rest for one, own in zip(players, mine, strict=True)]
        result = simulate_worlds(
            [setting.world for setting in settings], playing, limits, problems_per_world=problems, seed=seed,
            nodes=NODES[name],
        )  # fmt: skip
        counts[mine] = np.rint(result.accuracy * problems).astype(np.int64)[mine]
        tokens[mine] = np.round(result.input_tokens + result.output_tokens, 1)[mine]
    return counts, tokens


def idle(policy: Policy) -> Policy:
    """The same kind of policy with as little to do as it allows.

    Examples
    --------
    >>> idle(Debate(agents=6, rounds=12)), idle(EstimatedBudget())
    (Debate(agents=6, rounds=1), EstimatedBudget())
    """
    if isinstance(policy, Beam):
        return replace(policy, proposals=1, reserve=1.0)
    return replace(policy, rounds=1) if isinstance(policy, Debate) else policy
