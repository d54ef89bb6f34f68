"""Hand-made runs and counts."""

import numpy as np
import polars as pl
import pytest

from budgetsim.calibrate.tally import Group, Tally
from budgetsim.traces.schema import table_schema

_NAMES = {"run_id": "r", "source": "hand", "model": "m", "strategy": "s", "task": "t"}


def _runs(rows):
    """A table of runs from rows that name only what matters."""
    everything = [{**dict.fromkeys(table_schema()), **_NAMES, **row} for row in rows]
    return pl.DataFrame(everything, schema=table_schema())


def _counts(correct, total, wrong=None, abstained=None, *, groups=None, vocabulary=None, shared=False):
    """A tally from arrays of shape (groups, problems); ``shared`` means that all groups saw the same problems."""
    correct, total = np.asarray(correct, float), np.asarray(total, float)
    total = np.broadcast_to(total, correct.shape)
    count, problems = correct.shape
    if groups is None:
        groups = [Group(f"m{k:03}", f"s{k:03}", "t" if shared else f"t{k:03}", None) for k in range(count)]
    abstained = np.zeros(correct.shape) if abstained is None else np.asarray(abstained, float)
    if wrong is None:
        wrong = (total - correct - abstained)[..., None]
    wrong = np.asarray(wrong, float)
    place = np.arange(problems)[None, :] + (0 if shared else problems * np.arange(count)[:, None])
    different = problems if shared else problems * count
    names = [("t" if shared else f"t{k // problems:03}", f"p{k:05}") for k in range(different)]
    room = np.full(different, wrong.shape[-1]) if vocabulary is None else np.asarray(vocabulary)
    return Tally(
        groups=list(groups),
        problems=names,
        group=np.repeat(np.arange(count), problems),
        problem=np.broadcast_to(place, correct.shape).ravel().astype(np.int64),
        correct=correct.ravel(),
        total=total.ravel().astype(float),
        abstained=abstained.ravel(),
        wrong=wrong.reshape(count * problems, -1),
        vocabulary=room.astype(np.int64),
        tokens=np.full(count * problems, 10.0),
        answers_known=np.ones(count, bool),
        prompts_known=np.ones(count, bool),
    )


@pytest.fixture(scope="session")
def runs():
    return _runs


@pytest.fixture(scope="session")
def counts():
    return _counts
