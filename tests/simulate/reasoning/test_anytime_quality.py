"""Stopping rules against their twins and the theory of stops; the anytime index of a strategy against closed forms."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.simulate.reasoning import (
    AnytimeWorld,
    Budget,
    FixedStop,
    OracleStop,
    PriceStop,
    RelativeGainStop,
    simulate_strategy,
)
from budgetsim.simulate.reasoning.anytime_prior import anytime_prior
from budgetsim.simulate.reasoning.anytime_quality import curve_index, regret, worth
from budgetsim.simulate.reasoning.reference import anytime_quality as plain
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.theory.anytime import anytime_index, exponential_anytime_index
from budgetsim.theory.stopping import best_stop, price_stop, relative_gain_stop

PLACES = np.array([256, 512, 1024, 2048, 4096])


def smooth(world):
    return world.final_quality * -np.expm1(-np.array(world.checkpoints) / world.scale)


def test_same_as_twin():
    choose = random.Random(0)
    for seed, (world, threshold) in enumerate(anytime_prior(4, seed=2)):
        problems = plain.plain_anytime(world, seed, 40)
        for policy, twin in (
            (FixedStop(checkpoint=choose.randint(1, 6)), plain.fixed_stop),
            (RelativeGainStop(threshold=threshold), plain.relative_gain_stop),
            (PriceStop(price=world.price), plain.price_stop),
            (OracleStop(), plain.oracle_stop),
        ):
            budget = Budget(tokens=choose.choice([None, 4096, 2048, 300, 100]))
            compared = compare(world, problems, policy, twin, budget, seed=seed)
            assert not compared.differences, (policy, budget)
            assert compared.problems > 35


def test_same_as_twin_where_much_noise_makes_early_answers_look_best():
    world = AnytimeWorld(final_quality=1.0, scale=2000.0, noise=0.5)
    compared = compare(
        world, plain.plain_anytime(world, 9, 100), PriceStop(price=0.0), plain.price_stop, Budget(tokens=4096), seed=9
    )
    assert not compared.differences
    assert compared.problems == 100


def test_same_as_twin_where_looks_and_answers_are_paid():
    choose = random.Random(10)
    for seed in range(4):
        world = AnytimeWorld(
            noise=0.2, price=1e-4, critic_tokens=choose.randint(1, 400), answer_tokens=choose.randint(1, 200)
        )
        problems = plain.plain_anytime(world, seed, 60)
        for policy, twin in (
            (RelativeGainStop(threshold=0.1), plain.relative_gain_stop),
            (PriceStop(price=1e-4), plain.price_stop),
            (OracleStop(), plain.oracle_stop),
        ):
            budget = Budget(tokens=choose.choice([None, choose.randint(200, 6000)]))
            compared = compare(world, problems, policy, twin, budget, seed=seed)
            assert not compared.differences, (policy, budget)
            assert compared.problems > 50


def test_accuracy_is_the_mean_quality(agrees):
    """Dips are independent of each other: at checkpoint t the mean is a mixture of two smooth qualities."""
    shares = []
    for seed, (world, _) in enumerate(anytime_prior(5, seed=3)):
        at = seed % 5
        result = simulate_strategy(world, FixedStop(checkpoint=at + 1), 4096, problems=2**13, seed=seed)
        before = smooth(world)[at - 2] if at >= 2 else 0.0
        shares.append((result.accuracy, float((1 - world.dip) * smooth(world)[at] + world.dip * before)))
        assert result.largest == (0, PLACES[at], at + 1, 0)
    agrees(shares)


def test_rules_stop_where_the_theory_does(agrees):
    """Without noise and dips: the rules pay for one step beyond the theory's stop, which sees it before paying."""
    choose = random.Random(4)
    shares = []
    for seed in range(8):
        price, threshold = math.exp(choose.uniform(math.log(1e-5), math.log(1e-3))), choose.uniform(0.01, 0.5)
        world = AnytimeWorld(
            final_quality=choose.uniform(0.4, 1), scale=choose.uniform(100, 4000), dip=0.0, noise=0.0, price=price
        )
        quality = smooth(world)
        ahead = min(int(relative_gain_stop(PLACES, quality, threshold).index) + 1, 4)
        relative = simulate_strategy(world, RelativeGainStop(threshold=threshold), 4096, problems=1024, seed=seed)
        assert relative.largest[1] == PLACES[ahead]
        priced = simulate_strategy(world, PriceStop(price=price), 4096, problems=1024, seed=seed)
        first = quality[0] / PLACES[0] < price
        ahead = 0 if first else min(int(price_stop(PLACES, quality, price).index) + 1, 4)
        assert priced.largest[1] == PLACES[ahead]
        oracle = simulate_strategy(world, OracleStop(), 4096, problems=1024, seed=seed)
        best = int(best_stop(PLACES, quality, price).index)
        assert oracle.largest[1] == PLACES[best]
        shares.append((oracle.accuracy, float(quality[best])))
        lost = regret(priced, oracle, price)
        assert lost.value > -2 * lost.standard_error
    agrees(shares)


