"""Re-descriptions of the value tree against their plain twins and an independent program's table."""

from __future__ import annotations

import math

import pytest

from budgetsim.simulate.reasoning import Budget, HopWorld, ProportionalSplit, UcbVariant, ValueTree, simulate_strategy
from budgetsim.simulate.reasoning.reference.compare import differences
from budgetsim.simulate.reasoning.reference.proportional_split import PlainProportionalSplit
from budgetsim.simulate.reasoning.reference.ucb_variant import PlainUcbVariant

BUDGETS = [Budget(tokens=2000, calls=5), Budget(tokens=4000, calls=10), Budget(tokens=8000, calls=20)]
FITTED, NOISY, CLEAN = {}, {"critic_noise": 2.5, "fooled": 0.9}, {"critic_noise": 0.3, "fooled": 0.1}
# accuracies at low, mid and high budget, 3000 questions each
TABLE = [
    (UcbVariant, FITTED, (0.299, 0.422, 0.493)),
    (UcbVariant, NOISY, (0.217, 0.295, 0.299)),
    (UcbVariant, CLEAN, (0.363, 0.614, 0.784)),
    (ProportionalSplit, FITTED, (0.064, 0.193, 0.316)),
    (ProportionalSplit, NOISY, (0.079, 0.156, 0.249)),
    (ProportionalSplit, CLEAN, (0.058, 0.219, 0.360)),
]


@pytest.mark.parametrize(("kind", "critic", "expected"), TABLE)
def test_accuracies_of_an_independent_program(kind, critic, expected) -> None:
    world = HopWorld(repeat_by="node", **{"critic_noise": 1.1, "fooled": 0.55, **critic})
    for budget, theirs in zip(BUDGETS, expected, strict=True):
        ours = simulate_strategy(world, kind(calls=float(budget.calls)), budget, problems=8192, seed=1, nodes=24)
        error = math.hypot(ours.accuracy.standard_error, math.sqrt(theirs * (1.0 - theirs) / 3000))
        assert abs(ours.accuracy.value - theirs) < 4.0 * error


@pytest.mark.parametrize(
    ("rule", "twin"),
    [
        (UcbVariant(), PlainUcbVariant),
        (UcbVariant(weight=0.2, calls=7.0), PlainUcbVariant),
        (ProportionalSplit(), PlainProportionalSplit),
        (ProportionalSplit(children=2, calls=13.0), PlainProportionalSplit),
        (ProportionalSplit(tree=ValueTree(directive=False, least_value=0.0)), PlainProportionalSplit),
    ],
)
def test_same_requests_as_the_plain_twin(rule, twin) -> None:
    for seed, fooled in enumerate((0.2, 0.9)):
        world = HopWorld(misleading=0.2, fooled=fooled, repeat_by="node")
        budget = Budget(tokens=8000, calls=20)
        found, compared = differences(
            world, rule, lambda: twin(rule), budget, problems=40, seed=seed, nodes=24, requests=104
        )
        assert not found
        assert compared > 200


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (UcbVariant, {"weight": -1.0}),
        (UcbVariant, {"weight": math.inf}),
        (UcbVariant, {"calls": 0.0}),
        (UcbVariant, {"calls": 1.5}),
        (ProportionalSplit, {"children": 0}),
        (ProportionalSplit, {"children": 1.5}),
        (ProportionalSplit, {"calls": math.inf}),
    ],
)
def test_parameters_outside_their_domain_are_refused(kind, wrong) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kind(**wrong)
