"""The report: complete, in order, in plain numbers, self-contained, and safe whatever names the data carry."""

from __future__ import annotations

import re
import runpy
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from budgetsim import plot
from budgetsim.report.page import render

made_up = runpy.run_path(str(Path(__file__).parents[1] / "plot" / "made_up.py"))
VOID = {"meta", "link", "br", "hr", "img", "input"}
ATTACK = '<script>alert("1")</script>'
SVG = '<?xml version="1.0"?>\n<svg width="1pt" viewBox="0 0 1 1"><g id="axes_1"><text>THEME</text></g></svg>\n'


class Page(HTMLParser):
    """What a browser would see: elements with attributes, the text of each section, and whether tags are balanced."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))

    @property
    def text(self) -> str:
        return " ".join(" ".join(text for where, text in self.texts if "style" not in where).split())

    def all(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements for key, value in attributes.items() if key == name and value]


def study(count: int = 8, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Budget study",
        "command": "budgetsim study runs.jsonl --budget 1000",
        "version": "9.8.7",
        "seconds": 12.3,
        "budget": 1000.0,
        "sources": [{"file": "runs.jsonl", "backend": "jsonl", "accepted": 29000, "rejected": 3, "blank": 1}],
        "rejects": {"wrong type": 2, "missing field": 1},
        "rejects_file": "rejects.jsonl",
        "set_aside": {"no known correctness": 4},
        "calibration": made_up["calibration"](count),
        "plan": made_up["plan"](),
        "checks": made_up["checks"](),
        "validation": made_up["validation"](count),
        "validation_note": None,
        "figures": {
            name: {theme: SVG.replace("THEME", f"{name} in {theme}") for theme in ("light", "dark")}
            for name in ("groups", "organizations:task_0", "organizations:task_1", "frontier", "held_out")
        },
        "cannot_tell": ["Whether problems of tomorrow are like these.", "Anything about latency."],
        **changes,
    }


def sections(html: str) -> list[str]:
    parts = re.split(r"<section[^>]*>", html)[1:]
    return [part.split("</section>")[0] for part in parts]


def test_five_sections_in_order_each_with_its_answer_first():
    html = render(study())
    assert Page(html).all("aria-labelledby") == ["read", "sample", "organization", "held-out", "limits"]
    for number, section in enumerate(sections(html), 1):
        page = Page(section)
        assert [tag for tag, _ in page.elements[:3]] == ["h2", "span", "p"]
        assert page.elements[2][1]["class"] == "answer"
        assert page.text.startswith(f"{number} ")


def test_numbers_are_those_of_the_study():
    read, sample, organization, held_out, limits = (Page(part).text for part in sections(render(study())))
    assert "29,000 sampled answers were read from 1 file; 3 rows were rejected and 4 rows were set aside." in read
    for words in ("wrong type", "missing field", "no known correctness", "rejects.jsonl"):
        assert words in read
    group = study()["calibration"]["groups"][0]
    for key in ("accuracy", "correlation_total", "correlation_within"):
        value = group[key]
        assert f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]" in sample
    assert "For all tasks, majority tree 3^3 (tiny, way_0, temperature 0.8)" in organization
    for words in ("0.600 [0.550, 0.700]", "700 of 1,000", "0.200 [0.150, 0.300]", "0.948", "0.300"):
        assert words in organization
    for words in ("0.601", "0.0011", "+0.91", "1 organization agrees"):
        assert words in organization
    assert "From 2 samples per problem" in held_out
    for number in ("0.019", "0.075", "0.130", "0.024", "0.222", "97% of the 90% intervals", "86% of the 90% intervals"):
        assert number in held_out, number
    for sentence in study()["cannot_tell"]:
        assert sentence in limits
    assert Page(render(study())).text.endswith("runs.jsonl --budget 1000 budgetsim 9.8.7, seed 7, 12 seconds.")


def test_words_do_not_run_together():
    text = Page(render(study())).text
    for name in ("runs.jsonl", "rejects.jsonl", "organizations:", "task_0:", "task_1:"):
        text = text.replace(name, "")
    assert not re.findall(r"[.,;:)\]][A-Za-z]{2}", text)
    assert not re.findall(r"[a-z0-9](?:\(|\[)", text.replace("P(beats", ""))
    assert not re.findall(r"\b(?:None|nan|inf|Undefined)\b", text)


def test_figures_stand_in_their_sections_in_both_themes():
    parts = sections(render(study()))
    places = {"groups": 1, "organizations:task_0": 2, "organizations:task_1": 2, "frontier": 2, "held_out": 3}
    for name, place in places.items():
        for theme in ("light", "dark"):
            assert [f">{name} in {theme}<" in part for part in parts] == [k == place for k in range(5)]
            assert re.search(rf'<div class="{theme}"><svg[^>]*>(?:(?!</svg>).)*{name} in {theme}<', parts[place], re.S)
    style = render(study()).split("<style>")[1].split("</style>")[0]
    assert "figure .dark { display: none; }" in style.split("@media")[0] + style
    assert re.search(r"prefers-color-scheme: dark\) \{\s*figure \.light \{ display: none; \}", style)


@pytest.fixture(scope="module")
def drawn() -> dict[str, dict[str, str]]:
    makers: dict[str, Callable[[str], Any]] = {
        "organizations": lambda theme: plot.organizations(made_up["curves"](), budget=300.0, theme=theme),
        "groups": lambda theme: plot.groups(made_up["calibration"](8), theme=theme),
        "frontier": lambda theme: plot.frontier(made_up["task_plan"](), 1000.0, theme=theme),
        "held_out": lambda theme: plot.held_out(made_up["validation"](8), theme=theme),
    }
    return {name: {theme: plot.svg(make(theme)) for theme in ("light", "dark")} for name, make in makers.items()}


def test_real_figures_keep_their_ids_apart_and_find_their_own(drawn: dict[str, dict[str, str]]):
    html = render(study(figures=drawn))
    page = Page(html)
    ids = page.all("id")
    assert len(ids) > 200
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    wanted = [href for name in ("href", "xlink:href") for href in page.all(name)]
    wanted += re.findall(r"url\(([^)]*)\)", html)
    assert len(wanted) > 50
    assert {target for target in wanted if not (target.startswith("#") and target[1:] in ids)} == set()
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 8
    assert all(attributes["aria-label"] for tag, attributes in page.elements if tag == "svg")


def test_nothing_is_loaded_from_anywhere(drawn: dict[str, dict[str, str]]):
    html = render(study(figures=drawn))
    page = Page(html)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "embed", "base"}
    for name in ("src", "srcset", "action", "poster", "data"):
        assert page.all(name) == []
    assert "@import" not in html
    assert [key for _, attributes in page.elements for key in attributes if key.startswith("on")] == []
    # Names of XML languages are no addresses to load from.
    rest = re.sub(r'xmlns(?::\w+)?="[^"]*"', "", html)
    assert "://" not in rest


def test_names_are_text_and_nothing_else():
    def poisoned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: poisoned(one) for key, one in value.items()}
        if isinstance(value, list):
            return [poisoned(one) for one in value]
        if isinstance(value, str) and value not in {"pass", "plurality", "votes", "tree", "single"}:
            return f"{value}{ATTACK}"
        return value

    clean = study(plan_note="plan", validation_note="note")
    figures = clean.pop("figures")
    attacked = poisoned(clean)
    attacked["rejects"] = {f"reason{ATTACK}": 3}
    attacked["set_aside"] = {f"other{ATTACK}": 1}
    attacked["plan"]["skipped"] = {f"task_9{ATTACK}": f"too dear{ATTACK}"}
    attacked["validation"]["skipped"] = {f"group_9{ATTACK}": f"too few{ATTACK}"}
    figures = {f"{name}{ATTACK}" if ":" in name else name: value for name, value in figures.items()}
    page = Page(render({**attacked, "figures": figures}))
    assert "script" not in {tag for tag, _ in page.elements}
    for stem in (
        "Budget study",
        "runs.jsonl",
        "reason",
        "other",
        "tiny",
        "way_0",
        "task_0",
        "task_9",
        "group_9",
        "beta",
    ):
        assert f"{stem}{ATTACK}" in page.text, stem
    assert any(ATTACK in label for label in page.all("aria-label"))


@pytest.mark.parametrize("count", [1, 8, 156])
def test_few_groups_and_many(count: int):
    html = render(study(count))
    page = Page(html)
    rows = [tag for tag, _ in Page(sections(html)[1]).elements].count("tr")
    assert rows == 1 + count
    folded = Page(sections(html)[1])
    assert ("details" in {tag for tag, _ in folded.elements}) == (count > 40)
    assert ("One sample is right with probability 0." in page.text) == (count == 1) or count > 1
    assert f"{count} group{'s' if count > 1 else ''} calibrated" in page.text


def test_every_table_scrolls_inside_its_own_box():
    html = render(study())
    assert html.count("<table>") == html.count('<div class="scroll" tabindex="0">') - 5  # the figures scroll, too


def test_held_out_rows_are_those_of_the_largest_k():
    result = made_up["validation"](3)
    section = sections(render(study(validation=result)))[3]
    table = section[section.index("Every group at its largest k") :]
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("<tr>")[2:]]
    points = [point for group in result["groups"] for point in group["curves"] if point["k"] == 3]
    expected = {
        (
            "3",
            f"{p['observed']:.3f}",
            "0.050",
            f"{p['predicted']:.3f} [{p['predicted_low']:.3f}, {p['predicted_high']:.3f}]",
        )
        for p in points
    }
    assert {tuple(row[3:]) for row in rows} == expected
    assert len(rows) == 6


def test_without_held_out_samples():
    note = "Most problems were answered once only."
    held_out = Page(sections(render(study(validation=None, validation_note=note)))[3]).text
    assert "unchecked" in held_out
    assert note in held_out
    assert "None" not in held_out


def test_without_a_plan():
    note = "The runs carry no token counts."
    html = render(study(plan=None, plan_note=note, checks=[]))
    assert note in Page(sections(html)[2]).text
    assert note in Page(html.split("<header>")[1].split("</header>")[0]).text


def test_what_is_missing_is_not_known():
    calibration = made_up["calibration"](4, within=False)
    for group in calibration["groups"]:
        group["tokens"] = None
    text = Page(sections(render(study(calibration=calibration)))[1]).text
    assert text.count("not known") == 8 + 1  # and once in the words below the table


def test_a_trend_along_the_samples_is_a_warning():
    calibration = made_up["calibration"](4)
    calibration["groups"][2]["order_effect"] = -3.9
    assert "not exchangeable" not in render(study(calibration=calibration))
    calibration["groups"][2]["order_effect"] = -4.1
    text = Page(render(study(calibration=calibration))).text
    assert "Samples are not exchangeable in 1 group:" in text
    assert "task_2 (tiny, way_0, temperature 0.8)." in text


def test_a_disagreement_is_said_first():
    checks = made_up["checks"]()
    checks[0].update(agrees=False, z=-6.2)
    text = Page(sections(render(study(checks=checks)))[2]).text
    assert "1 organization does not agree with the simulation." in text
    assert "-6.20 no" in text


def test_models_and_temperatures_are_columns_only_where_they_differ():
    assert "<th>Model</th>" not in render(study())
    calibration = made_up["calibration"](4)
    calibration["groups"][1].update(model="other", temperature=None)
    html = sections(render(study(calibration=calibration)))[1]
    assert "<th>Model</th>" in html
    assert '<th class="n">Temperature</th>' in html
    assert ">other</td>" in html


def test_the_same_study_gives_the_same_page(drawn: dict[str, dict[str, str]]):
    assert render(study(figures=drawn)) == render(study(figures=drawn))


def test_long_names_are_cut_and_whole_in_their_titles():
    name = "<b>&" + "n" * 3000
    changes = study()
    for group in changes["calibration"]["groups"]:
        group.update(model=name, strategy=name, task=name)
    for task in changes["plan"]["tasks"]:
        task["task"] = name
        for option in (task["best"], task["best_single"], *task["best_by_kind"].values()):
            option.update(model=name, strategy=name)
    changes["checks"][0].update(task=name, model=name, strategy=name)
    for group in changes["validation"]["groups"]:
        group.update(task=name, model=name, strategy=name)
    changes["plan"]["skipped"] = {name: f"nothing fits {name}"}
    changes["cannot_tell"] = [f"Whether {name} is typical."]
    changes["figures"] = {f"organizations:{name}": dict.fromkeys(("light", "dark"), SVG)}
    page = Page(render(changes))
    assert "n" * 56 not in page.text
    assert "<b>&" + "n" * 55 + "… is typical." in page.text
    assert set(page.all("title")) == {name}
    assert "b" not in {tag for tag, _ in page.elements}


def test_a_single_sample_that_nothing_beats_is_said_plainly():
    changes = study()
    plain = "othing affordable is expected to beat the single sample"
    before = Page(render(changes)).text
    assert f"N{plain}." not in before
    assert f"n{plain}" not in before
    for task in changes["plan"]["tasks"]:
        task.update(best=task["best_single"], beats_single=0.5, gain={"value": 0.0, "low": 0.0, "high": 0.0})
    html = render(changes)
    text = Page(html).text
    assert f"N{plain}." in text
    assert f"right most often: n{plain}." in text
    assert "Probability that it beats it" not in text
    organization = Page(sections(html)[2]).text
    assert "0.500" not in organization.replace("[0.500", "").replace(" 0.500]", "")
    assert organization.count("nothing beats it") == len(changes["plan"]["tasks"])


def test_probabilities_of_the_headline_are_never_bare():
    for value, words in ((0.0, "below 0.001"), (0.5, "0.500"), (1.0, "above 0.999")):
        changes = study()
        changes["plan"]["tasks"][0]["beats_single"] = value
        assert f"Probability that it beats it {words} " in Page(render(changes)).text


def test_a_correlation_given_the_problem_is_a_column_only_where_there_is_one():
    changes = study()
    for group in changes["calibration"]["groups"]:
        group["correlation_given_problem"] = 0.0
    text = Page(render(changes)).text
    assert "Correlation, given the problem" not in text
    assert "Given the problem, the correlation is zero in every group." in text
    changes["calibration"]["groups"][1]["correlation_given_problem"] = 0.125
    text = Page(render(changes)).text
    assert "Correlation, given the problem" in text
    assert "0.125" in text
    assert "zero in every group" not in text
