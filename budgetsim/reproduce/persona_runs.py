"""Votes of personas and plain votes, played in worlds of the prior `votes` at budgets that fit each world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
from scipy.stats import beta

from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    AnswerWorld,
    ParallelChains,
    PersonaEnsemble,
    Single,
    WorldsResult,
    simulate_worlds,
    vote_prior,
)
from budgetsim.simulate.reasoning.policy import Policy

MOST_VOTES = 32
"""More than fit into the largest budget."""

PERSONAS, VOTES, SINGLE = "personas", "votes", "single"
_POLICIES: dict[str, Policy] = {
    PERSONAS: PersonaEnsemble(personas=4, samples=MOST_VOTES),
    VOTES: ParallelChains(chains=MOST_VOTES),
    SINGLE: Single(),
}
_NODES = {PERSONAS: MOST_VOTES + 1, VOTES: MOST_VOTES // 4, SINGLE: 1}  # plain answers need requests, but no nodes
Plan = tuple[str, int, float | None]


def played(
    worlds: int,
    problems: int,
    *,
    multiples: Sequence[int],
    headline: int,
    spreads: Sequence[float],
    seed: int,
    progress: Callable[[float], None],
) -> Table:
    """A row for each world: its parameters and the accuracy of every strategy at every budget.

    Parameters
    ----------
    worlds, problems
        Numbers of worlds, and of questions in each.
    multiples
        Budgets, in mean tokens of one sample of the world.
    headline
        The budget at which one sample is asked too, and personas with other spreads.
    """
    settings = [setting.world for setting in vote_prior(worlds, seed)]
    plans: list[Plan] = [(name, multiple, None) for name in (PERSONAS, VOTES) for multiple in multiples]
    plans += [(SINGLE, headline, None), *((PERSONAS, headline, spread) for spread in spreads)]
    table: Table = {
        "right mean": np.array([world.right_mean for world in settings]),
        "concentration": np.array([world.right_concentration for world in settings]),
        "answers": np.array([world.answers for world in settings]),
        "dominant": np.array([world.dominant_share for world in settings]),
        "correlation": np.array([world.persona_correlation for world in settings]),
        "written": np.array([world.chain_tokens / world.sample_tokens for world in settings]),
        "traps": np.array([trap_share(world) for world in settings]),
    }
    names = [
        f"{name} {multiple}" + ("" if spread is None else f" spread {spread:g}") for name, multiple, spread in plans
    ]
    for column in chain.from_iterable((name, f"{name} se") for name in names):
        table[column] = np.zeros(worlds)
    for name in (PERSONAS, VOTES, SINGLE):
        table[f"tokens {name}"] = np.zeros(worlds)

    # Worlds of one number of answers are one compiled run.
    kinds = np.unique(table["answers"])
    for part, answers in enumerate(kinds):
        places = np.flatnonzero(table["answers"] == answers)
        group = [settings[place] for place in places]
        key = int(np.random.SeedSequence([seed, int(answers)]).generate_state(1, np.uint64)[0])
        for number, (plan, column) in enumerate(zip(plans, names, strict=True)):
            result = _play(group, plan, problems, key)
            table[column][places], table[f"{column} se"][places] = result.accuracy, result.standard_error
            if plan[1:] == (headline, None):
                spent = (result.input_tokens + result.output_tokens) / [world.sample_tokens for world in group]
                table[f"tokens {plan[0]}"][places] = spent
            progress((part + (number + 1) / len(plans)) / len(kinds))
    return table


def _play(group: Sequence[AnswerWorld], plan: Plan, problems: int, key: int) -> WorldsResult:
    name, multiple, spread = plan
    worlds = group if spread is None else [replace(world, persona_spread=spread) for world in group]
    budgets = [multiple * world.sample_tokens for world in group]
    return simulate_worlds(worlds, _POLICIES[name], budgets, problems_per_world=problems, seed=key, nodes=_NODES[name])


def trap_share(world: AnswerWorld) -> float:
    """Share of questions whose commonest answer is wrong.

    Examples
    --------
    >>> trap_share(AnswerWorld(right_mean=0.5, right_concentration=2.0, answers=2))
    0.5
    """
    edge = world.dominant_share / (1.0 + world.dominant_share)
    mean, concentration = world.right_mean, world.right_concentration
    return float(beta.cdf(edge, mean * concentration, (1.0 - mean) * concentration))
