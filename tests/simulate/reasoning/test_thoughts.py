"""One world for chains, trees, debates, told budgets and early stops: twins of all, and its laws in closed form."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import (
    AdaptiveConsistency,
    AnswerWorld,
    Beam,
    Budget,
    Debate,
    EstimatedBudget,
    FixedStop,
    ParallelChains,
    RelativeGainStop,
    ThoughtWorld,
    simulate_strategy,
    thought_prior,
)
from budgetsim.simulate.reasoning.reference import (
    adaptive_consistency,
    anytime_quality,
    debate,
    parallel_chains,
    token_budgets,
)
from budgetsim.simulate.reasoning.reference.beam import PlainBeam
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.replay import compare
from budgetsim.simulate.reasoning.reference.thoughts import PlainThought, StepwiseThought, plain_thoughts
from budgetsim.theory.equal_budget import debate_tokens, self_consistency_accuracy

PROBLEMS = 2**13
SAME = ThoughtWorld(right_concentration=math.inf, chain_spread=0.0)
PLAYERS = [
    (ParallelChains(chains=20), parallel_chains.play),
    (AdaptiveConsistency(threshold=0.9, largest=15), adaptive_consistency.play),
    (Debate(agents=3, rounds=4), debate.play),
    (EstimatedBudget(), token_budgets.estimated_budget),
    (RelativeGainStop(threshold=0.05), anytime_quality.relative_gain_stop),
]


def few_kinds(count, seed):
    """Draws of the prior with four answers: every other number would be compiled once more."""
    return [replace(setting.world, answers=4, dominant=0.4) for setting in thought_prior(count, seed=seed)]


@pytest.mark.parametrize(("policy", "twin"), PLAYERS, ids=lambda part: type(part).__name__)
def test_every_method_is_its_twin(policy, twin):
    choose = random.Random(0)
    for seed, world in enumerate(few_kinds(4, seed=11)):
        budget = Budget(tokens=choose.choice([20_000, choose.randint(100, 4000)]))
        compared = compare(world, plain_thoughts(world, seed, 40), policy, twin, budget, seed=seed)
        assert not compared.differences, world
        assert compared.problems > 30


@pytest.mark.parametrize("budget", [Budget(tokens=6000), Budget(tokens=900), Budget()])
def test_a_tree_makes_the_same_requests_as_its_twin(budget):
    world = few_kinds(1, seed=12)[0]
    rule = Beam(width=2, proposals=3, reserve=0.1)

    def plain(world, problem, index):
        right, sound, unseen, estimate = (np.asarray(part)[index].item() for part in problem)
        return StepwiseThought(PlainThought(world, right, sound, unseen, estimate))

    found, compared = differences(
        world, rule, lambda: PlainBeam(rule), budget, problems=16, seed=5, nodes=40, requests=90, plain=plain
    )
    assert found == []
    assert compared > 60


def test_votes_are_those_of_the_exact_sum(agrees):
    """Whole chains: the accuracy of a plurality of N samples, ties at random."""
    shares = []
    for number, right, answers in ((1, 0.5, 4), (5, 0.45, 4), (9, 0.3, 3), (2, 0.6, 2)):
        world = replace(SAME, right_mean=right, answers=answers, dominant=1.0 / (answers - 1))
        result = simulate_strategy(world, ParallelChains(chains=number), 10**6, problems=PROBLEMS, seed=number)
        shares.append((result.accuracy, float(self_consistency_accuracy(right, answers - 1, number))))
        assert result.largest == (150 * number, 200 * number, number, 0)
    agrees(shares)


def test_a_chain_made_step_by_step_is_as_good_as_one_at_once(agrees):
    """All steps are sound with probability p; a tree of one branch pays the prompt once, and one evaluation a step."""
    shares = []
    for steps, right in ((1, 0.4), (4, 0.7), (8, 0.25)):
        world = replace(SAME, steps=steps, right_mean=right, chain_tokens=40.0 * steps)
        result = simulate_strategy(world, Beam(width=1, proposals=1, reserve=0.0), 10**6, problems=PROBLEMS, seed=steps)
        shares.append((result.accuracy, right))
        assert result.largest == (150, steps * (40 + 60), 1, 0)
    agrees(shares)


@pytest.mark.quick
def test_an_answer_that_is_forced_leaps_what_is_missing(agrees):
    """After j steps: p times the chance to leap the others; a forced answer is written at every one of them."""
    shares = []
    for made in (1, 3, 4):
        world = replace(SAME, right_mean=0.6, steps=5, leap=0.7)
        result = simulate_strategy(world, FixedStop(checkpoint=made), 10**6, problems=PROBLEMS, seed=made)
        shares.append((result.accuracy, 0.6 * 0.7 ** (5 - made)))
        assert result.largest == (150, made * (40 + 10), 1, 0)
    agrees(shares)


@pytest.mark.quick
def test_second_thoughts_are_a_chain_of_two_states(agrees):
    """From p towards repair / (repair + spoil), a power of the transition matrix; what is not seen stays wrong."""
    shares = []
    for thoughts, repair, spoil, unseen in ((1, 0.2, 0.1, 0.0), (4, 0.3, 0.05, 0.0), (3, 0.2, 0.1, 1.0)):
        world = replace(SAME, answers=2, dominant=1.0, steps=2, repair=repair, spoil=spoil, unseen=unseen)
        held = FixedStop(checkpoint=2 + thoughts)  # one line of thought, wherever it leads
        repairs = 0.0 if unseen else repair
        move = np.linalg.matrix_power(np.array([[1 - spoil, spoil], [repairs, 1 - repairs]]), thoughts)
        result = simulate_strategy(world, held, 10**6, problems=PROBLEMS, seed=thoughts)
        shares.append((result.accuracy, float(move[:, 0].mean())))
        assert result.largest == (150, 100 * (2 + thoughts) + 10, 1, 0)  # a forced answer after the first step
    agrees(shares)


def test_told_chains_are_averaged_over_estimates(agrees):
    """Mean tokens and accuracy of TALE by quadrature over the estimate."""
    shares, means = [], []
    normal = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    for seed, world in enumerate(few_kinds(4, seed=13)):
        world = replace(world, right_concentration=math.inf, chain_spread=0.0, chain_tokens=round(world.chain_tokens))
        enough = world.sufficient_share * world.chain_tokens
        told = np.maximum(np.round(enough * world.estimator_margin * np.exp(world.estimator_spread * normal)), 1)
        gives_up = 1 / (1 + (told / (world.collapse_share * enough)) ** world.steepness)
        asked = np.maximum(np.round(world.overrun * told), 1)
        short = asked < world.chain_tokens
        made = np.where(short, np.minimum(np.floor(asked * world.steps / enough), world.steps), world.steps)
        right = gives_up + (1 - gives_up) * world.leap ** (world.steps - made)
        written = gives_up * world.chain_tokens + (1 - gives_up) * np.minimum(asked, world.chain_tokens)
        result = simulate_strategy(world, EstimatedBudget(), Budget(), problems=PROBLEMS, seed=seed)
        shares.append((result.accuracy, float(world.right_mean * right.mean())))
        means.append((result.output_tokens, world.estimator_tokens + float(written.mean())))
        assert result.input_tokens.value == 2 * world.prompt_tokens
    agrees(shares, means)


def test_a_debate_is_that_of_questions_with_few_answers():
    """The same numbers in both worlds: the same answers, the same tokens, and those of the closed form."""
    for rounds, agents in ((1, 3), (3, 3), (2, 6)):
        policy = Debate(agents=agents, rounds=rounds)
        shared = {"right_mean": 0.45, "right_concentration": math.inf, "answers": 4, "chain_spread": 0.0}
        ours, theirs = (
            simulate_strategy(world, policy, Budget(), problems=2048, seed=rounds, nodes=64)
            for world in (ThoughtWorld(dominant=1 / 3, **shared), AnswerWorld(**shared))
        )
        assert np.array_equal(ours.answers, theirs.answers)
        assert ours.largest == theirs.largest
        assert sum(ours.largest[:2]) == debate_tokens(agents, rounds, 150, 200)


def test_the_evaluator_errs_as_often_as_it_is_said_to():
    """What a perfect one keeps, what one that is blind keeps, and one that sees nothing of the commonest error."""

    def accuracy(**changed):
        world = replace(SAME, right_mean=0.3, steps=1, answers=2, dominant=1.0, **changed)
        tree = Beam(width=1, proposals=4, reserve=0.0)
        return simulate_strategy(world, tree, 10**6, problems=PROBLEMS, seed=1).accuracy

    one_of_four = 1 - 0.7**4
    perfect = accuracy(accepts_right=1.0, accepts_wrong=0.0, unseen=0.0)
    assert abs(perfect.value - one_of_four) < 5 * perfect.standard_error
    for changed in ({"accepts_right": 0.6, "accepts_wrong": 0.6, "unseen": 0.0},
                    {"accepts_right": 0.9, "accepts_wrong": 0.1, "unseen": 1.0}):  # fmt: skip
        useless = accuracy(**changed)
        assert abs(useless.value - 0.3) < 5 * useless.standard_error


@pytest.mark.quick
def test_a_call_goes_on_once():
    """Of three steps from a node the first reads nothing; of three from the root all read the prompt."""
    world = replace(SAME, steps=2, evaluator_tokens=0, accepts_right=1.0, accepts_wrong=1.0)
    result = simulate_strategy(world, Beam(width=1, proposals=3, reserve=0.0), 10**6, problems=8, seed=1)
    assert result.largest == (3 * 150 + 2 * (150 + 100), 6 * 100, 3 + 2, 0)


@pytest.mark.quick
def test_prior_is_the_declared_one():
    settings = thought_prior(400, seed=0)
    assert settings[:5] == thought_prior(5, seed=0)
    ranges = {"right_mean": (0.2, 0.8), "leap": (0.2, 0.95), "repair": (0, 0.3), "spoil": (0, 0.15),
              "accepts_right": (0.6, 1), "accepts_wrong": (0, 0.6), "unseen": (0, 1), "conformity": (0.2, 0.9),
              "sufficient_share": (0.15, 0.8), "overrun": (0.8, 1.6), "steepness": (1.5, 4),
              "estimator_spread": (0.2, 1)}  # fmt: skip
    logarithmic = {"right_concentration": (0.5, 20), "chain_tokens": (80, 600), "collapse_share": (0.1, 1),
                   "estimator_margin": (0.5, 4)}  # fmt: skip
    for names, scale in ((ranges, lambda value: value), (logarithmic, np.log)):
        for name, (low, high) in names.items():
            drawn = np.array([getattr(setting.world, name) for setting in settings], float)
            place = (scale(drawn) - scale(low)) / (scale(high) - scale(low)) if low > 0 else drawn / high
            assert stats.kstest(place, "uniform").pvalue > 1e-6, name
    assert {setting.world.steps for setting in settings} == set(range(3, 9))
    assert {setting.world.answers for setting in settings} == set(range(2, 7))
    assert {setting.agents for setting in settings} == {3, 6}
    assert {setting.threshold for setting in settings} == {0.01, 0.05, 0.1, 0.2}
    for setting in settings:
        one = setting.budgets[1]
        assert setting.budgets == tuple(halves * one // 2 for halves in (1, 2, 4, 8, 16, 32, 64, 128))
        assert 0 <= setting.world.dominant - 1 / (setting.world.answers - 1) <= 1


@pytest.mark.quick
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"steps": 0}, "steps must be a whole number in 1 ... 100, got 0"),
        ({"steps": 2.5}, "steps must be a whole number"),
        ({"leap": 1.1}, r"leap must be in \[0, 1\], got 1.1"),
        ({"dominant": 0.2}, r"dominant must be in \[0.3333, 1\], got 0.2"),
        ({"sufficient_share": 0.0}, r"sufficient_share must be in \(0, 1\], got 0.0"),
        ({"overrun": math.inf}, "overrun must be finite and above 0"),
        ({"prompt_tokens": -1}, "prompt_tokens must be a whole number"),
        ({"chain_tokens": math.nan}, "chain_tokens must be in"),
        ({"answers": 1}, "answers must be a whole number in 2 ... 127, got 1"),
        ({"right_concentration": 0.0}, "right_concentration must be above 0"),
    ],
)
def test_what_is_outside_its_domain_is_refused(changed, said):
    with pytest.raises(ValueError, match=said):
        ThoughtWorld(**changed)
