"""Worked examples are read, and paid, with every call of the generator and with no other."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate.reasoning import (
    AnswerWorld,
    ArithmeticWorld,
    Beam,
    BestOfN,
    Budget,
    Cascade,
    Debate,
    HopWorld,
    ParallelChains,
    PersonaEnsemble,
    Single,
    Uniform,
    simulate_strategy,
    simulate_worlds,
)
from budgetsim.simulate.reasoning.answers import CHEAP, PERSONA
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.debates import DEBATER
from budgetsim.simulate.reasoning.policy import ANSWER, EXPAND
from budgetsim.simulate.reasoning.reference import best_of_n, cascade, debate, parallel_chains, persona_ensemble, single
from budgetsim.simulate.reasoning.reference.beam import PlainBeam
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.trace import trace
from budgetsim.simulate.reasoning.reference.uniform import PlainUniform
from budgetsim.simulate.reasoning.world import KEEP

EXAMPLES = 1000
QUESTIONS = AnswerWorld(
    chain_spread=0.0, persona_tokens=40, demonstration_tokens=EXAMPLES
)  # read 150, write 200 tokens
PUZZLES = dataclasses.replace(ArithmeticWorld(), demonstration_tokens=EXAMPLES)


@pytest.mark.parametrize(
    ("hint", "paid"),
    [(KEEP, [1150, 200]), (CHEAP, [115, 20]), (DEBATER, [1150, 200]), (PERSONA + 1, [1190, 200])],
)
def test_who_reads_the_examples(hint, paid):
    """The cheap model at its price, a tenth; the evaluator not at all."""
    key, place = jnp.zeros(2, jnp.uint32), jnp.arange(8, dtype=jnp.uint32)
    with jax.enable_x64(False):
        problem = QUESTIONS.problems(0, 0, 8)
        root, memory = QUESTIONS.root(problem), QUESTIONS.memory(problem)
        step = QUESTIONS.step(Uniforms(key, place, jnp.uint32(0), 1), problem, memory, root, jnp.full(8, hint))
        *_, judged = QUESTIONS.critic(Uniforms(key, place, jnp.uint32(0), 2), problem, root, step.child)
    assert np.array_equal(step.costs[:2], np.array([paid] * 8).T)
    assert np.array_equal(judged[:2], np.array([[0, 60]] * 8).T)


def test_a_sample_is_as_long_as_what_is_read_and_written():
    assert QUESTIONS.sample_tokens == 1350
    assert simulate_strategy(QUESTIONS, Single(), 1350, problems=16, seed=0).largest == (1150, 200, 1, 0)
    assert simulate_strategy(QUESTIONS, Single(), 1349, problems=16, seed=0).answered.value == 0.0


@pytest.mark.parametrize(
    ("policy", "twin", "read"),
    [
        (Single(), single.play, 1150),
        (ParallelChains(chains=3), parallel_chains.play, 3 * 1150),
        (PersonaEnsemble(samples=3), persona_ensemble.play, 3 * 1190),
        (Debate(agents=2, rounds=2), debate.play, 4 * 1150 + 2 * 2 * 200),  # round two reads what round one wrote
        (BestOfN(samples=2), best_of_n.play, 2 * 1150),
        (Cascade(), cascade.play, None),
    ],
)
def test_a_strategy_pays_for_them_in_every_call(policy, twin, read, same_as_twin):
    result = simulate_strategy(QUESTIONS, policy, Budget(), problems=64, seed=0)
    assert read is None or (result.largest[0], result.input_tokens.value) == (read, read)
    for budget in (Budget(tokens=4000), Budget()):
        assert same_as_twin(QUESTIONS, policy, twin, budget, seed=1) > 30


def test_worlds_together_pay_each_for_its_own():
    worlds = [dataclasses.replace(QUESTIONS, demonstration_tokens=tokens) for tokens in (0, 10, 300)]
    result = simulate_worlds(worlds, Single(), Budget(), problems_per_world=64, seed=0)
    assert result.input_tokens.tolist() == [150.0, 160.0, 450.0]


@pytest.mark.parametrize("prompts", [{}, {"prompt_tokens": 7, "resent": 0.5, "repeat_by": "node"}])
def test_steps_and_answers_of_hops_read_them_and_the_critic_does_not(prompts, same_as_twin):
    """Paid above the same run without examples: 1000 tokens a request, though every step is judged as well."""
    plain = HopWorld(**prompts)
    world, policy = dataclasses.replace(plain, demonstration_tokens=EXAMPLES), Uniform()
    assert policy.uses_critic
    asked = {"problems": 24, "seed": 3, "nodes": 16, "requests": 72}
    with_, without = (trace(given, policy, Budget(calls=6), **asked) for given in (world, plain))
    assert np.array_equal(with_.answer, without.answer)
    made = [sum(request.made for request in requests) for requests in with_.requests]
    assert np.array_equal(with_.spent - without.spent, EXAMPLES * np.array(made) * np.eye(4, 1, dtype=int))
    assert {request.kind for requests in with_.requests for request in requests if request.made} == {EXPAND, ANSWER}
    found, compared = differences(world, policy, lambda: PlainUniform(policy), Budget(tokens=9000), **asked)
    assert (found, compared > 24) == ([], True)
    if not prompts:
        chains = ParallelChains(chains=3)
        assert same_as_twin(world, chains, parallel_chains.play, Budget(tokens=9000), seed=4, nodes=30) > 30


def test_lists_and_answers_of_puzzles_read_them_and_votes_do_not():
    """A beam of width 1 asks for four lists, the last of which writes the answer."""
    rule = Beam(width=1, proposals=PUZZLES.branching, reserve=0.0)
    with_, without = (
        simulate_strategy(given, rule, Budget(), problems=256, seed=5, nodes=40)
        for given in (PUZZLES, ArithmeticWorld())
    )
    assert np.array_equal(with_.answers, without.answers)
    assert with_.input_tokens.value - without.input_tokens.value == pytest.approx(4 * EXAMPLES, rel=1e-12)
    assert with_.output_tokens.value == without.output_tokens.value
    at_once = simulate_strategy(PUZZLES, Single(), Budget(), problems=16, seed=0)
    assert at_once.largest[:2] == (PUZZLES.answer_tokens[0] + EXAMPLES, PUZZLES.answer_tokens[1])
    found, compared = differences(
        PUZZLES, rule, lambda: PlainBeam(rule), Budget(tokens=9000), problems=16, seed=3, nodes=40, requests=90
    )
    assert (found, compared > 100) == ([], True)
