"""The report: one HTML page that needs nothing else, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from budgetsim.plot import THEMES
from budgetsim.report import words
from budgetsim.report.embed import embed

#: A trend along the order of sampling beyond this many standard errors is reported.
TREND = 4.0
_CAPTIONS = {
    "groups": "Accuracy of one sample, and correlation between samples of the same problem; bars are 90% intervals.",
    "organizations": "One configuration organized as a single sample, as plurality votes of k samples and as majority "
    "trees (fan-in to the power of depth). Lines are theory, filled marks simulation, crosses samples that the fit did "
    "not see; error bars are two standard errors.",
    "frontier": "The best choice for every budget with its expected accuracy and 90% band; the colour is the "
    "configuration.",
    "held_out": "Every mark is one group at its largest k. On the diagonal a prediction is right.",
}


def render(study: Mapping[str, Any]) -> str:
    """The report of a study as one self-contained HTML document.

    Parameters
    ----------
    study
        Plain data: ``title``, ``command``, ``version``, ``seconds``, ``budget``; ``sources``, ``rejects``,
        ``rejects_file``, ``set_aside`` of the reading; ``calibration``, ``plan``, ``checks``, ``validation`` as their
        ``to_dict`` gives them; ``figures``, by name and theme the text of an SVG document (a name may carry a task
        after a colon); ``cannot_tell``, sentences. ``plan`` and ``validation`` may be None, with ``plan_note`` and
        ``validation_note`` saying why. ``seed`` is the calibration's if not given.

    Returns
    -------
    str
        It loads nothing from anywhere, runs no script, and follows the reader's light or dark setting.

    Raises
    ------
    ValueError
        If a figure is no SVG document.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, lstrip_blocks=True)
    environment.filters.update(
        share=words.share,
        fine=words.fine,
        signed=words.signed,
        percent=words.percent,
        interval=words.interval,
        predicted=words.predicted,
        count=words.count,
        probability=words.probability,
        brief=words.brief,
        configuration=words.configuration,
        predictor=lambda name: words.PREDICTORS.get(name, name),
        metric_words=lambda name: words.METRICS.get(name, (name, name))[1],
        metric_name=lambda name: words.METRICS.get(name, (name, name))[0],
    )
    calibration = study["calibration"]
    groups = [{**group, "trend": abs(group.get("order_effect") or 0.0) > TREND} for group in calibration["groups"]]
    models = len({group["model"] for group in groups})
    temperatures = len({group["temperature"] for group in groups})
    environment.filters["choice"] = lambda row: words.configuration(
        row, model=models > 1 or not row["strategy"], temperature=temperatures > 1
    )
    names = [str(group[name]) for group in groups for name in ("task", "model", "strategy") if group[name]]
    environment.filters["sentence"] = lambda text: words.sentence(text, names)
    environment.tests["single"] = lambda task: task["best"]["kind"] == "single"
    page = environment.from_string(_part("report.html.jinja")).render(
        {"plan_note": None, "validation_note": None, "seed": calibration["seed"], **study},
        calibration={**calibration, "groups": groups},
        models=models,
        temperatures=temperatures,
        plural=words.plural,
        css=Markup(environment.from_string(_part("report.css")).render(THEMES)),
        drawings=_drawings(study["figures"]),
        accepted=sum(source["accepted"] for source in study["sources"]),
        rejected=sum(study["rejects"].values()),
        set_aside_rows=sum(study["set_aside"].values()),
        disagreeing=sum(not check["agrees"] for check in study["checks"] or []),
        held_out_rows=list(_last_points((study["validation"] or {"groups": []})["groups"])),
    )
    return "\n".join(line for line in page.splitlines() if line.strip()) + "\n"


def _part(name: str) -> str:
    return (files("budgetsim.report") / name).read_text(encoding="utf-8")


def _drawings(figures: Mapping[str, Mapping[str, str]]) -> dict[str, list[dict[str, object]]]:
    """Figures by kind, with ids of their own."""
    drawn: dict[str, list[dict[str, object]]] = {kind: [] for kind in _CAPTIONS}
    for number, (name, themes) in enumerate(figures.items(), 1):
        kind, _, task = name.partition(":")
        caption = f"{words.cut(task)}: {_CAPTIONS[kind]}" if task else _CAPTIONS[kind]
        images = {theme: embed(themes[theme], f"figure-{number}-{theme}", caption) for theme in THEMES}
        drawn[kind].append({**images, "caption": caption})
    return drawn


def _last_points(groups: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, object]]:
    """The largest k of every group and metric."""
    for group in groups:
        last = {point["metric"]: point for point in sorted(group["curves"], key=lambda point: point["k"])}
        for point in last.values():
            yield {"group": group, "point": point}
