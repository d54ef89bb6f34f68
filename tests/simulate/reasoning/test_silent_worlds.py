# ruff: noqa: ARG002  (a world takes what it does not use)
"""Worlds that give no answer, or not always: whoever asked for the answer stops, and nobody makes one up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate.reasoning import (
    AbMcts,
    AdaptiveConsistency,
    Bats,
    Beam,
    BestOfN,
    Budget,
    BudgetTracker,
    Cascade,
    ElasticWorld,
    EstimatedBudget,
    GlobalBudget,
    Greedy,
    Instructed,
    ParallelChains,
    ReAct,
    Rebase,
    Retry,
    SearchedBudget,
    Single,
    SplitBudget,
    Uct,
    Uniform,
    ValueTree,
    simulate_strategy,
)
from budgetsim.simulate.reasoning.reference import (
    adaptive_consistency,
    best_of_n,
    cascade,
    global_budget,
    parallel_chains,
    retry,
    search_agents,
    split_budget,
    token_budgets,
)
from budgetsim.simulate.reasoning.reference.ab_mcts import PlainAbMcts
from budgetsim.simulate.reasoning.reference.beam import PlainBeam
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.desk import Judged, Made
from budgetsim.simulate.reasoning.reference.greedy import PlainGreedy
from budgetsim.simulate.reasoning.reference.rebase import PlainRebase
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.simulate.reasoning.reference.uct import PlainUct
from budgetsim.simulate.reasoning.reference.uniform import PlainUniform
from budgetsim.simulate.reasoning.reference.value_tree import PlainValueTree
from budgetsim.simulate.reasoning.searches import JUDGE, VERIFY
from budgetsim.simulate.reasoning.world import NO_ANSWER, Step, costs

NODES, PROBLEMS = 12, 32


@partial(
    jax.tree_util.register_dataclass, meta_fields=("answers",), data_fields=("silent", "price", "ending", "written")
)
@dataclass(frozen=True)
class Quiet:
    """Steps write ``written`` tokens, answers ``price``; some answers fail. Verdicts are no calls."""

    silent: float
    price: int = 0
    ending: float = 0.2
    written: int = 1
    answers: int = 3

    def problems(self, seed: int, block: int, count: int) -> Any:
        return np.zeros(count, np.float32)

    def memory(self, problem: Any) -> Any:
        return ()

    def root(self, problem: Any) -> Any:
        return problem

    def step(self, uniform: Any, problem: Any, memory: Any, state: Any, hint: Any) -> Step:
        calls = jnp.where((hint == VERIFY) | (hint == JUDGE), 0, 1)
        return Step((), state, uniform[0] < self.ending, costs(0, self.written + jnp.zeros_like(state), calls))

    def critic(self, uniform: Any, problem: Any, state: Any, child: Any) -> Any:
        return jnp.floor(9.0 * uniform[0]) - 4.0, uniform[1], costs(0, jnp.zeros_like(child), 0)

    def answer(self, uniform: Any, problem: Any, state: Any) -> Any:
        said = jnp.floor(3.0 * uniform[1]).astype(jnp.int32)
        return jnp.where(uniform[0] < self.silent, NO_ANSWER, said), costs(0, self.price + 0 * said, 0)


class Hushed:
    """One problem of a `Quiet`, for strategies that search."""

    def __init__(self, world: Quiet, problem: Any = None, index: int = 0) -> None:
        self.world = world

    def root(self) -> None:
        return None

    def step(self, uniform: Any, state: Any, hint: int) -> Any:
        calls = 0 if hint in (VERIFY, JUDGE) else 1
        return None, bool(uniform[0] < np.float32(self.world.ending)), (0, self.world.written, calls), lambda: None

    def critic(self, uniform: Any, state: Any, child: Any) -> Any:
        return float(np.floor(9.0 * uniform[0]) - 4.0), float(uniform[1]), (0, 0, 0)

    def answer(self, uniform: Any, state: Any) -> Any:
        said = NO_ANSWER if uniform[0] < np.float32(self.world.silent) else int(3.0 * uniform[1])
        return said, (0, self.world.price, 0)


class HushedDesk(Hushed):
    """The same for strategies that go to a desk."""

    root: Any = None  # type: ignore[assignment]  # a state, where the other has a function
    memory, delicate = None, False

    def step(self, uniform: Any, state: Any, hint: int) -> Any:
        child, ends, paid, _ = super().step(uniform, state, hint)
        return Made(None, child, ends, paid)

    def critic(self, uniform: Any, state: Any, child: Any) -> Any:
        return Judged(*super().critic(uniform, state, child))


ASK_ONCE = (
    Uct(), Greedy(), Uniform(), Beam(width=2, proposals=3), AbMcts(), AbMcts(posterior="beta"), ReAct(),
    BudgetTracker(by_used=True), Bats(), Bats(stops=False, hazard=0.5), SplitBudget(tokens=(5, 0, 5)),
    SplitBudget(tokens=(5,), planned=False), GlobalBudget(tokens=5), Instructed(), EstimatedBudget(), SearchedBudget(),
    Single(),
)  # fmt: skip


@pytest.mark.parametrize("policy", ASK_ONCE, ids=repr)
def test_who_asks_once_asks_once_where_nobody_answers(policy) -> None:
    for price in (0, 1):
        for budget in (Budget(), Budget(tokens=20), Budget(calls=5)):
            world = Quiet(silent=1.0, price=price)
            result = simulate_strategy(world, policy, budget, problems=PROBLEMS, seed=1, nodes=NODES)
            assert result.answered.value == 0.0
            answers = result.output_tokens.value - result.expansions / PROBLEMS  # every step writes one token
            assert answers == pytest.approx(price, abs=1e-12), budget


def test_a_search_for_a_budget_ends_where_nobody_answers() -> None:
    result = simulate_strategy(Quiet(silent=1.0, written=40), SearchedBudget(), 10**6, problems=PROBLEMS, seed=1)
    assert (result.answered.value, result.largest) == (0.0, (0, 40, 1, 0))


def test_a_cascade_counts_its_calls_and_not_its_votes() -> None:
    for price in (0, 1):
        world = Quiet(silent=1.0, price=price)
        result = simulate_strategy(world, Cascade(), Budget(tokens=200), problems=PROBLEMS, seed=1, nodes=NODES)
        assert result.answered.value == 0.0
        assert result.largest == (0, 3 + price * (3 + 5), 3, 0)


def test_rebase_makes_up_no_answer() -> None:
    for world in (ElasticWorld(), Quiet(silent=1.0), Quiet(silent=1.0, price=1)):
        result = simulate_strategy(world, Rebase(width=4), 50, problems=8, seed=0)
        assert result.answered.value == 0.0
        assert set(result.answers.tolist()) == {NO_ANSWER}


SEARCHES = (
    (Uct(), PlainUct), (Greedy(), PlainGreedy), (Uniform(), PlainUniform), (Beam(width=2, proposals=3), PlainBeam),
    (AbMcts(), lambda rule: PlainAbMcts(rule, NODES)), (Rebase(width=4), PlainRebase), (ValueTree(), PlainValueTree),
    (ValueTree(critic="none"), PlainValueTree),
)  # fmt: skip
VOICES = ((0.0, 0), (0.5, 1), (1.0, 0), (1.0, 1))


@pytest.mark.parametrize(("rule", "twin"), SEARCHES, ids=lambda one: repr(one) if hasattr(one, "init") else "")
def test_same_requests_as_the_plain_twin_where_answers_fail(rule, twin) -> None:
    asked = 0
    for silent, price in VOICES:
        for budget in (Budget(tokens=14), Budget(calls=7)):
            found, compared = differences(
                Quiet(silent=silent, price=price), rule, lambda: twin(rule), budget,
                problems=PROBLEMS, seed=2, nodes=NODES, requests=4 * NODES + 8, plain=Hushed,
            )  # fmt: skip
            assert found == []
            asked += compared
    assert asked > 500


AGENTS = (
    (Cascade(), cascade.play), (Cascade(cheap_samples=4, agreement=2), cascade.play), (ReAct(), search_agents.react),
    (BudgetTracker(), search_agents.budget_tracker), (Bats(hazard=0.3), search_agents.bats),
    (SplitBudget(tokens=(5, 0, 5)), split_budget.play), (GlobalBudget(tokens=5), global_budget.play),
    (Instructed(), token_budgets.instructed), (EstimatedBudget(), token_budgets.estimated_budget),
    (ParallelChains(chains=5, longest=2), parallel_chains.play), (AdaptiveConsistency(), adaptive_consistency.play),
    (Retry(), retry.play), (BestOfN(), best_of_n.play), (SearchedBudget(), token_budgets.searched_budget),
)  # fmt: skip


@pytest.mark.parametrize(("policy", "twin"), AGENTS, ids=lambda one: repr(one) if hasattr(one, "init") else "")
def test_same_as_the_twin_where_answers_fail(policy, twin) -> None:
    for silent, price in VOICES:
        if price and isinstance(policy, SearchedBudget):
            continue  # the tokens it halves are those of the step; its twin counts those of the answer too
        world = Quiet(silent=silent, price=price)
        questions = [HushedDesk(world) for _ in range(PROBLEMS)]
        for budget in (Budget(tokens=14), Budget(calls=7)):
            compared = compare(world, questions, policy, twin, budget, seed=2, nodes=NODES)
            assert not compared.differences, (world, budget)
            assert compared.problems == PROBLEMS
