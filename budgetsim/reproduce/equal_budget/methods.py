"""Eight methods on questions with few answers at equal budgets, in worlds drawn from the prior `votes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from budgetsim.reproduce.equal_budget.columns import (
    BEST,
    CASCADE,
    CHAIN,
    DEBATE,
    EARLY,
    MATCHED,
    MULTIPLES,
    ORACLE,
    PARAMETERS,
    PERSONAS,
    RETRY,
    TWO_ROUNDS,
    VOTES,
    parameters,
    right,
)
from budgetsim.reproduce.equal_budget.methods_claims import claims
from budgetsim.reproduce.equal_budget.methods_figures import draw
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    AdaptiveConsistency,
    AnswerWorld,
    BestOfN,
    Cascade,
    Debate,
    ParallelChains,
    PersonaEnsemble,
    Policy,
    Retry,
    VoteSetting,
    WorldsResult,
    simulate_worlds,
    vote_prior,
)
from budgetsim.simulate.reasoning.debates import LARGEST_ROUNDS
from budgetsim.simulate.reasoning.policies.adaptive_consistency import MOST_SAMPLES
from budgetsim.simulate.reasoning.policies.chains import MOST

__all__ = ["claims", "draw", "measure"]

WORLDS, PROBLEMS = 256, 2048
QUICK_WORLDS, QUICK_PROBLEMS, QUICK_KIND = 60, 512, (4, 3)  # of quick ones only those of one kind are played
FEWEST_TO_STOP = 4  # equal votes with which early stopping may stop: below, it is self-consistency
SPENT = "spent by early stop"


def players(agents: int) -> dict[str, tuple[Policy, int]]:
    """Every method, and the nodes that its largest tree needs at 64 chains of thought.

    Nothing but the budget ends a method, except that early stopping stops at its default confidence and the debate as
    published after two rounds; where something else is left open it has its default.
    """
    return {
        CHAIN: (ParallelChains(chains=1), 32),
        VOTES: (ParallelChains(chains=MOST), 32),
        EARLY: (AdaptiveConsistency(largest=MOST_SAMPLES), 32),
        DEBATE: (Debate(agents=agents, rounds=LARGEST_ROUNDS), 80),
        TWO_ROUNDS: (Debate(agents=agents, rounds=2), 80),
        RETRY: (Retry(attempts=MOST), 112),
        BEST: (BestOfN(samples=MOST), 112),
        PERSONAS: (PersonaEnsemble(samples=MOST), 112),
        CASCADE: (Cascade(strong_samples=MOST), 32),
    }


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Right answers of every method at every budget, a row a world."""
    settings, problems = vote_prior(WORLDS, seed), PROBLEMS
    if quick:
        drawn = vote_prior(QUICK_WORLDS, seed)
        settings = tuple(one for one in drawn if (one.world.answers, one.agents) == QUICK_KIND)
        problems = QUICK_PROBLEMS
    kinds = sorted({(setting.world.answers, setting.agents) for setting in settings})
    rows = [parameters(setting) for setting in settings]
    table: Table = {name: np.array([row[name] for row in rows]) for name in PARAMETERS}
    table["problems"] = np.full(len(settings), problems)
    for done, kind in enumerate(kinds):
        places = [place for place, one in enumerate(settings) if (one.world.answers, one.agents) == kind]
        # worlds of one kind are played together; each kind has a seed of its own, one for all methods and budgets
        own = int(np.random.SeedSequence((seed, *kind)).generate_state(1, np.uint64)[0])
        for name, column in _play([settings[place] for place in places], problems, own).items():
            table.setdefault(name, np.zeros(len(settings), column.dtype))[places] = column
        progress((done + 1) / len(kinds))
    return table


def _play(settings: Sequence[VoteSetting], problems: int, seed: int) -> dict[str, NDArray[np.generic]]:
    """All methods in worlds with the same numbers of answers and debaters."""
    worlds = [setting.world for setting in settings]
    found: dict[str, NDArray[np.generic]] = {}
    spent: dict[str, list[NDArray[np.float64]]] = {VOTES: [], EARLY: []}
    budgets = [[setting.budgets[place] for setting in settings] for place in range(len(MULTIPLES))]

    def play(policy: Policy, nodes: int, limits: Sequence[int], where: Sequence[AnswerWorld]) -> WorldsResult:
        return simulate_worlds(where, policy, list(limits), problems_per_world=problems, seed=seed, nodes=nodes)

    for name, (policy, nodes) in players(settings[0].agents).items():
        for multiple, limits in zip(MULTIPLES, budgets, strict=True):
            result = play(policy, nodes, limits, worlds)
            found[right(name, multiple)] = _count(result)
            if name in spent:
                spent[name].append(result.input_tokens + result.output_tokens)
    oracles = [replace(world, accepts_right=1.0, accepts_wrong=0.0) for world in worlds]
    policy, nodes = players(settings[0].agents)[RETRY]
    for multiple, limits in zip(MULTIPLES, budgets, strict=True):
        found[right(ORACLE, multiple)] = _count(play(policy, nodes, limits, oracles))
    policy, nodes = players(settings[0].agents)[VOTES]
    for place, multiple in enumerate(MULTIPLES):
        if multiple < FEWEST_TO_STOP:
            continue
        matched = _budgets_that_spend(spent[EARLY][place], np.array(spent[VOTES]), np.array(budgets))
        found[right(MATCHED, multiple)] = _count(play(policy, nodes, matched, worlds))
        found[f"{SPENT} {multiple}"] = np.round(spent[EARLY][place] / spent[VOTES][place], 4)
    return found


def _count(result: WorldsResult) -> NDArray[np.int64]:
    return np.rint(result.accuracy * result.problems).astype(np.int64)


def _budgets_that_spend(
    wanted: NDArray[np.float64], spent: NDArray[np.float64], budgets: NDArray[np.int64]
) -> list[int]:
    """Budgets at which about so much is spent [worlds], between ones whose spending is known [budgets, worlds].

    Examples
    --------
    >>> _budgets_that_spend(np.array([150.0]), np.array([[90.0], [190.0]]), np.array([[100], [200]]))
    [160]
    """
    columns = zip(wanted, spent.T, budgets.T, strict=True)
    return [round(float(np.interp(tokens, known, limits))) for tokens, known, limits in columns]
