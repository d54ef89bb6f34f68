"""BudgetMem, arXiv 2602.06025: what trained routers of memory tiers show in worlds drawn from a prior."""

from __future__ import annotations

from budgetsim.reproduce.memory_tiers import tier_shares
from budgetsim.reproduce.studies import gathered

STUDIES = {"tier-shares": tier_shares}
claims, keep, figures = gathered("budgetmem", STUDIES)
