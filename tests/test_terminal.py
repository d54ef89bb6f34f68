"""What a person sees of a running job."""

from __future__ import annotations

import sys

import pytest

from budgetsim.terminal import say, step


def test_piped_steps_and_lines_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with step("counting") as progress:
        progress(1, 2)
    say("two\nlines")
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = shown.err.splitlines()
    assert first.startswith("budgetsim: counting (")
    assert second == "budgetsim: two lines"


def test_a_closed_standard_error_is_silence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        with step("counting") as progress:
            progress(1, 2)
        say("done")
    assert capsys.readouterr() == ("", "")
