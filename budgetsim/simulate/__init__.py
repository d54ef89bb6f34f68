"""Monte Carlo of organizations of LLM calls: batched, reproducible from one seed, every estimate with its error.

Nothing here knows the closed forms of `budgetsim.theory`, so agreement between the two means something.
`budgetsim.simulate.reference` is the slow, readable twin of everything in this room, `budgetsim.simulate.replay` that
of single replicas of organizations, given the same random words.
"""

from __future__ import annotations

from budgetsim.simulate.answer_tree import plan_answer_tree, simulate_answer_tree
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.levels import Level
from budgetsim.simulate.organization import simulate_organization
from budgetsim.simulate.plan import Plan, count, count_replicas, plan_organization
from budgetsim.simulate.running import estimate_plan
from budgetsim.simulate.sampling import simulate_coverage, simulate_plurality

__all__ = [
    "Estimate",
    "Level",
    "Plan",
    "count",
    "count_replicas",
    "estimate_plan",
    "plan_answer_tree",
    "plan_organization",
    "simulate_answer_tree",
    "simulate_coverage",
    "simulate_organization",
    "simulate_plurality",
]
