"""Node expansions per second of tree search, beside mctx (batched MCTS in JAX) and TreeQuest (AB-MCTS, one tree).

Every program grows trees in a world that costs next to nothing: a state is one number, its child a hash of it, and the
critic reads the child. Ours and mctx get the same problems, the same number of expansions, three children a
node; an expansion includes selection, the step, its judgement, accounting (ours) and back-up. TreeQuest grows one tree
with the same step. The batch is 1024 for both compiled programs, and both may use every processor: ours plays groups of
problems side by side, XLA splits the loops of mctx. All take turns in one process, so that a busy machine
slows all of them; medians are printed, and with --json the contract's list. Expansions per second: larger is better.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import mctx
import numpy as np
import treequest

from budgetsim.simulate.reasoning import Budget, Uct, ValueTree, simulate_strategy
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.engine import play
from budgetsim.simulate.reasoning.policy import Policy
from budgetsim.simulate.reasoning.world import Step, costs

BATCH = 1024
ACTIONS = 3
SIMULATIONS = (20, 64)
GOALS = {"mctx": 4.0, "treequest": 1000.0}


def hashed(state: Any) -> Any:
    """Another number in [0, 1)."""
    moved = state * 1664.525 + 0.3713
    return moved - jnp.floor(moved)


@partial(jax.tree_util.register_dataclass, data_fields=(), meta_fields=("answers",))
@dataclass(frozen=True)
class HashWorld:
    """A state is a number; a step hashes it, costs one token, and the critic reads the result."""

    answers: int = 8

    def problems(self, seed: int, block: int, count: int) -> np.ndarray:
        del seed
        return (np.arange(count, dtype=np.float32) + 0.5 + block) / count % 1.0

    def memory(self, problem: jax.Array) -> tuple[()]:
        del problem
        return ()

    def root(self, problem: jax.Array) -> jax.Array:
        return problem

    def step(self, uniform: Uniforms, problem: jax.Array, memory: Any, state: jax.Array, hint: jax.Array) -> Step:
        del uniform, problem, hint
        return Step(memory, hashed(state), state < 0.0, costs(0, jnp.ones_like(state), 0))

    def critic(self, uniform: Uniforms, problem: jax.Array, state: jax.Array, child: jax.Array) -> tuple[Any, Any, Any]:
        del uniform, problem, state
        return jnp.floor(5.0 * child) - 1.5, 0.1 + 0.9 * child, costs(0, jnp.zeros_like(child), 0)

    def answer(self, uniform: Uniforms, problem: jax.Array, state: jax.Array) -> tuple[Any, Any]:
        del uniform, problem
        return jnp.floor(8.0 * state).astype(jnp.int32), costs(0, jnp.zeros_like(state), 0)


@dataclass
class Racer:
    """Work to be timed, and the expansions in it."""

    work: Callable[[], object]
    expansions: int
    seconds: list[float]

    def turn(self) -> None:
        start = perf_counter()
        self.work()
        self.seconds.append(perf_counter() - start)

    def speed(self) -> float:
        return self.expansions / statistics.median(self.seconds)


def ours(policy: Policy, simulations: int) -> Racer:
    world, nodes = HashWorld(), simulations + 1
    problem, place = jnp.asarray(world.problems(0, 0, BATCH)), jnp.arange(BATCH, dtype=jnp.uint32)
    ledger, key = Budget(tokens=simulations).ledger(), jnp.array([1, 0], jnp.uint32)

    def work() -> Any:
        return jax.block_until_ready(play(world, policy, nodes + 1, 4 * nodes, ledger, key, place, problem))

    expansions = int(np.sum(np.asarray(work().nodes) - 1))
    assert expansions == BATCH * simulations, f"{policy}: {expansions} expansions"
    return Racer(work, expansions, [])


def with_mctx(simulations: int) -> Racer:
    prior = jnp.zeros((BATCH, ACTIONS))
    root = mctx.RootFnOutput(prior_logits=prior, value=jnp.zeros(BATCH), embedding=HashWorld().problems(0, 0, BATCH))

    def recurrent(_params: Any, _key: Any, _action: Any, state: jax.Array) -> tuple[Any, jax.Array]:
        child = hashed(state)
        reward, discount = jnp.zeros_like(child), jnp.ones_like(child)
        value = 0.1 + 0.9 * child
        return mctx.RecurrentFnOutput(reward=reward, discount=discount, prior_logits=prior, value=value), child

    @jax.jit
    def search(key: jax.Array) -> jax.Array:
        output = mctx.muzero_policy((), key, root, recurrent, num_simulations=simulations, dirichlet_fraction=0.0)
        return output.search_tree.node_visits

    def work() -> Any:
        return jax.block_until_ready(search(jax.random.key(0)))

    work()
    return Racer(work, BATCH * simulations, [])


def with_treequest(simulations: int) -> Racer:
    draw = random.Random(0)

    def step(state: float | None) -> tuple[float, float]:
        child = ((draw.random() if state is None else state) * 1664.525 + 0.3713) % 1.0
        return child, 0.1 + 0.9 * child

    def work() -> None:
        search = treequest.ABMCTSA()
        state = search.init_tree()
        for _ in range(simulations):
            state = search.step(state, {"step": step})

    work()
    return Racer(work, simulations, [])


def race(turns: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for simulations in SIMULATIONS:
        racers = {
            "value tree": ours(ValueTree(backstop=0.0), simulations),
            "UCT": ours(Uct(width=ACTIONS, reserve=0.0), simulations),
            "mctx": with_mctx(simulations),
            "treequest": with_treequest(simulations),
        }
        for _ in range(turns):
            for racer in racers.values():
                racer.turn()
        for mine in ("value tree", "UCT"):
            for peer, goal in GOALS.items():
                pairs = zip(racers[mine].seconds, racers[peer].seconds, strict=True)
                scale = racers[mine].expansions / racers[peer].expansions
                ratios = sorted(scale * theirs / own for own, theirs in pairs)
                rows.append(
                    {
                        "name": f"{mine}, {simulations} simulations, batch {BATCH}",
                        "unit": "node expansions per second",
                        "ours": racers[mine].speed(),
                        "peer": racers[peer].speed(),
                        "peer_name": f"{peer} {'muzero_policy' if peer == 'mctx' else 'AB-MCTS-A'}",
                        "ratio": racers[mine].speed() / racers[peer].speed(),
                        "ratio_quartiles": [ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4]],
                        "goal": goal,
                    }
                )
    return rows


def growth(problems: int) -> dict[str, object]:
    """Largest resident memory after so many problems over that after a sixteenth of them."""
    peaks = []
    for count in (problems // 16, problems):
        simulate_strategy(HashWorld(), Uct(reserve=0.0), 20, problems=count, seed=0, nodes=21)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return {
        "name": f"largest memory of {problems} problems over that of {problems // 16}",
        "unit": "mebibytes, smaller is better",
        "ours": peaks[1],
        "peer": peaks[0],
        "peer_name": "ourselves",
        "ratio": peaks[0] / peaks[1],
        "goal": 0.8,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON list and nothing else")
    parser.add_argument("--turns", type=int, default=15, help="runs of every program")
    parser.add_argument("--problems", type=int, default=2**20, help="problems of the memory measurement")
    options = parser.parse_args()
    rows = [*race(options.turns), growth(options.problems)]
    if options.json:
        print(json.dumps(rows))
        return
    for row in rows:
        print(f"{row['name']}: {row['ours']:,.0f} beside {row['peer']:,.0f} ({row['peer_name']}, {row['unit']})")
        spread = row.get("ratio_quartiles")
        quartiles = (
            f", quartiles of single turns {spread[0]:.1f} ... {spread[1]:.1f}" if isinstance(spread, list) else ""
        )
        print(f"  ratio {row['ratio']:.2f}, goal {row['goal']}{quartiles}")


if __name__ == "__main__":
    main()
