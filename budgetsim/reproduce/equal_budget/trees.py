"""Tree of thoughts against votes of direct answers, in worlds of partial results drawn from the prior `arithmetic`.

Questions with few answers have no partial results to search: where trees run, votes and trees are compared here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.equal_budget.columns import HIGH, LOW, MULTIPLES, VOTES, compare, difference, right
from budgetsim.reproduce.equal_budget.wording import NEARLY_ALL, counted, listed, mean_and_error, of_worlds
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_figures import over_parameters
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import (
    ArithmeticWorld,
    Beam,
    ParallelChains,
    Policy,
    arithmetic_prior,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.policies.chains import MOST

NARROW, WIDE = "tree of width 1", "tree of width 5"
WORLDS, PROBLEMS = 256, 1024
QUICK_WORLDS, QUICK_PROBLEMS = 32, 512
PARAMETERS = {
    "sound moves": "share of sound moves",
    "noise": "noise of the votes on moves",
    "branching": "moves in the first list",
    "renewed": "probability that a second list is new",
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Right answers of votes and of trees at every budget, a row a world."""
    worlds = arithmetic_prior(QUICK_WORLDS if quick else WORLDS, seed)
    problems = QUICK_PROBLEMS if quick else PROBLEMS
    table: Table = {
        "sound moves": np.array([np.mean(world.shares) for world in worlds]),
        "noise": np.array([world.noise for world in worlds]),
        "branching": np.array([world.branching[0] for world in worlds]),
        "renewed": np.array([world.renewed for world in worlds]),
        "problems": np.full(len(worlds), problems),
    }
    runs = [(name, multiple) for name in (VOTES, NARROW, WIDE) for multiple in MULTIPLES]
    for done, (name, multiple) in enumerate(runs):
        budgets = [multiple * sum(world.answer_tokens) for world in worlds]
        players = [_player(name, world, budget) for world, budget in zip(worlds, budgets, strict=True)]
        result = simulate_worlds(worlds, players, budgets, problems_per_world=problems, seed=seed, nodes=160)
        table[right(name, multiple)] = np.rint(result.accuracy * problems).astype(np.int64)
        progress((done + 1) / len(runs))
    return table


def _player(name: str, world: ArithmeticWorld, budget: int) -> Policy:
    """Votes of answers at once, or a tree whose nodes each propose one whole list.

    A tree keeps back what an answer, a list of moves and a vote cost, so that its best node can answer when the budget
    ends; below that it is one answer at once.
    """
    if name == VOTES:
        return ParallelChains(chains=MOST)
    kept_back = sum(world.answer_tokens) + sum(world.proposal_tokens) + sum(world.vote_tokens)
    width = {NARROW: 1, WIDE: 5}[name]
    return Beam(width=width, proposals=world.branching, reserve=min(1.0, kept_back / budget))


def claims(table: Table) -> Iterator[Claim]:
    """What the table says about tree of thoughts."""
    where = f"{of_worlds(table, 'arithmetic')}; tree of width 5 against votes on answers at once"
    for budgets, first, second, words in (
        (LOW, VOTES, WIDE, "tree of thoughts is poor at a low budget"),
        (HIGH, WIDE, VOTES, "tree of thoughts is good at a high budget"),
    ):
        leads = [compare(table, first, second, multiple) for multiple in budgets]
        mean, error = mean_and_error(np.mean([difference(table, first, second, one) for one in budgets], axis=0))
        yield ordering(
            f"{words}: accuracy of {first} less that of the {second}".replace("the self", "self"),
            f"{where}; mean over budgets of {counted(budgets)} answers; the first ahead in "
            f"{listed(lead.ahead for lead in leads)} of worlds, behind in {listed(lead.behind for lead in leads)}",
            theirs=f"{first} > {second}",
            difference=mean,
            se=error,
            evidence="sourced",
        )
    strong = table["sound moves"] > np.median(table["sound moves"])
    leads = [compare(table, WIDE, VOTES, HIGH[-1], kept=kept) for kept in (~strong, strong)]
    gains = [float(difference(table, WIDE, VOTES, HIGH[-1])[kept].mean()) for kept in (~strong, strong)]
    yield statement(
        "tree of thoughts pays only with a strong model",
        f"{where}; {HIGH[-1]} answers; share of worlds in which the tree is ahead, where fewer moves are sound than in "
        f"the median world, and where more are; its mean leads are {listed(gains)}",
        theirs="not ahead, ahead",
        ours=listed(lead.ahead for lead in leads),
        holds=leads[0].ahead < 0.5 < leads[1].ahead,
        evidence="second-hand",
    )
    widths = {multiple: compare(table, WIDE, NARROW, multiple) for multiple in MULTIPLES}
    yield statement(
        "a tree of width 5 matches or beats one of width 1",
        f"{of_worlds(table, 'arithmetic')}; {counted(MULTIPLES)} answers at once; share of worlds in which it does",
        theirs="matches or beats",
        ours=listed(1.0 - lead.behind for lead in widths.values()),
        holds=max(lead.behind for lead in widths.values()) <= 1.0 - NEARLY_ALL,
        only_if=(f"the budget is that of {HIGH[-1]} answers", widths[HIGH[-1]].behind <= 1.0 - NEARLY_ALL),
        evidence="second-hand",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """The lead of the tree over votes, over what decides it."""
    series = {f"{multiple} answers": difference(table, WIDE, VOTES, multiple) for multiple in (4, 16, 64)}
    panels = {words: table[name] for name, words in PARAMETERS.items()}

    def trees(look: Theme) -> Figure:
        return over_parameters(look, panels, series, label="accuracy: tree - votes", columns=2)

    return {"trees": trees}
