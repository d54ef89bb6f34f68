"""Cascades against their twin, and accuracy and cost by enumeration of what the cheap model can say."""

import itertools
import math
import random

import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, Cascade, simulate_strategy
from budgetsim.simulate.reasoning.reference.cascade import play
from budgetsim.theory.plurality import plurality_accuracy


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=7)):
        policy = Cascade(
            cheap_samples=choose.randint(1, 5), agreement=choose.randint(1, 5), strong_samples=choose.randint(1, 5)
        )
        budget = Budget(tokens=choose.choice(setting.budgets[:4]), calls=choose.choice([None, 2, 5]))
        assert same_as_twin(setting.world, policy, play, budget, seed=seed) > 30


def enumerated(law, cheap_samples, agreement):
    """Chance that the cheap model does not agree, and that it agrees on the right answer."""
    escalates = right = 0.0
    for said in itertools.product(range(len(law)), repeat=cheap_samples):
        chance = math.prod(law[answer] for answer in said)
        most = max(said.count(answer) for answer in said)
        leaders = {answer for answer in said if said.count(answer) == most}
        if most < agreement:
            escalates += chance
        elif 0 in leaders:
            right += chance / len(leaders)
    return escalates, right


def test_accuracy_and_cost_are_those_of_the_enumeration(agrees):
    choose = random.Random(1)
    shares, means = [], []
    for seed in range(12):
        answers, right, odds = choose.choice([2, 4]), choose.uniform(0.2, 0.9), choose.uniform(0.1, 1.0)
        dominant = choose.uniform(1 / (answers - 1), 1.0)
        cheap_samples, agreement, strong = choose.randint(1, 5), choose.randint(1, 6), choose.randint(1, 9)
        world = AnswerWorld(
            right_mean=right,
            right_concentration=math.inf,
            answers=answers,
            dominant=dominant,
            chain_spread=0.0,
            cheap_odds=odds,
            cheap_price=0.13,  # 20 of 150 and 26 of 200 tokens
        )
        result = simulate_strategy(
            world, Cascade(cheap_samples=cheap_samples, agreement=agreement, strong_samples=strong), Budget(),
            problems=2**14, seed=seed, chunk=16,
        )  # fmt: skip

        def law(share, answers=answers, dominant=dominant):
            return [share, (1 - share) * dominant] + (answers - 2) * [
                (1 - share) * (1 - dominant) / max(answers - 2, 1)
            ]

        escalates, kept = enumerated(law(odds * right / (1 - right + odds * right)), cheap_samples, agreement)
        shares.append((result.accuracy, kept + escalates * float(plurality_accuracy(law(right), strong))))
        means.append((result.input_tokens, 20 * cheap_samples + escalates * 150 * strong))
        means.append((result.output_tokens, 26 * cheap_samples + escalates * 200 * strong))
        means.append((result.calls, cheap_samples + escalates * strong))
    agrees(shares, means)


def test_cheap_votes_count_where_no_strong_one_is_paid():
    world = AnswerWorld(right_mean=1.0, chain_spread=0.0, cheap_price=0.1)  # 35 and 350 tokens
    always = Cascade(cheap_samples=3, agreement=4, strong_samples=2)
    for tokens, calls in ((0, 0), (1, 0), (34, 0), (35, 1), (105, 3), (454, 3), (455, 4), (805, 5), (math.inf, 5)):
        result = simulate_strategy(world, always, Budget(tokens=tokens), problems=16, seed=0)
        assert result.calls.value == calls
        assert result.accuracy.value == (calls > 0)


@pytest.mark.parametrize("name", ["cheap_samples", "agreement", "strong_samples"])
def test_parameters_outside_their_domain_are_named(name):
    with pytest.raises(ValueError, match=name):
        Cascade(**{name: 0})
