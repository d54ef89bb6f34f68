"""Numbers and options outside their domain are refused by name, whatever type of number they are."""

from __future__ import annotations

import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from budgetsim.simulate.reasoning import (
    AbMcts,
    AdaptiveConsistency,
    AnswerWorld,
    BestOfN,
    Cascade,
    Debate,
    GlobalBudget,
    HopWorld,
    ParallelChains,
    PersonaEnsemble,
    PriceStop,
    Rebase,
    RelativeGainStop,
    Retry,
    Single,
    SplitBudget,
    UcbVariant,
    Uct,
    ValueTree,
    simulate_worlds,
)

COUNTS = (
    (Retry, "attempts"), (BestOfN, "samples"), (Cascade, "cheap_samples"), (Cascade, "agreement"),
    (Cascade, "strong_samples"), (PersonaEnsemble, "personas"), (PersonaEnsemble, "samples"), (Debate, "agents"),
    (Debate, "rounds"), (ParallelChains, "chains"), (ParallelChains, "longest"), (Single, "longest"),
    (AdaptiveConsistency, "largest"), (AdaptiveConsistency, "longest"), (Uct, "width"), (ValueTree, "children"),
    (ValueTree, "capacity"), (Rebase, "width"), (Rebase, "deepest"), (GlobalBudget, "tokens"), (UcbVariant, "calls"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), COUNTS)
@pytest.mark.parametrize("make", [float, np.float64, np.float32, np.array, Fraction], ids=lambda make: make.__name__)
def test_counts_are_whole_and_inside_their_domain(kind, name, make) -> None:
    kind(**{name: 3})
    kind(**{name: np.int64(3)})
    for wrong in (2.5, -1.0, *(() if make is Fraction else (math.nan, math.inf))):
        with pytest.raises(ValueError, match=f"^{name} must be "):
            kind(**{name: make(wrong)})


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (PriceStop, "price"), (RelativeGainStop, "threshold"), (Uct, "exploration"), (UcbVariant, "weight"),
        (Rebase, "temperature"), (ValueTree, "backstop"), (AnswerWorld, "cheap_odds"), (HopWorld, "repeat"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [float, np.float32, np.array], ids=lambda make: make.__name__)
def test_numbers_are_finite_and_inside_their_domain(kind, name, make) -> None:
    kind(**{name: make(0.5)})
    for wrong in (math.nan, math.inf, -math.inf, -0.5):
        with pytest.raises(ValueError, match=f"^{name} must be "):
            kind(**{name: make(wrong)})


def test_ranges_and_tuples_take_any_number() -> None:
    HopWorld(step_tokens=(np.int64(5), np.int64(9)))
    for wrong in ((5.5, 9), (np.int64(9), np.int64(5)), (1, math.inf), (math.nan, 9), (np.float32(-1.0), 3)):
        with pytest.raises(ValueError, match=r"^step_tokens must be "):
            HopWorld(step_tokens=wrong)
    with pytest.raises(ValueError, match=r"^tokens must be "):
        SplitBudget(tokens=(np.int64(5), np.int64(-1)))


@pytest.mark.parametrize(
    ("kind", "name", "wrong", "allowed"),
    [
        (ValueTree, "selection", "inverse-ratio", "'inverse_ratio', 'constant', 'ratio', 'greedy', 'uniform'"),
        (ValueTree, "critic", "residuall", "'residual', 'absolute', 'none'"),
        (ValueTree, "back_propagation", "Raw", "'raw', 'stored', 'path', 'none'"),
        (ValueTree, "final", "Sum", "'sum', 'highest'"),
        (AbMcts, "posterior", "normal", "'gaussian', 'beta'"),
        (HopWorld, "repeat_by", "nodes", "'place', 'node'"),
    ],
)
def test_a_misspelled_option_is_refused_with_those_there_are(kind, name, wrong, allowed) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be one of {allowed}, got '{wrong}'$"):
        kind(**{name: wrong})


def test_arrays_and_tracers_of_a_compiled_run_are_not_looked_at() -> None:
    """A field outside its domain goes through as an array: it was checked where its numbers were given one by one."""
    assert jax.tree.leaves(Retry(attempts=jnp.array([0, 1])))[0].tolist() == [0, 1]
    assert Retry(attempts=np.array([0, 1])).attempts.tolist() == [0, 1]
    assert float(jax.jit(lambda retry: retry.attempts + 1)(Retry(attempts=4))) == 5.0
    worlds = [HopWorld(misleading=np.float64(share), prompt_tokens=np.int64(5)) for share in (0.1, 0.3)]
    rules = [ValueTree(largest_gain=0.2, least_value=0.0), ValueTree(largest_value=math.inf)]
    found = simulate_worlds(worlds, rules, 2000, problems_per_world=200, seed=1, nodes=8)
    alone = [
        simulate_worlds([world], rule, 2000, problems_per_world=200, seed=1, nodes=8)
        for world, rule in zip(worlds, rules, strict=True)
    ]
    assert found.accuracy[0] == alone[0].accuracy[0]
    assert found.accuracy.shape == (2,)
