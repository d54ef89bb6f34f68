"""Graders against a table of cases decided by hand."""

from __future__ import annotations

import pytest

from budgetsim.errors import InputError
from budgetsim.traces.tasks import Grader, grade

EXACT, NUMBER, CHOICE = Grader("exact"), Grader("number"), Grader("choice")
LETTERS = ("A", "B", "C")


@pytest.mark.parametrize(
    ("grader", "choices", "gold", "completion", "answer", "correct"),
    [
        (EXACT, (), "Paris", " Paris", "paris", True),
        (EXACT, (), "Paris", " PARIS.\nQ: next", "paris", True),
        (EXACT, (), "Paris", ' "Paris"!', "paris", True),
        (EXACT, (), "Bogota", " Bogotá", "bogota", True),
        (EXACT, (), "Port-au-Prince", " Port-au-Prince, Haiti", "port-au-prince, haiti", False),
        (EXACT, (), "New  York", " new york ", "new york", True),
        (EXACT, (), "Paris", " Pari", "pari", False),
        (EXACT, (), "Paris", "", None, False),
        (EXACT, (), "Paris", " \n ", None, False),
        (EXACT, (), "Paris", " ...", None, False),
        (NUMBER, (), "27", " 27", "27", True),
        (NUMBER, (), "27", " 27.", "27", True),
        (NUMBER, (), "27", " 27.0", "27", True),
        (NUMBER, (), "27", " 20 + 7 = 27", "27", True),
        (NUMBER, (), "27", " 27 = 20 + 7", "7", False),
        (NUMBER, (), "1234", " $1,234", "1234", True),
        (NUMBER, (), "-5", " -5", "-5", True),
        (NUMBER, (), "0.5", " 0.50", "0.5", True),
        (NUMBER, (), "0.5", " .5", "0.5", True),
        (NUMBER, (), "7", " 007", "7", True),
        (NUMBER, (), "7", " 20-7", "7", True),
        (NUMBER, (), "1", " " + "9" * 60, "9" * 60, False),
        (NUMBER, (), "100", " 100", "100", True),
        (NUMBER, (), "0", " -0", "0", True),
        (NUMBER, (), "27", " twenty-seven", None, False),
        (CHOICE, LETTERS, "B", " B", "B", True),
        (CHOICE, LETTERS, "B", " (b) because", "B", True),
        (CHOICE, LETTERS, "B", " not A\n but B.", "B", True),
        (CHOICE, LETTERS, "B", " Because", None, False),
        (CHOICE, ("52", "5"), "52", " 52", "52", True),
        (CHOICE, ("52", "5"), "5", " 525", None, False),
        (CHOICE, ("york", "new york"), "new york", " New York", "new york", True),
        (CHOICE, ("positive", "negative"), "positive", " Positive!", "positive", True),
        (Grader("regex", r"answer: (\w+)"), (), "yes", "so the answer: Yes.", "yes", True),
        (Grader("regex", r"answer: (\w+)"), (), "yes", "no idea", None, False),
        (Grader("regex", r"\d+"), (), "12", "about 12 of 40", "12", True),
        (Grader("regex", r"(x)?y"), (), "x", "y", None, False),
    ],
)
def test_answers_are_read_as_a_person_would(
    grader: Grader, choices: tuple[str, ...], gold: str, completion: str, answer: str | None, correct: bool
) -> None:
    assert grade(completion, gold=gold, grader=grader, choices=choices) == (answer, correct)


@pytest.mark.parametrize(
    ("grader", "choices", "gold", "field"),
    [
        (NUMBER, (), "many", "gold"),
        (CHOICE, LETTERS, "D", "gold"),
        (CHOICE, (), "A", "gold"),
        (EXACT, (), "?!", "gold"),
    ],
)
def test_a_gold_answer_that_no_completion_can_give_is_refused(
    grader: Grader, choices: tuple[str, ...], gold: str, field: str
) -> None:
    with pytest.raises(InputError) as error:
        grade("anything", gold=gold, grader=grader, choices=choices)
    assert error.value.field == field


@pytest.mark.parametrize(
    ("name", "pattern", "field"),
    [("fuzzy", None, "grader"), ("regex", None, "pattern"), ("exact", "x", "pattern"), ("regex", "(", "pattern")],
)
def test_graders_that_make_no_sense_are_refused(name: str, pattern: str | None, field: str) -> None:
    with pytest.raises(InputError) as error:
        Grader(name, pattern)
    assert error.value.field == field
