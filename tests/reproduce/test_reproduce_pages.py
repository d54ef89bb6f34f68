"""The pages are true: every exact claim comes out again, tables are those of the results, links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from budgetsim.errors import InputError
from budgetsim.reproduce import pages, registry
from budgetsim.reproduce.derivations import derivations, listing
from budgetsim.reproduce.verdicts import number

ROOT = Path(__file__).parents[2]
PAPERS = ROOT / "papers"
SYSTEMS = registry.systems()
SECTIONS = (
    "What it claims",
    "The formula here",
    "Reproduction",
    "Verdict",
    "What stays unverified",
)
REMEDY = "run `make papers`, or `python -m budgetsim.reproduce.pages papers --remake` for the tables alone"


def text(slug: str) -> str:
    return (PAPERS / f"{slug}.md").read_text(encoding="utf-8")


def prose(page: str) -> str:
    """A page without what is generated, code, addresses of links and references to numbered parts of a paper."""
    page = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", page.partition("\n## ")[2], flags=re.DOTALL)
    page = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", page)
    return re.sub(r"\b(?:Theorems?|Eqs?\.|Algorithm|Tables?|Figures?|Sections?|arXiv)\s+[\w.]+", " ", page)


def stray_numbers(page: str) -> set[str]:
    """Numbers of the prose that no claim of the page has."""
    [table] = re.findall(r"<!-- claims -->(.*?)<!-- /claims -->", page, flags=re.DOTALL)
    known = {float(found) for found in re.findall(r"(?<![\w.])\d*\.?\d+", table)}
    found = re.findall(r"(?<![\w.])\d*\.?\d+(?!\w)", prose(page).replace(",000", "000"))
    return {found_ for found_ in found if float(found_) not in known}


def dead_links(path: Path) -> list[str]:
    """Targets that are not there, and functions that their file does not have."""
    dead = []
    for label, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file = (path.parent / target.partition("#")[0]).resolve()
        name = re.fullmatch(r"`(?:\w+\.)*(\w+)`", label)
        if not file.exists():
            dead.append(target)
        elif file.suffix == ".py" and name:
            defined = rf"^(?:def|class) {name[1]}\b|^{name[1]}\b.*=" if file.stem != name[1] else ""
            if not re.search(defined, file.read_text(encoding="utf-8"), flags=re.MULTILINE):
                dead.append(f"{label} in {target}")
    return dead


@pytest.mark.parametrize("slug", SYSTEMS)
def test_every_exact_claim_comes_out_again(slug: str):
    command = registry.command(slug, analytical=True)
    kept = [claim for claim in pages.read_results(PAPERS, slug) if claim.command == command]
    now = registry.reproduce(slug, analytical=True)
    assert [(claim.claim, claim.condition) for claim in kept] == [(claim.claim, claim.condition) for claim in now], (
        REMEDY
    )
    for before, after in zip(kept, now, strict=True):
        for field in ("ours", "theirs", "se"):
            old, new = getattr(before, field), getattr(after, field)
            same = new == pytest.approx(old, rel=1e-6, abs=1e-12) if isinstance(old, float) else new == old
            assert same, f"{before.claim}: {field} was {old}, is {new}; {REMEDY}"
        assert (before.verdict, before.evidence) == (after.verdict, after.evidence), f"{before.claim}; {REMEDY}"


@pytest.mark.parametrize("slug", SYSTEMS)
def test_the_page_is_the_one_that_the_results_make(slug: str):
    assert text(slug) == pages.made(text(slug), slug, pages.read_results(PAPERS, slug)), REMEDY


def test_the_index_is_the_one_that_the_results_make():
    results = {slug: pages.read_results(PAPERS, slug) for slug in SYSTEMS}
    made = pages.index({slug: text(slug) for slug in SYSTEMS}, results)
    assert (PAPERS / "README.md").read_text(encoding="utf-8") == made, REMEDY
    assert all(claim.claim.replace("|", "\\|") in made for claims in results.values() for claim in claims)


@pytest.mark.parametrize("slug", SYSTEMS)
def test_all_pages_have_one_form(slug: str):
    page = text(slug)
    headings = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert headings == list(SECTIONS)
    assert re.search(r"arXiv \d{4}\.\d{5}", page.partition("\n## ")[0])
    assert registry.command(slug, analytical=True) in page


@pytest.mark.parametrize("slug", SYSTEMS)
def test_no_number_of_the_prose_is_without_a_claim(slug: str):
    assert stray_numbers(text(slug)) == set()


@pytest.mark.parametrize("path", sorted(PAPERS.glob("*.md")), ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path):
    assert dead_links(path) == []


def test_every_derivation_is_on_its_page():
    for found in derivations():
        if found.page in SYSTEMS and "<!-- derivations -->" in text(found.page):
            assert f"`{found.name}`" in text(found.page), REMEDY
    assert {"stopping.price_stop"} <= {found.name for found in derivations() if found.page == "anytime"}
    assert listing("no-such-page").startswith("- none")


def test_every_result_belongs_to_a_system_and_every_command_to_its_system():
    assert {path.stem for path in (PAPERS / "results").glob("*.json")} == set(SYSTEMS)
    for slug in SYSTEMS:
        starts = {" ".join(claim.command.split()[:3]) for claim in pages.read_results(PAPERS, slug)}
        assert starts == {f"budgetsim reproduce {slug}"}


def test_the_checks_see_what_they_look_for(tmp_path: Path):
    claim = number("c", "d", theirs="0.47", ours=0.471, evidence="sourced")
    page = "# t\n\narXiv 1234.56789\n\n## v\n\nTheorem 9 says .47 and `x 5`.\n<!-- claims -->\n<!-- /claims -->\n"
    page = pages.between(page, "claims", pages.markdown([claim]))
    assert stray_numbers(page) == set()
    assert stray_numbers(page.replace("says", "says 0.48 and")) == {"0.48"}
    (tmp_path / "code.py").write_text("def here(): ...\n")
    (tmp_path / "page.md").write_text("[`here`](code.py) [`room.here`](code.py) [`gone`](code.py) [x](none.md)")
    assert dead_links(tmp_path / "page.md") == ["`gone` in code.py", "none.md"]


@pytest.mark.parametrize(
    "page", ["", "<!-- claims -->", "<!-- /claims --><!-- claims -->", "<!-- claims --><!-- /claims -->" * 2]
)
def test_a_page_without_its_markers_is_refused(page: str):
    with pytest.raises(ValueError, match="once each"):
        pages.made(page, "rex", [])


def test_a_changed_result_changes_the_page_and_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "systems", lambda: ("rex",))
    (tmp_path / "rex.md").write_text(text("rex"), encoding="utf-8")
    assert pages.main([str(tmp_path), "rex", "--analytical"]) == 0
    before = (tmp_path / "rex.md").read_text(encoding="utf-8")
    kept = pages.read_results(tmp_path, "rex")
    other = number("sampled", "d", theirs="1", ours=1.0, se=0.1, evidence="derived")
    pages.result_path(tmp_path, "rex").write_text(pages.to_json([*kept, other]), encoding="utf-8")
    assert pages.main([str(tmp_path), "rex", "--analytical"]) == 0
    assert pages.read_results(tmp_path, "rex") == [*kept, other], "a run of exact claims keeps the simulated ones"
    assert (tmp_path / "rex.md").read_text(encoding="utf-8") != before
    assert "sampled" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert not list(tmp_path.glob("**/*.part"))


def test_the_program_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert pages.main([str(tmp_path), "--remake"]) == 2
    assert "there is no such page" in capsys.readouterr().err
    assert pages.main([str(tmp_path), "nobody"]) == 2
    assert "no system is called 'nobody'" in capsys.readouterr().err
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "rex.json").write_text("{}")
    with pytest.raises(InputError, match="no list of claims"):
        pages.read_results(tmp_path, "rex")


def test_the_module_runs_as_a_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.argv", ["pages", "--help"])
    with pytest.raises(SystemExit) as ended, pytest.warns(RuntimeWarning, match="pages"):
        runpy.run_module("budgetsim.reproduce.pages", run_name="__main__")
    assert ended.value.code == 0
    assert "--remake" in capsys.readouterr().out
