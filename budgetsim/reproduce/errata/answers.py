"""Errata about token budgets, anytime answers and tool budgets."""

from __future__ import annotations

import numpy as np

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import anytime, stopping, token_budgets, tools

TALE = "Token-Budget-Aware LLM Reasoning, Han et al., arXiv 2412.18547"
ANYTIME = "Budget-Aware Anytime Reasoning with LLM-Synthesized Preference Data, Zhang et al., arXiv 2601.11038"
BATS = "Budget-Aware Tool-Use Enables Effective Agent Scaling, Liu et al., arXiv 2511.17006"
WIKI = "a wiki page on budget-aware reasoning"

# Table 3 of TALE, GPT-4o-mini: accuracy (%) and output tokens of six data sets, vanilla chain of thought and TALE-EP.
COT_TOKENS = (318.10, 252.96, 313.51, 553.93, 653.24, 675.78)
EP_TOKENS = (77.26, 22.67, 39.60, 238.14, 254.82, 259.85)
EP_ACCURACY = (84.46, 98.72, 73.67, 79.33, 80.00, 70.00)
# MathBench-College, four models: tokens and expense, chain of thought and TALE-EP.
MODELS_COT_TOKENS, MODELS_EP_TOKENS = (675.78, 998.10, 602.29, 1163.55), (259.85, 373.52, 181.61, 677.65)
MODELS_COT_EXPENSE, MODELS_EP_EXPENSE = (81.56, 21.55, 1359.42, 638.46), (45.60, 17.25, 759.95, 385.12)
CHECKPOINTS, QUALITY = (256, 512, 1024, 2048, 4096), (0.2, 0.5, 0.45, 0.7, 0.7)


def worked_tokens(token_budget: float) -> float:
    """An elasticity curve on which the least tokens are not at the least budget."""
    tokens: float = token_budgets.elastic_tokens(
        token_budget,
        vanilla_tokens=256.0,
        base_tokens=40.0,
        tokens_per_budget=0.9,
        collapse_budget=14.0,
        steepness=2.5,
        collapsed_tokens=165.0,
    )
    return tokens


def _printed_search() -> tuple[Gap, ...]:
    printed = token_budgets.printed_search_budget(256, lambda _: True, worked_tokens).budget
    released = token_budgets.search_budget(256, lambda _: True, worked_tokens).budget
    return (
        Gap("budget found on an elastic curve, every answer right, 256 tokens without a budget", printed, released),
    )


def _halving_finds_the_optimum() -> tuple[Gap, ...]:
    def correct(token_budget: int) -> bool:
        return token_budget >= 33

    def tokens(token_budget: int) -> float:
        return 40.0 + token_budget

    found = token_budgets.search_budget(256, correct, tokens).budget
    best = min((budget for budget in range(1, 257) if correct(budget)), key=tokens)
    return (
        Gap("budget found if answers are right from 33 tokens on and longer budgets give longer answers", found, best),
    )


def _reduction_of_68_64() -> tuple[Gap, ...]:
    saved = token_budgets.token_reduction(COT_TOKENS, EP_TOKENS)
    return (
        Gap("tokens saved, %, ratio of the means", 68.64, 100.0 * float(saved.of_means), 0.005),
        Gap("tokens saved, %, mean over the data sets", 68.64, 100.0 * float(saved.mean), 0.005),
    )


def _caption_of_table_3() -> tuple[Gap, ...]:
    return (
        Gap("mean accuracy of TALE-EP, %", 80.22, float(np.mean(EP_ACCURACY)), 0.005),
        Gap("mean output tokens of TALE-EP", 138.53, float(np.mean(EP_TOKENS)), 0.005),
    )


def _reduction_across_models() -> tuple[Gap, ...]:
    tokens = token_budgets.token_reduction(MODELS_COT_TOKENS, MODELS_EP_TOKENS)
    expense = token_budgets.token_reduction(MODELS_COT_EXPENSE, MODELS_EP_EXPENSE)
    return (
        Gap("tokens saved over the four models, %, mean of the reductions", 64.63, 100.0 * float(tokens.mean), 0.005),
        Gap("expense saved, %, mean of the reductions", 45.30, 100.0 * float(expense.mean), 0.005),
        Gap("expense saved, %, ratio of the sums", 45.30, 100.0 * float(expense.of_means), 0.005),
    )


def _two_thirds_in_range() -> tuple[Gap, ...]:
    return (Gap("estimates inside the ideal range, % (said: at least)", 200.0 / 3.0, 60.61),)


def _tokens_per_right_answer() -> tuple[Gap, ...]:
    return (Gap("tokens per question of TALE-EP on GSM8K", EP_TOKENS[0] / (EP_ACCURACY[0] / 100.0), EP_TOKENS[0]),)


