"""The engine against its slow twin on the same draws, equal replica by replica; broken kernels are caught.

No sampling error enters: every comparison is exact.
"""

import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.parameters import Organization
from budgetsim.simulate import (
    Level,
    _bernoulli,
    _kernel,
    _tree,
    _votes,
    _walk,
    count_replicas,
    plan_organization,
    simulate_organization,
)
from budgetsim.simulate.replay import Replay

SHAPES = [(), (1, 1, 1), (2,), (3,), (4,), (7,), (3, 3), (5, 2), (4, 1, 3), (3, 1, 1, 2)]


def random_case(random, number):
    """Levels and leaves; some parameters at the ends of their domain or with few binary digits."""

    def share():
        return float(random.choice([0.0, 1.0, 0.5, 0.375, random.uniform(), random.uniform(0, 0.01)]))

    levels = [
        Level(
            fan_in=fan_in,
            fidelity=share(),
            correlation=share() * 0.9,
            sharing=str(random.choice(["vote", "beta"])),
            loss=share() if number % 4 == 3 else 0.0,
        )
        for fan_in in SHAPES[number % len(SHAPES)]
    ]
    leaves = int(np.prod([level.fan_in for level in levels]))
    kind = number // len(SHAPES) if leaves > 1 else 0
    if kind == 0 and number % 3:
        return levels, {"probability": [share()]}
    if kind == 0 or leaves == 1:
        problems = int(random.integers(2, 6))
        weights = random.dirichlet(np.ones(problems))
        return levels, {"probability": [share() for _ in range(problems)], "weights": list(weights / weights.sum())}
    return levels, {"leaf_probability": [share() for _ in range(leaves)]}


def replayed(levels, leaves, seed, replicas):
    return [Replay(levels=levels, **leaves, seed=seed, replica=replica).right() for replica in replicas]


def played(levels, leaves, seed, replicas):
    laid_out = plan_organization(levels, seed=seed, **leaves)
    return [count_replicas(laid_out, replica, replica + 1)[0] == 1 for replica in replicas]


@pytest.mark.parametrize(
    "number", [number if number < 3 else pytest.param(number, marks=pytest.mark.verify) for number in range(20)]
)
def test_every_replica_is_replayed(number):
    random = np.random.default_rng([20260311, number])
    levels, leaves = random_case(random, number)
    seed = int(random.integers(2**63)) * 2 + 1
    start = 32 * int(random.integers(2**30))
    replicas = range(start, start + 48)
    laid_out = plan_organization(levels, seed=seed, **leaves)
    twin = replayed(levels, leaves, seed, replicas)
    for stop in (1, 31, 33, 48):
        assert count_replicas(laid_out, start, start + stop) == (sum(twin[:stop]), stop)
    assert count_replicas(laid_out, start + 5, start + 40) == (sum(twin[5:40]), 35)


@pytest.mark.parametrize(
    ("levels", "leaves"),
    [
        (
            [Level(fan_in=3, fidelity=0.7, correlation=0.3, loss=0.3), Level(fan_in=1, fidelity=0.8, loss=0.4)],
            {"leaf_probability": [[0.9, 0.2, 0.6], [0.1, 0.5, 0.6]], "weights": [0.4, 0.6], "abstention": 0.3},
        ),
        (
            [Level(fan_in=4, correlation=0.3, loss=0.3, sharing="beta")],
            {"probability": [0.7], "abstention": [0.1, 0.2, 0.9, 0.5], "abstention_if_wrong": 0.7},
        ),
        (
            [Level(fan_in=1, loss=0.3), Level(fan_in=3, correlation=0.3)],
            {"probability": [0.7], "abstention": [0.1, 0.2, 0.9]},
        ),
        ([], {"probability": [0.9, 0.3], "weights": [0.5, 0.5], "abstention": 0.5, "abstention_if_wrong": 1.0}),
    ],
    ids=["problems", "urn", "speaker", "single"],
)
def test_missing_ballots_are_replayed(levels, leaves):
    twin = replayed(levels, leaves, 2**50 + 3, range(32, 192))
    laid_out = plan_organization(levels, seed=2**50 + 3, **leaves)
    for stop in (40, 95, 160):
        assert count_replicas(laid_out, 32, 32 + stop) == (sum(twin[:stop]), stop)


