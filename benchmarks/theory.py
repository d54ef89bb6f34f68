"""A regime map of one million trees of votes, beside a loop over scipy's root finder; and what importing theory costs.

The map covers every fidelity and correlation with five votes per aggregator; most of its points have no fixed point,
and the peer, like any careful user, asks its root finder only about the others. The peer runs a fresh subsample in
every turn, counted per point; both take turns, so that a busy machine slows both. Before any clock runs both must
agree. Imports happen in interpreters of their own. Speeds are points, or imports, per second: larger is better.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import pkgutil
import statistics
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter

import numpy as np
from import_time import Case, Result, measure
from scipy.optimize import brentq
from scipy.special import betainc

import budgetsim.theory
from budgetsim.theory import phase

FAN_IN = 5
SLOPE = 15 / 8
LEAST = 1e-9
GOAL = 100.0
LINEAR_GOAL = 0.8
IMPORT_GOAL = 1 / 1.5
Map = tuple[np.ndarray, np.ndarray]


def regime_map(side: int) -> Map:
    """Fidelities and correlations of ``side`` squared points, flat."""
    fidelity, correlation = np.meshgrid(np.linspace(1 / side, 1.0, side), np.linspace(0.0, 1.0, side), indexing="ij")
    return fidelity.ravel(), correlation.ravel()


def one_root(fidelity: float, correlation: float) -> float:
    """One point as a careful user would write it."""
    if fidelity * (correlation + (1.0 - correlation) * SLOPE) <= 1.0:
        return 0.0

    def excess(bias: float) -> float:
        received = fidelity * bias
        return correlation * received + (1.0 - correlation) * betainc(0.5, 3.0, received * received) - bias

    return float(brentq(excess, LEAST, 1.0)) if excess(LEAST) > 0.0 else 0.0


def loop(points: Map) -> list[float]:
    return [one_root(*pair) for pair in zip(points[0].tolist(), points[1].tolist(), strict=True)]


def backends() -> dict[str, Callable[[Map], Callable[[], np.ndarray]]]:
    """Ways to solve a map at once: each takes a map and gives the work to be timed."""
    ways = {"NumPy": lambda points: lambda: phase.fixed_point(FAN_IN, *points)}
    if importlib.util.find_spec("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        compiled = jax.jit(lambda fidelity, correlation: phase.fixed_point(FAN_IN, fidelity, correlation))

        def prepare(points: Map) -> Callable[[], np.ndarray]:
            arrays = [jax.numpy.asarray(part) for part in points]
            compiled(*arrays).block_until_ready()
            return lambda: compiled(*arrays).block_until_ready()

        ways["JAX, compiled"] = prepare
    return ways


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def maps(repeats: int, side: int, sample: int) -> list[Result]:
    generator = np.random.default_rng(20260101)
    large, small = regime_map(side), regime_map(round(side / 10**0.5))
    results = []
    for name, prepare in backends().items():
        work, small_work = prepare(large), prepare(small)
        turns = []
        for turn in range(repeats + 1):
            chosen = generator.choice(large[0].size, sample, replace=False)
            points = large[0][chosen], large[1][chosen]
            if turn == 0:  # agreement, and warm caches
                np.testing.assert_allclose(np.asarray(work())[chosen], loop(points), atol=1e-8)
                continue
            # The small map repeated until it is as much work as the large one, so that both are timed as long.
            often = round(large[0].size / small[0].size)
            again = seconds(lambda: [small_work() for _ in range(often)]) / often  # noqa: B023
            turns.append((seconds(work), seconds(lambda: loop(points)), again))  # noqa: B023
        whole, peer, tenth = (statistics.median(times) for times in zip(*turns, strict=True))
        ours, theirs, few = large[0].size / whole, sample / peer, small[0].size / tenth
        title = f"regime map of {large[0].size} points ({name})"
        results.append(Result(title, "points/s", ours, theirs, "loop over scipy.optimize.brentq", ours / theirs, GOAL))
        peer_name = f"the same on {small[0].size} points"
        results.append(Result(f"{title}, linear", "points/s", ours, few, peer_name, ours / few, LINEAR_GOAL))
    return results


def imports(repeats: int) -> list[Result]:
    names = ", ".join(
        part.name for part in pkgutil.iter_modules(budgetsim.theory.__path__) if not part.name.startswith("_")
    )
    peer = "import numpy, scipy.special"
    cases = (
        Case("import budgetsim.theory", "import budgetsim.theory", peer, IMPORT_GOAL),
        Case("import every module of budgetsim.theory", f"from budgetsim.theory import {names}", peer, IMPORT_GOAL),
    )
    return [measure(case, repeats) for case in cases]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--repeats", type=int, default=9, help="counted turns (default %(default)s)")
    parser.add_argument("--side", type=int, default=1000, help="points along one side of the map (default %(default)s)")
    parser.add_argument("--sample", type=int, default=10000, help="points of the peer's turn (default %(default)s)")
    options = parser.parse_args()
    if options.repeats < 1 or options.side < 10 or not 1 <= options.sample <= options.side**2:
        parser.error("needs 1 repeat or more, a side of 10 or more, and a sample from 1 to side * side points")
    results = maps(options.repeats, options.side, options.sample) + imports(options.repeats)
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    for result in results:
        print(f"{result.name}: {result.ours:.3g} {result.unit}; {result.peer_name}: {result.peer:.3g};", end=" ")
        print(f"ratio {result.ratio:.3g} (goal {result.goal:.3g} or more)")


if __name__ == "__main__":
    main()