def _mean_slope_as_anytime_index() -> tuple[Gap, ...]:
    budgets = (0.0, 1.0, 2.0, 3.0, 4.0)
    early, late = (0.0, 0.9, 0.9, 0.9, 1.0), (0.0, 0.1, 0.1, 0.1, 1.0)
    return (
        Gap(
            "index of a run that rises early over that of one that rises late, same ends, equal spacing",
            float(anytime.anytime_index_seed(budgets, early)) / float(anytime.anytime_index_seed(budgets, late)),
            float(anytime.anytime_index(budgets, early)) / float(anytime.anytime_index(budgets, late)),
        ),
    )


def _stop_at_small_relative_gain() -> tuple[Gap, ...]:
    stop = stopping.relative_gain_stop(CHECKPOINTS, QUALITY, 0.05)
    return (Gap("quality .2, .5, .45, .7, .7 kept by stopping below 5 % gain", QUALITY[int(stop.index)], max(QUALITY)),)


def _browse_reduction() -> tuple[Gap, ...]:
    return (Gap("browse calls saved by the tracker at 10 over ReAct at 100, %", 21.4, 100.0 * (1 - 1.09 / 1.36), 0.05),)


def _tracker_at_100() -> tuple[Gap, ...]:
    return (Gap("accuracy of the tracker at 100 calls, Pro on BrowseComp, %", 15.0, 14.6, 0.05),)


def _ten_times_cheaper() -> tuple[Gap, ...]:
    return (Gap("cost saved by the tracker at 10 over ReAct at 100, %", 90.0, 100.0 * (1.0 - 6.8 / 9.9)),)


def _regimes_at_half_and_fifth() -> tuple[Gap, ...]:
    shares = [step / 1000 for step in range(1001)]
    return tuple(
        Gap(
            f"least share of the budget that counts as {name}",
            said,
            min(s for s in shares if tools.budget_regime(s) in above),
        )
        for name, said, above in (("HIGH", 0.5, ("HIGH",)), ("MEDIUM", 0.2, ("HIGH", "MEDIUM")))
    )


def _boundaries_printed_twice() -> tuple[Gap, ...]:
    printed = {"HIGH": (0.7, 1.0), "MEDIUM": (0.3, 0.7), "LOW": (0.1, 0.3)}
    return (Gap("regimes that hold a share of 30 %", sum(low <= 0.3 <= high for low, high in printed.values()), 1),)


