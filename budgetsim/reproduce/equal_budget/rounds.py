"""A conforming debate round by round, against votes with the same tokens: the example that is in circulation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.equal_budget.wording import listed
from budgetsim.reproduce.verdicts import half_unit, ordering, statement
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import AnswerWorld, Budget, Debate, ParallelChains, simulate_strategy
from budgetsim.simulate.reasoning.policies.chains import MOST
from budgetsim.theory.equal_budget import debate_tokens

AGENTS, ROUNDS = 6, 6
WORLD = AnswerWorld(right_mean=0.45, right_concentration=math.inf, chain_spread=0.0, conformity=0.6)
REPORTED = (".626", ".609", ".607", ".606", ".604", ".604")
TRIALS = 8000  # behind the reported accuracies
PROBLEMS, QUICK_PROBLEMS = 2**16, 2**12


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Accuracy of a debate of so many rounds, and of votes with its tokens, a row a number of rounds."""
    problems = QUICK_PROBLEMS if quick else PROBLEMS
    rows: dict[str, list[float]] = {
        name: [] for name in ("rounds", "tokens", "debate", "debate se", "votes", "votes se")
    }
    for rounds in range(1, ROUNDS + 1):
        tokens = int(debate_tokens(AGENTS, rounds, WORLD.prompt_tokens, round(WORLD.chain_tokens)))
        debate = simulate_strategy(
            WORLD, Debate(agents=AGENTS, rounds=rounds), Budget(tokens=tokens), problems=problems, seed=seed, nodes=96
        ).accuracy
        votes = simulate_strategy(
            WORLD, ParallelChains(chains=MOST), tokens, problems=problems, seed=seed, nodes=96
        ).accuracy
        row = (rounds, tokens, debate.value, debate.standard_error, votes.value, votes.standard_error)
        for name, value in zip(rows, row, strict=True):
            rows[name].append(value)
        progress(rounds / ROUNDS)
    return {name: np.array(column) for name, column in rows.items()}


def claims(table: Table) -> Iterator[Claim]:
    """What the rounds say."""
    where = f"{AGENTS} debaters, one sample right with .45, three wrong answers, plurality adopted with .6"
    reported = np.array([float(printed) for printed in REPORTED])
    chance = np.hypot(np.sqrt(reported * (1.0 - reported) / TRIALS), table["debate se"])
    gap = np.abs(table["debate"] - reported) - half_unit(REPORTED[0])
    yield statement(
        f"accuracy of a conforming debate after 1 ... {ROUNDS} rounds",
        f"{where}; theirs are {TRIALS} trials: within three standard errors of both",
        theirs=", ".join(REPORTED),
        ours=listed(table["debate"], 4),
        holds=bool(np.all(gap <= 3.0 * chance)),
        evidence="derived",
    )
    yield ordering(
        f"a debate loses accuracy with its rounds: after the first less after {ROUNDS}",
        where,
        theirs="loses",
        difference=float(table["debate"][0] - table["debate"][-1]),
        se=float(np.hypot(table["debate se"][0], table["debate se"][-1])),
        evidence="derived",
    )
    yield ordering(
        "votes with the tokens of a debate of two rounds less the debate",
        f"{where}; {table['tokens'][1]:.0f} tokens",
        theirs="votes > debate",
        difference=float(table["votes"][1] - table["debate"][1]),
        se=float(np.hypot(table["votes se"][1], table["debate se"][1])),
        evidence="derived",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """No figure: six numbers."""
    del table
    return {}
