"""REBASE: the same requests as its plain twin; its shares are those of the released code."""

import jax.numpy as jnp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import ArithmeticWorld, Budget, HopWorld, Rebase, simulate_strategy
from budgetsim.simulate.reasoning.policies import levels
from budgetsim.simulate.reasoning.policies.rebase import share_out
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.rebase import PlainRebase
from budgetsim.theory.allocation import rebase_allocation

PUZZLES = ArithmeticWorld(branching=(5, 4, 3, 1), renewed=0.5)
HOPS = HopWorld()


@pytest.mark.parametrize(
    ("world", "rule", "budget"),
    [
        (PUZZLES, Rebase(width=6), Budget(tokens=6000, calls=25)),
        (PUZZLES, Rebase(width=4, temperature=0.05, deepest=3, reserve=0.0), Budget()),
        (HOPS, Rebase(width=5), Budget(tokens=4000, calls=14)),
    ],
)
def test_same_requests_as_the_plain_twin(world, rule, budget):
    found, compared = differences(
        world, rule, lambda: PlainRebase(rule), budget, problems=16, seed=3, nodes=20, requests=90
    )
    assert found == []
    assert compared > 150


def shared_out(scores, width, temperature):
    """Children by node, as a level would share them out."""
    level, one = levels.empty(8, 1), jnp.ones(1, jnp.int32)
    for node, score in enumerate(scores):
        level = levels.insert(level, one > 0, node * one, score * one.astype(jnp.float32), one > 1)
    counts = [0] * len(scores)
    for place in range(len(scores)):
        if width == 0:
            break
        count = int(share_out(level, place * one, width * one, temperature)[0])
        counts[int(level.node[place, 0])] = count
        width -= count
    return tuple(counts)


@pytest.mark.parametrize(
    ("scores", "counts"),
    [((0.9, 0.8, 0.5, 0.2), (10, 5, 1, 0)), ((0.6,) * 5, (4, 3, 3, 3, 3)), ((0.99, 0.1, 0.1), (16, 0, 0))],
)
def test_shares_as_published(scores, counts):
    assert shared_out(scores, 16, 0.2) == counts


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(10, 100), min_size=1, max_size=8),
    st.integers(1, 64),
    st.sampled_from([0.05, 0.2, 1.0]),
)
def test_shares_are_those_of_the_theory(hundredths, width, temperature):
    scores = [part / 100 for part in hundredths]
    ours = shared_out(scores, width, temperature)
    assert sum(ours) == width
    assert ours == rebase_allocation(scores, width, temperature)


def test_levels_shrink_by_the_nodes_that_are_finished():
    # all nodes finish at depth 4 of a tree of puzzles: four levels of the full width, and no other end
    for width in (1, 6):
        result = simulate_strategy(ArithmeticWorld(), Rebase(width=width), 10**7, problems=16, seed=1, nodes=64)
        assert result.expansions == 16 * 4 * width
        assert result.answered.value == 1.0


def test_one_more_finished_answer_is_one_more_vote():
    # a single step: every child is an answer, all say the same, and the summed rewards name it
    fitted = ArithmeticWorld()
    world = ArithmeticWorld(
        branching=(1,), found=(1.0,), more=(0.0,), counterfeit=(0.0,), straight=(0.1,), votes=fitted.votes[3:],
        bought=((1.0, 1.0),),
    )  # fmt: skip
    result = simulate_strategy(world, Rebase(width=5), 10**6, problems=64, seed=1)
    assert result.accuracy.value == 1.0
    assert result.calls.value == 10.0  # five answers written and five voted on; reading them is free
