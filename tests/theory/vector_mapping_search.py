"""Vectors on value trees, equal budgets, memory tiers, personas and the scaling of agents: see vector_mapping.py."""

import math

from budgetsim.theory import (
    agent_scaling,
    equal_budget,
    memory_tiers,
    personas,
    tier_plans,
    value_tree,
    value_tree_bounds,
    value_tree_pool,
    value_tree_risks,
    value_tree_variants,
)

# Their inputs are names, trees, rows or counts of loops; those of them that know JAX are tested with it elsewhere.
PLAIN = {
    "bavt_backprop",
    "bavt_directive",
    "bavt_exact_poisson_binomial_steps",
    "budgeted_synergy",
    "budgetmem_oracle_plan",
    "growing_pool_failure",
    "mas_llm_calls",
    "pooled_recall",
    "self_consistency_accuracy",
}
STATIC: set[str] = set()


def by_position(function, *names):
    """Call with the named inputs in order."""
    return lambda inputs: function(*(inputs[name] for name in names))


def by_name(function):
    """Call with the inputs as keywords: the parameters of the function spell the names of the file."""
    return lambda inputs: function(**inputs)


def back_propagated(tree):
    """A nested tree, listed with parents before children, smoothed and nested again."""
    nodes, parents = [tree], [-1]
    for place, node in enumerate(nodes):
        nodes.extend(node["children"])
        parents.extend([place] * len(node["children"]))
    values = value_tree.back_propagated_values([node["v"] for node in nodes], parents)
    smoothed = [{"v": float(value), "children": []} for value in values]
    for place, parent in enumerate(parents[1:], start=1):
        smoothed[parent]["children"].append(smoothed[place])
    return smoothed[0]


def step_bounds(K, p_min, eps):  # noqa: N803
    return dict(zip(("paper", "D1", "D2", "D3"), value_tree_bounds.step_bounds(K, p_min, eps), strict=True))


def least_advance(K, M, eps):  # noqa: N803
    least = value_tree_bounds.least_advance(K, M, eps)
    return {"paper": least.published, "exact": least.exact}


def correct_probability(p, f, K, M):  # noqa: N803
    return value_tree_risks.correct_answer_probability(p, f, K, M).probability


def ucb_bonus(c, remaining, total, visits):
    return value_tree_variants.ucb_score(0.0, c, remaining, total, visits)


def random_cost_budget(K, p_min, eps, cost_low, cost_high, cost_mean):  # noqa: N803
    plan = value_tree_risks.random_cost_budget(K, p_min, eps, cost_low, cost_high, cost_mean)
    return {"M": plan.steps, "B": plan.budget, "B_worst": plan.worst_case}


def debate(n, R, q, a):  # noqa: N803
    tokens = equal_budget.debate_tokens(n, R, q, a)
    return {"tokens": tokens, "sc_samples": equal_budget.self_consistency_samples(tokens, q + a)}


def cost_reward(cost, window):
    reward = memory_tiers.cost_reward(cost, window)
    return {"c_tilde": reward.normalized_cost, "r_cost": reward.reward}


def aligned_rewards(r_task, r_cost, lam):
    rewards = memory_tiers.aligned_rewards(r_task, r_cost, lam)
    return {
        "alpha": rewards.alignment[..., 0],
        "s": rewards.scale[..., 0],
        "paper": rewards.paper,
        "code": rewards.code,
    }


def best_plan(lam, alpha, ntok, price, w, g, base):
    plan = tier_plans.best_tier_plan(tier_plans.tier_plans(ntok, price, w, g, base), lam, alpha)
    return {"tiers": list(plan.tiers), "quality": plan.quality, "cost": plan.cost}


def pooled_recall(rows, drop_parse_failures):
    columns = {name: [row[name] for row in rows] for name in ("matched", "targets", "parsed", "missing")}
    return personas.pooled_recall(**columns, drop_parse_failures=drop_parse_failures)._asdict()


def synergy_rate(score, base_score, tokens, base_tokens):
    gain = personas.synergy_rate(score, base_score, tokens, base_tokens)
    return {"S_abs": gain.points, "S_rate": gain.points_per_thousand}


def budgeted_synergy(persona, other, budget):
    columns = ([part[name] for part in side] for side in (persona, other) for name in ("score", "cost"))
    gain = float(personas.budgeted_synergy(*columns, budget))
    return None if math.isnan(gain) else gain


