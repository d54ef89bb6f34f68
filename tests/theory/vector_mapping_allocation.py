"""The mapping of budget allocation, schedules, token budgets, anytime answers and tool budgets."""

import re
from functools import partial

from budgetsim.theory import (
    anytime,
    bbam,
    bbam_common,
    learning_rates,
    plan_and_budget,
    profiles,
    quadratics,
    stopping,
    token_budgets,
    tools,
)

UNCERTAINTY = ("c", "beta", "B")
ELASTICITY = {
    "T_van": "vanilla_tokens",
    "floor": "base_tokens",
    "kappa": "tokens_per_budget",
    "beta_c": "collapse_budget",
    "s": "steepness",
    "T_give": "collapsed_tokens",
}
PROFILES = {
    "rex": profiles.rex_profile,
    "linear": profiles.linear_profile,
    "cosine": profiles.cosine_profile,
    "constant": profiles.constant_profile,
    "onecycle": profiles.one_cycle_profile,
    "step": profiles.step_profile,
    "exp": profiles.exponential_profile,
    "uba": profiles.uba_profile,
}
PARAMETER = {"rex": "shape", "uba": "shape", "exp": "rate"}


def by_position(function, *names):
    """Call with the named inputs in order; inputs that are absent are left out."""
    return lambda inputs: function(*(inputs[name] for name in names if name in inputs))


def fields(function, *names):
    """Name the fields of a tuple as a vectors file does."""
    return lambda inputs: dict(zip(names, function(inputs), strict=True))


def profile(name):
    """``rex``, ``uba0.5``, ``exp5``: a profile by name, with its parameter after it."""
    kind, number = re.fullmatch(r"([a-z]+)([0-9.]*)", name).groups()
    return partial(PROFILES[kind], **{PARAMETER[kind]: float(number)}) if number else PROFILES[kind]


def bam_exact(inputs):
    words = {"lo": "lower", "hi": "upper", "alpha": "reward_scale"}
    options = {words[name]: value for name, value in inputs.items() if name in words}
    return bbam.bam_exact(inputs["c"], inputs["beta"], inputs["B"], **options)


def bam_integer(inputs):
    words = {"lo": "lower", "hi": "upper"}
    options = {words[name]: value for name, value in inputs.items() if name in words}
    return bbam.bam_integer(inputs["c"], inputs["beta"], inputs["B"], **options)


def sampled_profile(inputs):
    return profile(inputs["profile"])(profiles.held_fraction(inputs["x"], inputs["h"]))


def noisy_quadratic_loss(inputs):
    return quadratics.noisy_quadratic_loss(
        profile(inputs["profile"]), inputs["T"], inputs["eta"], inputs["noise"], inputs["d"]
    )


def tale_tokens(inputs):
    named = {word: inputs[name] for name, word in ELASTICITY.items()}
    return token_budgets.elastic_tokens(inputs["beta"], **named)


def tale_search(function):
    def searched(inputs):
        budget, asked = function(
            inputs["T_vanilla"],
            lambda candidate: candidate >= inputs["beta_min"],
            lambda candidate: tale_tokens({**inputs["params"], "beta": candidate}),
        )
        return budget, [list(pair) if isinstance(pair, tuple) else pair for pair in asked]

    return searched


def halving(inputs):
    budget, queries = token_budgets.halve_while_correct(
        inputs["T_vanilla"], lambda candidate: candidate >= inputs["beta_min"]
    )
    return budget, list(queries)


def unified_cost(inputs):
    return tools.unified_cost(
        *(inputs[name] for name in ("tokens_in", "tokens_out", "tokens_cached", "calls")),
        input_price=inputs["price_in"],
        output_price=inputs["price_out"],
        cached_price=inputs["price_cached"],
        call_prices=inputs["prices"],
    )


