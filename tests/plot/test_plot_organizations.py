"""The figure of organizations shows the numbers it was given, and its words stay readable."""

from __future__ import annotations

import runpy
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from budgetsim import plot

made_up = runpy.run_path(str(Path(__file__).with_name("made_up.py")))
CURVES: xr.Dataset = made_up["curves"]()


def line(figure: Figure, gid: str):
    found = [one for one in figure.axes[0].lines if one.get_gid() == gid]
    assert len(found) == 1, gid
    return found[0]


def bars(figure: Figure, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Places of the marks, and the vertical bars through them as (x, low, high)."""
    found = [c for c in figure.axes[0].containers if isinstance(c, ErrorbarContainer) and c.get_label() == label]
    assert len(found) == 1, label
    marks, _, (segments,) = found[0].lines
    return marks.get_xydata(), np.array([(s[0, 0], s[0, 1], s[1, 1]) for s in segments.get_segments()]).reshape(-1, 3)


def of_kind(kind: str) -> xr.Dataset:
    return CURVES.isel(point=np.flatnonzero(CURVES["kind"].values == kind)).sortby("tokens")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["votes", "tree"])
def test_lines_are_the_theory(kind: str, theme: str):
    drawn = line(plot.organizations(CURVES, theme=theme), f"theory-{kind}").get_xydata()
    part = of_kind(kind)
    np.testing.assert_array_equal(drawn, np.column_stack([part["tokens"], part["theory"]]))


def test_a_single_sample_is_a_level_to_beat():
    figure = plot.organizations(CURVES)
    x, y = line(figure, "theory-single").get_xydata().T
    assert y.tolist() == [0.43, 0.43]
    assert x[0] == 16.0
    assert x[1] == figure.axes[0].get_xlim()[1]


@pytest.mark.parametrize("name", ["simulated", "observed"])
@pytest.mark.parametrize("kind", ["single", "votes", "tree"])
def test_marks_and_bars_of_two_standard_errors_stand_where_values_are_known(kind: str, name: str):
    places, segments = bars(plot.organizations(CURVES), f"{name} {kind}")
    part = of_kind(kind)
    part = part.isel(point=np.flatnonzero(np.isfinite(part[name].values)))
    assert 0 < len(places) == part.sizes["point"]
    value, error = part[name].values, part[f"{name}_se"].values
    np.testing.assert_array_equal(places, np.column_stack([part["tokens"], value]))
    np.testing.assert_allclose(segments, np.column_stack([part["tokens"], value - 2 * error, value + 2 * error]))


def test_held_out_marks_are_crosses():
    figure = plot.organizations(CURVES)
    markers = {c.get_label(): c.lines[0].get_marker() for c in figure.axes[0].containers}
    assert {markers[f"observed {kind}"] for kind in ("single", "votes", "tree")} == {"x"}
    assert len({markers[f"simulated {kind}"] for kind in ("single", "votes", "tree")}) == 3


def test_everything_lies_inside_the_axes():
    axes = plot.organizations(CURVES, budget=50_000.0).axes[0]
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < 16.0 < 50_000.0 < right
    for one in axes.collections:
        for segment in one.get_segments():
            assert (segment[:, 1] > bottom).all()
            assert (segment[:, 1] < top).all()


def test_the_budget_is_a_line_only_if_there_is_one():
    assert line(plot.organizations(CURVES, budget=300.0), "budget").get_xdata() == [300.0, 300.0]
    assert all(one.get_gid() != "budget" for one in plot.organizations(CURVES).axes[0].lines)


def test_labels_name_votes_and_trees_and_hide_nobody():
    figure = plot.organizations(CURVES, budget=300.0)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    notes = [text for text in axes.texts if isinstance(text, Annotation)]
    words = {note.get_text() for note in notes}
    assert {"k = 2", "60", "3¹", "3²", "3³", "3⁴"} <= words
    boxes = [note.get_window_extent() for note in notes]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    outer = axes.get_window_extent()
    assert all(outer.containsx(x) for box in boxes for x in (box.x0, box.x1))
    assert all(outer.containsy(y) for box in boxes for y in (box.y0, box.y1))
    points = {text: place for note in notes for text, place in [(note.get_text(), note.xy)]}
    assert points["60"] == (960.0, pytest.approx(0.43 + 0.08 * np.log(60)))


def test_the_legend_is_outside_the_data():
    figure = plot.organizations(CURVES, budget=300.0)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    assert legend.get_window_extent().y1 < figure.axes[0].get_window_extent().y0
    assert len(legend.get_texts()) == 6


def test_nothing_simulated_and_nothing_held_out():
    bare = CURVES.assign({name: CURVES[name] * np.nan for name in ("simulated", "observed")})
    figure = plot.organizations(bare)
    assert len(line(figure, "theory-votes").get_xydata()) == 8
    assert [text.get_text() for text in figure.legends[0].get_texts() if "s.e." in text.get_text()] == []


def test_a_single_sample_alone():
    alone = CURVES.isel(point=np.flatnonzero(CURVES["kind"].values == "single"))
    assert "<svg" in plot.svg(plot.organizations(alone, budget=16.0))


def test_an_unknown_theme():
    with pytest.raises(ValueError, match="light, dark, got 'sepia'"):
        plot.organizations(CURVES, theme="sepia")
