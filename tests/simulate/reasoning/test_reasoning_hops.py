"""Multi-hop questions against probabilities worked out by hand."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.reasoning import HopWorld
from budgetsim.simulate.reasoning.columns import Uniforms
from budgetsim.simulate.reasoning.hops import MISLEADING, PROGRESS, REDUNDANT, Place, Question
from budgetsim.simulate.reasoning.world import KEEP, WIDEN

MANY = 2**16
FAR = 5.5  # standard errors: once in 26 million


def numbers(purpose: int) -> Uniforms:
    return Uniforms(jnp.array([11, 0], jnp.uint32), jnp.arange(MANY, dtype=jnp.uint32), jnp.uint32(0), purpose)


def question(hops: int = 3, progress: float = 0.6) -> Question:
    return Question(jnp.full(MANY, hops, jnp.int32), jnp.full(MANY, progress, jnp.float32))


def near(observed: np.ndarray, expected: float) -> bool:
    share = float(np.mean(np.asarray(observed)))
    return abs(share - expected) < FAR * math.sqrt(max(expected * (1 - expected), 1e-9) / MANY)


@pytest.mark.parametrize(("hint", "repeat"), [(KEEP, 0.69), (WIDEN, 0.42)])
@pytest.mark.parametrize("by", ["place", "node"])
def test_outcomes_of_a_step_and_of_the_next_one_from_there(hint, repeat, by) -> None:
    world, asked = HopWorld(misleading=0.2, early_stop=0.3, repeat_by=by), question()
    hints = jnp.full(MANY, hint)
    first = world.step(numbers(0), asked, world.memory(asked), world.root(asked), hints)
    chances = {MISLEADING: 0.2, PROGRESS: 0.6 * 0.8, REDUNDANT: 1 - 0.2 - 0.48}
    for outcome, chance in chances.items():
        assert near(first.child.last == outcome, chance)
    assert near(first.ends, 0.3)
    np.testing.assert_array_equal(first.child.made, first.child.last == PROGRESS)
    np.testing.assert_array_equal(first.child.misled, first.child.last == MISLEADING)
    root = world.root(asked) if first.state is None else first.state
    second = world.step(numbers(1), asked, first.memory, root, hints)
    same = sum(chance * (repeat + (1 - repeat) * chance) for chance in chances.values())
    assert near(second.child.last == first.child.last, same)


def test_traps_and_tokens_and_prompts() -> None:
    world = HopWorld(misleading=0.1, trapped=0.25, prompt_tokens=40, resent=0.5)
    asked, zero = question(progress=0.8), jnp.zeros(MANY, jnp.int8)
    place = Place(zero + 1, zero + 1, zero, zero + 3, jnp.full(MANY, 301, jnp.int32))
    step = world.step(numbers(0), asked, world.memory(asked), place, jnp.full(MANY, KEEP))
    assert near(step.child.last == PROGRESS, 0.75 * 0.8 * 0.9)
    assert np.all(step.child.misled == 1)
    written = np.asarray(step.costs[1])
    assert (written.min(), written.max()) == (120, 299)
    assert stats.chisquare(np.bincount(written - 120)).pvalue > 1e-7
    assert np.all(np.asarray(step.costs[0]) == 40 + 150)
    np.testing.assert_array_equal(step.child.length, 301 + written)
    assert np.all(np.asarray(step.costs[2]) == 1)


def test_the_critic_is_normal_around_what_it_sees() -> None:
    world, asked = HopWorld(critic_noise=1.1, critic_bias=0.2, fooled=0.55), question(hops=3)
    zero = jnp.zeros(MANY, jnp.int8)

    def points(last: int) -> np.ndarray:
        child = Place(zero, zero, zero + last, zero, jnp.zeros(MANY, jnp.int32))
        return np.asarray(world.critic(numbers(2), asked, child, child)[0])

    def chance(low: float, mean: float) -> float:  # that rounded points are ``low`` or less
        return float(stats.norm.cdf((low + 0.5 - mean - 0.2) / 1.1))

    assert near(points(REDUNDANT) <= -1, chance(-1, -0.5))
    assert near(points(PROGRESS) <= 2, chance(2, 7 / 3))
    assert near(points(MISLEADING) <= 0, 0.55 * chance(0, 7 / 3) + 0.45 * chance(0, -2.0))
    assert np.abs(points(PROGRESS)).max() == 4


def test_answers() -> None:
    world, asked, zero = HopWorld(lucky=0.06), question(hops=3), jnp.zeros(MANY, jnp.int8)

    def answers(made: int, misled: int) -> np.ndarray:
        place = Place(zero + made, zero + misled, zero, zero, jnp.zeros(MANY, jnp.int32))
        return np.asarray(world.answer(numbers(3), asked, place)[0])

    assert np.all(answers(3, 0) == 0)
    assert not np.any(answers(3, 1) == 0)
    assert near(answers(2, 0) == 0, 0.12)
    wrong = answers(0, 0)
    assert near(wrong == 1, 0.6 + 0.4 / 6)
    assert near(wrong == 6, 0.4 / 6)


def test_questions_come_from_the_mix_and_the_beta() -> None:
    drawn = HopWorld(hop_weights=(0.5, 0.3, 0.2), progress_alpha=2.0, progress_beta=5.0).problems(1, 0, MANY)
    for hops, weight in zip((2, 3, 4), (0.5, 0.3, 0.2), strict=True):
        assert near(drawn.hops == hops, weight)
    assert stats.kstest(np.asarray(drawn.progress), stats.beta(2.0, 5.0).cdf).pvalue > 1e-7


@pytest.mark.parametrize(
    "wrong",
    [
        {"misleading": 1.2},
        {"progress_alpha": 0.0},
        {"critic_noise": -1.0},
        {"hop_weights": (0.5, 0.4)},
        {"step_tokens": (5, 5)},
        {"resent": -0.5},
        {"demonstration_tokens": 1.5},
    ],
)
def test_parameters_outside_their_domain_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        HopWorld(**wrong)
