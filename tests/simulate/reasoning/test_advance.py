"""Searches that meet the assumptions of the bounds: a plain twin, exact laws, and the prior they are drawn from."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning.advance import POOL, SEARCH, play_advance, play_pool
from budgetsim.simulate.reasoning.advance_prior import FAILURES, HABITS, STOP_RATIOS, AdvanceWorlds, advance_prior
from budgetsim.simulate.reasoning.columns import Uniforms

FALSE_ALARM = 1e-8  # of every comparison with an exact law, of which there are fewer than 100
RUNS = 4000
CONSTANT, ALTERNATING, AFTER_FAILURE = range(3)


def one_world(**given: float) -> AdvanceWorlds:
    """A world of the prior with some parameters set."""
    return advance_prior(1)._replace(**{name: np.array([value]) for name, value in given.items()})


def bounded_chance(bound: float, habit: int, step: int, failed: bool) -> float:
    if HABITS[habit] == "alternating":
        return 1.0 if step % 2 else bound
    if HABITS[habit] == "after failure" and failed:
        return (1.0 + bound) / 2
    return bound


def failure_law(
    gains: int,
    bound: float,
    habit: int,
    steps: int,
    pools: list[int] | None = None,
    rival: float = 1.0,
    stop: float = 0.0,
) -> float:
    """Chance of too few gains in so many steps of equal cost, by following every state."""
    now = {(0, False): 1.0}
    for step in range(steps):
        left = 1.0 - step / steps
        if left < stop - 1e-12:
            break
        selected = 1.0 if pools is None else 1.0 / (1.0 + (pools[step] - 1) * rival ** (1.0 / left))
        after: dict[tuple[int, bool], float] = {}
        for (made, failed), weight in now.items():
            if made == gains:
                outcomes = [((made, failed), 1.0)]
            else:
                chance = selected * bounded_chance(bound, habit, step, failed)
                outcomes = [((made + 1, False), chance), ((made, True), 1.0 - chance)]
            for state, share in outcomes:
                after[state] = after.get(state, 0.0) + weight * share
        now = after
    return sum(weight for (made, _), weight in now.items() if made < gains)


def assert_share(failures: int, runs: int, truth: float) -> None:
    assert stats.binomtest(int(failures), runs, truth).pvalue > FALSE_ALARM, (failures / runs, truth)


@pytest.mark.parametrize("gains", [1, 4])
@pytest.mark.parametrize("habit", range(3), ids=HABITS)
def test_steps_until_all_gains_have_the_exact_law(habit: int, gains: int):
    ended = play_advance(one_world(gains=gains, advance=0.2, habit=habit), runs=RUNS, seed=5)
    assert ended.reached.all()
    for steps in (gains, 3 * gains, 6 * gains):
        assert_share((ended.steps > steps).sum(), RUNS, failure_law(gains, 0.2, habit, steps))


def test_a_constant_chance_gives_the_negative_binomial_law():
    ended = play_advance(one_world(gains=3, advance=0.07, habit=CONSTANT), runs=RUNS, seed=1)
    for steps in (10, 30, 60, 90):
        assert_share((ended.steps > steps).sum(), RUNS, stats.nbinom.sf(steps - 3, 3, 0.07))


@pytest.mark.parametrize("habit", range(3), ids=HABITS)
@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize(("rival", "stop"), [(0.7, 0.0), (1.5, 0.0), (0.7, 0.2), (1.1, 0.2)])
def test_pools_under_a_budget_have_the_exact_law(habit: int, growing: bool, rival: float, stop: float):
    steps, size = 20, 4
    world = one_world(gains=3, progress=0.6, habit=habit, pool_size=size, competition=rival, stop_ratio=stop)
    world = world._replace(lowest_cost=np.array([7.0]), highest_cost=np.array([7.0]))
    ended = play_pool(world, 7.0 * steps, growing=growing, runs=RUNS, seed=2)
    pools = [min(size, 1 + step) if growing else size for step in range(steps)]
    truth = failure_law(3, 0.6, habit, steps, pools, rival, stop)
    assert_share((~ended.reached).sum(), RUNS, truth)
    made = 17 if stop else 20  # before the 17th step a fifth of the budget is left
    assert (ended.steps[~ended.reached] == made).all()


def test_a_twin_in_plain_python_ends_as_they_do():
    """Everything at once: growing pools, habits, random costs, and what is kept back; in budgets that are tight."""
    worlds = advance_prior(12, seed=3)
    budgets = 15.3 * worlds.highest_cost
    for growing in (False, True):
        ended = play_pool(worlds, budgets, growing=growing, runs=10, seed=9)
        for row in range(12):
            for run in range(10):
                seen = (ended.reached[row, run], ended.steps[row, run], ended.spent[row, run])
                reached, steps, spent = twin(worlds.part(row), budgets[row], growing, run, seed=9)
                assert (reached, steps) == seen[:2]
                assert spent == pytest.approx(seen[2], rel=1e-12)
        assert 0.1 < ended.reached.mean() < 0.9


def twin(world: AdvanceWorlds, budget: float, growing: bool, run: int, *, seed: int) -> tuple[bool, int, float]:
    with jax.enable_x64(True):
        key, steps = jnp.array([seed, 0], jnp.uint32), jnp.arange(400, dtype=jnp.uint32)
        numbers = np.asarray(Uniforms(key, jnp.uint32(int(world.number) * 65536 + run), steps, POOL).rows(3), float)
    left, step, made, failed = float(budget), 0, 0, False
    while made < world.gains and left >= world.highest_cost and left >= world.stop_ratio * budget:
        first, second, third = numbers[:, step]
        nodes = min(int(world.pool_size), step + 1) if growing else int(world.pool_size)
        values = [1.0] + [float(world.competition)] * (nodes - 1)
        powers = [value ** (budget / left) for value in values]
        useful = first < powers[0] / sum(powers)
        failed = not (useful and second < bounded_chance(float(world.progress), int(world.habit), step, failed))
        made += not failed
        left -= float(world.lowest_cost + (world.highest_cost - world.lowest_cost) * third)
        step += 1
    return made == world.gains, step, budget - left


def test_costs_are_uniform_and_apart_from_gains():
    world = one_world(gains=1, advance=0.3, habit=CONSTANT, lowest_cost=2.0, highest_cost=10.0)
    ended = play_advance(world, runs=RUNS, seed=4)
    for steps in (1, 2):
        costs = (ended.spent[ended.steps == steps] - 2.0 * steps) / 8.0
        # the sum of one or two uniform numbers
        law = stats.uniform(0.0, 1.0) if steps == 1 else stats.triang(0.5, 0.0, 2.0)
        assert stats.kstest(costs, law.cdf).pvalue > FALSE_ALARM


def test_a_search_is_the_same_in_any_company():
    worlds = advance_prior(130, seed=1)  # more than are played together
    few = worlds.part([128, 3, 70])
    for play in (
        lambda some, runs: play_advance(some, runs=runs, seed=6),
        lambda some, runs: play_pool(some, 30.0 * some.highest_cost, growing=True, runs=runs, seed=6),
    ):
        whole, part = play(worlds, 40), play(few, 25)
        for column, same in zip(whole, part, strict=True):
            assert np.array_equal(column[[128, 3, 70], :25], same)
    again = play_advance(few, runs=25, seed=7)
    assert not np.array_equal(again.steps, play_advance(few, runs=25, seed=6).steps)
    assert SEARCH != POOL


def test_rivals_far_ahead_at_the_end_leave_a_pool_of_one_alone():
    """Powers that overflow: with no rival the useful node is selected, with one it is not."""
    worlds = one_world(gains=5000, progress=1.0, habit=CONSTANT, pool_size=1, competition=2.0, stop_ratio=0.0)
    worlds = worlds._replace(lowest_cost=worlds.highest_cost)
    ended = play_pool(worlds, 5000 * worlds.highest_cost, growing=False, runs=3)
    assert ended.reached.all()
    rival = worlds._replace(pool_size=np.array([2]))
    late = play_pool(rival, 5000 * worlds.highest_cost, growing=False, runs=3)
    assert (late.steps == 5000).all()
    assert not late.reached.any()


def test_worlds_lie_in_the_prior_and_a_longer_list_begins_with_them():
    worlds = advance_prior(3000, seed=0)
    for column, first in zip(worlds, advance_prior(40, seed=0), strict=True):
        assert np.array_equal(column[:40], first)
    assert not np.array_equal(worlds.advance[:40], advance_prior(40, seed=1).advance)
    counts = (
        (worlds.gains, range(1, 13)),
        (worlds.failure, FAILURES),
        (worlds.habit, range(3)),
        (worlds.pool_size, range(2, 9)),
        (worlds.stop_ratio, STOP_RATIOS),
    )
    for column, values in counts:
        seen = [int((column == value).sum()) for value in values]
        assert sum(seen) == 3000
        assert stats.chisquare(seen).pvalue > FALSE_ALARM
    ratio = worlds.highest_cost / worlds.lowest_cost
    uniforms = (
        (np.log(worlds.advance / 0.03) / math.log(20.0)),
        (worlds.competition - 0.6) / 1.4,
        (worlds.progress - 0.3) / 0.6,
        np.log(worlds.lowest_cost) / math.log(200.0),
        (ratio - 1.0) / 7.0,
    )
    for column in uniforms:
        assert stats.kstest(column, "uniform").pvalue > FALSE_ALARM
    table = np.corrcoef([*uniforms, *(column for column, _ in counts)])
    assert np.abs(table - np.eye(len(table))).max() < 6.0 / math.sqrt(3000)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: advance_prior(0), "count must be"),
        (lambda: advance_prior(1, seed=-1), "seed must be"),
        (lambda: play_advance(advance_prior(1), runs=0), "runs must be"),
        (lambda: play_advance(one_world(gains=0), runs=1), "gains must be 1 or more"),
        (lambda: play_advance(one_world(advance=0.0), runs=1), "must lie in"),
        (lambda: play_pool(advance_prior(2), [1.0, -1.0], growing=False, runs=1), "budgets must be finite"),
        (lambda: play_pool(advance_prior(1), math.inf, growing=False, runs=1), "budgets must be finite"),
    ],
)
def test_what_is_refused(call, message: str):
    with pytest.raises(ValueError, match=message):
        call()
