"""Reasoning in Token Economies, arXiv 2406.06461: what strategies achieve at equal budgets in simulated worlds."""

from __future__ import annotations

from budgetsim.reproduce.equal_budget import five_methods, instructions, methods, rounds, trees
from budgetsim.reproduce.studies import Study, gathered

SLUG = "token-economies"
STUDIES: dict[str, Study] = {
    "methods": methods,
    "trees": trees,
    "instructions": instructions,
    "rounds": rounds,
    "five": five_methods,
}

claims, keep, figures = gathered(SLUG, STUDIES)
