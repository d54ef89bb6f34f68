"""The command line as a user meets it: exit status, one clear line, no traceback, nothing half-written."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from budgetsim import cli
from budgetsim.errors import InputError, JobError

COMMANDS = {
    "study": ["study", "--budget", "500", "--out", "OUT"],
    "calibrate": ["calibrate", "--out", "OUT"],
    "plan": ["plan", "--budget", "500", "--out", "OUT"],
    "validate": ["validate", "--fit-samples", "2", "--out", "OUT"],
}


def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    """The exit status, standard output and standard error of one command, in this process."""
    monkeypatch.setattr(sys, "argv", ["budgetsim", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capfd.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def rows(problems: int = 12, samples: int = 4) -> list[dict[str, object]]:
    """Runs with a known pattern: problem p is solved by the first ``p % (samples + 1)`` samples."""
    return [
        {
            "model": "m",
            "strategy": "s",
            "task": "t",
            "problem_id": f"p{problem}",
            "sample_index": sample,
            "correct": sample < problem % (samples + 1),
            "answer": "A" if sample < problem % (samples + 1) else "BC"[sample % 2],
            "gold": "A",
            "prompt_tokens": 10,
            "completion_tokens": 5,
        }
        for problem in range(problems)
        for sample in range(samples)
    ]


def write(path: Path, lines: list[object]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _damage(folder: Path) -> dict[str, Path]:
    good = "".join(json.dumps(row) + "\n" for row in rows()).encode()
    files = {
        "missing": folder / "missing.jsonl",
        "empty": folder / "empty.jsonl",
        "binary": folder / "binary.jsonl",
        "folder": folder / "folder",
        "no_rows": folder / "no_rows.jsonl",
        "unknown_correctness": folder / "unknown.jsonl",
        "only_text": folder / "only_text.jsonl",
        "truncated_at_once": folder / "truncated.jsonl.gz",
    }
    files["empty"].write_bytes(b"")
    files["binary"].write_bytes(bytes(range(256)) * 64)
    files["folder"].mkdir()
    files["no_rows"].write_text('{"problem_id": "a"}\n{"correct": true}\n')
    files["unknown_correctness"].write_text('{"problem_id": "a", "correct": null, "score": 7.5}\n')
    files["only_text"].write_text("hello\nworld\n")
    files["truncated_at_once"].write_bytes(gzip.compress(good)[:12])
    return files


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "damage",
    ["missing", "empty", "binary", "folder", "no_rows", "unknown_correctness", "only_text", "truncated_at_once"],
)
def test_unusable_files_end_with_status_2_and_one_line(
    command: str,
    damage: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = _damage(tmp_path)[damage]
    out = tmp_path / "out"
    arguments = [str(out) if part == "OUT" else part for part in COMMANDS[command]]
    status, printed, said = run(capfd, monkeypatch, *arguments, str(path))
    errors = [line for line in said.splitlines() if "error:" in line]
    assert (status, printed, len(errors)) == (2, "", 1), said
    assert "Traceback" not in said
    if damage != "unknown_correctness":
        assert path.name in errors[0]
    assert not list(tmp_path.rglob("*.part"))
    assert not (out / "report.html").exists()
    assert not out.is_file()


@pytest.mark.parametrize("command", ["calibrate", "plan", "validate"])
def test_bad_rows_are_counted_and_the_rest_is_used(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = [{"problem_id": "p0", "correct": "yes"}, {**rows()[0]}]  # a wrong type, and a duplicate key
    path = write(tmp_path / "runs.jsonl", [*rows(), *bad])
    out = tmp_path / "out.json"
    arguments = [str(out) if part == "OUT" else part for part in COMMANDS[command]]
    status, _, said = run(capfd, monkeypatch, *arguments, str(path))
    assert status == 0, said
    assert "2 rejected" in said
    assert json.loads(out.read_text())
    kept = [json.loads(line) for line in (tmp_path / "out.rejects.jsonl").read_text().splitlines()]
    assert (kept[0]["line"], kept[0]["field"]) == (49, "correct")
    assert len(kept) == 2
    status, _, said = run(capfd, monkeypatch, *arguments, str(path), "--strict")
    assert status == 2
    assert "line 49" in said
    assert "field correct" in said


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["plan", "--budget", "-5", "RUNS"], "budget"),
        (["plan", "--budget", "nan", "RUNS"], "budget"),
        (["plan", "--budget", "3", "RUNS"], "budget"),
        (["plan", "--budget", "100", "--fidelity", "0", "RUNS"], "fidelity"),
        (["plan", "--budget", "100", "--correlation", "1", "RUNS"], "correlation"),
        (["plan", "--budget", "100", "--window", "0", "RUNS"], "window"),
        (["plan", "--budget", "100", "--max-votes", "0", "RUNS"], "max_votes"),
        (["plan", "--budget", "100"], "no run files"),
        (["plan", "--budget", "100", "--calibration", "RUNS"], "not JSON"),
        (["validate", "--fit-samples", "0", "RUNS"], "fit_samples"),
        (["validate", "--fit-samples", "99", "RUNS"], "held out"),
        (["calibrate", "--tokens-per-sample", "-1", "RUNS"], "tokens_per_sample"),
        (["simulate", "--probability", "1.5"], "probability"),
        (["simulate", "--probability", "0.5", "--fan-in", "4"], "fan_in"),
        (["simulate", "--probability", "0.5", "--replicas", "0"], "replicas"),
        (["simulate", "--probability", "0.5", "--standard-error", "0"], "standard_error"),
        (["record", "--model", "m", "--out", "x.jsonl"], "--tasks"),
        (["record", "--model", "m", "--out", "x.jsonl", "--tasks", "nonsense"], "nonsense"),
        (["record", "--model", "m", "--out", "x.jsonl", "--tasks", "sums", "--extra-body", "[1"], "extra_body"),
        (["study", "--budget", "100"], "--out"),
        (["nonsense"], "nonsense"),
        (["plan", "--budget", "many", "RUNS"], "--budget"),
    ],
)
def test_wrong_arguments_end_with_status_2_and_name_the_culprit(
    arguments: list[str],
    names: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = write(tmp_path / "runs.jsonl", [*rows()])
    status, _, said = run(capfd, monkeypatch, *(str(runs) if part == "RUNS" else part for part in arguments))
    assert status == 2, said
    assert names in said
    assert "Traceback" not in said


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = write(tmp_path / "runs.jsonl", [*rows()])
    (tmp_path / "taken").write_text("a file")
    status, _, said = run(
        capfd, monkeypatch, "study", "--budget", "100", "--out", str(tmp_path / "taken" / "deep"), str(runs)
    )
    assert status == 2
    assert "taken" in said


def test_plan_from_a_calibration_file_is_the_plan_from_runs(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = write(tmp_path / "runs.jsonl", [*rows()])
    saved = tmp_path / "calibration.json"
    assert run(capfd, monkeypatch, "calibrate", str(runs), "--out", str(saved))[0] == 0
    _, from_file, _ = run(capfd, monkeypatch, "plan", "--budget", "200", "--calibration", str(saved), "--json")
    _, from_runs, _ = run(capfd, monkeypatch, "plan", "--budget", "200", str(runs), "--json")
    assert json.loads(from_file) == json.loads(from_runs)
    assert json.loads(from_file)["tasks"][0]["best"]["tokens"] <= 200


def test_runs_without_tokens_get_no_plan_unless_told_what_a_sample_takes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = [{k: v for k, v in row.items() if not k.endswith("tokens")} for row in rows()]
    runs = write(tmp_path / "runs.jsonl", [*bare])
    status, _, said = run(capfd, monkeypatch, "plan", "--budget", "100", str(runs))
    assert status == 2
    assert "token counts" in said
    status, printed, _ = run(
        capfd, monkeypatch, "plan", "--budget", "100", "--tokens-per-sample", "20", str(runs), "--json"
    )
    assert status == 0
    assert json.loads(printed)["tasks"][0]["best_single"]["tokens"] == 20


def test_failures_and_surprises_end_with_status_1_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise JobError("the endpoint never answered")

    def surprises() -> None:
        raise ZeroDivisionError("nobody thought of this")

    def refuses() -> None:
        raise InputError("expected less", file="a.jsonl", line=3, field="score")

    assert (cli.guarded(fails), cli.guarded(surprises), cli.guarded(refuses)) == (1, 1, 2)
    said = capfd.readouterr().err
    assert "the endpoint never answered" in said
    assert "a.jsonl, line 3, field score: expected less" in said
    assert "Traceback" not in said


def test_help_is_there_for_every_command_and_loads_no_heavy_library() -> None:
    code = (
        "import sys; from budgetsim import cli; sys.argv = ['budgetsim', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit as ended: assert not ended.code\n"
        "heavy = {'jax', 'matplotlib', 'scipy', 'polars', 'openai'} & set(sys.modules); assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("study", "calibrate", "plan", "validate", "simulate", "record"):
        assert command in done.stdout


def test_a_second_study_leaves_nothing_of_the_first(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    priced = write(tmp_path / "priced.jsonl", [*rows(), {"problem_id": "bad"}])
    bare = write(
        tmp_path / "bare.jsonl", [{k: v for k, v in row.items() if not k.endswith("tokens")} for row in rows()]
    )
    arguments = ["study", "--budget", "60", "--out", str(out), "--json"]
    status, printed, said = run(capfd, monkeypatch, *arguments, str(priced))
    assert status == 0, said
    files = {Path(name).name for name in json.loads(printed)["files"]}
    assert {"report.html", "calibration.json", "plan.json", "validation.json", "frontier.svg"} <= files
    assert (out / "rejects.jsonl").read_text().count("\n") == 1
    page = (out / "report.html").read_text()
    assert "missing_field" in page or "missing field" in page
    status, printed, said = run(capfd, monkeypatch, *arguments, str(bare))
    assert status == 0, said
    there = {path.name for path in out.rglob("*") if path.is_file()}
    assert there == {Path(name).name for name in json.loads(printed)["files"]}
    assert "plan.json" not in there
    assert "--tokens-per-sample" in (out / "report.html").read_text()


def test_two_answers_never_make_a_vote_of_two_the_plan(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With two answers and random ties two votes are one sample, exactly, at twice the price.
    binary = [{**row, "answer": "A" if row["correct"] else "B"} for row in rows(problems=30, samples=6)]
    runs = write(tmp_path / "runs.jsonl", [*binary])
    status, printed, _ = run(capfd, monkeypatch, "plan", "--budget", "44", str(runs), "--json")
    assert status == 0
    assert json.loads(printed)["tasks"][0]["best"]["organization"] == "single sample"


def test_simulate_runs_until_the_standard_error_asked_for(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    star = ("simulate", "--probability", "0.6", "--fan-in", "3", "--depth", "1", "--json")
    status, out, _ = run(capfd, monkeypatch, *star, "--standard-error", "0.004")
    result = json.loads(out)
    assert (status, result["ended"]) == (0, "reached")
    assert result["standard_error"] <= 0.004
    # enough draws: sqrt(p (1 - p) / n) at the accuracy of three votes, 0.648
    assert result["draws"] >= 0.648 * 0.352 / 0.004**2
    assert result["low"] < result["value"] < result["high"]
    assert abs(result["value"] - 0.648) < 5.5 * 0.004


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C as POSIX signals it")
def test_simulate_interrupted_says_what_it_has() -> None:
    program = """if True:
        import sys
        from budgetsim.cli import main
        from budgetsim.simulate import sequential

        go_on = sequential._Plan.stop_after

        def tell_and_go_on(*given):
            print("drawn", file=sys.stderr, flush=True)
            return go_on(*given)

        sequential._Plan.stop_after = tell_and_go_on
        sys.argv = ["budgetsim", *sys.argv[1:]]
        main()
    """
    # an error of 1e-9 takes years
    asked = {"--probability": "0.6", "--fan-in": "5", "--depth": "8", "--standard-error": "1e-9"}
    endless = ["simulate", *(word for option in asked.items() for word in option), "--json"]
    running = subprocess.Popen(
        [sys.executable, "-c", program, *endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    while running.stderr.readline() not in ("drawn\n", ""):
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, err
    result = json.loads(out)
    assert result["ended"] == "interrupted"
    assert result["draws"] > 0
    assert "Traceback" not in err
