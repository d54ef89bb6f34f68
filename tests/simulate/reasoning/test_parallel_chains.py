"""Self-consistency against its twin, exact plurality votes, and votes over beta distributed questions."""

import math
import random

import numpy as np
import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, HopWorld, ParallelChains, Prices, simulate_strategy
from budgetsim.simulate.reasoning.reference.parallel_chains import play
from budgetsim.theory.equal_budget import self_consistency_accuracy, self_consistency_samples
from budgetsim.theory.plurality import plurality_accuracy
from budgetsim.theory.vote_populations import beta_vote_accuracy

PROBLEMS = 2**14


def test_same_as_twin_on_questions_with_few_answers(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=1)):
        policy = ParallelChains(chains=choose.randint(1, 20))
        budget = Budget(tokens=choose.choice(setting.budgets[:6]), calls=choose.choice([None, choose.randint(0, 20)]))
        assert same_as_twin(setting.world, policy, play, budget, seed=seed) > 30


def test_same_as_twin_on_questions_of_several_hops(same_as_twin):
    choose = random.Random(1)
    prices = Prices(input_token=1e-6, output_token=3e-6, call=0.01)
    for seed in range(8):
        world = HopWorld(misleading=choose.uniform(0.02, 0.4), early_stop=choose.uniform(0, 0.3), trapped=0.5)
        policy = ParallelChains(chains=choose.randint(1, 8), longest=choose.randint(1, 10))
        budget = Budget(tokens=choose.randint(500, 8000), money=choose.uniform(0.02, 0.3), prices=prices)
        assert same_as_twin(world, policy, play, budget, seed=seed, nodes=30) > 30


def test_same_as_twin_where_calls_end_in_the_middle_of_a_chain(same_as_twin):
    choose = random.Random(3)
    for seed in range(6):
        world = HopWorld(misleading=choose.uniform(0.02, 0.4), early_stop=choose.uniform(0, 0.3))
        policy = ParallelChains(longest=choose.randint(2, 10), answers_when_cut=seed % 3 > 0)
        budget = Budget(tokens=choose.randint(1500, 8000), calls=choose.randint(0, 9))
        assert same_as_twin(world, policy, play, budget, seed=seed, nodes=30) > 30


@pytest.mark.parametrize(("calls", "theirs"), [(5, 0.173), (10, 0.230), (20, 0.292)])
def test_chains_that_answer_when_cut_agree_with_an_independent_program(calls, theirs):
    """A second program, 3000 questions; chains that keep silent are .03 above, more than four standard errors."""
    found = [
        simulate_strategy(
            HopWorld(),
            ParallelChains(longest=9, answers_when_cut=answers),
            Budget(tokens=400 * calls, calls=calls),
            problems=PROBLEMS,
            seed=1,
        ).accuracy
        for answers in (True, False)
    ]
    noise = math.sqrt(theirs * (1 - theirs) / 3000)
    within, beyond = (abs(one.value - theirs) / math.hypot(one.standard_error, noise) for one in found)
    assert within < 4.0
    assert beyond > within


def test_accuracy_is_that_of_a_plurality(agrees):
    choose = random.Random(2)
    shares = []
    for seed in range(12):
        answers, votes, right = choose.choice([2, 5]), choose.randint(1, 40), choose.uniform(0.1, 0.8)
        dominant = choose.uniform(1 / (answers - 1), 1.0)
        world = AnswerWorld(right_mean=right, right_concentration=math.inf, answers=answers, dominant=dominant)
        result = simulate_strategy(
            world, ParallelChains(chains=votes), Budget(), problems=PROBLEMS, seed=seed, chunk=16
        )
        rest = [(1 - right) * (1 - dominant) / max(answers - 2, 1)] * (answers - 2)
        shares.append((result.accuracy, float(plurality_accuracy([right, (1 - right) * dominant, *rest], votes))))
        assert result.calls.value == votes
    agrees(shares)


def test_accuracy_over_beta_distributed_questions(agrees):
    choose = random.Random(3)
    shares = []
    for seed in range(6):
        mean, concentration, votes = choose.uniform(0.2, 0.8), choose.uniform(0.5, 20), 2 * choose.randint(0, 15) + 1
        world = AnswerWorld(right_mean=mean, right_concentration=concentration, answers=2)
        result = simulate_strategy(
            world, ParallelChains(chains=votes), Budget(), problems=PROBLEMS, seed=seed, chunk=16
        )
        exact = beta_vote_accuracy(mean * concentration, (1 - mean) * concentration, votes)
        shares.append((result.accuracy, float(exact)))
    agrees(shares)


def test_published_accuracies_of_self_consistency(agrees):
    published = {5: 0.594045, 6: 0.6239925, 9: 0.7036410, 32: 0.9402639}
    world = AnswerWorld(right_mean=0.45, right_concentration=math.inf)
    shares = []
    for votes, accuracy in published.items():
        result = simulate_strategy(
            world, ParallelChains(chains=votes), Budget(), problems=PROBLEMS, seed=votes, chunk=16
        )
        shares.append((result.accuracy, accuracy))
        assert self_consistency_accuracy(0.45, 3, votes) == pytest.approx(accuracy, abs=1e-6)
    agrees(shares)


@pytest.mark.parametrize(("tokens", "votes"), [(349, 0), (350, 1), (8550, 24), (27_900, 79), (120_600, 344)])
def test_votes_that_a_budget_pays_for(tokens, votes):
    world = AnswerWorld(chain_spread=0.0)  # 350 tokens a sample
    result = simulate_strategy(world, ParallelChains(chains=1000), tokens, problems=16, seed=0, nodes=100)
    assert (result.calls.value, result.calls.standard_error) == (votes, 0.0)
    assert votes == self_consistency_samples(tokens, 350)


def test_a_chain_that_runs_out_casts_no_vote():
    world = HopWorld(step_tokens=(100, 101), answer_tokens=(50, 51), early_stop=0.0, hop_weights=(1.0,), misleading=1.0)
    # chains of exactly four steps: 450 tokens each
    for tokens, votes in ((449, 0), (450, 1), (899, 1), (900, 2)):
        result = simulate_strategy(world, ParallelChains(longest=4), tokens, problems=64, seed=0)
        assert result.answered.value == min(votes, 1)
        assert result.output_tokens.value == (tokens // 450) * 450 + (tokens % 450) // 100 * 100
        assert result.expansions == 64 * (4 * (tokens // 450) + (tokens % 450) // 100)


def test_single_steps_before_the_limit_end_early():
    world = HopWorld(early_stop=1.0)
    result = simulate_strategy(world, ParallelChains(chains=1, longest=9), Budget(), problems=64, seed=0)
    assert result.expansions == 64


def test_nothing_is_asked_with_nothing_and_everything_with_no_limit():
    world = AnswerWorld()
    for tokens in (0, 1):
        result = simulate_strategy(world, ParallelChains(), tokens, problems=64, seed=0)
        assert result.largest == (0, 0, 0, 0)
        assert np.all(result.answers == -1)
    assert (
        simulate_strategy(world, ParallelChains(chains=7), Budget(tokens=math.inf), problems=64, seed=0).calls.value
        == 7
    )


@pytest.mark.parametrize("wrong", [{"chains": 0}, {"chains": 2**20 + 1}, {"longest": -1}])
def test_parameters_outside_their_domain_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ParallelChains(**wrong)
