"""Budget-Aware Anytime Reasoning, arXiv 2601.11038: what simulated stopping rules show."""

from __future__ import annotations

from budgetsim.reproduce.stopping import anytime_disturbances, anytime_regret
from budgetsim.reproduce.studies import Study, gathered

SLUG = "anytime"
STUDIES: dict[str, Study] = {"regret": anytime_regret, "disturbances": anytime_disturbances}

claims, keep, figures = gathered(SLUG, STUDIES)
