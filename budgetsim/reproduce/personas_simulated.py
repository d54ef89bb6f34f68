"""Solo performance prompting (SPP), arXiv 2307.05300: votes of personas at matched tokens, in worlds from a prior."""

from __future__ import annotations

from budgetsim.reproduce import persona_gain
from budgetsim.reproduce.studies import gathered

STUDIES = {"matched-tokens": persona_gain}
claims, keep, figures = gathered("personas", STUDIES)
