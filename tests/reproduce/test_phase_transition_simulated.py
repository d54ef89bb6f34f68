"""Simulated claims on trees of agents: the kept ones are those of the kept curves, figures show them, runs agree."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from budgetsim.plot.style import THEMES
from budgetsim.reproduce import pages, phase_transition_simulated, registry
from budgetsim.reproduce.agent_trees import averages, difficulty, draws, figures, plurality, variants
from budgetsim.reproduce.agent_trees.curves import Point, from_json
from budgetsim.reproduce.agent_trees.draws import Draws
from budgetsim.reproduce.verdicts import half_unit
from budgetsim.simulate import Estimate
from budgetsim.simulate.levels import levels_of
from budgetsim.theory.phase import one_level_map

ROOT = Path(__file__).parents[2]
SLUG = "phase-transition"
STORED = ROOT / "papers" / "results" / SLUG / phase_transition_simulated.CURVES
COMMAND = registry.command(SLUG, analytical=False)
NUMBER = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
REMEDY = "run `python -m budgetsim.reproduce.pages papers phase-transition`, then `make figures`"


@pytest.fixture(scope="module")
def stored():
    return from_json(STORED.read_text(encoding="utf-8"))


def test_the_kept_claims_are_those_of_the_kept_curves(stored):
    kept = [claim for claim in pages.read_results(ROOT / "papers", SLUG) if claim.command == COMMAND]
    now = [replace(claim, command=COMMAND) for claim in phase_transition_simulated.judge(stored)]
    assert [claim.claim for claim in kept] == [claim.claim for claim in now], REMEDY
    for before, after in zip(kept, now, strict=True):
        assert (before.condition, before.verdict, before.evidence) == (after.condition, after.verdict, after.evidence)
        assert before.ours == pytest.approx(after.ours, rel=1e-6, abs=1e-12), f"{before.claim}; {REMEDY}"
        assert before.se == pytest.approx(after.se, rel=1e-5), f"{before.claim}; {REMEDY}"
        assert before.theirs == after.theirs, f"{before.claim}; {REMEDY}"


def test_every_experiment_is_kept(stored):
    assert list(stored) == list(phase_transition_simulated.EXPERIMENTS)


def test_every_simulated_claim_has_its_error(stored):
    assert all(claim.se is not None and claim.se > 0.0 for claim in phase_transition_simulated.judge(stored))


@pytest.mark.parametrize("name", figures.FIGURES)
def test_a_figure_shows_the_kept_curves(name: str, stored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Drawn again, the picture is the one in the repository: its text alike, its numbers to a hundredth of a point."""
    monkeypatch.setattr(figures, "FIGURES", {name: figures.FIGURES[name]})
    monkeypatch.setattr(figures, "THEMES", {"light": THEMES["light"]})
    drawn = [path for path in figures.draw(stored, tmp_path) if path.suffix == ".svg"]
    [before], [after] = (
        [(folder / path.name).read_text(encoding="utf-8") for path in drawn] for folder in (ROOT / "figures", tmp_path)
    )
    identity = re.compile(r'(?:id|href)="[^"]*"|url\(#[^)]*\)')  # made from digits that may differ in the last place
    before, after = identity.sub("", before), identity.sub("", after)
    assert NUMBER.sub("#", before) == NUMBER.sub("#", after), REMEDY
    numbers = [[float(found) for found in NUMBER.findall(text)] for text in (before, after)]
    assert numbers[0] == pytest.approx(numbers[1], abs=0.01), REMEDY


@pytest.mark.parametrize("name", figures.FIGURES)
def test_the_page_shows_every_figure(name: str):
    page = (ROOT / "papers" / f"{SLUG}.md").read_text(encoding="utf-8")
    shown = re.findall(rf"!\[([^\]]+)\]\(\.\./figures/{figures.NAME}-{name}\.svg\)", page)
    assert len(shown) == 1, "once, with a text for those who do not see it"
    for theme in THEMES:
        ending = "" if theme == "light" else f"-{theme}"
        for kind in ("svg", "png"):
            assert (ROOT / "figures" / f"{figures.NAME}-{name}{ending}.{kind}").is_file()


