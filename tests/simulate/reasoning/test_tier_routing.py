"""Memory pipelines against enumeration, the theory of plans and rewards; the training against its plain twin."""

import dataclasses
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import MemoryPipeline, Training, memory_prior, play_plan, train_routers
from budgetsim.simulate.reasoning.memory_pipeline import all_plans, best_plan
from budgetsim.simulate.reasoning.reference.tier_routing import plain_training
from budgetsim.simulate.reasoning.tier_routing import History, total_reward
from budgetsim.theory.memory_tiers import aligned_rewards, cost_reward
from budgetsim.theory.tier_plans import best_tier_plan, tier_plans


def plans_of_theory(world):
    gains = [0.0, world.middle_share, 1.0]
    return tier_plans(world.module_tokens, world.tier_prices, world.module_gains, gains, world.base_quality)


def test_plans_are_those_of_the_theory():
    for world in memory_prior(6, seed=1):
        ours, theirs = all_plans(world), plans_of_theory(world)
        order = np.lexsort((-ours.quality, ours.cost))
        assert np.allclose(ours.cost[order], theirs.cost)
        assert np.allclose(ours.quality[order], theirs.quality)
        for weight in (0.0, 0.1, 0.3, 0.5, 0.9, 2.0):
            for alignment in (1.0, 0.3):
                assert best_plan(world, weight, alignment=alignment) == best_tier_plan(theirs, weight, alignment).tiers


def test_played_plans_have_their_quality_and_cost(agrees):
    choose = random.Random(2)
    means = []
    for seed, world in enumerate(memory_prior(8, seed=3)):
        plans = all_plans(world)
        plan = choose.randrange(243)
        given = dataclasses.replace(world, judged=seed % 2 == 0, query_noise=0.05)  # so small that nothing is clipped
        played = play_plan(given, plans.tiers[plan], queries=20_000, seed=seed)
        assert played.cost.value == pytest.approx(plans.cost[plan], rel=1e-5)
        means.append((played.reward, float(plans.quality[plan])))
        even = play_plan(given, np.full((5, 3), 1 / 3), queries=20_000, seed=seed)
        means += [(even.reward, float(plans.quality.mean())), (even.cost, float(plans.cost.mean()))]
    agrees([], [pair for pair in means if pair[0].standard_error > 1e-6])


def test_judge_gives_nothing_a_half_or_everything():
    with jax.enable_x64(False):
        world = MemoryPipeline(base_quality=0.5, judged=True)
        verdicts = jnp.array([[0.1, 0.1, 0.9], [0.2, 0.9, 0.8]], jnp.float32)
        reward = world.reward(jnp.zeros((5, 3), jnp.int32), jnp.zeros((5, 3), jnp.float32), verdicts)
    assert reward.tolist() == [1.0, 0.5, 0.0]


def test_rewards_are_those_of_the_theory():
    """Window with the batch in it, square roots before quantiles, spreads of the window."""
    random_ = np.random.default_rng(4)
    old, costs = random_.uniform(0.2, 4, 200), random_.uniform(0.2, 4, 32)
    task = random_.uniform(0, 1, 32)
    with jax.enable_x64(False):
        empty = jnp.full((2000,), jnp.nan, jnp.float32)
        history = History(empty.at[-200:].set(np.sqrt(old)), empty, empty)  # spreads: of the batch alone
        args = history, jnp.asarray(task, jnp.float32), jnp.asarray(costs, jnp.float32), jnp.float32(0.7)
        aligned, _ = total_reward(*args, aligned=True)
        plain, after = total_reward(*args, aligned=False)
    cheap = cost_reward(costs, np.concatenate([old, costs])).reward
    assert np.allclose(plain, task + 0.7 * cheap, atol=1e-5)
    assert np.allclose(aligned, aligned_rewards(task, cheap, 0.7).paper, atol=1e-5)
    assert np.isfinite(np.asarray(after.root_costs)).sum() == 232


def test_a_window_of_equal_costs_is_no_division_by_zero():
    with jax.enable_x64(False):
        empty = jnp.full((2000,), jnp.nan, jnp.float32)
        for cost, cheap in ((0.0, 1.0), (2.0, 0.0)):
            rewards, _ = total_reward(
                History(empty, empty, empty), jnp.zeros(8), jnp.full(8, cost), jnp.float32(1.0), aligned=False
            )
            assert np.allclose(rewards, cheap)


