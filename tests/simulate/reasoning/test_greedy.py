"""Best-first and random search: the same requests as their plain twins."""

import pytest

from budgetsim.simulate.reasoning import ArithmeticWorld, Budget, Greedy, HopWorld, Uniform
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.greedy import PlainGreedy
from budgetsim.simulate.reasoning.reference.uniform import PlainUniform

PUZZLES = ArithmeticWorld(branching=(5, 4, 3, 1), renewed=0.5)
HOPS = HopWorld()


@pytest.mark.parametrize(
    ("world", "budget", "rule", "twin"),
    [
        (PUZZLES, Budget(), Greedy(children=3), PlainGreedy),
        (HOPS, Budget(tokens=4000, calls=14), Greedy(children=1), PlainGreedy),
        (PUZZLES, Budget(tokens=6000, calls=25), Uniform(), PlainUniform),
        (HOPS, Budget(tokens=4000, calls=14), Uniform(), PlainUniform),
    ],
)
def test_same_requests_as_the_plain_twin(world, budget, rule, twin):
    found, compared = differences(world, rule, lambda: twin(rule), budget, problems=16, seed=3, nodes=16, requests=70)
    assert found == []
    assert compared > 40
