"""UCT against its plain twin, which descends from the root at every request."""

from __future__ import annotations

import math

import numpy as np
import pytest

from budgetsim.simulate.reasoning import Budget, HopWorld, Uct
from budgetsim.simulate.reasoning.reference.search_hops import SearchedQuestion
from budgetsim.simulate.reasoning.reference.stepwise import play_plain
from budgetsim.simulate.reasoning.reference.trace import trace
from budgetsim.simulate.reasoning.reference.uct import PlainUct


@pytest.mark.parametrize(("width", "exploration"), [(1, 1.0), (2, 0.3), (3, 1.0), (4, 0.0)])
def test_same_requests_as_the_plain_twin(width: int, exploration: float) -> None:
    rule = Uct(width=width, exploration=exploration, reserve=0.05)
    for seed, stop in enumerate((0.0, 0.15)):
        world = HopWorld(early_stop=stop, misleading=0.2, trapped=0.5)
        budget = Budget(tokens=12000, calls=30 if seed else None)
        told = trace(world, rule, budget, problems=40, seed=seed, nodes=36, requests=160)
        for index in range(40):
            question = SearchedQuestion(world, int(told.problem.hops[index]), np.float32(told.problem.progress[index]))
            twin = PlainUct(rule)
            tale = play_plain(
                question,
                twin,
                budget,
                nodes=36,
                requests=160,
                uniform=lambda request, purpose, index=index, told=told: told.uniform[request, purpose, :, index],
                last=told.last[:, index],
            )
            assert tale.requests == told.requests[index]
            assert (tale.answer, tale.nodes) == (int(told.answer[index]), int(told.nodes[index]))
            visits = np.asarray(told.state.visits)[: tale.nodes, index]
            assert visits.tolist() == [node.visits for node in twin.nodes]
            totals = np.asarray(told.state.total)[: tale.nodes, index]
            np.testing.assert_allclose(totals, [node.total for node in twin.nodes], rtol=1e-5)


@pytest.mark.parametrize(
    "wrong", [{"width": 0}, {"width": 2.5}, {"exploration": -1.0}, {"exploration": math.inf}, {"reserve": 1.5}]
)
def test_parameters_outside_their_domain_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Uct(**wrong)
