"""The calls of a recording, planned before the first one is made: what is asked, how it is drawn, with which seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from budgetsim.errors import InputError
from budgetsim.traces.live import Endpoint
from budgetsim.traces.tasks import Problem, Strategy, Task

Key = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How completions are drawn, the same for every call of a recording.

    Parameters
    ----------
    samples
        Completions of every problem under every strategy, at least 1.
    temperature
        At least 0; None leaves it to the server (some hosted models refuse it).
    top_p
        In (0, 1]; None leaves it to the server.
    seed
        Seed of the recording; every call gets its own, derived by `sample_seed`.
    extra_body
        Further fields of every request, such as `budgetsim.traces.live.LLAMA_CPP_PLAIN`.
    """

    samples: int = 10
    temperature: float | None = 0.8
    top_p: float | None = 1.0
    seed: int = 0
    extra_body: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise InputError(f"expected at least 1, found {self.samples}", field="samples")
        if self.temperature is not None and not 0 <= self.temperature < float("inf"):
            raise InputError(f"expected 0 or more, found {self.temperature}", field="temperature")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise InputError(f"expected a number in (0, 1], found {self.top_p}", field="top_p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One completion to ask for; ``key`` names its row."""

    run_id: str
    task: Task
    problem: Problem
    strategy: Strategy
    sample_index: int
    turns: tuple[tuple[str, str], ...]
    seed: int

    @property
    def key(self) -> Key:
        """Run, problem, sample and strategy: different for every call of a recording."""
        return (self.run_id, self.problem.problem_id, self.sample_index, self.strategy.name)


def sample_seed(seed: int, *, turns: Sequence[tuple[str, str]], strategy: str, sample_index: int) -> int:
    """Seed of one call, in [0, 2**31): a hash of the recording's seed, the prompt as sent, and the sample.

    No two calls share draws, and the seed in a row tells whether the row belongs to a prompt.

    Examples
    --------
    >>> sample_seed(0, turns=[("user", "2 + 2 =")], strategy="shots_0", sample_index=0)
    1579539847
    """
    name = json.dumps([seed, turns, strategy, sample_index])
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) >> 1


def _turns(task: Task, problem: Problem, strategy: Strategy, endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    if endpoint.api == "chat":
        return tuple(task.messages(problem, strategy))
    return (("user", task.prompt(problem, strategy)),)


def plan_calls(tasks: Sequence[Task], endpoint: Endpoint, sampling: Sampling) -> list[Call]:
    """All calls in the order of the file; a wrong task is found before the first request."""
    names = [task.name for task in tasks]
    if not names or len(set(names)) < len(names):
        raise InputError(f"expected tasks with different names, found {names}", field="task")
    ids = [problem.problem_id for task in tasks for problem in task.problems]
    if not ids or len(set(ids)) < len(ids):
        raise InputError("expected problems with different problem_id", field="problem_id")
    return [
        Call(
            run_id=run_id,
            task=task,
            problem=problem,
            strategy=strategy,
            sample_index=index,
            turns=turns,
            seed=sample_seed(sampling.seed, turns=turns, strategy=strategy.name, sample_index=index),
        )
        for task in tasks
        for strategy in task.strategies
        for run_id in [_run_id(task, strategy, endpoint, sampling)]
        for problem in task.problems
        for turns in [_turns(task, problem, strategy, endpoint)]
        for index in range(sampling.samples)
    ]


def _run_id(task: Task, strategy: Strategy, endpoint: Endpoint, sampling: Sampling) -> str:
    """Name of a group of rows; its digest changes with whatever changes the draws, so recordings cannot be mixed."""
    asked = {
        "api": endpoint.api,
        "max_tokens": strategy.max_tokens,
        "stop": task.stop,
        "grader": [task.grader.name, task.grader.pattern],
        "sampling": [sampling.temperature, sampling.top_p, dict(sampling.extra_body or {})],
    }
    digest = blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=4).hexdigest()
    return f"{endpoint.model}|{task.name}|{strategy.name}|{digest}"
