"""Errata about memory tiers, personas and the scaling of agent systems."""

from __future__ import annotations

import numpy as np

from budgetsim.reproduce.errata.record import Erratum, Gap
from budgetsim.theory import agent_scaling, equal_budget, memory_tiers, personas, tier_plans, votes

BUDGETMEM = "Learning Query-Aware Budget-Tier Routing for Runtime Agent Memory, Zhang et al., arXiv 2602.06025"
SPP = "Unleashing the Emergent Cognitive Synergy in Large Language Models, Wang et al., arXiv 2307.05300"
SCALING = "Towards a Science of Scaling Agent Systems, Kim et al., arXiv 2512.08296, v2"
TURNS = {"single": 7.2, "independent": 11.4, "decentralized": 26.1, "centralized": 27.7, "hybrid": 44.3}
# Relative changes to the single agent, %: finance, BrowseComp, PlanCraft, Workbench; four architectures each.
CHANGES = (80.8, 74.5, 73.1, 57.0, 0.2, 9.2, 6.0, -35.0, -50.3, -41.5, -39.1, -70.1, -1.2, 5.7, -1.2, -11.0)


def _averages_of_table_1() -> tuple[Gap, ...]:
    return (
        Gap("mean cost of A-MEM with LLaMA-3.3-70B", 36.55, float(np.mean([2.88, 80.02, 13.32])), 0.005),
        Gap("mean cost of LangMem with Qwen3-Next-80B", 2.82, float(np.mean([0.14, 3.99, 17.56])), 0.005),
    )


def _cost_per_query() -> tuple[Gap, ...]:
    per_query = 2.40 / 314
    return (
        Gap("dollars per question of BudgetMem-CAP on LoCoMo", 2.40, per_query, 0.005),
        Gap(
            "tokens of a 70B model at $0.88 a million that this buys",
            2.40 / memory_tiers.token_cost(1.0, 0.88),
            per_query / memory_tiers.token_cost(1.0, 0.88),
        ),
    )


def _reward_of_the_code() -> tuple[Gap, ...]:
    rewards = memory_tiers.aligned_rewards((1.0, 0.0, 0.5), (0.2, 0.9, 0.4), 0.5)
    return (
        Gap(
            "value target of the first of three queries, task rewards 1, 0, .5, cost rewards .2, .9, .4, weight .5",
            float(rewards.paper[0]),
            float(rewards.code[0]),
        ),
    )


def _one_router_for_every_weight() -> tuple[Gap, ...]:
    plans = tier_plans.tier_plans([1.0, 0.5], [0.1, 0.9], [0.2, 0.1], [0.0, 1.0], 0.3)
    free, dear = (tier_plans.best_tier_plan(plans, weight) for weight in (0.0, 1.0))
    return (Gap("cost of the plan in use at weight 1, two modules of two tiers", free.cost, dear.cost),)


def _refined_codenames() -> tuple[Gap, ...]:
    return (Gap("Codenames, one refinement, mean of 70.1 and 58.8", 64.6, (70.1 + 58.8) / 2, 0.05),)


def _mean_of_ratios() -> tuple[Gap, ...]:
    found = personas.pooled_recall([2, 1, 3], [3, 4, 3])
    return (Gap("recall of 2 of 3, 1 of 4 and 3 of 3 targets, %", found.mean_ratio_percent, found.pooled_percent),)


def _error_amplification() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"failures over those of the single agent, {name}",
            printed,
            agent_scaling.failure_ratio(success, 0.466),
            0.05,
        )
        for name, printed, success in (("independent", 17.2, 0.370), ("centralized", 4.4, 0.463))
    )


def _success_per_thousand_tokens() -> tuple[Gap, ...]:
    return (Gap("successes of a single agent in one trial of 4800 tokens", 67.7 * 4800 / 1000, 0.466),)


def _matched_budgets() -> tuple[Gap, ...]:
    return tuple(
        Gap(
            f"tokens per trial, {name}, per million tokens as the table must be read",
            4800,
            agent_scaling.implied_tokens_per_trial(success, per_million),
        )
        for name, success, per_million in (("single", 0.466, 67.7), ("hybrid", 0.452, 13.6))
    )


def _turns_of_one_agent() -> tuple[Gap, ...]:
    return (Gap("turns of one agent", agent_scaling.turns_law(1.0), TURNS["single"], 0.0),)


