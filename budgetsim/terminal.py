"""What a person sees while a job runs: progress bars on a terminal, plain lines when piped. All on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(line: str) -> None:
    """One line for the person, prefixed with the program's name; none when standard error is closed."""
    # Without this, print would take standard output for a missing standard error.
    if sys.stderr is None:
        return
    print(f"budgetsim: {' '.join(line.splitlines())}", file=sys.stderr)


@contextmanager
def step(name: str) -> Iterator[Callable[[int, int], None]]:
    """One step of a job.

    Yields
    ------
    callable
        To be called with (done, total) as the work goes on; a total of 0 is not known.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        started = time.monotonic()
        yield lambda done, total: None  # noqa: ARG005 - the shape of every progress function
        say(f"{name} ({time.monotonic() - started:.1f} s)")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        bar = shown.add_task(name, total=None)
        yield lambda done, total: shown.update(bar, completed=done, total=total or None)
        finished = shown.tasks[0].completed or 1
        shown.update(bar, completed=finished, total=finished)
