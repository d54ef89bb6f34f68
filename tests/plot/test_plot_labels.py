"""Labels beside points: never on each other, never outside, and nearest to the point they name."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from budgetsim.plot.labels import along, place_labels, token_axis
from budgetsim.plot.style import settle, themed


@pytest.fixture
def crowded() -> tuple[Figure, list[tuple[float, float, str, str]]]:
    with themed("light"):
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        axes.set(xlim=(0, 1), ylim=(0, 1))
        x = np.linspace(0.02, 0.98, 20)
        axes.plot(x, x**2)
        labels = [(float(v), float(v**2), f"label number {k}", "black") for k, v in enumerate(x)]
        settle(figure)
        place_labels(axes, labels, along(x, x**2, axes))
    return figure, labels


def test_crowded_labels_neither_overlap_nor_leave_the_axes(crowded):
    figure, labels = crowded
    figure.draw_without_rendering()
    axes = figure.axes[0]
    notes = [text for text in axes.texts if isinstance(text, Annotation)]
    assert 5 <= len(notes) < len(labels)
    boxes = [note.get_window_extent() for note in notes]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    outer = axes.get_window_extent()
    assert all(outer.x0 <= box.x0 and box.x1 <= outer.x1 for box in boxes)
    assert all(outer.y0 <= box.y0 and box.y1 <= outer.y1 for box in boxes)


def test_a_label_is_nearest_to_its_own_point(crowded):
    figure, labels = crowded
    figure.draw_without_rendering()
    axes = figure.axes[0]
    places = axes.transData.transform([(x, y) for x, y, _, _ in labels])
    for note in axes.texts:
        box = note.get_window_extent()
        distance = np.hypot(*(places - [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]).T)
        assert labels[int(distance.argmin())][2] == note.get_text()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (300.0, 900.0, ["300", "400", "500", "600", "700", "800", "900"]),
        (9.0, 1100.0, ["10", "20", "50", "100", "200", "500", "1,000"]),
        (0.09, 11_000.0, ["0.1", "1", "10", "100", "1,000", "10,000"]),
    ],
)
def test_ticks_of_tokens_are_plain_numbers(low: float, high: float, expected: list[str]):
    axes = Figure().subplots()
    token_axis(axes, low, high)
    shown = [
        text.get_text()
        for place, text in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if low <= place <= high * 1.000001
    ]
    assert shown == expected