def _density_of_hybrid() -> tuple[Gap, ...]:
    return (Gap("success at .24 messages a turn (hybrid)", agent_scaling.density_law(0.24), 0.452),)


def _threshold_of_45_percent() -> tuple[Gap, ...]:
    single = (0.349, 0.318, 0.568, 0.629)
    ours = agent_scaling.single_agent_threshold(0.052, -0.404, float(np.mean(single)), float(np.std(single)))
    return (Gap("single-agent success above which more agents hurt", 0.45, ours, 0.005),)


def _threshold_as_binary_accuracy() -> tuple[Gap, ...]:
    return (
        Gap(
            "accuracy of 5 votes of accuracy .45 if three wrong answers share the rest",
            float(votes.majority_vote_accuracy(0.45, 5)),
            equal_budget.self_consistency_accuracy(0.45, 3, 5),
        ),
    )


def _mean_change() -> tuple[Gap, ...]:
    return (Gap("mean change over 16 domains and architectures, %", -3.5, float(np.mean(CHANGES)), 0.05),)


def _rounds_of_debate() -> tuple[Gap, ...]:
    printed, shipped = (
        agent_scaling.llm_calls("decentralized", iterations=3, agents=3, rounds=rounds) for rounds in (3, 5)
    )
    return (Gap("calls of a decentralized trial, 3 agents of 3 iterations", printed, shipped),)


