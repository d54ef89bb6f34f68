"""What holds of every search over a scored tree: budgets, ends, and best of N where every step is an answer."""

import math
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import (
    AbMcts,
    ArithmeticWorld,
    Beam,
    Budget,
    Greedy,
    HopWorld,
    Prices,
    Rebase,
    Uniform,
    simulate_strategy,
)
from budgetsim.simulate.reasoning.arithmetic import COUNTERFEIT, SOUND
from budgetsim.simulate.reasoning.engine import play

NODES = 12
SEARCHES = (Beam(width=2, proposals=3), Rebase(width=4), Greedy(), Uniform(), AbMcts(), AbMcts(posterior="beta"))
WORLDS = (ArithmeticWorld(branching=(3, 2, 2, 1)), HopWorld())
LIMIT = 5.5  # standard errors; a comparison fails by chance four times in 10**8

pairs = pytest.mark.parametrize(
    ("world", "search"), list(product(WORLDS, SEARCHES)), ids=lambda one: type(one).__name__
)


PROBLEMS = 64
PRICES = Prices(input_token=1e-6, output_token=3e-6, call=1e-4)


def played(world, search, budget):
    """What every problem ended with."""
    with jax.enable_x64(False):
        place = jnp.arange(PROBLEMS, dtype=jnp.uint32)
        key, problem = jnp.array([7, 0], jnp.uint32), world.problems(7, 0, PROBLEMS)
        return play(world, search, NODES + 1, 4 * NODES + 8, budget.ledger(), key, place, problem)


@pairs
def test_no_search_spends_a_token_too_much(world, search):
    @settings(max_examples=25, deadline=None, derandomize=True)
    @given(
        st.none() | st.integers(0, 9000),
        st.none() | st.integers(0, 30),
        st.none() | st.floats(0.0, 0.05, allow_subnormal=False),
    )
    def check(tokens, calls, money):
        spent = np.asarray(played(world, search, Budget(tokens=tokens, calls=calls, money=money, prices=PRICES)).spent)
        assert tokens is None or (spent[0] + spent[1] <= tokens).all()
        assert calls is None or (spent[2] <= calls).all()
        assert money is None or (money * (1 + 1e-12) >= spent.T @ (1e-6, 3e-6, 1e-4, 0.0)).all()

    check()

    # without a limit nothing stops it but the size of the tree, and there is an answer
    free = played(world, search, Budget(tokens=math.inf))
    assert (np.asarray(free.answer) >= 0).all()
    assert (np.asarray(free.left) == 1.0).all()
    assert (np.asarray(free.nodes) <= NODES).all()

    # with nothing, or with less than any call costs, nothing is bought
    for budget in (Budget(tokens=0), Budget(tokens=1), Budget(calls=0), Budget(money=0.0, prices=PRICES)):
        nothing = played(world, search, budget)
        assert (np.asarray(nothing.nodes) == 1).all()
        if isinstance(world, ArithmeticWorld):
            assert (np.asarray(nothing.spent) == 0).all()
            assert (np.asarray(nothing.answer) == -1).all()


def best_of(world, count):
    """Chance that the best-scored of ``count`` written answers is right, the earliest among equals."""
    table, right = np.array(world.votes[0]), world.found[0]
    at = right * table[SOUND] + (1.0 - right) * table[COUNTERFEIT]
    up_to = np.cumsum(at)
    leads = up_to**count - np.concatenate([[0.0], up_to[:-1]]) ** count
    return float(np.sum(leads * right * table[SOUND] / at))


@pytest.mark.parametrize(
    "search",
    [
        Beam(width=1, proposals=NODES - 1, reserve=0.0), Greedy(children=NODES - 1, reserve=0.0), Uniform(reserve=0.0),
        AbMcts(reserve=0.0), AbMcts(posterior="beta", reserve=0.0),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_where_every_step_is_an_answer_every_search_is_best_of_n(search):
    fitted = ArithmeticWorld()
    world = ArithmeticWorld(
        branching=(1,), found=(0.35,), more=(0.0,), counterfeit=(0.0,), straight=(0.1,), votes=fitted.votes[3:],
        bought=((1.0, 1.0),),
    )  # fmt: skip
    result = simulate_strategy(world, search, 10**6, problems=32_768, seed=3, nodes=NODES)
    assert abs(result.accuracy.z_score(best_of(world, NODES - 1))) < LIMIT


def test_searches_know_their_domains():
    for search, changes in (
        (Beam, {"width": 0}), (Beam, {"proposals": 0}), (Beam, {"proposals": ()}), (Beam, {"proposals": (2, 0)}),
        (Beam, {"reserve": 1.1}), (Rebase, {"width": 65}), (Rebase, {"temperature": 0.0}), (Rebase, {"deepest": 0}),
        (Greedy, {"children": 0}), (Greedy, {"reserve": -0.1}), (Uniform, {"reserve": math.nan}),
        (Rebase, {"deepest": 2.5}), (Rebase, {"temperature": math.inf}), (Beam, {"proposals": np.float64(2.5)}),
        (AbMcts, {"posterior": "normal"}), (AbMcts, {"weight": 0.0}), (AbMcts, {"variance": -1.0}),
        (AbMcts, {"mean": math.inf}), (AbMcts, {"first": 0.0}), (AbMcts, {"reserve": 2.0}),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(changes))):
            search(**changes)
