"""Calibrations written by hand: answer distributions are what the test says they are."""

import numpy as np
import polars as pl
import pytest

from budgetsim.calibrate import Calibration, Group, GroupCalibration, Interval
from budgetsim.traces.schema import table_schema


def _group(probabilities, *, copies=None, tokens=10.0, model="m", task="t", problem_ids=None, correlation=0.3, **more):
    """A group whose problems have these answer distributions, (problems, answers) or (problems, atoms, answers)."""
    table = np.asarray(probabilities, float)
    table = table[:, None, :] if table.ndim == 2 else table
    many = np.ones(table.shape, np.int64) if copies is None else np.broadcast_to(copies, table.shape)
    accuracy = float(table[..., 0].mean())
    facts = {
        "group": Group(model, "s", task, None),
        "problems": len(table),
        "samples": 20 * len(table),
        "repeated": 1000,
        "accuracy": Interval(accuracy, accuracy, accuracy),
        "correlation_total": Interval(correlation, correlation, correlation),
        "correlation_within": None,
        "alpha": 1.0,
        "beta": 1.0,
        "own_alpha": 1.0,
        "own_beta": 1.0,
        "distribution": "beta",
        "beta_score": -1.0,
        "mixture_score": -1.0,
        "tokens": None if tokens is None else Interval(tokens, tokens, tokens),
        "abstained": 0.0,
        "wrong_agreement": None,
        "answers_known": True,
        "prompts_known": True,
        "order_effect": 0.0,
        "problem_ids": [f"p{k:04}" for k in range(len(table))] if problem_ids is None else list(problem_ids),
        "answer_probabilities": table,
        "answer_copies": many,
    }
    return GroupCalibration(**{**facts, **more})


@pytest.fixture(scope="session")
def configured():
    return _group


@pytest.fixture(scope="session")
def calibrated():
    def calibration(*groups):
        ordered = sorted(groups, key=lambda group: tuple(map(str, group.group)))
        return Calibration(ordered, {}, {}, {}, 0)

    return calibration


@pytest.fixture
def runs_of_one_problem():
    rows = [
        {
            **dict.fromkeys(table_schema()),
            "run_id": "r",
            "source": "hand",
            "model": "m",
            "strategy": "s",
            "task": "t",
            "problem_id": "p",
            "sample_index": k,
            "correct": k > 0,
            "answer": "x",
            "completion_tokens": 9.0,
        }
        for k in range(4)
    ]
    return pl.DataFrame(rows, schema=table_schema())