@pytest.mark.parametrize("block", [4])
@pytest.mark.parametrize(
    "levels",
    [
        [Level(fan_in=3, fidelity=0.8, correlation=0.3), Level(fan_in=2, fidelity=0.7, correlation=0.2)],
        *(
            pytest.param(levels, marks=pytest.mark.verify)
            for levels in (
                [Level(fan_in=2, correlation=0.3, sharing="beta"), Level(fan_in=1, fidelity=0.9)],
                [Level(fan_in=9, fidelity=0.8, correlation=0.3)],
                [Level(fan_in=3, correlation=0.3, loss=0.3), Level(fan_in=2, loss=0.2)],
            )
        ),
    ],
)
@pytest.mark.parametrize("leaves", [{"probability": 0.7}, {"leaf_probability": None}], ids=["equal", "unequal"])
def test_walking_the_tree_changes_nothing(monkeypatch, block, levels, leaves):
    """Blocks so small that aggregators are walked one by one, leaves in chunks that do not fit evenly."""
    number = int(np.prod([level.fan_in for level in levels]))
    if "leaf_probability" in leaves:
        leaves = {"leaf_probability": np.linspace(0.1, 0.9, number).tolist()}
    laid_out = plan_organization(levels, seed=3, **leaves)
    whole = count_replicas(laid_out, 0, 150)
    monkeypatch.setattr(_walk, "BLOCK", block)
    monkeypatch.setattr(_kernel, "_LEAST_WIDTH", 2)
    _kernel.compiled.cache_clear()
    try:
        assert count_replicas(laid_out, 0, 150) == whole
    finally:
        _kernel.compiled.cache_clear()


def upside_down(digit, word, so_far):
    return (digit & word) | (so_far & (digit | word))


def larger_or_equal(digit, word, so_far):
    return digit | (so_far & ~word)


def add_without_carry(left, right):
    return [left[0] ^ right[0], *left[1:]]


def never_shared(self, level, nodes, counts, _speaker):
    return self.elect(level, nodes, counts)


def without_noise(self, below, children):
    return self.votes(below - 1, children)


def any_vote(planes, _value):
    return jnp.bitwise_or.reduce(jnp.stack(planes)), planes[0]


def every_message(_self, ballots):
    return jnp.concatenate([ballots.said, ~ballots.said])


def left_is_never_larger(left, _right):
    return jnp.zeros_like(left[0]), ~jnp.zeros_like(left[0])


BROKEN = {
    "all messages arrive": (_tree.Player, "tallies", every_message),
    "counts compared wrongly": (_votes, "compare_counts", left_is_never_larger),
    "digits upside down": (_bernoulli, "_larger", upside_down),
    "ties of digits": (_bernoulli, "_larger", larger_or_equal),
    "no carry": (_votes, "add", add_without_carry),
    "one vote is a majority": (_votes, "compare", any_vote),
    "never shared": (_tree.Player, "decide", never_shared),
    "channels without noise": (_tree.Player, "received", without_noise),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_kernels_are_caught(monkeypatch, broken):
    place, name, wrong = BROKEN[broken]
    loss = 0.25 if name in ("tallies", "compare_counts") else 0.0
    levels = [Level(fan_in=5, fidelity=0.7, correlation=0.3, loss=loss), Level(fan_in=3, fidelity=0.9, correlation=0.2)]
    monkeypatch.setattr(place, name, wrong)
    _kernel.compiled.cache_clear()
    try:
        laid_out = plan_organization(levels, 0.7, seed=5)
        twin = replayed(levels, {"probability": [0.7]}, 5, range(96))
        assert count_replicas(laid_out, 0, 96) != (sum(twin), 96)
    finally:
        _kernel.compiled.cache_clear()


def test_organization_means_its_levels():
    tree = Organization.tree(3, 2, fidelity=0.8, correlation=0.2)
    levels = [Level(fan_in=3, fidelity=0.8, correlation=0.2)] * 2
    assert simulate_organization(tree, 0.7, replicas=1000, seed=4) == simulate_organization(
        levels, 0.7, replicas=1000, seed=4
    )


def test_long_chains_relay_level_by_level():
    chain = [Level(fan_in=1, fidelity=0.99)] * 40
    twin = replayed(chain, {"probability": [0.9]}, 6, range(64))
    assert count_replicas(plan_organization(chain, 0.9, seed=6), 0, 64) == (sum(twin), 64)
    assert 0 < sum(twin) < 64
