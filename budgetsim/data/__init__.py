"""Runs that come with the package; ``README.md`` beside them is the data card."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_RUNS = "smollm2_runs.jsonl.gz"


def bundled_runs() -> Path:
    """Path of the bundled runs file: a small model on seven short tasks, recorded by this package.

    Raises
    ------
    FileNotFoundError
        If the package was installed without its data.

    Examples
    --------
    >>> bundled_runs().name
    'smollm2_runs.jsonl.gz'
    """
    path = Path(str(files(__name__) / _RUNS))
    if not path.is_file():
        raise FileNotFoundError(path)
    return path