ERRATA = (
    Erratum(
        key="printed_search",
        title="The printed search for a budget",
        said="Algorithm 1 returns the smallest feasible budget.",
        where=f"{TALE}, Algorithm 1",
        by="paper",
        evidence="sourced",
        right="As printed it returns the first *infeasible* budget and tests the first halving twice; the released "
        "code returns the last accepted one.",
        proof="The loop ends by returning the candidate whose test just failed, and its first update computes the "
        "first candidate again before it halves anything.",
        gaps=_printed_search,
    ),
    Erratum(
        key="halving_finds_the_optimum",
        title="Halving finds the optimal budget",
        said="A binary search finds the budget with the fewest tokens.",
        where=f"{TALE}",
        by="paper",
        evidence="sourced",
        right="It halves from one side and never goes back: it finds the best of the halvings, within a factor of 2.",
        proof=r"Only $T,\lfloor T/2\rfloor,\lfloor T/4\rfloor,\dots$ are ever asked for, at most "
        r"$\lfloor\log_2T\rfloor+1$ of "
        "T budgets.",
        gaps=_halving_finds_the_optimum,
    ),
    Erratum(
        key="reduction_of_68_64",
        title="A saving of 68.64 %",
        said="TALE-EP saves 68.64 % of the tokens on average.",
        where=TALE,
        by="paper",
        evidence="sourced",
        right="67.76 % as the ratio of the means, 72.28 % as the mean over data sets; 67 % as said elsewhere is fine.",
        proof="Recomputed from the six rows of the table; reduction of means and mean of reductions differ.",
        gaps=_reduction_of_68_64,
    ),
    Erratum(
        key="caption_of_table_3",
        title="A caption that its table contradicts",
        said="80.22 % accuracy and 138.53 tokens on average.",
        where=f"{TALE}, caption",
        by="paper",
        evidence="sourced",
        right="The six rows average 81.03 % and 148.72 tokens, as the table's own last row says.",
        proof="The mean of the six rows.",
        gaps=_caption_of_table_3,
    ),
    Erratum(
        key="reduction_across_models",
        title="Savings across models",
        said="64.63 % of the tokens and 45.30 % of the expense over the models of MathBench-College.",
        where=TALE,
        by="paper",
        evidence="sourced",
        right="64.66 % is the mean over the first three models; all four give 58.93 %. 45.30 % comes out of no "
        "average tried.",
        proof="Recomputed from the rows of the four models, as mean of reductions and as ratio of sums.",
        gaps=_reduction_across_models,
    ),
    Erratum(
        key="two_thirds_in_range",
        title="More than two thirds in the ideal range",
        said="More than two thirds of the estimates lie in the ideal range.",
        where=f"{TALE}, text",
        by="paper",
        evidence="sourced",
        right="60.61 %, by the paper's own table.",
        proof="60.61 is below 66.67.",
        gaps=_two_thirds_in_range,
    ),
    Erratum(
        key="tokens_per_right_answer",
        title="Tokens per question that are tokens per right answer",
        said="Total tokens divided by the number of right answers, reported as tokens per question.",
        where="GitHub GeniusHTX/TALE, TALE-PT.py",
        by="code",
        evidence="sourced",
        right="Divide by the number of questions.",
        proof="The two differ by the factor 1/accuracy, which favours the more accurate method a second time.",
        gaps=_tokens_per_right_answer,
    ),
    Erratum(
        key="mean_slope_as_anytime_index",
        title="The anytime index as a mean slope",
        said=r"$\frac1{|B|}\sum_b dQ(b)/db$.",
        where=WIKI,
        by="popular",
        evidence="sourced",
        right=f"The area under the best quality so far over the largest possible area: {ANYTIME} (as reported).",
        proof="On an equal grid the mean slope telescopes to $(Q_T-Q_1)/(b_T-b_1)$: it sees the two ends only, and "
        "ties "
        "any two runs that share them.",
        gaps=_mean_slope_as_anytime_index,
    ),
    Erratum(
        key="stop_at_small_relative_gain",
        title="Stop at the first small relative gain",
        said=r"Stop when $(Q(b+\Delta b)-Q(b))/Q(b)<\epsilon$: best overall.",
        where=f"{WIKI}; {ANYTIME} has no stopping rule (as reported)",
        by="popular",
        evidence="sourced",
        right="It is myopic: it stops at the first plateau or dip, at whatever the grid makes of it.",
        proof="One dip from .5 to .45 ends the run although .7 follows; it also needs the true quality, which is not "
        "seen "
        "while the run goes on.",
        gaps=_stop_at_small_relative_gain,
    ),
    Erratum(
        key="browse_reduction",
        title="21.4 % fewer browse calls",
        said="The tracker saves 21.4 % of the browse calls.",
        where=f"{BATS}, text on Table 2",
        by="paper",
        evidence="sourced",
        right="1.09 instead of 1.36 calls are 19.9 % fewer; the savings on searches (40.4 %) and cost (31.3 %) do "
        "recompute.",
        proof="1 - 1.09/1.36.",
        gaps=_browse_reduction,
    ),
    Erratum(
        key="tracker_at_100",
        title="One cell, two numbers",
        said="15.0 % for the tracker at a budget of 100 in the figure.",
        where=f"{BATS}, Fig. 3 against Table 1",
        by="paper",
        evidence="sourced",
        right="14.6 % in Table 1; which is right cannot be told.",
        proof="Same model, data set and budget.",
        gaps=_tracker_at_100,
    ),
    Erratum(
        key="ten_times_cheaper",
        title="A tenth of the budget read as a tenth of the cost",
        said="The same accuracy at a tenth of the cost.",
        where=f"readings of {BATS}, which says budget",
        by="popular",
        evidence="derived",
        right="A budget is a cap. The cost falls from 9.9 to 6.8 cents, by 31 %.",
        proof="ReAct stops by itself after 14 searches whatever its cap, so lowering the cap from 100 to 10 saves "
        "little.",
        gaps=_ten_times_cheaper,
    ),
    Erratum(
        key="regimes_at_half_and_fifth",
        title="Health states at 50 and 20 percent",
        said="The tracker's states change at 50 % and 20 % of the budget.",
        where=f"public skill files about {BATS}",
        by="popular",
        evidence="sourced",
        right="At 70, 30 and 10 %, and there are four.",
        proof="Read in the paper; at 60 % of the budget the skill files explore where the paper converges.",
        gaps=_regimes_at_half_and_fifth,
    ),
    Erratum(
        key="boundaries_printed_twice",
        title="Boundaries that belong to two regimes",
        said="MEDIUM is 30 to 70 %, LOW is 10 to 30 %.",
        where=BATS,
        by="paper",
        evidence="sourced",
        right="One of them; here the higher regime has its lower boundary (a convention).",
        proof="At exactly 30 % both printed ranges hold, and their advice differs.",
        gaps=_boundaries_printed_twice,
    ),
)
