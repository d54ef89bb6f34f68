"""What the table of searching agents says about growth with the budget and about accuracy at a cost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import roots_sh_jacobi

from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.stopping.shares import (
    By,
    lowest_fifth,
    nearly_all,
    over_worlds,
    share_of_worlds,
    signs,
)
from budgetsim.reproduce.verdicts import number
from budgetsim.reproduce.world_tables import Table
from budgetsim.simulate.reasoning.tool_prior import CAPS
from budgetsim.theory.tools import solved_before_stopping

PARAMETERS = ("hazard", "accepts_right", "accepts_wrong", "judge")
# Whose accuracy is compared at one cap: the paper's orders, and the tenth of a budget that it names.
COMPARED = (
    *(("tracker", 100, "react", 100), ("tracker by used", 100, "react", 100)),
    *(("bats", 100, "tracker", 100), ("bats", 100, "tracker by used", 100)),
    *(("tracker", 10, "react", 100), ("tracker by used", 10, "react", 100), ("bats", 10, "react", 100)),
    *(("bats to the end", 100, "bats", 100), ("bats to the end", 100, "tracker by used", 100)),
)
# Whose accuracy is compared with the best mix of the other's caps at the same cost.
AT_COST = (
    *(("react", agent, 100) for agent in ("tracker", "tracker by used", "bats")),
    *(("react", "bats", 10), ("bats", "tracker by used", 100), ("bats to the end", "bats", 100)),
)
BEFORE, AFTER = CAPS[-2], CAPS[-1]


def claims(table: Table) -> Iterator[Claim]:
    """What the kept table says."""
    yield from _growth(table)
    yield from _as_react(table)
    yield from _at_one_cap(table)
    yield from _at_one_cost(table)


def _where(table: Table) -> str:
    return f"prior tools, {table['hazard'].size} worlds"


def _by(table: Table, name: str, *agents: str) -> By:
    """The parameters of those who take part: all have a hazard, some a verifier, one a judge."""
    count = 4 if "bats to the end" in agents else 3 if "bats" in agents else 1
    return By({parameter: table[parameter] for parameter in PARAMETERS[:count]}, table[name])


NAMES = {
    "react": "ReAct",
    "tracker": "the tracker (hazard x share left)",
    "tracker by used": "the tracker (hazard x share used)",
    "bats": "BATS",
    "bats to the end": "BATS that spends all its calls and asks a judge",
}


def _growth(table: Table) -> Iterator[Claim]:
    where = f"{_where(table)}; from {BEFORE} to {AFTER} calls"
    still = f"react {AFTER} less {BEFORE}"
    flat = np.where(signs(table, still) > 0, -1, 1)
    yield share_of_worlds(
        "share of worlds in which ReAct gains nothing from twice the calls",
        f"{where}, no gain by two standard errors",
        flat,
        evidence="figure",
        by=_by({**table, still: -table[still]}, still, "react"),
    )
    value, se = over_worlds(100.0 * table[still])
    yield number(
        "points of accuracy that ReAct gains from twice the calls, mean over worlds",
        f"{where}; printed for Pro, BrowseComp",
        theirs="0.0",
        ours=value,
        se=se,
        evidence="figure",
    )
    risk = table["hazard"] * table["accepts_wrong"]
    for name in ("tracker", "tracker by used", "bats", "bats to the end"):
        grown = f"{name} {AFTER} less {BEFORE}"
        sign = signs(table, grown)
        seldom = "wrong answers are seldom proposed and accepted (lowest fifth of hazard x false acceptance)"
        yield share_of_worlds(
            f"share of worlds in which {NAMES[name]} gains from twice the calls",
            f"{where}; mean gain {100.0 * table[grown].mean():.2f} points",
            sign,
            evidence="figure",
            by=_by(table, grown, name),
            only_if=(seldom, nearly_all(sign[lowest_fifth(risk)])) if name == "bats" else None,
        )


def solved(hazard: NDArray[np.float64], cap: int) -> NDArray[np.float64]:
    """Share of questions that an agent with a constant hazard solves, chances drawn from the law of the prior.

    Examples
    --------
    >>> solved(np.array([1.0, 0.0]), 1).round(6).tolist()
    [0.076923, 0.076923]
    """
    right, wrong = 0.5, 6.0  # Beta(.5, 6)
    chance, weight = roots_sh_jacobi(2 * CAPS[-1], right + wrong - 1.0, right)
    found = solved_before_stopping(chance, hazard[:, None], cap).probability
    return np.asarray(found @ (weight / weight.sum()))


def _as_react(table: Table) -> Iterator[Claim]:
    risk = table["hazard"] * table["accepts_wrong"]
    value, se = over_worlds(100.0 * (table["accuracy bats 100"] - solved(risk, 100)))
    yield number(
        "accuracy of BATS less that of ReAct whose hazard is multiplied by the verifier's false acceptance, points",
        f"{_where(table)}; 100 calls; BATS simulated, ReAct in closed form; largest gap of a world "
        f"{100.0 * np.abs(table['accuracy bats 100'] - solved(risk, 100)).max():.1f}",
        theirs="0.0",
        ours=value,
        se=se,
        evidence="derived",
    )


def _at_one_cap(table: Table) -> Iterator[Claim]:
    for first, cap, second, other in COMPARED:
        name = f"{first} {cap} less {second} {other}"
        yield share_of_worlds(
            f"share of worlds in which {NAMES[first]} at {cap} calls is ahead of {NAMES[second]} at {other}",
            f"{_where(table)}; accuracy; mean difference {100.0 * table[name].mean():.1f} points",
            signs(table, name),
            evidence="sourced",
            by=_by(table, name, first, second),
        )


def _at_one_cost(table: Table) -> Iterator[Claim]:
    dear = f"{_where(table)}; accuracy against the best mix of caps that costs no more on average"
    for agent, cap in (("tracker", 100), ("tracker by used", 100), ("bats", 100), ("bats", 10)):
        name = f"react {cap} beyond {agent}"
        yield share_of_worlds(
            f"share of worlds in which {NAMES[agent]} is ahead at what ReAct spends at {cap} calls",
            f"{dear}; mean difference {-100.0 * table[name].mean():.2f} points",
            -signs(table, name),
            evidence="figure",
            by=_by({**table, name: -table[name]}, name, agent),
        )
    name = "react 100 beyond bats, calls"
    yield share_of_worlds(
        "share of worlds in which BATS is ahead with as many calls as ReAct makes at 100, verdicts free",
        f"{_where(table)}; accuracy; mean difference {-100.0 * table[name].mean():.2f} points",
        -signs(table, name),
        evidence="figure",
    )
    name = "bats 100 beyond tracker by used"
    yield share_of_worlds(
        f"share of worlds in which BATS at 100 calls is ahead of {NAMES['tracker by used']} at the same cost",
        f"{dear}; mean difference {100.0 * table[name].mean():.2f} points",
        signs(table, name),
        evidence="derived",
        by=_by(table, name, "bats"),
    )
    name = "bats to the end 100 beyond bats"
    yield share_of_worlds(
        f"share of worlds in which {NAMES['bats to the end']} is ahead of BATS at the same cost",
        f"{dear}; 100 calls; mean difference {100.0 * table[name].mean():.2f} points",
        signs(table, name),
        evidence="derived",
        by=_by(table, name, "bats to the end"),
    )
