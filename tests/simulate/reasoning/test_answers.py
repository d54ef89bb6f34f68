"""Questions with few answers: laws of samples, tokens, models, personas; what the evaluator says."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import AnswerWorld, Budget, ParallelChains, Single, simulate_strategy
from budgetsim.simulate.reasoning.answers import CHEAP, PERSONA
from budgetsim.simulate.reasoning.ballots import plurality
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.world import KEEP

COUNT = 2**16


def calls(world, hint, seed=0):
    """Answers, costs, verdicts and grades of one call each."""
    with jax.enable_x64(False):
        key = jnp.array([seed, 0], jnp.uint32)
        place = jnp.arange(COUNT, dtype=jnp.uint32)
        problem = world.problems(seed, 0, COUNT)
        root, memory = world.root(problem), world.memory(problem)
        step = world.step(Uniforms(key, place, jnp.uint32(0), 1), problem, memory, root, jnp.full(COUNT, hint))
        verdict, score, paid = world.critic(Uniforms(key, place, jnp.uint32(0), 2), problem, root, step.child)
    return tuple(np.asarray(part) for part in (step.child.answer, step.costs, verdict, score, paid))


def expected_law(world, right):
    """Probability of each answer."""
    rest = world.answers - 2
    others = [(1 - right) * (1 - world.dominant_share) / rest] * rest if rest else []
    return np.array([right, (1 - right) * world.dominant_share, *others])


def chi_square(answers, law):
    counts = np.bincount(answers, minlength=law.size)
    assert counts.size == law.size
    return stats.chisquare(counts, law * answers.size).pvalue


@pytest.mark.parametrize(("answers", "dominant"), [(2, None), (3, 0.7), (4, None), (6, 0.9), (5, 1 / 4)])
def test_samples_follow_their_law(answers, dominant):
    world = AnswerWorld(right_mean=0.35, right_concentration=math.inf, answers=answers, dominant=dominant)
    law = expected_law(world, 0.35)
    assert chi_square(calls(world, KEEP)[0], law) > 1e-8
    cheap = 0.5 * 0.35 / (0.65 + 0.5 * 0.35)  # odds of one half of the strong model's
    assert chi_square(calls(world, CHEAP)[0], expected_law(world, cheap)) > 1e-8


def test_right_answer_probabilities_are_beta_distributed():
    world = AnswerWorld(right_mean=0.3, right_concentration=5.0)
    right = np.asarray(world.problems(3, 0, 20_000).right)
    assert stats.kstest(right, stats.beta(1.5, 3.5).cdf).pvalue > 1e-8


def test_tokens_are_lognormal_with_their_mean():
    world = AnswerWorld(prompt_tokens=70, chain_tokens=5000.0, chain_spread=0.4)
    _, paid, *_ = calls(world, KEEP)
    assert set(paid[0]) == {70}
    assert set(paid[2]) == {1}
    law = stats.lognorm(0.4, scale=5000.0 * math.exp(-0.08))
    assert stats.kstest(paid[1] + np.random.default_rng(0).uniform(-0.5, 0.5, COUNT), law.cdf).pvalue > 1e-8
    assert abs(paid[1].mean() - 5000.0) < 5.5 * law.std() / math.sqrt(COUNT)


def test_what_a_cheap_call_and_a_persona_cost():
    world = AnswerWorld(prompt_tokens=150, chain_tokens=201.0, chain_spread=0.0, cheap_price=0.1, persona_tokens=40)
    assert calls(world, CHEAP)[1][:, 0].tolist() == [15, 21, 1, 0]  # 20.1 rounded up
    assert calls(world, PERSONA + 2)[1][:, 0].tolist() == [190, 201, 1, 0]
    assert calls(dataclasses.replace(world, evaluator_input=7), KEEP)[4][:, 0].tolist() == [7, 60, 1, 0]


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
def test_personas_differ_by_correlated_shifts_of_the_log_odds(correlation):
    world = AnswerWorld(
        right_mean=0.4, right_concentration=math.inf, personas=3, persona_spread=0.8, persona_correlation=correlation
    )
    personas = np.asarray(world.problems(0, 0, COUNT).personas, float)
    shifts = np.log(personas / (1 - personas)) - math.log(0.4 / 0.6)
    assert np.allclose(shifts.std(axis=1), 0.8, atol=5.5 * 0.8 / math.sqrt(2 * COUNT))
    pairs = np.corrcoef(shifts)[np.triu_indices(3, 1)]
    assert np.allclose(pairs, correlation, atol=5.5 / math.sqrt(COUNT) * (1 - correlation**2) + 1e-3)
    answers = calls(world, PERSONA + 4)[0]  # the second persona again
    distance = ((answers == 0) - personas[1]).sum() / math.sqrt((personas[1] * (1 - personas[1])).sum())
    assert abs(distance) < 5.5


@pytest.mark.parametrize(("accepts_right", "accepts_wrong"), [(1.0, 0.0), (0.8, 0.5), (0.3, 0.6)])
def test_evaluator_accepts_at_its_rates_and_where_the_grade_is_above_its_threshold(accepts_right, accepts_wrong):
    world = AnswerWorld(
        right_concentration=math.inf,
        accepts_right=accepts_right,
        accepts_wrong=accepts_wrong,
        grade_spread_right=0.8,
        grade_spread_wrong=1.2,
    )
    answers, _, verdict, score, _ = calls(world, KEEP)
    for kind, rate, spread in ((answers == 0, accepts_right, 0.8), (answers != 0, accepts_wrong, 1.2)):
        accepted = int((verdict[kind] > 0).sum())
        assert stats.binomtest(accepted, int(kind.sum()), rate).pvalue > 1e-8
        if 0.0 < rate < 1.0:
            share = (score[kind].astype(float) - 0.1) / 0.9
            law = stats.norm(spread * stats.norm.ppf(rate), spread)
            assert stats.kstest(np.log(share / (1 - share)), law.cdf).pvalue > 1e-8
    assert np.mean((verdict > 0) == (score > 0.55)) > 0.9999


def test_a_sample_from_the_root_costs_and_a_read_does_not():
    result = simulate_strategy(AnswerWorld(chain_spread=0.0), Single(), Budget(), problems=100, seed=0)
    assert result.largest == (150, 200, 1, 0)
    world = AnswerWorld()
    problem = world.problems(0, 0, 8)
    said = world.root(problem)._replace(answer=jnp.full(8, 2, jnp.int8))
    uniform = Uniforms(jnp.zeros(2, jnp.uint32), jnp.arange(8, dtype=jnp.uint32), jnp.uint32(0), 3)
    answer, paid = world.answer(uniform, problem, said)
    assert answer.tolist() == [2] * 8
    assert not np.asarray(paid).any()


def test_whole_numbers_do_as_well_as_fractions():
    whole = AnswerWorld(right_mean=1, chain_tokens=200, chain_spread=0, accepts_right=1, accepts_wrong=0, conformity=1)
    assert simulate_strategy(whole, ParallelChains(chains=2), 10_000, problems=8, seed=0).accuracy.value == 1.0
    assert calls(whole, KEEP)[3].max() == 1.0


def test_ties_are_broken_evenly():
    votes = jnp.broadcast_to(jnp.array([2, 1, 2, 2])[:, None], (4, 3 * 10**5))
    uniform = jnp.asarray(np.random.default_rng(0).uniform(size=3 * 10**5), jnp.float32)
    counts = np.bincount(np.asarray(plurality(uniform, votes)), minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]]).pvalue > 1e-8


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("right_mean", 1.1),
        ("right_mean", math.nan),
        ("right_concentration", 0.0),
        ("answers", 1),
        ("answers", 128),
        ("dominant", 0.2),
        ("prompt_tokens", -1),
        ("prompt_tokens", 1.5),
        ("demonstration_tokens", 0.5),
        ("chain_tokens", math.inf),
        ("chain_spread", -0.1),
        ("accepts_wrong", -0.1),
        ("grade_spread_wrong", 0.0),
        ("cheap_odds", math.nan),
        ("personas", 0),
        ("persona_correlation", 2.0),
        ("conformity", -1.0),
    ],
)
def test_parameters_outside_their_domain_are_named(field, value):
    with pytest.raises(ValueError, match=field):
        AnswerWorld(**{field: value})
