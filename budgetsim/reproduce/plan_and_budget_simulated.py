"""Plan and Budget, arXiv 2505.16122: divisions of a budget in worlds of sub-questions drawn from a prior."""

from __future__ import annotations

from collections.abc import Mapping

from budgetsim.reproduce.allocation import answers, splits
from budgetsim.reproduce.studies import Study, gathered

STUDIES: Mapping[str, Study] = {"splits": splits, "answers": answers}
claims, keep, figures = gathered("plan-and-budget", STUDIES)