@pytest.mark.parametrize(
    ("judged", "training"),
    [
        (False, Training(steps=15, aligned=True)),
        (True, Training(steps=15, aligned=True, query_aware=True, learning_rate=0.1)),
        (False, Training(steps=70, aligned=False, query_aware=True, entropy=0.2)),  # the window wraps
    ],
)
def test_same_as_twin(judged, training):
    """Batches of 32, in which every tier occurs: Adam would blow up the rounding of a gradient that is 0."""
    world = dataclasses.replace(memory_prior(1, seed=7)[0], judged=judged)
    logits, slopes, path = plain_training(world, training, 0.4, seed=2**40 + 3)
    (ours,) = train_routers(world, [0.4], training, queries=2, seed=2**40 + 3)
    assert np.allclose(ours.path, path, rtol=1e-4)
    assert np.allclose(ours.logits, logits, atol=2e-3)
    assert np.allclose(ours.slopes, slopes, atol=2e-3)


def test_routers_learn_the_best_plan_and_to_be_cheap():
    world = memory_prior(1, seed=0)[0]
    best, cheap = train_routers(world, [0.0, 20.0], Training(steps=500, entropy=0.0), seed=1)
    plans = all_plans(world)
    random_play = play_plan(world, np.full((5, 3), 1 / 3), queries=4096, seed=1)
    assert best.reward.value > plans.quality.max() - 0.02  # all high is best where cost does not count
    assert best.reward.value <= plans.quality.max() + 4 * best.reward.standard_error
    assert cheap.cost.value < 0.3 * random_play.cost.value
    assert best.tiers.sum(axis=1) == pytest.approx(1.0)


def test_alignment_delays_the_collapse_of_graded_and_hastens_that_of_judged_rewards():
    world = MemoryPipeline()
    cost = {}
    for judged in (False, True):
        for aligned in (False, True):
            given = dataclasses.replace(world, judged=judged)
            (router,) = train_routers(given, [0.3], Training(aligned=aligned), queries=1024, seed=1)
            cost[judged, aligned] = router.cost.value
    assert cost[False, True] > cost[False, False] + 0.5
    assert cost[True, True] < cost[True, False] - 0.1


def test_routers_do_not_depend_on_their_company():
    training = Training(steps=20)
    alone = train_routers(MemoryPipeline(), [0.5], training, queries=100, seed=3)[0]
    among = train_routers(MemoryPipeline(), [0.1, 0.5, 0.9], training, queries=100, seed=3)[1]
    assert np.array_equal(alone.logits, among.logits)
    assert (alone.reward, alone.cost) == (among.reward, among.cost)
    other = train_routers(MemoryPipeline(), [0.5], training, queries=100, seed=4)[0]
    assert not np.array_equal(alone.logits, other.logits)


def test_prior_is_the_one_written_down():
    drawn = memory_prior(3000, seed=0)
    gains = np.array([world.module_gains for world in drawn])
    laws = {
        "total gain": (gains.sum(axis=1), stats.uniform(0.2, 0.4)),
        "share of a module": (gains[:, 2] / gains.sum(axis=1), stats.beta(1, 4)),  # a part of Dirichlet(1, 1, 1, 1, 1)
        "tokens": (np.array([world.module_tokens for world in drawn]).ravel(), stats.loguniform(0.5, 2)),
        "middle": ([world.middle_share for world in drawn], stats.uniform(0.3, 0.5)),
        "noise": ([world.query_noise for world in drawn], stats.uniform(0, 0.3)),
    }
    for name, (values, law) in laws.items():
        assert stats.kstest(values, law.cdf).pvalue > 1e-8, name
    assert memory_prior(3, seed=0) == drawn[:3]
    assert memory_prior(3, seed=1) != drawn[:3]


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: MemoryPipeline(module_gains=(1.0,)), "module_gains"),
        (lambda: MemoryPipeline(tier_prices=(1.0, 2.0, -3.0)), "tier_prices"),
        (lambda: MemoryPipeline(middle_share=2.0), "middle_share"),
        (lambda: MemoryPipeline(query_noise=-1.0), "query_noise"),
        (lambda: Training(steps=0), "steps"),
        (lambda: Training(batch=3000), "batch"),
        (lambda: Training(learning_rate=0.0), "learning_rate"),
        (lambda: Training(entropy=-1.0), "entropy"),
        (lambda: train_routers(MemoryPipeline(), [], seed=0), "cost_weights"),
        (lambda: train_routers(MemoryPipeline(), [-1.0], seed=0), "cost_weights"),
        (lambda: play_plan(MemoryPipeline(), [3] * 5, queries=2, seed=0), "chances"),
        (lambda: play_plan(MemoryPipeline(), [0] * 5, queries=1, seed=0), "queries"),
        (lambda: best_plan(MemoryPipeline(), -1.0), "cost_weight"),
        (lambda: memory_prior(0), "count"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
