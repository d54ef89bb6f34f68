"""Reasoning under a budget: synthetic problems, the strategies people use on them, and an accountant none can cheat.

A *world* draws problems and says what a step does and costs; a *policy* asks for calls; the *engine* draws what comes
of them, charges for it, and refuses what does not fit the budget.
"""

from __future__ import annotations

from budgetsim.simulate.reasoning import splits
from budgetsim.simulate.reasoning.accountant import Budget, Prices
from budgetsim.simulate.reasoning.allocation_prior import AllocationSetting, allocation_prior
from budgetsim.simulate.reasoning.answers import AnswerWorld
from budgetsim.simulate.reasoning.arithmetic import ArithmeticWorld
from budgetsim.simulate.reasoning.arithmetic_prior import arithmetic_prior
from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.policies.ab_mcts import AbMcts
from budgetsim.simulate.reasoning.policies.adaptive_consistency import AdaptiveConsistency
from budgetsim.simulate.reasoning.policies.beam import Beam
from budgetsim.simulate.reasoning.policies.best_of_n import BestOfN
from budgetsim.simulate.reasoning.policies.cascade import Cascade
from budgetsim.simulate.reasoning.policies.debate import Debate
from budgetsim.simulate.reasoning.policies.global_budget import GlobalBudget
from budgetsim.simulate.reasoning.policies.greedy import Greedy
from budgetsim.simulate.reasoning.policies.parallel_chains import ParallelChains
from budgetsim.simulate.reasoning.policies.persona_ensemble import PersonaEnsemble
from budgetsim.simulate.reasoning.policies.rebase import Rebase
from budgetsim.simulate.reasoning.policies.retry import Retry
from budgetsim.simulate.reasoning.policies.single import Single
from budgetsim.simulate.reasoning.policies.split_budget import SplitBudget
from budgetsim.simulate.reasoning.policies.uct import Uct
from budgetsim.simulate.reasoning.policies.uniform import Uniform
from budgetsim.simulate.reasoning.policies.value_tree import ValueTree
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.run import StrategyResult, simulate_strategy
from budgetsim.simulate.reasoning.subquestions import SubQuestions
from budgetsim.simulate.reasoning.vote_prior import VoteSetting, vote_prior
from budgetsim.simulate.reasoning.world import World

__all__ = [
    "AbMcts",
    "AdaptiveConsistency",
    "AllocationSetting",
    "AnswerWorld",
    "ArithmeticWorld",
    "Beam",
    "BestOfN",
    "Budget",
    "Cascade",
    "Debate",
    "GlobalBudget",
    "Greedy",
    "HopWorld",
    "ParallelChains",
    "PersonaEnsemble",
    "Policy",
    "Prices",
    "Rebase",
    "Retry",
    "Single",
    "SplitBudget",
    "StrategyResult",
    "SubQuestions",
    "Uct",
    "Uniform",
    "ValueTree",
    "VoteSetting",
    "World",
    "allocation_prior",
    "arithmetic_prior",
    "simulate_strategy",
    "splits",
    "vote_prior",
]
