"""How strategies are compared: with their plain twins draw by draw, with the truth at a stated rate of false alarms.

Then all strategies, in the worlds they are made for, with the ranges from which `test_every_policy.py` draws.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate import reasoning as our
from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning import Budget, Policy, VoteSetting, World, vote_prior
from budgetsim.simulate.reasoning.engine import Played, play
from budgetsim.simulate.reasoning.reference.replay import compare, plain_problems
from budgetsim.simulate.reasoning.result import BLOCK

FALSE_ALARM_RATE = 2e-5  # that any of the comparisons with a truth fails if all is right
MOST_CHECKS = 60  # calls of `agrees`: fewer are made, which leaves room for tests of laws at 1e-8 to 1e-6 each


def one_block(world: Any, policy: Any, budget: Budget, *, seed: int, nodes: int) -> Played:
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(BLOCK, dtype=jnp.uint32)
        problem = world.problems(seed, 0, BLOCK)
        return play(world, policy, nodes + 1, 4 * nodes + 8, budget.ledger(), key, place, problem)


def assert_same_as_twin(
    world: Any, policy: Any, twin: Callable[..., int], budget: Budget, *, seed: int, nodes: int = 20, problems: int = 40
) -> int:
    """Calls, answers, costs and trees of engine and twin; gives the number of problems compared."""
    compared = compare(world, plain_problems(world, seed, problems), policy, twin, budget, seed=seed, nodes=nodes)
    assert not compared.differences, (policy, budget)
    return compared.problems


def assert_agreement(shares: Sequence[tuple[Estimate, float]], means: Sequence[tuple[Estimate, float]] = ()) -> None:
    """Estimates against truths: exact binomial tests of shares, normal ones of means, corrected for their number."""
    p_values, distances = [], []
    for share, truth in shares:
        p_values.append(stats.binomtest(round(share.value * share.draws), share.draws, truth).pvalue)
        distances.append((share.value - truth) / np.sqrt(max(truth * (1.0 - truth), 1e-12) / share.draws))
    for mean, truth in means:
        distances.append(0.0 if abs(mean.value - truth) < 1e-9 else mean.z_score(truth))
        p_values.append(2.0 * stats.norm.sf(abs(distances[-1])))
    worst = int(np.argmin(p_values))
    print(f"{len(p_values)} comparisons, farthest at {distances[worst]:+.2f} standard errors")
    assert p_values[worst] * len(p_values) > FALSE_ALARM_RATE / MOST_CHECKS, (
        [*shares, *means][worst],
        distances[worst],
    )


def drawn_settings(count: int, *, seed: int, answers: int) -> list[VoteSetting]:
    """Draws from the prior with one number of answers: every other one would be compiled once more."""
    return [setting for setting in vote_prior(16 * count, seed=seed) if setting.world.answers == answers][:count]


@pytest.fixture(params=[5, 2])
def drawn(request: pytest.FixtureRequest) -> Callable[..., list[VoteSetting]]:
    return partial(drawn_settings, answers=request.param)


@pytest.fixture
def same_as_twin() -> Callable[..., int]:
    return assert_same_as_twin


@pytest.fixture
def agrees() -> Callable[..., None]:
    return assert_agreement


@pytest.fixture
def block() -> Callable[..., Played]:
    return one_block


Draw = Callable[[random.Random], Any]


def share(draw: random.Random) -> float:
    return draw.choice([0.0, 1.0, draw.random(), draw.random()])


def real(low: float, high: float) -> Draw:
    return lambda draw: draw.uniform(low, high)


def whole(low: int, high: int) -> Draw:
    return lambda draw: draw.randint(low, high)


def calls(draw: random.Random) -> float:
    return float(draw.randint(1, 20))


def tokens(draw: random.Random) -> int:
    return draw.choice([0, 1, draw.randint(2, 9), draw.randint(10, 400)])


def span(draw: random.Random) -> tuple[int, int]:
    low = tokens(draw)
    return low, low + draw.choice([1, 1 + tokens(draw)])


def several(count: int, one: Draw) -> Draw:
    return lambda draw: tuple(one(draw) for _ in range(count))


def tree(default: our.ValueTree) -> Draw:
    return lambda draw: replace(default, threshold=draw.random(), backstop=draw.random())


def chances(draw: random.Random) -> tuple[float, ...]:
    low, high = sorted((draw.random(), draw.random()))
    return low, high - low, 1.0 - high


# A world or policy, and how those of its numbers are drawn that may differ within one compiled run.
ANSWERS = (our.AnswerWorld(dominant=0.5), {
    **dict.fromkeys(("right_mean", "accepts_right", "accepts_wrong", "conformity", "persona_correlation"), share),
    **dict.fromkeys(("prompt_tokens", "evaluator_input", "evaluator_output", "persona_tokens"), tokens),
    "right_concentration": real(0.1, 50), "chain_tokens": real(0, 400), "chain_spread": real(0, 2),
    "cheap_price": real(0, 3), "demonstration_tokens": tokens,
})  # fmt: skip
HOPS = (our.HopWorld(), {
    **dict.fromkeys(("misleading", "repeat", "repeat_widened", "trapped", "early_stop", "fooled", "resent"), share),
    **dict.fromkeys(("step_tokens", "critic_tokens", "answer_tokens"), span),
    "critic_noise": real(0, 5), "prompt_tokens": tokens, "step_calls": whole(0, 2), "demonstration_tokens": tokens,
})  # fmt: skip
PUZZLES = (our.ArithmeticWorld(branching=(3, 2, 2, 1)), {
    **dict.fromkeys(("found", "more", "counterfeit", "straight"), several(4, share)),
    **dict.fromkeys(("proposal_tokens", "vote_tokens", "answer_tokens"), several(2, tokens)),
    "noise": real(0.3, 3), "renewed": share, "bought": several(4, several(2, real(0, 3))),
    "demonstration_tokens": tokens,
})  # fmt: skip
SEARCHES = (our.SearchWorld(), {
    **dict.fromkeys(("success_mean", "accepts_right", "accepts_wrong"), share),
    **dict.fromkeys(("search_input", "search_output", "browse_input", "browse_output", "answer_output"), tokens),
    **dict.fromkeys(("verify_input", "verify_output", "judge_input", "judge_output", "answer_input"), tokens),
    "call_spread": real(0, 2), "browse_gain": real(0, 3),
})  # fmt: skip
ELASTIC = (our.ElasticWorld(), {
    **dict.fromkeys(("base_tokens", "collapsed_tokens", "vanilla_tokens", "direct_tokens"), real(0, 400)),
    "tokens_per_budget": real(0, 2), "least_budget": real(1, 200), "prompt_tokens": tokens, "estimator_tokens": tokens,
})  # fmt: skip
PARTS = (our.SubQuestions(), {
    **dict.fromkeys(("planner_input", "planner_output", "prompt_tokens", "follow_tokens"), tokens),
    "initial_uncertainty": several(3, real(0.1, 100)), "decay_rate": several(3, real(0.1, 3)), "aleatoric": share,
})  # fmt: skip
THOUGHTS = (our.AnytimeWorld(checkpoints=(5, 20, 300, 1000, 4000)), {
    "final_quality": share, "dip": share, "noise": real(0, 1), "scale": real(1, 3000), "price": real(0, 1e-3),
    "critic_tokens": tokens, "answer_tokens": tokens,
})  # fmt: skip
STEPS = (our.ThoughtWorld(steps=3), {
    **dict.fromkeys(("right_mean", "leap", "repair", "spoil", "conformity", "unseen"), share),
    **dict.fromkeys(("accepts_right", "accepts_wrong"), share), "chain_tokens": real(0, 400),
    **dict.fromkeys(("prompt_tokens", "answer_tokens", "evaluator_tokens", "estimator_tokens"), tokens),
    "right_concentration": real(0.1, 50), "dominant": real(0.34, 1), "steps": whole(1, 6), "chain_spread": real(0, 2),
    "sufficient_share": real(0.05, 1), "overrun": real(0.1, 5), "collapse_share": real(0.01, 3),
    "steepness": real(0.1, 9), "estimator_margin": real(0.01, 9), "estimator_spread": real(0, 3),
})  # fmt: skip
MEMORY = (our.MemoryWorld(), {
    "pipeline": lambda draw: our.MemoryPipeline(tier_prices=several(3, real(0, 1))(draw), base_quality=share(draw)),
    "unit_tokens": whole(1, 1000), "answer_input": tokens, "answer_output": tokens,
})  # fmt: skip
WORLDS = (ANSWERS, HOPS, PUZZLES, SEARCHES, ELASTIC, PARTS, THOUGHTS, STEPS, MEMORY)

SPLIT, UCB = our.ProportionalSplit(), our.UcbVariant()
few, longest, tired = whole(1, 9), {"longest": whole(0, 5)}, {"hazard": share, "browsing": share}
POLICIES = (
    (our.AbMcts(), {"mean": share, "variance": real(0.01, 1), "reserve": share}, (HOPS, PUZZLES)),
    (our.AbMcts(posterior="beta"), {"first": real(0.1, 2), "reserve": share}, (PUZZLES,)),
    (our.AdaptiveConsistency(threshold=0.9, largest=9), longest, (ANSWERS, HOPS, STEPS)),
    (our.Bats(), {**tired, "judge": share}, (SEARCHES,)),
    (our.Bats(stops=False), {**tired, "judge": share}, (SEARCHES,)),
    (our.Beam(width=2, proposals=3), {"reserve": share}, (PUZZLES, HOPS, STEPS)),
    (our.BestOfN(), {"samples": few}, (ANSWERS,)),
    (our.BudgetTracker(), {**tired, "by_used": lambda draw: draw.random() < 0.5}, (SEARCHES,)),
    (our.Cascade(), {"cheap_samples": few, "agreement": few, "strong_samples": few}, (ANSWERS,)),
    (our.Debate(), {"rounds": whole(1, 4)}, (ANSWERS, STEPS)),
    (our.EstimatedBudget(), {}, (ELASTIC, STEPS)),
    (our.FixedStop(), {"checkpoint": whole(1, 7)}, (THOUGHTS, STEPS)),
    (our.GlobalBudget(tokens=200), {"tokens": tokens}, (PARTS,)),
    (our.Greedy(), {"children": whole(1, 4), "reserve": share}, (HOPS, PUZZLES)),
    (our.Instructed(), {"token_budget": whole(-1, 300)}, (ELASTIC,)),
    (our.OracleStop(), {}, (THOUGHTS,)),
    (our.ParallelChains(chains=9), {"chains": few, **longest}, (ANSWERS, HOPS, STEPS)),
    (our.ParallelChains(chains=9, longest=5, answers_when_cut=True), longest, (HOPS,)),
    (our.PersonaEnsemble(), {"personas": few, "samples": few}, (ANSWERS,)),
    (our.PriceStop(), {"price": real(0, 1e-3)}, (THOUGHTS,)),
    (SPLIT, {"calls": calls, "tree": tree(SPLIT.tree)}, (HOPS, PUZZLES)),
    (our.ReAct(), tired, (SEARCHES,)),
    (our.Rebase(width=4), {"temperature": real(0.01, 1), "deepest": whole(1, 5), "reserve": share}, (PUZZLES, HOPS)),
    (our.RelativeGainStop(), {"threshold": share}, (THOUGHTS, STEPS)),
    (our.Retry(), {"attempts": few}, (ANSWERS,)),
    (our.SearchedBudget(), {}, (ELASTIC,)),
    (our.Single(), longest, (ANSWERS, HOPS)),
    (our.SplitBudget(tokens=(100, 80, 60)), {"tokens": several(3, tokens)}, (PARTS,)),
    (our.TierLaw(), {"chances": several(5, chances)}, (MEMORY,)),
    (our.TierPlan(), {"tiers": several(5, whole(0, 2))}, (MEMORY,)),
    (UCB, {"weight": real(0, 2), "calls": calls, "tree": tree(UCB.tree)}, (HOPS, PUZZLES)),
    (our.Uct(), {"exploration": real(0, 2), "reserve": share}, (HOPS, PUZZLES)),
    (our.Uniform(), {"reserve": share}, (HOPS, PUZZLES)),
    (our.ValueTree(), {"threshold": share, "backstop": share, "largest_gain": real(0.01, 1)}, (HOPS, PUZZLES)),
    (our.ValueTree(children=3, critic="none"), {"backstop": share}, (HOPS,)),
    (our.ValueTree(critic="absolute", final="highest"), {"threshold": share, "backstop": share}, (PUZZLES,)),
)  # fmt: skip


class Case(NamedTuple):
    """A strategy in a world: defaults, and what draws the numbers that may differ within one compiled run."""

    policy: Policy
    numbers: dict[str, Draw]
    world: World
    ranges: dict[str, Draw]


CASES = [Case(policy, numbers, *world) for policy, numbers, worlds in POLICIES for world in worlds]
REPEATED = (our.Greedy, our.ReAct)
"""Strategies whose runs `make test` repeats in other chunks, in the first of their worlds."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All cases; `make test` plays every policy in the first of its worlds."""
    for name in {"case", "judged_case", "case_to_repeat"} & set(metafunc.fixturenames):
        found: list[Any] = []
        met: set[type] = set()
        for case in CASES:
            kind = type(case.policy)
            quick = kind not in met and (kind in REPEATED or name != "case_to_repeat")
            met.add(kind)
            if name != "judged_case" or case.policy.uses_critic:
                marks = [pytest.mark.quick] * quick
                found.append(pytest.param(case, id=f"{kind.__name__}-{type(case.world).__name__}", marks=marks))
        metafunc.parametrize(name, found)


@pytest.fixture
def all_cases() -> list[Case]:
    return CASES


@pytest.fixture
def all_worlds() -> list[World]:
    return [world for world, _ in WORLDS]
