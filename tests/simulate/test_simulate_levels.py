"""Levels that differ, even fan-ins, beta-binomial votes, unequal leaves, drawn difficulties and pools.

Truth: enumeration of every vote and flip, closed forms of `budgetsim.theory`, and SciPy's beta-binomial law. False
alarms: about 150 checks at 5.5 standard errors, 4e-8 each, together below 1e-5; seeds are fixed.
"""

import math
from itertools import product
from math import prod

import numpy as np
import pytest
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.simulate import Estimate, Level, _generator, _kernel, plan_organization, simulate_organization
from budgetsim.theory import correlation, mixed_levels, phase, unequal_agents

Z = 5.5
REPLICAS = 400_000


def received(probability, fidelity):
    return (1 + fidelity * (2 * probability - 1)) / 2


def vote_of(count, fan_in):
    return 0.5 if 2 * count == fan_in else float(2 * count > fan_in)


def level_up(probabilities, level):
    """Accuracy of one aggregator over children with these probabilities: sum over everything they can deliver."""
    heard = [received(p, level.fidelity) for p in probabilities]
    if level.sharing == "beta" and level.correlation:
        assert len(set(heard)) == 1
        strength = 1 / level.correlation - 1
        law = stats.betabinom(level.fan_in, heard[0] * strength, (1 - heard[0]) * strength)
        return sum(law.pmf(count) * vote_of(count, level.fan_in) for count in range(level.fan_in + 1))
    independent = sum(
        prod(h if right else 1 - h for h, right in zip(heard, rights, strict=True)) * vote_of(sum(rights), level.fan_in)
        for rights in product([0, 1], repeat=level.fan_in)
    )
    return level.correlation * np.mean(heard) + (1 - level.correlation) * independent


def root(probability, levels):
    for level in levels:
        probability = level_up([probability] * level.fan_in, level)
    return probability


def random_levels(random, fan_ins, sharing):
    """Their digits fill two blocks, so that few kernels need compiling; test_simulate_replay has other digits."""
    return [
        Level(
            fan_in=fan_in,
            fidelity=random.uniform(0.3, 0.7),
            correlation=random.uniform(0.15, 0.6),
            sharing=sharing,
        )
        for fan_in in fan_ins
    ]


@pytest.mark.parametrize("sharing", ["vote", "beta"])
@pytest.mark.parametrize(
    "fan_ins", [(2,), (3, 4), *(pytest.param(each, marks=pytest.mark.verify) for each in ((4,), (5,), (2, 5)))], ids=str
)
def test_random_levels_meet_enumeration(fan_ins, sharing):
    random = np.random.default_rng([*fan_ins, len(sharing)])
    for number in range(10):
        levels, probability = random_levels(random, fan_ins, sharing), random.uniform(0.2, 0.8)
        estimate = simulate_organization(levels, probability, replicas=REPLICAS, seed=number)
        assert abs(estimate.z_score(root(probability, levels))) < Z, (levels, probability)


def test_odd_levels_meet_the_theory():
    random = np.random.default_rng(7)
    for number in range(10):
        levels, bias = random_levels(random, (3, 7, 5), "vote"), random.uniform(-0.5, 0.5)
        expected = mixed_levels.iterate_levels(
            bias, [lv.fan_in for lv in levels], [lv.fidelity for lv in levels], [lv.correlation for lv in levels]
        )
        estimate = simulate_organization(levels, (1 + bias) / 2, replicas=200_000, seed=number)
        assert abs(estimate.z_score((1 + float(expected)) / 2)) < Z


@pytest.mark.parametrize("fan_in", [5, 21])
def test_beta_binomial_votes_meet_the_theory(fan_in):
    """The table of the shared vote's robustness: bias 0.1 received at correlation 0.2."""
    star = [Level(fan_in=fan_in, fidelity=0.5, correlation=0.2, sharing="beta")]
    estimate = simulate_organization(star, 0.6, replicas=REPLICAS, seed=2)
    expected = float(correlation.beta_binomial_majority_bias(fan_in, 0.1, 0.2))
    assert abs(estimate.z_score((1 + expected) / 2)) < Z
    # the shared vote would be told apart
    assert abs(estimate.z_score((1 + 0.2 * 0.1 + 0.8 * float(phase.one_level_map(0.1, fan_in, 1.0, 0.0))) / 2)) > 10


