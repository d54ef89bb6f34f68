"""REX, arXiv 2107.04197: REX and the schedules it was compared with on noisy quadratics, played step by step."""

from __future__ import annotations

from collections.abc import Mapping

from budgetsim.reproduce.learning_rates import rex_quadratics
from budgetsim.reproduce.studies import Study, gathered

STUDIES: Mapping[str, Study] = {"quadratics": rex_quadratics}
claims, keep, figures = gathered("rex", STUDIES)
