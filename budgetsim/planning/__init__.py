"""The best organization of calls under a budget, how sure that is, and the plan played out.

``plan`` searches every organization that a budget can buy from the calibrated configurations; ``check`` simulates the
chosen ones vote by vote; ``organization_curves`` puts theory, simulation and held-out samples side by side.
"""

from budgetsim.planning.check import Check, check
from budgetsim.planning.curves import organization_curves
from budgetsim.planning.options import Costs, Shape
from budgetsim.planning.plan import ALL_TASKS, Option, Plan, TaskPlan, plan

__all__ = [
    "ALL_TASKS",
    "Check",
    "Costs",
    "Option",
    "Plan",
    "Shape",
    "TaskPlan",
    "check",
    "organization_curves",
    "plan",
]
