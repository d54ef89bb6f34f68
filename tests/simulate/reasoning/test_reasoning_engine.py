# ruff: noqa: ARG002  (a world takes what it does not use)
"""The engine: no budget is exceeded by a unit, every run ends, and odd critics and worlds have defined results."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import (
    AnswerWorld,
    Beam,
    Budget,
    HopWorld,
    ParallelChains,
    Prices,
    Single,
    Uct,
    ValueTree,
    World,
    engine,
    simulate_strategy,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.columns import Uniforms, largest, pick, put, standard_normal, take
from budgetsim.simulate.reasoning.engine import play
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, costs

NODES, PROBLEMS = 12, 64
POLICIES = {"tree": ValueTree(), "wide": ValueTree(children=3, critic="none"), "uct": Uct()}
share = st.floats(0.0, 1.0, width=32)
limit = st.one_of(st.none(), st.integers(0, 3000))
price = st.one_of(st.just(0.0), st.floats(1e-6, 1e3))


def played(world: Any, policy: Any, budget: Budget, seed: int = 0, problems: int = PROBLEMS) -> Any:
    with jax.enable_x64(False):
        key, place = jnp.array([seed, 0], jnp.uint32), jnp.arange(problems, dtype=jnp.uint32)
        problem = world.problems(seed, 0, problems)
        return play(world, policy, NODES + 1, 4 * NODES + 8, budget.ledger(), key, place, problem)


@settings(max_examples=80, deadline=None)
@given(
    policy=st.sampled_from(sorted(POLICIES)),
    numbers=st.tuples(share, share, share, share, share),
    tokens=limit,
    calls=st.one_of(st.none(), st.integers(0, 15)),
    money=st.one_of(st.none(), st.floats(1e-3, 1e4)),
    prices=st.tuples(price, price, price),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_unit_beyond_any_limit(policy, numbers, tokens, calls, money, prices, seed) -> None:
    if money is not None and not any(prices):
        money = None
    misleading, repeat, trapped, stop, resent = numbers
    world = HopWorld(
        misleading=misleading, repeat=repeat, trapped=trapped, early_stop=stop, resent=resent, prompt_tokens=17
    )
    priced = Prices(input_token=prices[0], output_token=prices[1], call=prices[2])
    budget = Budget(tokens=tokens, calls=calls, money=money, prices=priced)
    run = played(world, POLICIES[policy], budget, seed)
    spent = np.asarray(run.spent).astype(int)
    if tokens is not None:
        assert int((spent[0] + spent[1]).max()) <= tokens
    if calls is not None:
        assert int(spent[2].max()) <= calls
    if money is not None:
        for column in spent.T.tolist():  # exact: no rounding may hide an overdraft
            assert sum(Fraction(p) * n for p, n in zip((*prices, 0.0), column, strict=True)) <= Fraction(money)
    assert int(np.asarray(run.nodes).max()) <= NODES
    assert set(np.unique(run.answer)) <= set(range(-1, 7))


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_budgets_of_nothing_one_token_and_everything(policy) -> None:
    for budget in (Budget(tokens=0), Budget(tokens=1), Budget(calls=0, tokens=59)):
        run = played(HopWorld(), policy, budget)
        assert not np.any(run.spent)
        assert np.all(run.answer == NO_ANSWER)
    unlimited = played(HopWorld(), policy, Budget(tokens=math.inf))
    # it ends because the tree is full, or by an answer
    assert np.all(np.asarray(unlimited.answer) >= 0)
    assert np.all(np.asarray(unlimited.left) == 1.0)
    assert int(np.asarray(unlimited.nodes).max()) == NODES


@partial(jax.tree_util.register_dataclass, meta_fields=("says", "answers", "silent"), data_fields=())
@dataclass(frozen=True)
class Odd:
    """Steps cost one token; the critic always says the same, if it is a number; only the root answers right."""

    says: float
    answers: int = 2
    silent: bool = False

    def problems(self, seed: int, block: int, count: int) -> Any:
        return np.zeros(count, np.float32)

    def memory(self, problem: Any) -> Any:
        return ()

    def root(self, problem: Any) -> Any:
        return problem

    def step(self, uniform: Any, problem: Any, memory: Any, state: Any, hint: Any) -> Step:
        return Step((), state + 1.0, state < 0, costs(0, jnp.ones_like(state), 0))

    def critic(self, uniform: Any, problem: Any, state: Any, child: Any) -> Any:
        return child * 0 + self.says, child * 0 + self.says, costs(0, jnp.zeros_like(child), 0)

    def answer(self, uniform: Any, problem: Any, state: Any) -> Any:
        given = jnp.where(self.silent, NO_ANSWER, (state > 0.0).astype(jnp.int32))
        return given, costs(0, jnp.zeros_like(state), 0)


def test_a_table_of_a_world_is_not_cut_up_among_the_problems() -> None:
    @partial(jax.tree_util.register_dataclass, meta_fields=("says", "answers", "silent"), data_fields=("table",))
    @dataclass(frozen=True)
    class Tabled(Odd):
        table: Any = ()

        def answer(self, uniform: Any, problem: Any, state: Any) -> Any:
            return self.table[37].astype(jnp.int32) + (0 * state).astype(jnp.int32), costs(0, jnp.zeros_like(state), 0)

    table = np.zeros(PROBLEMS, np.float32)  # as long as there are problems
    table[37] = 1.0
    run = played(Tabled(says=1.0, table=table), Single(), Budget(tokens=8))
    assert np.all(np.asarray(run.answer) == 1)


@pytest.mark.verify
def test_worlds_and_policies_of_one_shape_are_never_played_for_one_another() -> None:
    """JAX takes dataclasses of one shape for the same; a run compiled for one must not play another."""

    def look_alike(place: int) -> World:
        @partial(jax.tree_util.register_dataclass, meta_fields=("says", "answers", "silent"), data_fields=())
        @dataclass(frozen=True)
        class Alike(Odd):
            def answer(self, uniform: Any, problem: Any, state: Any) -> Any:
                return jnp.full(state.shape, place), costs(0, jnp.zeros_like(state), 0)

        return Alike(says=1.0, answers=20)

    worlds = [look_alike(place) for place in range(20)]
    answers = [int(played(world, Single(), Budget(tokens=8), problems=1).answer[0]) for world in worlds]
    assert answers == list(range(20))
    with pytest.raises(ValueError, match="one kind"):
        simulate_worlds(worlds[:2], Single(), 8, problems_per_world=1, seed=0)


def test_a_critic_that_gives_no_number_sees_no_progress() -> None:
    silent = played(Odd(says=math.nan), ValueTree(), Budget(tokens=8), problems=4)
    zero = played(Odd(says=0.0), ValueTree(), Budget(tokens=8), problems=4)
    for one, other in zip(jax.tree.leaves(silent), jax.tree.leaves(zero), strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.all(silent.answer == 0)  # every step is pruned, and the root answers
    lowest = played(Odd(says=0.1), ValueTree(critic="absolute"), Budget(tokens=8), problems=4)
    silent = played(Odd(says=math.nan), ValueTree(critic="absolute"), Budget(tokens=8), problems=4)
    for one, other in zip(jax.tree.leaves(silent), jax.tree.leaves(lowest), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("policy", [ValueTree(), Uct(), ValueTree(final="highest")], ids=repr)
@pytest.mark.parametrize("says", [-4.0, 0.0, 4.0])
def test_a_world_without_answers_ends_without_an_answer(policy, says) -> None:
    run = played(Odd(says=says, silent=True), policy, Budget(tokens=8), problems=4)
    assert np.all(run.answer == NO_ANSWER)
    assert int(np.asarray(run.spent)[1].max()) <= 8


@pytest.mark.verify
def test_an_inverted_critic_hurts() -> None:
    class Liar(HopWorld):
        def critic(self, *parts: Any) -> Any:
            delta, score, paid = super().critic(*parts)
            return -delta, 1.1 - score, paid

    names = [field.name for field in fields(HopWorld)]
    data = [name for name in names if name != "repeat_by"]
    jax.tree_util.register_dataclass(Liar, data_fields=data, meta_fields=["repeat_by"])
    budget = Budget(tokens=4000, calls=10)
    honest, lying = (
        simulate_strategy(world, ValueTree(), budget, problems=4096, seed=5, nodes=NODES).accuracy
        for world in (HopWorld(), Liar())
    )
    assert honest.value - lying.value > 10 * (honest.standard_error + lying.standard_error)


def test_numbers_do_not_depend_on_the_company_they_are_drawn_in() -> None:
    key = jnp.array([7, 9], jnp.uint32)
    many = Uniforms(key, jnp.arange(50, dtype=jnp.uint32), jnp.uint32(3), 2).rows(6)
    one = Uniforms(key, jnp.array([31], jnp.uint32), jnp.uint32(3), 2)[5]
    assert float(many[5, 31]) == float(one[0])
    others = [
        Uniforms(key, jnp.array([31], jnp.uint32), jnp.uint32(4), 2)[5],
        Uniforms(key, jnp.array([31], jnp.uint32), jnp.uint32(3), 1)[5],
        Uniforms(key, jnp.array([30], jnp.uint32), jnp.uint32(3), 2)[5],
        Uniforms(key + 1, jnp.array([31], jnp.uint32), jnp.uint32(3), 2)[5],
        Uniforms(key, jnp.array([31], jnp.uint32), jnp.uint32(3), 2)[1],
    ]
    assert all(float(other[0]) != float(one[0]) for other in others)


def test_uniform_numbers_are_uniform() -> None:
    numbers = np.asarray(
        Uniforms(jnp.array([1, 2], jnp.uint32), jnp.arange(2**16, dtype=jnp.uint32), jnp.uint32(0), 0).rows(4)
    )
    counts = np.stack([np.bincount((row * 64).astype(int), minlength=64) for row in numbers])
    # a sum of 4 * 63 degrees of freedom; beyond this once in 1e6
    assert np.sum((counts - 1024.0) ** 2 / 1024.0) < 252 + 4.9 * math.sqrt(2 * 252) + 16
    assert numbers.min() >= 0.0
    assert numbers.max() < 1.0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1, 7, 200]), st.integers(0, 2**31 - 1))
def test_columns_do_what_numpy_does(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 4, (rows, 5)).astype(np.float32)
    index, uniform = random.integers(0, rows, 5), random.random(5).astype(np.float32)
    columns = np.arange(5)
    np.testing.assert_array_equal(take(jnp.asarray(values), jnp.asarray(index)), values[index, columns])
    np.testing.assert_array_equal(largest(jnp.asarray(values)), values.argmax(axis=0))
    written = values.copy()
    written[index, columns] = 9.0
    np.testing.assert_array_equal(put(jnp.asarray(values), jnp.asarray(index), 9.0), written)
    chosen = np.asarray(jax.jit(pick)(jnp.asarray(uniform), jnp.asarray(values)))
    for column, row in enumerate(chosen.tolist()):
        total = values[:, column].sum()
        if total == 0.0:
            assert row == 0
            continue
        below = values[:row, column].sum()  # whole numbers: sums are exact
        assert below <= uniform[column] * total < below + values[row, column]


def test_a_tree_beyond_its_slots_is_refused_not_overwritten() -> None:
    world = replace(HopWorld(), early_stop=0.0)
    run = played(world, ValueTree(), Budget())
    assert np.all(np.asarray(run.spent)[2] == np.asarray(run.nodes) - 1)


def test_normal_numbers_are_finite_symmetric_and_the_quantiles_of_the_middles() -> None:
    """All steps of 2**-24 near both ends and around a half, beside quantiles of twice the digits."""
    ends = np.r_[0:2000, 2**23 - 1000 : 2**23 + 1000, 2**24 - 2000 : 2**24]
    drawn = np.asarray(standard_normal(jnp.asarray(ends * 2.0**-24, jnp.float32)), np.float64)
    np.testing.assert_allclose(drawn, scipy.special.ndtri((ends + 0.5) * 2.0**-24), rtol=3e-6, atol=1e-12)
    np.testing.assert_array_equal(drawn, -drawn[::-1])


def test_who_is_refused_and_asks_again_is_told_the_same_price():
    """A search that may only answer asks twice for an answer that it cannot pay; one chain asks once."""
    world = AnswerWorld(right_mean=1.0, chain_spread=1.0)
    twice, once = (
        simulate_strategy(world, policy, world.sample_tokens, problems=2000, seed=3)
        for policy in (Beam(width=1, proposals=1, reserve=1.0), ParallelChains(chains=1))
    )
    assert np.array_equal(twice.answers, once.answers)
    assert 0.5 < twice.answered.value < 0.9


def test_compiled_runs_are_dropped_before_there_are_too_many(monkeypatch):
    """Two kinds of runs with room for one: the same results, and never more than one is kept."""
    monkeypatch.setattr(engine, "MOST_PROGRAMS", 1)
    monkeypatch.setattr(engine, "_programs", 1)

    def run(says):
        answers = played(Odd(says=says), Single(), Budget(tokens=8), problems=2).answer.tolist()
        assert engine._programs == 1
        return answers

    first = run(1.0)
    assert run(2.0) == first
    assert run(1.0) == first
