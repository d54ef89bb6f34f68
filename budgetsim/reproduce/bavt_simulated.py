"""Spend Less, Reason Better (BAVT), arXiv 2603.12634: what simulated searches show."""

from __future__ import annotations

from budgetsim.reproduce.studies import Study, gathered
from budgetsim.reproduce.value_trees import bounds, headline, headline_traps

STUDIES: dict[str, Study] = {"headline": headline, "traps": headline_traps, "bounds": bounds}
"""In the order in which their claims are listed."""

claims, keep, figures = gathered("bavt", STUDIES)