def llm_calls(architecture, k, n=None, r=None, d=None, p=None):
    return agent_scaling.llm_calls(
        architecture, iterations=k, agents=n, rounds=d if architecture == "decentralized" else r, peer_rounds=p
    )


FUNCTIONS = {
    "bavt_selection": by_position(value_tree.selection_probabilities, "values", "r"),
    "bavt_residual_update": by_position(value_tree.residual_value, "parent", "delta"),
    "bavt_directive": by_position(value_tree.step_directive, "parent", "child", "tau"),
    "bavt_remaining_ratio": by_position(
        value_tree.remaining_ratio, "tool_left", "tool_total", "tokens_left", "tokens_total"
    ),
    "bavt_backprop": by_name(back_propagated),
    "bavt_required_gains": by_position(value_tree_bounds.required_gains, "tau", "v0", "delta"),
    "bavt_step_bounds": by_name(step_bounds),
    "bavt_single_progress_steps": by_position(value_tree_bounds.single_gain_steps, "p_min", "eps"),
    "bavt_least_pmin": by_name(least_advance),
    "bavt_progress_probability": by_position(value_tree_pool.advance_probability, "p_g", "N", "rho", "r"),
    "bavt_mean_progress": by_position(value_tree_pool.mean_advance_probability, "p_g", "N", "rho"),
    "bavt_d4_steps": by_position(value_tree_pool.pool_steps, "K", "eps", "p_g", "N", "rho"),
    "bavt_d4_steps_backstop": by_position(value_tree_pool.pool_steps, "K", "eps", "p_g", "N", "rho", "eta"),
    "bavt_exact_poisson_binomial_steps": by_position(value_tree_pool.exact_pool_steps, "K", "eps", "p_g", "N", "rho"),
    "growing_pool_failure": by_position(value_tree_pool.growing_pool_failure, "p_g", "K", "M"),
    "bavt_correct_probability": by_name(correct_probability),
    "bavt_random_cost_budget": by_name(random_cost_budget),
    "variant_proportional_split": by_position(value_tree_variants.proportional_split, "values", "budget"),
    "variant_split_max_depth": by_position(value_tree_variants.split_depth, "budget", "branching", "cost"),
    "variant_wiki_value": by_position(value_tree_variants.max_backup_value, "reward", "gamma", "child_values"),
    "variant_ucb_bonus": by_position(ucb_bonus, "c", "remaining", "total", "visits"),
    "variant_inverted_selection": by_position(value_tree_variants.inverted_selection, "values", "r"),
    "variant_uct_heuristic": by_position(
        value_tree_variants.uct_heuristic_score, "value", "remaining", "fraction", "visits"
    ),
    "max_backup_bias": by_position(value_tree_variants.max_backup_bias, "n", "sd"),
    "mad_tokens": by_name(debate),
    "retry_with_evaluator_accuracy": by_position(equal_budget.retry_accuracy, "p", "tpr", "fpr", "R"),
    "self_consistency_accuracy": by_position(equal_budget.self_consistency_accuracy, "p", "wrong", "N"),
    "money_cost": by_position(equal_budget.money_cost, "n_in", "n_out", "alpha1", "alpha2"),
    "budgetmem_token_cost": by_position(memory_tiers.token_cost, "tokens", "price_per_million"),
    "budgetmem_cost_reward": by_name(cost_reward),
    "budgetmem_reward": by_name(aligned_rewards),
    "budgetmem_oracle_plan": by_name(best_plan),
    "pooled_recall": by_name(pooled_recall),
    "synergy_rate": by_name(synergy_rate),
    "budgeted_synergy": by_name(budgeted_synergy),
    "mas_efficiency": by_position(agent_scaling.coordination_efficiency, "success", "turns", "turns_single"),
    "mas_overhead_percent": by_position(agent_scaling.overhead_percent, "turns", "turns_single"),
    "mas_turns_law": by_position(agent_scaling.turns_law, "n"),
    "mas_density_law": by_position(agent_scaling.density_law, "messages_per_turn"),
    "mas_llm_calls": by_name(llm_calls),
    "failure_ratio": by_position(agent_scaling.failure_ratio, "success", "success_single"),
    "implied_tokens_per_trial": by_position(agent_scaling.implied_tokens_per_trial, "success", "success_per_million"),
}
