"""The README is true: its example runs, its commands exist, its files are there."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from budgetsim.cli import app

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


def run(example: str) -> None:
    exec(compile(example, "README.md", "exec"), {})


def test_the_example_runs_and_prints_the_fixed_points(capsys: pytest.CaptureFixture[str]) -> None:
    run(EXAMPLES[0])
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2
    critical, fixed = map(float, printed[1].split())
    assert critical == pytest.approx(5 / 21, rel=1e-12)
    assert fixed == pytest.approx(5 / 9, rel=1e-9)


def test_the_rule_changes_with_its_assumption(capsys: pytest.CaptureFixture[str]) -> None:
    run(EXAMPLES[1])
    printed = capsys.readouterr().out
    assert "log" in printed
    tokens = [float(number) for number in re.findall(r"[\d.]+", printed.split("[")[-1])]
    # equal margins at 300 tokens: those of 5, 20 and 80 lie 100 log 4 apart, and the first would get less than nothing
    assert tokens == pytest.approx([0.0, 150 - 50 * math.log(4), 150 + 50 * math.log(4)], abs=1e-4)


def test_strategies_are_compared_under_a_budget(capsys: pytest.CaptureFixture[str]) -> None:
    run(EXAMPLES[2])
    chains, tree = capsys.readouterr().out.splitlines()
    shares = [float(re.findall(r"0\.\d+", line)[0]) for line in (chains, tree)]
    # .230 for chains that may answer when their calls end, a little more for those that may not, and .402 for the tree,
    # in 3000 questions of a second program: standard errors of .008 there and of .007 here
    assert 0.18 < shares[0] < 0.32
    assert abs(shares[1] - 0.402) < 0.05


def test_every_command_of_the_readme_exists() -> None:
    shown = set(re.findall(r"^\$ budgetsim (\w+)", TEXT, flags=re.MULTILINE))
    assert shown
    assert shown == {command.callback.__name__ for command in app.registered_commands if command.callback}


def test_every_file_the_readme_points_to_is_there() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", TEXT) + re.findall(r'(?:src|srcset)="([^"]+)"', TEXT)
    assert targets
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert not missing
