"""Figures as files: the same bytes for the same data, no dates, no state left behind, names taken as they are."""

from __future__ import annotations

import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread

from budgetsim import plot

made_up = runpy.run_path(str(Path(__file__).with_name("made_up.py")))
FIGURES: dict[str, Callable[[str], Figure]] = {
    "organizations": lambda theme: plot.organizations(made_up["curves"](), budget=300.0, theme=theme),
    "frontier": lambda theme: plot.frontier(made_up["task_plan"](), 1000.0, theme=theme),
    "held_out": lambda theme: plot.held_out(made_up["validation"](9), theme=theme),
    "groups": lambda theme: plot.groups(made_up["calibration"](9), theme=theme),
    "plane": lambda theme: plot.groups(made_up["calibration"](70), theme=theme),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_data_give_the_same_bytes(name: str, tmp_path: Path):
    first = plot.save(FIGURES[name]("light"), tmp_path / "a", name)
    figure = FIGURES[name]("light")
    plot.svg(figure)  # writing once changes nothing
    second = plot.save(figure, tmp_path / "b", name)
    assert [path.suffix for path in first] == [".svg", ".png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_svg_is_plain_and_dateless(name: str, theme: str):
    text = plot.svg(FIGURES[name](theme))
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("}svg")
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(set(ids)) == len(ids) > 20
    assert not [element for element in root.iter() if element.tag.endswith("}metadata")]
    assert not [element for element in root.iter() if element.tag.endswith(("}script", "}image"))]
    letters = "".join(element.text or "" for element in root.iter() if element.tag.endswith("}text"))
    assert "accuracy" in letters or "predicted" in letters


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_the_background_is_the_theme_s(name: str, theme: str, tmp_path: Path):
    _, raster = plot.save(FIGURES[name](theme), tmp_path, name)
    corner = imread(raster)[0, 0, :3]
    np.testing.assert_allclose(corner, to_rgb(plot.THEMES[theme].surface), atol=1 / 255)
    assert b"Software" not in raster.read_bytes()


def test_names_of_files_stay_in_the_folder(tmp_path: Path):
    paths = plot.save(FIGURES["frontier"]("light"), tmp_path, "../../organizations:a/b c")
    assert {path.parent for path in paths} == {tmp_path}
    assert paths[0].name == "-..-organizations-a-b-c.svg"


def test_no_state_is_left_behind():
    before = dict(mpl.rcParams)
    for make in FIGURES.values():
        plot.svg(make("dark"))
    assert dict(mpl.rcParams) == before
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize(
    "name",
    [
        "$\\frac{1}{$",
        "日本語 наука",
        "<b>&amp;\"'",
        *(pytest.param(each, marks=pytest.mark.verify) for each in ("a$b$c", "two\nlines\ttabs", "x" * 400)),
    ],
)
def test_names_are_shown_as_they_are(name: str, tmp_path: Path):
    curves = made_up["curves"]()
    curves.attrs.update(task=name, model=name, strategy=name)
    calibration, task = made_up["calibration"](3), made_up["task_plan"](name)
    for row in (*calibration["groups"], *task["frontier"]):
        row.update(task=name, strategy=name, model=name)
    for figure in (plot.organizations(curves), plot.frontier(task, 1000.0), plot.groups(calibration)):
        plot.save(figure, tmp_path, "figure")
        text = "".join(ElementTree.fromstring(plot.svg(figure)).itertext())
        assert " ".join(name.split())[:8] in text


@pytest.mark.parametrize("theme", plot.THEMES.values(), ids=plot.THEMES)
def test_colours_stand_out_from_the_background(theme: plot.Theme):
    # Contrast ratio of the Web Content Accessibility Guidelines: 4.5 for text, 3 for graphics.
    def luminance(color: str) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
        return float(np.dot(parts, [0.2126, 0.7152, 0.0722]))

    def contrast(color: str) -> float:
        low, high = sorted([luminance(color), luminance(theme.surface)])
        return (high + 0.05) / (low + 0.05)

    assert {color for color in (theme.ink, theme.muted, *theme.kinds.values()) if contrast(color) < 4.5} == set()
    assert {color for color in theme.cycle if contrast(color) < 3.0} == set()
    assert len(set(theme.cycle)) == 8


def test_drawing_needs_neither_jax_nor_a_display():
    program = "import sys, budgetsim.plot; assert 'jax' not in sys.modules and 'polars' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PATH": ""})
