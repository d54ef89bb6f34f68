"""Files that are there whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from budgetsim.errors import InputError
from budgetsim.traces import Runs, read
from budgetsim.traces.write import replacing


def read_runs(paths: Sequence[Path], rejects: Path, *, strict: bool, progress: Callable[[int, int], None]) -> Runs:
    """Read runs and keep what was rejected in a file of its own, which is not there when nothing was."""
    try:
        return read(paths, strict=strict, rejects_path=rejects, progress=lambda rows: progress(rows, 0))
    finally:
        if rejects.is_file() and not rejects.stat().st_size:
            rejects.unlink()


def make_folder(path: Path) -> None:
    """Make a folder, or say in one line why it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot be made a folder: {error.strerror}", file=path) from error


def write_json(path: Path, document: object) -> Path:
    """Write a JSON document under a temporary name, then rename it."""
    return write_text(path, json.dumps(document, indent=1, allow_nan=False, default=str) + "\n")


def write_text(path: Path, text: str) -> Path:
    """Write a text under a temporary name, then rename it."""
    with replacing(path) as file:
        file.write(text.encode())
    return path
