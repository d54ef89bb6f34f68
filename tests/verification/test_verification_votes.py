"""Simulated votes against the theory at random parameter sets: small with every test, large with `make verify`.

Priors are fixed before any draw. Where a standard error must mean something, sets are kept whose accuracy lies in
(0.02, 0.98). All checks of the folder share one rate of false alarms, see its `conftest.py`.
"""

import numpy as np
import pytest
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.simulate import simulate_coverage, simulate_organization, simulate_plurality
from budgetsim.simulate.verification import Check, agreement, share_score
from budgetsim.theory import coverage, heterogeneity, phase, plurality, vote_populations

PHASE = "Phase Transition for Budgeted Multi-Agent Synergy, arXiv 2601.17311"
# Every shape is compiled on its own, which takes longer than playing it.
TREES = [(3, 1), (3, 2), (3, 3), (5, 2), (7, 1), (9, 2)]
LEAF_VOTES = 1_000_000


def replicas(organization):
    return max(1000, LEAF_VOTES // organization.leaves)


def messages(prior):
    return {"fidelity": prior.uniform(0.3, 1.0), "correlation": prior.uniform(0.0, 0.6)}


def compare(seed, draw_set, expected):
    """Measure of a check: organizations and problems from a prior, against their expected accuracy."""

    def measure(sets):
        prior = np.random.default_rng(seed)
        scores, labels = [], []
        while len(scores) < sets:
            organization, atoms, weights = draw_set(prior)
            accuracy = float(expected(organization, atoms, weights))
            if not 0.02 < accuracy < 0.98:
                continue
            number = seed * 10_000 + len(scores)
            estimate = simulate_organization(
                organization, atoms, weights=weights, replicas=replicas(organization), seed=number
            )
            scores.append(share_score(estimate, accuracy))
            labels.append((organization, atoms, weights))
        return agreement(scores, labels)

    return measure


def one_problem(draw_organization):
    return lambda prior: (draw_organization(prior), [prior.uniform(0.2, 0.95)], [1.0])


def random_tree(prior):
    fan_in, depth = TREES[prior.integers(len(TREES))]
    return Organization(fan_in=fan_in, depth=depth, **messages(prior))


def small_tree(prior):
    fan_in, depth = [(3, 2), (5, 1)][prior.integers(2)]
    return Organization(fan_in=fan_in, depth=depth, **messages(prior))


def random_chain(prior):
    return Organization.chain(int([1, 2, 5][prior.integers(3)]), fidelity=prior.uniform(0.3, 1.0))


def random_star(prior):
    return Organization.star([3, 25][prior.integers(2)], **messages(prior))


def random_problems(draw_organization):
    def draw(prior):
        return draw_organization(prior), prior.uniform(0.05, 0.98, size=4), prior.dirichlet(np.ones(4))

    return draw


def perfect_star(prior):
    return Organization.star([3, 9][prior.integers(2)])


def at_fixed_point(prior):
    """Leaves that are as right as a tree can make them: no level changes that."""
    while True:
        tree = small_tree(prior)
        bias = float(phase.fixed_point(tree.fan_in, tree.fidelity, tree.correlation))
        if 0.05 < bias < 0.95:
            return tree, [(1 + bias) / 2], [1.0]


def recursion(organization, atoms, _):
    parameters = organization.fan_in, organization.depth, organization.fidelity, organization.correlation
    return (1 + phase.iterate_bias(2 * atoms[0] - 1, *parameters)) / 2


def relayed(organization, atoms, _):
    return (1 + phase.relay_bias(2 * atoms[0] - 1, organization.depth, organization.fidelity)) / 2


def one_level(organization, atoms, _):
    bias = phase.one_level_map(2 * atoms[0] - 1, organization.fan_in, organization.fidelity, organization.correlation)
    return (1 + bias) / 2


def over_problems(organization, atoms, weights):
    return heterogeneity.mixture_accuracy(
        atoms, weights, organization.fan_in, organization.depth, organization.fidelity, organization.correlation
    )


def measure_plurality(sets):
    prior = np.random.default_rng(7)
    scores, labels = [], []
    for number in range(sets):
        votes, answers = [(2, 2), (5, 4), (12, 4)][prior.integers(3)]
        # the last column of each draw is the chance of an abstention
        rows = prior.dirichlet(np.ones(answers + 1), size=3)[:, :answers]
        weights = prior.dirichlet(np.ones(3))
        expected = float(weights @ plurality.plurality_accuracy(rows, votes))
        estimate = simulate_plurality(rows, votes, weights=weights, replicas=100_000, seed=70_000 + number)
        scores.append(share_score(estimate, expected))
        labels.append((rows, votes, weights))
    return agreement(scores, labels)


def measure_coverage(sets):
    prior = np.random.default_rng(8)
    scores, labels = [], []
    for number in range(sets):
        samples = [1, 4, 30][prior.integers(3)]
        atoms, weights = prior.beta(0.5, 2.0, size=5), prior.dirichlet(np.ones(5))
        expected = 1.0 - float(weights @ (1.0 - atoms) ** samples)
        estimate = simulate_coverage(atoms, samples, weights=weights, replicas=100_000, seed=80_000 + number)
        scores.append(share_score(estimate, expected))
        labels.append((atoms, samples, weights))
    return agreement(scores, labels)


def measure_beta_coverage(sets):
    """Problems at the midpoints of ten thousand equal shares stand for the law: the mean of a monotone function is off
    by 5e-5 at most, a fortieth of a standard error."""
    prior = np.random.default_rng(9)
    middles = (np.arange(10_000) + 0.5) / 10_000
    scores, labels = [], []
    for number in range(sets):
        samples = [1, 4, 30][prior.integers(3)]
        alpha, beta = prior.uniform(0.3, 3.0, size=2)
        atoms = stats.beta.ppf(middles, alpha, beta)
        expected = float(coverage.beta_pass_at_k(alpha, beta, samples))
        estimate = simulate_coverage(atoms, samples, replicas=50_000, seed=90_000 + number)
        scores.append(share_score(estimate, expected))
        labels.append((alpha, beta, samples))
    return agreement(scores, labels)


def population(organization, atoms, weights):
    return vote_populations.population_vote_accuracy(atoms, weights, organization.fan_in)


CHECKS = [
    Check(
        name="majority trees",
        compares="accuracy of simulated trees with the recursion of the bias",
        source=f"{PHASE}, Theorem 4",
        measure=compare(1, one_problem(random_tree), recursion),
        small=16,
        large=400,
    ),
    Check(
        name="fixed point",
        compares="accuracy of trees whose leaves have the fixed point's bias with that bias",
        source=f"{PHASE}, Theorem 4",
        measure=compare(2, at_fixed_point, lambda _, atoms, __: atoms[0]),
        small=8,
        large=150,
    ),
    Check(
        name="relay chains",
        compares="accuracy of simulated chains with the product of the fidelities",
        source=PHASE,
        measure=compare(3, one_problem(random_chain), relayed),
        small=8,
        large=100,
    ),
    Check(
        name="stars",
        compares="accuracy of simulated stars with one level of the map",
        source=PHASE,
        measure=compare(4, one_problem(random_star), one_level),
        small=8,
        large=150,
    ),
    Check(
        name="mixture over problems",
        compares="accuracy of simulated trees over four problems with the mean of the recursion",
        source="derived (de Finetti)",
        measure=compare(5, random_problems(small_tree), over_problems),
        small=8,
        large=200,
    ),
    Check(
        name="votes over problems",
        compares="accuracy of simulated perfect stars over four problems with the population's vote curve",
        source="derived",
        measure=compare(6, random_problems(perfect_star), population),
        small=8,
        large=150,
    ),
    Check(
        name="plurality",
        compares="simulated elections with abstentions over three problems with the closed form",
        source="derived (multinomial votes)",
        measure=measure_plurality,
        small=8,
        large=150,
    ),
    Check(
        name="coverage",
        compares="simulated pass@k over five problems with 1 - sum w (1 - p)^k",
        source="derived",
        measure=measure_coverage,
        small=8,
        large=150,
    ),
    Check(
        name="coverage, beta problems",
        compares="simulated pass@k over ten thousand beta distributed problems with the closed form",
        source="derived",
        measure=measure_beta_coverage,
        small=6,
        large=60,
    ),
]


MANY_SHAPES = {"majority trees", "fixed point", "stars", "mixture over problems"}  # small, too, they compile for long


@pytest.mark.parametrize(
    ("check", "large"),
    [
        pytest.param(
            check,
            large,
            marks=[pytest.mark.verify] if large or check.name in MANY_SHAPES else [],
            id=f"{check.name}-{'large' if large else 'small'}",
        )
        for check in CHECKS
        for large in (False, True)
    ],
)
def test_agrees(check, large, judge):
    judge(check, large)


SLIGHTLY = [{"correlation": 0.02}, {"correlation": -0.02}, {"fidelity": 0.99}, {"fidelity": 1.01}]
CLEARLY = [{"correlation": 0.05}, {"correlation": -0.05}, {"fidelity": 0.97}, {"fidelity": 1.03}, {"depth": 1}]


@pytest.mark.parametrize(
    ("wrong", "draw_organization", "sets"),
    [
        *[(wrong, small_tree, 60) for wrong in CLEARLY],
        *[pytest.param(wrong, random_tree, 400, marks=pytest.mark.verify) for wrong in SLIGHTLY],
    ],
)
@pytest.mark.verify
def test_a_wrong_recursion_is_found_out(wrong, draw_organization, sets):
    """A small size tells what is clearly wrong, the large one what is off by a hundredth."""

    def expected(organization, atoms, _):
        bias = phase.iterate_bias(
            2 * atoms[0] - 1,
            organization.fan_in,
            organization.depth + wrong.get("depth", 0),
            min(1.0, organization.fidelity * wrong.get("fidelity", 1.0)),
            max(0.0, organization.correlation + wrong.get("correlation", 0.0)),
        )
        return (1 + bias) / 2

    assert compare(1, one_problem(draw_organization), expected)(sets).p_value < 1e-9
