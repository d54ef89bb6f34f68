"""Token-Budget-Aware LLM Reasoning (TALE), arXiv 2412.18547: what simulated questions show."""

from __future__ import annotations

from budgetsim.reproduce.stopping import tale_savings
from budgetsim.reproduce.studies import Study, gathered

SLUG = "tale"
STUDIES: dict[str, Study] = {"savings": tale_savings}

claims, keep, figures = gathered(SLUG, STUDIES)
