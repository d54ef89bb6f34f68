"""Plans played: a number of replicas, or as many as a wished-for standard error needs."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import jax
import numpy as np

import budgetsim
from budgetsim.simulate import _blocks, _domain, _generator
from budgetsim.simulate._bernoulli import WORD
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.plan import MOST_REPLICAS, Plan, count_replicas
from budgetsim.simulate.sequential import SequentialEstimate, run_until

BATCH_VOTES = 2**22  # leaf votes of the smallest device call, so that small calls do not cost more than their work
MOST_VOTES = 2**50  # of one run: days of work on a core
_CALLS = 64  # times BATCH_VOTES: leaf votes of a device call, a second's work or so
_FIRST = 2**16


def estimate_plan(
    plan: Plan,
    *,
    replicas: int,
    devices: Sequence[jax.Device] | None = None,
    batch: int = _CALLS,
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
    per_call = _per_call(plan, _domain.count("batch", batch))
    successes = 0
    for start in range(0, replicas, per_call):
        stop = min(start + per_call, replicas)
        successes += count_replicas(plan, start, stop, devices=devices)[0]
        if progress is not None:
            progress(stop, replicas)
    plain = Estimate.from_count(successes, replicas, provenance=provenance(plan, replicas))
    return replace(plain, standard_error=plain.standard_error * math.sqrt(1.0 + plan.growth))


def estimate_plan_until(
    plan: Plan,
    *,
    standard_error: float | None = None,
    half_width: float | None = None,
    confidence: float = 0.95,
    most: int = 10**9,
    devices: Sequence[jax.Device] | None = None,
    progress: _blocks.Progress | None = None,
) -> SequentialEstimate:
    """Play a plan until its estimate is as sure as asked for; the arguments are those of `run_until`.

    An interrupt ends the run with what it has. ``most`` replicas times leaves are at most 2**50. Standard error and
    interval are widened by what sharing low digits within a word may cost (``plan.growth``).

    Examples
    --------
    >>> from budgetsim.simulate import Level, plan_organization
    >>> star = plan_organization([Level(fan_in=3)], 0.8, seed=1)
    >>> run = estimate_plan_until(star, standard_error=0.001)
    >>> run.ended, run.standard_error <= 0.001, run.low < 0.896 < run.high
    ('reached', True, True)
    """
    most = _domain.count("most", most, most=MOST_REPLICAS)
    for name, wish in (("standard_error", standard_error), ("half_width", half_width)):
        if wish is not None and not 0.0 < wish < math.inf:
            raise ValueError(f"{name} must be above 0 and finite, got {wish}")
    wider = math.sqrt(1.0 + plan.growth)
    # a chunk is what an interrupt may throw away
    first = WORD * max(1, min(_FIRST, BATCH_VOTES // plan.leaves) // WORD)
    run = run_until(
        partial(_count_by_calls, plan, _per_call(plan, _CALLS), devices),
        standard_error=None if standard_error is None else standard_error / wider,
        half_width=None if half_width is None else half_width / wider,
        confidence=confidence,
        first=first,
        most=min(most, max(MOST_VOTES // plan.leaves, WORD)),
        progress=progress,
    )
    described = {**provenance(plan, run.draws), "sequential": run.provenance["sequential"]}
    return replace(
        run,
        standard_error=run.standard_error * wider,
        low=max(0.0, run.value - (run.value - run.low) * wider),
        high=min(1.0, run.value + (run.high - run.value) * wider),
        provenance=described,
    )


def _per_call(plan: Plan, batch: int) -> int:
    """Replicas of a device call of ``batch`` times `BATCH_VOTES` leaf votes or so; whole words."""
    return max(batch * BATCH_VOTES // plan.leaves // WORD, 1) * WORD


def _count_by_calls(
    plan: Plan, per_call: int, devices: Sequence[jax.Device] | None, start: int, stop: int
) -> tuple[int, int]:
    """Calls short enough for an interrupt to be heard soon: a device call is deaf to it."""
    parts = range(start, stop, per_call)
    right = sum(count_replicas(plan, part, min(part + per_call, stop), devices=devices)[0] for part in parts)
    return right, stop - start


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
