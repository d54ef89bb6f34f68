"""Errata about budget-aware value trees."""

from __future__ import annotations

import math

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import value_tree, value_tree_bounds, value_tree_pool, value_tree_risks, value_tree_variants

PAPER = "Spend Less, Reason Better: Budget-Aware Value Tree Search for LLM Agents, Li, Deng, Li, Li, arXiv 2603.12634"
VALUES = (0.2, 0.4, 0.7)


def _chance_of_best(remaining_ratio: float) -> float:
    return float(value_tree.selection_probabilities(VALUES, remaining_ratio)[-1])


def _constant_least_advance() -> tuple[Gap, ...]:
    gains, failure, progress, pool, competition = 20, 0.01, 0.5, 3, 1.6
    at_start = value_tree_pool.advance_probability(progress, pool, competition, 1.0)
    return (
        Gap(
            "steps for 20 gains with 1 % failure, 3 nodes, a rival of 1.6 times the value, chance taken at the start",
            float(value_tree_bounds.step_bounds(gains, at_start, failure).published),
            float(value_tree_pool.exact_pool_steps(gains, failure, progress, pool, competition)),
        ),
    )


def _bound_promises_the_answer() -> tuple[Gap, ...]:
    return (
        Gap(
            "chance of a right answer with any budget: 3 gains, progress .3, false terminal .05 a step",
            1.0,
            float(value_tree_risks.correct_answer_probability(0.3, 0.05, 3, 10).limit),
        ),
    )


def _bound_covers_the_budgets_tested() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"least chance of progress that certifies {gains} gains in {steps} calls at 10 % failure (said: at most)",
            1.0,
            float(value_tree_bounds.least_advance(gains, steps, 0.1).published),
        )
        for gains, steps in ((2, 5), (7, 10))
    )


def _inverted_exponent() -> tuple[Gap, ...]:
    said = float(value_tree_variants.inverted_selection(VALUES, 0.05)[-1])
    return (Gap("chance of the best of values .2, .4, .7 at 5 % of the budget", said, _chance_of_best(0.05)),)


def _exponent_one_is_uniform() -> tuple[Gap, ...]:
    return (Gap("chance of the best of values .2, .4, .7 with the whole budget left", 1 / 3, _chance_of_best(1.0)),)


def _proportional_split() -> tuple[Gap, ...]:
    share = float(value_tree_variants.proportional_split(VALUES, 1.0)[-1])
    return (
        Gap("weight of the best of values .2, .4, .7 at 20 % of the budget", share, _chance_of_best(0.2)),
        Gap("deepest node with 20 calls", float(value_tree_variants.split_depth(20, 3, 1)), 20.0),
    )


def _maximum_backup() -> tuple[Gap, ...]:
    return (
        Gap(
            "mean error of the value backed up from 5 equally good children of spread .1",
            float(value_tree_variants.max_backup_bias(5, 0.1)),
            0.0,
        ),
        Gap(
            "largest value of a node of value .8 with a child of value .7",
            float(value_tree_variants.max_backup_value(0.8, 0.9, [0.7])),
            1.0,
        ),
    )


def _growing_bonus() -> tuple[Gap, ...]:
    late, early = (value_tree_variants.ucb_score(0.0, 1.0, left, 20.0, 2.0) for left in (1.0, 20.0))
    return (
        Gap(
            "weight of exploring at 1 of 20 calls left over that at 20 (right: chance of the weaker of .2, .4, .7)",
            late / early,
            (1.0 - _chance_of_best(0.05)) / (1.0 - _chance_of_best(1.0)),
        ),
    )


def _bonus_for_few_visits() -> tuple[Gap, ...]:
    new, known = (
        value_tree_variants.uct_heuristic_score(value, 1.0, 0.05, visits) for value, visits in ((0.1, 0), (0.7, 5))
    )
    return (
        Gap(
            "chance of a fresh node of value .1 beside one of .7 visited 5 times, 1 of 20 calls left",
            1.0 if new > known else 0.0,
            float(value_tree.selection_probabilities((0.1, 0.7), 0.05)[0]),
        ),
    )


def _gains_rounded_up() -> tuple[Gap, ...]:
    return (
        Gap(
            "gains of .1 from .2 to the threshold .8",
            float(math.ceil((0.8 - 0.2) / 0.1)),
            float(value_tree_bounds.required_gains(0.8, 0.2, 0.1)),
        ),
    )


