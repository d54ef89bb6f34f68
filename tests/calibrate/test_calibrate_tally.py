"""Counting: tables small enough to count by hand."""

import numpy as np
import polars as pl
import pytest

from budgetsim.calibrate.tally import CHOICES, FREE_ANSWERS, Group, answered_samples, tabulate
from budgetsim.errors import InputError


def sample(problem, index, correct, answer=None, **more):
    return {"problem_id": problem, "sample_index": index, "correct": correct, "answer": answer, **more}


def test_answers_are_counted_per_problem(runs):
    table = runs(
        [
            sample("p", 0, True, "7"),
            sample("p", 1, False, " 8 "),
            sample("p", 2, False, "8"),
            sample("p", 3, False, "9"),
            sample("p", 4, False),  # could not be parsed
            sample("q", 0, False, "9"),
        ]
    )
    tally, rest = tabulate(table)
    assert tally.groups == [Group("m", "s", "t", None)]
    assert tally.problems == [("t", "p"), ("t", "q")]
    assert tally.correct.tolist() == [1, 0]
    assert tally.total.tolist() == [5, 1]
    assert tally.abstained.tolist() == [1, 0]
    assert sorted(tally.wrong[0].tolist(), reverse=True)[:2] == [2, 1]  # blanks around an answer do not count
    assert tally.wrong.sum(axis=1).tolist() == [3, 1]
    assert rest.total.tolist() == [0, 0]
    assert not rest.wrong.any()


def test_an_answer_has_one_column_in_all_groups_of_a_problem(runs):
    rows = [sample("p", i, False, answer, model=model) for model in "ab" for i, answer in enumerate("xyz")]
    rows += [sample("p", 3, False, "z", model="b")]
    tally, _ = tabulate(runs(rows))
    assert tally.wrong.tolist() == [[1, 1, 1], [1, 1, 2]]
    assert tally.problem.tolist() == [0, 0]


def test_no_temperature_and_zero_are_two_groups(runs):
    rows = [sample("p", 0, True), sample("p", 1, True, temperature=0.0), sample("p", 2, False, temperature=0.0)]
    tally, _ = tabulate(runs(rows))
    assert set(tally.groups) == {Group("m", "s", "t", None), Group("m", "s", "t", 0.0)}
    by_group = {tally.groups[g]: total for g, total in zip(tally.group, tally.total, strict=True)}
    assert by_group[Group("m", "s", "t", None)] == 1
    assert by_group[Group("m", "s", "t", 0.0)] == 2


def test_equal_problem_ids_of_two_tasks_are_two_problems(runs):
    rows = [sample("1", 0, True, task="algebra"), sample("1", 0, False, "x", task="biology")]
    tally, _ = tabulate(runs(rows))
    assert tally.problems == [("algebra", "1"), ("biology", "1")]
    assert tally.correct.tolist() == [1, 0]
    assert tally.problem.tolist() == [0, 1]


def test_what_is_no_sample_is_set_aside_with_its_first_reason(runs):
    rows = [sample("p", i, True) for i in range(3)]
    rows += [sample("p", 3, None), sample("p", 4, True, node_id="n"), sample("p", 5, None, node_id="k")]
    rows += [sample("p", i, i > 0, model="debater", round=i + 1) for i in range(4)]
    kept, aside = answered_samples(runs(rows))
    assert aside == {"node of a search tree": 2, "turn or message after the first": 3, "correctness unknown": 1}
    assert len(rows) == len(kept) + sum(aside.values())
    tally, _ = tabulate(runs(rows))
    assert tally.set_aside == aside
    assert tally.total.sum() == 4
    assert [group.model for group in tally.groups] == ["debater", "m"]
    assert tally.correct.tolist() == [0, 3]  # the debater's first round, although its rounds count from 1


def test_groups_without_rounds_stay_when_others_have_them(runs):
    rows = [sample("p", i, True, model="plain") for i in range(3)]
    rows += [sample("p", i, False, "x", model="turns", round=i) for i in range(3)]
    tally, _ = tabulate(runs(rows))
    assert {tally.groups[g].model: total for g, total in zip(tally.group, tally.total, strict=True)} == {
        "plain": 3,
        "turns": 1,
    }