ERRATA = (
    Erratum(
        key="averages_of_table_1",
        title="Two averages that are none",
        said="Average costs of 36.55 and 2.82.",
        where=f"{BUDGETMEM}, Table 1",
        by="paper",
        evidence="sourced",
        right="32.07 and 7.23; the other 58 averages agree with their cells.",
        proof="The mean of the three cells beside each.",
        gaps=_averages_of_table_1,
    ),
    Erratum(
        key="cost_per_query",
        title="Cost read as cost per query",
        said="A question costs 2.40 dollars.",
        where=f"a reading of {BUDGETMEM}, Table 1",
        by="popular",
        evidence="derived",
        right="Dollars for the test set of 314 questions, under a cent each.",
        proof="At 0.88 dollars a million tokens 2.40 dollars a question would be 2.7 million tokens; and every judge "
        "score is a "
        "multiple of half a 314th.",
        gaps=_cost_per_query,
    ),
    Erratum(
        key="reward_of_the_code",
        title="Paper and code optimize the same reward",
        said=r"$r=r_{task}+\lambda\alpha\,r_{cost}$.",
        where=f"{BUDGETMEM} (as reported), against GitHub ViktorAxelsen/BudgetMem",
        by="paper",
        evidence="second-hand",
        right=r"The code has $s\,r_{task}+\lambda\,r_{cost}$ with $s=1/\alpha$: the same normalized advantages, "
        "other value targets.",
        proof="The code's reward is s times the paper's; dividing by the batch's deviation cancels s, regressing a "
        "value on it does not.",
        gaps=_reward_of_the_code,
    ),
    Erratum(
        key="one_router_for_every_weight",
        title="One router serves every weight of the cost",
        said="The weight of the cost can be changed after training.",
        where=f"a public note on {BUDGETMEM}",
        by="popular",
        evidence="sourced",
        right="The weight enters the reward in training only; every weight is another router.",
        proof="The best plan changes with the weight in steps, and a policy that does not see the weight cannot "
        "change with it.",
        gaps=_one_router_for_every_weight,
    ),
    Erratum(
        key="refined_codenames",
        title="A mean that its halves contradict",
        said="64.6 for Self-Refine on Codenames.",
        where=f"{SPP}, Table 2",
        by="paper",
        evidence="sourced",
        right="64.45, from 70.1 with and 58.8 without a system message.",
        proof="Half their sum; no rounding of the two halves to one digit reaches 64.6.",
        gaps=_refined_codenames,
    ),
    Erratum(
        key="mean_of_ratios",
        title="Codenames as a mean of ratios",
        said="The score is the mean over games of matched over targets.",
        where=f"the natural reading of the score of {SPP}",
        by="popular",
        evidence="measured",
        right="The printed cells are pooled: all matches over all targets.",
        proof="Pooling weights a game by its targets, the mean does not; the released logs give the printed cells "
        "only when pooled.",
        gaps=_mean_of_ratios,
    ),
    Erratum(
        key="error_amplification",
        title="Error amplification of 17.2 and 4.4",
        said="Independent agents amplify errors 17.2 times, centralized ones 4.4 times.",
        where=f"{SCALING}, Table 5",
        by="paper",
        evidence="sourced",
        right="No ratio of failure rates: those are 1.18 and 1.01. The third version splits the quantity in two and "
        "finds it not "
        "significant (as reported).",
        proof="$(1-S)/(1-S_1)$ from the same table; with a single agent failing in 53 % of the trials no ratio can "
        "exceed 1.9.",
        gaps=_error_amplification,
    ),
    Erratum(
        key="success_per_thousand_tokens",
        title="Successes per thousand tokens",
        said="67.7 successes per 1000 tokens.",
        where=f"{SCALING}, Table 5",
        by="paper",
        evidence="sourced",
        right="Per million tokens.",
        proof="A trial has at most one success and thousands of tokens: per thousand tokens it cannot reach 1.",
        gaps=_success_per_thousand_tokens,
    ),
    Erratum(
        key="matched_budgets",
        title="Matched budgets of 4800 tokens",
        said="All architectures spend the same, 4800 reasoning tokens per trial on average.",
        where=f"{SCALING}, text against Table 5",
        by="paper",
        evidence="sourced",
        right="The table implies 6.9 thousand (single) to 33.2 thousand tokens (hybrid).",
        proof="Success over success per token is tokens; the ratios between architectures do not depend on the unit.",
        gaps=_matched_budgets,
    ),
    Erratum(
        key="turns_of_one_agent",
        title="A power law of turns that misses one agent",
        said=r"$T=2.72(n+0.5)^{1.724}$.",
        where=SCALING,
        by="paper",
        evidence="sourced",
        right="7.2 turns were observed at n = 1, the law gives 5.5: it describes systems of several agents only.",
        proof="Put n = 1.",
        gaps=_turns_of_one_agent,
    ),
    Erratum(
        key="density_of_hybrid",
        title="A law of message density that its own table refutes",
        said=r"$S=.73+.28\ln c$.",
        where=SCALING,
        by="paper",
        evidence="sourced",
        right="It fits .41 and .39 messages a turn and misses .24 by .12.",
        proof="Put c = .24, the hybrid column.",
        gaps=_density_of_hybrid,
    ),
    Erratum(
        key="threshold_of_45_percent",
        title="Agents help below 45 percent",
        said="Above a single-agent accuracy of about 45 % more agents have negative returns.",
        where=f"{SCALING}, abstract",
        by="paper",
        evidence="sourced",
        right="The regression (coefficients as reported) and the four domain means put the sign change at 48 %; four "
        "domains "
        "identify neither, and the figure is no accuracy of a binary vote.",
        proof=r"$\beta_n+\beta_{Pn}z=0$ at $z=.052/.404=.129$ standard deviations above the mean.",
        gaps=_threshold_of_45_percent,
    ),
    Erratum(
        key="threshold_as_binary_accuracy",
        title="45 percent as the accuracy of a binary vote",
        said="Agents of 45 % accuracy lie below one half, so a tree of votes makes them worse.",
        where=f"a use of the threshold of {SCALING} in the theory of majority trees",
        by="popular",
        evidence="derived",
        right="The figure is a success rate on tasks with many possible answers; no bias of a vote between two "
        "follows from it.",
        proof="A bias is 2p - 1 only if all wrong answers are one. With several, votes gain as soon as the right "
        "answer is the "
        "likeliest.",
        gaps=_threshold_as_binary_accuracy,
    ),
    Erratum(
        key="mean_change",
        title="A mean change of -3.5 %",
        said="Multi-agent systems change performance by -3.5 % on average.",
        where=SCALING,
        by="paper",
        evidence="sourced",
        right="The 16 changes that are public average +3.6 % (four of them rounded values from a note); the third "
        "version prints "
        "-0.3 % (as reported).",
        proof="The plain mean; rounding four entries to whole percents moves it by .13 points at most.",
        gaps=_mean_change,
    ),
    Erratum(
        key="rounds_of_debate",
        title="Three rounds of debate or five",
        said="Decentralized systems debate for 3 rounds.",
        where=f"{SCALING}, against GitHub ybkim95/agent-scaling",
        by="code",
        evidence="sourced",
        right="The public configuration allows 5.",
        proof="Calls are dnk + 1: with the same agents and iterations 28 against 46.",
        gaps=_rounds_of_debate,
    ),
)
