"""Figures to files and to text, the same bytes for the same data."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib.figure import Figure

from budgetsim.plot.style import themed

_DOTS_PER_INCH = 160


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
    with _writing():
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
    with _writing():
        figure.savefig(raster, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    return [vector, raster]


@contextmanager
def _writing() -> Iterator[None]:
    # Colours were set when the figure was made, its background too; any theme gives the settings of the writer.
    with themed("light") as _, warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes in PNG; in SVG the viewer's fonts show it.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield
