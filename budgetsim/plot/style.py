"""One look for every figure, light and dark, in colours that colour-blind readers can tell apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one theme.

    Attributes
    ----------
    surface, ink, muted, grid
        Background, text, secondary text, lines behind the data.
    kinds
        Colour of a single sample, of votes and of trees.
    cycle
        Colours for categories that have no colour of their own.
    """

    name: str
    surface: str
    ink: str
    muted: str
    grid: str
    kinds: dict[str, str]
    cycle: tuple[str, ...]


#: The palettes are Okabe and Ito's, darkened for white paper and lightened for dark screens.
THEMES = {
    "light": Theme(
        name="light",
        surface="#ffffff",
        ink="#1b2430",
        muted="#586474",
        grid="#e4e8ee",
        kinds={"single": "#586474", "votes": "#0072b2", "tree": "#b34d08"},
        cycle=("#0072b2", "#b34d08", "#00835f", "#b0458a", "#a87400", "#4a4fb5", "#586474", "#3d9bd4"),
    ),
    "dark": Theme(
        name="dark",
        surface="#161b22",
        ink="#e8ecf1",
        muted="#9aa6b4",
        grid="#2b333e",
        kinds={"single": "#aeb8c4", "votes": "#62b8f0", "tree": "#f0a04b"},
        cycle=("#62b8f0", "#f0a04b", "#3fcf9f", "#e794c8", "#e8d44d", "#a5a9f5", "#aeb8c4", "#2f8fce"),
    ),
}
#: Markers that go with ``Theme.cycle``, so that no category is told by colour alone.
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "h")

_BASE = {
    # The first font comes with matplotlib: layouts are the same on every machine. The others are for viewers of SVG.
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Helvetica", "Arial", "sans-serif"],
    "font.size": 9.0,
    "figure.dpi": 100.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.8,
    "xtick.bottom": False,
    "ytick.left": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "budgetsim",
    # Names of tasks and models are shown as they are: a dollar sign in them is no mathematics.
    "text.parse_math": False,
    "text.usetex": False,
}


def theme_of(name: str) -> Theme:
    """The theme of a name.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> theme_of("light").surface
    '#ffffff'
    """
    if name not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, got {name!r}")
    return THEMES[name]


@contextmanager
def themed(name: str) -> Iterator[Theme]:
    """Draw in a theme; matplotlib's settings are as before afterwards."""
    theme = theme_of(name)
    settings: dict[str, Any] = {
        **sns.axes_style("whitegrid"),
        **_BASE,
        "figure.facecolor": theme.surface,
        "savefig.facecolor": "auto",
        "axes.facecolor": theme.surface,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "grid.color": theme.grid,
        "legend.labelcolor": theme.ink,
    }
    with mpl.rc_context(mpl.RcParams(settings)), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes in PNG; in SVG the viewer's fonts show it.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield theme


def settle(figure: Figure) -> Figure:
    """Work out the layout once and keep it: writing a figure twice, or in two formats, changes nothing."""
    for _ in range(2):  # the second pass sees the tick labels that the first one brought
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    return figure
