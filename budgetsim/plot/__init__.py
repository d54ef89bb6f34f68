"""Figures of plans, curves and calibrations, light and dark: data in, matplotlib figures out, files on request.

Functions take an ``xarray.Dataset`` or the plain data that results give with ``to_dict``; none touches the state of
``matplotlib.pyplot``.
"""

from budgetsim.plot.files import save, svg
from budgetsim.plot.frontier import frontier
from budgetsim.plot.groups import groups
from budgetsim.plot.held_out import held_out
from budgetsim.plot.organizations import organizations
from budgetsim.plot.style import THEMES, Theme

__all__ = ["THEMES", "Theme", "frontier", "groups", "held_out", "organizations", "save", "svg"]
