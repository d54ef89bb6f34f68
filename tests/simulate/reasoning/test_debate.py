"""Debates against their twin, the exact chain of votes, the published rounds, and their exact tokens."""

import functools
import itertools
import math
import random
from collections import Counter

import numpy as np
import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, Debate, simulate_strategy
from budgetsim.simulate.reasoning.reference.debate import play
from budgetsim.theory.equal_budget import debate_tokens

PUBLISHED = {  # accuracy and entropy in bits, 8000 trials of a simulation that is not ours
    1: (0.626, 1.426),
    2: (0.609, 0.851),
    3: (0.607, 0.457),
    4: (0.606, 0.230),
    5: (0.604, 0.109),
    6: (0.604, 0.050),
}


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=8)):
        policy = Debate(agents=3, rounds=choose.randint(1, 5))
        budget = Budget(tokens=choose.choice(setting.budgets[2:]), calls=choose.choice([None, 8]))
        assert same_as_twin(setting.world, policy, play, budget, seed=seed) > 30


def test_same_as_twin_with_six_agents(same_as_twin):
    assert same_as_twin(AnswerWorld(), Debate(agents=6, rounds=3), play, Budget(), seed=1) > 30


def composed(laws):
    """Law of the counts when every agent draws its answer from a law of its own."""
    counts = {(0,) * len(laws[0]): 1.0}
    for law in laws:
        after = Counter()
        for have, chance in counts.items():
            for answer, share in enumerate(law):
                if share > 0.0:
                    after[tuple(count + (answer == place) for place, count in enumerate(have))] += chance * share
        counts = after
    return counts


@functools.cache
def next_round(counts, conformity):
    """Law of the counts after everybody has read the others."""
    laws = []
    for own, holders in enumerate(counts):
        others = [count - (answer == own) for answer, count in enumerate(counts)]
        leaders = [answer for answer, count in enumerate(others) if count == max(others) > 0]
        law = [conformity * (answer in leaders) / max(len(leaders), 1) for answer in range(len(counts))]
        law[own] += 1.0 - conformity if leaders else 1.0
        laws += [law] * holders
    return composed(laws)


def exact_rounds(law, agents, rounds, conformity):
    """Accuracy of the plurality and mean entropy of the answers, in bits, after every round."""
    counts = composed([law] * agents)
    table = []
    for _ in range(rounds):
        accuracy = entropy = 0.0
        for have, chance in counts.items():
            accuracy += chance * (have[0] == max(have)) / have.count(max(have))
            entropy -= chance * sum(count / agents * math.log2(count / agents) for count in have if count)
        table.append((accuracy, entropy))
        after = Counter()
        for have, chance in counts.items():
            for then, share in next_round(have, conformity).items():
                after[then] += chance * share
        counts = after
    return table


def test_accuracies_of_published_rounds(agrees):
    exact = exact_rounds([0.45, *[0.55 / 3] * 3], 6, 6, 0.6)
    world = AnswerWorld(right_mean=0.45, right_concentration=math.inf, conformity=0.6)
    shares = []
    for rounds, (accuracy, entropy) in PUBLISHED.items():
        result = simulate_strategy(
            world, Debate(agents=6, rounds=rounds), Budget(), problems=2**14, seed=rounds, chunk=16
        )
        shares.append((result.accuracy, exact[rounds - 1][0]))
        # 8000 trials: an accuracy has a standard error of .0055, an entropy one of .008 at most
        assert exact[rounds - 1] == pytest.approx((accuracy, entropy), abs=4.5 * 0.0055)
    agrees(shares)
    assert [round(entropy, 2) for _, entropy in exact] == sorted((round(e, 2) for _, e in exact), reverse=True)


def test_accuracy_is_that_of_the_exact_chain(agrees):
    choose = random.Random(1)
    shares = []
    for seed in range(8):
        agents, rounds = choose.choice([3, 6]), choose.randint(1, 4)
        right, dominant, conformity = choose.uniform(0.2, 0.7), choose.uniform(0.5, 1.0), choose.uniform(0.2, 0.9)
        world = AnswerWorld(
            right_mean=right, right_concentration=math.inf, answers=3, dominant=dominant, conformity=conformity
        )
        result = simulate_strategy(
            world, Debate(agents=agents, rounds=rounds), Budget(), problems=2**14, seed=seed, chunk=16
        )
        law = [right, (1 - right) * dominant, (1 - right) * (1 - dominant)]
        shares.append((result.accuracy, exact_rounds(law, agents, rounds, conformity)[-1][0]))
    agrees(shares)


@pytest.mark.parametrize(("agents", "rounds"), [(1, 1), (1, 4), (3, 1), (3, 2), (3, 3), (6, 3), (6, 6), (2, 12)])
def test_tokens_are_those_of_full_histories(agents, rounds):
    world = AnswerWorld(prompt_tokens=150, chain_tokens=200.0, chain_spread=0.0)
    result = simulate_strategy(world, Debate(agents=agents, rounds=rounds), Budget(), problems=16, seed=0, nodes=40)
    assert sum(result.largest[:2]) == debate_tokens(agents, rounds, 150, 200)
    assert result.input_tokens.standard_error == result.output_tokens.standard_error == 0.0


def test_a_single_agent_has_nobody_to_follow():
    world = AnswerWorld(right_mean=0.3, right_concentration=math.inf, conformity=1.0)
    once, often = (
        simulate_strategy(world, Debate(agents=1, rounds=r), Budget(), problems=2048, seed=0) for r in (1, 9)
    )
    assert np.array_equal(once.answers, often.answers)


def test_a_debate_that_runs_out_votes_with_what_was_said_last():
    world = AnswerWorld(chain_spread=0.0, right_mean=1.0)
    # three calls of 350 tokens, then calls of 950
    for tokens, calls in ((0, 0), (1, 0), (349, 0), (350, 1), (1049, 2), (1999, 3), (2000, 4), (math.inf, 6)):
        result = simulate_strategy(world, Debate(), Budget(tokens=tokens), problems=16, seed=0)
        assert result.calls.value == calls
        assert result.accuracy.value == (calls > 0)


def test_full_conformity_ends_disagreement_after_a_clear_majority():
    exact = exact_rounds([0.5, 0.5], 3, 2, 1.0)
    assert exact[1][0] == pytest.approx(0.5)  # three against none, or the majority of two followed and swapped
    assert sum(next_round((2, 1), 1.0).values()) == pytest.approx(1.0)
    assert set(itertools.chain(next_round((3, 0), 1.0))) == {(3, 0)}


@pytest.mark.parametrize("wrong", [{"agents": 0}, {"agents": 65}, {"rounds": 0}, {"rounds": 13}])
def test_parameters_outside_their_domain_are_named(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Debate(**wrong)
