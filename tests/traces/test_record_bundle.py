"""The bundled runs: complete, valid, and the ones that the bundled tasks and the documented command ask for."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections import Counter
from pathlib import Path

import pytest

import budgetsim.data
from budgetsim.data import bundled_runs
from budgetsim.traces import read
from budgetsim.traces.calls import Sampling, plan_calls
from budgetsim.traces.live import LLAMA_CPP_PLAIN, Endpoint
from budgetsim.traces.tasks import builtin, names

Row = dict[str, object]


@pytest.fixture(scope="module")
def bundle() -> list[Row]:
    with gzip.open(bundled_runs(), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test_the_file_is_small_and_every_row_is_a_run(bundle: list[Row]) -> None:
    assert bundled_runs().stat().st_size < 1_000_000
    runs = read(bundled_runs(), strict=True)
    assert runs.table.height == len(bundle) == 29 * 50 * 20


def test_rows_are_the_calls_of_the_documented_command(bundle: list[Row]) -> None:
    """The tasks, prompts and seeds of the code today are those of the recording: a seed is a hash of its prompt."""
    card = (Path(budgetsim.data.__file__).parent / "README.md").read_text(encoding="utf-8")
    command = re.search(r"budgetsim record(?:[^`]|\n)*", card).group()
    option = dict(re.findall(r"--([\w-]+) ('[^']*'|\S+)", command))
    assert (option["tasks"], option["strategies"]) == ("all", "all")
    sampling = Sampling(
        samples=int(option["samples"]),
        temperature=float(option["temperature"]),
        top_p=float(option["top-p"]),
        seed=int(option["seed"]),
        extra_body=json.loads(option["extra-body"].strip("'")),
    )
    assert sampling.extra_body == LLAMA_CPP_PLAIN
    calls = plan_calls([builtin(name) for name in names()], Endpoint(model=option["model"]), sampling)
    asked = [(call.key, call.seed, call.task.gold(call.problem)) for call in calls]
    fields = ("run_id", "problem_id", "sample_index", "strategy")
    assert [(tuple(row[name] for name in fields), row["seed"], row["gold"]) for row in bundle] == asked


def test_no_call_spent_more_than_its_budget(bundle: list[Row]) -> None:
    caps = {(name, one.name): one.max_tokens for name in names() for one in builtin(name).strategies}
    over = 0
    for row in bundle:
        cap = caps[row["task"], row["strategy"]]
        assert row["completion_tokens"] >= 1
        assert row["budget"] == row["prompt_tokens"] + cap
        assert (row["finish_reason"] == "length") <= (row["completion_tokens"] >= cap)
        over += row["completion_tokens"] > cap
    # The server completes a character that the cap would cut; the data card tells how often.
    assert over == 2


def test_answers_are_graded_by_the_key(bundle: list[Row]) -> None:
    for row in bundle:
        assert row["correct"] is (row["answer"] == row["gold"])
        assert row["score"] == float(row["correct"])


def test_the_data_card_tells_the_accuracies(bundle: list[Row]) -> None:
    """Every number of the card's table, recomputed from the rows."""
    hits: dict[tuple[str, str], Counter[str]] = {}
    for row in bundle:
        hits.setdefault((row["task"], row["strategy"]), Counter())[row["problem_id"]] += row["correct"]
    card = (Path(budgetsim.data.__file__).parent / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\w+) \| (\w+_\d+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) ± ([\d.]+) \|", card, re.M)
    assert len(told) == len(hits) == 29
    for task, strategy, cap, prompt, completion, accuracy, error in told:
        group = [row for row in bundle if (row["task"], row["strategy"]) == (task, strategy)]
        shares = [hits[task, strategy][row_id] / 20 for row_id in {row["problem_id"] for row in group}]
        mean = math.fsum(shares) / 50
        # Problems, not samples, are independent: the standard error is that of a mean of 50 problems.
        spread = math.sqrt(math.fsum((share - mean) ** 2 for share in shares) / 49 / 50)
        assert float(accuracy) == pytest.approx(mean, abs=5.01e-4)
        assert float(error) == pytest.approx(spread, abs=5.01e-4)
        assert float(prompt) == pytest.approx(sum(row["prompt_tokens"] for row in group) / 1000, abs=0.0501)
        assert float(completion) == pytest.approx(sum(row["completion_tokens"] for row in group) / 1000, abs=0.0501)
        assert all(row["budget"] - row["prompt_tokens"] == int(cap) for row in group)


def test_problems_differ_in_difficulty(bundle: list[Row]) -> None:
    """What the runs are for: within most groups some problems are solved often and others rarely.

    If all problems of a group were equally hard, the variance of their hits out of 20 would be that of a binomial:
    the dispersion statistic is then chi-square with 49 degrees of freedom, beyond 111 with probability 1e-6.
    """
    spread = 0
    for task in names():
        for strategy in builtin(task).strategies:
            rows = [row for row in bundle if (row["task"], row["strategy"]) == (task, strategy.name)]
            hits = Counter({row["problem_id"]: 0 for row in rows})
            for row in rows:
                hits[row["problem_id"]] += row["correct"]
            mean = sum(hits.values()) / 1000
            spread += sum((hit / 20 - mean) ** 2 for hit in hits.values()) * 20 / (mean * (1 - mean)) > 111
    assert spread > 29 / 2


def test_the_path_is_that_of_a_file_in_the_package() -> None:
    assert bundled_runs().parent == Path(budgetsim.data.__file__).parent


def test_a_package_without_its_data_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgetsim.data, "_RUNS", "missing.jsonl.gz")
    with pytest.raises(FileNotFoundError, match=r"missing.jsonl.gz"):
        bundled_runs()
