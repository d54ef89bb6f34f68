"""A recording as the command line states it: tasks by name or by file, strategies by name, extras as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from budgetsim.errors import InputError, JobError
from budgetsim.traces.live import Endpoint
from budgetsim.traces.record import Sampling, record
from budgetsim.traces.tasks import Task, builtin, load, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The options of ``budgetsim record``, spelled as there."""

    model: str
    out: Path
    tasks: str | None
    problems: Path | None
    examples: Path | None
    strategies: str
    samples: int
    temperature: float | None
    top_p: float | None
    seed: int
    base_url: str | None
    api: Literal["completions", "chat"]
    extra_body: str | None
    cap_field: Literal["max_tokens", "max_completion_tokens"]
    max_tokens: int
    steps_max_tokens: int | None
    first: int | None
    timeout: float
    max_retries: int
    concurrency: int
    keep_completions: bool
    fresh: bool


def record_runs(
    recording: Recording, step: Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
) -> dict[str, object]:
    """Record, and say what was recorded.

    Raises
    ------
    InputError
        If an option is wrong.
    JobError
        If requests failed for good; what was recorded is kept, and the same command asks for the rest.
    """
    endpoint = Endpoint(
        model=recording.model,
        base_url=recording.base_url,
        api=recording.api,
        timeout=recording.timeout,
        max_retries=recording.max_retries,
        cap_field=recording.cap_field,
    )
    sampling = Sampling(
        samples=recording.samples,
        temperature=recording.temperature,
        top_p=recording.top_p,
        seed=recording.seed,
        extra_body=_extra_body(recording.extra_body),
    )
    with step("recording") as progress:
        summary = record(
            _tasks(recording),
            endpoint=endpoint,
            sampling=sampling,
            out=recording.out,
            concurrency=recording.concurrency,
            resume=not recording.fresh,
            keep_completions=recording.keep_completions,
            progress=progress,
        )
    if not summary.complete:
        cause, count = next(iter(summary.causes.items()))
        raise JobError(f"{summary.failed} requests failed ({cause}: {count}); the same command asks for them again")
    return {
        "out": str(summary.out),
        "total": summary.total,
        "recorded": summary.recorded,
        "kept": summary.kept,
        "missing_usage": summary.missing_usage,
        "seconds": summary.seconds,
    }


def _tasks(recording: Recording) -> list[Task]:
    if (recording.tasks is None) == (recording.problems is None):
        raise InputError("give either --tasks or --problems")
    wanted = None if recording.strategies == "all" else [name.strip() for name in recording.strategies.split(",")]
    if recording.problems is not None:
        tasks = load(
            recording.problems,
            examples=recording.examples,
            strategies=("shots_0",) if wanted is None else tuple(wanted),
            max_tokens=recording.max_tokens,
            steps_max_tokens=recording.steps_max_tokens,
            stop=() if recording.api == "chat" else ("\n\n",),
        )
        return [task.select(first=recording.first) for task in tasks]
    if recording.examples is not None:
        raise InputError("--examples goes with --problems")
    chosen = names() if recording.tasks == "all" else [name.strip() for name in (recording.tasks or "").split(",")]
    unknown = [name for name in chosen if name not in names()]
    if unknown:
        raise InputError(f"expected tasks out of {', '.join(names())}; found {', '.join(unknown)}", field="tasks")
    tasks = [builtin(name) for name in chosen]
    if wanted is None:
        return [task.select(first=recording.first) for task in tasks]
    known = {strategy.name for task in tasks for strategy in task.strategies}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise InputError(
            f"expected strategies out of {', '.join(sorted(known))}; found {', '.join(missing)}", field="strategies"
        )
    kept = [(task, tuple(s for s in task.strategies if s.name in wanted)) for task in tasks]
    return [task.select(first=recording.first, strategies=strategies) for task, strategies in kept if strategies]


def _extra_body(text: str | None) -> Mapping[str, object] | None:
    if text is None:
        return None
    try:
        body = json.loads(text)
    except ValueError as error:
        raise InputError(f"expected a JSON object: {error}", field="extra_body") from error
    if not isinstance(body, dict):
        raise InputError(f"expected a JSON object, found {text}", field="extra_body")
    return body