def test_rules_pay_for_looks_and_answers():
    """The theory's stops on checkpoints that are later by what a look (and an answer, which no rule sees) costs."""
    choose, moved = random.Random(6), 0
    for seed in range(6):
        price, threshold = math.exp(choose.uniform(math.log(3e-5), math.log(5e-4))), choose.uniform(0.01, 0.5)
        look, answer = choose.randint(50, 600), choose.randint(10, 300)
        world = AnytimeWorld(
            final_quality=choose.uniform(0.4, 1), scale=choose.uniform(300, 3000), dip=0.0, noise=0.0, price=price,
            critic_tokens=look, answer_tokens=answer,
        )  # fmt: skip
        quality, count = smooth(world), np.arange(1, 6)
        spent = PLACES + count * (look + answer)
        ahead = min(int(relative_gain_stop(PLACES, quality, threshold).index) + 1, 4)
        relative = simulate_strategy(world, RelativeGainStop(threshold=threshold), Budget(), problems=64, seed=seed)
        assert relative.largest == (0, spent[ahead], ahead + 1, 0)
        seen = PLACES + count * look
        first = quality[0] / seen[0] < price
        ahead = 0 if first else min(int(price_stop(seen, quality, price).index) + 1, 4)
        priced = simulate_strategy(world, PriceStop(price=price), Budget(), problems=64, seed=seed)
        assert priced.largest == (0, spent[ahead], ahead + 1, 0)
        unseen = PLACES + count * answer  # the oracle looks at nothing
        best = int(best_stop(unseen, quality, price).index)
        oracle = simulate_strategy(world, OracleStop(), Budget(), problems=64, seed=seed)
        assert oracle.largest == (0, unseen[best], best + 1, 0)
        moved += best != int(best_stop(PLACES, quality, price).index)
    assert moved > 1  # what answering costs makes the oracle stop sooner


def test_an_answer_that_cannot_be_paid_is_not_given():
    world, policy = AnytimeWorld(answer_tokens=10), FixedStop(checkpoint=2)
    for limit, spent, answered in ((265, 256, 0.0), (266, 266, 1.0), (531, 522, 1.0), (532, 532, 1.0)):
        result = simulate_strategy(world, policy, limit, problems=16, seed=0)
        assert (result.largest[1], result.answered.value) == (spent, answered)


def test_no_rule_beats_the_oracle_in_expectation():
    for seed, (world, threshold) in enumerate(anytime_prior(4, seed=5)):
        policies = (FixedStop(checkpoint=3), RelativeGainStop(threshold=threshold), PriceStop(price=world.price))
        best = simulate_strategy(world, OracleStop(), 4096, problems=4096, seed=seed)
        for policy in policies:
            lost = regret(simulate_strategy(world, policy, 4096, problems=4096, seed=seed), best, world.price)
            assert lost.value > -4 * lost.standard_error
        course = world.problems(seed, 0, 1024)
        quality = np.asarray(course.quality, float)
        hindsight = (quality - world.price * PLACES[:, None]).max(axis=0)
        estimate = worth(best, world.price)
        assert abs(estimate.value - hindsight.mean()) < 5.5 * math.hypot(estimate.standard_error, hindsight.std() / 32)


