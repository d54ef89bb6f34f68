"""Record a model: many samples of many problems, under several budgets, into a runs file.

The job can be stopped at any time and started again: every answer is appended to ``OUT.partial.jsonl`` as it comes,
and what is there is not asked again. When all answers are in, the rows are sorted and moved to OUT in one step.

**Budget.** The ``budget`` of a row is the most tokens its call could have used: the measured prompt (examples
included) plus the strategy's cap on the completion. So ``prompt_tokens + completion_tokens <= budget``. A strategy
spends more either by showing more examples (``shots_N``) or by letting the model write more (``steps_N``).
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TextIO, cast

import zstandard

from budgetsim.errors import InputError, JobError

from .live import Client, Endpoint, RequestError
from .tasks import Problem, Strategy, Task

Key = tuple[str, str, int, str]
Row = dict[str, object]

#: Failed requests in a row after which the endpoint counts as down.
PATIENCE = 20


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
class RecordSummary:
    """What a recording did: ``total`` answers asked for, ``kept`` from earlier, ``recorded`` now, ``failed``.

    ``missing_usage`` counts rows without token counts; ``seconds`` is the wall time of this part. ``out`` exists
    only when ``complete``; until then the answers are in ``partial``.
    """

    out: Path
    partial: Path
    total: int
    kept: int
    recorded: int
    failed: int
    missing_usage: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every answer is in and OUT is written."""
        return self.kept + self.recorded == self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    run_id: str
    task: Task
    problem: Problem
    strategy: Strategy
    sample_index: int
    turns: tuple[tuple[str, str], ...]
    seed: int

    @property
    def key(self) -> Key:
        return (self.run_id, self.problem.problem_id, self.sample_index, self.strategy.name)


def sample_seed(seed: int, *, turns: Sequence[tuple[str, str]], strategy: str, sample_index: int) -> int:
    """Seed of one call, in [0, 2**31): a hash of the recording's seed, the prompt as sent, and the sample.

    No two calls share draws, and the seed in a row tells whether the row belongs to a prompt.

    Examples
    --------
    >>> sample_seed(0, turns=[("user", "2 + 2 =")], strategy="shots_0", sample_index=0)
    1
    """
    name = json.dumps([seed, turns, strategy, sample_index])
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) >> 1


def record(
    tasks: Sequence[Task],
    *,
    endpoint: Endpoint,
    sampling: Sampling,
    out: str | Path,
    concurrency: int = 2,
    resume: bool = True,
    keep_completions: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> RecordSummary:
    """Ask a model every problem of every task under every strategy of the task, and write the graded answers.

    Parameters
    ----------
    tasks
        With different names; `Task.select` narrows them.
    endpoint, sampling
        Whom to ask and how completions are drawn.
    out
        File to write: ``.jsonl``, ``.jsonl.gz`` or ``.jsonl.zst``.
    concurrency
        Requests in flight, at least 1.
    resume
        Whether to keep answers already in OUT or its partial file; False starts over.
    keep_completions
        Whether rows carry the full ``completion`` too.
    progress
        Called with (answers done, answers asked for).

    Returns
    -------
    RecordSummary
        ``complete`` is False when requests failed for good; running again asks only for what is missing.

    Raises
    ------
    InputError
        If the arguments are wrong, or the files hold answers of another recording.
    JobError
        If the endpoint refuses or is down, or the job is interrupted; answers so far are kept.
    """
    out = Path(out)
    partial = out.with_name(f"{out.name}.partial.jsonl")
    if not out.name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
        raise InputError("expected a name that ends in .jsonl, .jsonl.gz or .jsonl.zst", file=out)
    if concurrency < 1:
        raise InputError(f"expected at least 1, found {concurrency}", field="concurrency")
    calls = _plan(tasks, endpoint, sampling)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        done = _resume(out, partial, calls) if resume else {}
        if not resume:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"cannot be used: {error.strerror}", file=error.filename) from None
    missing = [call for call in calls if call.key not in done]
    job = _Job(endpoint, sampling, keep_completions, done, len(calls), progress)
    started = time.monotonic()
    kept = len(done)
    try:
        if missing:
            asyncio.run(job.run(missing, partial, concurrency))
    except KeyboardInterrupt:
        raise JobError(f"interrupted with {_kept(job, partial)}") from None
    except (JobError, OSError) as error:
        raise JobError(f"{error}; {_kept(job, partial)}") from None
    if len(done) == len(calls) and (missing or partial.exists() or not out.exists()):
        _write([done[call.key] for call in calls], out)
        partial.unlink(missing_ok=True)
    return RecordSummary(
        out=out,
        partial=partial,
        total=len(calls),
        kept=kept,
        recorded=len(done) - kept,
        failed=job.failed,
        missing_usage=sum(row["prompt_tokens"] is None or row["completion_tokens"] is None for row in done.values()),
        seconds=time.monotonic() - started,
    )


def _kept(job: _Job, partial: Path) -> str:
    return f"{len(job.done)} of {job.total} answers kept in {partial}; the same command resumes"