def test_rows_are_counted_or_set_aside(runs):
    generator = np.random.default_rng(1)
    rows = [
        sample(
            str(generator.integers(5)),
            k,
            [True, False, None][generator.integers(3)],
            [None, "a", "b"][generator.integers(3)],
            model="ab"[generator.integers(2)],
            temperature=[None, 0.0, 1.0][generator.integers(3)],
            round=[None, 0, 1][generator.integers(3)],
            node_id=[None, None, None, "n"][generator.integers(4)],
        )
        for k in range(400)
    ]
    known, rest = tabulate(runs(rows), lambda samples: samples["sample_index"] < 200)
    assert known.total.sum() + rest.total.sum() + sum(known.set_aside.values()) == len(rows)
    for half in (known, rest):
        assert half.total == pytest.approx(half.correct + half.wrong.sum(axis=1) + half.abstained)
        assert (half.abstained >= 0).all()
    kept, _ = answered_samples(runs(rows))
    assert known.total.sum() == kept.filter(pl.col("sample_index") < 200).height


def test_halves_share_cells_and_columns(runs):
    rows = [sample(p, i, False, answer) for p in "pq" for i, answer in enumerate(["x", "y", "y", "z"])]
    known, rest = tabulate(runs(rows), lambda samples: samples["sample_index"] < 2)
    assert known.wrong.tolist() == [[1, 1, 0]] * 2
    assert rest.wrong.tolist() == [[0, 1, 1]] * 2


def test_a_group_that_logs_no_answers_gives_one_wrong_answer_and_abstains_never(runs):
    rows = [sample("p", i, i < 1, model="silent") for i in range(4)]
    rows += [sample("p", i, False, None if i else "x", model="talker") for i in range(4)]
    tally, _ = tabulate(runs(rows))
    assert [group.model for group in tally.groups] == ["silent", "talker"]
    assert tally.answers_known.tolist() == [False, True]
    assert tally.abstained.tolist() == [0, 3]
    assert tally.wrong.sum(axis=1).tolist() == [3, 1]
    assert tally.wrong.max() == 3


def test_vocabulary_of_few_choices_is_the_task_s(runs):
    # Four letters over the task: three may be wrong on any problem, whatever was seen there.
    rows = [
        sample("p", 0, True, "A"),
        sample("p", 1, False, "B"),
        sample("q", 0, False, "C"),
        sample("q", 1, True, "D"),
    ]
    rows += [sample("q", 2, False, " B"), sample("q", 3, True, "D ")]  # blanks make no new letters
    tally, _ = tabulate(runs(rows))
    assert tally.vocabulary.tolist() == [3, 3]


@pytest.mark.parametrize("different", [CHOICES, CHOICES + 1])
def test_vocabulary_of_free_answers_leaves_room(runs, different):
    rows = [sample("p", 0, True, "right"), *(sample("q", i, False, f"a{i:02}") for i in range(different - 1))]
    tally, _ = tabulate(runs(rows))
    if different <= CHOICES:
        assert tally.vocabulary.tolist() == [different - 1] * 2
    else:
        assert tally.vocabulary.tolist() == [FREE_ANSWERS, different - 1 + FREE_ANSWERS]


def test_tokens_are_the_mean_of_prompt_and_completion(runs):
    rows = [
        sample("p", 0, True, prompt_tokens=10.0, completion_tokens=5.0),
        sample("p", 1, True, completion_tokens=7.0),
        sample("p", 2, True, prompt_tokens=3.0),  # no completion tokens: not known
        sample("q", 0, True),
    ]
    tally, _ = tabulate(runs(rows))
    assert tally.tokens[0] == pytest.approx((15 + 7) / 2)
    assert np.isnan(tally.tokens[1])


@pytest.mark.parametrize("rows", [[], [{"problem_id": "p", "sample_index": 0, "score": 0.5}]])
def test_nothing_to_count_is_an_input_error(runs, rows):
    with pytest.raises(InputError, match="no sampled answer with a known correctness") as raised:
        tabulate(runs(rows))
    assert raised.value.field == "correct"


def test_label():
    assert Group("m", "s", "t", None).label() == "m | s | t"
    assert Group("m", "s", "t", 0.7).label() == "m | s | t | T=0.7"
