"""Frontier, held-out predictions and groups: what is drawn is what was given, for one group and for many."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer

from budgetsim import plot

made_up = runpy.run_path(str(Path(__file__).with_name("made_up.py")))


def containers(axes: Axes, label: str | None = None) -> list[ErrorbarContainer]:
    return [c for c in axes.containers if isinstance(c, ErrorbarContainer) and label in (None, c.get_label())]


def segments(container: ErrorbarContainer, which: int = 0) -> np.ndarray:
    return np.array([one.ravel() for one in container.lines[2][which].get_segments()]).reshape(-1, 4)


# --- frontier


def test_every_step_reaches_to_the_next_with_its_band():
    task = made_up["task_plan"]()
    axes = plot.frontier(task, 1000.0).axes[0]
    steps = {line.get_gid(): line.get_xydata() for line in axes.lines if line.get_gid()}
    bands = {one.get_gid(): one for one in axes.collections}
    stops = [25.0, 125.0, 200.0, 700.0, 1600.0, 4000.0]  # four times the budget ends the last
    for k, (option, stop) in enumerate(zip(task["frontier"], stops, strict=True)):
        value = option["accuracy"]
        assert steps[f"step-{k}"].tolist() == [[option["tokens"], value["value"]], [stop, value["value"]]]
        box = bands[f"band-{k}"].get_datalim(axes.transData)
        assert (box.x0, box.x1) == (pytest.approx(option["tokens"]), pytest.approx(stop))
        assert (box.y0, box.y1) == (pytest.approx(value["low"]), pytest.approx(value["high"]))
    assert steps["best"].tolist() == [[700.0, 0.60]]
    assert steps["budget"][:, 0].tolist() == [1000.0, 1000.0]


def test_the_colour_of_a_step_is_its_configuration():
    task = made_up["task_plan"]()
    axes = plot.frontier(task, 1000.0).axes[0]
    steps = {line.get_gid(): to_hex(line.get_color()) for line in axes.lines}
    colors = [steps[f"step-{k}"] for k in range(6)]
    names = [option["strategy"] for option in task["frontier"]]
    assert {(a, b) for a, b in zip(names, colors, strict=True)} == {("way_0", colors[0]), ("way_1", colors[1])}
    assert colors[0] != colors[1]


def test_choices_are_named_where_their_kind_changes():
    figure = plot.frontier(made_up["task_plan"](), 1000.0)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert sorted(words) == ["5 votes", "64 votes", "budget 1,000 tokens", "single", "single", "tree 3³"]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["way_0", "way_1", "best within the budget"]


def test_models_are_told_apart_where_strategies_are_not():
    task = made_up["task_plan"]()
    for k, option in enumerate(task["frontier"]):
        option.update(model=f"model {k % 2}", strategy="", temperature=0.1 * k)
    legend = [text.get_text() for text in plot.frontier(task, 1000.0).legends[0].get_texts()]
    assert len(set(legend)) == len(legend) == 7


def test_one_choice_alone():
    task = made_up["task_plan"]()
    task["frontier"] = task["frontier"][:1]
    task["best"] = task["frontier"][0]
    axes = plot.frontier(task, 11.0).axes[0]
    assert axes.get_xlim()[1] == 44.0


# --- held out


@pytest.mark.parametrize("count", [1, 29, 156])
@pytest.mark.parametrize(("panel", "metric"), [(0, "pass"), (1, "plurality")])
def test_predicted_against_observed_at_the_largest_k(count: int, panel: int, metric: str):
    result = made_up["validation"](count)
    axes = plot.held_out(result).axes[panel]
    points = [p for group in result["groups"] for p in group["curves"] if p["metric"] == metric and p["k"] == 3]
    (ours,) = containers(axes)
    expected = np.array([(p["predicted"], p["observed"]) for p in points])
    np.testing.assert_array_equal(ours.lines[0].get_xydata(), expected)
    low, high = (np.array([p[f"predicted_{side}"] for p in points]) for side in ("low", "high"))
    np.testing.assert_allclose(segments(ours)[:, [0, 2]], np.column_stack([low, high]), atol=1e-12)
    drawn = {line.get_gid(): line.get_xydata() for line in axes.lines}
    assert drawn[f"{metric}-diagonal"][0].tolist() == [0, 0]
    assert drawn[f"{metric}-diagonal"][1].tolist() == [1, 1]
    for name in points[0]["baselines"]:
        np.testing.assert_array_equal(
            drawn[f"{metric}-baseline-{name}"], np.array([(p["baselines"][name], p["observed"]) for p in points])
        )
    assert axes.get_title(loc="left").endswith("at k = 3")


def test_one_legend_for_both_panels():
    figure = plot.held_out(made_up["validation"](3))
    figure.draw_without_rendering()
    (legend,) = figure.legends
    words = [text.get_text() for text in legend.get_texts()]
    assert words[0] == "this calibration, 90% interval"
    assert len(set(words)) == len(words) == 5
    assert legend.get_window_extent().y1 < min(axes.get_window_extent().y0 for axes in figure.axes)


def test_an_unknown_baseline_is_shown_under_its_own_name():
    result = made_up["validation"](2)
    for group in result["groups"]:
        for point in group["curves"]:
            point["baselines"]["oracle"] = 0.5
    assert "oracle" in [text.get_text() for text in plot.held_out(result).legends[0].get_texts()]


def test_a_metric_that_no_group_has():
    result = made_up["validation"](2)
    for group in result["groups"]:
        group["curves"] = [point for point in group["curves"] if point["metric"] == "pass"]
    assert containers(plot.held_out(result).axes[1]) == []


# --- groups


@pytest.mark.parametrize("count", [1, 29, 60])
def test_every_group_has_a_row(count: int):
    result = made_up["calibration"](count)
    left, right = plot.groups(result).axes
    rows = sorted(result["groups"], key=lambda row: row["task"])
    for axes, label, key in (
        (left, "accuracy", "accuracy"),
        (right, "total", "correlation_total"),
        (right, "within", "correlation_within"),
    ):
        (marks,) = containers(axes, label)
        x, y = marks.lines[0].get_xydata().T
        assert x.tolist() == [row[key]["value"] for row in rows]
        assert (np.diff(y) > 0).all()
        ends = [(row[key]["low"], row[key]["high"]) for row in rows]
        np.testing.assert_allclose(segments(marks)[:, [0, 2]], ends, atol=1e-12)
    places = containers(left, "accuracy")[0].lines[0].get_ydata()
    ticks = dict(zip(left.get_yticks(), (text.get_text() for text in left.get_yticklabels()), strict=True))
    assert [ticks[place] for place in places] == [row["strategy"] for row in rows]
    assert len(ticks) == count + len({row["task"] for row in rows})


def test_rows_do_not_run_into_one_another():
    figure = plot.groups(made_up["calibration"](60))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert not [k for k in range(len(boxes) - 1) if boxes[k].overlaps(boxes[k + 1])]


def test_no_correlation_among_equally_hard_problems():
    figure = plot.groups(made_up["calibration"](5, within=False))
    assert containers(figure.axes[1], "within") == []
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["total"]


def test_many_groups_share_a_plane():
    result = made_up["calibration"](156)
    (axes,) = plot.groups(result).axes
    drawn = np.concatenate([c.lines[0].get_xydata() for c in containers(axes)])
    given = [(row["accuracy"]["value"], row["correlation_total"]["value"]) for row in result["groups"]]
    assert sorted(map(tuple, drawn.tolist())) == sorted(given)
    horizontal = np.concatenate([segments(c, 0) for c in containers(axes)])
    vertical = np.concatenate([segments(c, 1) for c in containers(axes)])
    for bars, column, key in ((horizontal, 0, "accuracy"), (vertical, 1, "correlation_total")):
        ends = sorted((row[key]["low"], row[key]["high"]) for row in result["groups"])
        np.testing.assert_allclose(sorted(map(tuple, bars[:, [column, column + 2]].tolist())), ends, atol=1e-12)
    assert len(containers(axes)) == 4  # one per task


def test_many_tasks_of_one_strategy_and_model():
    (axes,) = plot.groups(made_up["calibration"](80, tasks=80)).axes
    assert len(containers(axes)) == 1
