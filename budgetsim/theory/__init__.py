"""Closed forms: pure functions of floats, NumPy arrays or JAX arrays.

Importing this room, or any module of it, loads neither JAX nor pandas nor matplotlib.

``majority``
    the map from the bias of one vote to the bias of a majority of them, its slope and derivative
``phase``
    trees of majorities: amplification, thresholds, fixed point, mixing depths
``votes``
    vote curves on one problem and on two kinds of problems
``regime``
    which of four things a tree does under a budget: collapse, amplify, synergy, saturate
``unequal_agents``
    one level of agents and channels that differ
``mixed_levels``
    trees whose fan-in, fidelity and correlation differ by level
``heterogeneity``
    organizations over a distribution of problems: atoms, beta, observed counts
``vote_populations``
    vote curves over a population of problems: increments, limit, best number of votes
``latent_difficulty``
    when a difficulty that stays with the problem abolishes the gain of a tree
``correlation_sources``
    total correlation out of what lies in the problem and what is shared given it
``plurality_trees``
    trees of plurality votes over many answers, and which answer wins
``plurality_slopes``
    their slope at the uniform point, and the fidelity from which a lead survives
``plurality``
    plurality votes over many answers, of fresh votes and of subsets of observed samples
``coverage``
    pass@k: estimator, populations of problems, power laws
``coverage_laws``
    more populations (scaled beta, Kumaraswamy, uniform, reciprocal, ...), mixtures of them, their tails
``organization``
    a token budget on a tree of agents: exponent, costs, optimal shape, the budget from which it pays
``saturation``
    the exact best whole depth for a budget, saturation and catch-up budgets, the flat star
``window``
    what fits a context window, message lengths, fidelity curves
``predictors``
    upper, lower and smooth predictions for deep trees
``continuous``
    averaging of continuous estimates in stars, trees and chains
``correlation``
    estimating the correlation of votes; beta-binomial votes as another model of it
``verifiers``
    resampling and selection with imperfect verifiers
``allocation``
    samples over tree nodes and items; test-time compute over model sizes
``adaptive``
    stopping rules and posteriors of scores
``adaptive_consistency``
    what sampling until the leader is clear costs and gains, exactly
``value_tree``
    budget-aware search on value trees: selection, residual values, what to do next, back-propagation
``value_tree_bounds``
    steps such a search needs: the published bound, tighter ones, the exact number, what none certifies
``value_tree_pool``
    the same where selection sharpens as the budget runs out
``value_tree_risks``
    wrong answers and random costs, which a bound on steps leaves open
``value_tree_variants``
    rules that go by the same name and are others
``equal_budget``
    tokens and money of reasoning strategies, and their accuracy at equal budgets
``memory_tiers``
    rewards of routers over budget tiers of memory modules
``tier_plans``
    the best plan of tiers among all, at every weight of the cost
``personas``
    recall scores, and what personas gain for their tokens
``agent_scaling``
    metrics and laws of a scaling study of agent systems
``bbam``
    a budget over sub-questions with power-law uncertainty: exact, as printed (Eq. 6), whole tokens
``bbam_common``
    its closed forms for one decay rate: least uncertainty, shadow price, price of equal budgets
``bbam_capped``
    the same where uncertainty is a chance of error and sub-questions may be given up
``plan_and_budget``
    Plan-and-Budget's schedules, rounding and traps; the E3 score
``profiles``
    REX, UBA and the usual learning-rate profiles over a budget
``learning_rates``
    profiles as callables from the step to the rate
``quadratics``
    Chebyshev steps, their identity with UBA, losses on noisy quadratics
``token_budgets``
    TALE: elasticity, searches for a budget, reductions
``anytime``
    two indices of quality over a budget that go by one name
``stopping``
    stopping rules on checkpoints, the best moment to stop at a price per token
``tools``
    BATS: unified cost, regimes, agents that stop early
"""
