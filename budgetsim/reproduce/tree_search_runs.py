"""Searches of trees of partial results and plain sampling, played in worlds of the prior `arithmetic`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    AbMcts,
    ArithmeticWorld,
    Beam,
    ParallelChains,
    Rebase,
    Uct,
    arithmetic_prior,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.policy import Policy

NODES = 256
"""More than the largest budget buys."""


def played(
    worlds: int, problems: int, budgets: Sequence[int], *, seed: int, progress: Callable[[float], None]
) -> Table:
    """A row for each world: its parameters and the accuracy of every strategy at every budget in tokens."""
    drawn = arithmetic_prior(worlds, seed)
    table: Table = {
        "branching": np.array([world.branching[0] / ArithmeticWorld().branching[0] for world in drawn]),
        "promising": np.array([float(np.mean(world.shares[:-1])) for world in drawn]),
        "noise": np.array([world.noise for world in drawn]),
        "renewed": np.array([world.renewed for world in drawn]),
    }
    players = strategies(drawn)
    for number, (name, policy) in enumerate(players.items()):
        for place, budget in enumerate(budgets):
            result = simulate_worlds(drawn, policy, budget, problems_per_world=problems, seed=seed, nodes=NODES)
            table[f"{name} {budget}"] = result.accuracy
            table[f"{name} {budget} se"] = result.standard_error
            progress((number + (place + 1) / len(budgets)) / len(players))
    return table


def strategies(worlds: Sequence[ArithmeticWorld]) -> dict[str, Policy | list[Beam]]:
    """Every strategy at its defaults; beam search makes all moves of a list, as the logged search does."""
    return {
        "votes": ParallelChains(chains=4 * NODES),
        "chains": ParallelChains(chains=NODES, longest=len(worlds[0].branching)),
        "beam": [Beam(width=5, proposals=world.branching) for world in worlds],
        "rebase": Rebase(width=16),
        "uct": Uct(),
        "ab-mcts": AbMcts(),
    }
