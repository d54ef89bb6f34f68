"""Record a model: many samples of many problems, under several budgets, into a runs file.

The job can be stopped at any time and started again: every answer is appended to ``OUT.partial.jsonl`` as it comes,
and what is there is not asked again. When all answers are in, the rows are sorted and moved to OUT in one step.

**Budget.** The ``budget`` of a row is the most tokens its call could have used: the measured prompt (examples
included) plus the strategy's cap on the completion. So ``prompt_tokens + completion_tokens <= budget``, but for
servers that run over the cap to complete a character. A strategy spends more either by showing more examples
(``shots_N``) or by letting the model write more (``steps_N``).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from budgetsim.errors import InputError, JobError
from budgetsim.traces.calls import Call, Key, Sampling, plan_calls
from budgetsim.traces.live import Client, Endpoint, RequestError
from budgetsim.traces.rejects import Fault
from budgetsim.traces.streams import chunks
from budgetsim.traces.tasks import Task
from budgetsim.traces.write import write_jsonl

if sys.platform != "win32":
    import fcntl

__all__ = ["RecordSummary", "Sampling", "record"]

Row = dict[str, object]

#: Failed requests in a row after which the endpoint counts as down.
PATIENCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """What a recording did: ``total`` answers asked for, ``kept`` from earlier, ``recorded`` now, ``failed``.

    ``causes`` counts the failed requests by cause, the commonest first, as ``{"connection refused": 3}``.
    ``missing_usage`` counts rows without token counts; ``seconds`` is the wall time of this part. ``out`` exists
    only when ``complete``; until then the answers are in ``partial``.
    """

    out: Path
    partial: Path
    total: int
    kept: int
    recorded: int
    failed: int
    causes: dict[str, int]
    missing_usage: int
    seconds: float

    @property
    def complete(self) -> bool:
        """Whether every answer is in and OUT is written."""
        return self.kept + self.recorded == self.total


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
    calls = plan_calls(tasks, endpoint, sampling)
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
        write_jsonl((done[call.key] for call in calls), out)
        partial.unlink(missing_ok=True)
    return RecordSummary(
        out=out,
        partial=partial,
        total=len(calls),
        kept=kept,
        recorded=len(done) - kept,
        failed=job.causes.total(),
        causes=dict(job.causes.most_common()),
        missing_usage=sum(row["prompt_tokens"] is None or row["completion_tokens"] is None for row in done.values()),
        seconds=time.monotonic() - started,
    )


def _kept(job: _Job, partial: Path) -> str:
    if not job.done:
        return "no answers yet"
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
        self.causes: Counter[str] = Counter()
        self.causes_in_a_row: Counter[str] = Counter()

    async def run(self, calls: Sequence[Call], partial: Path, concurrency: int) -> None:
        # Calls are taken in order: samples of one problem follow each other, so a server can reuse its prompt cache.
        waiting = iter(calls)
        async with Client(self.endpoint) as client:
            with _open(partial) as file:
                try:
                    async with asyncio.TaskGroup() as group:
                        for _ in range(min(concurrency, len(calls))):
                            group.create_task(self._work(waiting, client, file))
                except* (JobError, OSError) as errors:
                    raise errors.exceptions[0] from None

    async def _work(self, waiting: Iterator[Call], client: Client, file: BinaryIO) -> None:
        for call in waiting:
            try:
                row = await self._ask(call, client)
            except RequestError as error:
                self.causes[str(error)] += 1
                self.causes_in_a_row[str(error)] += 1
                if self.causes_in_a_row.total() >= PATIENCE:
                    cause, count = self.causes_in_a_row.most_common(1)[0]
                    raise JobError(f"{PATIENCE} requests in a row failed ({cause}: {count})") from None
                continue
            self.causes_in_a_row.clear()
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
            file.flush()
            self.done[call.key] = row
            if self.progress is not None:
                self.progress(len(self.done), self.total)

    async def _ask(self, call: Call, client: Client) -> Row:
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


def _resume(out: Path, partial: Path, calls: Sequence[Call]) -> dict[Key, Row]:
    """Rows of earlier parts of this recording, by key."""
    expected = {call.key: (call.task.gold(call.problem), call.seed) for call in calls}
    done: dict[Key, Row] = {}
    for path in (out, partial):
        for number, row in enumerate(_rows(path), start=1):
            fields = (row.get("run_id"), row.get("problem_id"), row.get("sample_index"), row.get("strategy"))
            key = cast(Key, fields)  # any other key is not expected
            if expected.get(key) != (row.get("gold"), row.get("seed")):
                message = (
                    "a row of another recording (other prompts, settings, seed or fewer samples); choose another name"
                )
                raise InputError(message, file=path, line=number)
            done.setdefault(key, row)
    return done


@contextmanager
def _open(partial: Path) -> Iterator[BinaryIO]:
    """The partial file, ours alone, ready for the next row: a last line cut by a kill is dropped.

    A file without a row is removed in the end, but on Windows, where an open file cannot be.
    """
    with partial.open("ab+") as file:
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise JobError(f"another recording is writing to {partial}") from None
        file.seek(0)
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)
        try:
            yield file
        finally:
            # Before it is closed: after that it may be another recording's.
            if sys.platform != "win32" and os.fstat(file.fileno()).st_size == 0:
                partial.unlink(missing_ok=True)


def _rows(path: Path) -> list[Row]:
    """The whole lines of a file as rows, none when it is missing."""
    if not path.exists():
        return []
    try:
        data = b"".join(chunks(path))
    except Fault as fault:
        raise InputError(str(fault), file=path) from None
    rows = []
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise InputError("expected a JSON object", file=path, line=number)
        rows.append(row)
    return rows
