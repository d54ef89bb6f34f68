"""`budgetsim reproduce` as a user meets it: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer.main

from budgetsim import cli
from budgetsim.errors import InputError
from budgetsim.reproduce import pages, registry
from budgetsim.reproduce.claim import EVIDENCE, VERDICTS
from budgetsim.reproduce.verdicts import number

PAPERS = Path(__file__).parents[2] / "papers"
FIELDS = {"claim", "condition", "theirs", "ours", "se", "verdict", "evidence", "command"}


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def one(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["budgetsim", "reproduce", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return one


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch):
    """A simulated part of one system: it reports what it was asked for."""

    def claims(*, quick, seed, progress):
        progress(1, 2)
        yield number(f"quick {quick}", "d", theirs="3", ours=float(seed), se=0.0, evidence="derived")

    def figures(folder: Path) -> list[Path]:
        (folder / "drawn.svg").write_text("<svg/>")
        return [folder / "drawn.svg"]

    monkeypatch.setattr(registry, "_simulated", lambda _: SimpleNamespace(claims=claims, figures=figures))


def test_json_is_one_list_of_claims(run):
    status, out, err = run("rex", "--analytical", "--json")
    assert status == 0
    entries = json.loads(out)
    assert len(entries) >= 6
    for entry in entries:
        assert set(entry) == FIELDS
        assert entry["verdict"] in VERDICTS
        assert entry["evidence"] in EVIDENCE
        assert entry["command"] == "budgetsim reproduce rex --analytical"
    assert "\x1b" not in err, "no progress bar where standard error is no terminal"


def test_a_table_for_people_names_every_claim(run):
    status, out, _ = run("rex", "--analytical")
    assert status == 0
    assert all(claim.claim in out for claim in registry.reproduce("rex", analytical=True))
    assert out.rstrip().splitlines()[-1].startswith(f"{len(registry.reproduce('rex', analytical=True))} claims: ")


def test_without_a_name_the_systems_are_listed(run):
    assert run()[1].split() == list(registry.systems())
    assert json.loads(run("--json")[1]) == list(registry.systems())


@pytest.mark.parametrize("name", ["nobody", "rex_simulated", "claim", "../rex", "REX", ""])
def test_a_wrong_name_is_one_clear_line(run, name: str, tmp_path: Path):
    status, out, err = run(name, "--out", str(tmp_path / "made"))
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "there are phase-transition" in err
    assert not (tmp_path / "made").exists()


@pytest.mark.usefixtures("sampled")
def test_simulated_claims_come_with_their_seed_and_figures(run, tmp_path: Path):
    out = tmp_path / "made"
    status, printed, _ = run("rex", "--quick", "--seed", "3", "--json", "--out", str(out))
    assert status == 0
    last = json.loads(printed)[-1]
    assert last["claim"] == "quick True"
    assert last["verdict"] == "holds"
    assert last["command"] == "budgetsim reproduce rex --quick --seed 3"
    assert json.loads((out / "claims.json").read_text()) == json.loads(printed)
    assert sorted(path.name for path in out.iterdir()) == ["claims.json", "drawn.svg"]
    assert "quick" not in run("rex", "--analytical", "--json")[1]


def test_an_interrupted_figure_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(folder: Path) -> list[Path]:
        (folder / "half.svg").write_text("<svg")
        raise InputError("stopped")

    monkeypatch.setattr(registry, "_simulated", lambda _: SimpleNamespace(figures=broken))
    with pytest.raises(InputError):
        registry.write("rex", [], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["claims.json"]


def test_out_that_is_a_file_is_one_clear_line(run, tmp_path: Path):
    (tmp_path / "file").write_text("")
    status, _, err = run("rex", "--analytical", "--out", str(tmp_path / "file"))
    assert status == 2
    assert "cannot be made a folder" in err


def test_every_command_of_the_pages_can_be_given():
    """The exact ones are run by the tests of the pages; here each is understood as it stands."""
    commands = {claim.command for slug in registry.systems() for claim in pages.read_results(PAPERS, slug)}
    program = typer.main.get_command(cli.app)
    for command in commands:
        name, *arguments = shlex.split(command)
        assert (name, arguments[0]) == ("budgetsim", "reproduce")
        given = program.commands["reproduce"].make_context("reproduce", arguments[1:]).params
        assert given["name"] in registry.systems()
        assert given["analytical"] or given["seed"] >= 0


def test_the_command_of_a_claim_is_the_one_that_gave_it():
    assert registry.command("uba", analytical=False, quick=True, seed=7) == "budgetsim reproduce uba --quick --seed 7"
    assert {claim.command for claim in registry.reproduce("uba", analytical=True)} == {
        registry.command("uba", analytical=True)
    }