@pytest.mark.parametrize("rho", [0.0, 0.3])
def test_unequal_leaves_meet_the_theory(rho):
    leaves = np.array([0.95, 0.3, 0.6, 0.55, 0.8])
    star = Organization.star(5, fidelity=0.7, correlation=rho)
    heard = 0.7 * (2 * leaves - 1)
    bias = rho * heard.mean() + (1 - rho) * float(unequal_agents.unequal_majority_bias(heard))
    estimate = simulate_organization(star, leaf_probability=leaves, replicas=REPLICAS, seed=3)
    assert abs(estimate.z_score((1 + bias) / 2)) < Z


def test_unequal_leaves_sit_next_to_their_siblings():
    pair, triple = Level(fan_in=3), Level(fan_in=3)
    leaves = [[0.9, 0.9, 0.9], [0.1, 0.1, 0.1], [0.2, 0.7, 0.9]]
    expected = level_up([level_up(group, pair) for group in leaves], triple)
    estimate = simulate_organization([pair, triple], leaf_probability=np.ravel(leaves), replicas=REPLICAS, seed=3)
    assert abs(estimate.z_score(expected)) < Z
    shuffled = np.ravel(np.transpose(leaves))
    assert (
        abs(
            simulate_organization([pair, triple], leaf_probability=shuffled, replicas=REPLICAS, seed=3).z_score(
                expected
            )
        )
        > 20
    )


@pytest.mark.verify
def test_drawn_difficulties_stay_through_the_tree():
    tree = Organization.tree(3, 2)
    strength = (2.0, 1.5)

    def beta(generator, number):
        return generator.beta(*strength, number)

    estimate = simulate_organization(tree, beta, replicas=REPLICAS, seed=4)
    expected = stats.beta(*strength).expect(lambda p: root(p, [Level(fan_in=3)] * 2))
    assert abs(estimate.z_score(expected)) < Z
    assert abs(estimate.z_score(root(2 / 3.5, [Level(fan_in=3)] * 2))) > 20
    assert simulate_organization(tree, beta, replicas=REPLICAS, seed=4, batch=1) == estimate


@pytest.mark.parametrize("pool", [20_000])
def test_pools_meet_the_theory_within_their_own_error(pool):
    tree = Organization.tree(5, 10, fidelity=0.6, correlation=0.1)
    expected = (1 + phase.iterate_bias(0.05, 5, 10, 0.6, 0.1)) / 2
    estimate = simulate_organization(tree, 0.525, replicas=40 * pool, pool=pool, seed=1)
    assert estimate.draws == 40
    assert abs(estimate.z_score(float(expected))) < Z
    # a pool's noise, first order: every level adds p (1 - p) / pool and amplifies what is below
    bias, variance = 0.05, (1 - 0.05**2) / pool
    for _ in range(10):
        slope = 0.6 * (0.1 + 0.9 * 15 / 8 * (1 - (0.6 * bias) ** 2) ** 2)
        bias = float(phase.one_level_map(bias, 5, 0.6, 0.1))
        variance = variance * slope**2 + (1 - bias**2) / pool
    spread = 2 * estimate.standard_error * math.sqrt(40)
    # 40 pools: the sample variance lies within these factors but for 1e-6
    low, high = stats.chi2.ppf([5e-7, 1 - 5e-7], 39) / 39
    assert low < spread**2 / variance < high
    assert spread > 2 * math.sqrt(1 / pool)


