"""What a budget buys, what it costs and how good it is, by hand and by enumeration."""

from itertools import pairwise, product
from math import factorial, floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from budgetsim.parameters import Organization
from budgetsim.planning.options import (
    MOST_LEAVES,
    SINGLE,
    Costs,
    Shape,
    affordable,
    one_rho_accuracy,
    problem_accuracy,
    vote_counts,
)

thorough = settings(derandomize=True, deadline=None, max_examples=150)


def counted_tokens(fan_in, depth, leaf_tokens, message_tokens):
    """Walk the tree: a node costs its leaf call, or its children and a message written and read for each."""
    if depth == 0:
        return leaf_tokens
    child = counted_tokens(fan_in, depth - 1, leaf_tokens, message_tokens)
    return fan_in * (child + 2 * message_tokens)


@pytest.mark.parametrize(
    ("fan_in", "depth", "leaf", "message"), [(3, 1, 50, 10), (3, 4, 7.5, 2), (5, 3, 30.4, 20), (9, 2, 1, 0)]
)
def test_tokens_of_a_tree_are_those_of_its_nodes(fan_in, depth, leaf, message):
    ours = Shape("tree", fan_in, depth).tokens(leaf, Costs(message_tokens=message))
    assert ours == pytest.approx(counted_tokens(fan_in, depth, leaf, message))
    assert Shape("tree", fan_in, depth).leaves == fan_in**depth


def test_votes_send_no_messages():
    assert Shape("votes", 7, 1).tokens(11.0, Costs(message_tokens=99.0)) == 77.0
    assert SINGLE.tokens(11.0, Costs(message_tokens=99.0)) == 11.0


def test_labels_and_organizations():
    costs = Costs(fidelity=0.9, correlation=0.1)
    assert [shape.label() for shape in (SINGLE, Shape("votes", 4, 1), Shape("tree", 3, 2))] == [
        "single sample",
        "plurality of 4",
        "majority tree 3^2",
    ]
    assert SINGLE.organization(costs) == Organization(fan_in=1, depth=0)
    assert Shape("votes", 5, 1).organization(costs) == Organization(fan_in=5, depth=1)
    assert Shape("tree", 3, 2).organization(costs) == Organization(fan_in=3, depth=2, fidelity=0.9, correlation=0.1)


@thorough
@given(st.integers(1, 5000))
def test_vote_counts_rise_by_a_quarter_at_most(most):
    counts = vote_counts(most)
    assert counts == sorted(set(counts))
    if most >= 2:
        assert counts[0] == 2
        assert counts[-1] == most
    assert set(range(2, min(most, 8) + 1)) <= set(counts)
    assert all(after <= 1.25 * before + 1 for before, after in pairwise(counts))


budgets = st.floats(0.5, 1e5, allow_nan=False)
leaves = st.floats(0.5, 2e3, allow_nan=False)
cost_lists = st.builds(
    Costs,
    message_tokens=st.floats(0.0, 500.0),
    window=st.none() | st.floats(1.0, 1e4),
    max_votes=st.integers(1, 64),
)


@thorough
@given(leaves, budgets, cost_lists)
def test_nothing_exceeds_budget_window_or_votes(leaf, budget, costs):
    found = list(affordable(leaf, budget, costs))
    assert len(set(found)) == len(found)
    assert (SINGLE in found) == (leaf <= budget)
    for shape in found:
        spent = (
            leaf * shape.fan_in
            if shape.kind == "votes"
            else counted_tokens(shape.fan_in, shape.depth, leaf, costs.message_tokens)
        )
        assert spent <= budget * (1 + 1e-12) + 1e-8
        assert shape.fan_in <= costs.max_votes or shape == SINGLE
        if shape.kind == "tree":
            assert shape.fan_in % 2 == 1
            assert shape.fan_in >= 3
            if costs.window is not None:
                assert shape.fan_in * costs.message_tokens <= costs.window * (1 + 1e-12)


