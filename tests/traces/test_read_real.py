"""Public logs of real models, read as they are; the row counts are those that the logs' own pages state."""

import os
from pathlib import Path

import polars as pl
import pytest

from budgetsim.errors import InputError
from budgetsim.traces import read

TRACES = Path(os.environ.get("BUDGETSIM_TRACES", Path(__file__).parents[3] / "shared" / "traces"))
pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason="no folder of real logs (BUDGETSIM_TRACES)")

# Some prompt token counts in two of the logs are negative, differences over a counter that was reset; such rows are
# set aside: (rows in the file, of these set aside).
FILES = {
    "dylan_math_debate/messages": (29_938, 0),
    "intercode_turns/turns": (90_776, 0),
    "renze_concise/samples": (87_000, 0),
    "renze_temperature/gpt35_exams": (110_000, 0),
    "renze_temperature/gpt35_prompts": (46_000, 0),
    "small_sets/gsm8k_openai_2021": (5_276, 0),
    "small_sets/tau_airline_gpt4o": (200, 0),
    "tot_gpt4/crosswords_dfs": (3_856, 0),
    "tot_gpt4/crosswords_samples": (400, 0),
    "tot_gpt4/game24_samples": (20_100, 100),
    "tot_gpt4/game24_tree": (8_512, 0),
    "tot_gpt4/text_samples": (3_000, 20),
}


@pytest.mark.parametrize("name", FILES)
def test_every_row_is_read(name):
    count, negative = FILES[name]
    runs = read(TRACES / f"{name}.jsonl.gz")
    assert len(runs) + len(runs.rejects) == count
    assert runs.rejects.counts == ({"out_of_range": negative} if negative else {})
    assert {reject.field for reject in runs.rejects.kept} <= {"prompt_tokens"}
    nulls = runs.table["correct"].null_count()
    assert nulls == (len(runs) if name in ("tot_gpt4/crosswords_dfs", "tot_gpt4/text_samples") else 0)


def test_problem_list_is_refused_as_no_runs():
    with pytest.raises(InputError, match=r"missing_field: 1100.*expected one of correct"):
        read(TRACES / "renze_temperature" / "problems.jsonl.gz")


def test_published_rates_come_out():
    tree = read(TRACES / "tot_gpt4" / "game24_tree.jsonl.gz").table
    depths = tree.filter(pl.col("depth") > 0).group_by("depth").len().sort("depth").rows()
    assert depths == [(1, 947), (2, 3179), (3, 2046), (4, 2240)]
    tau = read(TRACES / "small_sets" / "tau_airline_gpt4o.jsonl.gz").table
    assert tau["correct"].mean() == pytest.approx(0.420)
    exams = read(
        TRACES / "renze_temperature" / "gpt35_exams.jsonl.gz", columns=["task", "temperature", "correct"]
    ).table
    half = exams.filter(pl.col("temperature") == 0.5, pl.col("task") == "aqua-rat")
    assert (len(half), half["correct"].mean()) == (1000, pytest.approx(0.614))
