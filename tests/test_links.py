"""Theory, derivations, paper pages and tests name one another, in both directions."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from budgetsim import symbolic, theory
from budgetsim.symbolic.derivation import PAGES, REGISTRY, THEORY

CHECKOUT = Path(__file__).parents[1]
PAPERS = CHECKOUT / "papers"
SLUGS = {
    *("phase-transition", "plan-and-budget", "rex", "uba", "bavt", "tale", "anytime", "bats", "token-economies"),
    *("repeated-sampling", "budgetmem", "personas", "agent-scaling"),
}
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
DERIVATION = re.compile(r"`budgetsim\.symbolic\.(\w+\.\w+)`")
LISTED = re.compile(r"^- \[`(\w+\.\w+)`\]\(\.\./budgetsim/symbolic/", re.MULTILINE)

for room in (symbolic, theory):
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        importlib.import_module(module.name)


def named_theory(name: str) -> tuple[str, ...]:
    """Functions of the theory that a derivation names, without making it."""
    return THEORY[name]


def function(path: str) -> Callable[..., object] | None:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name, None)


def words(text: str | None) -> str:
    return " ".join((text or "").split())


def documented() -> dict[str, str]:
    """Docstrings of all functions of the theory."""
    found = {}
    for module in pkgutil.iter_modules(theory.__path__, f"{theory.__name__}."):
        members = vars(importlib.import_module(module.name)).items()
        own = {name: item for name, item in members if getattr(item, "__module__", None) == module.name}
        found.update({f"{module.name}.{name}": words(item.__doc__) for name, item in own.items()})
    return found


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_derivation_names_functions_of_the_theory(name: str):
    assert all(callable(function(path)) for path in named_theory(name)), named_theory(name)
    assert PAGES[name] in SLUGS


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_the_theory_names_its_derivation(name: str):
    for path in named_theory(name):
        line = f"Derivation: `budgetsim.symbolic.{name}`; page: ``papers/{PAGES[name]}.md``."
        assert line in words(function(path).__doc__), f"{path} does not say: {line}"


def test_the_theory_names_no_other_derivation():
    claimed = {(path, name) for path, text in documented().items() for name in DERIVATION.findall(text)}
    assert len(claimed) > 30
    assert {(path, name) for path, name in claimed if path not in named_theory(name)} == set()


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_derivation_has_a_test_of_its_own(name: str):
    module, maker = name.split(".")
    pattern = re.compile(rf"\b{maker}\b")
    tests = sorted((CHECKOUT / "tests" / "symbolic").glob("test_*.py"))
    texts = [file.read_text(encoding="utf-8") for file in tests]
    assert any(module in text and pattern.search(text) for text in texts), f"no test in tests/symbolic names {name}"


@pytest.mark.parametrize("page", sorted(PAPERS.glob("*.md")), ids=lambda page: page.stem)
def test_a_page_names_its_derivations_and_its_tests(page: Path):
    text = page.read_text(encoding="utf-8")
    wanted = {name for name, slug in PAGES.items() if slug == page.stem}
    assert wanted <= set(LISTED.findall(text)), "`make papers` writes the list of derivations"
    assert set(LISTED.findall(text)) <= (wanted if page.stem in SLUGS else set(PAGES))
    if page.stem in SLUGS:
        assert re.search(r"\]\(\.\./tests/[\w/]+\.py\)", text), "it names no test file"


@pytest.mark.parametrize("page", sorted(PAPERS.glob("*.md")), ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path):
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", sorted(PAPERS.glob("*.md")), ids=lambda page: page.stem)
def test_functions_that_a_page_links_exist(page: Path):
    linked = re.findall(r"\[`(\w+)`\]\(\.\./(budgetsim/\w+/[\w/]+\.py)\)", page.read_text(encoding="utf-8"))
    for name, file in linked:
        text = (CHECKOUT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(?:def|class) {name}\b|^{name}\b.* = ", text, re.MULTILINE), f"{file} has no {name}"
