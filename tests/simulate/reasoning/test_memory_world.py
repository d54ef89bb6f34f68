"""Memory pipelines in the engine: against their twin, all 243 plans by theory, and the pipeline's own play."""

import dataclasses
import math
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgetsim.simulate.reasoning import (
    Budget,
    MemoryPipeline,
    MemoryWorld,
    Prices,
    TierLaw,
    TierPlan,
    Training,
    memory_prior,
    play_plan,
    simulate_strategy,
    simulate_worlds,
    train_routers,
)
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.memory_pipeline import all_plans
from budgetsim.simulate.reasoning.reference import memory_world as plain
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.theory.tier_plans import tier_plans

PROBLEMS = 2**13
LIMIT = 5.5  # standard errors; a comparison fails by chance four times in 10**8


def drawn_law(seed):
    return np.random.default_rng(seed).dirichlet(np.ones(3), size=5)


def worlds(count, *, seed):
    """Pipelines of the prior, with so little noise that nothing is clipped."""
    return [MemoryWorld(pipeline=dataclasses.replace(one, query_noise=0.05)) for one in memory_prior(count, seed=seed)]


def weights(law):
    """Probability of every plan, in the order of `all_plans`."""
    tiers = all_plans(MemoryPipeline()).tiers
    return np.prod([law[module][tiers[:, module]] for module in range(5)], axis=0)


def whole_costs(world):
    """Tokens of every plan: those of each module rounded, by hand."""
    pipeline = world.pipeline
    each = np.round(np.outer(pipeline.module_tokens, pipeline.tier_prices) * world.unit_tokens)
    return each[np.arange(5), all_plans(pipeline).tiers].sum(axis=1)


def test_same_as_twin():
    choose, unanswered = random.Random(0), 0
    for seed, pipeline in enumerate(memory_prior(6, seed=2)):
        world = MemoryWorld(
            pipeline=dataclasses.replace(pipeline, judged=seed % 2 == 0),
            unit_tokens=choose.choice([1000, 37]), answer_output=choose.choice([0, 25]), answer_input=seed,
        )  # fmt: skip
        queries = plain.plain_queries(world, seed, 40)
        plan = TierPlan(tiers=tuple(choose.randrange(3) for _ in range(5)))
        for policy, twin in ((plan, plain.tier_plan), (TierLaw(chances=drawn_law(seed)), plain.tier_law)):
            most = world.unit_tokens * 4
            budget = Budget(
                tokens=choose.choice([None, choose.randint(0, most)]),
                calls=choose.choice([None, 4, 5]),
                money=choose.choice([None, choose.uniform(0.0, 1e-3 * most)]),
                prices=Prices(output_token=1e-3),
            )
            compared = compare(world, queries, policy, twin, budget, seed=seed, nodes=7)
            assert not compared.differences, (policy, budget)
            assert compared.problems > 30
            unanswered += simulate_strategy(world, policy, budget, problems=64, seed=seed).answered.value < 1.0
    assert 2 < unanswered < 12


def test_a_plan_has_its_quality_and_its_cost(agrees):
    choose, shares = random.Random(1), []
    for seed, world in enumerate(worlds(8, seed=3)):
        plans, tokens = all_plans(world.pipeline), whole_costs(world)
        place = choose.randrange(243)
        plan = TierPlan(tiers=tuple(plans.tiers[place].tolist()))
        result = simulate_strategy(world, plan, Budget(), problems=PROBLEMS, seed=seed)
        assert result.largest == (0, tokens[place], 5, 0)
        assert abs(result.output_tokens.value - 1000 * plans.cost[place]) <= 2.5
        shares.append((result.accuracy, float(plans.quality[place])))
    agrees(shares)


def test_plans_of_the_default_are_charged_exactly_their_cost():
    theirs = tier_plans((1.0, 0.6, 0.6, 0.6, 1.2), (0.06, 0.18, 0.88), (0.0,) * 5, (0.0, 0.5, 1.0), 0.3)
    prices = {tuple(tiers): cost for tiers, cost in zip(np.asarray(theirs.tiers).tolist(), theirs.cost, strict=True)}
    for tiers in ((0,) * 5, (1,) * 5, (2,) * 5, (0, 1, 2, 0, 1), (2, 0, 1, 1, 0)):
        result = simulate_strategy(MemoryWorld(), TierPlan(tiers=tiers), Budget(), problems=2, seed=0)
        assert result.largest[1] == pytest.approx(1000 * float(prices[tiers]), abs=1e-6)


