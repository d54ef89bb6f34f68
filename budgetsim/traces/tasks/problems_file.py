"""Problems of your own, from JSON Lines files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from budgetsim.errors import InputError
from budgetsim.traces.tasks.graders import Grader, GraderName, canonical_gold
from budgetsim.traces.tasks.task import Example, Problem, Strategy, Task


class _ProblemLine(BaseModel):
    """One line of a problems file; further fields are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    problem_id: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    gold: str
    task: str | None = Field(default=None, min_length=1)
    grader: GraderName = "exact"
    choices: tuple[str, ...] = ()
    pattern: str | None = None


class _ExampleLine(BaseModel):
    """One line of an examples file; further fields are ignored."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    prompt: str = Field(min_length=1)
    answer: str = Field(min_length=1)
    steps: str | None = Field(default=None, min_length=1)
    task: str | None = None


Line = TypeVar("Line", bound=BaseModel)


def load(
    problems: str | Path,
    *,
    examples: str | Path | None = None,
    strategies: Sequence[str] = ("shots_0",),
    max_tokens: int = 64,
    steps_max_tokens: int | None = None,
    stop: Sequence[str] = ("\n\n",),
) -> list[Task]:
    r"""Tasks of a problems file.

    Parameters
    ----------
    problems
        JSON Lines with ``problem_id``, ``prompt``, ``gold``, and where wanted ``task`` (the name of the file
        otherwise), ``grader`` (exact, number, choice or regex), ``choices`` and ``pattern``. The lines of one task
        share grader and pattern.
    examples
        JSON Lines with ``prompt``, ``answer``, and where wanted ``steps`` (the worked solution that ends in the
        answer) and ``task`` (all tasks otherwise). They are shown in the order of the file.
    strategies
        Names such as ``shots_0``, ``shots_8``, ``steps_8``.
    max_tokens, steps_max_tokens
        Caps on the completion tokens of ``shots`` and ``steps`` strategies; one cap for both when the second is None.
    stop
        Strings that end a completion. A chat model ends by itself: give none.

    Returns
    -------
    list of Task
        In the order of their first problems. A question and its answer are joined by a blank, examples by an empty
        line.

    Raises
    ------
    InputError
        With file, line and field.
    """
    tasks: dict[str, list[Problem]] = {}
    graders: dict[str, Grader] = {}
    seen: set[str] = set()
    asked: set[str] = set()
    for number, line in _lines(problems, _ProblemLine):
        name = line.task or Path(problems).name.split(".")[0]
        problem = Problem(problem_id=line.problem_id, prompt=line.prompt, gold=line.gold, choices=line.choices)
        try:
            grader = Grader(line.grader, line.pattern)
            canonical_gold(line.gold, grader=grader, choices=line.choices)
        except InputError as error:
            raise InputError(error.message, file=problems, line=number, field=error.field) from None
        if graders.setdefault(name, grader) != grader:
            raise InputError(f"task {name} is graded otherwise above", file=problems, line=number, field="grader")
        if line.problem_id in seen:
            raise InputError(f"{line.problem_id!r} is taken", file=problems, line=number, field="problem_id")
        seen.add(line.problem_id)
        asked.add(line.prompt.strip())
        tasks.setdefault(name, []).append(problem)
    if not tasks:
        raise InputError("no problems", file=problems)
    shown: list[_ExampleLine] = []
    if examples is not None:
        for number, example in _lines(examples, _ExampleLine):
            if example.prompt.strip() in asked:
                raise InputError("this example is also a problem", file=examples, line=number, field="prompt")
            shown.append(example)
    budgets = tuple(
        Strategy.parse(name, max_tokens=max_tokens, steps_max_tokens=steps_max_tokens) for name in strategies
    )
    return [
        Task(
            name=name,
            problems=tuple(of_task),
            examples=tuple(
                Example(prompt=example.prompt, answer=example.answer, steps=example.steps)
                for example in shown
                if example.task in (None, name)
            ),
            grader=graders[name],
            strategies=budgets,
            stop=tuple(stop),
            separator="\n\n",
        )
        for name, of_task in tasks.items()
    ]


def _lines(path: str | Path, form: type[Line]) -> list[tuple[int, Line]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(f"cannot be read: {reason}", file=path) from None
    read = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            read.append((number, form.model_validate(json.loads(line))))
        except json.JSONDecodeError as error:
            raise InputError(f"not JSON: {error.msg}", file=path, line=number) from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or None
            raise InputError(first["msg"], file=path, line=number, field=place) from None
    return read