ERRATA = (
    Erratum(
        key="constant_least_advance",
        title="The bound with one least chance of progress",
        said=r"$\frac1{p_{min}}(K+\sqrt{2K\ln\frac1\epsilon}+2\ln\frac1\epsilon)$ steps suffice, $p_{min}$ a "
        "constant that "
        "follows from a bounded pool, bounded values and a bounded exponent.",
        where=f"{PAPER}, convergence theorem, as reported by three readings",
        by="paper",
        evidence="second-hand",
        right="Right under these assumptions, but the exponent 1/r of the method has no bound and the chance falls "
        "with the "
        r"budget left. Use $\bar p=\int_0^1p(r)\,dr$ (`pool_steps`), cap the exponent, or ask that no rival is "
        "valued above "
        "the useful node.",
        proof=r"With a rival of $\varrho>1$ times the value, $p(r)=p_g/(1+(N-1)\varrho^{1/r})\to0$ as $r\to0$: the "
        "least "
        "chance of a run depends on its budget, and one taken at the start promises too few steps.",
        gaps=_constant_least_advance,
    ),
    Erratum(
        key="bound_promises_the_answer",
        title="The bound promises the right answer",
        said="With a finite budget the search finds the correct answer with any probability below 1.",
        where=f"readings of {PAPER}",
        by="popular",
        evidence="second-hand",
        right="It promises a node whose *critic value* passes the threshold. With false terminals of chance f a "
        "step no "
        r"budget passes $(p/(p+f))^K$.",
        proof="Of the steps that do anything a share $p/(p+f)$ are progress; K of them must come before the first "
        "false "
        "terminal, whatever the number of steps.",
        gaps=_bound_promises_the_answer,
    ),
    Erratum(
        key="bound_covers_the_budgets_tested",
        title="The bound covers the budgets of the experiments",
        said="The guarantee applies to searches of 5 to 20 calls.",
        where=f"a reading of {PAPER}; budgets and bound as reported",
        by="popular",
        evidence="second-hand",
        right="At 5 and 10 calls it asks for a chance of progress above 1: it says nothing there.",
        proof=r"Turn it around, $p\ge(K+\sqrt{2KL}+2L)/M$ with $L=\ln10$. Gains of at most .4 from .1 to .8 need K "
        "of 2 or "
        "more.",
        gaps=_bound_covers_the_budgets_tested,
    ),
    Erratum(
        key="inverted_exponent",
        title="Selection with the exponent r",
        said=r"$P_i\propto V_i^{\,r}$, r the remaining ratio.",
        where=f"a public source file about {PAPER}",
        by="popular",
        evidence="sourced",
        right=r"$P_i\propto V_i^{1/r}$.",
        proof=r"As $r\to0$, $V^r\to1$ for every node, a uniform choice when the budget is gone; $V^{1/r}$ puts all "
        "on the best.",
        gaps=_inverted_exponent,
    ),
    Erratum(
        key="exponent_one_is_uniform",
        title="An exponent of one selects evenly",
        said="With the whole budget left, selection is about uniform.",
        where=f"a public note on {PAPER}",
        by="popular",
        evidence="sourced",
        right="At r = 1 chances are proportional to the values.",
        proof=r"$V^{1/1}=V$; uniform would be the exponent 0.",
        gaps=_exponent_one_is_uniform,
    ),
    Erratum(
        key="proportional_split",
        title="The budget is split among the children by value",
        said=r"$B_i=B_{rem}V_i/\sum_jV_j$.",
        where="a wiki page on budget-aware reasoning, under the name of the value tree",
        by="popular",
        evidence="sourced",
        right=f"One shared budget, one node drawn at a time with the exponent 1/r: {PAPER}.",
        proof="The split is the paper's distribution frozen at r = 1. It also starves depth: k equal children "
        "everywhere "
        r"leave a budget B for $\log_kB$ levels, one child at a time for B.",
        gaps=_proportional_split,
    ),
    Erratum(
        key="maximum_backup",
        title="Values backed up by a discounted maximum",
        said=r"$V(n)=R(n)+\gamma\max_cV(c)$.",
        where="the same wiki page",
        by="popular",
        evidence="sourced",
        right="Residuals are added on the way down, and after an answer the *mean* of a node and its children is "
        "taken "
        r"(as reported); values stay in [.1, 1].",
        proof=r"$E\max_i\epsilon_i>0$ for two or more noisy children although each error has mean 0; and R plus a "
        "discounted "
        "maximum can exceed 1, where any answer threshold loses its meaning.",
        gaps=_maximum_backup,
    ),
    Erratum(
        key="growing_bonus",
        title="A UCB bonus that grows as the budget falls",
        said=r"$\bar V+\frac c{b}\sqrt{\ln(B+1)/n}$, b the budget left.",
        where="GitHub ADu2021/skillXiv, bavt-budget-aware-search",
        by="popular",
        evidence="sourced",
        right="The less is left, the less is explored; no visit counts, nothing deterministic.",
        proof="The bonus is divided by the budget left: with 1 of 20 calls left it is 20 times that at the start, in "
        "units "
        "that depend on how budgets are counted.",
        gaps=_growing_bonus,
    ),
    Erratum(
        key="bonus_for_few_visits",
        title="A value that rewards few visits",
        said=r"$V+\frac{1}{1+\phi}(1+\frac{0.1}b)\frac1{n+1}$ with an absolute value that falls with depth.",
        where="GitHub ADu2021/skillXiv, budget-aware-tree-search",
        by="popular",
        evidence="sourced",
        right="No visit bonus and no absolute value: the critic scores the progress of a step.",
        proof="The bonus of a fresh node, about 1, exceeds the whole range of values, so the worst fresh node comes "
        "before "
        "the best known one even on the last call.",
        gaps=_bonus_for_few_visits,
    ),
    Erratum(
        key="gains_rounded_up",
        title="Gains by a ceiling of floats",
        said=r"$K=\lceil(\tau-V_0)/\delta\rceil$ typed in as it stands.",
        where=f"the formula of {PAPER} (as reported) in floating point",
        by="popular",
        evidence="derived",
        right=r"$\lceil x-10^{-9}\rceil$.",
        proof="(0.8 - 0.2)/0.1 is 6.000000000000001 in double precision, and its ceiling 7.",
        gaps=_gains_rounded_up,
    ),
)
