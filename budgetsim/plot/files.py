"""Figures to files and to text, the same bytes for the same data."""

from __future__ import annotations

import io
import re
from pathlib import Path

from matplotlib.figure import Figure

from budgetsim.plot.style import themed

_DOTS_PER_INCH = 160
# Colours are the figure's own since it was made; any theme brings the settings that writing needs.
_ANY = "light"


def svg(figure: Figure) -> str:
    """A figure as the text of an SVG image.

    Parameters
    ----------
    figure
        Made by a function of this room.

    Returns
    -------
    str
        An XML document. Letters stay letters: they can be searched, selected and read aloud.
    """
    out = io.StringIO()
    with themed(_ANY):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    # No trailing blanks: the text may be committed.
    return re.sub(r"[ \t]+$", "", out.getvalue(), flags=re.MULTILINE)


def save(figure: Figure, directory: str | Path, name: str) -> list[Path]:
    """Write a figure as SVG and PNG.

    Parameters
    ----------
    figure
        Made by a function of this room.
    directory
        Made if it is not there.
    name
        Of the files, without ending; characters other than letters, digits, ``.``, ``_`` and ``-`` become ``-``.

    Returns
    -------
    list of pathlib.Path
        The SVG and the PNG file. Neither carries a date: the same data give the same bytes.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", name).lstrip(".") or "figure"
    vector, raster = folder / f"{stem}.svg", folder / f"{stem}.png"
    vector.write_text(svg(figure), encoding="utf-8", newline="\n")
    with themed(_ANY):
        figure.savefig(raster, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return [vector, raster]
