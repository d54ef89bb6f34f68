"""BudgetMem, arXiv 2602.06025: the averages of its table, its unit of cost, its reward, its tiers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np

from budgetsim.reproduce.budgetmem_table import DATA_SETS, MEASURES, TABLE, Row
from budgetsim.reproduce.claim import Claim
from budgetsim.reproduce.rounded import from_printed
from budgetsim.reproduce.verdicts import half_unit, identity, number, numbers, ordering, statement, unverified
from budgetsim.theory.memory_tiers import aligned_rewards, token_cost
from budgetsim.theory.tier_plans import best_tier_plan, plan_frontier, tier_plans

_QUESTIONS = 314  # LoCoMo test set
_LARGE, _MIDDLE, _SMALL = 0.88, 0.18, 0.06  # dollars per million tokens of the three models of the CAP family
# A toy: relative tokens and weights of filter, entity, temporal, topic, summary; gains of the tiers.
_TOKENS, _WEIGHTS, _GAINS = (1.0, 0.6, 0.6, 0.6, 1.2), (0.10, 0.05, 0.06, 0.05, 0.14), (0.0, 0.55, 1.0)
# Fig. 2, CAP on LoCoMo: cost weight, cost, judge score.
_CURVE = (
    (0.0, 2.40, 0.546),
    (0.05, 2.48, 0.540),
    (0.1, 2.48, 0.576),
    (0.3, 2.00, 0.527),
    (0.5, 0.58, 0.408),
    (0.7, 0.28, 0.328),
    (0.9, 0.27, 0.295),
)


def claims() -> Iterator[Claim]:
    """Every exact claim."""
    yield from _averages()
    yield from _unit_of_cost()
    yield from _comparison()
    yield from _reward()
    yield from _tiers()
    yield from _curve()


def _average(row: Row, measure: int) -> float:
    return float(np.mean([float(cell[measure]) for cell in row[:-1]]))


def _averages() -> Iterator[Claim]:
    for model, rows in TABLE.items():
        wrong = [
            f"{method} {MEASURES[measure]} {row[-1][measure]}"
            for method, row in rows.items()
            for measure in range(3)
            # Each of the three cells is rounded too, so a true average may be up to two half units away.
            if abs(_average(row, measure) - float(row[-1][measure])) > 2 * half_unit(row[-1][measure]) + 1e-9
        ]
        yield statement(
            "printed averages are the averages of their cells",
            f"Table 1, {model}, 30 averages; those that are not",
            theirs="all",
            ours=", ".join(wrong) or "all",
            holds=not wrong,
            evidence="sourced",
        )
    for model, method in (("LLaMA-3.3-70B", "A-MEM"), ("Qwen3-Next-80B", "LangMem")):
        row = TABLE[model][method]
        yield from_printed(
            f"average cost of {method}",
            f"Table 1, {model}",
            theirs=row[-1][2],
            inputs=[cell[2] for cell in row[:-1]],
            formula=lambda *cells: float(np.mean(cells)),
            evidence="sourced",
        )
    yield from_printed(
        "average cost of A-MEM",
        "Table 1, LLaMA-3.3-70B, as a later note prints it",
        theirs="32.07",
        inputs=[cell[2] for cell in TABLE["LLaMA-3.3-70B"]["A-MEM"][:-1]],
        formula=lambda *cells: float(np.mean(cells)),
        evidence="second-hand",
    )


def _unit_of_cost() -> Iterator[Claim]:
    scores = [float(row[0][1]) for row in TABLE["LLaMA-3.3-70B"].values()]
    nearest = [abs(score - 100.0 * round(score * 2 * _QUESTIONS / 100.0) / (2 * _QUESTIONS)) for score in scores]
    yield statement(
        "judge scores on LoCoMo are whole numbers of half points out of 314 questions",
        "Table 1, LLaMA-3.3-70B, ten methods; largest distance in points, printed to .01",
        theirs="all",
        ours=max(nearest),
        holds=max(nearest) <= 0.005 + 1e-9,
        evidence="derived",
    )
    dollars = 2.40 / _QUESTIONS
    yield numbers(
        "dollars and thousands of tokens per question, if cost is dollars per test set",
        "BudgetMem-CAP, LoCoMo, 2.40; a 70B model at 0.88 dollars a million",
        theirs=(".0076", "8.7"),
        ours=[dollars, dollars / float(token_cost(1000.0, _LARGE))],
        evidence="derived",
    )
    yield number(
        "millions of tokens per question, if cost is dollars per question",
        "the same: too many for a question of one conversation",
        theirs="2.7",
        ours=2.40 / float(token_cost(1e6, _LARGE)),
        evidence="derived",
    )


def _comparison() -> Iterator[Claim]:
    for model, rows in TABLE.items():
        ours, best = rows["BudgetMem-CAP"], rows["LightMem"]
        rivals = [row for method, row in rows.items() if not method.startswith("BudgetMem")]
        ahead = all(float(ours[place][1]) > max(float(row[place][1]) for row in rivals) for place in range(3))
        yield statement(
            "BudgetMem-CAP has a higher judge score than every method without a budget",
            f"Table 1, {model}, each of three data sets; no sampling error is published",
            theirs="higher",
            ours="higher" if ahead else "not on all",
            holds=ahead,
            evidence="sourced",
        )
        pairs = zip(DATA_SETS, ours[:3], best[:3], strict=True)
        dearer = [name for name, mine, other in pairs if float(mine[2]) > float(other[2])]
        cheaper = float(ours[-1][2]) < float(best[-1][2])
        yield statement(
            "BudgetMem-CAP costs less than LightMem",
            f"Table 1, {model}, each of three data sets",
            theirs="less",
            ours=f"more on {', '.join(dearer)}" if dearer else "less",
            holds=not dearer,
            only_if=("the data sets are averaged", cheaper),
            evidence="sourced",
        )


def _reward() -> Iterator[Claim]:
    rng = np.random.default_rng(260206025)
    task, cost = rng.choice([0.0, 0.5, 1.0], 32), rng.random(32)
    rewards = aligned_rewards(task, cost, 0.3)
    paper, code = (np.asarray(part) for part in (rewards.paper, rewards.code))
    normal = [(part - part.mean()) / part.std() for part in (paper, code)]
    yield identity(
        "the rewards of paper and code give the same normalized advantages",
        "a batch of 32 drawn rewards, weight .3",
        theirs="equal",
        gap=float(np.max(np.abs(normal[0] - normal[1]))),
        evidence="derived",
    )
    yield identity(
        "the rewards of paper and code give the same targets to the value function",
        "the same batch",
        theirs="equal",
        gap=float(np.max(np.abs(paper - code))),
        evidence="derived",
    )
    yield identity(
        "the code's reward is the paper's times std(cost)/std(task)",
        "the same batch",
        theirs="equal",
        gap=float(np.max(np.abs(code - paper * cost.std() / task.std()))),
        evidence="derived",
    )


def _tiers() -> Iterator[Claim]:
    plans = tier_plans(_TOKENS, (_SMALL, _MIDDLE, _LARGE), _WEIGHTS, _GAINS, 0.28)
    where = "toy of five modules, 243 plans, prices of the CAP family, fixed window"
    high, middle = best_tier_plan(plans, 0.1), best_tier_plan(plans, 0.3)
    yield numbers(
        "judge score and cost at a cost weight of .1, and at .3",
        where,
        theirs=(".680", "3.52", ".500", ".72"),
        ours=[high.quality, high.cost, middle.quality, middle.cost],
        evidence="derived",
    )
    yield statement(
        "all modules are HIGH up to a weight of .1 and all MID at .3",
        where,
        theirs="2 2 2 2 2, 1 1 1 1 1",
        ours=f"{' '.join(map(str, high.tiers))}, {' '.join(map(str, middle.tiers))}",
        holds=set(high.tiers) == {2} and set(middle.tiers) == {1},
        evidence="derived",
    )
    steps = plan_frontier(plans)
    costs = [part.plan.cost for part in steps]
    yield statement(
        "the cost of the best plan never rises with the weight of the cost",
        f"{where}; plans that are best at some weight",
        theirs="never",
        ours="never" if costs == sorted(costs, reverse=True) else "rises",
        holds=costs == sorted(costs, reverse=True),
        evidence="derived",
    )
    moved = [
        sum(a != b for a, b in zip(before.plan.tiers, after.plan.tiers, strict=True))
        for before, after in itertools.pairwise(steps)
    ]
    yield statement(
        "several modules change their tier at one weight",
        f"{where}; modules that change at each step",
        theirs="> 1",
        ours=", ".join(str(count) for count in moved),
        holds=max(moved) > 1,
        evidence="derived",
    )
    kept, chosen = best_tier_plan(plans, 0.0), best_tier_plan(plans, 0.9)
    yield statement(
        "one router serves every weight of the cost without training again",
        f"{where}; cost of the best plan at weight 0 and at .9",
        theirs="the same plan",
        ours=f"{kept.cost:.2f} and {chosen.cost:.2f}",
        holds=kept.tiers == chosen.tiers,
        evidence="second-hand",
    )


def _curve() -> Iterator[Claim]:
    costs = [cost for _, cost, _ in _CURVE]
    late = [cost for weight, cost, _ in _CURVE if weight >= 0.1]
    yield statement(
        "the cost of the trained router falls as its weight rises",
        "Fig. 2, CAP, LoCoMo; weights 0 to .9, read off a plot to about .01",
        theirs="falls",
        ours=", ".join(f"{cost:.2f}" for cost in costs),
        holds=costs == sorted(costs, reverse=True),
        only_if=("the weight is .1 or more", late == sorted(late, reverse=True)),
        evidence="figure",
    )
    free, best = _CURVE[0][2], max(judge for _, _, judge in _CURVE)
    yield ordering(
        "the router that ignores the cost has the best judge score",
        "Fig. 2, CAP, LoCoMo; weight 0 less the best other; standard error of two samples of 314 questions at most",
        theirs="best at weight 0",
        difference=free - best,
        se=math.sqrt(2 * 0.25 / _QUESTIONS),
        evidence="figure",
    )
    yield unverified(
        "aligning the scales of the two rewards delays the collapse to LOW",
        "Fig. 3; graded rewards delay it and rewards of 0 or 1 hasten it in a toy, and the released judge gives 0, "
        ".5, 1",
        theirs="delays",
        evidence="figure",
    )
