"""Monte Carlo of organizations of LLM calls: batched, reproducible from one seed, every estimate with its error.

Nothing here knows the closed forms of `budgetsim.theory`, so agreement between the two means something.
`budgetsim.simulate.reference` is the slow, readable twin of everything in this room, `budgetsim.simulate.replay` that
of single replicas of organizations, given the same random words.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from budgetsim.simulate.answer_tree import plan_answer_tree, simulate_answer_tree
from budgetsim.simulate.confidence_sequences import Moments
from budgetsim.simulate.continuous import (
    AveragingChain,
    AveragingStar,
    AveragingTree,
    simulate_risk,
    squared_errors,
)
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.levels import Level
from budgetsim.simulate.organization import simulate_organization, simulate_organization_until
from budgetsim.simulate.plan import Plan, count, count_replicas, plan_organization
from budgetsim.simulate.running import estimate_plan, estimate_plan_until
from budgetsim.simulate.sampling import simulate_coverage, simulate_plurality
from budgetsim.simulate.sequential import ENDINGS, SequentialEstimate, run_mean_until, run_until

if TYPE_CHECKING:
    from budgetsim.simulate.verification import Check, Evidence, Verdict, agreement, holm, verify

_VERIFICATION = ("Check", "Evidence", "Verdict", "agreement", "holm", "verify")

__all__ = [
    "ENDINGS",
    "AveragingChain",
    "AveragingStar",
    "AveragingTree",
    "Check",
    "Estimate",
    "Evidence",
    "Level",
    "Moments",
    "Plan",
    "SequentialEstimate",
    "Verdict",
    "agreement",
    "count",
    "count_replicas",
    "estimate_plan",
    "estimate_plan_until",
    "holm",
    "plan_answer_tree",
    "plan_organization",
    "run_mean_until",
    "run_until",
    "simulate_answer_tree",
    "simulate_coverage",
    "simulate_organization",
    "simulate_organization_until",
    "simulate_plurality",
    "simulate_risk",
    "squared_errors",
    "verify",
]


def __getattr__(name: str) -> object:
    """Verification needs SciPy's distributions, which take longer to import than all else: only when asked for."""
    if name in _VERIFICATION:
        return getattr(import_module("budgetsim.simulate.verification"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