@pytest.mark.verify
def test_memory_grows_with_depth_alone():
    """5**8 leaves of 4096 replicas would be 200 MB at a bit a vote; the kernel holds blocks and counts."""
    deep = plan_organization(Organization.tree(5, 8, fidelity=0.6, correlation=0.1), 0.7, seed=1)
    operands = (np.uint32(0), np.int32(0), np.int32(4096), np.zeros(1, np.int32), np.array([128], np.int32))
    kernel = _kernel.compiled(7, (), "cpu").lower(deep.tree, _generator.key_of_seed(1), *operands).compile()
    assert kernel.memory_analysis().temp_size_in_bytes < 8 * 2**20
    right = int(kernel(deep.tree, _generator.key_of_seed(1), *operands)[0])
    expected = (1 + float(phase.iterate_bias(0.4, 5, 8, 0.6, 0.1))) / 2
    assert abs(Estimate.from_count(right, 4096).z_score(expected)) < Z


@pytest.mark.verify
def test_pools_go_where_whole_trees_cannot():
    deep = Organization.tree(5, 30, fidelity=0.6, correlation=0.1)
    with pytest.raises(ValueError, match="give pool="):
        simulate_organization(deep, 0.525, replicas=10, seed=1)
    estimate = simulate_organization(deep, [0.0, 1.0], weights=[0.25, 0.75], replicas=80_000, pool=1000, seed=1)
    assert 0.0 < estimate.value < 1.0
    assert estimate.provenance["pool"] == 1000
    assert estimate.provenance["parameters"]["organization"]["depth"] == 30


def test_pools_that_agree_claim_no_certainty():
    certain = simulate_organization(Organization.single(), 1.0, replicas=800, pool=100, seed=1)
    assert certain.value == 1.0
    assert certain.standard_error > 1e-3


STAR = Organization.star(3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"organization": [Level(fan_in=2**20)] * 2}, "at most 1073741824 leaves"),
        ({"organization": [3]}, "organization must be an Organization or a sequence of Level"),
        ({"leaf_probability": [0.5] * 3}, "exactly one of probability and leaf_probability"),
        ({"probability": None}, "exactly one of probability and leaf_probability"),
        ({"probability": None, "leaf_probability": [0.5] * 2}, "one probability for each of 3 leaves, got 2"),
        ({"probability": None, "leaf_probability": [0.5, 0.5, 1.5]}, r"leaf_probability must lie in \[0, 1\], got 1.5"),
        ({"probability": lambda generator, number: generator.uniform(0, 2, number)}, "probability drawn must lie in"),
        ({"probability": lambda generator, _: generator.uniform(size=3)}, "probability must draw as many"),
        ({"probability": lambda g, n: g.uniform(size=n), "weights": [1.0]}, "weights must not be given"),
        ({"pool": 0}, "pool must be an integer of 1 or more, got 0"),
        ({"pool": 5}, "replicas / pool must be an integer of 8 or more, got 2"),
        ({"pool": 1, "probability": None, "leaf_probability": [0.5] * 3}, "pool must not be given with leaf_prob"),
    ],
)
def test_errors_name_argument_value_and_domain(arguments, message):
    given = {"organization": STAR, "probability": 0.6, "replicas": 10, "seed": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        simulate_organization(**given)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fan_in": 0}, "fan_in must be an integer in 1 ... 1073741824, got 0"),
        ({"fidelity": 1.1}, r"fidelity must lie in \[0, 1\], got 1.1"),
        ({"correlation": -0.1}, r"correlation must lie in \[0, 1\], got -0.1"),
        ({"correlation": math.nan}, r"correlation must lie in \[0, 1\], got nan"),
        ({"sharing": "gamma"}, "sharing must be 'vote' or 'beta', got 'gamma'"),
    ],
)
def test_levels_reject_what_is_none(fields, message):
    with pytest.raises(ValueError, match=message):
        Level(**{"fan_in": 3, **fields})


@pytest.mark.parametrize("sharing", ["vote", "beta"])
@pytest.mark.parametrize(("fidelity", "rho"), [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_the_ends_of_the_domain(fidelity, rho, sharing):
    """Useless channels make coins; votes that are all the same make one vote."""
    levels = [Level(fan_in=3, fidelity=fidelity, correlation=rho, sharing=sharing)] * 2
    expected = 0.5 if fidelity == 0.0 else 0.8
    assert abs(simulate_organization(levels, 0.8, replicas=100_000, seed=5).z_score(expected)) < Z
