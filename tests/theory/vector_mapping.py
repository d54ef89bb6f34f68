"""Which function of the library computes which quantity of a vectors file, and how its inputs are spelled."""

import runpy
from pathlib import Path

from budgetsim.theory import (
    adaptive,
    allocation,
    continuous,
    correlation,
    coverage,
    majority,
    organization,
    phase,
    predictors,
    saturation,
    verifiers,
    votes,
    window,
)

TREE = ("b", "gamma", "rho")
FROM_LEAF = ("mu0", "b", "L", "gamma", "rho")
SYNERGY = ("beta", "s", "c0")


def by_position(function, *names):
    """Call with the named inputs in order."""
    return lambda inputs: function(*(inputs[name] for name in names))


def fields(function, *names):
    """Name the fields of a tuple as a vectors file does."""
    return lambda inputs: dict(zip(names, function(inputs), strict=True))


def growth_depth(inputs):
    depth = phase.growth_depth(inputs["mu0"], inputs["b"], inputs["gamma"], inputs["rho"])
    return {"real": depth.real, "levels": int(depth.levels)}


def certified_lower_bound(inputs):
    arguments = (inputs[name] for name in FROM_LEAF)
    return float(predictors.certified_lower_bound(*arguments, levels=inputs["deltas"]))


def best_message_length(inputs):
    curve = window.ExponentialFidelity(inputs["m0"])
    best = window.best_message_length(inputs["W"], inputs["rho"], curve, step=inputs["step"], longest=inputs["m_max"])
    return {"m": best.message_tokens, "b": best.fan_in, "s": best.organization_exponent}


def rebase_allocation(inputs):
    """A vectors file lists the counts of the nodes from the best score down."""
    counts = allocation.rebase_allocation(inputs["scores"], inputs["width"], inputs["temperature"])
    ranked = sorted(range(len(counts)), key=lambda place: -inputs["scores"][place])
    return [counts[place] for place in ranked]


def vote_curve(inputs):
    curve = votes.easy_vote_curve if inputs["kind"] == "easy" else votes.hard_vote_curve
    return curve(inputs["K"], inputs["a1"], inputs["a2"], inputs["a3"])


def normal_posterior(inputs):
    words = {"m": "mean", "kappa": "mean_count", "nu": "degrees", "tau2": "variance"}
    prior = {words[name]: value for name, value in inputs.items() if name in words}
    return [float(part) for part in adaptive.normal_inverse_chi2_posterior(inputs["scores"], **prior)]


def greedy(inputs):
    counts, coverage_ = allocation.greedy_coverage_allocation(inputs["p"], inputs["budget"])
    return list(counts), coverage_


