"""Invented results of the shapes that ``to_dict`` and ``organization_curves`` give, of any number of groups."""

from __future__ import annotations

import numpy as np
import xarray as xr


def interval(value: float, width: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": max(value - width, 0.0), "high": min(value + 2 * width, 1.0)}


def names(count: int, tasks: int = 4) -> list[dict[str, object]]:
    return [
        {"model": "tiny", "strategy": f"way_{k // tasks}", "task": f"task_{k % tasks}", "temperature": 0.8}
        for k in range(count)
    ]


def calibration(count: int, *, within: bool = True, tasks: int = 4) -> dict:
    random = np.random.default_rng(count)
    groups = [
        {
            **name,
            "problems": 50,
            "samples": 1000,
            "accuracy": interval(random.uniform(0.1, 0.9)),
            "correlation_total": interval(random.uniform(0.2, 0.8)),
            "correlation_within": interval(random.uniform(0.0, 0.2)) if within else None,
            "correlation_given_problem": 0.0,
            "distribution": "beta",
            "tokens": interval(random.uniform(10, 500), 1.0) if name["strategy"] else None,
            "abstained": 0.0,
            "answers_known": True,
            "order_effect": 0.5,
        }
        for name in names(count, tasks)
    ]
    return {"format": 1, "version": "0", "seed": 7, "interval": 0.9, "set_aside": {}, "groups": groups}


def validation(count: int) -> dict:
    random = np.random.default_rng(count + 1)
    baselines = {"pass": ("plugin", "independent", "beta_binomial"), "plurality": ("carried", "independent")}
    groups = []
    for name in names(count):
        curves = []
        for metric, others in baselines.items():
            for k in (1, 2, 3):
                low, predicted, high = np.sort(random.uniform(0, 1, 3)).tolist()
                curves.append(
                    {
                        "metric": metric,
                        "k": k,
                        "observed": random.uniform(0, 1),
                        "observed_se": 0.05,
                        "predicted": predicted,
                        "predicted_low": low,
                        "predicted_high": high,
                        "baselines": {other: random.uniform(0, 1) for other in others},
                    }
                )
        # The order of rows in a file means nothing.
        groups.append({**name, "problems": 50, "left_out": 0, "curves": curves[::-1]})
    return {
        "version": "0",
        "fit_samples": 2,
        "seed": 7,
        "interval": 0.9,
        "mean_absolute_error": {
            "pass": {"predicted": 0.0187, "plugin": 0.0755, "independent": 0.1299, "beta_binomial": 0.0194},
            "plurality": {"predicted": 0.0188, "carried": 0.0242, "independent": 0.2219},
        },
        "interval_coverage": {"pass": 0.9655, "plurality": 0.8621},
        "groups": groups,
        "skipped": {},
    }


def option(strategy: str, kind: str, fan_in: int, depth: int, tokens: float, accuracy: float) -> dict:
    labels = {
        "single": "single sample",
        "votes": f"plurality of {fan_in}",
        "tree": f"majority tree {fan_in}^{depth}",
    }
    return {
        "model": "tiny",
        "strategy": strategy,
        "temperature": 0.8,
        "organization": labels[kind],
        "kind": kind,
        "fan_in": fan_in,
        "depth": depth,
        "leaves": fan_in**depth,
        "tokens": tokens,
        "accuracy": interval(accuracy),
        "one_rho_accuracy": 0.3,
    }


def task_plan(task: str = "task_0") -> dict:
    frontier = [
        option("way_0", "single", 1, 0, 10.0, 0.20),
        option("way_1", "single", 1, 0, 25.0, 0.40),
        option("way_1", "votes", 5, 1, 125.0, 0.50),
        option("way_1", "votes", 8, 1, 200.0, 0.55),
        option("way_0", "tree", 3, 3, 700.0, 0.60),
        option("way_1", "votes", 64, 1, 1600.0, 0.65),
    ]
    return {
        "task": task,
        "best": frontier[4],
        "best_single": frontier[1],
        "best_by_kind": {"single": frontier[1], "votes": frontier[3], "tree": frontier[4]},
        "beats_single": 0.948,
        "gain": interval(0.2),
        "frontier": frontier,
    }


def plan(tasks: int = 4) -> dict:
    return {
        "version": "0",
        "budget": 1000.0,
        "unit": "tokens per problem",
        "interval": 0.9,
        "seed": 7,
        "message_tokens": 10.0,
        "fidelity": 1.0,
        "correlation": 0.0,
        "window": None,
        "max_votes": 64,
        "tasks": [task_plan("all tasks"), *(task_plan(f"task_{k}") for k in range(tasks))],
        "skipped": {},
    }


def checks() -> list[dict]:
    return [
        {
            **{
                name: task_plan()["best"][name]
                for name in ("model", "strategy", "temperature", "organization", "tokens")
            },
            "task": "task_0",
            "expected": 0.6,
            "simulated": 0.601,
            "simulated_se": 0.0011,
            "z": 0.91,
            "agrees": True,
        }
    ]


def curves() -> xr.Dataset:
    """Votes up to 60 and trees, points in no order, some not simulated, most not observed."""
    votes = [2, 3, 4, 5, 8, 15, 30, 60]
    rows = [("single", "single sample", 1, 16.0, 0.43)]
    rows += [("votes", f"plurality of {k}", k, 16.0 * k, 0.43 + 0.08 * np.log(k)) for k in votes]
    rows += [("tree", f"majority tree 3^{d}", 3**d, 16.0 * 3**d + 60.0 * d, 0.42 + 0.002 * d) for d in (1, 2, 3, 4)]
    rows = rows[::2] + rows[1::2]
    kind, organization, leaves, tokens, theory = zip(*rows, strict=True)
    theory = np.array(theory)
    place = np.arange(len(rows))
    simulated = np.where(place % 2, np.nan, theory + 0.001)
    observed = np.where(np.array(leaves) > 9, np.nan, theory + 0.03)
    return xr.Dataset(
        {
            "theory": ("point", theory),
            "simulated": ("point", simulated),
            "simulated_se": ("point", np.where(np.isnan(simulated), np.nan, 0.002 + 0.0001 * place)),
            "observed": ("point", observed),
            "observed_se": ("point", np.where(np.isnan(observed), np.nan, 0.05 + 0.001 * place)),
        },
        coords={
            "kind": ("point", list(kind)),
            "organization": ("point", list(organization)),
            "leaves": ("point", list(leaves)),
            "tokens": ("point", list(tokens)),
        },
        attrs={"task": "task_0", "model": "tiny", "strategy": "way_1", "temperature": 0.8},
    )
