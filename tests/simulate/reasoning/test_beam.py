"""Beam search: the same requests as its plain twin; whom it keeps."""

import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import ArithmeticWorld, Beam, Budget, HopWorld, simulate_strategy
from budgetsim.simulate.reasoning.policies import levels
from budgetsim.simulate.reasoning.reference.beam import PlainBeam
from budgetsim.simulate.reasoning.reference.compare import differences

PUZZLES = ArithmeticWorld(branching=(5, 4, 3, 1), noise=1.5)
HOPS = HopWorld()


@pytest.mark.parametrize(
    ("world", "rule", "budget"),
    [
        (PUZZLES, Beam(width=3, proposals=(5, 4, 3, 1)), Budget(tokens=6000, calls=25)),
        (PUZZLES, Beam(width=2, proposals=2, reserve=0.0), Budget()),
        (HOPS, Beam(width=2, proposals=3), Budget(tokens=4000, calls=14)),
    ],
)
def test_same_requests_as_the_plain_twin(world, rule, budget):
    found, compared = differences(
        world, rule, lambda: PlainBeam(rule), budget, problems=16, seed=3, nodes=20, requests=90
    )
    assert found == []
    assert compared > 150


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans(), st.booleans()), max_size=9))
def test_a_level_keeps_the_best_and_the_earlier_of_equals(arrivals):
    level, one = levels.empty(3, 1), jnp.ones(1, jnp.int32)
    for node, (score, ended, joins) in enumerate(arrivals):
        level = levels.insert(level, (one * joins) > 0, node * one, score * one.astype(jnp.float32), (one * ended) > 0)
    joined = [(node, score, ended) for node, (score, ended, joins) in enumerate(arrivals) if joins]
    best = sorted(joined, key=lambda arrival: -arrival[1])[:3]
    count = int(levels.fill(level)[0])
    assert count == len(best)
    assert level.node[:count, 0].tolist() == [node for node, _, _ in best]
    assert level.ended[:count, 0].tolist() == [ended for _, _, ended in best]


@pytest.mark.parametrize(("width", "expansions"), [(1, 9 + 6 + 4 + 1), (12, 9 + 9 * 6 + 12 * (4 + 1))])
def test_the_number_of_steps_without_a_limit(width, expansions):
    world = ArithmeticWorld()
    rule = Beam(width=width, proposals=world.branching)
    result = simulate_strategy(world, rule, 10**7, problems=8, seed=1, nodes=1 + expansions)
    assert result.expansions == 8 * expansions
    assert result.unspent.value > 0.9