FUNCTIONS = {
    "bam_exact": fields(bam_exact, "b", "lambda", "epistemic"),
    "bam_eq6": fields(by_position(bbam.bam_eq6, *UNCERTAINTY), "b", "epistemic"),
    "eq6_excess": by_position(bbam.eq6_excess, *UNCERTAINTY),
    "bam_integer": fields(bam_integer, "b", "epistemic"),
    "min_epistemic_uncertainty": by_position(bbam_common.min_epistemic_uncertainty, *UNCERTAINTY),
    "shadow_price": by_position(bbam_common.shadow_price, *UNCERTAINTY, "alpha"),
    "uniform_over_optimal": by_position(bbam_common.uniform_over_optimal, "c", "beta"),
    "peak_decay_rate": by_position(bbam_common.peak_decay_rate, "K"),
    "schedule_weights": by_position(plan_and_budget.schedule_weights, "schedule", "N"),
    "plan_and_budget_allocation": by_position(plan_and_budget.plan_and_budget_allocation, "credits", "schedule", "B"),
    "matching_geometric_base": by_position(bbam_common.matching_geometric_base, "rho", "beta"),
    "schedule_excess": by_position(plan_and_budget.schedule_excess, "schedule", "rho", "beta", "m", "B"),
    "e3_score": by_position(plan_and_budget.e3_score, "accuracy_percent", "tokens"),
    "e3_breakeven_tokens": by_position(plan_and_budget.e3_breakeven_tokens, "tokens", "relative_loss"),
    "rex_profile": by_position(profiles.rex_profile, "x", "d"),
    "uba_profile": by_position(profiles.uba_profile, "x", "phi"),
    "uba_stepsize": by_position(learning_rates.uba_step_size, "t", "T", "eta_max", "eta_min", "phi"),
    "uba_mean": by_position(profiles.uba_mean, "phi"),
    "uba_mean_square": by_position(profiles.uba_mean_square, "phi"),
    "uba_half_height": by_position(profiles.uba_half_height, "phi"),
    "uba_as_rex": by_position(profiles.uba_as_rex, "x", "phi"),
    "chebyshev_steps": by_position(quadratics.chebyshev_steps, "l", "L", "T"),
    "uba_chebyshev_identity": fields(by_position(quadratics.uba_chebyshev_steps, "kappa", "T"), "phi", "steps"),
    "chebyshev_contraction": by_position(quadratics.chebyshev_contraction, "kappa", "T"),
    "constant_step_contraction": by_position(quadratics.constant_step_contraction, "kappa", "T"),
    "sampled_profile": sampled_profile,
    "uba_nonconvex_bound": by_position(quadratics.uba_nonconvex_bound, "Delta", "L", "sigma2", "eta_max", "phi", "T"),
    "noisy_quadratic_loss": noisy_quadratic_loss,
    "tale_tokens": tale_tokens,
    "tale_search_code": fields(tale_search(token_budgets.search_budget), "returned", "queries"),
    "tale_search_printed": fields(tale_search(token_budgets.printed_search_budget), "returned", "tests"),
    "tale_elasticity_halving": fields(halving, "returned", "queries"),
    "tale_ideal_range": by_position(token_budgets.ideal_range, "budgets", "tokens"),
    "token_reduction": fields(
        by_position(token_budgets.token_reduction, "old", "new"), "reduction_of_means", "mean_of_reductions"
    ),
    "anytime_index": by_position(anytime.anytime_index, "budgets", "quality", "q_max"),
    "anytime_index_seed": by_position(anytime.anytime_index_seed, "budgets", "quality"),
    "seed_stop": fields(by_position(stopping.relative_gain_stop, "budgets", "quality", "eps"), "index", "budget"),
    "price_stop": fields(by_position(stopping.price_stop, "budgets", "quality", "price"), "index", "budget"),
    "anytime_exponential": fields(by_position(anytime.exponential_anytime_index, "s", "B", "q_inf"), "own", "absolute"),
    "anytime_optimal_stop": by_position(stopping.exponential_stop, "q_inf", "s", "price"),
    "bats_regime": by_position(tools.budget_regime, "shares"),
    "unified_cost": unified_cost,
    "capped_geometric_calls": fields(
        by_position(tools.capped_geometric_calls, "h", "cap"), "expected_calls", "over_cap"
    ),
}
PLAIN = {
    "bats_regime",
    "plan_and_budget_allocation",
    "schedule_excess",
    "schedule_weights",
    "tale_elasticity_halving",
    "tale_ideal_range",
    "tale_search_code",
    "tale_search_printed",
}
STATIC = {
    "chebyshev_steps.T",
    "noisy_quadratic_loss.T",
    "noisy_quadratic_loss.d",
    "noisy_quadratic_loss.profile",
    "sampled_profile.profile",
    "uba_chebyshev_identity.T",
}
