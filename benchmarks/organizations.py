"""Leaf votes per second of a majority tree of agents, beside NumPy and Numba programs that do the same work.

The work: trees of fan-in 5, fidelity 0.6 and correlation 0.1, every leaf vote, message and sharing drawn, counted per
leaf vote of all replicas. The NumPy program is what a careful user writes in ten lines: float draws, arrays level by
level, replicas in batches that stay in cache. The Numba program is the best we could write for this machine: the
same generator, the same digits of every coin and 32 replicas a word, lanes of 16 words that become one vector register,
a stack of counters instead of levels. All three are held
against the recursion before any clock runs; ours and Numba's count the very same successes.

Programs take turns, so that a busy machine slows all; medians count. "One core" runs in a process that may use one
core, "all cores" gives every program the same cores (threads in NumPy, whose draws and sums let go of the lock). Speeds
are per second of wall clock: larger is better. What else the machine did is printed with the results.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np
from import_time import Result
from jax import lax
from organizations_numba import count_votes, fill_words

from budgetsim.parameters import Organization
from budgetsim.simulate import _generator, count_replicas, plan_organization
from budgetsim.theory import phase

FAN_IN, FIDELITY, CORRELATION, LEAF = 5, 0.6, 0.1, 0.7
NUMPY_GOAL, NUMBA_GOAL, LINEAR_GOAL, MEMORY_GOAL = 40.0, 0.5, 0.8, 1.0
DEEP = 8
REPLICAS = 4096


def tree(depth: int) -> Organization:
    return Organization.tree(FAN_IN, depth, fidelity=FIDELITY, correlation=CORRELATION)


def ours(depth: int, replicas: int, seed: int = 1) -> int:
    return count_replicas(plan_organization(tree(depth), LEAF, seed=seed), 0, replicas)[0]


def numpy_trees(depth: int, replicas: int, seed: int = 1, votes_at_once: int = 2**18) -> int:
    """A straightforward vectorized program: SFC64 float32 draws, the fastest that NumPy has."""
    generator = np.random.Generator(np.random.SFC64(seed))
    batch = max(1, votes_at_once // FAN_IN**depth)
    right = 0
    for first in range(0, replicas, batch):
        number = min(batch, replicas - first)
        votes = generator.random((FAN_IN**depth, number), dtype=np.float32) < LEAF
        while len(votes) > 1:
            votes ^= generator.random(votes.shape, dtype=np.float32) < (1 - FIDELITY) / 2
            children = votes.reshape(FAN_IN, -1, number)
            shared = generator.random(children.shape[1:], dtype=np.float32) < CORRELATION
            votes = np.where(shared, children[0], children.sum(axis=0, dtype=np.uint8) > FAN_IN // 2)
        right += int(votes.sum())
    return right


def bare_generator(words: int) -> Callable[[], object]:
    """Nothing but random words, folded into one so that they must be drawn."""
    length = 2**16
    key = _generator.key_of_seed(1)

    def fold(step: jax.Array, so_far: jax.Array) -> jax.Array:
        node = lax.iota(jnp.uint32, length)
        a, b, c, d = _generator.block(key, _generator.Purpose.LEAF, 0, node, step.astype(jnp.uint32), 0)
        return so_far ^ a ^ b ^ c ^ d

    run = jax.jit(
        lambda: lax.fori_loop(0, words // (4 * length), fold, jnp.zeros(length, jnp.uint32)),
        compiler_options={"xla_cpu_prefer_vector_width": 512},
    )
    return lambda: run().block_until_ready()


def seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def turns(repeats: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of every work, interleaved; the first turn compiles and is not counted."""
    times = [[seconds(work) for work in works] for _ in range(repeats + 1)][1:]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def agree() -> None:
    """All programs meet the recursion: no clock runs on wrong work."""
    expected = (1 + phase.iterate_bias(2 * LEAF - 1, FAN_IN, 3, FIDELITY, CORRELATION)) / 2
    number = 2**17
    counts = [ours(3, number), numpy_trees(3, number), count_votes(3, number, threads=1)]
    if counts[0] != counts[2]:
        raise SystemExit(f"the same words give {counts[0]} and {counts[2]} successes")
    for right in counts:
        if abs(right / number - expected) > 6 * np.sqrt(expected * (1 - expected) / number):
            raise SystemExit(f"{counts} successes of {number}, the recursion gives {expected}")


