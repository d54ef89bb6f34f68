"""Plans played: a number of replicas, or as many as a wished-for standard error needs."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np

import budgetsim
from budgetsim.simulate import _blocks, _domain, _generator
from budgetsim.simulate._bernoulli import WORD
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.plan import MOST_REPLICAS, Plan, count_replicas

BATCH_VOTES = 2**22  # leaf votes of the smallest device call, so that small calls do not cost more than their work
MOST_VOTES = 2**50  # of one run: days of work on a core


def estimate_plan(
    plan: Plan,
    *,
    replicas: int,
    devices: Sequence[jax.Device] | None = None,
    batch: int = 64,
    progress: _blocks.Progress | None = None,
) -> Estimate:
    """Play ``replicas`` replicas of a plan; the arguments are those of `simulate_organization`.

    Examples
    --------
    >>> from budgetsim.simulate import Level, plan_organization
    >>> print(estimate_plan(plan_organization([Level(fan_in=3)], 1.0, seed=1), replicas=1000))
    1.000 +- 0.001
    """
    replicas = _domain.count("replicas", replicas, most=MOST_REPLICAS)
    check_votes(plan, "replicas", replicas)
    per_call = max(_domain.count("batch", batch) * BATCH_VOTES // plan.leaves // WORD, 1) * WORD
    successes = 0
    for start in range(0, replicas, per_call):
        stop = min(start + per_call, replicas)
        successes += count_replicas(plan, start, stop, devices=devices)[0]
        if progress is not None:
            progress(stop, replicas)
    plain = Estimate.from_count(successes, replicas, provenance=provenance(plan, replicas))
    return replace(plain, standard_error=plain.standard_error * math.sqrt(1.0 + plan.growth))


def check_votes(plan: Plan, name: str, replicas: int) -> None:
    """Refuse what would run for days."""
    if replicas * plan.leaves > MOST_VOTES:
        raise ValueError(
            f"{name} times leaves must be at most {MOST_VOTES}, got {replicas} times {plan.leaves}; "
            "ask for fewer, or give pool= to resample votes level by level"
        )


def provenance(plan: Plan, replicas: int) -> dict[str, object]:
    """What repeats a simulation: parameters, seed, generator and versions."""
    return {
        "parameters": dict(plan.parameters),
        "replicas": replicas,
        "seed": plan.seed,
        "generator": _generator.NAME,
        "variance_growth": plan.growth,
        "device": jax.default_backend(),
        "versions": {
            "budgetsim": budgetsim.__version__,
            "jax": jax.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