@thorough
@given(leaves, budgets, cost_lists)
def test_every_small_organization_that_fits_is_there(leaf, budget, costs):
    found = set(affordable(leaf, budget, costs))
    most = min(floor(budget / leaf * (1 - 1e-9)), costs.max_votes)
    assert {Shape("votes", votes, 1) for votes in range(2, min(most, 8) + 1)} <= found
    if most >= 2:
        assert Shape("votes", min(floor(budget / leaf), costs.max_votes), 1) in found
    for fan_in in (3, 5, 7):
        room = costs.window is None or fan_in * costs.message_tokens <= costs.window * (1 - 1e-9)
        depth = 1
        while (
            room
            and fan_in <= costs.max_votes
            and fan_in**depth <= MOST_LEAVES
            and counted_tokens(fan_in, depth, leaf, costs.message_tokens) <= budget * (1 - 1e-9)
        ):
            assert Shape("tree", fan_in, depth) in found
            depth += 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_tokens": -1.0},
        {"message_tokens": float("nan")},
        {"message_tokens": float("inf")},
        {"fidelity": 0.0},
        {"fidelity": 1.1},
        {"correlation": 1.0},
        {"correlation": -0.1},
        {"window": 0.0},
        {"window": float("nan")},
        {"max_votes": 0},
    ],
)
def test_costs_outside_their_domain_are_named(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        Costs(**wrong)


def enumerated_plurality(row, votes):
    """Accuracy of a plurality of independent votes over all outcomes; what is missing to 1 abstains."""
    cells = [*row, 1 - sum(row)]
    accuracy = 0.0
    for counts in product(range(votes + 1), repeat=len(cells)):
        lead = max(counts[:-1])
        if sum(counts) == votes and counts[0] == lead > 0:
            ways = factorial(votes) / np.prod([factorial(count) for count in counts])
            accuracy += (
                ways
                * np.prod([cell**count for cell, count in zip(cells, counts, strict=True)])
                / counts[:-1].count(lead)
            )
    return accuracy


def counted_tree(right, fan_in, depth, fidelity, correlation):
    """Accuracy of a majority tree from the number of right votes that arrive, level by level."""
    for _ in range(depth):
        arrives = fidelity * right + (1 - fidelity) / 2  # a binary symmetric channel
        right = correlation * arrives + (1 - correlation) * stats.binom.sf(fan_in // 2, fan_in, arrives)
    return right


TABLE = np.array(
    [
        [[0.5, 0.3, 0.1], [0.6, 0.2, 0.2]],
        [[0.2, 0.5, 0.2], [0.1, 0.1, 0.1]],
        [[1.0, 0.0, 0.0], [0.0, 0.7, 0.0]],
    ]
)


@pytest.mark.parametrize("votes", [2, 3, 4, 5])
def test_votes_on_every_problem_and_atom(configured, votes):
    ours = problem_accuracy(configured(TABLE), Shape("votes", votes, 1), Costs(fidelity=0.5, correlation=0.5))
    assert ours.shape == (3, 2)
    expected = [[enumerated_plurality(row, votes) for row in atoms] for atoms in TABLE]
    assert ours == pytest.approx(np.array(expected), abs=1e-12)


def test_votes_with_a_tail_of_rare_answers(configured):
    group = configured([[0.4, 0.15], [0.3, 0.1]], copies=[[[1, 4]], [[1, 5]]])
    ours = problem_accuracy(group, Shape("votes", 3, 1), Costs())
    spread = [[0.4, *[0.15] * 4], [0.3, *[0.1] * 5]]
    assert ours[:, 0] == pytest.approx([enumerated_plurality(row, 3) for row in spread], abs=1e-12)


@pytest.mark.parametrize(("fan_in", "depth"), [(3, 1), (3, 3), (5, 2)])
def test_trees_pass_one_bit(configured, fan_in, depth):
    costs = Costs(fidelity=0.9, correlation=0.2)
    ours = problem_accuracy(configured(TABLE), Shape("tree", fan_in, depth), costs)
    assert ours == pytest.approx(counted_tree(TABLE[..., 0], fan_in, depth, 0.9, 0.2), abs=1e-12)


def test_a_single_sample_is_right_as_often_as_it_is(configured):
    assert problem_accuracy(configured(TABLE), SINGLE, Costs()).tolist() == TABLE[..., 0].tolist()


def test_one_rho_by_hand(configured):
    # Accuracy 0.7: bias 0.4; three votes make (3 u - u^3) / 2 = 0.568 of it, a fifth of the votes are shared.
    group = configured([[0.6], [0.8]], correlation=0.2)
    once = 0.2 * 0.4 + 0.8 * 0.568
    assert one_rho_accuracy(group, SINGLE, Costs()) == pytest.approx(0.7)
    assert one_rho_accuracy(group, Shape("votes", 3, 1), Costs(fidelity=0.5)) == pytest.approx((1 + once) / 2)
    assert one_rho_accuracy(group, Shape("votes", 4, 1), Costs()) == pytest.approx((1 + once) / 2)
    assert one_rho_accuracy(group, Shape("votes", 2, 1), Costs()) == pytest.approx(0.7)
    received = 0.9 * 0.4
    level = 0.2 * received + 0.8 * (3 * received - received**3) / 2
    received = 0.9 * level
    twice = 0.2 * received + 0.8 * (3 * received - received**3) / 2
    assert one_rho_accuracy(group, Shape("tree", 3, 2), Costs(fidelity=0.9)) == pytest.approx((1 + twice) / 2)
