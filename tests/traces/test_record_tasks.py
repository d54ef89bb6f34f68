"""The built-in tasks, their answer keys solved again from the question's text, and problems files."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from budgetsim.errors import InputError
from budgetsim.traces.tasks import Strategy, Task, builtin, load, names

ALL = [builtin(name) for name in names()]


def identify(task: Task) -> str:
    return task.name


@pytest.mark.parametrize("task", ALL, ids=identify)
def test_each_task_has_fifty_problems_of_its_own(task: Task) -> None:
    assert len(task.problems) == 50
    assert len(task.examples) == 16
    pilot = builtin(task.name, pilot=True)
    assert pilot.examples == task.examples
    questions = [item.prompt for item in (*task.examples, *pilot.problems, *task.problems)]
    assert len(set(questions)) == len(questions)
    ids = [problem.problem_id for part in (task, pilot) for problem in part.problems]
    assert len(set(ids)) == len(ids)
    assert [strategy.name for strategy in task.strategies][:4] == ["shots_0", "shots_1", "shots_4", "shots_16"]


@pytest.mark.parametrize("task", ALL, ids=identify)
def test_the_answer_key_grades_as_correct_and_another_answer_does_not(task: Task) -> None:
    for problem in task.problems:
        assert task.grade(f" {problem.gold}", problem)[1]
        assert not task.grade(" 0 or nothing of the sort", problem)[1]
        assert problem.gold == task.gold(problem) or task.grader.name == "exact"


@pytest.mark.parametrize("task", ALL, ids=identify)
def test_prompts_do_not_give_the_answer_away(task: Task) -> None:
    for strategy in task.strategies:
        for problem in task.problems:
            text = task.prompt(problem, strategy)
            assert text.endswith(problem.prompt)
            before = text[: -len(problem.prompt)]
            assert f"\n{problem.prompt}" not in f"\n{before}"
            # A word is an answer to one question only; numbers and labels come back, questions do not.
            if task.grader.name == "exact":
                assert not re.search(rf"\b{problem.gold}\b", text, re.IGNORECASE)
            if task.name == "sequences":
                last = problem.prompt.rstrip(",").split()[-1]
                assert not re.search(rf"\b{last}, {problem.gold}\b", before)
            if task.name in ("sums", "larger"):
                asked = set(re.findall(r"\d+", problem.prompt))
                for line in before.splitlines():
                    assert set(re.findall(r"\d+", line)[:2]) != asked


@pytest.mark.parametrize("task", ALL, ids=identify)
def test_a_larger_budget_begins_with_the_same_text(task: Task) -> None:
    """Servers that cache prompts read the examples once for all problems."""
    shots = [strategy for strategy in task.strategies if not strategy.steps]
    texts = [task.prompt(task.problems[0], strategy)[: -len(task.problems[0].prompt)] for strategy in shots]
    for shorter, longer in pairwise(texts):
        assert longer.startswith(shorter)
        assert len(longer) > len(shorter)
    assert task.prompt(task.problems[1], shots[-1]).startswith(texts[-1])


def test_sums_add_up() -> None:
    task = builtin("sums")
    for item in (*task.examples, *task.problems):
        left, right = map(int, re.fullmatch(r"(\d+) \+ (\d+) =", item.prompt).groups())
        answer = item.answer if hasattr(item, "answer") else item.gold
        assert int(answer) == left + right
    for example in task.examples:
        counted, result = example.steps.split(". So ")
        left, right, total = map(int, re.findall(r"\d+", result))
        assert [int(number) for number in counted.split(", ")] == list(range(left + 1, left + right + 1))
        assert total == left + right
    # Both difficulties are in every part.
    assert sum(len(problem.prompt.split()[0]) == 2 for problem in task.problems) == 25


def test_larger_numbers_are_larger_and_stand_on_both_sides() -> None:
    task = builtin("larger")
    first = 0
    for problem in task.problems:
        left, right = map(int, re.findall(r"\d+", problem.prompt))
        assert problem.choices == (str(left), str(right))
        assert int(problem.gold) == (left if left > right else right)
        first += left > right
    # Fair coins would leave this range with probability 0.0066; the set is fixed, so this cannot flicker.
    assert 16 <= first <= 34


def test_sequences_go_on() -> None:
    for problem in builtin("sequences").problems:
        terms = [int(term) for term in re.findall(r"\d+", problem.prompt)]
        differences = {later - earlier for earlier, later in pairwise(terms)}
        assert len(terms) == 4
        assert len(differences) == 1
        assert int(problem.gold) == terms[-1] + differences.pop()


def test_sentiments_are_balanced() -> None:
    task = builtin("sentiment")
    golds = [problem.gold for problem in task.problems]
    assert golds.count("positive") == golds.count("negative") == 25
    assert [example.answer for example in task.examples].count("positive") == 8


@pytest.mark.parametrize("name", ["antonyms", "capitals", "past_tenses"])
def test_facts_hold_each_word_once(name: str) -> None:
    task = builtin(name)
    words = [
        item.prompt.split()[-3 if name == "past_tenses" else -2].strip(".") for item in (*task.examples, *task.problems)
    ]
    words += [example.answer for example in task.examples] + [problem.gold for problem in task.problems]
    assert len(set(words)) == len(words) == 2 * 66


@pytest.mark.parametrize(
    ("name", "question", "gold"),
    [
        ("capitals", "The capital of Poland is", "Warsaw"),
        ("past_tenses", "Today I throw. Yesterday I", "threw"),
        ("antonyms", "The opposite of laugh is", "cry"),
    ],
)
def test_facts_are_the_right_way_round(name: str, question: str, gold: str) -> None:
    assert {problem.prompt: problem.gold for problem in builtin(name).problems}[question] == gold


def test_an_unknown_task_or_strategy_is_refused() -> None:
    with pytest.raises(InputError, match=r"expected one of antonyms, .*found 'chess'"):
        builtin("chess")
    task = builtin("capitals")
    with pytest.raises(InputError, match="steps_2 needs 2 worked examples, task capitals has 0"):
        task.prompt(task.problems[0], Strategy.parse("steps_2", max_tokens=4))
    for name in ("shots", "shots_-1", "votes_3", "shots_2 "):
        with pytest.raises(InputError, match="strategy"):
            Strategy.parse(name, max_tokens=4)
    with pytest.raises(InputError, match="max_tokens"):
        Strategy.parse("shots_1", max_tokens=0)


def test_chat_turns_hold_the_examples_as_answers() -> None:
    task = builtin("sums")
    turns = task.messages(task.problems[0], task.strategies[2])
    assert [role for role, _ in turns] == ["user", "assistant"] * 4 + ["user"]
    assert turns[0] == ("user", "6 + 1 =")
    assert turns[1] == ("assistant", "7")


# --- problems files ---------------------------------------------------------------------------------------------


def write(path: Path, lines: list[object]) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + "\n")
    return path


def test_a_problems_file_becomes_tasks(tmp_path: Path) -> None:
    problems = write(
        tmp_path / "mine.jsonl",
        [
            {"problem_id": 1, "prompt": "2 + 2 =", "gold": 4, "grader": "number", "level": "easy"},
            {
                "problem_id": "q",
                "prompt": "A or B?",
                "gold": "B",
                "task": "quiz",
                "grader": "choice",
                "choices": ["A", "B"],
            },
            "",
            {"problem_id": 2, "prompt": "3 + 4 =", "gold": "7", "grader": "number"},
        ],
    )
    examples = write(
        tmp_path / "shown.jsonl",
        [
            {"prompt": "1 + 1 =", "answer": 2, "steps": "1, 2. So 2", "task": "mine"},
            {"prompt": "B or C?", "answer": "C"},
        ],
    )
    mine, quiz = load(problems, examples=examples, strategies=["shots_1", "steps_1"], max_tokens=9, steps_max_tokens=50)
    assert (mine.name, [problem.problem_id for problem in mine.problems]) == ("mine", ["1", "2"])
    assert [(one.name, one.max_tokens) for one in mine.strategies] == [("shots_1", 9), ("steps_1", 50)]
    assert mine.prompt(mine.problems[0], mine.strategies[0]) == "1 + 1 = 2\n\n2 + 2 ="
    assert mine.prompt(mine.problems[0], mine.strategies[1]) == "1 + 1 = 1, 2. So 2\n\n2 + 2 ="
    assert mine.grade(" so it is 7", mine.problems[1]) == ("7", True)
    assert quiz.prompt(quiz.problems[0], quiz.strategies[0]) == "B or C? C\n\nA or B?"
    assert quiz.grade(" B", quiz.problems[0]) == ("B", True)


GOOD = {"problem_id": "a", "prompt": "?", "gold": "x"}


@pytest.mark.parametrize(
    ("lines", "line", "field"),
    [
        ([GOOD, "{oops"], 2, None),
        ([GOOD, "[1]"], 2, None),
        ([GOOD, {"problem_id": "b", "prompt": "?"}], 2, "gold"),
        ([GOOD, {**GOOD, "prompt": "other"}], 2, "problem_id"),
        ([{**GOOD, "grader": "magic"}], 1, "grader"),
        ([{**GOOD, "grader": "number"}], 1, "gold"),
        ([{**GOOD, "grader": "choice", "choices": ["y"]}], 1, "gold"),
        ([{**GOOD, "grader": "regex", "pattern": "["}], 1, "pattern"),
        ([GOOD, {**GOOD, "problem_id": "b", "grader": "regex", "pattern": "x"}], 2, "grader"),
        ([""], None, None),
    ],
)
def test_a_wrong_problems_file_is_named_with_line_and_field(
    tmp_path: Path, lines: list[object], line: int | None, field: str | None
) -> None:
    path = write(tmp_path / "mine.jsonl", lines)
    with pytest.raises(InputError) as error:
        load(path)
    assert (error.value.file, error.value.line, error.value.field) == (str(path), line, field)


def test_examples_must_not_be_problems_and_files_must_exist(tmp_path: Path) -> None:
    problems = write(tmp_path / "mine.jsonl", [GOOD])
    shown = write(tmp_path / "shown.jsonl", [{"prompt": " ? ", "answer": "x"}])
    with pytest.raises(InputError, match="also a problem"):
        load(problems, examples=shown, strategies=["shots_1"])
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "missing.jsonl")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        load(tmp_path / "bytes.jsonl")