@pytest.mark.verify
@pytest.mark.parametrize("experiment", [variants, averages], ids=["variants", "averages"])
def test_a_quick_run_agrees(experiment):
    """Reported numbers within rounding and 5.6 errors: each fails by chance once in 5e7 times, of at most 15."""
    done: list[float] = []
    curves = experiment.measure(Draws(2, 90, quick=True, report=done.append))
    claims = list(experiment.claims(curves))
    assert len(claims) >= 3
    for claim in claims:
        if isinstance(claim.theirs, float):
            printed = repr(claim.theirs)
            assert claim.ours == pytest.approx(claim.theirs, abs=half_unit(printed) + 5.6 * claim.se), claim.claim
    assert done == sorted(done)
    assert 0.0 < done[-1] <= 1.0


def test_a_quick_run_of_everything_comes_to_its_claims(monkeypatch: pytest.MonkeyPatch):
    """The simulators are replaced by the recursion with their noise: what is tested is all that is around them."""

    def noisy(value: float, replicas: int, seed: int) -> Estimate:
        error = 0.5 / math.sqrt(replicas)
        noise = error * np.random.default_rng(seed).standard_normal()
        return Estimate(value=value + noise, standard_error=error, draws=replicas)

    def tree(organization, probability=None, *, replicas, seed, weights=None, leaf_probability=None):
        leaf = leaf_probability if probability is None else 0.525 if callable(probability) else probability
        bias = 2.0 * np.average(leaf, weights=weights) - 1.0
        for level in levels_of(organization):
            bias = one_level_map(bias, level.fan_in, level.fidelity, level.correlation)
        return noisy(0.5 + 0.5 * float(bias), replicas, seed)

    monkeypatch.setattr(phase_transition_simulated, "_measured", {})
    for module in (draws, difficulty, variants):
        monkeypatch.setattr(module, "simulate_organization", tree)
    monkeypatch.setattr(plurality, "simulate_answer_tree", lambda *_, replicas, seed: noisy(0.5, replicas, seed))
    monkeypatch.setattr(averages, "simulate_risk", lambda *_, replicas, seed: noisy(1.0, replicas, seed))
    seen: list[tuple[int, int]] = []
    claims = list(phase_transition_simulated.claims(quick=True, seed=1, progress=lambda *at: seen.append(at)))
    assert len(claims) > 60
    assert all(claim.se is not None for claim in claims)
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert {claim.verdict for claim in claims} >= {"holds", "does not hold", "holds only if"}


def test_a_wrong_curve_is_noticed(stored):
    sweep = dict(stored["sweep"])
    bias = [point._replace(value=point.value + 6.0 * point.se) for point in sweep["bias, depth 10"]]
    wrong = {"sweep": {**sweep, "bias, depth 10": bias}}
    verdicts = {
        claim.verdict
        for claim in phase_transition_simulated.judge(wrong)
        if claim.claim == "simulated bias after 10 levels"
    }
    assert "does not hold" in verdicts


def test_a_run_reports_how_far_it_is_and_keeps_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored
):
    """The experiments are replaced: what is tested is how they are put together."""

    class Experiment:
        def __init__(self, name: str) -> None:
            self.curves, self.claims = stored[name], phase_transition_simulated.EXPERIMENTS[name].claims

        def measure(self, draws: Draws):
            assert draws.quick
            draws.done(1, 2)
            return self.curves

    names = ("variants", "averages")
    monkeypatch.setattr(phase_transition_simulated, "EXPERIMENTS", {name: Experiment(name) for name in names})
    monkeypatch.setattr(phase_transition_simulated, "_measured", {})
    monkeypatch.setattr(
        phase_transition_simulated, "draw", lambda measured, folder: [folder / name for name in measured]
    )
    assert phase_transition_simulated.keep(tmp_path) == phase_transition_simulated.figures(tmp_path) == []
    seen: list[tuple[int, int]] = []
    claims = list(phase_transition_simulated.claims(quick=True, seed=0, progress=lambda *at: seen.append(at)))
    assert claims == list(phase_transition_simulated.judge({name: stored[name] for name in names}))
    assert seen == [(500, 2000), (1000, 2000), (1500, 2000), (2000, 2000)]
    written = phase_transition_simulated.figures(tmp_path / "new")
    assert [path.name for path in written] == ["curves.json", *names]
    assert from_json(written[0].read_text()) == {name: stored[name] for name in names}
    assert registry.keep(SLUG, tmp_path) == [tmp_path / "curves.json"]
    assert registry.keep("rex", tmp_path) == []


def test_points_are_what_the_file_holds(stored):
    assert all(isinstance(point, Point) for curves in stored.values() for points in curves.values() for point in points)