def test_a_law_under_a_budget_by_enumeration(agrees):
    """A query is answered if all of the plan drawn for it fits; nothing else of it is lost or kept."""
    shares, means = [], []
    for seed, world in enumerate(worlds(6, seed=4)):
        law, tokens, quality = drawn_law(seed), whole_costs(world), all_plans(world.pipeline).quality
        chance = weights(law)
        free = simulate_strategy(world, TierLaw(chances=law), Budget(), problems=PROBLEMS, seed=seed)
        means.append((free.output_tokens, float(chance @ tokens)))
        shares.append((free.accuracy, float(chance @ quality)))
        limit = int(np.quantile(tokens, 0.5))
        held = simulate_strategy(world, TierLaw(chances=law), limit, problems=PROBLEMS, seed=seed)
        assert held.largest[1] <= limit
        shares.append((held.answered, float(chance[tokens <= limit].sum())))
        shares.append((held.accuracy, float((chance * quality)[tokens <= limit].sum())))
    agrees(shares, means)


def test_the_pipeline_itself_plays_the_same():
    """Two independent estimates of each number, at the false alarm rate of `LIMIT`."""
    for seed, pipeline in enumerate(memory_prior(3, seed=5)):
        world, law = MemoryWorld(pipeline=pipeline), drawn_law(seed)
        theirs = play_plan(pipeline, law, queries=PROBLEMS, seed=seed)
        ours = simulate_strategy(world, TierLaw(chances=law), Budget(), problems=PROBLEMS, seed=seed)
        close(ours.accuracy, theirs.reward)
        close(ours.output_tokens, theirs.cost, unit=1000, rounding=2.5)


def test_a_learned_router_is_played_by_its_law():
    pipeline = memory_prior(1, seed=6)[0]
    (router,) = train_routers(pipeline, [0.3], Training(steps=60), queries=4096, seed=3)
    assert 0.05 < np.median(router.tiers.max(axis=1)) < 0.99
    world = MemoryWorld(pipeline=pipeline)
    ours = simulate_strategy(world, TierLaw(chances=router.tiers), Budget(), problems=PROBLEMS, seed=4)
    close(ours.accuracy, router.reward)
    close(ours.output_tokens, router.cost, unit=1000, rounding=2.5)


def close(ours, theirs, *, unit=1.0, rounding=0.0):
    far = LIMIT * math.hypot(ours.standard_error, unit * theirs.standard_error) + rounding
    assert abs(ours.value - unit * theirs.value) < far, (ours, theirs)


def test_a_judge_changes_nothing():
    plan = TierPlan(tiers=(1, 2, 0, 1, 2))
    results = [
        simulate_strategy(MemoryWorld(pipeline=MemoryPipeline(judged=judged)), plan, Budget(), problems=500, seed=0)
        for judged in (False, True)
    ]
    assert np.array_equal(results[0].answers, results[1].answers)


def test_a_better_plan_is_never_wrong_where_a_worse_one_is_right():
    """One threshold a query: as long as no look turns a gain into a loss."""
    world = MemoryWorld(pipeline=MemoryPipeline(query_noise=0.1))
    poor, rich = (
        simulate_strategy(world, TierPlan(tiers=(tier,) * 5), Budget(), problems=4096, seed=1).answers == 0
        for tier in (0, 2)
    )
    assert not np.any(poor & ~rich)
    assert np.any(rich & ~poor)


def test_what_does_not_fit_is_lost():
    """Modules of 60, 108, 36, 36 and 1056 tokens, and an answer of 20."""
    world, plan = MemoryWorld(answer_output=20), TierPlan(tiers=(0, 1, 0, 0, 2))
    for limit, spent, answered in ((59, 0, 0.0), (60, 60, 0.0), (1295, 240, 0.0), (1315, 1296, 0.0), (1316, 1316, 1.0)):
        result = simulate_strategy(world, plan, limit, problems=16, seed=0)
        assert (result.largest[1], result.answered.value) == (spent, answered)
    result = simulate_strategy(world, plan, Budget(calls=4), problems=16, seed=0)
    assert (result.largest, result.answered.value) == ((0, 240, 4, 0), 0.0)


