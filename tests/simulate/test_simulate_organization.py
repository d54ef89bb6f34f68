"""The batched engine: exact enumerations, difficulty of problems, reproducibility, edges and errors.

False alarms: 18 Monte Carlo checks at 5.5 standard errors, 4e-8 each; seeds are fixed.
"""

import math

import jax
import numpy as np
import pytest

from budgetsim.parameters import Organization
from budgetsim.simulate import reference, simulate_organization

Z = 5.5
NOISY = {"fidelity": 0.7, "correlation": 0.25}


@pytest.mark.parametrize(
    ("organization", "probability", "weights"),
    [
        (Organization.single(), [0.37], [1.0]),
        (Organization.chain(1, fidelity=0.5), [0.9], [1.0]),
        (Organization.chain(4, fidelity=0.8), [0.9], [1.0]),
        (Organization.star(3), [0.2], [1.0]),
        (Organization.star(3, **NOISY), [0.8], [1.0]),
        (Organization.star(3, fidelity=0.2, correlation=0.9), [1.0], [1.0]),
        (Organization.star(5, **NOISY), [0.6], [1.0]),
        (Organization.star(3, **NOISY), [0.9, 0.4, 0.1], [0.25, 0.25, 0.5]),
        (Organization.tree(3, 2, correlation=0.4), [0.65], [1.0]),
        (Organization.tree(3, 2, correlation=0.4), [0.9, 0.2], [0.5, 0.5]),
    ],
    ids=str,
)
def test_meets_enumeration_of_all_outcomes(organization, probability, weights):
    expected = reference.enumerate_outcomes(
        lambda draw: reference.organization_vote(organization, probability, draw, weights=weights)
    )
    estimate = simulate_organization(organization, probability, weights=weights, replicas=1_000_000, seed=3)
    assert abs(estimate.z_score(expected)) < Z
    assert estimate.standard_error < 6e-4


@pytest.mark.verify
def test_meets_slow_twin_on_a_noisy_tree():
    """Too many outcomes to enumerate: both sides draw."""
    tree = Organization.tree(3, 3, fidelity=0.85, correlation=0.2)
    fast = simulate_organization(tree, [0.8, 0.5], weights=[0.7, 0.3], replicas=200_000, seed=5)
    slow = reference.repeat(
        lambda draw: reference.organization_vote(tree, [0.8, 0.5], draw, weights=[0.7, 0.3]), replicas=1000, seed=5
    )
    assert abs(fast.value - slow.value) < Z * math.hypot(fast.standard_error, slow.standard_error)


@pytest.mark.verify
def test_difficulty_is_averaged_outside_the_tree():
    tree = Organization.tree(5, 2, fidelity=0.9, correlation=0.1)
    atoms, weights = [0.35, 0.55, 0.9], [0.4, 0.4, 0.2]
    mixture = simulate_organization(tree, atoms, weights=weights, replicas=100_000, seed=1)
    single = [simulate_organization(tree, atom, replicas=100_000, seed=2 + i) for i, atom in enumerate(atoms)]
    average = sum(w * e.value for w, e in zip(weights, single, strict=True))
    average_error = math.hypot(*(w * e.standard_error for w, e in zip(weights, single, strict=True)))
    assert abs(mixture.value - average) < Z * math.hypot(mixture.standard_error, average_error)
    at_the_average = simulate_organization(tree, float(np.dot(weights, atoms)), replicas=100_000, seed=9)
    assert abs(mixture.value - at_the_average.value) > 20 * math.hypot(
        mixture.standard_error, at_the_average.standard_error
    )


def test_equal_weights_are_the_default():
    tree = Organization.tree(3, 1)
    given = simulate_organization(tree, [0.2, 0.6], weights=[0.5, 0.5], replicas=1000, seed=4)
    assert simulate_organization(tree, [0.2, 0.6], replicas=1000, seed=4) == given


def test_problem_without_weight_is_never_drawn():
    estimate = simulate_organization(Organization.single(), [0.0, 1.0, 0.0], weights=[0, 1, 0], replicas=9999, seed=1)
    assert estimate.value == 1.0


@pytest.mark.parametrize("replicas", [1, 1000, 20_000])
def test_batch_changes_nothing(replicas):
    tree = Organization.tree(5, 3, fidelity=0.8, correlation=0.2)
    estimates = [
        simulate_organization(tree, [0.4, 0.8], replicas=replicas, seed=7, batch=batch) for batch in (1, 3, 64, 10**9)
    ]
    assert all(estimate == estimates[0] for estimate in estimates)
    assert all(estimate.provenance == estimates[0].provenance for estimate in estimates)
    assert replicas == 1 or 0.0 < estimates[0].value < 1.0