FUNCTIONS = {
    "majority_slope": by_position(majority.majority_slope, "b"),
    "majority_bias": by_position(majority.majority_bias, "b", "u"),
    "majority_bias_derivative": by_position(majority.majority_bias_derivative, "b", "u"),
    "one_level_map": by_position(phase.one_level_map, "u", *TREE),
    "one_level_map_shared_before_channel": by_position(phase.one_level_map_shared_before_channel, "u", *TREE),
    "amplification_factor": by_position(phase.amplification, *TREE),
    "critical_correlation": by_position(phase.critical_correlation, "b", "gamma"),
    "critical_fidelity": by_position(phase.critical_fidelity, "b", "rho"),
    "amplification_requirement": by_position(phase.amplification_requirement, "gamma", "rho"),
    "min_odd_fanin": by_position(phase.minimum_fan_in, "gamma", "rho"),
    "fixed_point": by_position(phase.fixed_point, *TREE),
    "iterate_bias": by_position(phase.iterate_bias, *FROM_LEAF),
    "relay_bias": by_position(phase.relay_bias, "mu", "L", "gamma"),
    "near_threshold_coefficient": by_position(phase.near_threshold_coefficient, *TREE),
    "mixing_slope": by_position(phase.mixing_slope, *TREE),
    "growth_depth": growth_depth,
    "extra_mixing_levels": by_position(phase.extra_mixing_levels, "eps", *TREE),
    "certified_lower_bound": certified_lower_bound,
    "clipped_predictor": by_position(predictors.clipped_predictor, *FROM_LEAF),
    "smooth_predictor": by_position(predictors.smooth_predictor, *FROM_LEAF),
    "organization_exponent": by_position(organization.organization_exponent, *TREE),
    "communication_cost_per_leaf": by_position(organization.communication_cost_per_leaf, "m", "b"),
    "exact_tree_tokens": by_position(organization.exact_tree_tokens, "b", "L", "x", "m"),
    "optimal_leaf_tokens": by_position(organization.optimal_leaf_tokens, *SYNERGY),
    "optimal_leaf_count": by_position(organization.optimal_leaf_count, "B", *SYNERGY),
    "optimal_depth": by_position(organization.optimal_depth, "B", *SYNERGY, "b"),
    "threshold_budget": by_position(organization.threshold_budget, *SYNERGY),
    "continuous_tree_bias": fields(
        by_position(organization.continuous_tree_bias, "B", "kappa_leaf", *SYNERGY), "mu_tree", "gain"
    ),
    "saturation_budgets": fields(
        by_position(saturation.saturation_budgets, *TREE, "m", "kappa_leaf", "beta"),
        *("s", "c0", "x_star", "B_star", "mu_star", "N_sat", "B_sat", "B_catch"),
    ),
    "best_integer_tree": fields(
        by_position(saturation.best_integer_tree, "B", *TREE, "m", "kappa_leaf", "beta"), "L", "x", "bias", "single"
    ),
    "binary_star_bias": by_position(saturation.binary_star_bias, "N", "gamma", "rho", "g"),
    "max_star_agents": by_position(window.max_star_agents, "W", "m"),
    "max_tree_fanin": by_position(window.max_tree_fan_in, "W", "m"),
    "best_message_length": best_message_length,
    "tree_floor": by_position(continuous.tree_floor, "b", "rho", "sigma2_c"),
    "tree_risk": by_position(continuous.tree_risk, "b", "L", "rho", "sigma2", "sigma2_c"),
    "tree_variance_exponent": by_position(continuous.tree_variance_exponent, "b", "rho"),
    "star_risk": by_position(continuous.star_risk, "N", "rho", "sigma2", "sigma2_c"),
    "chain_running_mean_risk": by_position(continuous.chain_running_mean_risk, "N", "rho", "sigma2", "sigma2_c"),
    "chain_relay_risk": by_position(continuous.chain_relay_risk, "L", "sigma2", "sigma2_c"),
    "chain_optimal_floor": by_position(continuous.chain_optimal_floor, "sigma2", "sigma2_c"),
    "continuous_mixing_depth": by_position(continuous.continuous_mixing_depth, "b", "rho", "v0", "sigma2_c", "eps"),
    "continuous_optimal_leaf_tokens": by_position(continuous.continuous_optimal_leaf_tokens, "beta_v", "t", "c0"),
    "effective_sample_size": by_position(correlation.effective_sample_size, "N", "rho"),
    "correlation_estimator": by_position(correlation.correlation_estimator, "mean_S2", "mean_vote", "b"),
    "beta_binomial_majority_bias": by_position(correlation.beta_binomial_majority_bias, "b", "u", "rho"),
    "beta_binomial_majority_slope": by_position(correlation.beta_binomial_majority_slope, "b", "rho"),
    "majority_vote_accuracy": by_position(votes.majority_vote_accuracy, "p", "K"),
    "majority_increment": by_position(votes.majority_increment, "p", "K"),
    "two_level_vote": by_position(votes.two_level_vote, "K", "alpha", "p1", "p2"),
    "optimal_vote_count": fields(by_position(votes.optimal_vote_count, "alpha", "p1", "p2"), "L", "K_star"),
    "vote_regime": fields(by_position(votes.vote_regime, "alpha", "p1", "p2"), "threshold", "regime"),
    "vote_curve_fit_family": vote_curve,
    "pass_at_k_unbiased": by_position(coverage.pass_at_k, "n", "c", "k"),
    "beta_pass_at_k": by_position(coverage.beta_pass_at_k, "a", "b", "k"),
    "beta_failure_asymptote": by_position(coverage.beta_failure_asymptote, "a", "b", "k"),
    "coverage_power_fit": fields(by_position(coverage.coverage_power_fit, "c1", "k2", "c2"), "a", "b"),
    "beta_two_point_fit": fields(by_position(coverage.beta_two_point_fit, "c1", "k2", "c2"), "alpha", "beta"),
    "dynamic_sampling_shares": by_position(coverage.dynamic_sampling_shares, "p", "k"),
    "adaptive_stop_probability": by_position(adaptive.adaptive_stop_probability, "a", "b"),
    "adaptive_min_majority": by_position(adaptive.adaptive_min_majority, "b", "threshold"),
    "normal_inverse_chi2_posterior": fields(normal_posterior, "m", "kappa", "nu", "tau2"),
    "beta_score_posterior": fields(by_position(adaptive.beta_score_posterior, "scores"), "a", "b"),
    "rebase_weights": by_position(allocation.rebase_weights, "scores", "temperature"),
    "rebase_allocation": rebase_allocation,
    "greedy_coverage_allocation": fields(greedy, "counts", "coverage"),
    "exchange_multiplier": by_position(allocation.exchange_multiplier, "M", "ratio_R", "factor"),
    "best_of_n_accuracy": by_position(verifiers.best_of_n_accuracy, "N", "p", "mu", "sd_correct", "sd_wrong"),
    "resample_until_accept": fields(
        by_position(verifiers.resample_until_accept, "p", "tpr", "fpr", "K"), "p_correct", "ceiling"
    ),
    "resample_utility": by_position(verifiers.resample_utility, "K", "penalty", "a", "b", "fpr"),
    "best_resample_cap": by_position(verifiers.best_resample_cap, "penalty", "a", "b", "fpr", "K_max"),
    "search_vs_sampling_crossing": fields(
        by_position(verifiers.search_vs_sampling_crossing, "p", "q", "phi"), "first_N", "asymptotic"
    ),
}

# Other papers keep their mapping in a file of their own beside this one: FUNCTIONS, the names of the quantities
# that take plain numbers only (PLAIN), and the inputs that JAX cannot trace (STATIC:
# the name of an input, or quantity.input).
PLAIN: set[str] = set()
STATIC: set[str] = set()
for companion in sorted(Path(__file__).parent.glob("vector_mapping_*.py")):
    mapping = runpy.run_path(str(companion))
    FUNCTIONS |= mapping["FUNCTIONS"]
    PLAIN |= mapping["PLAIN"]
    STATIC |= mapping["STATIC"]
