"""One million budget allocations of five sub-questions, beside a loop over scipy's SLSQP.

Both solve the same problems, no sub-question below one token. Ours takes all of them in one call (NumPy, and compiled
by JAX); the peer is given the exact gradients and the uniform allocation to start from, and runs a fresh subsample in
every turn, counted per allocation. They take turns, so that a busy machine slows both. Before any clock runs, ours must
leave no more uncertainty than the peer. Speeds are allocations per second: larger is better.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
import scipy.optimize

from budgetsim.theory.bbam import bam_exact

SUB_QUESTIONS = 5
GOAL = 200.0


@dataclass(frozen=True)
class Result:
    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    goal: float


@dataclass(frozen=True)
class Problems:
    """Mixed decay rates, as a planner would meet them: shapes [problems, sub-questions] and [problems]."""

    initial_uncertainty: np.ndarray
    decay_rate: np.ndarray
    budget: np.ndarray

    @classmethod
    def draw(cls, count: int) -> Problems:
        rng = np.random.default_rng(20260101)
        shape = (count, SUB_QUESTIONS)
        return cls(np.exp(rng.uniform(0.0, 6.0, shape)), rng.uniform(1.0, 3.0, shape), rng.uniform(200.0, 600.0, count))


def slsqp(initial_uncertainty: np.ndarray, decay_rate: np.ndarray, budget: float) -> np.ndarray:
    """One problem as a careful user would write it."""
    result = scipy.optimize.minimize(
        lambda tokens: np.sum(initial_uncertainty * tokens**-decay_rate),
        np.full(SUB_QUESTIONS, budget / SUB_QUESTIONS),
        jac=lambda tokens: -initial_uncertainty * decay_rate * tokens ** (-decay_rate - 1.0),
        method="SLSQP",
        bounds=[(1.0, budget)] * SUB_QUESTIONS,
        constraints={
            "type": "eq",
            "fun": lambda tokens: np.sum(tokens) - budget,
            "jac": lambda _: np.ones(SUB_QUESTIONS),
        },
        options={"ftol": 1e-10, "maxiter": 200},
    )
    return np.asarray(result.x)


solve = partial(bam_exact, lower=1.0)


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def measure(problems: Problems, repeats: int, peers: int) -> list[Result]:
    count = problems.budget.size
    jax.config.update("jax_enable_x64", True)
    compiled = jax.jit(solve)
    on_device = tuple(
        jnp.asarray(part) for part in (problems.initial_uncertainty, problems.decay_rate, problems.budget)
    )
    times: dict[str, list[float]] = {"numpy": [], "jax": [], "peer": []}
    for turn in range(repeats + 1):
        picked = (turn * peers + np.arange(peers)) % count

        def peer(picked: np.ndarray = picked) -> None:
            for row in picked:
                slsqp(problems.initial_uncertainty[row], problems.decay_rate[row], float(problems.budget[row]))

        taken = {
            "numpy": seconds(lambda: solve(problems.initial_uncertainty, problems.decay_rate, problems.budget)),
            "peer": seconds(peer),
            "jax": seconds(lambda: jax.block_until_ready(compiled(*on_device))),
        }
        if turn:  # the first turn compiles and warms up
            for name, value in taken.items():
                times[name].append(value)
    speed = {name: (peers if name == "peer" else count) / statistics.median(values) for name, values in times.items()}
    return [
        Result(
            f"BBAM allocations of {SUB_QUESTIONS} sub-questions, {words}",
            "allocations/s",
            speed[name],
            speed["peer"],
            "scipy.optimize.minimize(method='SLSQP')",
            speed[name] / speed["peer"],
            GOAL,
        )
        for name, words in (("numpy", "NumPy"), ("jax", "compiled by JAX"))
    ]


def check(problems: Problems, rows: int) -> None:
    """Speed counts only if the faster answer is no worse."""
    for row in range(rows):
        c, rate, budget = (part[row] for part in (problems.initial_uncertainty, problems.decay_rate, problems.budget))
        theirs = float(np.sum(c * slsqp(c, rate, float(budget)) ** -rate))
        ours = float(solve(c, rate, float(budget)).epistemic_uncertainty)
        if ours > theirs * (1.0 + 1e-6):
            raise SystemExit(f"problem {row}: ours leaves {ours}, the peer {theirs}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--allocations", type=int, default=1_000_000, help="problems of a call (default %(default)s)")
    parser.add_argument("--peers", type=int, default=500, help="problems of the peer in a turn (default %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="counted turns (default %(default)s)")
    options = parser.parse_args()
    for name in ("allocations", "peers", "repeats"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    problems = Problems.draw(options.allocations)
    check(problems, min(100, options.allocations))
    results = measure(problems, options.repeats, options.peers)
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    for result in results:
        print(
            f"{result.name}: {result.ours:.3g} {result.unit}; {result.peer_name}: {result.peer:.3g} {result.unit};",
            f"ratio {result.ratio:.3g} (goal {result.goal:g} or more)",
        )


if __name__ == "__main__":
    main()