def test_steps_beyond_the_last_module_and_tiers_beyond_the_last():
    world = MemoryWorld()
    with jax.enable_x64(False):
        problem = world.problems(0, 0, 4)
        uniform = Uniforms(jnp.zeros(2, jnp.uint32), jnp.arange(4, dtype=jnp.uint32), jnp.uint32(0), 1)
        state = world.root(problem)
        for hint, tokens, calls in ((-1, 60, 1), (7, 528, 1), (2, 528, 1), (1, 108, 1), (0, 72, 1), (2, 0, 0)):
            assert np.all(np.asarray(world.answer(uniform, problem, state)[0]) == -1) == (state.done[0] < 5)
            step = world.step(uniform, problem, (), state, jnp.full(4, hint))
            assert np.array_equal(step.costs[:, 0], [0, tokens, calls, 0])
            assert np.all(np.asarray(step.ends) == (step.child.done == 5))
            before, state = state, step.child
    assert np.array_equal(before.quality, state.quality)


def test_worlds_and_laws_together_differ_as_they_do_alone():
    given, laws = worlds(3, seed=7), [TierLaw(chances=drawn_law(seed)) for seed in range(3)]
    together = simulate_worlds(given, laws, 2000, problems_per_world=2048, seed=3)
    for place, (world, law) in enumerate(zip(given, laws, strict=True)):
        alone = simulate_strategy(world, law, 2000, problems=4096, seed=11)
        error = np.hypot(together.standard_error[place], alone.accuracy.standard_error)
        assert abs(together.accuracy[place] - alone.accuracy.value) < LIMIT * error
        spread = alone.output_tokens.standard_error * np.sqrt(1 + 4096 / 2048)
        assert abs(together.output_tokens[place] - alone.output_tokens.value) < LIMIT * spread


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    tiers=st.tuples(*[st.integers(0, 2)] * 5),
    prices=st.tuples(*[st.floats(0, 3)] * 3),
    unit=st.integers(1, 5000),
    answer=st.integers(0, 300),
    tokens=st.one_of(st.none(), st.integers(0, 9000)),
    calls=st.one_of(st.none(), st.integers(0, 6)),
    money=st.one_of(st.none(), st.floats(0, 5)),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_budget_is_exceeded(tiers, prices, unit, answer, tokens, calls, money, seed):
    world = MemoryWorld(
        pipeline=MemoryPipeline(tier_prices=prices), unit_tokens=unit, answer_input=answer, answer_output=answer
    )
    budget = Budget(tokens=tokens, calls=calls, money=money, prices=Prices(input_token=5e-4, output_token=1e-3))
    for policy in (TierPlan(tiers=tiers), TierLaw(chances=drawn_law(seed))):
        # a query a world: what each of them spends is known
        result = simulate_worlds([world] * 64, policy, budget, problems_per_world=1, seed=seed)
        read, written, called = result.input_tokens, result.output_tokens, result.calls
        assert tokens is None or np.all(read + written <= tokens)
        assert calls is None or np.all(called <= calls)
        assert money is None or np.all(read * 5e-4 + written * 1e-3 <= money * (1 + 1e-12))
        assert np.all(called <= 5)
        assert not np.any(result.browses)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: MemoryWorld(unit_tokens=0), "unit_tokens"),
        (lambda: MemoryWorld(unit_tokens=1.5), "unit_tokens"),
        (lambda: MemoryWorld(answer_output=-1), "answer_output"),
        (lambda: TierPlan(tiers=(0, 1, 2)), "tiers"),
        (lambda: TierPlan(tiers=(0, 1, 2, 3, 0)), "tiers"),
        (lambda: TierPlan(tiers=(0, 1, 2, 0.5, 0)), "tiers"),
        (lambda: TierLaw(chances=((0.5, 0.5, 0.0),) * 4), "chances"),
        (lambda: TierLaw(chances=((0.5, 0.5),) * 5), "chances"),
        (lambda: TierLaw(chances=((0.5, 0.6, 0.0),) * 5), "chances"),
        (lambda: TierLaw(chances=((1.5, -0.5, 0.0),) * 5), "chances"),
        (lambda: TierLaw(chances=np.ones(3) / 3), "chances"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
