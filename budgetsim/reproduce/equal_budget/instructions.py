"""Answers told to be short against chains of thought, in worlds drawn from the prior `elasticity`.

In worlds of votes no answer gets shorter by being told to: TALE is played here. A second answer to a question is right
just if the first one was, so that self-consistency is one chain of thought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from matplotlib.figure import Figure

from budgetsim.plot.style import Theme
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.equal_budget.columns import CHAIN, compare, difference, right, score
from budgetsim.reproduce.equal_budget.wording import listed, mean_and_error, of_worlds, region
from budgetsim.reproduce.verdicts import statement
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning import EstimatedBudget, Instructed, Policy, elasticity_prior, simulate_worlds

TOLD = "TALE"
HALF, ONE, TWO, FOUR = 50, 100, 200, 400
BUDGETS = (HALF, ONE, TWO, FOUR)
"""Hundredths of the tokens of one chain of thought: half of it, and up to where nothing changes any more."""

SLIGHT = 0.03
"""A drop of accuracy up to here is slight: three points are allowed to TALE by those who report it."""

WORLDS, PROBLEMS = 256, 1024
QUICK_WORLDS = 32
PARAMETERS = {
    "estimator spread": "spread of the estimator's log",
    "least tokens": "least sufficient tokens over those of a chain",
    "estimate tokens": "tokens of the estimate over those of a chain",
    "give-up tokens": "give-up point over the least sufficient tokens",
}


def measure(*, quick: bool, seed: int, progress: Callable[[float], None]) -> Table:
    """Right answers and tokens of a chain of thought and of TALE at every budget, a row a world."""
    worlds = elasticity_prior(QUICK_WORLDS if quick else WORLDS, seed)
    chains = np.array([world.vanilla_tokens for world in worlds])
    table: Table = {
        "estimator spread": np.array([world.estimator_spread for world in worlds]),
        "least tokens": np.array([world.least_budget for world in worlds]) / chains,
        "estimate tokens": np.array([world.estimator_tokens for world in worlds]) / chains,
        "give-up tokens": np.array([world.collapse_budget / world.least_budget for world in worlds]),
        "problems": np.full(len(worlds), PROBLEMS),
    }
    policies: dict[str, Policy] = {CHAIN: Instructed(), TOLD: EstimatedBudget()}
    runs = [(name, budget) for name in policies for budget in BUDGETS]
    for done, (name, budget) in enumerate(runs):
        # a chain that is rounded up must still fit into its own budget
        limits = [int(np.ceil((world.prompt_tokens + world.vanilla_tokens) * budget / 100)) for world in worlds]
        result = simulate_worlds(worlds, policies[name], limits, problems_per_world=PROBLEMS, seed=seed, nodes=8)
        table[right(name, budget)] = np.rint(result.accuracy * PROBLEMS).astype(np.int64)
        table[f"tokens {name} {budget}"] = np.round(result.input_tokens + result.output_tokens, 1)
        progress((done + 1) / len(runs))
    return table


def claims(table: Table) -> Iterator[Claim]:
    """What the table says about TALE."""
    where = of_worlds(table, "elasticity")
    lead = {budget: compare(table, TOLD, CHAIN, budget) for budget in BUDGETS}
    yield statement(
        "TALE is good at a low budget",
        f"{where}; a half and one chain of thought; shares of worlds in which TALE is ahead of the chain; behind it",
        theirs="good",
        ours=f"{listed(lead[b].ahead for b in (HALF, ONE))}; {listed(lead[b].behind for b in (HALF, ONE))}",
        holds=all(lead[budget].ahead > lead[budget].behind for budget in (HALF, ONE)),
        only_if=(
            "the budget is too small for a chain: "
            f"a half of one (accuracies {listed(score(table, name, HALF).accuracy.mean() for name in (TOLD, CHAIN))})",
            lead[HALF].ahead > lead[HALF].behind,
        ),
        evidence="sourced",
    )
    loss = -difference(table, TOLD, CHAIN, FOUR)
    mean, error = mean_and_error(loss)
    saved = 1.0 - table[f"tokens {TOLD} {FOUR}"] / table[f"tokens {CHAIN} {FOUR}"]
    yield statement(
        f"TALE loses little accuracy at a high budget: {100 * SLIGHT:.0f} points or less",
        f"{where}; four chains of thought; mean loss; it saves {saved.mean():.2f} of the tokens, "
        f"and loses little in {np.mean(loss <= SLIGHT):.2f} of worlds",
        theirs="slight drop",
        ours=f"{mean:.3f} ± {error:.3f}",
        holds=mean <= SLIGHT,
        only_if=region(table, PARAMETERS, loss <= SLIGHT),
        evidence="sourced",
    )


def draw(table: Table) -> Mapping[str, Callable[[Theme], Figure]]:
    """No figure of its own: the page of TALE has them."""
    del table
    return {}