def test_more_replicas_continue_the_same_draws():
    """The first replicas of a long run are those of a short one: successes can only grow."""
    tree = Organization.tree(3, 2, fidelity=0.8)
    counts = [round(simulate_organization(tree, 0.6, replicas=n, seed=7).value * n) for n in (5000, 5001, 9000, 20_000)]
    for fewer, more, added in zip(counts, counts[1:], (1, 3999, 11_000), strict=False):
        assert 0 <= more - fewer <= added


def test_seed_decides():
    def accuracy(seed):
        return simulate_organization(Organization.star(3), 0.6, replicas=100_000, seed=seed).value

    assert accuracy(12) == accuracy(12)
    # the upper half of a 64-bit seed counts too
    assert len({accuracy(seed) for seed in (12, 13, 12 + 2**32, 2**64 - 1)}) == 4


@pytest.mark.verify
def test_caller_configuration_changes_nothing():
    def play():
        return simulate_organization(Organization.tree(3, 2, **NOISY), [0.4, 0.8], replicas=30_000, seed=8)

    plain = play()
    with jax.enable_x64(True):
        assert play() == plain
    with jax.threefry_partitionable(False), jax.default_prng_impl("rbg"):
        assert play() == plain
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        assert play() == plain


@pytest.mark.parametrize(
    "organization", [Organization.single(), Organization.star(5), Organization.chain(3), Organization.tree(3, 2)]
)
def test_certain_votes_are_exact(organization):
    assert simulate_organization(organization, 0.0, replicas=300_000, seed=1).value == 0.0
    assert simulate_organization(organization, 1.0, replicas=300_000, seed=1).value == 1.0


def test_certain_votes_keep_an_honest_error():
    assert simulate_organization(Organization.single(), 1.0, replicas=100, seed=1).standard_error > 0.005


def test_tree_of_six_levels():
    """A certain vote through 5**6 perfect leaves, and a nearly useless one: half right by symmetry."""
    tree = Organization.tree(5, 6, fidelity=0.3)
    assert simulate_organization(Organization.tree(5, 6), 1.0, replicas=5, seed=1).value == 1.0
    assert abs(simulate_organization(tree, 0.5, replicas=300, seed=1).z_score(0.5)) < Z


def test_progress_reports_replicas():
    seen = []
    tree = Organization.tree(3, 2)
    simulate_organization(tree, 0.6, replicas=2_000_000, seed=1, batch=1, progress=lambda *args: seen.append(args))
    done = [replicas for replicas, _ in seen]
    assert done == sorted(set(done))
    assert len(done) > 2
    assert seen[-1] == (2_000_000, 2_000_000)
    assert {total for _, total in seen} == {2_000_000}


def test_provenance_says_how_to_repeat():
    tree = Organization.tree(3, 2, fidelity=0.9, correlation=0.1)
    provenance = simulate_organization(tree, 0.6, replicas=100, seed=5).provenance
    assert provenance["seed"] == 5
    assert provenance["replicas"] == 100
    assert provenance["generator"] == "threefry4x32, 13 rounds"
    assert provenance["parameters"] == {
        "organization": {"fan_in": 3, "depth": 2, "fidelity": 0.9, "correlation": 0.1},
        "probability": [0.6],
        "weights": [1.0],
    }
    assert provenance["versions"]["jax"] == jax.__version__
    assert 0.0 < provenance["variance_growth"] < 2**-8


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"probability": 1.5}, r"probability must lie in \[0, 1\], got 1.5"),
        ({"probability": [0.5, -0.1]}, r"probability must lie in \[0, 1\], got -0.1 at index \[1\]"),
        ({"probability": math.nan}, r"probability must lie in \[0, 1\], got nan"),
        ({"probability": []}, "probability must be a non-empty array"),
        ({"probability": [[0.5]]}, "probability must be a non-empty array with 1 axes"),
        ({"weights": [0.5, 0.5]}, "weights must hold one weight for each of 1 problems"),
        ({"probability": [0.1, 0.2], "weights": [1.5, -0.5]}, "weights must be 0 or more, got -0.5"),
        ({"probability": [0.1, 0.2], "weights": [0.5, math.nan]}, "weights must be 0 or more, got nan"),
        ({"probability": [0.1, 0.2], "weights": [0.5, 0.4]}, "weights must sum to 1, got 0.9"),
        ({"replicas": 0}, "replicas must be an integer in 1 ... 68719476736, got 0"),
        ({"replicas": 1.5}, "replicas must be an integer in 1 ... 68719476736, got 1.5"),
        ({"seed": -1}, "seed must be an integer in 0 ..."),
        ({"seed": 2**64}, "seed must be an integer in 0 ..."),
        ({"batch": 0}, "batch must be an integer of 1 or more, got 0"),
        ({"organization": Organization.tree(5, 13)}, "organization must have at most 1073741824 leaves"),
    ],
)
def test_errors_name_argument_value_and_domain(changed, message):
    arguments = {"organization": Organization.star(3), "probability": 0.6, "replicas": 10, "seed": 1, **changed}
    with pytest.raises(ValueError, match=message):
        simulate_organization(**arguments)
