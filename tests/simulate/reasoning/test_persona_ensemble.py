"""Persona ensembles against their twin and the enumeration of what different personas can say."""

import itertools
import math
import random

import numpy as np
import pytest

from budgetsim.simulate.reasoning import AnswerWorld, Budget, ParallelChains, PersonaEnsemble, simulate_strategy
from budgetsim.simulate.reasoning.reference.persona_ensemble import play
from budgetsim.theory.plurality import plurality_accuracy

PROBLEMS = 2**14


def test_same_as_twin(same_as_twin, drawn):
    choose = random.Random(0)
    for seed, setting in enumerate(drawn(6, seed=6)):
        policy = PersonaEnsemble(personas=choose.randint(1, 6), samples=choose.randint(1, 9))
        budget = Budget(tokens=choose.choice(setting.budgets[:5]))
        assert same_as_twin(setting.world, policy, play, budget, seed=seed) > 30


def enumerated(right, dominant, answers):
    """Accuracy for every question, of one vote of each persona: sum over all that they can say [personas, problems]."""
    rest = (1 - dominant) / max(answers - 2, 1)
    laws = np.stack([right, (1 - right) * dominant, *[(1 - right) * rest] * (answers - 2)])
    accuracy = np.zeros(right.shape[1])
    for said in itertools.product(range(answers), repeat=right.shape[0]):
        most = max(said.count(answer) for answer in said)
        leaders = {answer for answer in said if said.count(answer) == most}
        if 0 in leaders:
            chance = np.prod([laws[answer, persona] for persona, answer in enumerate(said)], axis=0)
            accuracy += chance / len(leaders)
    return accuracy


@pytest.mark.parametrize(("personas", "answers"), [(1, 4), (2, 4), (3, 3), (5, 3)])
def test_accuracy_given_what_the_personas_know(personas, answers):
    world = AnswerWorld(right_mean=0.5, right_concentration=3.0, answers=answers, personas=personas, dominant=0.6)
    policy = PersonaEnsemble(personas=personas, samples=personas)
    result = simulate_strategy(world, policy, Budget(), problems=PROBLEMS, seed=personas, chunk=16)
    # the same questions, drawn block by block
    drawn = [world.problems(personas, number, 1024).personas for number in range(PROBLEMS // 1024)]
    exact = enumerated(np.concatenate([np.asarray(part, float) for part in drawn], axis=1), 0.6, answers)
    distance = ((result.answers == 0) - exact).sum() / math.sqrt((exact * (1 - exact)).sum())
    assert abs(distance) < 5.5


def test_personas_without_a_difference_are_samples(agrees):
    world = AnswerWorld(right_mean=0.4, right_concentration=math.inf, answers=3, dominant=0.8, persona_spread=0.0)
    shares = []
    for samples in (3, 8, 21):
        result = simulate_strategy(
            world, PersonaEnsemble(samples=samples), Budget(), problems=PROBLEMS, seed=samples, chunk=16
        )
        shares.append((result.accuracy, float(plurality_accuracy([0.4, 0.48, 0.12], samples))))
    agrees(shares)


def test_one_persona_that_repeats_itself_gains_less_from_votes():
    world = AnswerWorld(right_mean=0.6, right_concentration=math.inf, answers=2, personas=9, persona_correlation=0.0)
    accuracy = [
        simulate_strategy(
            world, PersonaEnsemble(personas=personas, samples=27), Budget(), problems=4096, seed=1, nodes=30
        ).accuracy.value
        for personas in (1, 9)
    ]
    alone = simulate_strategy(world, ParallelChains(chains=27), Budget(), problems=4096, seed=1, nodes=30)
    assert accuracy[0] < accuracy[1] - 0.05
    assert accuracy[1] < alone.accuracy.value


def test_limits_and_what_a_persona_reads():
    world = AnswerWorld(chain_spread=0.0, persona_tokens=50)  # 400 tokens a call
    for tokens, samples in ((0, 0), (1, 0), (399, 0), (400, 1), (1600, 4), (math.inf, 8)):
        result = simulate_strategy(world, PersonaEnsemble(), Budget(tokens=tokens), problems=16, seed=0)
        assert result.largest == (200 * samples, 200 * samples, samples, 0)
        assert result.answered.value == (samples > 0)


@pytest.mark.parametrize("name", ["personas", "samples"])
def test_parameters_outside_their_domain_are_named(name):
    with pytest.raises(ValueError, match=name):
        PersonaEnsemble(**{name: 0})
