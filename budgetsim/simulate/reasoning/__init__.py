"""Reasoning under a budget: synthetic problems, the strategies people use on them, and an accountant none can cheat.

A *world* draws problems and says what a step does and costs; a *policy* asks for calls; the *engine* draws what comes
of them, charges for it, and refuses what does not fit the budget.
"""

from __future__ import annotations

from budgetsim.simulate.reasoning.accountant import Budget, Prices
from budgetsim.simulate.reasoning.hops import HopWorld
from budgetsim.simulate.reasoning.policies.uct import Uct
from budgetsim.simulate.reasoning.policies.value_tree import ValueTree
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.run import StrategyResult, simulate_strategy
from budgetsim.simulate.reasoning.world import World

__all__ = ["Budget", "HopWorld", "Policy", "Prices", "StrategyResult", "Uct", "ValueTree", "World", "simulate_strategy"]