def test_index_of_a_strategy():
    """Exact area through the checkpoints; the exponential closed form on a fine grid."""
    for seed, scale in enumerate((200.0, 800.0, 3000.0)):
        world = AnytimeWorld(final_quality=0.9, scale=scale, dip=0.0, noise=0.0)
        result = simulate_strategy(world, FixedStop(checkpoint=5), 4096, problems=2**13, seed=seed)
        index = curve_index(result, world.checkpoints)
        assert abs(index.value - float(anytime_index(PLACES, smooth(world), 1.0))) < 5.5 * index.standard_error
        fine = AnytimeWorld(
            checkpoints=tuple(256 * place for place in range(1, 17)), final_quality=0.9, scale=scale, dip=0.0, noise=0.0
        )
        result = simulate_strategy(fine, FixedStop(checkpoint=16), 4096, problems=2**13, seed=seed)
        curve = [0.0, *(point.value for point in result.curve)]
        area = float(np.trapezoid(curve)) / 16
        error = sum(point.standard_error for point in result.curve) / 16
        exact = exponential_anytime_index(scale, 4096, 0.9).absolute
        grid = 256**2 / 12 * 0.9 / scale / 4096 * 1.5  # error of the trapezoids, with room for their fourth order
        assert abs(area - float(exact)) < 5.5 * error + grid


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    quality=st.floats(0, 1),
    scale=st.floats(1, 10_000),
    dip=st.floats(0, 1),
    noise=st.floats(0, 2),
    tokens=st.one_of(st.none(), st.integers(0, 5000)),
    calls=st.one_of(st.none(), st.integers(0, 6)),
    paid=st.tuples(st.integers(0, 600), st.integers(0, 600)),
    seed=st.integers(0, 2**64 - 1),
)
def test_no_budget_is_exceeded(quality, scale, dip, noise, tokens, calls, paid, seed):
    look, answer = paid
    world = AnytimeWorld(
        final_quality=quality, scale=scale, dip=dip, noise=noise, critic_tokens=look, answer_tokens=answer
    )
    for policy in (FixedStop(checkpoint=9), RelativeGainStop(), PriceStop(price=1e-5), OracleStop()):
        result = simulate_strategy(world, policy, Budget(tokens=tokens, calls=calls), problems=64, seed=seed)
        most = 4096 + 5 * (look + answer)
        assert sum(result.largest[:2]) <= (most if tokens is None else min(tokens, most))
        assert calls is None or result.largest[2] <= calls


def test_prior_is_the_one_written_down():
    drawn = anytime_prior(3000, seed=0)
    laws = {
        "final_quality": stats.uniform(0.4, 0.6),
        "scale": stats.loguniform(100, 4000),
        "dip": stats.uniform(0, 0.3),
        "noise": stats.uniform(0, 0.2),
        "price": stats.loguniform(1e-5, 1e-3),
    }
    for name, law in laws.items():
        assert stats.kstest([getattr(setting.world, name) for setting in drawn], law.cdf).pvalue > 1e-8, name
    thresholds, counts = np.unique([setting.threshold for setting in drawn], return_counts=True)
    assert thresholds.tolist() == [0.01, 0.05, 0.1, 0.2]
    assert stats.chisquare(counts).pvalue > 1e-8
    assert {setting.world.checkpoints for setting in drawn} == {(256, 512, 1024, 2048, 4096)}
    assert anytime_prior(3, seed=0) == drawn[:3]
    assert anytime_prior(3, seed=1) != drawn[:3]


RESULT = simulate_strategy(AnytimeWorld(), FixedStop(), 4096, problems=8, seed=0)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: AnytimeWorld(checkpoints=(1, 1)), "checkpoints"),
        (lambda: AnytimeWorld(checkpoints=(0, 1)), "checkpoints"),
        (lambda: AnytimeWorld(dip=1.5), "dip"),
        (lambda: AnytimeWorld(scale=0.0), "scale"),
        (lambda: AnytimeWorld(noise=-0.1), "noise"),
        (lambda: AnytimeWorld(critic_tokens=2**21), "critic_tokens"),
        (lambda: AnytimeWorld(answer_tokens=0.5), "answer_tokens"),
        (lambda: FixedStop(checkpoint=0), "checkpoint"),
        (lambda: RelativeGainStop(threshold=-1.0), "threshold"),
        (lambda: PriceStop(price=-1.0), "price"),
        (lambda: curve_index(RESULT, (100, 4096)), "checkpoints"),
        (lambda: curve_index(RESULT, (256, 4096), 0.0), "largest_quality"),
        (lambda: anytime_prior(0), "count"),
    ],
)
def test_arguments_outside_their_domain_are_named(make, name):
    with pytest.raises(ValueError, match=name):
        make()
