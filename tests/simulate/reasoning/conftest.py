"""How strategies are compared: with their plain twins draw by draw, with the truth at a stated rate of false alarms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from budgetsim.simulate.estimate import Estimate
from budgetsim.simulate.reasoning import Budget, VoteSetting, vote_prior
from budgetsim.simulate.reasoning.engine import Played, play
from budgetsim.simulate.reasoning.reference.replay import replay
from budgetsim.simulate.reasoning.run import BLOCK

FALSE_ALARM_RATE = 2e-5  # that any of the comparisons with a truth fails if all is right
MOST_CHECKS = 40  # calls of `agrees`: fewer are made, which leaves room for tests of laws at 1e-8 to 1e-6 each


def one_block(world: Any, policy: Any, budget: Budget, *, seed: int, nodes: int) -> Played:
    with jax.enable_x64(False):
        key = jnp.array([seed & 0xFFFFFFFF, seed >> 32], jnp.uint32)
        place = jnp.arange(BLOCK, dtype=jnp.uint32)
        problem = world.problems(seed, 0, BLOCK)
        return play(world, policy, nodes + 1, 4 * nodes + 8, budget.ledger(), key, place, problem)


def assert_same_as_twin(
    world: Any, policy: Any, twin: Callable[..., int], budget: Budget, *, seed: int, nodes: int = 20, problems: int = 40
) -> int:
    """Answers, costs and trees of engine and twin; gives the number of problems compared."""
    played = one_block(world, policy, budget, seed=seed, nodes=nodes)
    ended = replay(world, policy, twin, budget, problems=problems, seed=seed, nodes=nodes, requests=4 * nodes + 12)
    compared = 0
    for index, one in enumerate(ended):
        if one.delicate:
            continue
        compared += 1
        theirs = (int(played.answer[index]), tuple(np.asarray(played.spent[:, index]).tolist()), played.nodes[index])
        assert theirs == (one.answer, one.spent, one.nodes), (policy, budget, index)
    return compared


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


def drawn_settings(count: int, *, seed: int) -> list[VoteSetting]:
    """Draws from the prior with two or five answers: every other number would be compiled once more."""
    return [setting for setting in vote_prior(8 * count, seed=seed) if setting.world.answers in (2, 5)][:count]


@pytest.fixture
def drawn() -> Callable[..., list[VoteSetting]]:
    return drawn_settings


@pytest.fixture
def same_as_twin() -> Callable[..., int]:
    return assert_same_as_twin


@pytest.fixture
def agrees() -> Callable[..., None]:
    return assert_agreement


@pytest.fixture
def block() -> Callable[..., Played]:
    return one_block
