"""What a task is: problems, worked examples, a grader, and the budgets (strategies) it is asked with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TypeVar

from budgetsim.errors import InputError
from budgetsim.traces.tasks.graders import Grader, canonical_gold, grade

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One question with its answer key.

    Parameters
    ----------
    problem_id
        Unique within the recording.
    prompt
        The question as the model reads it.
    gold
        The answer that counts as correct.
    choices
        Admissible answers of a ``choice`` grader; empty otherwise.
    """

    problem_id: str
    prompt: str
    gold: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A solved question shown before the asked one; ``steps`` is its worked solution, when there is one."""

    prompt: str
    answer: str
    steps: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A budget knob: how many examples are shown and how many tokens the model may write.

    Parameters
    ----------
    name
        ``shots_N`` or ``steps_N``; groups of runs are told apart by it.
    shots
        Examples before the question, 0 or more.
    max_tokens
        Cap on the completion tokens of one call, at least 1.
    steps
        Whether the examples show worked solutions.
    """

    name: str
    shots: int
    max_tokens: int
    steps: bool = False

    @classmethod
    def parse(cls, name: str, *, max_tokens: int, steps_max_tokens: int | None = None) -> Strategy:
        """Strategy of a name such as ``shots_8`` (short answers) or ``steps_8`` (worked solutions).

        Raises
        ------
        InputError
            If the name has another form or a cap is below 1.

        Examples
        --------
        >>> Strategy.parse("shots_8", max_tokens=6).shots
        8
        """
        match = re.fullmatch(r"(shots|steps)_(\d+)", name)
        if match is None:
            raise InputError(
                f"expected a strategy such as shots_0, shots_8 or steps_8, found {name!r}", field="strategy"
            )
        steps = match[1] == "steps"
        cap = steps_max_tokens if steps and steps_max_tokens is not None else max_tokens
        if cap < 1:
            raise InputError(f"expected a cap of at least 1 token, found {cap}", field="max_tokens")
        return cls(name=name, shots=int(match[2]), max_tokens=cap, steps=steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Problems of one kind, asked and graded in one way.

    Parameters
    ----------
    name
        The ``task`` of every row.
    problems, examples
        Disjoint: no example asks what a problem asks.
    grader
        Turns a completion into an answer; see `budgetsim.traces.tasks.graders`.
    strategies
        The budgets the task is recorded with unless others are asked for.
    stop
        Strings that end a completion (not part of it).
    joint, separator
        Text between a question and its answer, and after an answer.
    """

    name: str
    problems: tuple[Problem, ...]
    examples: tuple[Example, ...]
    grader: Grader
    strategies: tuple[Strategy, ...]
    stop: tuple[str, ...] = ("\n",)
    joint: str = " "
    separator: str = "\n"

    def shots(self, strategy: Strategy) -> list[tuple[str, str]]:
        """The (question, answer) pairs shown before a question, the same and in the same order for every problem.

        Raises
        ------
        InputError
            If the task has fewer examples (with worked solutions, for a ``steps`` strategy) than the strategy shows.
        """
        pairs = [(example.prompt, example.steps if strategy.steps else example.answer) for example in self.examples]
        usable = [(prompt, answer) for prompt, answer in pairs if answer is not None]
        if strategy.shots > len(usable):
            kind = "worked examples" if strategy.steps else "examples"
            raise InputError(f"{strategy.name} needs {strategy.shots} {kind}, task {self.name} has {len(usable)}")
        return usable[: strategy.shots]

    def prompt(self, problem: Problem, strategy: Strategy) -> str:
        """The text a completions endpoint reads: the examples, then the question, ready for the answer."""
        shown = "".join(f"{question}{self.joint}{answer}{self.separator}" for question, answer in self.shots(strategy))
        # Tokenizers attach a space to the word after it: ending with one would ask for an unusual token.
        return f"{shown}{problem.prompt}{self.joint.rstrip(' ')}"

    def messages(self, problem: Problem, strategy: Strategy) -> list[tuple[str, str]]:
        """The (role, content) turns a chat endpoint reads: examples as earlier turns."""
        turns = [
            turn for question, answer in self.shots(strategy) for turn in (("user", question), ("assistant", answer))
        ]
        return [*turns, ("user", problem.prompt)]

    def grade(self, completion: str, problem: Problem) -> tuple[str | None, bool]:
        """The answer read from a completion (None when there is none) and whether it is the gold answer."""
        return grade(completion, gold=problem.gold, grader=self.grader, choices=problem.choices)

    def gold(self, problem: Problem) -> str:
        """The gold answer in the spelling of the answers, so that the two can be compared and counted."""
        return canonical_gold(problem.gold, grader=self.grader, choices=problem.choices)

    def select(self, *, first: int | None = None, strategies: Sequence[Strategy] | None = None) -> Task:
        """The same task with its first problems only, or with other strategies."""
        problems = self.problems if first is None else self.problems[:first]
        return replace(self, problems=problems, strategies=self.strategies if strategies is None else tuple(strategies))


def scrambled(items: Sequence[Item], salt: str) -> list[Item]:
    """The items in an order that looks random and is the same on every machine and Python version."""
    return sorted(items, key=lambda item: blake2b(f"{salt}|{item}".encode()).digest())
