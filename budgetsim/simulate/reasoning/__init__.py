"""Reasoning under a budget: synthetic problems, the strategies people use on them, and an accountant none can cheat.

A *world* draws problems and says what a step does and costs; a *policy* asks for calls; the *engine* draws what comes
of them, charges for it, and refuses what does not fit the budget.
"""

from __future__ import annotations

from budgetsim.simulate.reasoning import splits
from budgetsim.simulate.reasoning.accountant import Budget, Prices
from budgetsim.simulate.reasoning.advance import Searches, play_advance, play_pool
from budgetsim.simulate.reasoning.advance_prior import AdvanceWorlds, advance_prior
from budgetsim.simulate.reasoning.allocation_prior import AllocationSetting, allocation_prior
from budgetsim.simulate.reasoning.answers import AnswerWorld
from budgetsim.simulate.reasoning.anytime_prior import AnytimeSetting, anytime_prior
from budgetsim.simulate.reasoning.anytime_quality import AnytimeWorld
from budgetsim.simulate.reasoning.arithmetic import ArithmeticWorld
from budgetsim.simulate.reasoning.arithmetic_prior import arithmetic_prior
from budgetsim.simulate.reasoning.elasticity import ElasticWorld
from budgetsim.simulate.reasoning.elasticity_prior import elasticity_prior
from budgetsim.simulate.reasoning.hop_prior import HopSetting, hop_prior
from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.many_worlds import WorldsResult, simulate_worlds
from budgetsim.simulate.reasoning.memory_pipeline import MemoryPipeline, play_plan
from budgetsim.simulate.reasoning.memory_prior import memory_prior
from budgetsim.simulate.reasoning.memory_world import MemoryWorld
from budgetsim.simulate.reasoning.noisy_quadratics import TunedProfile, simulate_quadratic, tune_profiles
from budgetsim.simulate.reasoning.policies.ab_mcts import AbMcts
from budgetsim.simulate.reasoning.policies.adaptive_consistency import AdaptiveConsistency
from budgetsim.simulate.reasoning.policies.bats import Bats
from budgetsim.simulate.reasoning.policies.beam import Beam
from budgetsim.simulate.reasoning.policies.best_of_n import BestOfN
from budgetsim.simulate.reasoning.policies.budget_tracker import BudgetTracker
from budgetsim.simulate.reasoning.policies.cascade import Cascade
from budgetsim.simulate.reasoning.policies.debate import Debate
from budgetsim.simulate.reasoning.policies.estimated_budget import EstimatedBudget
from budgetsim.simulate.reasoning.policies.fixed_stop import FixedStop
from budgetsim.simulate.reasoning.policies.global_budget import GlobalBudget
from budgetsim.simulate.reasoning.policies.greedy import Greedy
from budgetsim.simulate.reasoning.policies.instructed import Instructed
from budgetsim.simulate.reasoning.policies.oracle_stop import OracleStop
from budgetsim.simulate.reasoning.policies.parallel_chains import ParallelChains
from budgetsim.simulate.reasoning.policies.persona_ensemble import PersonaEnsemble
from budgetsim.simulate.reasoning.policies.price_stop import PriceStop
from budgetsim.simulate.reasoning.policies.proportional_split import ProportionalSplit
from budgetsim.simulate.reasoning.policies.react import ReAct
from budgetsim.simulate.reasoning.policies.rebase import Rebase
from budgetsim.simulate.reasoning.policies.relative_gain_stop import RelativeGainStop
from budgetsim.simulate.reasoning.policies.retry import Retry
from budgetsim.simulate.reasoning.policies.searched_budget import SearchedBudget
from budgetsim.simulate.reasoning.policies.single import Single
from budgetsim.simulate.reasoning.policies.split_budget import SplitBudget
from budgetsim.simulate.reasoning.policies.tier_law import TierLaw
from budgetsim.simulate.reasoning.policies.tier_plan import TierPlan
from budgetsim.simulate.reasoning.policies.ucb_variant import UcbVariant
from budgetsim.simulate.reasoning.policies.uct import Uct
from budgetsim.simulate.reasoning.policies.uniform import Uniform
from budgetsim.simulate.reasoning.policies.value_tree import ValueTree
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.result import StrategyResult
from budgetsim.simulate.reasoning.run import simulate_strategy
from budgetsim.simulate.reasoning.searches import SearchWorld
from budgetsim.simulate.reasoning.subquestions import SubQuestions
from budgetsim.simulate.reasoning.thought_prior import ThoughtSetting, thought_prior
from budgetsim.simulate.reasoning.thoughts import ThoughtWorld
from budgetsim.simulate.reasoning.tier_routing import TrainedRouter, Training, train_routers
from budgetsim.simulate.reasoning.tool_prior import ToolSetting, tool_prior
from budgetsim.simulate.reasoning.vote_prior import VoteSetting, vote_prior
from budgetsim.simulate.reasoning.world import World

__all__ = [
    "AbMcts",
    "AdaptiveConsistency",
    "AdvanceWorlds",
    "AllocationSetting",
    "AnswerWorld",
    "AnytimeSetting",
    "AnytimeWorld",
    "ArithmeticWorld",
    "Bats",
    "Beam",
    "BestOfN",
    "Budget",
    "BudgetTracker",
    "Cascade",
    "Debate",
    "ElasticWorld",
    "EstimatedBudget",
    "FixedStop",
    "GlobalBudget",
    "Greedy",
    "HopSetting",
    "HopWorld",
    "Instructed",
    "MemoryPipeline",
    "MemoryWorld",
    "OracleStop",
    "ParallelChains",
    "PersonaEnsemble",
    "Policy",
    "PriceStop",
    "Prices",
    "ProportionalSplit",
    "ReAct",
    "Rebase",
    "RelativeGainStop",
    "Retry",
    "SearchWorld",
    "SearchedBudget",
    "Searches",
    "Single",
    "SplitBudget",
    "StrategyResult",
    "SubQuestions",
    "ThoughtSetting",
    "ThoughtWorld",
    "TierLaw",
    "TierPlan",
    "ToolSetting",
    "TrainedRouter",
    "Training",
    "TunedProfile",
    "UcbVariant",
    "Uct",
    "Uniform",
    "ValueTree",
    "VoteSetting",
    "World",
    "WorldsResult",
    "advance_prior",
    "allocation_prior",
    "anytime_prior",
    "arithmetic_prior",
    "elasticity_prior",
    "hop_prior",
    "memory_prior",
    "play_advance",
    "play_plan",
    "play_pool",
    "simulate_quadratic",
    "simulate_strategy",
    "simulate_worlds",
    "splits",
    "thought_prior",
    "tool_prior",
    "train_routers",
    "tune_profiles",
    "vote_prior",
]