class _Job:
    """The running part of a recording: workers take calls from one iterator and append rows to the partial file."""

    def __init__(
        self,
        endpoint: Endpoint,
        sampling: Sampling,
        keep_completions: bool,
        done: dict[Key, Row],
        total: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.endpoint = endpoint
        self.sampling = sampling
        self.keep_completions = keep_completions
        self.done = done
        self.total = total
        self.progress = progress
        self.failed = 0
        self.failed_in_a_row = 0

    async def run(self, calls: Sequence[_Call], partial: Path, concurrency: int) -> None:
        # Calls are taken in order: samples of one problem follow each other, so a server can reuse its prompt cache.
        waiting = iter(calls)
        async with Client(self.endpoint) as client:
            with partial.open("a", encoding="utf-8") as file:
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(concurrency, len(calls))):
                            group.create_task(self._work(waiting, client, file))
                except* (JobError, OSError) as errors:
                    raise errors.exceptions[0] from None

    async def _work(self, waiting: Iterator[_Call], client: Client, file: TextIO) -> None:
        for call in waiting:
            try:
                row = await self._ask(call, client)
            except RequestError as error:
                self.failed += 1
                self.failed_in_a_row += 1
                if self.failed_in_a_row >= PATIENCE:
                    raise JobError(f"{PATIENCE} requests in a row failed, the last one with: {error}") from None
                continue
            self.failed_in_a_row = 0
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
            self.done[call.key] = row
            if self.progress is not None:
                self.progress(len(self.done), self.total)

    async def _ask(self, call: _Call, client: Client) -> Row:
        task, problem, strategy, sampling = call.task, call.problem, call.strategy, self.sampling
        reply = await client.ask(
            call.turns,
            max_tokens=strategy.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            stop=task.stop,
            seed=call.seed,
            extra_body=sampling.extra_body,
        )
        answer, correct = task.grade(reply.text, problem)
        row: Row = {
            "run_id": call.run_id,
            "source": "budgetsim record",
            "model": self.endpoint.model,
            "strategy": strategy.name,
            "task": task.name,
            "problem_id": problem.problem_id,
            "sample_index": call.sample_index,
            "correct": correct,
            "score": float(correct),
            "answer": answer,
            "gold": task.gold(problem),
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": reply.completion_tokens,
            "n_calls": 1,
            "budget": None if reply.prompt_tokens is None else reply.prompt_tokens + strategy.max_tokens,
            "temperature": sampling.temperature,
            "seed": call.seed,
            "finish_reason": reply.finish_reason,
        }
        return row | {"completion": reply.text} if self.keep_completions else row


def _turns(task: Task, problem: Problem, strategy: Strategy, endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
    if endpoint.api == "chat":
        return tuple(task.messages(problem, strategy))
    return (("user", task.prompt(problem, strategy)),)


def _plan(tasks: Sequence[Task], endpoint: Endpoint, sampling: Sampling) -> list[_Call]:
    """All calls in the order of the file; a wrong task is found before the first request."""
    names = [task.name for task in tasks]
    if not names or len(set(names)) < len(names):
        raise InputError(f"expected tasks with different names, found {names}", field="task")
    ids = [problem.problem_id for task in tasks for problem in task.problems]
    if not ids or len(set(ids)) < len(ids):
        raise InputError("expected problems with different problem_id", field="problem_id")
    return [
        _Call(
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


def _resume(out: Path, partial: Path, calls: Sequence[_Call]) -> dict[Key, Row]:
    """Rows of earlier parts of this recording, by key."""
    expected = {call.key: (call.task.gold(call.problem), call.seed) for call in calls}
    done: dict[Key, Row] = {}
    for path in (out, partial):
        for number, row in enumerate(_rows(path, torn=path == partial), start=1):
            fields = (row.get("run_id"), row.get("problem_id"), row.get("sample_index"), row.get("strategy"))
            key = cast(Key, fields)  # any other key is not expected
            if expected.get(key) != (row.get("gold"), row.get("seed")):
                message = (
                    "a row of another recording (other prompts, settings, seed or fewer samples); choose another name"
                )
                raise InputError(message, file=path, line=number)
            done.setdefault(key, row)
    return done


def _rows(path: Path, *, torn: bool) -> list[Row]:
    """Rows of a file, none when it is missing; ``torn`` drops, also on disk, a last line cut by a kill."""
    if not path.exists():
        return []
    data = path.read_bytes()
    if torn and not data.endswith(b"\n"):
        data = data[: data.rfind(b"\n") + 1]
        with path.open("r+b") as file:
            file.truncate(len(data))
    rows = []
    for number, line in enumerate(_unpack(data, path).splitlines(), start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise InputError("expected a JSON object", file=path, line=number)
        rows.append(row)
    return rows


def _unpack(data: bytes, path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            return gzip.decompress(data)
        if path.suffix == ".zst":
            return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise InputError(f"cannot be unpacked: {error}", file=path) from None
    return data


def _write(rows: Sequence[Row], out: Path) -> None:
    """All rows in one step: a reader sees the old file or the new one, never half of one."""
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if out.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    elif out.suffix == ".zst":
        data = zstandard.ZstdCompressor(level=19).compress(data)
    fresh = out.with_name(f"{out.name}.writing")
    fresh.write_bytes(data)
    fresh.replace(out)
