"""Studies of worlds: kept claims are those of the kept tables, pages show the kept figures; tables and shares."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.stats import binom, spearmanr

from budgetsim.errors import InputError
from budgetsim.plot.style import THEMES, themed
from budgetsim.reproduce import pages, registry
from budgetsim.reproduce.studies import draw, gathered, read_kept
from budgetsim.reproduce.verdicts import ordering, statement
from budgetsim.reproduce.world_figures import by_parts, over_parameters, share_bars
from budgetsim.reproduce.world_tables import Shares, decided_by, read_table, shares_ahead, write_table

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "papers" / "results"


def studies() -> dict[str, dict]:
    names = {slug: f"budgetsim.reproduce.{slug.replace('-', '_')}_simulated" for slug in registry.systems()}
    modules = {slug: import_module(name) for slug, name in names.items() if find_spec(name) is not None}
    return {slug: module.STUDIES for slug, module in modules.items() if hasattr(module, "STUDIES")}


@pytest.mark.parametrize("slug", studies())
def test_kept_claims_are_those_of_the_kept_tables(slug: str):
    remedy = f"run `python -m budgetsim.reproduce.pages papers {slug}`"
    command = registry.command(slug, analytical=False)
    kept = [claim for claim in pages.read_results(ROOT / "papers", slug) if claim.command == command]
    tables = read_kept(studies()[slug], KEPT / slug)
    now = [replace(c, command=command) for name, study in studies()[slug].items() for c in study.claims(tables[name])]
    assert kept, remedy
    assert [claim.claim for claim in kept] == [claim.claim for claim in now], remedy
    for before, after in zip(kept, now, strict=True):
        assert (before.condition, before.verdict, before.evidence) == (after.condition, after.verdict, after.evidence)
        assert before.theirs == after.theirs, remedy
        assert (before.se is None) == (after.se is None), remedy
        assert before.se is None or before.se == pytest.approx(after.se, rel=1e-5), f"{before.claim}; {remedy}"
        if isinstance(before.ours, str):
            assert before.ours == after.ours, remedy
        else:
            assert before.ours == pytest.approx(after.ours, rel=1e-6, abs=1e-12), f"{before.claim}; {remedy}"


@pytest.mark.parametrize("slug", studies())
def test_the_page_shows_every_figure(slug: str):
    page = (ROOT / "papers" / f"{slug}.md").read_text(encoding="utf-8")
    tables = read_kept(studies()[slug], KEPT / slug)
    names = [name for study, table in tables.items() for name in studies()[slug][study].draw(table)]
    assert names, "a study has a figure"
    for name in names:
        assert len(re.findall(rf"!\[([^\]]+)\]\(\.\./figures/{slug}-{name}\.svg\)", page)) == 1, name
        for theme in THEMES:
            ending = "" if theme == "light" else f"-{theme}"
            for kind in ("svg", "png"):
                assert (ROOT / "figures" / f"{slug}-{name}{ending}.{kind}").is_file(), name


class Coin:
    """A study of coins, each tossed ten times: whether heads come more often where the coin is said to be good."""

    def measure(self, *, quick, seed, progress):
        random = np.random.default_rng(seed)
        good = random.random(20 if quick else 400)
        progress(0.5)
        return {"good": good, "heads": random.binomial(10, good) / 10, "name": np.array([f"c{i}" for i in good])}

    def claims(self, table):
        found = decided_by({"good": table["good"]}, table["heads"])[0]
        yield ordering("good coins show heads", "all", theirs="so", difference=found.correlation, se=found.se,
                       evidence="derived")  # fmt: skip
        yield statement("digits", "all", theirs="few", ours=float(table["good"][0]), holds=True, evidence="derived")

    def draw(self, table):
        return {"coins": lambda look: over_parameters(look, {"good": table["good"]}, {"a": table["heads"]}, label="h")}


def test_a_study_is_measured_kept_and_judged_by_what_is_kept(tmp_path: Path):
    study = gathered("coins", {"coin": Coin()})
    seen: list[tuple[int, int]] = []
    assert study.keep(tmp_path / "none") == []
    claims = list(study.claims(quick=False, seed=3, progress=lambda done, total: seen.append((done, total))))
    assert seen == [(500, 1000), (1000, 1000)]
    [path] = study.keep(tmp_path / "kept")
    tables = read_kept({"coin": Coin()}, path.parent)
    assert list(Coin().claims(tables["coin"])) == claims
    raw = Coin().measure(quick=False, seed=3, progress=[].append)["good"][0]
    assert claims[1].ours != raw
    assert claims[1].ours == pytest.approx(raw, rel=5e-6)
    assert claims[0].verdict == "holds"
    drawn = {file.name for file in study.figures(tmp_path / "figures")}
    assert drawn == {"coin.csv", *(f"coins-coins{end}.{kind}" for end in ("", "-dark") for kind in ("svg", "png"))}
    first = (tmp_path / "figures" / "coins-coins.svg").read_bytes()
    draw("coins", {"coin": Coin()}, tables, tmp_path / "again")
    assert (tmp_path / "again" / "coins-coins.svg").read_bytes() == first


def test_a_table_comes_back(tmp_path: Path):
    table = {"world": np.arange(3), "share": np.array([0.1, 1e-9, 123456.7]), "kind": np.array(["a", "b", "c"])}
    back = read_table(write_table(tmp_path / "t.csv", table))
    assert list(back) == list(table)
    assert back["share"].tolist() == [0.1, 1e-9, 123457.0]
    assert back["kind"].tolist() == ["a", "b", "c"]
    with pytest.raises(InputError, match="expected a table"):
        read_table(tmp_path / "none.csv")


def test_shares_of_equal_strategies_are_ties_but_for_the_stated_errors():
    """Two equal shares of 2000 problems: ahead by two standard errors as often as a normal number is, .0228."""
    random = np.random.default_rng(0)
    worlds, problems = 4000, 2000
    first, second = random.binomial(problems, 0.4, (2, worlds)) / problems
    se = np.sqrt(0.4 * 0.6 / problems)
    shares = shares_ahead(first, second, se, se)
    low, high = binom.ppf([1e-6, 1 - 1e-6], worlds, 0.0228) / worlds
    assert low <= shares.ahead <= high
    assert low <= shares.behind <= high
    assert shares.ahead + shares.tied + shares.behind == pytest.approx(1.0)
    assert shares.se == pytest.approx(np.sqrt(shares.ahead * (1 - shares.ahead) / worlds), rel=0.05)
    with pytest.raises(ValueError, match="at least one world"):
        shares_ahead([], [], 0.0, 0.0)


def test_what_decides_is_what_scipy_says():
    random = np.random.default_rng(1)
    parameters = {"noise": random.random(200), "bias": random.integers(0, 3, 200), "same": np.ones(200)}
    outcome = 0.3 * parameters["noise"] - parameters["bias"] + random.normal(size=200)
    found = decided_by(parameters, outcome)
    assert [influence.name for influence in found] == ["bias", "noise"]
    for influence in found:
        assert influence.correlation == pytest.approx(spearmanr(parameters[influence.name], outcome).statistic)
    with pytest.raises(ValueError, match="bias: expected 200 worlds"):
        decided_by({"bias": [1, 2]}, outcome)
    with pytest.raises(ValueError, match="three worlds"):
        decided_by({}, [1.0, 2.0])


def test_fifths_hold_equal_numbers_of_worlds():
    at, mean, se = by_parts(np.arange(100), np.arange(100) * 2.0)
    assert at.tolist() == [9.5, 29.5, 49.5, 69.5, 89.5]
    assert mean.tolist() == [19.0, 59.0, 99.0, 139.0, 179.0]
    assert se == pytest.approx(np.full(5, 2.0 * np.arange(20).std(ddof=1) / np.sqrt(20)))
    assert by_parts([1, 2, 3], [1.0, np.nan, 3.0])[0].tolist() == [1.0, 3.0]


@pytest.mark.parametrize("theme", THEMES)
def test_bars_are_as_long_as_the_shares(theme: str):
    with themed(theme) as look:
        figure = share_bars(look, {"a": Shares(0.5, 0.25, 0.25, 40), "b": Shares(0.0, 0.1, 0.9, 40)}, "title")
    assert isinstance(figure, Figure)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == pytest.approx([0.5, 0.0, 0.25, 0.1, 0.25, 0.9])
