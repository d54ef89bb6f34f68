"""The built-in tasks: short questions of our own, sized so that even a very small model has a chance.

Every task splits its questions, in an order fixed by a hash, into examples, pilot problems (on which prompts and
strategies were chosen) and the recorded problems. No question is in two parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from budgetsim.errors import InputError
from budgetsim.traces.tasks.facts import ANTONYMS, CAPITALS, PAST_TENSES, pairs
from budgetsim.traces.tasks.graders import Grader, GraderName
from budgetsim.traces.tasks.reviews import NEGATIVE, POSITIVE
from budgetsim.traces.tasks.task import Example, Problem, Strategy, Task, scrambled

EXAMPLES, PILOT, PROBLEMS = 16, 8, 50
_SHOTS = ("shots_0", "shots_1", "shots_4", "shots_16")


def _task(
    name: str,
    solved: Sequence[Example],
    *,
    grader: GraderName,
    strategies: Sequence[str],
    max_tokens: int,
    steps_max_tokens: int | None = None,
    choices: Callable[[Example], tuple[str, ...]] = lambda _: (),
    stop: tuple[str, ...] = (".", "\n"),
    separator: str = ".\n",
    pilot: bool,
) -> Task:
    examples = solved[:EXAMPLES]
    start = EXAMPLES if pilot else EXAMPLES + PILOT
    asked = solved[start : start + (PILOT if pilot else PROBLEMS)]
    part = "pilot" if pilot else "problem"
    return Task(
        name=name,
        problems=tuple(
            Problem(
                problem_id=f"{name}/{part}-{number:02d}",
                prompt=item.prompt,
                gold=item.answer,
                choices=choices(item),
            )
            for number, item in enumerate(asked, start=1)
        ),
        examples=tuple(examples),
        grader=Grader(grader),
        strategies=tuple(
            Strategy.parse(strategy, max_tokens=max_tokens, steps_max_tokens=steps_max_tokens)
            for strategy in strategies
        ),
        stop=stop,
        separator=separator,
    )


def _capitals(pilot: bool) -> Task:
    facts = scrambled(pairs(CAPITALS), "capitals")
    solved = [Example(prompt=f"The capital of {country} is", answer=city) for country, city in facts]
    return _task("capitals", solved, grader="exact", strategies=_SHOTS, max_tokens=8, pilot=pilot)


def _antonyms(pilot: bool) -> Task:
    facts = scrambled(pairs(ANTONYMS), "antonyms")
    solved = [Example(prompt=f"The opposite of {word} is", answer=opposite) for word, opposite in facts]
    return _task("antonyms", solved, grader="exact", strategies=_SHOTS, max_tokens=6, pilot=pilot)


def _past_tenses(pilot: bool) -> Task:
    facts = scrambled(pairs(PAST_TENSES), "past_tenses")
    solved = [Example(prompt=f"Today I {verb}. Yesterday I", answer=past) for verb, past in facts]
    return _task("past_tenses", solved, grader="exact", strategies=_SHOTS, max_tokens=6, pilot=pilot)


def _steps_of_sum(larger: int, smaller: int) -> str:
    counted = ", ".join(str(larger + step) for step in range(1, smaller + 1))
    return f"{counted}. So {larger} + {smaller} = {larger + smaller}"


def _sums(pilot: bool) -> Task:
    # One-digit sums and sums that add one digit to two alternate, so that every part has both difficulties.
    small = scrambled([(a, b) for a in range(1, 10) for b in range(1, a + 1)], "sums")
    large = scrambled([(a, b) for a in range(11, 40) if a % 10 for b in range(2, 10)], "sums")
    terms = [pair for both in zip(small, large, strict=False) for pair in both]
    solved = [Example(prompt=f"{a} + {b} =", answer=str(a + b), steps=_steps_of_sum(a, b)) for a, b in terms]
    return _task(
        "sums",
        solved,
        grader="number",
        strategies=(*_SHOTS, "steps_8"),
        max_tokens=8,
        steps_max_tokens=48,
        stop=("\n",),
        separator="\n",
        pilot=pilot,
    )


def _larger(pilot: bool) -> Task:
    numbers = scrambled([(a, b) for a in range(10, 100) for b in range(10, 100) if a != b], "larger")
    solved = []
    seen: set[frozenset[int]] = set()
    for a, b in numbers:
        if frozenset((a, b)) not in seen:
            seen.add(frozenset((a, b)))
            solved.append(
                Example(prompt=f"Which number is larger, {a} or {b}? The larger number is", answer=str(max(a, b)))
            )
    return _task(
        "larger",
        solved,
        grader="choice",
        strategies=_SHOTS,
        max_tokens=6,
        choices=lambda item: tuple(re.findall(r"\d+", item.prompt)),
        pilot=pilot,
    )


def _sequences(pilot: bool) -> Task:
    every = scrambled([(start, step) for start in range(1, 40) for step in range(1, 11)], "sequences")
    # An example that counts on through the asked place would give the answer away.
    seen = {(start + step * place, step) for start, step in every[:EXAMPLES] for place in range(4)}
    rules = every[:EXAMPLES] + [
        (start, step) for start, step in every[EXAMPLES:] if (start + step * 3, step) not in seen
    ]
    solved = []
    for start, step in rules:
        shown = ", ".join(str(start + step * place) for place in range(4))
        solved.append(Example(prompt=f"{shown},", answer=str(start + 4 * step)))
    return _task(
        "sequences",
        solved,
        grader="number",
        strategies=_SHOTS,
        max_tokens=6,
        stop=(",", "\n"),
        separator="\n",
        pilot=pilot,
    )


def _sentiment(pilot: bool) -> Task:
    positive = [(text, "positive") for text in scrambled(POSITIVE, "sentiment")]
    negative = [(text, "negative") for text in scrambled(NEGATIVE, "sentiment")]
    # Halves of every part are positive; within pairs the order is scrambled so that labels do not alternate.
    reviews = [review for both in zip(positive, negative, strict=True) for review in scrambled(both, "order")]
    solved = [
        Example(prompt=f"Review: {text}\nIs this review positive or negative? It is", answer=label)
        for text, label in reviews
    ]
    return _task(
        "sentiment",
        solved,
        grader="choice",
        strategies=_SHOTS,
        max_tokens=4,
        choices=lambda _: ("positive", "negative"),
        stop=("\n",),
        separator="\n\n",
        pilot=pilot,
    )


_TASKS: dict[str, Callable[[bool], Task]] = {
    "antonyms": _antonyms,
    "capitals": _capitals,
    "larger": _larger,
    "past_tenses": _past_tenses,
    "sentiment": _sentiment,
    "sequences": _sequences,
    "sums": _sums,
}


def names() -> tuple[str, ...]:
    """Names of the built-in tasks, in the order they are recorded."""
    return tuple(_TASKS)


def builtin(name: str, *, pilot: bool = False) -> Task:
    """A built-in task by name.

    Parameters
    ----------
    name
        One of `names`.
    pilot
        Whether to take the few pilot problems in place of the recorded ones.

    Raises
    ------
    InputError
        If there is no such task.

    Examples
    --------
    >>> task = builtin("sums")
    >>> len(task.problems), [strategy.name for strategy in task.strategies][0]
    (50, 'shots_0')
    """
    if name not in _TASKS:
        raise InputError(f"expected one of {', '.join(_TASKS)}, found {name!r}", field="task")
    return _TASKS[name](pilot)
