"""Worlds of tokens keep their numbers when many of them are played in one compiled run."""

import numpy as np
import pytest

from budgetsim.simulate.reasoning import (
    Bats,
    Budget,
    EstimatedBudget,
    PriceStop,
    SplitBudget,
    allocation_prior,
    anytime_prior,
    elasticity_prior,
    simulate_strategy,
    tool_prior,
)
from budgetsim.simulate.reasoning.many_worlds import simulate_worlds

THREE_PARTS = [setting.world for setting in allocation_prior(20) if setting.world.parts == 3][:2]


@pytest.mark.parametrize(
    ("worlds", "policy"),
    [
        (THREE_PARTS, SplitBudget(tokens=(200, 150, 100))),
        (elasticity_prior(2), EstimatedBudget()),
        ([setting.world for setting in anytime_prior(2)], PriceStop()),
        ([setting.world for setting in tool_prior(2)], Bats()),
    ],
)
def test_worlds_together_differ_as_they_do_alone(worlds, policy):
    budget = Budget(tokens=20_000, calls=12)
    together = simulate_worlds(worlds, policy, budget, problems_per_world=1024, seed=3)
    for place, world in enumerate(worlds):
        alone = simulate_strategy(world, policy, budget, problems=4096, seed=11)
        error = np.hypot(together.standard_error[place], alone.accuracy.standard_error)
        assert abs(together.accuracy[place] - alone.accuracy.value) < 5.5 * error
        spread = alone.output_tokens.standard_error * np.sqrt(1 + 4096 / 1024)
        assert abs(together.output_tokens[place] - alone.output_tokens.value) <= 5.5 * spread
