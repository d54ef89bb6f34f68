"""What holds for every derivation of the room: proved step by step, refuted when altered, readable in LaTeX."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest
import sympy as sp
from matplotlib.mathtext import MathTextParser
from sympy.core.relational import Relational

from budgetsim import symbolic
from budgetsim.symbolic.derivation import PAGES, REGISTRY

MODULES = [file.stem for file in sorted(Path(symbolic.__file__).parent.glob("*.py")) if file.stem != "__init__"]
for module in MODULES:
    __import__(f"budgetsim.symbolic.{module}")
NAMES = sorted(REGISTRY)
OPEN = re.compile(r"\\(?:substack|begin|limits)|Piecewise|Subs")  # matplotlib has no such layouts; TeX has


@pytest.fixture(scope="module")
def rooms() -> dict[str, symbolic.Derivation]:
    """All of them, without the tracer of coverage: it doubles the time, and every room has tests of its own."""
    tracer = coverage.Coverage.current()
    if tracer is None:
        return symbolic.derivations()
    tracer.stop()
    try:
        return symbolic.derivations()
    finally:
        tracer.start()


def claims(derivation: symbolic.Derivation) -> Iterator[tuple[symbolic.Step, Relational]]:
    for step in derivation.steps:
        parts = step.claim.args if isinstance(step.claim, sp.And) else (step.claim,)
        for part in parts:
            yield step, part


def altered(claim: Relational) -> list[Relational]:
    """Claims that are false wherever this one is true."""
    left, right = claim.lhs, claim.rhs
    if not isinstance(claim, sp.Equality):
        turned = {">": sp.Le, ">=": sp.Lt, "<": sp.Ge, "<=": sp.Gt}[claim.rel_op]
        return [turned(left, right, evaluate=False)]
    scaled = [] if right == 0 or left == 0 else [sp.Eq(left * sp.Rational(98, 97), right, evaluate=False)]
    return [sp.Eq(left + sp.Rational(1, 97), right, evaluate=False), *scaled]


def test_all_modules_register_their_makers(rooms: dict[str, symbolic.Derivation]):
    assert sorted(rooms) == NAMES == sorted(PAGES)
    assert {name.split(".")[0] for name in NAMES} <= set(MODULES)
    assert all(derivation.name == name for name, derivation in rooms.items())


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_proved(name: str, rooms: dict[str, symbolic.Derivation]):
    assert {step: outcome for step, outcome in rooms[name].outcomes.items() if outcome != "proved"} == {}


@pytest.mark.parametrize("name", NAMES)
def test_altered_steps_are_refuted(name: str, rooms: dict[str, symbolic.Derivation]):
    assert rooms[name].steps
    for step, claim in claims(rooms[name]):
        assert isinstance(claim, Relational), f"{step.name}: it says nothing that could be false: {claim}"
        for wrong in altered(claim):
            with pytest.raises(symbolic.DerivationError, match=re.escape(step.name)):
                symbolic.Step(name=step.name, says=step.says, claim=wrong, where=step.where).verify()


def test_a_derivation_with_an_altered_step_is_not_made(rooms: dict[str, symbolic.Derivation]):
    right = rooms["majority.slope"]
    step, claim = next(claims(right))
    wrong = symbolic.Step(name=step.name, says=step.says, claim=altered(claim)[0], where=step.where)
    with pytest.raises(symbolic.DerivationError, match=step.name):
        symbolic.Derivation(
            title=right.title,
            source=right.source,
            meaning=right.meaning,
            assumptions=right.assumptions,
            steps=(wrong, *right.steps[1:]),
            result=right.result,
            arguments=right.arguments,
        )


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_readable(name: str, rooms: dict[str, symbolic.Derivation]):
    derivation = rooms[name]
    text = derivation.latex()
    assert derivation._repr_latex_() == f"$${text}$$"
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    assert not re.search(r"(?<!\\)star\b|Dummy|_\{t_|\^\{[^{}]*\}\^", text), text
    formulas = re.sub(r"\\text\{[^}]*\}", "", text)
    assert not re.search(r"(?<![\\a-z])(?:alpha|beta|gamma|delta|kappa|lambda|rho|sigma|mu)(?![a-z])", formulas), text
    assert derivation.title
    assert derivation.source
    rows = text.removeprefix("\\begin{aligned}\n").removesuffix("\n\\end{aligned}").split(" \\\\\n")
    given = len(derivation.given)
    assert len(rows) == len(derivation.assumptions) + len(derivation.steps) + given + 1
    parser = MathTextParser("path")
    for row in rows:
        _, formula = row.split(r"&: \quad ")
        line = formula.replace(r"\boxed", "")
        if not OPEN.search(line):
            parser.parse(f"${line}$")


@pytest.mark.parametrize("name", NAMES)
def test_arguments_are_explained_and_complete(name: str, rooms: dict[str, symbolic.Derivation]):
    derivation = rooms[name]
    assert {symbol for symbol in derivation.arguments if symbol not in derivation.meaning} == set()
    known = {other.result.lhs for other in derivation.given}
    unknown = set() if derivation.bracket is None else {derivation.result.lhs}
    rule = sp.sympify(derivation.result.rhs)
    if type(derivation) is not symbolic.Derivation:
        pytest.skip("a rule for many items has a function of its own, whose arguments are rows of numbers")
    free = rule.free_symbols - known - unknown
    assert free <= set(derivation.arguments)


@pytest.mark.parametrize("name", NAMES)
def test_only_assumptions_can_be_swapped(name: str, rooms: dict[str, symbolic.Derivation]):
    derivation = rooms[name]
    with pytest.raises(ValueError, match="can swap"):
        derivation.swap(no_such_assumption=sp.S.One)
    assert derivation.swap().result == derivation.result


def test_importing_the_room_does_not_load_jax():
    program = "import sys, budgetsim.symbolic as s; s.derivations('anytime'); print('jax' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
