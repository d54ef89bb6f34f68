"""Repeated sampling, votes and guided search: trees of partial results, in worlds drawn from a prior."""

from __future__ import annotations

from budgetsim.reproduce import tree_searches
from budgetsim.reproduce.studies import gathered

STUDIES = {"tree-searches": tree_searches}
claims, keep, figures = gathered("repeated-sampling", STUDIES)