def compare(repeats: int, cores: int) -> list[Result]:
    """The same trees by all programs, on ``cores`` cores each."""
    replicas, few, words = 16 * REPLICAS, 512, 2**29

    with ThreadPoolExecutor(cores) as threads:
        mine, numpys, numbas, drawn, filled = turns(
            repeats,
            partial(ours, 6, replicas),
            lambda: list(threads.map(partial(numpy_trees, 6, few), range(cores))),
            partial(count_votes, 6, replicas, threads=cores),
            bare_generator(words),
            partial(fill_words, words, threads=cores),
        )
    where = "one core" if cores == 1 else f"{cores} cores"
    speed, numpy_speed, numba_speed = (
        FAN_IN**6 * number / time for number, time in ((replicas, mine), (few * cores, numpys), (replicas, numbas))
    )
    # random words of a leaf vote: two coins of 8 words a leaf, and as many for every aggregator, for 32 replicas
    limit = words / drawn * 32 / (16 * FAN_IN / (FAN_IN - 1))
    title = f"tree of 5**6 leaves, {where}"
    numba_name, ceiling = "Numba, 32 replicas a word", f"share of the generator's ceiling, {where}"
    rows = (
        (title, "leaf votes/s", speed, numpy_speed, "NumPy, level by level", NUMPY_GOAL),
        (title, "leaf votes/s", speed, numba_speed, numba_name, NUMBA_GOAL),
        (ceiling, "leaf votes/s", speed, limit, "the words a leaf vote needs, drawn alone", NUMBA_GOAL),
        (f"bare generator, {where}", "words/s", words / drawn, words / filled, "the same in Numba", NUMBA_GOAL),
    )
    return [Result(name, unit, own, peer, who, own / peer, goal) for name, unit, own, peer, who, goal in rows]


def linearity(repeats: int) -> list[Result]:
    """Speed where leaves, and replicas, grow 25-fold; the small work is repeated until it takes as long."""

    def small() -> None:
        for _ in range(25):
            ours(6, REPLICAS)

    few, leaves, more = turns(repeats, small, partial(ours, DEEP, REPLICAS), partial(ours, 6, 25 * REPLICAS))
    votes, peer = 25 * FAN_IN**6 * REPLICAS, f"5**6 leaves x {REPLICAS}"
    names = {f"5**8 leaves x {REPLICAS}, linear": leaves, f"5**6 leaves x {25 * REPLICAS}, linear": more}
    return [
        Result(name, "leaf votes/s", votes / time, votes / few, peer, few / time, LINEAR_GOAL)
        for name, time in names.items()
    ]


def memory() -> Result:
    """Peak of a process that plays 5**8 leaves x 4096 replicas and nothing else, imports and compiler included."""
    program = (
        "import resource\n"
        "from budgetsim.parameters import Organization\n"
        "from budgetsim.simulate import simulate_organization\n"
        f"simulate_organization(Organization.tree(5, {DEEP}, fidelity=0.6, correlation=0.1), 0.7, "
        f"replicas={REPLICAS}, seed=1)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    gibibytes = int(done.stdout) / 2**20
    name = f"organizations of 5**8 leaves x {REPLICAS} that fit into a GiB"
    return Result(name, "1/GiB", 1 / gibibytes, 1.0, "one", 1 / gibibytes, MEMORY_GOAL)


def on_cores(cores: set[int], repeats: int) -> list[Result]:
    """A comparison in a process of its own that may use these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        command = [sys.executable, str(Path(__file__)), "--here", "--json", "--repeats", str(repeats)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        os.sched_setaffinity(0, before)
    return [Result(**row) for row in json.loads(done.stdout)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--repeats", type=int, default=7, help="counted turns (default %(default)s)")
    parser.add_argument("--here", action="store_true", help="compare in this process, on the cores it may use")
    options = parser.parse_args()
    if options.repeats < 1:
        parser.error("needs 1 repeat or more")
    cores = os.sched_getaffinity(0)
    if options.here:
        agree()
        results = compare(options.repeats, len(cores))
        if len(cores) > 1:
            results += linearity(options.repeats)
    else:
        results = on_cores({min(cores)}, options.repeats)
        if len(cores) > 1:
            results += on_cores(cores, options.repeats)
        results.append(memory())
    busy = f"{os.getloadavg()[0]:.1f} processes wanted the {len(cores)} cores in the last minute"
    print(busy, file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
        return
    for result in results:
        print(f"{result.name}: {result.ours:.3g} {result.unit}; {result.peer_name}: {result.peer:.3g};", end=" ")
        print(f"ratio {result.ratio:.3g} (goal {result.goal:.3g} or more)")


if __name__ == "__main__":
    main()
