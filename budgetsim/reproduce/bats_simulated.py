"""Budget-Aware Tool-Use Enables Effective Agent Scaling (BATS), arXiv 2511.17006: what simulated agents show."""

from __future__ import annotations

from budgetsim.reproduce.stopping import tool_find_probability, tool_growth
from budgetsim.reproduce.studies import Study, gathered

SLUG = "bats"
STUDIES: dict[str, Study] = {"growth": tool_growth, "find-probability": tool_find_probability}

claims, keep, figures = gathered(SLUG, STUDIES)
