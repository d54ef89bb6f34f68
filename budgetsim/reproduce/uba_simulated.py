"""UBA, arXiv 2505.24452: shapes of UBA and common schedules on noisy quadratics, played step by step."""

from __future__ import annotations

from collections.abc import Mapping

from budgetsim.reproduce.learning_rates import uba_quadratics
from budgetsim.reproduce.studies import Study, gathered

STUDIES: Mapping[str, Study] = {"quadratics": uba_quadratics}
claims, keep, figures = gathered("uba", STUDIES)
